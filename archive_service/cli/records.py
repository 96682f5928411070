"""Filing, searching, showing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from archive_service.catalog.collecting.dry_run import check_folder
from archive_service.catalog.collecting.duplicates import same_elsewhere, told_of
from archive_service.catalog.collecting.import_folder import (
    ImportReport,
    RowResult,
    import_folder,
    read_chunks,
)
from archive_service.catalog.collecting.manifest import parse_date, parse_mapping
from archive_service.catalog.collecting.unpacking import Unpacking
from archive_service.catalog.filing.pointers import Pointer, record_of
from archive_service.catalog.model import NewRecord, Receipt, SourceFile
from archive_service.cli.main import Desk, json_option, with_desk
from archive_service.cli.output import FOUND_WRONG, answer_json, echo, language, say, show_table, words
from archive_service.cli.proposals import show_suggestions
from archive_service.cli.speech import Said, both, in_chinese
from archive_service.errors import Text
from archive_service.search.fields import SearchFilters
from index.extract.parts import ContainerLimits, LeftOut


@click.command(cls=Said)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--fonds", required=True, help=both("全宗号，如 Q001。", "Fonds number, such as Q001."))
@click.option("--case", "case_no", help=both("案卷编号，如 AX2024-003。", "Case file, such as AX2024-003."))
@click.option(
    "--class",
    "type_code",
    help=both("类型，如 KCQ03（文件夹不用）。", "Record type, such as KCQ03 (not for a folder)."),
)
@click.option("--title", help=both("题名（文件夹不用）。", "Title (not for a folder)."))
@click.option(
    "--date",
    "date_text",
    help=both("文件日期，如 2024-03-01（文件夹不用）。", "Document date, 2024-03-01 (not for a folder)."),
)
@click.option(
    "--level",
    help=both(
        "PUB、INT、TS、PI 或 SEAL；不填则取类型的默认密级。",
        "PUB, INT, TS, PI or SEAL; the type's default if left out.",
    ),
)
@click.option("--author", default="", help=both("责任者。", "Responsible body or person."))
@click.option("--document-no", default="", help=both("文号。", "Document number."))
@click.option(
    "--code",
    help=both(
        "已有的档号（预留的或早先编定的）；不给则取下一个号。",
        "Archival code that it bears already (reserved or given before); the next number if left out.",
    ),
)
@click.option(
    "--pointer",
    metavar="NUMBER",
    help=both(
        "不归档文件，只登记涉密文件线索：其保密登记号。",
        "File no paths but a pointer to a state secret: its number in the secrecy register.",
    ),
)
@click.option(
    "--kept-by",
    default="",
    help=both("与 --pointer 同用：保管部门。", "With --pointer: the department that keeps the paper."),
)
@click.option(
    "--suggest",
    is_flag=True,
    help=both(
        "只读文件、提出类型、题名、日期、责任者、文号和密级的建议，不归档。",
        "Only read the files and suggest type, title, date, responsible body, document number and level; file nothing.",
    ),
)
@click.option(
    "--key",
    help=both(
        "请求标识：以同一标识重复运行，不会重复归档。",
        "Request key: repeating the command with the same key files nothing twice.",
    ),
)
@click.option(
    "--dry-run",
    is_flag=True,
    help=both("文件夹：逐行检查清单和文件，不归档。", "A folder: check every row and its files, file nothing."),
)
@click.option(
    "--map",
    "mapping",
    multiple=True,
    metavar="HEADING=COLUMN",
    help=both(
        "文件夹：清单的某个表头是哪一列，如 --map 文件标题=题名；“表头=-”表示不用。可重复。",
        "A folder: which column a heading of the manifest is, such as --map Subject=title; HEADING=- passes it over. May be repeated.",
    ),
)
@click.option(
    "--unpack",
    is_flag=True,
    help=both(
        "文件夹：把 ZIP 文件和邮件拆开，其中的文件作为同一件的附件；原文件仍为主件。限度见 [containers]。",
        "A folder: take ZIP files and mails apart; what lies in them becomes further files of the same record, behind the container itself. Limits: [containers].",
    ),
)
@json_option
@with_desk
@in_chinese("归档一件（一个或几个文件）、一个带清单的文件夹，或一条不得入库之件的线索。")
def accession(desk: Desk, paths: tuple[Path, ...], as_json: bool, fonds: str, case_no: str | None, **said: Any) -> None:
    """File one record (one or several files), a whole folder with its manifest, or a pointer to what must not come in."""
    if said["suggest"]:
        show_suggestions(desk, paths, as_json)
        return
    if said["pointer"]:
        _file_pointer(desk, paths, as_json, fonds=fonds, case_no=case_no, **said)
        return
    if not paths:
        raise click.UsageError(words("请给出要归档的文件或文件夹。", "Name the files or the folder to be filed."))
    if len(paths) == 1 and paths[0].is_dir():
        where = {"fonds_no": fonds, "case_no": case_no, "mapping": parse_mapping(said["mapping"])}
        if said["dry_run"]:
            _check_folder(desk, paths[0], where, as_json)
        else:
            _file_folder(desk, paths[0], where, as_json, _unpacking(desk) if said["unpack"] else None)
        return
    if said["dry_run"] or said["mapping"] or said["unpack"]:
        raise click.UsageError(
            words("--dry-run、--map 和 --unpack 只用于文件夹。", "--dry-run, --map and --unpack are for a folder.")
        )
    _need(said, {"class": "type_code", "title": "title", "date": "date_text"})
    new = NewRecord(
        fonds_no=fonds,
        case_no=case_no,
        type_code=said["type_code"],
        title=said["title"],
        document_date=parse_date(said["date_text"]),
        level=said["level"],
        author=said["author"],
        document_no=said["document_no"],
        files=tuple(SourceFile(path.name, partial(read_chunks, path)) for path in paths),
        key=said["key"],
        code=said["code"],
    )
    receipt = desk.archive.accession.file_record(desk.person, new)
    _settle(desk)
    _show_receipt(desk, receipt, as_json)


def _settle(desk: Desk) -> None:
    """Do at once what the service does behind its pages: index, capsules, identification of formats."""
    desk.archive.chores.settle_outbox()
    desk.archive.chores.identify_formats()


def _need(said: Mapping[str, Any], options: Mapping[str, str]) -> None:
    missing = [f"--{option}" for option, name in options.items() if not said[name]]
    if missing:
        raise click.UsageError(words(f"缺少 {', '.join(missing)}", f"missing {', '.join(missing)}"))


def _file_pointer(desk: Desk, paths: tuple[Path, ...], as_json: bool, **said: Any) -> None:
    if paths or said["title"] or said["document_no"] or said["author"] or said["level"]:
        raise click.UsageError(
            words(
                "线索不含内容：请勿给出文件、题名、文号、责任者或密级。",
                "a pointer has no content: give no files, title, document number, author or level",
            )
        )
    _need(said, {"class": "type_code", "date": "date_text", "kept-by": "kept_by"})
    pointer = Pointer(
        fonds_no=said["fonds"],
        case_no=said["case_no"],
        type_code=said["type_code"],
        document_date=parse_date(said["date_text"]),
        register_no=said["pointer"],
        kept_by=said["kept_by"],
        key=said["key"],
    )
    receipt = desk.archive.accession.file_record(desk.person, record_of(pointer))
    _settle(desk)
    _show_receipt(desk, receipt, as_json)


def _show_receipt(desk: Desk, receipt: Receipt, as_json: bool) -> None:
    if as_json:
        answer_json(_receipt_json(desk, receipt))
        return
    if receipt.repeated:
        say(
            f"此前已归档：{receipt.archival_code}；这是当时的回执，没有新的档案。",
            f"Filed before: {receipt.archival_code}; this is the receipt of then, nothing new was filed.",
        )
    else:
        say(f"已归档：{receipt.archival_code}", f"Filed: {receipt.archival_code}")
    for name, size, digest in receipt.files:
        echo(f"  {name}  {size:,} B  SHA-256 {digest}")
    for said in _notices(desk, receipt):
        say(f"  注意：{said.zh}", f"  Note: {said.en}")
    say(
        f"审计序号 {receipt.seq}，叶哈希 {receipt.leaf_hash}",
        f"Audit entry {receipt.seq}, leaf hash {receipt.leaf_hash}",
    )
    echo(receipt.checkpoint)


def _notices(desk: Desk, receipt: Receipt) -> list[Text]:
    """Return what is to be said of the files of a receipt: formats that will not keep, the same content elsewhere."""
    twins = same_elsewhere(desk.archive.ledger, desk.person, [receipt])
    return [*desk.archive.formats.warnings(receipt), *(told_of(code) for code in twins.values())]


def _receipt_json(desk: Desk, receipt: Receipt) -> dict[str, Any]:
    files = [{"name": name, "size": size, "sha256": digest} for name, size, digest in receipt.files]
    warnings = [said._asdict() for said in _notices(desk, receipt)]
    return {**receipt.__dict__, "files": files, "warnings": warnings}


def _check_folder(desk: Desk, folder: Path, where: Mapping[str, Any], as_json: bool) -> None:
    """Say of every row what filing it would come to; nothing is filed."""
    rows, refused = [], 0
    for item in check_folder(desk.archive.accession, desk.person, folder, **where):
        refused += item.reason is not None
        if as_json:
            told = {"sentence": item.sentence, "reason": item.reason}
            rows.append(
                {"row": item.row, "files": item.files, "code": item.code or None}
                | {name: text._asdict() if text else None for name, text in told.items()}
                | {"same": [text._asdict() for text in item.same]}
            )
        elif item.reason:
            say(f"第 {item.row} 行 {item.files}：{item.reason.zh}", f"row {item.row} {item.files}: {item.reason.en}")
        else:
            say(
                f"第 {item.row} 行 {item.files}：将得档号 {item.code}",
                f"row {item.row} {item.files}: would get {item.code}",
            )
        for text in item.same if not as_json else ():
            echo(f"  {text.in_language(language())}")
    if as_json:
        answer_json({"refused": refused, "rows": rows})
    else:
        say(
            f"试运行，没有归档：{refused} 行不能归档。" if refused else "试运行，没有归档：各行均可归档。",
            f"Dry run, nothing was filed: {refused} rows would be refused."
            if refused
            else "Dry run, nothing was filed: every row can be filed.",
        )
    if refused:
        raise SystemExit(FOUND_WRONG)


def _unpacking(desk: Desk) -> Unpacking:
    settings, said = desk.archive.settings, desk.archive.settings.containers
    limits = ContainerLimits(said.most_files, said.most_mib * 1024 * 1024, said.most_ratio, said.most_depth)
    return Unpacking(settings.data_dir, limits)


def _file_folder(
    desk: Desk, folder: Path, where: Mapping[str, Any], as_json: bool, unpacking: Unpacking | None = None
) -> None:
    def progress(result: RowResult, place: int, total: int) -> None:
        if as_json:
            return
        if result.reason:
            said = words("未归档：", "refused: ") + result.reason.in_language(language())
        else:
            assert result.receipt is not None
            said = result.receipt.archival_code + (
                words("（此前已归档）", " (filed before)") if result.receipt.repeated else ""
            )
        echo(f"[{place}/{total}] {result.files}: {said}")
        for warning in _notices(desk, result.receipt) if result.receipt else ():
            say(f"    注意：{warning.zh}", f"    Note: {warning.en}")

    report = import_folder(
        desk.archive.accession, desk.person, folder, progress=progress, keep=as_json, unpacking=unpacking, **where
    )
    _settle(desk)
    left_out = unpacking.left_out if unpacking else []
    _show_report(desk, report, as_json, left_out)
    if report.refused:
        raise SystemExit(FOUND_WRONG)


def _show_report(
    desk: Desk, report: ImportReport, as_json: bool, left_out: Sequence[tuple[int, str, LeftOut]] = ()
) -> None:
    if as_json:
        rows = [
            {
                "row": item.row,
                "files": item.files,
                "receipt": _receipt_json(desk, item.receipt) if item.receipt else None,
                "reason": item.reason._asdict() if item.reason else None,
            }
            for item in report.results
        ]
        told = [
            {"row": row, "container": name, "part": part.path, "reason": {"zh": part.zh, "en": part.en}}
            for row, name, part in left_out
        ]
        counts = {"filed": report.filed, "repeated": report.repeated, "refused": len(report.refused)}
        answer_json({**counts, "rows": rows, "left_out": told})
        return
    say(
        f"共 {report.total} 行：新归档 {report.filed}，此前已归档 {report.repeated}，未归档 {len(report.refused)}。",
        f"{report.total} rows: {report.filed} filed, {report.repeated} filed before, {len(report.refused)} refused.",
    )
    for item in report.refused:
        assert item.reason is not None
        say(f"  第 {item.row} 行 {item.files}：{item.reason.zh}", f"  row {item.row} {item.files}: {item.reason.en}")
    for row, name, part in left_out:
        say(
            f"  第 {row} 行 {name}：未取“{part.path}”：{part.zh}",
            f"  row {row} {name}: left out {part.path!r}: {part.en}",
        )


@click.command(cls=Said)
@click.argument("query", nargs=-1, required=True)
@click.option("--class", "class_code", default="", help=both("类，如 KCQ。", "Class, such as KCQ."))
@click.option("--year", type=int, help=both("归档年度。", "Archival year."))
@click.option("--level", default="", help=both("密级。", "Level."))
@json_option
@with_desk
@in_chinese("检索本人可见的题名和正文。")
def search(desk: Desk, query: tuple[str, ...], class_code: str, year: int | None, level: str, as_json: bool) -> None:
    """Search titles and texts that the person may see."""
    desk.archive.chores.settle_outbox()
    found = desk.archive.search.find(
        desk.person, " ".join(query), SearchFilters(class_code=class_code, year=year, level=level)
    )
    if as_json:
        hits = [
            {**hit.line.__dict__, "type_name": hit.line.type_name._asdict(), "snippet": hit.parts} for hit in found.hits
        ]
        told = [one._asdict() for one in found.told]
        answer_json({"total": found.total, "hits": hits, "not_understood": told})
        return
    for sentence in found.told:
        echo(sentence.in_language(language()))
    if found.sentence:
        echo(found.sentence.in_language(language()))
    for hit in found.hits:
        echo(f"{hit.line.code}  {hit.line.title}")
        echo("    " + "".join(f"【{text}】" if match else text for text, match in hit.parts).replace("\n", " "))
    say(f"共 {found.total} 件。", f"{found.total} found.")


@click.command(cls=Said)
@click.argument("code")
@json_option
@with_desk
@in_chinese("显示一件档案：著录、文件、保管期限、经过。")
def show(desk: Desk, code: str, as_json: bool) -> None:
    """Show a record: description, files, retention, history."""
    whole = desk.archive.catalogue.find(desk.person, code)
    history = desk.archive.catalogue.history(desk.person, whole.row["id"])
    retention = {"zh": whole.row["retention_zh"], "en": whole.row["retention_en"]}
    if as_json:
        line = {**whole.line.__dict__, "type_name": whole.line.type_name._asdict()}
        words_of = {
            "author": whole.description.author,
            "document_no": whole.description.document_no,
            "note": whole.description.note,
        }
        files = [file.__dict__ for file in whole.files]
        events = [{"seq": event.seq, "at": event.at, "act": event.words.en} for event in history]
        answer_json({**line, **words_of, "retention": retention, "files": files, "history": events})
        return
    echo(f"{whole.line.code}  {whole.line.title}")
    echo(retention[language()])
    show_table(
        [words("文件", "File"), words("格式", "Format"), "PRONOM", words("字节", "Bytes"), "SHA-256"],
        [[file.name, file.media_type, file.puid or "", file.size, file.sha256] for file in whole.files],
    )
    for file in whole.files:
        for warning in desk.archive.formats.judge(file.name, file.media_type, file.puid).warnings:
            say(f"注意：{warning.zh}", f"Note: {warning.en}")
    show_table(
        [words("序号", "Entry"), words("时间", "Time"), words("事项", "Act")],
        [[e.seq, e.at, e.words.in_language(language())] for e in history],
    )
