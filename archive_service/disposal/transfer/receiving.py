"""Receiving 接收: taking in a package of another installation, each record once, with a number of ours.

A record's request key follows from the package's digest and the code that it bore there: a run that was cut off is gone
on with by running it again, and the same package brought twice gives nothing a second time. What the sender says of a
record stays with it as a file, the log and a table tell which code became which; what was kept longer there is kept no
shorter here. Once all is in, a receipt that names the package's digest is signed with the key of the log.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.catalog.classification.schedules import Schedules
from archive_service.catalog.filing.accession import Accession
from archive_service.catalog.filing.preview import Preview, preview_many
from archive_service.catalog.model import NewRecord, Receipt, SourceFile
from archive_service.catalog.outbox import enqueue
from archive_service.catalog.records.due import recompute
from archive_service.catalog.tables import case_files, fonds, records
from archive_service.clock import from_stamp
from archive_service.disposal.numbers import next_number, numbered
from archive_service.disposal.tables import received_packages, received_records
from archive_service.disposal.transfer.receipt_note import ReceiptNote
from archive_service.disposal.transfer.received_package import Package, TheirRecord, read_package
from archive_service.errors import ArchiveError, BadInput, Conflict, Text
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, require
from retention_policies import PERMANENT

PROVENANCE = "移交信息.json"
TOGETHER = 16


@dataclass(frozen=True)
class Into:
    """Where a package goes: fonds, case file (else the one of the same number), and types that are called otherwise here."""

    fonds_no: str
    case_no: str | None = None
    types: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Taken:
    """What became of one record: its code there, its code here, or why it was refused."""

    code_there: str
    code: str
    reason: Text | None = None
    repeated: bool = False


@dataclass(frozen=True)
class Received:
    """What became of a package; ``receipt`` is the signed note once all of it is in."""

    package_no: str
    sender: str
    receipt_no: str
    records: tuple[Taken, ...]
    receipt: str
    before: bool
    """Whether all of it had been taken in already."""

    @property
    def refused(self) -> list[Taken]:
        """What was not taken in."""
        return [one for one in self.records if one.reason]


@dataclass(frozen=True)
class Receiving:
    """Takes packages in."""

    ledger: Ledger
    schedules: Schedules
    accession: Accession

    def look(self, person: Person, folder: Path, into: Into) -> list[Taken]:
        """Say what taking a package in would give, record by record; nothing is changed."""
        package = self._open(person, folder)
        wanted = [self._new(one, package, into) for one in package.records]
        found = preview_many(self.ledger, self.schedules, person, wanted)
        return [_looked(one, result) for one, result in zip(package.records, found, strict=True)]

    def receive(
        self, person: Person, folder: Path, into: Into, progress: Callable[[int, int], None] | None = None
    ) -> Received:
        """Take a package in, or go on with it; what is wrong with one record keeps no other out."""
        package = self._open(person, folder)
        row = numbered(lambda: self._begun(person, package))
        before, taken = row.received_at is not None, []
        if before:
            taken = self._known(row)
        for start in range(0, 0 if before else len(package.records), TOGETHER):
            some = package.records[start : start + TOGETHER]
            taken += self._take(person, package, row, some, into)
            if progress:
                progress(len(taken), len(package.records))
        if not before and all(one.reason is None for one in taken):
            row = self._done(person, row)
        return Received(package.package_no, package.sender, row.receipt_no, tuple(taken), self._receipt(row), before)

    def _open(self, person: Person, folder: Path) -> Package:
        # Which levels there are is known from the package alone: each record is asked for again when it is filed.
        require(person, Action.FILE_RECORD, Thing(level=next(iter(sorted(person.clearance)), None)))
        return read_package(folder)

    def _begun(self, person: Person, package: Package) -> Any:
        with self.ledger.work(person.id) as work:
            known = work.connection.execute(
                select(received_packages).where(received_packages.c.digest == package.digest).with_for_update()
            ).one_or_none()
            if known is not None:
                return known
            other = select(received_packages.c.id).where(
                received_packages.c.sender == package.sender, received_packages.c.package_no == package.package_no
            )
            if work.connection.execute(other).first():
                raise Conflict(
                    f"{package.sender} 的移交包 {package.package_no} 已接收过，而内容不同。请向移交单位核实。",
                    f"Another package {package.package_no} of {package.sender} was taken in before. Ask the sender.",
                )
            year = self.ledger.clock.today().year
            number = next_number(work.connection, received_packages, year)
            package_id, receipt_no = uuid.uuid4().hex, f"JS{year}-{number:03d}"
            identity = {"id": package_id, "digest": package.digest, "year": year, "number": number}
            said = {"package_no": package.package_no, "sender": package.sender, "receiver": package.receiver}
            begun = {"receipt_no": receipt_no, "records": len(package.records), "begun_at": work.at}
            work.insert(received_packages, {**identity, **said, **begun, "begun_by": person.id, "received_at": None})
            work.act(acts.PACKAGE_RECEIVING, "received_package", package_id, digest=package.digest)
            work.commit()
        with self.ledger.read() as connection:
            return connection.execute(select(received_packages).where(received_packages.c.id == package_id)).one()

    def _new(self, one: TheirRecord, package: Package, into: Into) -> NewRecord:
        type_code = (into.types or {}).get(one.type_code, one.type_code)
        found = self.schedules.plan.types.get(type_code)
        asked = {question.code for question in found.rule.questions} if found else set()
        said = f"接收自 {package.sender}，原档号 {one.code}，移交包 {package.package_no}"
        kept = SourceFile(PROVENANCE, lambda: (one.provenance,))
        return NewRecord(
            fonds_no=into.fonds_no,
            type_code=type_code,
            title=one.title,
            document_date=one.document_date,
            files=(*one.files, kept),
            case_no=into.case_no or self._same_case(one.case_no, into.fonds_no),
            level=one.level,
            author=one.author,
            document_no=one.document_no,
            note=f"{one.note}\n{said}".strip(),
            year=one.year,
            facts={name: value for name, value in one.facts.items() if name in asked},
            key=f"received {package.digest} {one.code}",
        )

    def _same_case(self, case_no: str, fonds_no: str) -> str | None:
        wanted = (
            select(case_files.c.case_no)
            .join(fonds, fonds.c.id == case_files.c.fonds_id)
            .where(case_files.c.case_no == case_no, fonds.c.fonds_no == fonds_no)
        )
        with self.ledger.read() as connection:
            return connection.execute(wanted).scalar_one_or_none()

    def _take(
        self, person: Person, package: Package, row: Any, some: tuple[TheirRecord, ...], into: Into
    ) -> list[Taken]:
        outcomes = self.accession.file_records(person, [self._new(one, package, into) for one in some])
        taken = []
        for one, outcome in zip(some, outcomes, strict=True):
            if isinstance(outcome, ArchiveError):
                taken.append(Taken(one.code, "", outcome.text))
                continue
            self._map(person, row, one, outcome)
            taken.append(Taken(one.code, outcome.archival_code, repeated=outcome.repeated))
        return taken

    def _map(self, person: Person, row: Any, one: TheirRecord, receipt: Receipt) -> None:
        """Note which record theirs became, and keep it no shorter than it was to be kept there."""
        with self.ledger.work(person.id) as work:
            known = select(received_records.c.id).where(received_records.c.record_id == receipt.record_id)
            if work.connection.execute(known).first():
                return
            told = hashlib.sha256(one.provenance).hexdigest()
            values = {"package_id": row.id, "code_there": one.code, "record_id": receipt.record_id}
            work.insert(received_records, {"id": uuid.uuid4().hex, **values, "provenance": told})
            self._keep_as_long(work, row, one, receipt.record_id)
            work.act(
                acts.RECORD_RECEIVED, "record", receipt.record_id, code=receipt.archival_code, package=row.receipt_no
            )
            work.commit()

    def _keep_as_long(self, work: Work, row: Any, one: TheirRecord, record_id: str) -> None:
        ours = work.connection.execute(select(records).where(records.c.id == record_id).with_for_update()).one()
        if one.period == PERMANENT.code and ours.period != PERMANENT.code:
            work.update(records, record_id, {"period_override": PERMANENT.code})
        elif one.due_on and ours.due_on and ours.due_on < one.due_on:
            rest = (one.due_on.month, one.due_on.day) > (ours.due_on.month, ours.due_on.day)
            longer = one.due_on.year - ours.due_on.year + rest
            work.update(records, record_id, {"extension_years": ours.extension_years + longer})
        else:
            return
        recompute(work, self.schedules, [record_id], self.ledger.clock.today(), row.receipt_no)
        enqueue(work, "capsule", record_id)

    def _known(self, row: Any) -> list[Taken]:
        wanted = (
            select(received_records.c.code_there, records.c.code)
            .join(records, records.c.id == received_records.c.record_id)
            .where(received_records.c.package_id == row.id)
            .order_by(received_records.c.code_there)
        )
        with self.ledger.read() as connection:
            found = connection.execute(wanted).all()
        return [Taken(there, code, repeated=True) for there, code in found]

    def _done(self, person: Person, row: Any) -> Any:
        with self.ledger.work(person.id) as work:
            work.update(received_packages, row.id, {"received_at": work.at}, received_packages.c.received_at.is_(None))
            work.act(acts.PACKAGE_RECEIVED, "received_package", row.id, digest=row.digest)
            work.commit()
        with self.ledger.read() as connection:
            return connection.execute(select(received_packages).where(received_packages.c.id == row.id)).one()

    def _receipt(self, row: Any) -> str:
        if row.received_at is None:
            return ""
        on = from_stamp(row.received_at).astimezone(self.ledger.clock.zone).date()
        note = ReceiptNote(row.package_no, row.digest, row.receipt_no, on, row.receiver)
        return note.signed(self.ledger.signer)


def parse_types(given: tuple[str, ...]) -> dict[str, str]:
    """Read ``THEIRS=OURS`` for types that are called otherwise here."""
    pairs = [one.partition("=") for one in given]
    if any(not theirs or not ours for theirs, _, ours in pairs):
        raise BadInput("类型对照写作 对方类型=本馆类型。", "Types are mapped as THEIRS=OURS.")
    return {theirs.strip(): ours.strip() for theirs, _, ours in pairs}


def _looked(one: TheirRecord, found: Preview | ArchiveError) -> Taken:
    if isinstance(found, ArchiveError):
        return Taken(one.code, "", found.text)
    return Taken(one.code, found.code)
