"""The one calculator of due dates in the catalogue: facts from the rows, the verdict from ``retention_policies``.

The date shown is the date used: what is stored with the record, shown on its page and looked for by the
daily check all come from :func:`decide_record`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from archive_service.audit import acts
from archive_service.audit.ledger import Work
from archive_service.catalog.tables import ARCHIVED, case_events, records
from retention_policies import Decision, Facts, Hold, Period, Rule, Schedule, Trigger, decide


def triggers_of_case(connection: Connection, case_id: str | None) -> dict[Trigger, date]:
    """Return the dates of a case file's events that stand; of several of one kind the latest counts."""
    if case_id is None:
        return {}
    rows = connection.execute(
        select(case_events.c.trigger, case_events.c.on_date)
        .where(case_events.c.case_id == case_id, case_events.c.revoked_at.is_(None))
        .order_by(case_events.c.on_date)
    )
    return {Trigger(row.trigger): row.on_date for row in rows}


def decide_record(
    schedule: Schedule,
    record: Mapping[Any, Any],
    triggers: Mapping[Trigger, date],
    as_of: date,
    holds: Sequence[Hold] = (),
) -> Decision:
    """Decide about one record (a row of ``record``, or the values of one about to be written)."""
    override = record["period_override"]
    facts = Facts(
        document_date=record["document_date"],
        triggers=triggers,
        values=json.loads(record["facts"]),
        extension_years=record["extension_years"],
        period_override=Period.from_code(override) if override else None,
        holds=tuple(holds),
    )
    return decide(schedule.rules.get(record["rule_code"]), facts, as_of)


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


def recompute(work: Work, schedule: Schedule, record_ids: Sequence[str], as_of: date, reason: str) -> int:
    """Compute the stored decision of records anew after something that it rests on has changed; return how many changed."""
    changed = 0
    for record_id in record_ids:
        row = work.connection.execute(select(records).where(records.c.id == record_id)).mappings().one()
        if row["status"] != ARCHIVED:
            continue
        decision = decide_record(schedule, row, triggers_of_case(work.connection, row["case_id"]), as_of)
        values = stored_decision(decision, schedule.rules.get(row["rule_code"]))
        if any(row[name] != value for name, value in values.items()):
            work.update(records, record_id, values)
            due = {"old": _iso(row["due_on"]), "new": _iso(values["due_on"])}
            work.act(acts.RECORD_DUE_SET, "record", record_id, code=row["code"], reason=reason, **due)
            changed += 1
    return changed


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
