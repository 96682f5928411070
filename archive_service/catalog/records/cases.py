"""Fonds and case files, and the events of a case that start the retention clocks of its records."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.catalog.classification.checklist import (
    CaseKind,
    Expected,
    Stage,
    checklist,
    in_words,
    load_case_kind,
    missing_to_close,
)
from archive_service.catalog.classification.schedules import Schedules
from archive_service.catalog.names import one_line
from archive_service.catalog.records.due import recompute
from archive_service.catalog.tables import case_events, case_files, fonds, records
from archive_service.errors import BadInput, Conflict, NotFound
from archive_service.people.model import Person
from archive_service.people.policy import Action, require
from retention_policies import Trigger

CASE_NO = re.compile(r"[A-Z]{2}\d{4}-\d{3,4}")
EVENTS = tuple(trigger for trigger in Trigger if trigger not in (Trigger.FORMED, Trigger.YEAR_END, Trigger.PARENT))
"""Triggers that people record; the others follow from the document's own date or from its parent."""


@dataclass(frozen=True)
class Cases:
    """Opens fonds and case files and records their events."""

    ledger: Ledger
    schedules: Schedules
    kind: CaseKind = field(default_factory=load_case_kind)

    def open_fonds(self, actor: Person, fonds_no: str, name_zh: str, name_en: str, kind: str) -> str:
        """Open a fonds. ``kind`` is ``state`` (transfers by law) or ``enterprise`` (keeps its own archives)."""
        require(actor, Action.KEEP_CASES)
        if not re.fullmatch(r"[A-Z0-9]{4}", fonds_no):
            raise BadInput(
                "全宗号为 4 位大写字母或数字，如 Q001。",
                "A fonds number has four capital letters or digits, such as Q001.",
            )
        if not name_zh.strip() or not name_en.strip():
            raise BadInput("请填写全宗名称。", "Please give the fonds a name.")
        if kind not in ("state", "enterprise"):
            raise BadInput("全宗类型为 state 或 enterprise。", "The kind of a fonds is state or enterprise.")
        fonds_id = uuid.uuid4().hex
        with self.ledger.work(actor.id) as work:
            if work.connection.execute(select(fonds.c.id).where(fonds.c.fonds_no == fonds_no)).first():
                raise Conflict(f"全宗 {fonds_no} 已存在。", f"Fonds {fonds_no} exists already.")
            work.insert(
                fonds, {"id": fonds_id, "fonds_no": fonds_no, "name_zh": name_zh, "name_en": name_en, "kind": kind}
            )
            work.act(acts.FONDS_OPENED, "fonds", fonds_id, fonds_no=fonds_no)
            work.commit()
        return fonds_id

    def open_case(self, actor: Person, *, fonds_no: str, case_no: str, title: str, enterprise: str, year: int) -> str:
        """Open a case file: one per inspection of an enterprise."""
        require(actor, Action.KEEP_CASES)
        if not CASE_NO.fullmatch(case_no):
            raise BadInput("案卷编号形如 AX2024-003。", "A case number looks like AX2024-003.")
        if not title.strip() or not enterprise.strip():
            raise BadInput(
                "请填写案卷题名和被巡察企业。", "Please give the case file's title and the inspected enterprise."
            )
        case_id = uuid.uuid4().hex
        with self.ledger.work(actor.id) as work:
            found = work.connection.execute(select(fonds.c.id).where(fonds.c.fonds_no == fonds_no)).scalar_one_or_none()
            if found is None:
                raise NotFound(f"没有全宗 {fonds_no}。", f"There is no fonds {fonds_no}.")
            if work.connection.execute(select(case_files.c.id).where(case_files.c.case_no == case_no)).first():
                raise Conflict(f"案卷 {case_no} 已存在。", f"Case file {case_no} exists already.")
            row = {
                "case_no": case_no,
                "fonds_id": found,
                "title": title.strip(),
                "enterprise": enterprise.strip(),
                "year": year,
            }
            work.insert(case_files, {"id": case_id, **row, "created_at": work.at, "created_by": actor.id})
            work.act(acts.CASE_OPENED, "case_file", case_id, case_no=case_no)
            work.commit()
        return case_id

    def checklist(self, person: Person, case_id: str) -> list[tuple[Stage, list[Expected]]]:
        """Return what the case file should hold, stage by stage, as far as the person may know of it."""
        with self.ledger.read() as connection:
            return checklist(connection, self.kind, self.schedules.plan, person, case_id, self.ledger.clock.stamp())

    def missing_to_close(self, person: Person, case_id: str) -> list[str]:
        """Return the types whose lack has to be explained when the case file is closed."""
        with self.ledger.read() as connection:
            at = self.ledger.clock.stamp()
            return missing_to_close(connection, self.kind, self.schedules.plan, person, case_id, at)

    def record_event(self, actor: Person, case_no: str, trigger: str, on: date, exception: str = "") -> None:
        """Record an event of a case file; every record whose clock it starts gets its due date at once.

        A case file that lacks what it needs to be closed is closed only with an ``exception``: the reason why.
        Telling the same event of the same day again changes nothing, however often it is told.
        """
        require(actor, Action.KEEP_CASES)
        known = self.event_codes()
        if trigger not in known:
            raise BadInput(
                f"没有事件“{trigger}”。可用：{'、'.join(known)}。",
                f"There is no event {trigger!r}. Use one of {', '.join(known)}.",
            )
        self._check_day(on)
        with self.ledger.work(actor.id) as work:
            case = _locked_case(work, case_files.c.case_no == case_no, case_no)
            if _stands(work, case.id, trigger, on):
                return
            lacking = self._lacking(work, actor, case.id, trigger, exception)
            row = {"id": uuid.uuid4().hex, "case_id": case.id, "trigger": str(trigger), "on_date": on}
            if lacking:
                row["exception"] = one_line(exception, "例外说明", "The explanation", 500)
            none_yet = {"revoked_at": None, "revoked_by": None, "revoked_reason": None}
            work.insert(case_events, {**row, "recorded_at": work.at, "recorded_by": actor.id, **none_yet})
            work.act(
                acts.CASE_EVENT_ADDED,
                "case_file",
                case.id,
                case_no=case_no,
                trigger=str(trigger),
                on=on.isoformat(),
                **lacking,
            )
            self._recompute(work, case.id, f"{trigger} {on.isoformat()}")
            work.commit()

    def _lacking(self, work: Work, actor: Person, case_id: str, trigger: str, exception: str) -> dict[str, str]:
        """Return, for the log, what a case file that is being closed lacks; refuse to close it without a word on that."""
        if trigger != Trigger.CASE_CLOSED:
            return {}
        plan = self.schedules.plan
        codes = missing_to_close(work.connection, self.kind, plan, actor, case_id, work.at)
        if codes and not exception.strip():
            named = in_words(codes, plan)
            raise Conflict(
                f"案卷缺少：{named.zh}。请先归入；确无此件的，请填写例外说明后再结案。",
                f"The case file lacks: {named.en}. File it first; if there is none, explain the exception and close then.",
            )
        return {"lacking": " ".join(codes)} if codes else {}

    def event_codes(self) -> tuple[str, ...]:
        """Return the events that people can record: the usual ones, and what the schedule in force declares besides."""
        usual = tuple(str(trigger) for trigger in EVENTS)
        own = {event.code for rule in self.schedules.current.rules.values() for event in rule.events}
        return (*usual, *sorted(own - {str(trigger) for trigger in Trigger}))

    def _check_day(self, on: date) -> None:
        if on > self.ledger.clock.today():
            raise BadInput("事件日期不能在将来。", "An event cannot lie in the future.")

    def correct_event(self, actor: Person, event_id: str, on: date, reason: str) -> None:
        """Give an event another date: the old one is revoked with the reason and stays to be seen, in one transaction."""
        require(actor, Action.KEEP_CASES)
        if not reason.strip():
            raise BadInput("请说明更正的原因。", "Please say why the date is corrected.")
        self._check_day(on)
        with self.ledger.work(actor.id) as work:
            event = _event(work, event_id)
            if event.on_date == on:
                raise Conflict("日期没有变化。", "The date is the same.")
            self._revoke(work, actor, event, reason)
            if not _stands(work, event.case_id, event.trigger, on):
                row = {"id": uuid.uuid4().hex, "case_id": event.case_id, "trigger": event.trigger, "on_date": on}
                kept = {"exception": event.exception} if event.exception else {}
                none_yet = {"revoked_at": None, "revoked_by": None, "revoked_reason": None}
                made = {"recorded_at": work.at, "recorded_by": actor.id}
                work.insert(case_events, {**row, **kept, **made, **none_yet})
                said = {"trigger": event.trigger, "on": on.isoformat(), "old": event.on_date.isoformat()}
                work.act(acts.CASE_EVENT_ADDED, "case_file", event.case_id, **said)
            self._recompute(work, event.case_id, f"{event.trigger} {on.isoformat()}")
            work.commit()

    def _revoke(self, work: Work, actor: Person, event: Any, reason: str) -> None:
        values = {"revoked_at": work.at, "revoked_by": actor.id, "revoked_reason": reason.strip()}
        if not work.update(case_events, event.id, values, case_events.c.revoked_at.is_(None)):
            raise Conflict("此事件已被撤销。", "This event has been revoked already.")
        work.act(acts.CASE_EVENT_REVOKED, "case_file", event.case_id, trigger=event.trigger)

    def revoke_event(self, actor: Person, event_id: str, reason: str) -> None:
        """Take an event back (a case reopened, a date mistaken): clocks that it started stop or move."""
        require(actor, Action.KEEP_CASES)
        if not reason.strip():
            raise BadInput("请说明撤销的原因。", "Please say why the event is revoked.")
        with self.ledger.work(actor.id) as work:
            event = _event(work, event_id)
            self._revoke(work, actor, event, reason)
            self._recompute(work, event.case_id, f"{event.trigger} revoked")
            work.commit()

    def _recompute(self, work: Work, case_id: str, reason: str) -> None:
        ids = work.connection.execute(select(records.c.id).where(records.c.case_id == case_id)).scalars().all()
        recompute(work, self.schedules, ids, self.ledger.clock.today(), reason)

    def all_fonds(self) -> Sequence[Any]:
        """Return every fonds, by number."""
        with self.ledger.read() as connection:
            return connection.execute(select(fonds).order_by(fonds.c.fonds_no)).all()

    def all_cases(self) -> Sequence[Any]:
        """Return every case file, the newest first."""
        with self.ledger.read() as connection:
            return connection.execute(select(case_files).order_by(case_files.c.year.desc(), case_files.c.case_no)).all()

    def newest(self, limit: int, after: str = "") -> Sequence[Any]:
        """Return case files by number backwards, from behind ``after`` on (keyset paging)."""
        query = select(case_files).order_by(case_files.c.case_no.desc()).limit(limit)
        with self.ledger.read() as connection:
            return connection.execute(query.where(case_files.c.case_no < after) if after else query).all()

    def case(self, case_no: str) -> Any:
        """Return one case file."""
        with self.ledger.read() as connection:
            row = connection.execute(select(case_files).where(case_files.c.case_no == case_no)).one_or_none()
        if row is None:
            raise NotFound(f"没有案卷 {case_no}。", f"There is no case file {case_no}.")
        return row

    def events(self, case_id: str) -> Sequence[Any]:
        """Return the events of a case file, revoked ones too, in the order of their dates."""
        with self.ledger.read() as connection:
            return connection.execute(
                select(case_events).where(case_events.c.case_id == case_id).order_by(case_events.c.on_date)
            ).all()


def _locked_case(work: Work, which: ColumnElement[bool], said: str) -> Any:
    """Return a case file and hold it until the transaction ends: nothing is filed in it while its events change."""
    row = work.connection.execute(select(case_files).where(which).with_for_update()).one_or_none()
    if row is None:
        raise NotFound(f"没有案卷 {said}。", f"There is no case file {said}.")
    return row


def _event(work: Work, event_id: str) -> Any:
    """Return an event and hold its case file until the transaction ends."""
    event = work.connection.execute(select(case_events).where(case_events.c.id == event_id)).one_or_none()
    if event is None:
        raise NotFound("没有这一事件。", "There is no such event.")
    _locked_case(work, case_files.c.id == event.case_id, event.case_id)
    return event


def _stands(work: Work, case_id: str, trigger: str, on: date) -> bool:
    """Say whether this event of this day is recorded already and not revoked."""
    same = case_events.c.case_id == case_id, case_events.c.trigger == str(trigger), case_events.c.on_date == on
    wanted = select(case_events.c.id).where(*same, case_events.c.revoked_at.is_(None))
    return work.connection.execute(wanted).first() is not None
