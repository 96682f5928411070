"""What waits for a person: the same list on the first page and in the number at the top."""

from __future__ import annotations

from flask import url_for

from archive_service.people.policy import Action
from archive_service.web.here import archive, may, opened, person, t

Wait = tuple[str, int, str]


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
    if may(Action.SEE_DISPOSAL) and opened("disposal.queue"):
        found += _disposal()
    return [item for item in found if item[1]]


def _disposal() -> list[Wait]:
    service, reader, lists = archive().disposal, person(), url_for("disposal.lists")
    turns = service.turns(reader)
    due = service.queued(reader) if may(Action.DRAW_UP_LIST) else 0
    return [
        (
            t("件已到期，等待编入处置清册", "records are due and wait for a disposal list"),
            due,
            url_for("disposal.queue"),
        ),
        (t("份清册等您鉴定", "lists wait for your appraisal"), turns[Action.APPRAISE], lists),
        (t("份清册等您审批", "lists wait for your approval"), turns[Action.APPROVE], lists),
        (
            t("份清册已过冷静期，可下达销毁", "lists have cooled off and can be ordered"),
            turns[Action.ORDER_DESTRUCTION],
            lists,
        ),
    ]
