"""Putting a filed record into another class: with a reason, kept in its history; the code stays, and nothing is shortened.

The code was made for the class that the record was numbered in and is never changed. Where the new class would keep
the record less long, the period of the old one stays in force (DOMAIN 2.3): shortening takes a decision of appraisal.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.catalog.classification.plan import RecordType
from archive_service.catalog.classification.schedules import Schedules
from archive_service.catalog.model import check_level
from archive_service.catalog.names import one_line
from archive_service.catalog.outbox import enqueue
from archive_service.catalog.records.amending import to_amend
from archive_service.catalog.records.due import decide_row, recompute
from archive_service.catalog.records.parents import inherits
from archive_service.catalog.tables import class_changes, records
from archive_service.errors import ArchiveError, BadInput, Text
from archive_service.people.model import Person
from retention_policies import State
from retention_policies.decision import keeps_longest

MOST = 200
"""Records put into another class in one go, each in a transaction of its own."""


@dataclass(frozen=True)
class Reclassified:
    """What became of one record: its classes before and now, whether the older, longer period stays; or why it stayed as it was."""

    code: str
    old: str
    new: str
    period_stays: bool
    fault: Text | None = None


@dataclass(frozen=True)
class Reclassifying:
    """Puts filed records into other classes."""

    ledger: Ledger
    schedules: Schedules

    def change(self, actor: Person, code: str, type_code: str, reason: str) -> Reclassified:
        """Put one record into another class; raises what forbids it."""
        record_type, why = self._checked(type_code, reason)
        with self.ledger.work(actor.id) as work:
            row = to_amend(work, actor, code)
            stays = self._change(work, actor, row, record_type, why)
            work.commit()
        return Reclassified(row["code"], row["type_code"], record_type.code, stays)

    def change_all(self, actor: Person, codes: Sequence[str], type_code: str, reason: str) -> list[Reclassified]:
        """Put several records into another class; what is wrong with one leaves it where it is and holds up no other."""
        self._checked(type_code, reason)
        if not codes:
            raise BadInput("请先选择档案。", "Please choose the records first.")
        if len(codes) > MOST:
            raise BadInput(f"一次最多 {MOST} 件。", f"At most {MOST} records are changed in one go.")
        done = []
        for code in dict.fromkeys(codes):
            try:
                done.append(self.change(actor, code, type_code, reason))
            except ArchiveError as error:
                done.append(Reclassified(code, "", type_code, False, error.text))
        return done

    def history(self, record_id: str) -> Sequence[Any]:
        """Return the classes that a record was in, the oldest change first; the caller shows it to those who see the record."""
        query = select(class_changes).where(class_changes.c.record_id == record_id)
        with self.ledger.read() as connection:
            return connection.execute(query.order_by(class_changes.c.changed_at, class_changes.c.id)).all()

    def _checked(self, type_code: str, reason: str) -> tuple[RecordType, str]:
        why = one_line(reason, "原因", "The reason", 500)
        if not why:
            raise BadInput("请说明改类的原因。", "Please say why the class is changed.")
        return self.schedules.plan.type(type_code), why

    def _change(self, work: Work, actor: Person, row: Mapping[Any, Any], record_type: RecordType, why: str) -> bool:
        if row["type_code"] == record_type.code:
            raise BadInput(
                f"{row['code']} 已属类型 {record_type.code}。", f"{row['code']} is of type {record_type.code} already."
            )
        rule = record_type.rule
        if rule.inherits != inherits(self.schedules, row):
            raise BadInput(
                f"类型 {record_type.code} 与原类型的保管方式不同（随主件保管），不能互改。",
                f"Type {record_type.code} is kept otherwise than the old one (as a main record); one cannot become the other.",
            )
        check_level(row["level"], record_type.default_level or "", rule.other_levels)
        today = self.ledger.clock.today()
        new_rule = {"rule_code": rule.code, "schedule_version": self.schedules.current.version}
        stays = would_shorten(work.connection, self.schedules, row, {**row, **new_rule}, today)
        placed = {"type_code": record_type.code, "class_code": record_type.class_code}
        placed |= {"plan_version": self.schedules.plan.version} | ({} if stays else new_rule)
        work.update(records, row["id"], placed)
        change = {
            "id": uuid.uuid4().hex,
            "record_id": row["id"],
            "old_type": row["type_code"],
            "new_type": record_type.code,
        }
        by = {"reason": why, "changed_at": work.at, "changed_by": actor.id}
        work.insert(
            class_changes,
            change | {"old_rule": row["rule_code"], "new_rule": placed.get("rule_code", row["rule_code"])} | by,
        )
        said = {"code": row["code"], "old": row["type_code"], "new": record_type.code}
        work.act(acts.RECORD_RECLASSIFIED, "record", row["id"], **said)
        recompute(work, self.schedules, [row["id"]], today, "reclassified")
        enqueue(work, "capsule", row["id"])
        enqueue(work, "index", row["id"])
        return stays


def would_shorten(
    connection: Connection, schedules: Schedules, row: Mapping[Any, Any], new: Mapping[Any, Any], as_of: date
) -> bool:
    """Say whether a rule would end a record's keeping earlier; one that leaves in doubt how long keeps it meanwhile."""
    before = decide_row(connection, schedules, row, as_of)
    after = decide_row(connection, schedules, new, as_of)
    return after.state is not State.KEEP_UNSURE and keeps_longest(after) > keeps_longest(before)
