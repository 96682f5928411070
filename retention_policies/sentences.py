"""The words of retention decisions, so that screen, paper and interface say the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from retention_policies.counting import Count
from retention_policies.events import Event
from retention_policies.facts import Hold
from retention_policies.period import Period
from retention_policies.text import Text

NO_RULE: Final = Text("该类型在保管期限表中没有条目", "the schedule has no rule for this type")
NO_DATE: Final = Text("没有成文日期，无法起算", "there is no document date to count from")
ALL_STEPS_DONE: Final = Text(
    "规则的各步均已完成，没有下一步", "every step of the rule is done and it names no further one"
)
BEYOND_CALENDAR: Final = Text(
    "算出的到期日超出公元 9999 年，所录日期有误", "the date counted lies beyond the year 9999, so a date must be wrong"
)


def counted(*, since: Text, kept: Text, count: Count, step: int) -> Text:
    """Say from what, how long and until when; the same sentence before and after the day comes."""
    zh = f"{kept.zh}，自 {count.clock_start} 起算，{count.due_on} 起可鉴定"
    en = f"{kept.en} counted from {count.clock_start}, due for appraisal from {count.due_on}."
    return Text(f"{since.zh}，{zh}", f"{since.en}, {f'then {en}' if step > 1 else en}")


def kept_for(period: Period, *, extended: int, reclassified: bool) -> Text:
    """Say the period and what of it was decided later; ``period`` is the whole, extension included."""
    own = Period(period.years - extended) if period.years is not None else period
    zh, en = f"保管 {own.text.zh}", f"kept {own.text.en}"
    if reclassified:
        zh, en = f"改定{zh}", f"{en} by reclassification"
    if extended:
        zh, en = f"{zh}、延长 {extended} 年", f"{en} and {extended} more by extension"
    return Text(zh, en)


def pending(happened: Sequence[tuple[Event, date | None]], kept: Text) -> Text:
    """Say which events the clock waits for."""
    awaited = [event.awaited for event, day in happened if event.awaited and not day]
    zh = "，".join(text.zh for text in awaited)
    en = " and ".join(text.en if i == 0 else _small(text.en) for i, text in enumerate(awaited))
    return Text(f"{zh}，{kept.zh}，尚未起算", f"{en}, so nothing is counted yet; then {kept.en}.")


def _small(text: str) -> str:
    return f"{text[0].lower()}{text[1:]}"


def permanent(reason: Text, *, reclassified: bool) -> Text:
    """Say that it never ends, and why."""
    if reclassified:
        return Text("改定为永久保管，永不到期", "Reclassified as permanent, never due.")
    return Text(f"永久保管，永不到期：{reason.zh}", f"Kept permanently, never due: {reason.en}.")


def unsure(doubt: Text) -> Text:
    """Say why it is kept although nothing was counted."""
    return Text(f"继续保管：{doubt.zh}", f"Kept: {doubt.en}.")


def missing_facts(titles: Sequence[Text]) -> Text:
    """Say which answers the rule lacks."""
    zh = "、".join(f"“{title.zh}”" for title in titles)
    en = ", ".join(f'"{title.en}"' for title in titles)
    return Text(f"缺少事实{zh}，无法确定保管期限", f"the period depends on facts that are not known: {en}")


def of_parent(doubt: Text) -> Text:
    """Say that a doubt is the parent's."""
    return Text(f"主件存疑（{doubt.zh}）", f"its parent is in doubt ({doubt.en})")


def with_holds(sentence: Text, holds: Sequence[Hold]) -> Text:
    """Add the holds that stand."""
    if not holds:
        return sentence
    zh = "、".join(f" {hold.reference}（{hold.reason}）" for hold in holds)
    en = ", ".join(f"{hold.reference} ({hold.reason})" for hold in holds)
    return Text(f"{sentence.zh}；因{zh}冻结，不得销毁", f"{sentence.en} On hold: {en}; it may not be destroyed.")


def longest_of(sentence: Text, name: str, others: Sequence[tuple[str, Text]]) -> Text:
    """Add what else was held against the facts, and that the longest applies."""
    zh = "、".join(f"{other}（{found.zh}）" for other, found in others)
    en = ", ".join(f"{other} ({found.en})" for other, found in others)
    return Text(
        f"{sentence.zh}；另按 {zh}核对，取保管最长的 {name}",
        f"{sentence.en} Also held against {en}: {name} keeps longest.",
    )
