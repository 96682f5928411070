"""What waits for a person: the same list on the first page and in the number at the top."""

from __future__ import annotations

from flask import url_for

from archive_service.disposal.model import ListState
from archive_service.people.policy import Action
from archive_service.web.here import archive, may, opened, person, t

Wait = tuple[str, int, str]


def waiting() -> list[Wait]:
    """Return sentence, count and address of everything that the person can act on now."""
    found: list[Wait] = []
    if may(Action.DECIDE_ACCESS):
        asked = len(archive().reading_room.waiting(person()))
        found.append(
            (t("查阅申请等您决定", "requests for access wait for your decision"), asked, url_for("access.page"))
        )
    if may(Action.SEE_DISPOSAL) and opened("disposal.queue"):
        found += _disposal()
    return [item for item in found if item[1]]


def _disposal() -> list[Wait]:
    found: list[Wait] = []
    service, reader = archive().disposal, person()
    rows, now = service.all(reader), archive().clock.stamp()
    lists = url_for("disposal.lists")

    def mine(action: Action, state: ListState) -> int:
        """Count the lists on which this person may take this step at this moment."""
        cooled = (one for one in rows if not one.row.cooling_until or one.row.cooling_until <= now)
        return sum(1 for one in cooled if one.state == state and action in one.may)

    if may(Action.DRAW_UP_LIST):
        due = t("件已到期，等待编入处置清册", "records are due and wait for a disposal list")
        found.append((due, len(service.queue(reader)), url_for("disposal.queue")))
    if may(Action.APPRAISE):
        found.append(
            (t("份清册等您鉴定", "lists wait for your appraisal"), mine(Action.APPRAISE, ListState.DRAWN_UP), lists)
        )
    if may(Action.APPROVE):
        found.append(
            (t("份清册等您审批", "lists wait for your approval"), mine(Action.APPROVE, ListState.SUBMITTED), lists)
        )
    if may(Action.ORDER_DESTRUCTION):
        found.append(
            (
                t("份清册已过冷静期，可下达销毁", "lists have cooled off and can be ordered"),
                mine(Action.ORDER_DESTRUCTION, ListState.APPROVED),
                lists,
            )
        )
    return found
