"""Corrections of filed files, and the declaration after which there are none.

An original is never altered. A correction is a further file of the record, with a key of its own, that says which one it
corrects and why; both are kept, shown and destroyed together. Once a record is declared (固化) nothing is added to it or
changed in its description any more: only holds, answers that keep it longer, reclassification, transfer and disposal are still possible.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.catalog.classification.checklist import CaseKind
from archive_service.catalog.codes.text import normalise_code
from archive_service.catalog.descriptions import columns_for, describe
from archive_service.catalog.filing.rows import StoredFile, component_id, component_row
from archive_service.catalog.filing.special import check_special
from archive_service.catalog.filing.stowing import store_file
from archive_service.catalog.model import Description, SourceFile
from archive_service.catalog.names import one_line
from archive_service.catalog.outbox import enqueue
from archive_service.catalog.records.amending import is_declared, must_be_open, to_amend
from archive_service.catalog.tables import ARCHIVED, components, corrections, declarations, records
from archive_service.errors import BadInput, Conflict, NotFound, Text
from archive_service.people.model import OPEN_LEVELS, Person
from archive_service.people.policy import Action, Thing, require, visible
from archive_service.vault import Vault

FILES = ("original", "attachment")
TITLE, AUTHOR = Text("题名", "the title"), Text("责任者", "the responsible body")


@dataclass(frozen=True)
class Correction:
    """That one file of a record corrects another, and why; the reason of a confidential record is sealed with it."""

    component_id: str
    corrected_id: str
    reason: str
    at: str
    person_id: str


@dataclass(frozen=True)
class Corrections:
    """Adds corrections, declares records."""

    ledger: Ledger
    vault: Vault
    max_bytes: int
    kind: CaseKind
    gate: Callable[[Person, Mapping[Any, Any]], object] | None = None
    """Raises what stops a record from being declared: a four-property check that fails."""

    def correct(self, actor: Person, code: str, corrected_id: str, file: SourceFile, reason: str) -> str:
        """Add a file that corrects one of a record; return the id of the new file."""
        reason = one_line(reason, "更正的原因", "The reason of the correction", 500)
        if not reason:
            raise BadInput("请说明更正的原因。", "Please say why the file is corrected.")
        record_id, type_code = self._look(actor, code, corrected_id)
        with self.vault.claim(record_id):
            with self.ledger.read() as connection:
                position = _next_position(connection, record_id)
            new_id = component_id(record_id, position)
            check_special(self.kind, type_code, (file,))
            try:
                stored = store_file(self.vault, record_id, position, file, self.max_bytes)
                with self.ledger.work(actor.id) as work:
                    row = to_amend(work, actor, code)
                    self._write(work, row, position, corrected_id, stored, reason)
                    work.commit()
            except Exception:
                self._give_up(record_id, new_id)
                raise
        return new_id

    def declare(self, actor: Person, code: str) -> None:
        """Declare a record: from now on nothing is added to it."""
        if self.gate:
            self.gate(actor, self._found(actor, code))
        with self.ledger.work(actor.id) as work:
            row = to_amend(work, actor, code)
            if is_declared(work.connection, row["id"]):
                raise Conflict("此件已经固化。", "This record is declared already.")
            _must_be_complete(describe(self.vault, row))
            values = {"id": uuid.uuid4().hex, "record_id": row["id"], "declared_at": work.at, "declared_by": actor.id}
            work.insert(declarations, values)
            work.act(acts.RECORD_DECLARED, "record", row["id"])
            work.commit()

    def of(self, record_id: str) -> tuple[list[Correction], bool]:
        """Return the corrections of a record, the oldest first, and whether it is declared; the caller has asked the policy."""
        with self.ledger.read() as connection:
            wanted = (
                select(corrections).where(corrections.c.record_id == record_id).order_by(corrections.c.corrected_at)
            )
            found = [self._told(row) for row in connection.execute(wanted).mappings()]
            return found, is_declared(connection, record_id)

    def _told(self, row: Mapping[Any, Any]) -> Correction:
        sealed, reason = row["sealed_reason"], row["reason"] or ""
        if sealed is not None:
            try:
                reason = self.vault.open_small(row["record_id"], row["record_id"], bytes(sealed)).decode()
            except Exception:  # destroyed with the record, or damaged: the correction is shown without its reason
                reason = ""
        return Correction(row["component_id"], row["corrected_id"], reason, row["corrected_at"], row["corrected_by"])

    def _look(self, actor: Person, code: str, corrected_id: str) -> tuple[str, str]:
        """Find the record and the file before anything is stored; all of it is looked at again when it is written."""
        row = self._found(actor, code)
        with self.ledger.read() as connection:
            _must_be_correctable(connection, row["id"], corrected_id)
        return row["id"], row["type_code"]

    def _found(self, actor: Person, code: str) -> Mapping[Any, Any]:
        """Return the row of a record that the actor may amend."""
        at = self.ledger.clock.stamp()
        named = (records.c.code == normalise_code(code)) & visible(actor, records.c.level, records.c.id, at=at)
        wanted = select(records).where(named, records.c.status == ARCHIVED)
        with self.ledger.read() as connection:
            row = connection.execute(wanted).mappings().one_or_none()
        if row is None:
            raise NotFound("没有这份档案，或您无权知悉。", "There is no such record, or none that you may know of.")
        require(actor, Action.FILE_RECORD, Thing(level=row["level"]))
        return row

    def _write(
        self, work: Work, row: Mapping[Any, Any], position: int, corrected_id: str, stored: StoredFile, reason: str
    ) -> None:
        record_id = row["id"]
        _must_be_correctable(work.connection, record_id, corrected_id)
        sealed, level = stored.sealed, row["level"]
        values = component_row(
            record_id, level, position, "attachment", stored.media_type, stored.name, sealed, work.at
        )
        work.insert(components, values)
        said: dict[str, Any] = {"reason": reason, "sealed_reason": None}
        if level not in OPEN_LEVELS:
            said = {"reason": None, "sealed_reason": self.vault.seal_small(record_id, record_id, reason.encode())}
            work.update(records, record_id, self._described(row, stored))
        told = {"component_id": sealed.component_id, "corrected_id": corrected_id, "corrected_at": work.at}
        work.insert(
            corrections,
            {"id": uuid.uuid4().hex, "record_id": record_id, **told, **said, "corrected_by": work.person_id},
        )
        work.act(acts.RECORD_CORRECTED, "record", record_id, component=sealed.component_id, corrects=corrected_id)
        enqueue(work, "capsule", record_id)
        enqueue(work, "index", record_id)

    def _described(self, row: Mapping[Any, Any], stored: StoredFile) -> dict[str, Any]:
        """Return the description of a confidential record with the new file's name and hash in it."""
        old = describe(self.vault, row)
        files = {**old.files, stored.sealed.component_id: {"name": stored.name, "sha256": stored.sealed.sha256}}
        new = Description(old.title, old.author, old.document_no, old.note, files)
        return columns_for(self.vault, row["id"], row["level"], new)

    def _give_up(self, record_id: str, new_id: str) -> None:
        """Remove what was stored, unless a row refers to it after all."""
        with self.ledger.read() as connection:
            if connection.execute(select(components.c.id).where(components.c.id == new_id)).first() is None:
                self.vault.discard(record_id, {new_id})


def _must_be_complete(said: Description) -> None:
    """Refuse to declare what lacks a mandatory field (DA/T 18-2022); all that is not words has been there since filing."""
    lacking = [words for words, value in ((TITLE, said.title), (AUTHOR, said.author)) if not value.strip()]
    if lacking:
        raise BadInput(
            f"必填著录项目不全，不能固化：缺{'、'.join(one.zh for one in lacking)}。请先在记录页“更正著录”中补齐。",
            f"Mandatory fields are empty and the record cannot be declared: {', '.join(one.en for one in lacking)}. "
            "Fill them in on its page first (Correct the description).",
        )


def _must_be_correctable(connection: Connection, record_id: str, corrected_id: str) -> None:
    must_be_open(connection, record_id)
    wanted = select(components.c.id).where(
        components.c.id == corrected_id, components.c.record_id == record_id, components.c.role.in_(FILES)
    )
    if connection.execute(wanted).first() is None:
        raise NotFound("此件没有这个文件。", "This record has no such file.")
    done = select(corrections.c.id).where(corrections.c.corrected_id == corrected_id)
    if connection.execute(done).first() is not None:
        raise Conflict(
            "这个文件已有更正件，请更正最新的一件。", "This file has been corrected already; correct the newest one."
        )


def _next_position(connection: Connection, record_id: str) -> int:
    wanted = select(func.max(components.c.position)).where(
        components.c.record_id == record_id, components.c.role.in_(FILES)
    )
    return int(connection.execute(wanted).scalar_one() or 0) + 1
