"""A record: what it is, its files, how long it is kept and why, what was done with it."""

from __future__ import annotations

from urllib.parse import quote

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from archive_service.catalog.collecting.duplicates import same_elsewhere, told_of
from archive_service.catalog.model import Receipt
from archive_service.catalog.records.answers import answer_facts
from archive_service.catalog.records.browse import Whole
from archive_service.catalog.records.parents import inherits
from archive_service.catalog.tables import DESTROYED
from archive_service.errors import BadInput
from archive_service.people.policy import Action, Thing, require
from archive_service.web import redacted, uploads
from archive_service.web.answers import typed_facts
from archive_service.web.here import (
    archive,
    class_name,
    done,
    local_time,
    may,
    names_of,
    person,
    t,
    words,
)
from archive_service.web.holdings.catalogue import period_words
from archive_service.web.holdings.describing import said_before
from archive_service.web.holdings.record_changes import asked, corrections_told, placed
from archive_service.web.holdings.record_told import (
    badges,
    copies_told,
    facts_told,
    format_warnings,
    history_told,
    redactable,
    retention_told,
    scan_told,
    text_told,
)
from archive_service.web.holdings.search import masked_entry

blueprint = Blueprint("record", __name__, url_prefix="/record")


@blueprint.get("/<code>")
def page(code: str) -> str:
    """Show a record; with ``?read=1`` its text is opened too, which the log notes."""
    masked = masked_entry(code)
    if masked is not None:
        return render_template("record_masked.html", masked=masked)
    decision, whole = archive().explain(person(), code)
    readable = _readable(whole)
    thing = Thing(level=whole.row["level"], record_id=whole.row["id"])
    copyable = readable and may(Action.PRINT_RECORD, thing)
    reading = whole.text is not None and copyable and "read" in request.args
    return render_template(
        "record.html",
        whole=whole,
        line=whole.line,
        badges=badges(whole, decision),
        retention=retention_told(whole, decision),
        class_name=class_name(whole.row["class_code"]),
        period=period_words(whole.line.period),
        facts=facts_told(whole),
        asked=asked(whole, readable=readable),
        placed=placed(whole),
        follows_case=bool(whole.case) and whole.parent is None and inherits(archive().schedules, whole.row),
        readable=readable,
        copyable=copyable,
        shown={file.id for file in whole.files if archive().viewer.way(whole, file)} if readable else set(),
        downloadable=readable and may(Action.DOWNLOAD_RECORD, thing),
        ask_url=url_for("access.page", code=whole.line.code) if _may_ask(whole, readable=readable) else None,
        reader=text_told(whole) if reading else None,
        scan=scan_told(whole),
        history=history_told(archive().catalogue.history(person(), whole.row["id"])),
        **copies_told(whole),
        index_words=t(whole.index.reason_zh, whole.index.reason_en) if whole.index else "",
        roles={
            "original": t("原件", "Original"),
            "attachment": t("附件", "Attachment"),
            "preview": t("预览", "Preview"),
        },
        destroyed=whole.row["status"] == DESTROYED,
        format_warnings=format_warnings(whole),
        **corrections_told(whole, readable=readable),
        described=said_before(whole, readable=readable),
        may_hold=may(Action.PLACE_HOLD),
        redactable=redactable(whole),
        redacted=redacted.shown(archive().redacted_copies.all_of(person(), whole.row["id"])),
    )


@blueprint.post("/<code>/facts")
def answer(code: str) -> AnyResponse:
    """Answer what the schedule asks of a record that is filed; period and due date follow at once."""
    new = answer_facts(archive().ledger, archive().schedules, person(), code, typed_facts(request.form))
    if new:
        done("已补答，保管期限已重算。", "Answered; the period has been computed anew.")
    else:
        done("与原先的回答相同，没有改动。", "These are the answers that stand already; nothing was changed.")
    return redirect(url_for("record.page", code=code), 303)


def _may_ask(whole: Whole, *, readable: bool) -> bool:
    """Say whether to offer that copying be asked for: it is not allowed yet, and could be."""
    if not readable or whole.row["level"] == "SEAL" or not may(Action.ASK_ACCESS):
        return False
    thing = Thing(level=whole.row["level"], record_id=whole.row["id"])
    return not may(Action.PRINT_RECORD, thing)


def _readable(whole: Whole) -> bool:
    thing = Thing(level=whole.row["level"], record_id=whole.row["id"])
    return whole.row["status"] != DESTROYED and may(Action.READ_RECORD, thing)


@blueprint.post("/<code>/correct/<component_id>")
def correct(code: str, component_id: str) -> AnyResponse:
    """Add a file that corrects one of the record's; the corrected one stays."""
    level = archive().catalogue.find(person(), code).row["level"]
    require(person(), Action.FILE_RECORD, Thing(level=level))
    files = uploads.chosen(request.files.getlist("file"))
    if len(files) != 1:
        raise BadInput("请选择一个更正后的文件。", "Choose the one file that corrects it.")
    reason = request.form.get("reason", "")
    archive().corrections.correct(person(), code, component_id, uploads.source(files[0]), reason)
    done("已加入更正件，原文件保留。", "The correction was added; the file that it corrects is kept.")
    return redirect(url_for("record.page", code=code), 303)


@blueprint.post("/<code>/declare")
def declare(code: str) -> AnyResponse:
    """Declare a record: nothing is added to it any more."""
    archive().corrections.declare(person(), code)
    done("已固化：此件不再接受更正。", "Declared: the record takes no correction any more.")
    return redirect(url_for("record.page", code=code), 303)


def _same_content(receipt: Receipt) -> list[str]:
    """Say that another record, which the person may see, holds one of the files too."""
    return [words(told_of(code)) for code in same_elsewhere(archive().ledger, person(), [receipt]).values()]


@blueprint.get("/<code>/file/<component_id>")
def download(code: str, component_id: str) -> Response:
    """Send a file as it was filed, always to be saved: nothing that came from outside runs on our pages."""
    whole = archive().catalogue.find(person(), code)
    file, chunks = archive().catalogue.open_component(person(), whole.row["id"], component_id, "download")
    response = Response(chunks, mimetype="application/octet-stream")
    response.headers["Content-Type"] = file.media_type
    response.headers["Content-Length"] = str(file.size)
    name = quote(file.name or "file", safe="")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


@blueprint.get("/<code>/receipt")
def receipt(code: str) -> str:
    """Show the receipt of a record's filing, to be kept and printed."""
    whole = archive().catalogue.find(person(), code)
    found = archive().accession.receipt(whole.row["id"])
    head = archive().ledger.signer.verifier.open(found.checkpoint)
    filer = names_of([whole.row["filed_by"]]).get(whole.row["filed_by"], "")
    at = local_time(whole.row["filed_at"])
    names = archive().settings.archive
    formats = {file.name: file.media_type for file in whole.files}
    parts = [
        {"name": name, "format": formats.get(name, ""), "bytes": size, "digest": digest}
        for name, size, digest in found.files
    ]
    return render_template(
        "receipt.html",
        line=whole.line,
        warnings=format_warnings(whole) + _same_content(found),
        receipt={
            "unit": t(names.name_zh, names.name_en),
            "number": found.archival_code,
            "date": at[:10],
            "opening": t(
                f"下列文件于 {at} 由{filer}归档，档号 {found.archival_code}。",
                f"The files below were filed by {filer} on {at} under the code {found.archival_code}.",
            ),
            "items": [
                {
                    "code": found.archival_code,
                    "title": whole.line.title,
                    "url": url_for("record.page", code=whole.line.code),
                    "components": parts,
                }
            ],
            "people": [{"role": t("归档人", "Filed by"), "name": filer, "when": at}],
            "proof": {
                "seq": found.seq,
                "leaf": found.leaf_hash,
                "size": head.size,
                "root": head.root.hex(),
                "checkpoint": found.checkpoint,
            },
        },
    )
