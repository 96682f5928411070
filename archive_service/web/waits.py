"""What waits for a person: the same list on the first page and in the number at the top."""

from __future__ import annotations

from flask import url_for

from archive_service.people.policy import Action
from archive_service.reading_room.redactions import waiting_of
from archive_service.web.here import archive, may, opened, person, t

Wait = tuple[str, int, str] | tuple[str, int, str, str]
"""Sentence, count, address, and a kind where it is pressing."""


def waiting() -> list[Wait]:
    """Return sentence, count and address of everything that the person can act on now."""
    found: list[Wait] = []
    unread = archive().notices.unread(person())
    found.append((t("条未读通知", "notices are not read yet"), unread, url_for("notices.page")))
    if may(Action.DECIDE_ACCESS) or may(Action.DECIDE_UNSEALING):
        asked = len(archive().requests.waiting(person()))
        found.append(
            (t("查阅申请等您决定", "requests for access wait for your decision"), asked, url_for("access.page"))
        )
    if may(Action.REVIEW_EMERGENCY):
        unreviewed = archive().emergencies.waiting(person())
        found.append(
            (t("次紧急阅览等您复核", "emergency readings wait for your review"), unreviewed, url_for("emergency.page"))
        )
    if may(Action.CHECK_REDACTION):
        made = len(waiting_of(archive().ledger, person()))
        found.append(
            (t("份遮盖件等您复核", "redacted copies wait for you to check them"), made, url_for("redactions.page"))
        )
    if may(Action.SEE_DISPOSAL) and opened("disposal.queue"):
        found += _disposal() + _transfers()
    if may(Action.KEEP_STORE):
        overdue = archive().care.overdue(person())
        found.append(
            (
                t(
                    "项库房检查、读数或修复已逾期或在报警",
                    "storeroom rounds, readings or repairs are overdue, or alarms stand",
                ),
                overdue,
                url_for("custody.page"),
            )
        )
    return [item for item in found if item[1]]


LIST_TURNS = (
    (Action.APPRAISE, "份清册等您鉴定", "lists wait for your appraisal"),
    (Action.DRAW_UP_LIST, "份清册已鉴定完毕，等您提交审批", "lists are appraised and wait for you to submit them"),
    (Action.APPROVE, "份清册等您审批", "lists wait for your approval"),
    (Action.SUPERVISE, "份清册等您监销核对签字", "lists wait for your signature as a supervisor"),
    (Action.ORDER_DESTRUCTION, "份清册已过冷静期，可下达销毁", "lists have cooled off and can be ordered"),
)


def _disposal() -> list[Wait]:
    service, reader, lists = archive().disposal, person(), url_for("disposal.lists")
    turns = service.turns(reader, archive().settings.disposal.deadline_days)
    due = service.queued(reader) if may(Action.DRAW_UP_LIST) else 0
    queued: Wait = (
        t("件已到期，等待编入处置清册", "records are due and wait for a disposal list"),
        due,
        url_for("disposal.queue"),
    )
    papers: Wait = (
        t("份清册的纸质件等您作为监销人见证销毁", "lists have papers whose destruction waits for your attestation"),
        archive().destruction.papers_waiting(reader),
        lists,
    )
    unsigned: Wait = (
        t(
            "份清册已销毁完毕，等您作为监销人签字",
            "destructions are finished and wait for your signature as a supervisor",
        ),
        turns.unsigned,
        lists,
    )
    return [
        queued,
        unsigned,
        papers,
        *(_turn(zh, en, turns.waiting[one], turns.late[one], lists) for one, zh, en in LIST_TURNS),
    ]


def _turn(zh: str, en: str, waiting: int, late: int, url: str) -> Wait:
    """Return what waits for one step of the lists; those past their deadline are named and marked, never counted twice."""
    if not late:
        return t(zh, en), waiting, url
    return t(f"{zh}，其中 {late} 份已逾期", f"{en}, {late} of them overdue"), waiting, url, "due"


def _transfers() -> list[Wait]:
    service, reader, page = archive().transfers, person(), url_for("transfers.page")
    acts = may(Action.TRANSFER)
    packages = service.open(reader)
    receipts = sum(1 for view in packages if view.row.receipt_by and Action.CONFIRM_RECEIPT in view.may)
    unwritten = sum(1 for view in packages if not view.row.digest) if acts else 0
    return [
        (
            t("份清册有待编入移交包的档案", "lists have records that wait for a transfer package"),
            len(service.waiting(reader)) if acts else 0,
            page,
        ),
        (t("个移交包等待制作交出", "transfer packages wait to be written and handed over"), unwritten, page),
        (t("份移交回执等您确认", "receipts of transfer wait for you to confirm them"), receipts, page),
    ]
