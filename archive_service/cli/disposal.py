"""Disposal lists, for looking. Appraising, approving and ordering need a person who has signed in to the pages."""

from __future__ import annotations

import json
from pathlib import Path

import click

from archive_service.audit.notes import Verifier, read_vkey
from archive_service.cli.main import Desk, json_option, with_desk
from archive_service.cli.output import FOUND_WRONG, answer_json, echo, language, say, show_table, words
from archive_service.cli.speech import SaidGroup, both, in_chinese
from archive_service.disposal.destroying.proofs import verify_certificate
from archive_service.disposal.model import OPINION_WORDS, STATE_WORDS, STEP_WORDS, ListState, Opinion, Step
from archive_service.errors import BadInput


@click.group(cls=SaidGroup)
@in_chinese("处置清册。")
def disposal() -> None:
    """Disposal lists."""


@disposal.command()
@json_option
@with_desk
@in_chinese("列出处置清册，新的在前。")
def lists(desk: Desk, as_json: bool) -> None:
    """List the disposal lists, the newest first."""
    found = desk.archive.disposal.all(desk.person)
    if as_json:
        answer_json([{"list_no": row.list_no, "state": row.state, "items": row.items} for row in found])
        return
    if not found:
        say("还没有处置清册。", "There are no disposal lists yet.")
        return
    show_table(
        [words("清册", "List"), words("状态", "State"), words("件数", "Items")],
        [[row.list_no, STATE_WORDS[ListState(row.state)].in_language(language()), row.items] for row in found],
    )


@disposal.command()
@click.argument("list_no")
@json_option
@with_desk
@in_chinese("显示一份清册的条目、意见和审批。")
def show(desk: Desk, list_no: str, as_json: bool) -> None:
    """Show a list with its items, opinions and approvals."""
    view = desk.archive.disposal.view(desk.person, list_no)
    if as_json:
        said = [
            {"code": item.record["code"], "opinion": item.row.opinion, "reason": item.row.reason, "step": item.row.step}
            for item in view.items
        ]
        answer_json({"list_no": list_no, "state": view.row.state, "approvals": len(view.approvals), "items": said})
        return
    echo(f"{list_no}  {STATE_WORDS[ListState(view.row.state)].in_language(language())}")
    rows = []
    for item in view.items:
        opinion = OPINION_WORDS[Opinion(item.row.opinion)].in_language(language()) if item.row.opinion else ""
        step = STEP_WORDS[Step(item.row.step)].in_language(language())
        rows.append([item.record["code"], opinion, item.row.reason, step])
    show_table([words("档号", "Code"), words("意见", "Opinion"), words("理由", "Reason"), words("进度", "Step")], rows)


FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@disposal.command()
@click.argument("certificate", type=FILE)
@click.option(
    "--key",
    type=FILE,
    help=both(
        "另行取得的日志公钥（导出文件夹中的 public_key.txt）。",
        "The log's public key from a source of one's own (public_key.txt of an export).",
    ),
)
@json_option
@in_chinese("离开档案库核验销毁证明（JSON）。发现问题时退出码为 1。")
def verify(certificate: Path, key: Path | None, as_json: bool) -> None:
    """Check a certificate of destruction (JSON) without the archive. Exit code 1 when anything is wrong."""
    try:
        body = json.loads(certificate.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BadInput(f"{certificate} 不是 JSON 文件：{error}", f"{certificate} is no JSON file: {error}") from error
    findings = verify_certificate(body, _key_in(key) if key else None)
    if as_json:
        answer_json({"sound": not findings, "key_given": key is not None, "findings": [f._asdict() for f in findings]})
    else:
        for finding in findings:
            echo(finding.in_language(language()))
        _say_verdict(len(findings), key is not None)
    if findings:
        raise SystemExit(FOUND_WRONG)


def _key_in(path: Path) -> Verifier:
    try:
        return read_vkey(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadInput(f"{path} 不是日志的公钥文件。", f"{path} is no public key of a log: {error}.") from error


def _say_verdict(findings: int, key_given: bool) -> None:
    if findings:
        say(f"发现 {findings} 处问题。", f"{findings} findings.")
        return
    say("证明完整，与日志的签名相符。", "The certificate is whole and agrees with the log's signatures.")
    if not key_given:
        say(
            "用的是证明中自带的公钥：只能说明内容未被改动；要确认由谁签署，请用 --key 给出另行取得的公钥。",
            "The key in the certificate itself was used: it shows that nothing was changed; to know who signed, give"
            " the public key from another source with --key.",
        )
