"""Transfer: packages that hand records over, their receipts, and the check of a package that came from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from archive_service.cli.main import Desk, json_option, with_desk
from archive_service.cli.output import FOUND_WRONG, answer_json, echo, language, say, show_table, words
from archive_service.cli.speech import SaidGroup, both, in_chinese
from archive_service.disposal.transfer.bag_check import check_bag
from archive_service.disposal.transfer.receipt_note import LARGEST
from archive_service.disposal.transfer.receiving import Into, Taken, parse_types
from archive_service.disposal.transfer.views import PackageView
from archive_service.disposal.transfer_custody import NATURES, PACKAGE_WORDS, PackageState
from archive_service.errors import BadInput, Conflict
from archive_service.reports.pdf import as_pdf
from archive_service.reports.xlsx import as_xlsx
from archive_service.vault.configured import outlet

FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@click.group(cls=SaidGroup)
@in_chinese("移交：编包、制作、回执、验包。")
def transfer() -> None:
    """Transfer: prepare and write packages, take in signed receipts, check a package."""


@transfer.command("list")
@json_option
@with_desk
@in_chinese("列出移交包，新的在前。")
def list_packages(desk: Desk, as_json: bool) -> None:
    """List the transfer packages, the newest first."""
    found = desk.archive.transfers.all(desk.person)
    if as_json:
        answer_json([_told(view) for view in found])
        return
    if not found:
        say("还没有移交包。", "There are no transfer packages yet.")
        return
    headings = [
        words("移交包", "Package"),
        words("清册", "List"),
        words("接收单位", "Receiver"),
        words("状态", "State"),
    ]
    show_table(headings, [[view.row.package_no, view.list_no, view.row.receiver, _state(view)] for view in found])


@transfer.command()
@click.argument("package_no")
@json_option
@with_desk
@in_chinese("显示一个移交包。")
def show(desk: Desk, package_no: str, as_json: bool) -> None:
    """Show a transfer package."""
    view = desk.archive.transfers.view(desk.person, package_no)
    if as_json:
        answer_json(_told(view))
        return
    echo(f"{view.row.package_no}  {_state(view)}  {view.row.receiver}")
    if view.row.digest:
        say(
            f"摘要 {view.row.digest}，文件 {view.row.payload_files} 个，{view.row.payload_bytes} 字节。",
            f"Digest {view.row.digest}, {view.row.payload_files} files, {view.row.payload_bytes} bytes.",
        )
    if view.row.returned_reason:
        say(f"退回理由：{view.row.returned_reason}", f"Returned because: {view.row.returned_reason}")
    for code in view.codes:
        echo(f"  {code}")


@transfer.command()
@click.argument("list_no")
@click.option("--receiver", required=True, help=both("接收单位。", "Who receives it."))
@click.option("--nature", type=click.Choice(list(NATURES)), default="transfer", help=both("移交性质。", "Its nature."))
@json_option
@with_desk
@in_chinese("把一份清册中批准移交的档案编成移交包（内容随即固定）。")
def prepare(desk: Desk, list_no: str, receiver: str, nature: str, as_json: bool) -> None:
    """Freeze what a list decided to transfer into a package."""
    done = desk.archive.transfers.prepare(desk.person, list_no, receiver, nature)
    if as_json:
        answer_json(
            {
                "package_no": done.package_no,
                "items": done.items,
                "left_out": list(done.left_out),
                "to_sign": list(done.to_sign),
            }
        )
        return
    say(f"移交包 {done.package_no}：{done.items} 件。", f"Package {done.package_no}: {done.items} records.")
    for code in done.left_out:
        say(f"未列入（密封或不在库）：{code}", f"Left out (sealed off, or not in the archive): {code}")
    for code in done.to_sign:
        say(
            f"四性检测待人工签认：{code}",
            f"Its four-property check waits for a person's signature: {code}",
        )


@transfer.command()
@click.argument("package_no")
@click.argument("folder", type=FOLDER, required=False)
@click.option(
    "--target",
    default="",
    help=both("设置中的移交目标（文件夹或存储桶）。", "A target named in the settings (folder or bucket)."),
)
@click.option(
    "--encrypt-to",
    default="",
    help=both("接收单位的 age 公钥；包成一个加密文件。", "The receiver's age public key; makes one encrypted file."),
)
@json_option
@with_desk
@in_chinese("把移交包写入文件夹或设置中的目标（BagIt；不加密则为明文，请妥善传送）。同一个包每次写出的内容相同。")
def write(desk: Desk, package_no: str, folder: Path | None, target: str, encrypt_to: str, as_json: bool) -> None:
    """Write a package into a folder or to a target as a bag (in clear unless encrypted); the same each time."""
    if (folder is None) == (not target):
        raise BadInput("请给出一个文件夹，或用 --target 指明目标。", "Give a folder, or name a target with --target.")
    place = folder if folder is not None else outlet(desk.archive.settings, target)
    done = desk.archive.transfer_writing.write(desk.person, package_no, place, encrypt_to)
    if as_json:
        told = {"files": done.written.files, "bytes": done.written.size, "digest": done.written.digest}
        answer_json({"package_no": package_no, "place": done.place, **told})
        return
    say(
        f"已写入 {done.place}：{done.written.files} 个文件，{done.written.size} 字节。回执须写明摘要 {done.written.digest}。",
        f"Written to {done.place}: {done.written.files} files, {done.written.size} bytes."
        f" The receipt must name the digest {done.written.digest}.",
    )


@transfer.command()
@click.argument("package_no")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--deed", is_flag=True, help=both("交接文据，而非移交清册。", "The deed instead of the list."))
@click.option(
    "--form", is_flag=True, help=both("电子档案移交与接收登记表。", "The form of an electronic transfer instead.")
)
@json_option
@with_desk
@in_chinese("把移交清册（或交接文据、登记表）写成 PDF 或 XLSX 文件，以扩展名为准；不覆盖已有文件。")
def papers(desk: Desk, package_no: str, file: Path, deed: bool, form: bool, as_json: bool) -> None:
    """Write the transfer list (or the deed) as PDF or XLSX, by the file's ending; nothing is overwritten."""
    if file.suffix.lower() not in (".pdf", ".xlsx"):
        raise BadInput("文件名须以 .pdf 或 .xlsx 结尾。", "The file's name ends in .pdf or .xlsx.")
    if file.exists():
        raise Conflict(f"{file} 已存在，不覆盖。", f"{file} is there already and is not overwritten.")
    drawn = desk.archive.transfer_papers
    made = (drawn.form if form else drawn.deed if deed else drawn.register)(desk.person, package_no, language())
    file.write_bytes(as_pdf(made) if file.suffix.lower() == ".pdf" else as_xlsx(made))
    if as_json:
        answer_json({"file": str(file), "rows": len(made.rows)})
    else:
        say(f"已写入 {file}。", f"Written to {file}.")


@transfer.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@json_option
@with_desk
@in_chinese("收进由接收单位已登记公钥签名的回执文件；移交完成。纸质回执由两人在网页上登记、确认。")
def receipt(desk: Desk, file: Path, as_json: bool) -> None:
    """Take in a receipt file that a registered key of the receiver signed; custody moves.

    A receipt on paper is entered at the pages, by two people who sign in: a shell asks nobody who they are.
    """
    if file.stat().st_size > LARGEST:
        raise BadInput("文件过大，不是签名回执。", "The file is too large for a signed receipt.")
    try:
        note = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(
            "文件不是 UTF-8 文本，不是签名回执。", "The file is no text in UTF-8, so no signed receipt."
        ) from error
    package_no = desk.archive.transfer_receipts.take_signed(desk.person, note)
    _say_done(desk, package_no, as_json, f"移交包 {package_no} 移交完成。", f"Custody of {package_no} has moved.")


@transfer.command("return")
@click.argument("package_no")
@click.option("--reason", required=True, help=both("退回理由。", "Why it was returned."))
@json_option
@with_desk
@in_chinese("登记接收单位退回；档案仍归本馆保管，可另行编包。")
def take_back(desk: Desk, package_no: str, reason: str, as_json: bool) -> None:
    """Note that the receiver returned a package; custody stays here, another can be prepared."""
    desk.archive.transfers.take_back(desk.person, package_no, reason)
    _say_done(desk, package_no, as_json, "已登记退回。", "Noted as returned.")


@transfer.command("open-removal")
@click.argument("package_no")
@json_option
@with_desk
@in_chinese("移交完成且留存期满后，把留存件列入另一份清册；其后照常鉴定、审批。")
def open_removal(desk: Desk, package_no: str, as_json: bool) -> None:
    """After custody moved and the years of keeping are over, draw up the separate list of what is still here."""
    archive = desk.archive
    years = archive.settings.disposal.keep_after_transfer_years
    drawn = archive.transfers.open_removal(desk.person, package_no, years, archive.disposal)
    if as_json:
        left_out = [{"code": one.code, **one.text._asdict()} for one in drawn.left_out]
        answer_json({"list_no": drawn.list_no, "items": drawn.items, "left_out": left_out})
        return
    say(f"已编制清册 {drawn.list_no}：{drawn.items} 件。", f"List {drawn.list_no} drawn up: {drawn.items} records.")
    for one in drawn.left_out:
        echo(f"  {one.code}  {one.text.in_language(language())}")


@transfer.command()
@click.argument("folder", type=FOLDER)
@json_option
@in_chinese("检验收到的包（BagIt）：完整、未改、不指向包外。发现问题时退出码为 1。")
def check(folder: Path, as_json: bool) -> None:
    """Check a package that was received (BagIt): whole, unchanged, leading nowhere else. Exit code 1 when anything is wrong."""
    report = check_bag(folder)
    if as_json:
        counted = {"files": report.payload_files, "bytes": report.payload_bytes, "digest": report.digest}
        said = {"faults": report.faults, "warnings": report.warnings}
        answer_json({"valid": report.valid, **counted, **{k: [one._asdict() for one in v] for k, v in said.items()}})
    else:
        for one in (*report.faults, *report.warnings):
            echo(one.in_language(language()))
        if report.valid:
            say(
                f"包完好：{report.payload_files} 个文件，{report.payload_bytes} 字节。摘要 {report.digest or '（无 SHA-256 标签清单）'}。",
                f"The package is sound: {report.payload_files} files, {report.payload_bytes} bytes."
                f" Digest {report.digest or '(no SHA-256 tag manifest)'}.",
            )
        else:
            say(f"发现 {len(report.faults)} 处问题。", f"{len(report.faults)} faults.")
    if not report.valid:
        raise SystemExit(FOUND_WRONG)


@transfer.command()
@click.argument("folder", type=FOLDER)
@click.option("--fonds", required=True, help=both("归入哪个全宗。", "The fonds that it goes into."))
@click.option(
    "--case",
    "case_no",
    help=both("归入哪个案卷；不填则归入同号案卷。", "The case file; without it the one of the same number."),
)
@click.option(
    "--map",
    "types",
    multiple=True,
    metavar="THEIRS=OURS",
    help=both("对方的类型在本馆叫什么；可重复。", "What a type of theirs is called here; may be repeated."),
)
@click.option("--dry-run", is_flag=True, help=both("只看会怎样，不接收。", "Only say what would come of it."))
@click.option(
    "--receipt",
    "receipt_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help=both(
        "接收完毕后把签名回执写入此文件，交给移交单位。",
        "Once all is in, write the signed receipt here, for the sender.",
    ),
)
@json_option
@with_desk
@in_chinese("验收并接收另一馆的移交包：另编档号，保留来源；中断后再运行即可接着做，同一个包不会接收两次。")
def receive(
    desk: Desk,
    folder: Path,
    fonds: str,
    case_no: str | None,
    types: tuple[str, ...],
    dry_run: bool,
    receipt_file: Path | None,
    as_json: bool,
) -> None:
    """Check a package of another installation and take it in, with numbers of ours; run again, it goes on or changes nothing."""
    into = Into(fonds, case_no, parse_types(types))
    if receipt_file and receipt_file.exists():
        raise Conflict(f"{receipt_file} 已存在，不覆盖。", f"{receipt_file} is there already and is not overwritten.")
    receiving = desk.archive.receiving
    if dry_run:
        found = receiving.look(desk.person, folder, into)
        if as_json:
            answer_json([_taken(one) for one in found])
        else:
            _say_taken(found)
        if any(one.reason for one in found):
            raise SystemExit(FOUND_WRONG)
        return
    done = receiving.receive(desk.person, folder, into)
    desk.archive.chores.settle_outbox()
    if receipt_file and done.receipt:
        receipt_file.write_text(done.receipt, encoding="utf-8")
    if as_json:
        told = {"package_no": done.package_no, "sender": done.sender, "receipt_no": done.receipt_no}
        answer_json(
            {**told, "before": done.before, "records": [_taken(one) for one in done.records], "receipt": done.receipt}
        )
    else:
        _say_taken(done.records)
        if done.before:
            say(
                f"这个包此前已全部接收（{done.receipt_no}），没有重复接收。",
                f"All of this package was taken in before ({done.receipt_no}); nothing was taken in twice.",
            )
        elif done.receipt:
            say(f"接收完毕：{done.receipt_no}。", f"All of it is in: {done.receipt_no}.")
        else:
            say(
                f"有 {len(done.refused)} 件未能接收，不出回执。改正后再运行一次。",
                f"{len(done.refused)} records were refused, so there is no receipt. Put that right and run it again.",
            )
    if done.refused:
        raise SystemExit(FOUND_WRONG)


@transfer.command()
@json_option
@with_desk
@in_chinese("显示本馆签回执所用的公钥，供移交单位登记。")
def key(desk: Desk, as_json: bool) -> None:
    """Show the public key that signs this archive's receipts, for senders to register."""
    vkey = desk.archive.ledger.signer.verifier.vkey()
    if as_json:
        answer_json({"key": vkey})
    else:
        echo(vkey)


def _taken(one: Taken) -> dict[str, object]:
    reason = one.reason._asdict() if one.reason else None
    return {"code_there": one.code_there, "code": one.code, "repeated": one.repeated, "reason": reason}


def _say_taken(found: Sequence[Taken]) -> None:
    headings = [words("对方档号", "Code there"), words("本馆档号或未接收的原因", "Code here, or why it was refused")]
    rows = [[one.code_there, one.reason.in_language(language()) if one.reason else one.code] for one in found]
    show_table(headings, rows)


def _say_done(desk: Desk, package_no: str, as_json: bool, zh: str, en: str) -> None:
    if as_json:
        answer_json(_told(desk.archive.transfers.view(desk.person, package_no)))
    else:
        say(zh, en)


def _state(view: PackageView) -> str:
    return PACKAGE_WORDS[PackageState(view.row.state)].in_language(language())


def _told(view: PackageView) -> dict[str, object]:
    row = view.row
    told = {"package_no": row.package_no, "list_no": view.list_no, "state": row.state, "receiver": row.receiver}
    counted = {"digest": row.digest, "files": row.payload_files, "bytes": row.payload_bytes}
    return {**told, **counted, "receipt_no": row.receipt_no, "codes": list(view.codes)}
