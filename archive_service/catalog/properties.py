"""The four-property check as a service: made at a stage, kept with the record, and what it stops at the door."""

from __future__ import annotations

import hashlib
import logging
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.audit.tables import entries
from archive_service.catalog.browse import Catalogue
from archive_service.catalog.copies import GOOD, WANTED, WRITTEN
from archive_service.catalog.descriptions import describe
from archive_service.catalog.due import decide_row
from archive_service.catalog.property_checks import Copied, Subject, check, unreadable, virus
from archive_service.catalog.property_items import Outcome, Result, Stage, as_json, from_json, verdict
from archive_service.catalog.property_tables import property_exceptions, property_reports
from archive_service.catalog.rows import Prepared
from archive_service.catalog.scanner import Scanner
from archive_service.catalog.schedules import Schedules
from archive_service.catalog.tables import (
    ARCHIVED,
    components,
    copies,
    index_states,
    records,
    reserved_numbers,
    void_numbers,
)
from archive_service.clock import to_stamp
from archive_service.errors import ArchiveError, BadInput, Conflict, NotFound, Text, Unavailable
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, require
from archive_service.vault import Vault

log = logging.getLogger("archive_service.properties")

GOOD_FOR = timedelta(days=14)
"""How long an exception that was granted holds."""

AT_ONCE = 20
"""Records that are checked in one wake-up, so that other work is not kept waiting."""


@dataclass(frozen=True)
class Report:
    """A check that was made: when, at which stage, by whom (``None``: the service), and what came of each item."""

    id: str
    stage: Stage
    verdict: Result
    outcomes: tuple[Outcome, ...]
    made_at: str
    made_by: str | None


@dataclass(frozen=True)
class Properties:
    """Makes checks, keeps reports, and turns away at the door what a must-item fails."""

    ledger: Ledger
    vault: Vault
    schedules: Schedules
    catalogue: Catalogue
    scanner: Scanner

    # ------------------------------------------------------------------------------------------------- with a record

    def run(self, actor: Person, code: str, stage: Stage) -> Report:
        """Check one record that the person may read, and keep the report with it."""
        whole = self.catalogue.find(actor, code)
        thing = Thing(level=whole.row["level"], record_id=whole.row["id"])
        require(actor, Action.CHECK_PROPERTIES, thing, at=self.ledger.clock.stamp())
        return self._run(whole.row, stage, actor.id)

    def reports(self, actor: Person, code: str) -> list[Report]:
        """Return the checks of a record that the person sees, the newest first."""
        whole = self.catalogue.find(actor, code)
        query = (
            select(property_reports)
            .where(property_reports.c.record_id == whole.row["id"])
            .order_by(property_reports.c.made_at.desc())
        )
        with self.ledger.read() as connection:
            return [_report(row) for row in connection.execute(query)]

    def latest(self, connection: Connection, record_id: str, stage: Stage) -> Report | None:
        """Return the last check of a record at a stage; what carries records away asks this first."""
        query = select(property_reports).where(
            property_reports.c.record_id == record_id, property_reports.c.stage == stage.value
        )
        row = connection.execute(query.order_by(property_reports.c.made_at.desc()).limit(1)).one_or_none()
        return _report(row) if row else None

    def check_filed(self) -> int:
        """Check what was filed and not checked yet, a few at a time; return how many. The service does this by itself."""
        checked = select(property_reports.c.record_id).where(property_reports.c.record_id == records.c.id)
        query = (
            select(records)
            .join(index_states, index_states.c.record_id == records.c.id)  # its text has been looked for
            .where(records.c.status == ARCHIVED, ~checked.exists())
            .order_by(records.c.filed_at)
            .limit(AT_ONCE)
        )
        with self.ledger.read() as connection:
            rows = connection.execute(query).mappings().all()
        return sum(self._check_filed(row) for row in rows)

    def _check_filed(self, row: Mapping[Any, Any]) -> int:
        try:
            self._run(row, Stage.FILING, None)
        except (NotFound, Unavailable) as error:  # gone meanwhile, or a store is away: the others do not wait for it
            log.warning("check of record %s: %s", row["id"], error.text.en)
            return 0
        return 1

    def _run(self, row: Mapping[Any, Any], stage: Stage, person_id: str | None) -> Report:
        if row["status"] != ARCHIVED:
            raise NotFound(
                "此件已销毁，没有内容可检测。", "This record has been destroyed; there is no content to check."
            )
        try:
            with self.ledger.read() as connection:
                subject = self._subject(connection, row)
            outcomes = check(subject, stage, self.vault, self.scanner)
        except Unavailable:
            raise  # it can be checked another time
        except ArchiveError as error:
            outcomes = unreadable(stage, error.text)
        report_id, came_to = uuid.uuid4().hex, verdict(outcomes)
        with self.ledger.work(person_id) as work:
            values = {
                "id": report_id,
                "record_id": row["id"],
                "stage": stage.value,
                "verdict": came_to.value,
                "outcomes": as_json(outcomes),
                "made_at": work.at,
                "made_by": person_id,
            }
            work.insert(property_reports, values)
            work.act(acts.PROPERTIES_CHECKED, "record", row["id"], stage=stage.value, verdict=came_to.value)
            work.commit()
            at = work.at
        return Report(report_id, stage, came_to, tuple(outcomes), at, person_id)

    def _subject(self, connection: Connection, row: Mapping[Any, Any]) -> Subject:
        today = self.ledger.clock.today()
        files = connection.execute(
            select(components)
            .where(components.c.record_id == row["id"], components.c.role.in_(("original", "attachment")))
            .order_by(components.c.position)
        ).all()
        done = connection.execute(
            select(entries.c.act).where(entries.c.object_type == "record", entries.c.object_id == row["id"])
        ).scalars()
        state = connection.execute(select(index_states).where(index_states.c.record_id == row["id"])).one_or_none()
        missing, voids = _numbers(connection, row)
        return Subject(
            row=row,
            said=describe(self.vault, row),
            files=files,
            due_now=decide_row(connection, self.schedules, row, today).due_on,
            acts=frozenset(done),
            filer=row["filed_by"],
            missing_numbers=missing,
            voids=voids,
            known_type=row["type_code"] in self.schedules.plan.types,
            same_code=_bearers(connection, row["code"]),
            unlisted=len(set(self.vault.keys_of(row["id"])) - _entered(connection, row["id"])),
            index_state=state.state if state else "",
            index_reason=Text(state.reason_zh, state.reason_en) if state else Text("", ""),
            copies=_copies(connection, row["id"]),
            today=today,
        )

    # ------------------------------------------------------------------------------------------------- at the door

    def admit(self, actor: Person, prepared: Prepared) -> None:
        """Let a record in whose files lie in the vault but not yet in the catalogue, or raise what a must-item says.

        An exception that a second person granted for these very files lets them in. What was turned away waits as a
        request for one.
        """
        if not self.scanner.there:
            return
        draft = prepared.draft
        scanned = [
            self.scanner.scan(self.vault.open(draft.record_id, file.sealed.component_id, file.sealed.version))
            for file in prepared.files
        ]
        result, evidence = virus(scanned)
        digests = [file.sealed.sha256 for file in prepared.files]
        if result is not Result.FAIL or self._excepted(digests):
            return
        self._ask(actor, digests, [Outcome("SE2", result, evidence)])
        raise Conflict(
            f"四性检测不合格，未归档。SE2 病毒感染：{evidence.zh}。确需归档的，请另一人在“归档 → 检测例外”中批准后再次提交。",
            f"The four-property check failed; nothing was filed. SE2, no virus found: {evidence.en}. If it must be filed, another person grants an exception (File → Exceptions), then file it again.",
        )

    def exceptions(self, actor: Person) -> list[Any]:
        """Return what was turned away, the newest first."""
        require(actor, Action.GRANT_EXCEPTION)
        query = select(property_exceptions).order_by(property_exceptions.c.asked_at.desc()).limit(200)
        with self.ledger.read() as connection:
            return list(connection.execute(query))

    def decide(self, actor: Person, exception_id: str, *, granted: bool, reason: str) -> None:
        """Grant or refuse an exception, as a second person and with a reason."""
        require(actor, Action.GRANT_EXCEPTION)
        said = " ".join(reason.split())
        if not 4 <= len(said) <= 500:
            raise BadInput("请写明理由（4 至 500 字）。", "Please give a reason (4 to 500 characters).")
        with self.ledger.work(actor.id) as work:
            row = work.connection.execute(
                select(property_exceptions).where(property_exceptions.c.id == exception_id).with_for_update()
            ).one_or_none()
            hands = {"requester": frozenset({row.asked_by})} if row else {}
            require(actor, Action.GRANT_EXCEPTION, Thing(hands=hands))
            if row is None:
                raise NotFound("没有这一项例外申请。", "There is no such request.")
            if row.decided_at:
                raise Conflict("此项已有人决定。", "This has been decided already.")
            values = {
                "decided_by": actor.id,
                "decided_at": work.at,
                "granted": "yes" if granted else "no",
                "reason": said,
            }
            work.update(property_exceptions, exception_id, values)
            act = acts.EXCEPTION_GRANTED if granted else acts.EXCEPTION_REFUSED
            work.act(act, "exception", exception_id)
            work.commit()

    def _excepted(self, digests: Sequence[str]) -> bool:
        since = to_stamp(self.ledger.clock.now() - GOOD_FOR)
        query = select(property_exceptions.c.files_mark, property_exceptions.c.nonce).where(
            property_exceptions.c.granted == "yes", property_exceptions.c.decided_at > since
        )
        with self.ledger.read() as connection:
            return any(row.files_mark == _mark(row.nonce, digests) for row in connection.execute(query))

    def _ask(self, actor: Person, digests: Sequence[str], outcomes: Sequence[Outcome]) -> None:
        open_ones = select(property_exceptions).where(
            property_exceptions.c.asked_by == actor.id, property_exceptions.c.decided_at.is_(None)
        )
        with self.ledger.work(actor.id) as work:
            for row in work.connection.execute(open_ones):
                if row.files_mark == _mark(row.nonce, digests):
                    return  # it waits already
            nonce, exception_id = secrets.token_hex(16), uuid.uuid4().hex
            values = {
                "id": exception_id,
                "files_mark": _mark(nonce, digests),
                "nonce": nonce,
                "outcomes": as_json(outcomes),
                "asked_by": actor.id,
                "asked_at": work.at,
            }
            work.insert(property_exceptions, values)
            work.act(acts.FILING_BLOCKED, "exception", exception_id, items=[one.number for one in outcomes])
            work.commit()


def _mark(nonce: str, digests: Sequence[str]) -> str:
    return hashlib.sha256("\n".join([nonce, *sorted(digests)]).encode()).hexdigest()


def _report(row: Any) -> Report:
    outcomes = tuple(from_json(row.outcomes))
    return Report(row.id, Stage(row.stage), Result(row.verdict), outcomes, row.made_at, row.made_by)


def _bearers(connection: Connection, code: str) -> int:
    """Count what bears a code: records, those destroyed too, and void numbers."""
    return sum(
        connection.execute(select(func.count()).where(table.c.code == code)).scalar_one()
        for table in (records, void_numbers)
    )


def _entered(connection: Connection, record_id: str) -> set[str]:
    """Return the ids of all objects that a record has by its entry: its files, their text, and its capsule."""
    found = connection.execute(select(components.c.id).where(components.c.record_id == record_id)).scalars()
    return {record_id, *found}


def _numbers(connection: Connection, row: Mapping[Any, Any]) -> tuple[list[int], int]:
    """Return the numbers below a record's that no record, reservation or void ledger has, and how many are void."""
    there: set[int] = set()
    voids = 0
    for table in (records, reserved_numbers, void_numbers):
        same = (table.c.scheme == row["scheme"], table.c.scope == row["scope"], table.c.number <= row["number"])
        found = connection.execute(select(table.c.number).where(*same)).scalars().all()
        voids = len(found)  # of the last table
        there.update(found)
    return [one for one in range(1, row["number"] + 1) if one not in there], voids


def _copies(connection: Connection, record_id: str) -> Copied:
    rows = connection.execute(
        select(copies.c.state, func.count(), func.min(copies.c.checked_at))
        .where(copies.c.record_id == record_id)
        .group_by(copies.c.state)
    ).all()
    good = sum(count for state, count, _ in rows if state in (GOOD, WRITTEN))
    bad = sum(count for state, count, _ in rows if state not in (GOOD, WRITTEN, WANTED))
    checked = [oldest for state, _, oldest in rows if state in (GOOD, WRITTEN)]
    never = sum(1 for oldest in checked if not oldest)
    return Copied(good, bad, never, min((one for one in checked if one), default=""))


def refused(actor: Person, prepared: Prepared, *, properties: Properties) -> ArchiveError | None:
    """Return why a record is turned away at the door, or nothing."""
    try:
        properties.admit(actor, prepared)
    except ArchiveError as error:
        return error
    return None
