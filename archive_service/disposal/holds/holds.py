"""Holds 冻结: while one stands, nothing that it covers is destroyed, whatever list, job or role asks for it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, or_, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.catalog.codes.text import normalise_code
from archive_service.catalog.tables import DESTROYED, DESTROYING, case_files, records
from archive_service.disposal.holds import views as hold_views
from archive_service.disposal.model import BEYOND_RETURN
from archive_service.disposal.numbers import next_number, numbered
from archive_service.disposal.showing import known
from archive_service.disposal.tables import disposal_items, hold_records, hold_scopes, holds
from archive_service.errors import BadInput, Conflict, NotFound
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, require
from retention_policies import Hold

LONGEST_REASON = 500
LONGEST_SEARCH = 300


@dataclass(frozen=True)
class NewHold:
    """What is to be held and why: single records by code, whole case files by number, classes by code, a search.

    Of case files, classes and the search (``words``) later records are held too.
    """

    mandate: str
    reason: str
    review_on: date
    codes: tuple[str, ...] = ()
    case_nos: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    words: str = ""


@dataclass(frozen=True)
class Placed:
    """A hold that stands now; ``too_late`` are codes whose key was already being destroyed."""

    hold_no: str
    too_late: tuple[str, ...] = ()


def held() -> ColumnElement[bool]:
    """Return the SQL condition that a row of ``record`` is held, by itself, through its case file or through its class."""
    by_class = exists(
        select(hold_scopes.c.id)
        .join(holds, holds.c.id == hold_scopes.c.hold_id)
        .where(holds.c.released_at.is_(None), hold_scopes.c.class_code == records.c.class_code)
        .correlate(records)
    )
    return by_class | exists(
        select(hold_records.c.id)
        .join(holds, holds.c.id == hold_records.c.hold_id)
        .where(
            holds.c.released_at.is_(None),
            or_(hold_records.c.record_id == records.c.id, hold_records.c.case_id == records.c.case_id),
        )
        .correlate(records)
    )


def holds_of(connection: Connection, record_id: str, case_id: str | None, class_code: str) -> tuple[Hold, ...]:
    """Return the holds that stand on a record at this moment, its case file's and class's included, oldest first."""
    scope = hold_records.c.record_id == record_id
    if case_id is not None:
        scope = or_(scope, hold_records.c.case_id == case_id)
    found = connection.execute(
        select(holds.c.hold_no, holds.c.reason)
        .where(
            holds.c.released_at.is_(None),
            or_(
                holds.c.id.in_(select(hold_records.c.hold_id).where(scope)),
                holds.c.id.in_(select(hold_scopes.c.hold_id).where(hold_scopes.c.class_code == class_code)),
            ),
        )
        .order_by(holds.c.year, holds.c.number)
    )
    return tuple(Hold(row.hold_no, row.reason) for row in found)


def insert_hold(
    work: Work, new: NewHold, placed_by: str, today: date, *, record_ids: Sequence[str], case_ids: Sequence[str]
) -> str:
    """Write a hold inside the caller's transaction and return its number; the caller has asked the policy."""
    number = next_number(work.connection, holds, today.year)
    hold_id, hold_no = uuid.uuid4().hex, f"DJ{today.year}-{number:03d}"
    words = {"mandate": new.mandate.strip(), "reason": new.reason.strip(), "review_on": new.review_on}
    released = {"released_at": None, "released_by": None, "released_reason": None}
    row = {"id": hold_id, "hold_no": hold_no, "year": today.year, "number": number, **words}
    work.insert(holds, {**row, "placed_at": work.at, "placed_by": placed_by, **released})
    wider = [{"class_code": code, "words": None} for code in new.classes]
    wider += [{"class_code": None, "words": new.words.strip()}] if new.words.strip() else []
    work.insert_many(hold_scopes, [{"id": uuid.uuid4().hex, "hold_id": hold_id, **scope} for scope in wider])
    scopes = [{"record_id": record_id, "case_id": None} for record_id in record_ids]
    scopes += [{"record_id": None, "case_id": case_id} for case_id in case_ids]
    work.insert_many(hold_records, [{"id": uuid.uuid4().hex, "hold_id": hold_id, **scope} for scope in scopes])
    work.act(
        acts.HOLD_PLACED,
        "hold",
        hold_id,
        hold_no=hold_no,
        records=list(record_ids),
        cases=list(case_ids),
        classes=list(new.classes),
        by_search=bool(new.words.strip()),
    )
    return hold_no


@dataclass(frozen=True)
class Holds:
    """Places and releases holds."""

    ledger: Ledger

    def place(self, person: Person, new: NewHold) -> Placed:
        """Place a hold, at any moment until the key is destroyed and in whatever state of disposal a record is.

        Records whose key is already going are named in ``too_late``; if nothing else is left, :class:`Conflict`.
        """
        require(person, Action.PLACE_HOLD)
        self._check(new)

        def attempt() -> Placed:
            with self.ledger.work(person.id) as work:
                # The claim of a destruction locks case file and record in this order too: one of us waits for the
                # other, so a hold either stops the item or learns that it came too late.
                cases, found = self._find(work, person, new)
                late = [row["code"] for row in found if _too_late(work, row)]
                keep = [row["id"] for row in found if row["code"] not in late]
                if not keep and not cases and not new.classes and not new.words.strip():
                    raise _came_too_late(late)
                case_ids = [row["id"] for row in cases]
                _lock_classes(work, new.classes)
                late += _late_among(work, records.c.case_id.in_(case_ids) | records.c.class_code.in_(new.classes))
                hold_no = insert_hold(
                    work, new, person.id, self.ledger.clock.today(), record_ids=keep, case_ids=case_ids
                )
                work.commit()
            return Placed(hold_no, tuple(sorted(late)))

        return numbered(attempt)

    def _find(
        self, work: Work, person: Person, new: NewHold
    ) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
        """Lock the case files and records that are named; what does not exist for this person is named in the refusal."""
        may_know = known(person, self.ledger.clock.stamp())
        case_nos = sorted({case_no.strip() for case_no in new.case_nos})
        codes = sorted({normalise_code(code) for code in new.codes})
        cases = [(name, _locked(work, case_files, case_files.c.case_no == name)) for name in case_nos]
        found = [(code, _locked(work, records, (records.c.code == code) & may_know)) for code in codes]
        missing = [name for name, row in (*cases, *found) if row is None]
        if missing:
            raise NotFound(
                f"没有找到：{'、'.join(missing)}。未设置冻结。", f"Not found: {', '.join(missing)}. No hold was placed."
            )
        return [row for _, row in cases if row], [row for _, row in found if row]

    def _check(self, new: NewHold) -> None:
        if not new.mandate.strip() or not new.reason.strip():
            raise BadInput("请填写冻结的依据和原因。", "Please give the mandate of the hold and the reason.")
        if len(new.mandate) > 200 or len(new.reason) > LONGEST_REASON:
            raise BadInput(
                "依据最多 200 字，原因最多 500 字。", "The mandate has at most 200 characters, the reason at most 500."
            )
        if new.review_on <= self.ledger.clock.today():
            raise BadInput("复查日期须在今天之后。", "The review date must lie after today.")
        if len(new.words) > LONGEST_SEARCH:
            raise BadInput(f"检索词最多 {LONGEST_SEARCH} 字。", f"The search has at most {LONGEST_SEARCH} characters.")
        if not new.codes and not new.case_nos and not new.classes and not new.words.strip():
            raise BadInput(
                "请给出要冻结的档号、案卷号、类或检索词。",
                "Please give the records, case files, classes or the search to be held.",
            )

    def release(self, person: Person, hold_no: str, reason: str) -> None:
        """Release a hold; only an approver may, and never the one who placed it."""
        if not reason.strip() or len(reason) > LONGEST_REASON:
            raise BadInput(
                "请说明解除的原因（最多 500 字）。", "Please say why the hold is released (at most 500 characters)."
            )
        with self.ledger.work(person.id) as work:
            row = _locked(work, holds, holds.c.hold_no == hold_no.strip().upper())
            if row is None:
                raise NotFound(f"没有冻结 {hold_no}。", f"There is no hold {hold_no}.")
            require(person, Action.RELEASE_HOLD, Thing(hands={"placed_by": frozenset({row["placed_by"]})}))
            values = {"released_at": work.at, "released_by": person.id, "released_reason": reason.strip()}
            if not work.update(holds, row["id"], values, holds.c.released_at.is_(None)):
                raise Conflict(f"冻结 {hold_no} 已经解除。", f"Hold {hold_no} has been released already.")
            work.act(acts.HOLD_RELEASED, "hold", row["id"], hold_no=hold_no)
            work.commit()

    def all(self, viewer: Person, *, standing_only: bool = False) -> list[hold_views.HoldView]:
        """Return the holds, the newest first."""
        return hold_views.all_holds(self.ledger, viewer, standing_only=standing_only)

    def one(self, viewer: Person, hold_no: str) -> hold_views.HoldPage:
        """Return one hold with what it covers and what was done with it."""
        return hold_views.one_hold(self.ledger, viewer, hold_no)


def _locked(work: Work, table: Any, condition: ColumnElement[bool]) -> Mapping[str, Any] | None:
    row = work.connection.execute(select(table).where(condition).with_for_update()).one_or_none()
    return None if row is None else row._asdict()


def _too_late(work: Work, row: Mapping[str, Any]) -> bool:
    if row["status"] == DESTROYED:
        return True
    going = select(disposal_items.c.id).where(
        disposal_items.c.record_id == row["id"], disposal_items.c.step.in_(BEYOND_RETURN)
    )
    return work.connection.execute(going).first() is not None


def _lock_classes(work: Work, classes: Sequence[str]) -> None:
    """Wait for whatever is being destroyed in these classes: its claim holds the record's row."""
    going = select(records.c.id).where(records.c.class_code.in_(classes), records.c.status == DESTROYING)
    work.connection.execute(going.order_by(records.c.id).with_for_update()).all()


def _late_among(work: Work, scope: ColumnElement[bool]) -> list[str]:
    """Return the codes of records of a scope whose key is going but whose destruction is not done yet."""
    going = (
        select(records.c.code)
        .join(disposal_items, disposal_items.c.record_id == records.c.id)
        .where(scope, records.c.status != DESTROYED, disposal_items.c.step.in_(BEYOND_RETURN))
    )
    return list(work.connection.execute(going).scalars())


def _came_too_late(codes: Sequence[str]) -> Conflict:
    return Conflict(
        f"来不及冻结：{'、'.join(codes)} 的密钥已经销毁或正在销毁，此步不可撤回。",
        f"Too late for a hold: the keys of {', '.join(codes)} are destroyed or being destroyed, which cannot be undone.",
    )
