"""Retention: check, explain, forecast."""

from __future__ import annotations

import click

from archive_service.cli.main import Desk, json_option, with_desk
from archive_service.cli.output import answer_json, echo, language, say, show_table, words
from archive_service.cli.speech import SaidGroup, both, in_chinese
from archive_service.people.policy import Action, require


@click.group(cls=SaidGroup)
@in_chinese("什么到期、何时、为何。")
def retention() -> None:
    """What is due, when, and why."""


@retention.command()
@json_option
@with_desk
@in_chinese("把已到期的列入待鉴定；重复运行不会再添。")
def check(desk: Desk, as_json: bool) -> None:
    """Queue what has become due for appraisal; running it again adds nothing."""
    require(desk.person, Action.CHECK_RETENTION)
    report = desk.archive.chores.check_retention()
    if as_json:
        answer_json(report.__dict__)
        return
    if report.in_doubt:
        say(
            "保管时钟存疑，未作检查；请先由两人在网页上核认时钟。",
            "The retention clock is in doubt, nothing was checked; two people must acknowledge it at the pages first.",
        )
        return
    say(
        f"截至 {report.as_of}：新列入 {report.queued} 件，撤出 {report.withdrawn} 件，冻结中 {report.held} 件。",
        f"As of {report.as_of}: {report.queued} queued, {report.withdrawn} withdrawn, {report.held} on hold.",
    )
    if report.stopped:
        say(
            f"数量异常，检查已停下，未列入任何一件；须两位审批人在网页（鉴定处置）上各自确认（已有 {report.confirmations} 位）。",
            "Unusually many: the check stopped and queued nothing; two approvers must confirm at the pages (Disposal)"
            f" ({report.confirmations} so far).",
        )


@retention.command()
@json_option
@with_desk
@in_chinese("保管时钟的读数；与系统时钟不符时由两人在网页上核认。")
def clock(desk: Desk, as_json: bool) -> None:
    """Tell the retention clock; where the system's clock has jumped two people acknowledge it at the pages."""
    require(desk.person, Action.SEE_DISPOSAL)
    read = desk.archive.retention_check.clock.tick()
    if as_json:
        answer_json(
            {
                "retention_clock": read.now.isoformat(),
                "system_clock": read.wall.isoformat(),
                "in_doubt": read.doubtful,
                "acknowledged_by": len(read.acknowledged),
            }
        )
        return
    zone = desk.archive.clock.zone
    now, wall = (moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S") for moment in (read.now, read.wall))
    say(f"保管时钟 {now}；系统时钟 {wall}。", f"Retention clock {now}; system clock {wall}.")
    if read.doubtful:
        say(
            f"两者不符，到期与销毁一律暂停；须两人核认（已有 {len(read.acknowledged)} 人）。",
            f"They disagree: nothing matures or is destroyed until two people acknowledge ({len(read.acknowledged)} so far).",
        )


@retention.command()
@click.argument("code")
@json_option
@with_desk
@in_chinese("说明一件何时到期、理由何在。")
def explain(desk: Desk, code: str, as_json: bool) -> None:
    """Say when a record is due and why."""
    decision, whole = desk.archive.explain(desk.person, code)
    if as_json:
        answer_json(
            {
                "code": whole.line.code,
                "state": str(decision.state),
                "due_on": decision.due_on,
                "clock_start": decision.clock_start,
                "last_day": decision.last_day,
                "period": decision.period.code if decision.period else None,
                "sentence": {"zh": decision.sentence.zh, "en": decision.sentence.en},
                "inputs": dict(decision.inputs),
            }
        )
        return
    echo(f"{whole.line.code}  {whole.line.title}")
    echo(decision.sentence.zh if language() == "zh" else decision.sentence.en)
    if decision.due_on:
        say(f"到期日：{decision.due_on}", f"Due: {decision.due_on}")
    rule = desk.archive.schedules.plan.type(whole.line.type_code).rule
    say(f"规则 {rule.code}：{rule.reason.zh}", f"Rule {rule.code}: {rule.reason.en}")


@retention.command()
@click.option(
    "--years",
    type=click.IntRange(1, 100),
    default=10,
    show_default=True,
    help=both("预测多少年。", "How far to look ahead, in years."),
)
@json_option
@with_desk
@in_chinese("按月份和类预测到期件数。")
def forecast(desk: Desk, years: int, as_json: bool) -> None:
    """Say how much becomes due, by month and class."""
    rows = desk.archive.disposal.forecast(desk.person, years)
    if as_json:
        answer_json([{"month": month, "class": code, "count": count} for month, code, count in rows])
        return
    show_table([words("月份", "Month"), words("类", "Class"), words("件数", "Records")], rows)
