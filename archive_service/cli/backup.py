"""Backups: make, check, restore, try a restore; and the catalogue made again without any."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from archive_service.cli.main import Desk, json_option, with_desk
from archive_service.cli.output import FOUND_WRONG, answer_json, language, say
from archive_service.cli.speech import Said, SaidGroup, both, in_chinese
from archive_service.jobs import backups

log_option = click.option(
    "--log",
    "logs",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help=both("另有日志副本的文件夹（可多次）。", "A further folder with a copy of the log (may be repeated)."),
)
MOST_SHOWN = 20


@click.group(cls=SaidGroup)
@in_chinese("备份与恢复。")
def backup() -> None:
    """Backup and restore."""


@backup.command()
@json_option
@with_desk
@in_chinese("备份目录库与密钥库（加密），清理过期备份（系统管理员）。服务可照常运行。")
def create(desk: Desk, as_json: bool) -> None:
    """Back up catalogue and keyring, sealed; let go of what has outlived its time (system administrator). The service may run."""
    made = backups.create(desk.archive, desk.person)
    if as_json:
        answer_json({"name": made.name, "entries": made.size, "catalogue": bool(made.catalogue)})
        return
    say(f"已备份：{made.name}（日志 {made.size} 条）。", f"Backed up: {made.name} ({made.size} entries in the log).")
    if not made.catalogue:
        say(
            "目录库在 PostgreSQL 上，本备份只含密钥库；请另用 pg_dump 备份目录库，见 docs/operations.md。",
            "The catalogue lies on PostgreSQL and this backup holds the keyring alone; back the catalogue up with pg_dump, "
            "see docs/operations.md.",
        )


@backup.command()
@click.argument("name", default="")
@json_option
@with_desk
@in_chinese("打开并检查一份备份（不填名称则为最新的）。凭备份密钥，无须人员。")
def verify(desk: Desk, name: str, as_json: bool) -> None:
    """Open a backup, the newest without a name, and check it. The backup's key is the right to do so."""
    made, parts = backups.check(desk.settings, name)
    if as_json:
        answer_json({"name": made.name, "at": made.at, "entries": made.size, "parts": parts})
        return
    say(f"备份 {made.name} 完好：{'、'.join(parts)}。", f"The backup {made.name} is whole: {', '.join(parts)}.")


@backup.command()
@click.argument("name", default="")
@log_option
@json_option
@with_desk
@in_chinese("由备份恢复目录库与密钥库；其后的销毁先行重做，看不到完整日志则不恢复。凭密钥，无须人员。请先停止服务。")
def restore(desk: Desk, name: str, logs: tuple[Path, ...], as_json: bool) -> None:
    """Restore catalogue and keyring; destructions since are carried out again first, and without the whole log nothing is restored. The keys are the right to do so. Stop the service first."""
    _say_back(backups.restore(desk.settings, name, logs, progress=_progress()), as_json)


@backup.command()
@click.argument("name", default="")
@json_option
@with_desk
@in_chinese("在临时目录中试恢复一份备份并记入日志（系统管理员）。有问题时退出码为 1。")
def drill(desk: Desk, name: str, as_json: bool) -> None:
    """Try to restore a backup in a scratch folder and note how it went (system administrator). Exit code 1 when anything is wrong."""
    drilled = backups.drill(desk.archive, desk.person, name)
    if as_json:
        findings = [{"place": place, **text._asdict()} for place, text in drilled.findings]
        numbers = {"entries": drilled.entries, "records": drilled.records, "files": drilled.files}
        answer_json({"name": drilled.name, **numbers, "findings": findings})
    else:
        for place, text in drilled.findings[:MOST_SHOWN]:
            click.echo(f"  {place}: {text.in_language(language())}")
        say(
            f"试恢复 {drilled.name}：日志 {drilled.entries} 条，档案 {drilled.records} 件，读检文件 {drilled.files} 个，问题 {len(drilled.findings)} 处。",
            f"Tried {drilled.name}: {drilled.entries} entries, {drilled.records} records, {drilled.files} files read, "
            f"{len(drilled.findings)} findings.",
        )
    if drilled.findings:
        raise SystemExit(FOUND_WRONG)


@click.command("rebuild", cls=Said)
@log_option
@json_option
@with_desk
@in_chinese("目录库丢失且无备份时，由日志、目录框架、封装说明与密钥库重建，可中断再续。凭密钥，无须人员。")
def rebuild(desk: Desk, logs: tuple[Path, ...], as_json: bool) -> None:
    """Make a lost catalogue again without a backup, from log, frame, capsules and keyring; can be cut off and repeated. The keys are the right to do so."""
    _say_back(backups.rebuild(desk.settings, logs, progress=_progress()), as_json)


def _say_back(back: backups.Back, as_json: bool) -> None:
    done = back.regained
    if as_json:
        numbers = {"entries": back.entries, "rows": done.rows, "records": done.records, "destroyed_again": done.again}
        lost = [{"place": place, **text._asdict()} for place, text in done.lost]
        answer_json({"name": back.name, **numbers, "lost": lost, "missing": back.missing})
    else:
        say(
            f"日志 {back.entries} 条；补回 {done.rows} 行、{done.records} 件；再次销毁 {done.again} 件。",
            f"{back.entries} entries in the log; {done.rows} rows and {done.records} records came back; {done.again} were "
            "destroyed again.",
        )
        for place, text in done.lost[:MOST_SHOWN]:
            click.echo(f"  {place}: {text.in_language(language())}")
        if back.missing:
            shown = ", ".join(back.missing[:MOST_SHOWN])
            say(
                f"日志记有而未能补回的行 {len(back.missing)} 行：{shown}",
                f"{len(back.missing)} rows that the log knows did not come back: {shown}",
            )
        say(
            "登录会话与未完成的上传不随之恢复。请启动服务（索引与副本随即补齐），再运行 doctor。",
            "Sessions and unfinished uploads do not come back. Start the service (index and copies follow by themselves), "
            "then run doctor.",
        )
    if back.missing:
        raise SystemExit(FOUND_WRONG)


def _progress() -> backups.Progress | None:
    if not sys.stderr.isatty():
        return None
    return lambda done, total: click.echo(f"\r{done}/{total}", nl=done >= total, err=True)
