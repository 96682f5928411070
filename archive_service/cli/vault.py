"""The vault: stores, copies, and the keys that open everything."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from archive_service.audit import acts
from archive_service.catalog.keeping.fixity import Run, StoreState
from archive_service.catalog.keeping.fixity_report import figures
from archive_service.cli.backup import rebuild
from archive_service.cli.main import Desk, json_option, with_desk
from archive_service.cli.output import FOUND_WRONG, answer_json, echo, language, say, show_table, words
from archive_service.cli.speech import SaidGroup, both, in_chinese
from archive_service.cli.vault_keys import drill_shares, make_shares, recover, rotate_key
from archive_service.errors import BadInput, Text
from archive_service.people.policy import Action, require


@click.group(cls=SaidGroup)
@in_chinese("封存库：存储、副本、密钥。")
def vault() -> None:
    """The vault: stores, copies, keys."""


for command in (rotate_key, make_shares, drill_shares, recover, rebuild):
    vault.add_command(command)


@vault.command()
@json_option
@with_desk
@in_chinese("各存储的状况（审计管理员、系统管理员）。有存储不可用或副本有缺损时退出码为 1。")
def stores(desk: Desk, as_json: bool) -> None:
    """State of every store (auditor, system administrator). Exit code 1 when one is away or a copy is faulty."""
    require(desk.person, Action.EXAMINE)
    found, behind = desk.archive.fixity.stores(), desk.archive.locking.behind()
    unlocked = desk.archive.locking.findings()
    if as_json:
        answer_json([_as_json(one, behind.get(one.name)) for one in found])
    else:
        columns = [("存储", "Store"), ("位置", "Place"), ("在库", "Held"), ("待建", "To be made"), ("缺损", "Faulty")]
        show_table(
            [words(*column) for column in (*columns, ("未读过", "Never read"), ("最早一次读检", "Oldest reading"))],
            [
                [
                    one.name,
                    one.place if one.trouble is None else one.trouble.in_language(language()),
                    one.held,
                    one.states.get("wanted", 0),
                    one.faulty,
                    one.never_read,
                    one.oldest_reading[:10],
                ]
                for one in found
            ],
        )
        for one in unlocked:
            echo(f"  {one.place}: {one.text.in_language(language())}")
    if unlocked or not all(one.sound for one in found):
        raise SystemExit(FOUND_WRONG)


def _as_json(one: StoreState, behind: int | None) -> dict[str, Any]:
    return {
        "name": one.name,
        "place": one.place,
        "reachable": one.reachable,
        "trouble": one.trouble._asdict() if one.trouble else None,
        "copies": one.states,
        "bytes": one.bytes,
        "never_read": one.never_read,
        "oldest_reading": one.oldest_reading or None,
        "to_lock": behind,
    }


@vault.command("found-store")
@click.argument("name")
@json_option
@with_desk
@in_chinese("启用设置中的一个存储：在空位置写入本库标识（系统管理员）。")
def found_store(desk: Desk, name: str, as_json: bool) -> None:
    """Take a store of the settings into use: mark its empty place as this installation's (system administrator)."""
    place = desk.archive.administering.take_store_into_use(desk.person, name)
    if as_json:
        answer_json({"name": name, "place": place})
        return
    say(f"已启用存储 {name}：{place}。", f"The store {name} is in use: {place}.")


@vault.command("give-up-store")
@click.argument("name")
@click.option(
    "--reason",
    required=True,
    help=both(
        "介质的去向，写入日志与以后的销毁证明。",
        "What became of its medium; stands in the log and in later certificates.",
    ),
)
@json_option
@with_desk
@in_chinese("登记一个已不在设置中的存储为报废：此后销毁不再等它（系统管理员）。")
def give_up_store(desk: Desk, name: str, reason: str, as_json: bool) -> None:
    """Say that a store which the settings no longer name is gone for good: destruction waits for it no more (system administrator)."""
    desk.archive.administering.give_store_up(desk.person, name, reason)
    if as_json:
        answer_json({"name": name, "reason": reason})
        return
    say(f"已登记存储 {name} 报废。", f"The store {name} is given up.")


@vault.command()
@json_option
@with_desk
@in_chinese("按存放规则补齐各存储的副本，可随时中断再续（系统管理员）。仍有未完成的退出码为 1。")
def replicate(desk: Desk, as_json: bool) -> None:
    """Make every copy that the placement asks for; can be stopped and begun again (system administrator). Exit code 1 when some are left."""
    require(desk.person, Action.RUN_SYSTEM)
    desk.archive.chores.plan_copies()
    desk.archive.chores.settle_outbox()
    made = desk.archive.copies.settle(_count if sys.stderr.isatty() else None)
    left = sum(state.states.get("wanted", 0) + state.faulty for state in desk.archive.fixity.stores())
    if as_json:
        answer_json({"made": made, "left": left})
    else:
        say(f"已建 {made} 份副本，尚余 {left} 份。", f"{made} copies made, {left} left.")
    if left:
        raise SystemExit(FOUND_WRONG)


@vault.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help=both("自哪一天。", "First day."))
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help=both("至哪一天。", "Last day."))
@json_option
@with_desk
@in_chinese("写出存储完整性检测报告（.pdf 或 .xlsx；审计管理员、系统管理员）。")
def report(desk: Desk, file: Path, first: datetime | None, last: datetime | None, as_json: bool) -> None:
    """Write the fixity report of a span of days (.pdf or .xlsx; auditor, system administrator)."""
    from archive_service.reports.fixity_reports import fixity_report
    from archive_service.reports.pdf import as_pdf
    from archive_service.reports.xlsx import as_xlsx

    require(desk.person, Action.EXAMINE)
    archive, settings = desk.archive, desk.settings.fixity
    write = {".pdf": as_pdf, ".xlsx": as_xlsx}.get(file.suffix.lower())
    if write is None:
        raise BadInput("文件名须以 .pdf 或 .xlsx 结尾。", "The file's name must end in .pdf or .xlsx.")
    end = last.date() if last else archive.clock.today()
    begin = first.date() if first else end - timedelta(days=settings.days)
    if begin > end:
        raise BadInput("起始日期晚于截止日期。", "The first day lies after the last.")
    found = figures(archive.fixity, begin, end)
    unit = Text(archive.settings.archive.name_zh, archive.settings.archive.name_en)
    register = fixity_report(found, settings, unit, archive.clock, language())
    archive.ledger.note(desk.person.id, acts.REGISTER_WRITTEN, "register", "fixity", rows=len(register.rows))
    file.write_bytes(write(register))
    if as_json:
        answer_json({"file": file, "copies": found.copies, "found": len(found.incidents), "open": found.open})
        return
    say(
        f"已写入 {file}：读检 {found.copies} 份，发现缺损 {len(found.incidents)}，尚未修复 {found.open}。",
        f"Written to {file}: {found.copies} copies read, {len(found.incidents)} found faulty, {found.open} not made good.",
    )


@vault.command()
@click.option("--all", "everything", is_flag=True, help=both("读检全部副本。", "Read every copy."))
@json_option
@with_desk
@in_chinese("读检副本：今夜应检的份额与抽样，或全部（审计管理员、系统管理员）。发现缺损时退出码为 1。")
def check(desk: Desk, everything: bool, as_json: bool) -> None:
    """Read copies again: tonight's share and sample, or all (auditor, system administrator). Exit code 1 when one is faulty."""
    require(desk.person, Action.EXAMINE)
    fixity = desk.archive.fixity
    progress = _progress if sys.stderr.isatty() else None
    run = fixity.everything(progress) if everything else fixity.nightly(progress)
    repaired = desk.archive.chores.keep_copies() if run.found else 0
    if as_json:
        answer_json(
            {
                "copies": run.copies,
                "bytes": run.bytes,
                "faulty": [{"store": one.place, "name": one.name, "fault": one.fault.value} for one in run.found],
                "repaired": repaired,
                "unreachable": sorted(run.unreachable),
            }
        )
    else:
        _say_run(run, repaired)
    if run.found or run.unreachable:
        raise SystemExit(FOUND_WRONG)


def _say_run(run: Run, repaired: int) -> None:
    faults = {"missing": ("缺失", "missing"), "damaged": ("损坏", "damaged")}
    for one in run.found:
        echo(f"  {one.place}:{one.name} {words(*faults[one.fault.value])}")
    for place in sorted(run.unreachable):
        say(f"  存储 {place} 不可用，未检。", f"  The store {place} cannot be reached and was not read.")
    say(
        f"已读检 {run.copies} 份副本，缺损 {len(run.found)} 份，已修复 {repaired} 份。",
        f"{run.copies} copies read, {len(run.found)} faulty, {repaired} made good.",
    )


def _count(done: int) -> None:
    click.echo(f"\r{done}", nl=False, err=True)


def _progress(done: int, total: int) -> None:
    click.echo(f"\r{done}/{total}", nl=done >= total, err=True)
