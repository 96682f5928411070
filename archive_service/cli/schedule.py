"""The retention schedule: propose another version, see what it would do, adopt it."""

from __future__ import annotations

from pathlib import Path

import click

from archive_service.cli.main import Desk, json_option, with_desk
from archive_service.cli.output import answer_json, say, show_table, words
from archive_service.cli.speech import SaidGroup, both, in_chinese
from archive_service.disposal.schedule_changes import ScheduleChange
from archive_service.errors import BadInput

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group(cls=SaidGroup)
@in_chinese("保管期限表：提出新版、看影响、启用；批准须本人登录网页。")
def schedule() -> None:
    """Versions of the retention schedule; approving needs a person at the pages."""


@schedule.command()
@click.argument("file", type=FILE)
@click.option("--reason", required=True, help=both("变更的理由和依据。", "Reason and basis of the change."))
@json_option
@with_desk
@in_chinese("提出另一版期限表，并清点它对在库档案的影响；此时尚未启用。")
def propose(desk: Desk, file: Path, reason: str, as_json: bool) -> None:
    """Propose another version and count what it would do to what is held; nothing is in force yet."""
    try:
        body = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"{file} 须为 UTF-8 文本。", f"{file} must be text in UTF-8.") from error
    version = desk.archive.schedule_changes.propose(desk.person, body, reason)
    desk.archive.schedule_changes.carry_on()
    _tell(desk.archive.schedule_changes.one(desk.person, version), as_json)


@schedule.command()
@click.argument("version", required=False)
@json_option
@with_desk
@in_chinese("列出各次变更；给出版本时说明其影响。")
def show(desk: Desk, version: str | None, as_json: bool) -> None:
    """List the changes; with a version, say what it would do."""
    if version:
        _tell(desk.archive.schedule_changes.one(desk.person, version), as_json)
        return
    found = desk.archive.schedule_changes.all(desk.person)
    current = desk.archive.schedules.current.version
    if as_json:
        answer_json({"in_force": current, "changes": [_plain(one) for one in found]})
        return
    say(f"现行版本：{current}", f"In force: {current}")
    show_table(
        [words("版本", "Version"), words("状态", "State"), words("理由", "Reason")],
        [(one.row.version, one.row.state, one.row.reason) for one in found],
    )


@schedule.command()
@click.argument("version")
@json_option
@with_desk
@in_chinese("启用已清点（必要时已批准）的版本，并重算在库档案。")
def adopt(desk: Desk, version: str, as_json: bool) -> None:
    """Take a counted (and where needed approved) version into force, and compute what is held anew."""
    shown = desk.archive.schedule_changes.one(desk.person, version)
    desk.archive.schedule_changes.adopt(desk.person, version, shown.row.digest)
    desk.archive.schedule_changes.carry_on()
    _tell(desk.archive.schedule_changes.one(desk.person, version), as_json)


@schedule.command()
@click.argument("version")
@json_option
@with_desk
@in_chinese("撤回尚未启用的变更。")
def withdraw(desk: Desk, version: str, as_json: bool) -> None:
    """Give up a change that is not adopted."""
    desk.archive.schedule_changes.withdraw(desk.person, version)
    _tell(desk.archive.schedule_changes.one(desk.person, version), as_json)


def _plain(one: ScheduleChange) -> dict[str, object]:
    return {
        "version": one.row.version,
        "state": one.row.state,
        "reason": one.row.reason,
        "digest": one.row.digest,
        "earlier_dates": one.row.shorter,
        "approvals": len(one.approvers),
        "approvals_needed": one.approvals_needed,
        "classes": one.summary,
    }


def _tell(one: ScheduleChange, as_json: bool) -> None:
    if as_json:
        answer_json(_plain(one))
        return
    say(
        f"版本 {one.row.version}（{one.row.state}）：已批准 {len(one.approvers)} / {one.approvals_needed}。",
        f"Version {one.row.version} ({one.row.state}): {len(one.approvers)} of {one.approvals_needed} approvals.",
    )
    names = ("records", "changed", "longer", "shorter", "newly_due", "no_longer_due")
    columns = [
        words("类", "Class"),
        words("在库", "Held"),
        words("有变化", "Changed"),
        words("更久", "Longer"),
        words("提前", "Earlier"),
        words("新到期", "Newly due"),
        words("不再到期", "No longer due"),
    ]
    show_table(
        columns, [(code, *(found[name] for name in names)) for code, found in sorted((one.summary or {}).items())]
    )
