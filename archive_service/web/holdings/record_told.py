"""What the page of a record tells: how it stands, its period, its facts, its copies, its history, its text."""

from __future__ import annotations

import json
from typing import Any

from flask import url_for

from archive_service.audit import acts
from archive_service.catalog.keeping.copy_views import STATES, copies_of, history_of, shown
from archive_service.catalog.records.browse import Event, Whole
from archive_service.catalog.tables import ARCHIVED, DESTROYED
from archive_service.people.policy import Action, Thing
from archive_service.search.scans import NOTHING_THERE, READ, READING, UNREAD
from archive_service.web.audit import detail_of
from archive_service.web.here import (
    archive,
    class_name,
    level_badge,
    local_time,
    may,
    names_of,
    person,
    t,
    words,
)
from archive_service.web.holdings.catalogue import period_words
from index.extract.kinds import PDF, PICTURES, TEXT_PAGES
from index.extract.scans import apart
from retention_policies import Decision, State

READER_BYTES = 2_000_000
"""Most of a text that the page shows; the rest is in the file."""

ALARMING = {acts.RECORD_DESTROYED.name, acts.KEY_DESTROYED.name, acts.RECORD_READ_REFUSED.name}


def redactable(whole: Whole) -> set[str]:
    """Return the files of which this person can make a redacted copy."""
    level = whole.row["level"]
    if whole.row["status"] != ARCHIVED or not archive().redactions.levels_for(level):
        return set()
    if not may(Action.REDACT, Thing(level=level)):
        return set()
    alone = whole.text is not None and len(whole.files) == 1
    return {one.id for one in whole.files if alone or one.media_type in (*PICTURES, PDF, TEXT_PAGES)}


def copies_told(whole: Whole) -> dict[str, Any]:
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


def format_warnings(whole: Whole) -> list[str]:
    """Say which files bear an ending that lies, or have a format that will not keep; of a destroyed record nothing."""
    if whole.row["status"] == DESTROYED:
        return []
    judged = (archive().formats.judge(file.name, file.media_type, file.puid) for file in whole.files)
    return [words(said) for one in judged for said in one.warnings]


def badges(whole: Whole, decision: Decision) -> list[tuple[str, str]]:
    """Return the badges beside the title, each with its kind: level, period, and what else stands out."""
    found = [level_badge(whole.line.level), ("", period_words(whole.line.period))]
    if whole.row["status"] == DESTROYED:
        return [*found, ("destroyed", t("已销毁", "Destroyed"))]
    states = {
        State.PERMANENT: ("", t("永久保管", "Kept for ever")),
        State.CLOCK_PENDING: ("", t("尚未起算", "Clock not started")),
        State.RUNNING: ("ok", t("保管中", "In custody")),
        State.DUE: ("due", t("已到期，待鉴定", "Due for appraisal")),
        State.HELD: ("hold", t("冻结", "On hold")),
        State.KEEP_UNSURE: ("", t("存疑，继续保管", "In doubt, kept")),
    }
    found.append(states[decision.state])
    if decision.holds and decision.state is not State.HELD:
        found.append(("hold", t("冻结", "On hold")))
    return found


def retention_told(whole: Whole, decision: Decision) -> dict[str, Any]:
    """Return how long the record is kept, by which rule, and why."""
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


def facts_told(whole: Whole) -> list[tuple[str | None, list[tuple[str, Any]]]]:
    """Return what is known of the record in groups of label and value."""
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


def history_told(events: list[Event]) -> list[dict[str, Any]]:
    """Return what was done with the record, each thing with its sentence and a link into the log for those who see it."""
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


def scan_told(whole: Whole) -> dict[str, str] | None:
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


def text_told(whole: Whole) -> tuple[str, str]:
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
