"""A record: what it is, its files, how long it is kept and why, what was done with it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from archive_service.audit import acts
from archive_service.catalog.collecting.duplicates import same_elsewhere, told_of
from archive_service.catalog.keeping.copy_views import STATES, copies_of, history_of, shown
from archive_service.catalog.model import Receipt
from archive_service.catalog.records.answers import answer_facts, answers_of, questions_of
from archive_service.catalog.records.browse import Event, Whole
from archive_service.catalog.records.facts import Answer
from archive_service.catalog.records.parents import inherits
from archive_service.catalog.tables import ARCHIVED, DESTROYED
from archive_service.errors import BadInput
from archive_service.people.policy import Action, Thing, require
from archive_service.search.scans import NOTHING_THERE, READ, READING, UNREAD
from archive_service.web import redacted, uploads
from archive_service.web.answers import question_field, typed_facts
from archive_service.web.audit import detail_of
from archive_service.web.here import (
    archive,
    class_name,
    done,
    level_badge,
    local_time,
    may,
    names_of,
    person,
    t,
    type_name,
    words,
)
from archive_service.web.holdings.catalogue import period_words, type_options
from archive_service.web.holdings.describing import said_before
from archive_service.web.holdings.search import masked_entry
from index.extract.kinds import PDF, PICTURES, TEXT_PAGES
from index.extract.scans import apart
from retention_policies import Decision, FactQuestion, State

blueprint = Blueprint("record", __name__, url_prefix="/record")

READER_BYTES = 2_000_000
"""Most of a text that the page shows; the rest is in the file."""

ALARMING = {acts.RECORD_DESTROYED.name, acts.KEY_DESTROYED.name, acts.RECORD_READ_REFUSED.name}


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
        badges=_badges(whole, decision),
        retention=_retention(whole, decision),
        class_name=class_name(whole.row["class_code"]),
        period=period_words(whole.line.period),
        facts=_facts(whole),
        asked=_asked(whole, readable=readable),
        placed=_placed(whole),
        follows_case=bool(whole.case) and whole.parent is None and inherits(archive().schedules, whole.row),
        readable=readable,
        copyable=copyable,
        shown={file.id for file in whole.files if archive().viewer.way(whole, file)} if readable else set(),
        downloadable=readable and may(Action.DOWNLOAD_RECORD, thing),
        ask_url=url_for("access.page", code=whole.line.code) if _may_ask(whole, readable=readable) else None,
        reader=_text(whole) if reading else None,
        scan=_scan(whole),
        history=_history(archive().catalogue.history(person(), whole.row["id"])),
        **_copies(whole),
        index_words=t(whole.index.reason_zh, whole.index.reason_en) if whole.index else "",
        roles={
            "original": t("原件", "Original"),
            "attachment": t("附件", "Attachment"),
            "preview": t("预览", "Preview"),
        },
        destroyed=whole.row["status"] == DESTROYED,
        format_warnings=_format_warnings(whole),
        **_corrections(whole, readable=readable),
        described=said_before(whole, readable=readable),
        may_hold=may(Action.PLACE_HOLD),
        redactable=_redactable(whole),
        redacted=redacted.shown(archive().redacted_copies.all_of(person(), whole.row["id"])),
    )


def _redactable(whole: Whole) -> set[str]:
    """Return the files of which this person can make a redacted copy."""
    level = whole.row["level"]
    if whole.row["status"] != ARCHIVED or not archive().redactions.levels_for(level):
        return set()
    if not may(Action.REDACT, Thing(level=level)):
        return set()
    alone = whole.text is not None and len(whole.files) == 1
    return {one.id for one in whole.files if alone or one.media_type in (*PICTURES, PDF, TEXT_PAGES)}


@blueprint.post("/<code>/facts")
def answer(code: str) -> AnyResponse:
    """Answer what the schedule asks of a record that is filed; period and due date follow at once."""
    new = answer_facts(archive().ledger, archive().schedules, person(), code, typed_facts(request.form))
    if new:
        done("已补答，保管期限已重算。", "Answered; the period has been computed anew.")
    else:
        done("与原先的回答相同，没有改动。", "These are the answers that stand already; nothing was changed.")
    return redirect(url_for("record.page", code=code), 303)


def _copies(whole: Whole) -> dict[str, Any]:
    """Return how the copies stand in each store, and what was done with every copy."""
    ledger, row = archive().ledger, whole.row
    places = [
        {
            "name": one.name,
            "badge": ("failed" if one.state in ("missing", "damaged") else "ok", words(STATES[one.state])),
            "objects": one.objects,
            "checked": local_time(one.checked_at) if one.checked_at else "",
            "lock": one.locked_until.isoformat() if one.locked_until else "",
            "held": one.held,
        }
        for one in copies_of(ledger, row["id"])
    ]
    history = [
        {
            "when": local_time(one.at),
            "last": local_time(one.last_at) if one.times > 1 else "",
            "times": one.times,
            "place": one.place,
            "thing": words(one.thing),
            "what": words(one.what),
            "bad": one.bad,
        }
        for one in shown(history_of(ledger, row["id"], row["filed_at"]))
    ]
    return {"places": places, "copy_history": history}


def _may_ask(whole: Whole, *, readable: bool) -> bool:
    """Say whether to offer that copying be asked for: it is not allowed yet, and could be."""
    if not readable or whole.row["level"] == "SEAL" or not may(Action.ASK_ACCESS):
        return False
    thing = Thing(level=whole.row["level"], record_id=whole.row["id"])
    return not may(Action.PRINT_RECORD, thing)


def _placed(whole: Whole) -> dict[str, Any]:
    """Return the classes that a record was in, and whether the reader may put it into another."""
    changes = archive().reclassifying.history(whole.row["id"])
    moved = archive().renumbering.history(whole.row["id"])
    names = names_of([*(one.changed_by for one in changes), *(one.decided_by for one in moved)])
    may_change = whole.row["status"] == ARCHIVED and may(Action.FILE_RECORD, Thing(level=whole.row["level"]))
    return {
        "numbered_as": f"{changes[0].old_type} {type_name(changes[0].old_type)}" if changes else "",
        "changes": [
            {
                "when": local_time(one.changed_at),
                "old": f"{one.old_type} {type_name(one.old_type)}",
                "new": f"{one.new_type} {type_name(one.new_type)}",
                "reason": one.reason,
                "who": names.get(one.changed_by, ""),
                "stays": one.old_rule == one.new_rule,
            }
            for one in changes
        ],
        "moved": [
            {
                "when": local_time(one.decided_at),
                "old": one.old_code,
                "reason": one.reason,
                "who": names[one.decided_by],
            }
            for one in moved
        ],
        "renumber_url": url_for("numbers.page", renumber=whole.line.code) + "#renumber" if may_change else "",
        "types": [one for one in type_options() if one[0] != whole.row["type_code"]] if may_change else [],
    }


def _asked(whole: Whole, *, readable: bool) -> dict[str, Any] | None:
    """Return what the period rests on, for those who may read the record or answer for it; ``None`` if nothing is asked."""
    answers, row = answers_of(whole.row), whole.row
    questions = questions_of(archive().schedules, row)
    may_answer = row["status"] == ARCHIVED and may(Action.FILE_RECORD, Thing(level=row["level"]))
    if not questions or not (readable or may_answer):
        return None
    typed = {f"fact-{name}": _typed(value) for name, value in answers.items()}
    open_words = t("未答", "Not answered")
    return {
        "told": [
            (t(one.title.zh, one.title.en), _told(one, answers[one.code]) if one.code in answers else open_words)
            for one in questions
        ],
        "fields": [question_field(one, typed) for one in questions] if may_answer else [],
        "open": any(one.code not in answers for one in questions),
    }


def _typed(value: Answer) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _told(question: FactQuestion, value: Answer) -> str:
    if isinstance(value, bool):
        return t("是", "Yes") if value else t("否", "No")
    if isinstance(value, int):
        return f"{value:,}"
    chosen = question.choices.get(value)
    return t(chosen.zh, chosen.en) if chosen else value


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


def _corrections(whole: Whole, *, readable: bool) -> dict[str, Any]:
    """Return what was corrected by what, whether the record is declared, and whether the person may correct it.

    The reasons may tell of the content: they are for those who may read it.
    """
    found, declared = archive().corrections.of(whole.row["id"])
    files = {file.id: file.name for file in whole.files}
    may_file = may(Action.FILE_RECORD, Thing(level=whole.row["level"]))
    return {
        "corrected": {one.corrected_id: files.get(one.component_id, "") for one in found},
        "corrects": {
            one.component_id: {
                "name": files.get(one.corrected_id, ""),
                "reason": one.reason if readable or may_file else "",
                "when": local_time(one.at),
            }
            for one in found
        },
        "declared": declared,
        "may_correct": may_file and not declared and whole.row["status"] == ARCHIVED,
    }


def _same_content(receipt: Receipt) -> list[str]:
    """Say that another record, which the person may see, holds one of the files too."""
    return [words(told_of(code)) for code in same_elsewhere(archive().ledger, person(), [receipt]).values()]


def _format_warnings(whole: Whole) -> list[str]:
    """Say which files bear an ending that lies, or have a format that will not keep; of a destroyed record nothing."""
    if whole.row["status"] == DESTROYED:
        return []
    judged = (archive().formats.judge(file.name, file.media_type, file.puid) for file in whole.files)
    return [words(said) for one in judged for said in one.warnings]


def _badges(whole: Whole, decision: Decision) -> list[tuple[str, str]]:
    badges = [level_badge(whole.line.level), ("", period_words(whole.line.period))]
    if whole.row["status"] == DESTROYED:
        return [*badges, ("destroyed", t("已销毁", "Destroyed"))]
    states = {
        State.PERMANENT: ("", t("永久保管", "Kept for ever")),
        State.CLOCK_PENDING: ("", t("尚未起算", "Clock not started")),
        State.RUNNING: ("ok", t("保管中", "In custody")),
        State.DUE: ("due", t("已到期，待鉴定", "Due for appraisal")),
        State.HELD: ("hold", t("冻结", "On hold")),
        State.KEEP_UNSURE: ("", t("存疑，继续保管", "In doubt, kept")),
    }
    badges.append(states[decision.state])
    if decision.holds and decision.state is not State.HELD:
        badges.append(("hold", t("冻结", "On hold")))
    return badges


def _retention(whole: Whole, decision: Decision) -> dict[str, Any]:
    row = whole.row
    rule = archive().schedules.version(row["schedule_version"]).rules.get(row["rule_code"])
    mark = t("：", ": ")
    reason = t(rule.reason.zh, rule.reason.en) if rule else ""
    rule_words = t("规则 %s，期限表版本 %s", "Rule %s, schedule version %s") % (
        row["rule_code"],
        row["schedule_version"],
    )
    state = {State.DUE: "due", State.HELD: "hold"}.get(decision.state, "")
    return {
        "sentence": t(decision.sentence.zh, decision.sentence.en),
        "state": "destroyed" if row["status"] == DESTROYED else state,
        "basis": f"{rule_words}{mark}{reason}" if reason else rule_words,
        "hold": t("；", "; ").join(f"{hold.reference} {hold.reason}" for hold in decision.holds) or None,
    }


def _facts(whole: Whole) -> list[tuple[str | None, list[tuple[str, Any]]]]:
    row, line, said = whole.row, whole.line, whole.description
    filer = names_of([row["filed_by"]]).get(row["filed_by"], "")
    state = t("已销毁", "Destroyed") if row["status"] == DESTROYED else t("在库", "In custody")
    return [
        (
            t("标识", "Identity"),
            [
                (t("全宗", "Fonds"), words(whole.fonds_name)),
                (t("类", "Class"), class_name(row["class_code"])),
                (t("类型", "Type"), f"{line.type_code} {words(line.type_name)}"),
                (t("案卷", "Case file"), f"{whole.case.case_no} {whole.case.title}" if whole.case else ""),
                (t("年度", "Year"), line.year),
            ],
        ),
        (
            t("内容与责任", "Content and responsibility"),
            [
                (t("文件日期", "Document date"), line.document_date),
                (t("文号", "Document number"), said.document_no),
                (t("责任者", "Responsible"), said.author),
                (t("备注", "Note"), said.note),
            ],
        ),
        (
            t("保管", "Custody"),
            [
                (t("状态", "State"), state),
                (t("归档", "Filed"), f"{local_time(row['filed_at'])} {filer}"),
                (t("销毁", "Destroyed"), local_time(row["destroyed_at"])),
                (t("文件数", "Files"), len(whole.files)),
                (t("实体位置", "Paper"), _place(row["id"])),
                (t("借阅", "Loan"), _lent(row["id"])),
            ],
        ),
    ]


def _place(record_id: str) -> str:
    place = archive().places.place_of(person(), record_id)
    return f"{place.room} {place.shelf} · {place.box_no} · {place.position}" if place else ""


def _lent(record_id: str) -> str:
    """Say that the paper is out and until when; who has it is for those who keep the store."""
    out = archive().loans.of(person(), record_id)
    if out is None:
        return ""
    due = out.row.due_on.isoformat()
    said = t(f"原件借出在外，应于 {due} 归还", f"The paper is lent out, due back {due}")
    if out.late:
        said += t("，已逾期", ", overdue")
    if may(Action.KEEP_STORE):
        who = names_of([out.row.borrower_id]).get(out.row.borrower_id, "")
        said += t(f"（{out.row.loan_no}，{who}）", f" ({out.row.loan_no}, {who})")
    return said


def _history(events: list[Event]) -> list[dict[str, Any]]:
    names = names_of([event.person_id for event in events])
    sees_log = may(Action.SEE_AUDIT)
    return [
        {
            "when": local_time(event.at),
            "machine": event.at,
            "sentence": _sentence(event),
            "who": names.get(event.person_id or "", t("系统", "The service")),
            "kind": "",
            "proof_url": url_for("audit.entry", seq=event.seq) if sees_log else None,
            "proof": event.seq,
            "detail": detail_of(event.detail) if sees_log else "",
        }
        for event in reversed(events)
    ]


def _sentence(event: Event) -> str:
    """Say what was done; where the log notes a date computed anew, say what it was that came to be known."""
    if event.act == acts.RECORD_DUE_SET.name:
        detail = json.loads(event.detail).get("detail", {})
        if "questions" in detail:
            return t("补答保管期限所依的事实", "Facts that the period rests on answered")
        if "parent" in detail:
            return t("指明主件", "Main record named")
    return words(event.words)


def _scan(whole: Whole) -> dict[str, str] | None:
    """Say how far the words in a record's pictures are recognised; nothing where it has no picture."""
    if whole.scan is None or whole.scan.state == NOTHING_THERE:
        return None
    sentence = t(whole.scan.reason_zh, whole.scan.reason_en)
    if whole.scan.state == READING:
        sentence += t(
            f"已完成 {whole.scan.done} / {whole.scan.pages} 页。", f" {whole.scan.done} of {whole.scan.pages} pages."
        )
    tones = {READ: "neutral", UNREAD: "failed"}
    return {"sentence": sentence, "tone": tones.get(whole.scan.state, "queued")}


def _text(whole: Whole) -> tuple[str, str]:
    """Open the extracted text for the page: policy, log entry, bytes, by the same way as any file.

    What was recognised in pictures comes apart from what the files say in letters.
    """
    assert whole.text is not None
    _, chunks = archive().catalogue.open_component(person(), whole.row["id"], whole.text.id, "text")
    data = bytearray()
    for chunk in chunks:
        data += chunk
        if len(data) > READER_BYTES:
            break
    return apart(data[:READER_BYTES].decode("utf-8", "ignore"))


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
        warnings=_format_warnings(whole) + _same_content(found),
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
