"""The doors at which a failed must-item stops a record: filing, declaring, handing over; and who may let it through.

What was stopped waits as a request for an exception, which another person grants with a reason or refuses.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.catalog.filing.rows import Prepared
from archive_service.catalog.properties.items import Outcome, Result, Stage, as_json
from archive_service.catalog.properties.scanner import Scanner
from archive_service.catalog.properties.security import virus
from archive_service.catalog.properties.tables import property_exceptions
from archive_service.catalog.tables import records
from archive_service.clock import to_stamp
from archive_service.errors import ArchiveError, BadInput, Conflict, NotFound
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, can, require
from archive_service.vault import Vault

GOOD_FOR = timedelta(days=14)
"""How long an exception that was granted holds."""


@dataclass(frozen=True)
class Asked:
    """A request for an exception: its row, and the code of the record if it is about one."""

    row: Any
    code: str


@dataclass(frozen=True)
class Doors:
    """Stops what a must-item fails, takes requests for exceptions, and lets a second person decide them."""

    ledger: Ledger
    vault: Vault
    scanner: Scanner

    def admit(self, actor: Person, prepared: Prepared) -> None:
        """Let a record in whose files lie in the vault but not yet in the catalogue, or raise what a must-item says.

        An exception that a second person granted for these very files lets them in.
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

    def failing(self, record_id: str, stage: Stage, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Return what stops a record at a stage: its failed must-items, unless an exception was granted for just these."""
        bad = [one for one in outcomes if one.blocks]
        return [] if not bad or self._excepted(_about(record_id, stage, bad)) else bad

    def stop(self, actor: Person, stage: Stage, stopped: Mapping[str, tuple[str, Sequence[Outcome]]]) -> Conflict:
        """Ask for an exception for each record that is stopped (code and failed items by id); return what to say."""
        for record_id, (_, bad) in stopped.items():
            self._ask(actor, _about(record_id, stage, bad), bad, record_id, stage)
        said = [
            (f"{code}（{_items(bad, zh=True)}）", f"{code} ({_items(bad, zh=False)})")
            for code, bad in list(stopped.values())[:10]
        ]
        more = ("等", " and more") if len(stopped) > len(said) else ("", "")
        what = {
            Stage.FILING: ("未固化", "nothing was declared"),
            Stage.TRANSFER: ("未编成移交包", "no package was made"),
        }[stage]
        return Conflict(
            f"四性检测有必须合格的项目不合格，{what[0]}：{'；'.join(zh for zh, _ in said)}{more[0]}。请先修复；"
            "确需放行的，请另一人在“归档 → 检测例外”中批准后再来。",
            f"The four-property check failed on items that must pass; {what[1]}: {'; '.join(en for _, en in said)}"
            f"{more[1]}. Repair them first; if they must go on as they are, another person grants an exception "
            "(File → Exceptions), then come back.",
        )

    def exceptions(self, actor: Person) -> list[Asked]:
        """Return what was stopped, the newest first; what is about a record that the person may not see is not there."""
        require(actor, Action.GRANT_EXCEPTION)
        query = (
            select(property_exceptions, records.c.code, records.c.level)
            .outerjoin(records, records.c.id == property_exceptions.c.record_id)
            .order_by(property_exceptions.c.asked_at.desc())
            .limit(200)
        )
        with self.ledger.read() as connection:
            rows = connection.execute(query).all()
        return [
            Asked(row, row.code or "")
            for row in rows
            if not row.record_id or self._sees(actor, row.record_id, row.level)
        ]

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
            if row is None or (row.record_id and not self._sees(actor, row.record_id, _level(work.connection, row))):
                raise NotFound(
                    "没有这一项例外申请，或您无权知悉。", "There is no such request, or none that you may know of."
                )
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

    def _sees(self, actor: Person, record_id: str, level: str) -> bool:
        thing = Thing(level=level, record_id=record_id)
        return can(actor, Action.SEE_RECORD, thing, at=self.ledger.clock.stamp()).allowed

    def _excepted(self, words: Sequence[str]) -> bool:
        since = to_stamp(self.ledger.clock.now() - GOOD_FOR)
        query = select(property_exceptions.c.files_mark, property_exceptions.c.nonce).where(
            property_exceptions.c.granted == "yes", property_exceptions.c.decided_at > since
        )
        with self.ledger.read() as connection:
            return any(row.files_mark == _mark(row.nonce, words) for row in connection.execute(query))

    def _ask(
        self,
        actor: Person,
        words: Sequence[str],
        outcomes: Sequence[Outcome],
        record_id: str | None = None,
        stage: Stage | None = None,
    ) -> None:
        open_ones = select(property_exceptions).where(
            property_exceptions.c.asked_by == actor.id, property_exceptions.c.decided_at.is_(None)
        )
        with self.ledger.work(actor.id) as work:
            for row in work.connection.execute(open_ones):
                if row.files_mark == _mark(row.nonce, words):
                    return  # it waits already
            nonce, exception_id = secrets.token_hex(16), uuid.uuid4().hex
            values = {
                "id": exception_id,
                "files_mark": _mark(nonce, words),
                "nonce": nonce,
                "outcomes": as_json(outcomes),
                "asked_by": actor.id,
                "asked_at": work.at,
                "record_id": record_id,
                "stage": stage.value if stage else None,
            }
            work.insert(property_exceptions, values)
            work.act(acts.FILING_BLOCKED, "exception", exception_id, items=[one.number for one in outcomes])
            work.commit()


def _about(record_id: str, stage: Stage, bad: Sequence[Outcome]) -> list[str]:
    return [record_id, stage.value, *(one.number for one in bad)]


def _items(bad: Sequence[Outcome], *, zh: bool) -> str:
    said = [(one.number, one.item.name.zh if zh else one.item.name.en) for one in bad]
    return ("、" if zh else ", ").join(f"{number} {name}" for number, name in said)


def _level(connection: Connection, row: Any) -> str:
    return str(connection.execute(select(records.c.level).where(records.c.id == row.record_id)).scalar_one())


def _mark(nonce: str, words: Sequence[str]) -> str:
    return hashlib.sha256("\n".join([nonce, *sorted(words)]).encode()).hexdigest()


def refused(actor: Person, prepared: Prepared, *, doors: Doors) -> ArchiveError | None:
    """Return why a record is turned away at the door, or nothing."""
    try:
        doors.admit(actor, prepared)
    except ArchiveError as error:
        return error
    return None
