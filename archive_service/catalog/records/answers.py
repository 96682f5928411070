"""Answering later what the retention schedule asks of a record that is filed already.

An answer may be added, and one that was given may be changed where the record is then kept at least as long.
Shortening what is archived takes a decision of appraisal with its reason (DOMAIN 2.3), never a form.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.catalog.classification.schedules import Schedules
from archive_service.catalog.outbox import enqueue
from archive_service.catalog.records.amending import to_amend
from archive_service.catalog.records.due import decide_row, recompute
from archive_service.catalog.records.facts import Answer, checked_facts
from archive_service.catalog.tables import records
from archive_service.errors import BadInput, Conflict
from archive_service.people.model import Person
from retention_policies import Decision, FactQuestion, Rule, State
from retention_policies.decision import keeps_longest

WHY = "facts answered"


def questions_of(schedules: Schedules, row: Mapping[Any, Any]) -> tuple[FactQuestion, ...]:
    """Return what the rule of a filed record asks, by the schedule that the record was filed under."""
    rule = _rule(schedules, row)
    return rule.questions if rule else ()


def answers_of(row: Mapping[Any, Any]) -> dict[str, Answer]:
    """Return what has been answered for a record, by question."""
    found: dict[str, Answer] = json.loads(row["facts"])
    return found


def answer_facts(
    ledger: Ledger, schedules: Schedules, actor: Person, code: str, given: Mapping[str, Answer]
) -> list[str]:
    """Keep answers for a filed record, compute its period and due date anew at once; return which answers are new.

    A blank leaves what was answered. The log says which questions were answered, never how: an answer may tell
    of a person. ``BadInput`` for an answer that cannot be meant or where nothing is asked, ``Conflict`` for one
    that would shorten, ``NotFound`` and ``Forbidden`` as for filing. The code stays as it was given.
    """
    with ledger.work(actor.id) as work:
        row = to_amend(work, actor, code)
        rule = _rule(schedules, row)
        if rule is None or not rule.questions:
            raise BadInput(
                f"{row['code']} 的类型没有须回答的事实。", f"The type of {row['code']} asks for no facts to answer."
            )
        before = answers_of(row)
        given_now = checked_facts(rule, given)
        new = {name: value for name, value in given_now.items() if name not in before or before[name] != value}
        if new:
            today = ledger.clock.today()
            _refuse_shorter(work, schedules, row, new, today)
            work.update(records, row["id"], {"facts": _stored(before | new)})
            said = {"code": row["code"], "questions": sorted(new), "reason": WHY}
            work.act(acts.RECORD_DUE_SET, "record", row["id"], **said)
            recompute(work, schedules, [row["id"]], today, WHY)
            enqueue(work, "capsule", row["id"])
            work.commit()
    return sorted(new)


def _rule(schedules: Schedules, row: Mapping[Any, Any]) -> Rule | None:
    return schedules.version(row["schedule_version"]).rules.get(row["rule_code"])


def _stored(answers: Mapping[str, Answer]) -> str:
    return json.dumps(dict(answers), sort_keys=True)


def _refuse_shorter(
    work: Work, schedules: Schedules, row: Mapping[Any, Any], new: dict[str, Answer], as_of: date
) -> None:
    """Refuse what would end a keeping earlier than it stands.

    Answers to what was open come first, for they alone may end a doubt; what they lead to must not be shortened by
    changing others. While a doubt stays nobody can say what a change would lead to, so nothing is changed then.
    """

    def decided(answers: Mapping[str, Answer]) -> Decision:
        return decide_row(work.connection, schedules, {**row, "facts": _stored(answers)}, as_of)

    before = answers_of(row)
    added = before | {name: value for name, value in new.items() if name not in before}
    first, second, last = decided(before), decided(added), decided(before | new)
    shorter_by_adding = first.state is not State.KEEP_UNSURE and keeps_longest(second) > keeps_longest(first)
    changes = any(name in before for name in new)
    shorter_by_changing = changes and keeps_longest(last) > keeps_longest(second)
    if changes and last.state is State.KEEP_UNSURE:
        raise Conflict(
            "还有未答的事实，已答的暂不能改；请先补答。",
            "Some facts are still open, so an answer given cannot be changed yet; answer those first.",
        )
    if shorter_by_adding or shorter_by_changing:
        raise Conflict(
            f"这样回答会缩短 {row['code']} 的保管期限。缩短只能由鉴定作出决定并说明理由，这里只能补答或延长。",
            f"This answer would shorten the keeping of {row['code']}. Only an appraisal may shorten, with its reason; here answers can be added, or lengthen.",
        )
