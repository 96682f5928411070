"""The one calculator of due dates in the catalogue: facts from the rows, the verdict from ``retention_policies``.

The date shown is the date used: what is stored with the record, shown on its page and looked for by the
daily check all come from :func:`decide_row`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from archive_service.audit import acts
from archive_service.audit.ledger import Work
from archive_service.catalog.classification.schedules import ScheduleVersions, versions_beside
from archive_service.catalog.outbox import enqueue
from archive_service.catalog.records.facts import facts_of, triggers_of_case
from archive_service.catalog.records.inherited import told
from archive_service.catalog.records.parents import HoldsOf, followers_of, inherits, parents_of
from archive_service.catalog.tables import ARCHIVED, records
from retention_policies import Decision, Facts, Hold, Parent, Rule, Schedule, Trigger, decide, decide_under

__all__ = [
    "decide_record",
    "decide_row",
    "recompute",
    "stored_decision",
    "triggers_of_case",
    "usual_period",
]

UNKNOWN_PARENT = (Parent(None, Facts()),)


def decide_row(
    connection: Connection,
    schedules: ScheduleVersions,
    row: Mapping[Any, Any],
    as_of: date,
    holds_of: HoldsOf | None = None,
) -> Decision:
    """Decide about one record, parents and the events of its case file included.

    ``row`` is a row of ``record``, or the values of one about to be written. ``holds_of`` looks up the holds of
    it and of its parents; what is stored with a record is decided without.
    """
    triggers = triggers_of_case(connection, row["case_id"])
    parents = parents_of(connection, schedules, row, holds_of)
    holds = holds_of(connection, row) if holds_of else ()
    return decide_record(schedules.since(row["schedule_version"]), row, triggers, as_of, holds, parents)


def decide_record(
    versions: Sequence[Schedule],
    record: Mapping[Any, Any],
    triggers: Mapping[Trigger, date],
    as_of: date,
    holds: Sequence[Hold] = (),
    parents: Sequence[Parent] | None = None,
) -> Decision:
    """Decide about one record from facts that the caller has looked up.

    ``versions`` are the schedules that it is subject to, the one that it was filed under first. Without ``parents``
    (nobody looked) a record of a type that inherits is kept: it must not fall back to the period of one that has none.
    """
    rules = [(schedule.version, schedule.rules.get(record["rule_code"])) for schedule in versions]
    rule = rules[0][1]
    if parents is None:
        parents = UNKNOWN_PARENT if any(one is not None and one.inherits for _, one in rules) else ()
    facts = facts_of(record, triggers, holds, parents)
    if all(later == rule for _, later in rules[1:]):
        return told(decide(rule, facts, as_of), rule, facts)
    return decide_under(rules, facts, as_of)


def stored_decision(decision: Decision, rule: Rule | None) -> dict[str, Any]:
    """Return what a record keeps of a decision that was made without holds; none of it depends on today's date."""
    return {
        "period": decision.period.code if decision.period else usual_period(rule),
        "trigger_date": decision.trigger_date,
        "due_on": decision.due_on,
        "retention_zh": decision.sentence.zh,
        "retention_en": decision.sentence.en,
    }


def usual_period(rule: Rule | None) -> str:
    """Return the period code that goes into an archival code where no fact says otherwise."""
    terms = rule and (rule.terms or rule.otherwise)
    return terms.period.code if terms else "Y"


def recompute(
    work: Work, schedules: ScheduleVersions | Schedule, record_ids: Sequence[str], as_of: date, reason: str
) -> int:
    """Compute the stored decision of records anew after something that it rests on has changed; return how many changed.

    What follows these records (photographs and recordings) is computed anew too, after them. Beside a lone
    ``Schedule`` the others that the archive has kept are read from the database.
    """
    if isinstance(schedules, Schedule):
        schedules = versions_beside(work.connection, schedules)
    rows = _rows(work.connection, record_ids)
    leading = [row for row in rows if not inherits(schedules, row)]
    changed = sum(_recompute(work, schedules, row, as_of, reason) for row in leading)
    following = {row["id"] for row in rows} - {row["id"] for row in leading}
    following.update(followers_of(work.connection, schedules, leading))
    for row in _rows(work.connection, sorted(following)):
        changed += _recompute(work, schedules, row, as_of, reason)
    return changed


def _rows(connection: Connection, record_ids: Sequence[str]) -> Sequence[Mapping[Any, Any]]:
    # In the order of ids: two transactions that change the same records must come to them in the same order.
    wanted = select(records).where(records.c.id.in_(record_ids)).order_by(records.c.id)
    return connection.execute(wanted).mappings().all()


def _recompute(work: Work, schedules: ScheduleVersions, row: Mapping[Any, Any], as_of: date, reason: str) -> bool:
    if row["status"] != ARCHIVED:
        return False
    decision = decide_row(work.connection, schedules, row, as_of)
    values = stored_decision(decision, schedules.version(row["schedule_version"]).rules.get(row["rule_code"]))
    if all(row[name] == value for name, value in values.items()):
        return False
    work.update(records, row["id"], values)
    due = {"old": _iso(row["due_on"]), "new": _iso(values["due_on"])}
    work.act(acts.RECORD_DUE_SET, "record", row["id"], code=row["code"], reason=reason, **due)
    enqueue(work, "capsule", row["id"])
    return True


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
