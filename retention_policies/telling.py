"""Telling how a ground came about: which events count, what is added to them, which step of several is meant."""

from __future__ import annotations

from datetime import date
from typing import Final

from retention_policies.counting import Span, add
from retention_policies.events import Trigger
from retention_policies.ground import Ground
from retention_policies.rule import Action, Combine
from retention_policies.steps import PlannedStep
from retention_policies.text import Text

ACTION_WORDS: Final = {
    Action.DESTROY: Text("鉴定，拟销毁", "appraise, destruction proposed"),
    Action.EXTEND: Text("鉴定，拟续存", "appraise, extension proposed"),
    Action.TRANSFER: Text("鉴定，拟移交", "appraise, transfer proposed"),
    Action.REVIEW: Text("复查，不作销毁", "review, nothing is destroyed"),
    Action.PERMANENT_TRANSFER: Text("永久，按规定移交", "permanent, transferred as the fonds provides"),
    Action.PERMANENT_KEEP: Text("永久，留存本单位", "permanent, stays here"),
    Action.PARENT: Text("随主件", "as the parent"),
}
"""What people read for each action."""


def since(found: Ground) -> Text:
    """Say what the clock counts from; ``found`` must have its trigger date."""
    told = _events(found)
    zh, en = told
    counted = found.event_date
    if not found.offset:
        if found.trigger_date != counted:
            zh, en = _formed(zh, en, found, found.trigger_date)
    else:
        if found.base_date != counted:
            zh, en = _formed(zh, en, found, found.base_date)
        reached = add(found.base_date, found.offset) if found.base_date else None
        words = span_words(found.offset)
        zh, en = f"{zh}，推迟 {words.zh}至 {reached}", f"{en}, {words.en} later {reached}"
        if found.trigger_date != reached:
            zh, en = _formed(zh, en, found, found.trigger_date)
    if found.inherited:
        zh, en = f"随主件：{zh}", f"As its parent: {en[0].lower()}{en[1:]}"
    return Text(zh, en)


def _events(found: Ground) -> Text:
    known = [(event, day) for event, day in found.happened if day]
    told = [(event.happened, _day(day, found, of_document=event.code == Trigger.FORMED)) for event, day in known]
    zh = "、".join(f"{words.zh} {day.zh}" for words, day in told)
    en = ", ".join(
        f"{words.en if i == 0 else words.en[0].lower() + words.en[1:]} {day.en}" for i, (words, day) in enumerate(told)
    )
    if found.start is None or len(found.start.events) == 1:
        return Text(zh, en)
    last = found.start.combine is Combine.ALL
    return Text(f"{zh}（取最{'晚' if last else '早'}）", f"{en} (the {'last' if last else 'first'} counts)")


def _formed(zh: str, en: str, found: Ground, day: date | None) -> tuple[str, str]:
    told = _day(day, found, of_document=True)
    return f"{zh}，而文件形成于 {told.zh}", f"{en} but document formed {told.en}"


def _day(day: date | None, found: Ground, *, of_document: bool) -> Text:
    written = found.formed_as
    if of_document and written is not None and written.latest == day:
        return Text(f"{written}（按最晚的 {day} 计）", f"{written} (taken as {day}, the latest it can mean)")
    return Text(str(day), str(day))


def span_words(span: Span) -> Text:
    """Return an offset in words."""
    parts = ((span.years, "年", "year"), (span.months, "个月", "month"), (span.days, "天", "day"))
    zh = "".join(f"{count} {unit}" for count, unit, _ in parts if count)
    en = " ".join(f"{count} {unit}{'' if count == 1 else 's'}" for count, _, unit in parts if count)
    return Text(zh, en)


def with_steps(said: Text, steps: tuple[PlannedStep, ...], present: PlannedStep) -> Text:
    """Add which of several steps this is, what it proposes, what was done before and what follows."""
    zh = [f"{said.zh}；第 {present.number} 步，共 {len(steps)} 步：{ACTION_WORDS[present.action].zh}"]
    en = [f"{said.en} Step {present.number} of {len(steps)}: {ACTION_WORDS[present.action].en}"]
    for step in steps[: present.number - 1]:
        zh.append(f"第 {step.number} 步已于 {step.done_on} 完成")
        en.append(f"step {step.number} done {step.done_on}")
    for step in steps[present.number :]:
        earliest = f"，最早 {step.due_on}" if step.due_on else ""
        zh.append(f"其后再保管 {step.period.text.zh}，{ACTION_WORDS[step.action].zh}{earliest}")
        first = f", not before {step.due_on}" if step.due_on else ""
        en.append(f"then kept {step.period.text.en} more: {ACTION_WORDS[step.action].en}{first}")
    return Text("；".join(zh), f"{'; '.join(en)}.")
