"""Looking after the archive: doctor, index."""

from __future__ import annotations

import sys

import click

from archive_service.audit.verify import Finding
from archive_service.cli.main import Desk, json_option, with_desk
from archive_service.cli.output import FOUND_WRONG, answer_json, echo, language, say
from archive_service.cli.speech import Said, SaidGroup, both, in_chinese
from archive_service.errors import Unavailable
from archive_service.people.policy import Action, require


@click.command(cls=Said)
@click.option(
    "--repair",
    "repairing",
    is_flag=True,
    help=both(
        "修复可安全修复的：副本、封装说明、索引、残余（系统管理员）。",
        "Repair what is safe: copies, capsules, index, leftovers (system administrator).",
    ),
)
@json_option
@with_desk
@in_chinese("检查目录、密钥库、封存库、索引与日志是否一致（审计管理员、系统管理员）。不一致时退出码为 1。")
def doctor(desk: Desk, repairing: bool, as_json: bool) -> None:
    """Check that catalogue, keyring, store, index and log agree (auditor, system administrator). Exit code 1 when they do not."""
    from archive_service.jobs.repairing import repair

    require(desk.person, Action.EXAMINE)
    done = repair(desk.archive, desk.person) if repairing else None
    findings = done.left if done else desk.archive.proof.examine()
    if as_json:
        numbers = {"copies": done.copies, "cleared": done.cleared, "index": done.indexed} if done else None
        told = [{"place": one.place, **one.text._asdict()} for one in findings]
        answer_json({"sound": not findings, "findings": told, **({"repaired": numbers} if numbers else {})})
    else:
        _say_findings(findings)
        if done:
            say(
                f"已修复副本 {done.copies} 份，清除残余 {done.cleared} 项。余下的须由人处理：",
                f"{done.copies} copies were made good, {done.cleared} leftovers cleared away. What is left is for people:",
            )
        say(
            "一切相符。" if not findings else f"发现 {len(findings)} 处问题。",
            "Everything agrees." if not findings else f"{len(findings)} findings.",
        )
    if findings:
        raise SystemExit(FOUND_WRONG)


SAID_ONCE = 3
"""What is found in more places than these is said once, the places below it."""


def _say_findings(findings: list[Finding]) -> None:
    places: dict[str, list[str]] = {}
    for one in findings:
        places.setdefault(one.text.in_language(language()), []).append(one.place)
    for text, some in places.items():
        if len(some) > SAID_ONCE:
            say(f"{len(some)} 处：{text}", f"{len(some)} places: {text}")
        for place in some:
            echo(f"  {place}" if len(some) > SAID_ONCE else f"{place}: {text}")


@click.group(cls=SaidGroup)
@in_chinese("全文索引。")
def index() -> None:
    """State of the full-text index."""


@index.command()
@json_option
@with_desk
@in_chinese("已索引多少、等待多少、无文字多少（审计管理员、系统管理员）。")
def status(desk: Desk, as_json: bool) -> None:
    """Say what is indexed, what waits, what had no text (auditor, system administrator)."""
    require(desk.person, Action.EXAMINE)
    state = desk.archive.indexer.status()
    if as_json:
        answer_json(state)
        return
    if state["rebuild_due"]:
        say(
            "分析方式已更新，索引须重建：服务会在后台重建，也可运行 index rebuild；其间旧索引照常使用。",
            "The analysis has changed and the index has to be rebuilt: the service does so in the background, or run index "
            "rebuild; the old index serves meanwhile.",
        )
    scans = state["scans"]
    say(
        f"已索引 {state['indexed']} 件，等待 {state['waiting']} 件，无文字 {state['without_text']} 件，未成功 {state['failed']} 件。",
        f"{state['indexed']} indexed, {state['waiting']} waiting, {state['without_text']} without text, {state['failed']} failed.",
    )
    say(
        f"图像与扫描页：已识别 {scans['read']} 件，等待 {scans['waiting']} 件，未成功 {scans['failed']} 件。",
        f"Pictures and scanned pages: {scans['read']} recognised, {scans['waiting']} waiting, {scans['failed']} failed.",
    )


@index.command()
@json_option
@with_desk
@in_chinese("由封存库重建索引，其间旧索引照常使用（系统管理员）。")
def rebuild(desk: Desk, as_json: bool) -> None:
    """Make the index anew from the vault, beside the one that serves (system administrator)."""
    require(desk.person, Action.RUN_SYSTEM)
    count = desk.archive.indexer.rebuild(
        lambda done, total: click.echo(f"\r{done}/{total}", nl=done == total, err=True) if sys.stderr.isatty() else None
    )
    if as_json:
        answer_json({"held": count})
        return
    say(f"已重建 {count} 件的索引。", f"Rebuilt the index of {count} records.")


@index.command()
@click.option(
    "--again",
    is_flag=True,
    help=both("已识别过的也重新识别。", "Recognise what was recognised before as well."),
)
@json_option
@with_desk
@in_chinese("现在识别图像与扫描页中的文字，并显示进度（系统管理员）。")
def scans(desk: Desk, again: bool, as_json: bool) -> None:
    """Recognise the words in pictures and scanned pages now, showing how far it is (system administrator)."""
    require(desk.person, Action.RUN_SYSTEM)
    work = desk.archive.indexer.scans
    if work.reason is not None:
        raise Unavailable(*work.reason)
    asked = work.ask(again=again)

    def told(_record: str, done: int, total: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{done}/{total} ", nl=done == total, err=True)

    count = work.run(told, all_of_it=True)
    desk.archive.chores.settle_outbox()
    if as_json:
        answer_json({"asked": asked, "read": count, **work.status()})
        return
    say(f"已识别 {count} 件的图像。", f"The pictures of {count} records were read.")
