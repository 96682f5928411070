"""The words of retention decisions, so that screen, paper and interface say the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from retention_policies.counting import Count
from retention_policies.facts import Hold
from retention_policies.period import Period
from retention_policies.rule import Trigger
from retention_policies.text import Text

HAPPENED: Final = {
    Trigger.FORMED: Text("形成于", "Formed"),
    Trigger.YEAR_END: Text("年度终了于", "Year ended"),
    Trigger.CASE_CLOSED: Text("结案于", "Case closed"),
    Trigger.RECT_ACCEPTED: Text("整改验收于", "Rectification accepted"),
    Trigger.DECISION_EFFECTIVE: Text("决定生效于", "Decision effective"),
    Trigger.REPORT_RESOLVED: Text("举报办结于", "Report resolved"),
    Trigger.SUPERSEDED: Text("被替代于", "Superseded"),
    Trigger.CREDIT_CLEARED: Text("信用记录消除于", "Credit record cleared"),
}

AWAITED: Final = {
    Trigger.CASE_CLOSED: Text("尚未结案", "The case is not closed"),
    Trigger.RECT_ACCEPTED: Text("整改尚未验收", "The rectification is not accepted"),
    Trigger.DECISION_EFFECTIVE: Text("决定尚未生效", "The decision is not effective"),
    Trigger.REPORT_RESOLVED: Text("举报尚未办结", "The report is not resolved"),
    Trigger.SUPERSEDED: Text("尚未被替代", "It is not superseded"),
    Trigger.CREDIT_CLEARED: Text("信用记录尚未消除", "The credit record is not cleared"),
}

NO_RULE: Final = Text("该类型在保管期限表中没有条目", "the schedule has no rule for this type")
NO_DATE: Final = Text("没有成文日期，无法起算", "there is no document date to count from")
BEYOND_CALENDAR: Final = Text(
    "算出的到期日超出公元 9999 年，所录日期有误", "the date counted lies beyond the year 9999, so a date must be wrong"
)


def counted(
    *, trigger: Trigger, event_date: date, trigger_date: date, kept: Text, count: Count, inherited: bool
) -> Text:
    """Say from what, how long and until when; the same sentence before and after the day comes."""
    happened = HAPPENED[trigger]
    zh, en = f"{happened.zh} {event_date}", f"{happened.en} {event_date}"
    if trigger_date != event_date:
        zh += f"，而文件形成于 {trigger_date}"
        en += f" but document formed {trigger_date}"
    if inherited:
        zh, en = f"随主件：{zh}", f"As its parent: {en[0].lower()}{en[1:]}"
    return Text(
        f"{zh}，{kept.zh}，自 {count.clock_start} 起算，{count.due_on} 起可鉴定",
        f"{en}, {kept.en} counted from {count.clock_start}, due for appraisal from {count.due_on}.",
    )


def kept_for(period: Period, *, extended: int, reclassified: bool) -> Text:
    """Say the period and what of it was decided later; ``period`` is the whole, extension included."""
    own = Period(period.years - extended) if period.years is not None else period
    zh, en = f"保管 {own.text.zh}", f"kept {own.text.en}"
    if reclassified:
        zh, en = f"改定{zh}", f"{en} by reclassification"
    if extended:
        zh, en = f"{zh}、延长 {extended} 年", f"{en} and {extended} more by extension"
    return Text(zh, en)


def pending(trigger: Trigger, kept: Text) -> Text:
    """Say which event the clock waits for."""
    awaited = AWAITED[trigger]
    return Text(f"{awaited.zh}，{kept.zh}，尚未起算", f"{awaited.en}, so nothing is counted yet; then {kept.en}.")


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
