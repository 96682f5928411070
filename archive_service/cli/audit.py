"""The audit log: verify, export, checkpoint."""

from __future__ import annotations

from pathlib import Path

import click

from archive_service.cli.main import Desk, json_option, with_desk
from archive_service.cli.output import FOUND_WRONG, answer_json, echo, language, say
from archive_service.cli.speech import SaidGroup, in_chinese
from archive_service.people.policy import Action, require


@click.group(cls=SaidGroup)
@in_chinese("校验、导出、锚定审计日志。")
def audit() -> None:
    """Verify, export and anchor the audit log."""


@audit.command()
@json_option
@with_desk
@in_chinese("使哈希树、检查点与数据库互相核对（审计管理员）。发现问题时退出码为 1。")
def verify(desk: Desk, as_json: bool) -> None:
    """Check tree, checkpoints and database against each other (auditor). Exit code 1 when anything is wrong."""
    require(desk.person, Action.SEE_AUDIT)
    report = desk.archive.proof.verify_audit()
    if as_json:
        findings = [{"place": finding.place, **finding.text._asdict()} for finding in report.findings]
        counts = {
            "entries": report.entries,
            "nodes": report.nodes,
            "checkpoints": report.checkpoints,
            "rows": report.rows,
        }
        answer_json({"sound": report.sound, "root": report.root, **counts, "findings": findings})
    else:
        say(
            f"已校验 {report.entries} 条日志、{report.nodes} 个树节点、{report.checkpoints} 个检查点、{report.rows} 行数据。",
            f"Checked {report.entries} entries, {report.nodes} nodes, {report.checkpoints} checkpoints, {report.rows} rows.",
        )
        for finding in report.findings:
            echo(f"  {finding.place}: {finding.text.in_language(language())}")
        if report.sound:
            say(f"一切相符，根为 {report.root}。", f"Everything agrees; the root is {report.root}.")
        else:
            say(f"发现 {len(report.findings)} 处问题。", f"{len(report.findings)} findings.")
    if not report.sound:
        raise SystemExit(FOUND_WRONG)


@audit.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@json_option
@with_desk
@in_chinese("把全部日志、检查点和公钥写入文件夹，供别处核验（审计管理员）。")
def export(desk: Desk, folder: Path, as_json: bool) -> None:
    """Write the whole log, its checkpoints and the public key into a folder, for a check elsewhere (auditor)."""
    count = desk.archive.proof.export_audit(desk.person, folder)
    if as_json:
        answer_json({"entries": count, "folder": folder})
        return
    say(f"已导出 {count} 条日志到 {folder}。", f"Exported {count} entries to {folder}.")


@audit.command()
@json_option
@with_desk
@in_chinese("把当前签名的树头存入数据库和锚文件，并打印出来（审计管理员）。")
def checkpoint(desk: Desk, as_json: bool) -> None:
    """Keep the present signed head, in the database and in the anchor file, and print it (auditor)."""
    require(desk.person, Action.SEE_AUDIT)
    note = desk.archive.proof.keep_checkpoint()
    if as_json:
        answer_json({"checkpoint": note})
        return
    echo(note)
