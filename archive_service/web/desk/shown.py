"""One disposal list as its page shows it: where it stands in a sentence, the way it goes, its items, what one may do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from flask import url_for

from archive_service.disposal.listing.next_hands import NextHands
from archive_service.disposal.listing.supervising import AFTER, BEFORE
from archive_service.disposal.listing.views import ItemView, ListView
from archive_service.disposal.model import (
    BEYOND_RETURN,
    FINISHED,
    OPINION_WORDS,
    STEP_WORDS,
    ListState,
    Opinion,
    Step,
)
from archive_service.people.policy import Action
from archive_service.web.desk.words import (
    OPINION_BADGES,
    approvals_of,
    joined,
    opinion_of,
    sentence_of,
    size_words,
    title_of,
)
from archive_service.web.here import local_time, may, names_of, person, t, words

Names = Mapping[str, str]
AFTER_ORDER = (ListState.ORDERED, ListState.CLOSED)


def names_in(view: ListView) -> dict[str, str]:
    """Return the names of everybody who had a hand in a list, by id."""
    row = view.row
    people = [row.proposer_id, row.submitted_by, row.ordered_by, *(one.approver_id for one in view.approvals)]
    people += [*(one.supervisor_id for one in view.supervisions), *view.group.members]
    return names_of([*people, *(item.row.appraiser_id for item in view.items)])


def on_list(view: ListView) -> list[ItemView]:
    """Return the items that were not taken off the list."""
    return [item for item in view.items if item.row.step != Step.STRUCK]


def to_destroy(view: ListView) -> list[ItemView]:
    """Return the items that are destroyed, or will be unless something stops them."""
    return [item for item in on_list(view) if item.row.opinion == Opinion.DESTROY]


def counts(view: ListView) -> str:
    """Say how many items have which opinion."""
    found = Counter(Opinion(item.row.opinion) for item in on_list(view) if item.row.opinion)
    said = [(words(OPINION_WORDS[opinion]), found[opinion]) for opinion in Opinion if found[opinion]]
    return joined([t(f"{text} {count} 件", f"{text}: {count}") for text, count in said], "，", ", ")


# ------------------------------------------------------------------------------------------------- where it stands


def state_sentence(view: ListView, at: str) -> str:
    """Say in one sentence where a list stands."""
    row, state = view.row, ListState(view.row.state)
    items = on_list(view)
    appraised = sum(1 for item in items if item.row.opinion)
    if state is ListState.DRAWN_UP:
        return t(
            f"正在鉴定：已鉴定 {appraised} / {len(items)} 件。", f"Being appraised: {appraised} of {len(items)} done."
        )
    if state is ListState.SUBMITTED:
        given = len(view.approvals)
        return t(
            f"等待审批：已批准 {given} / {approvals_of(row)}。{counts(view)}。",
            f"Waiting for approval: {given} of {approvals_of(row)} given. {counts(view)}.",
        )
    if state is ListState.APPROVED:
        return _approved(row.cooling_until, at)
    if state is ListState.ORDERED:
        done, total = progress(view)
        return t(f"正在销毁：已完成 {done} / {total} 件。", f"Being destroyed: {done} of {total} items are finished.")
    closed = local_time(row.closed_at)
    if state is ListState.WITHDRAWN:
        return t(f"已于 {closed} 撤回：{row.reason_zh}", f"Withdrawn on {closed}: {row.reason_en}")
    return _closed(view, closed)


def _approved(cooling_until: str, at: str) -> str:
    until = local_time(cooling_until)
    if at < cooling_until:
        return t(
            f"已批准，冷静期至 {until}。此前不能下达销毁，随时可以退回、撤回或冻结。",
            f"Approved and cooling off until {until}. Until then nothing can be ordered; it can be sent back, withdrawn or"
            " held at any moment.",
        )
    return t(
        f"已批准，冷静期已于 {until} 满，可以下达销毁。",
        f"Approved; the cooling-off ended on {until}. It can be ordered now.",
    )


def _closed(view: ListView, closed: str) -> str:
    steps = Counter(item.row.step for item in view.items)
    parts = [
        (steps[Step.DESTROYED], "销毁 {} 件", "{} destroyed"),
        (steps[Step.STOPPED], "因冻结或未到期停止 {} 件", "{} stopped by a hold or a period that was not over"),
        (steps[Step.DECIDED], "继续保管 {} 件", "{} kept"),
        (steps[Step.AWAITING_TRANSFER], "待移交 {} 件", "{} awaiting transfer"),
    ]
    said = joined([t(zh, en).format(count) for count, zh, en in parts if count], "，", ", ")
    return t(f"已于 {closed} 办结：{said}。", f"Closed on {closed}: {said}.")


def progress(view: ListView) -> tuple[int, int]:
    """Return how many items of an ordered list are finished, and how many were to be destroyed."""
    wanted = to_destroy(view)
    return sum(1 for item in wanted if item.row.step in FINISHED), len(wanted)


def returned_for(view: ListView) -> str:
    """Return why a list came back, if it did and is under way again."""
    state = ListState(view.row.state)
    if state in (ListState.DRAWN_UP, ListState.SUBMITTED) and view.row.reason_zh:
        return t(view.row.reason_zh, view.row.reason_en)
    return ""


# ------------------------------------------------------------------------------------------------- whose turn it is

TURNS: Mapping[Action, tuple[str, str, str, str]] = {
    Action.APPRAISE: ("逐件鉴定", "appraise item by item", "鉴定人", "appraiser"),
    Action.DRAW_UP_LIST: ("提交审批", "submit for approval", "档案员", "archivist"),
    Action.APPROVE: ("审批", "approve", "审批人", "approver"),
    Action.SUPERVISE: ("监销人核对签字", "two supervisors check and sign", "监销人", "supervisor"),
    Action.ORDER_DESTRUCTION: ("下达销毁", "order the destruction", "档案员", "archivist"),
}


def turn(found: NextHands | None) -> dict[str, Any] | None:
    """Say what comes next and who could do it; or that nobody could, and what to do then."""
    if found is None:
        return None
    zh, en, role_zh, role_en = TURNS[found.action]
    if found.names:
        people = joined(list(found.names))
        sentence = t(f"下一步：{zh}。可由 {people} 办理。", f"Next: {en}. Open to {people}.")
    else:
        sentence = t(
            f"下一步：{zh}，但现在没有人可以办理。请安全保密管理员另设一位没有经手此清册的{role_zh}。",
            f"Next: {en}, but nobody may do it now. Ask the security administrator for another {role_en} who has had no"
            " hand in this list.",
        )
    return {
        "sentence": sentence,
        "open": bool(found.names),
        "barred": words(found.verdict.reason) if found.barred else "",
    }


def supervisors(view: ListView, names: Names) -> list[tuple[str, str]]:
    """Return who supervised the destruction and when each signed, before and after it."""
    words_of = {BEFORE: t("销毁前核对", "Checked before"), AFTER: t("销毁后签字", "Signed after")}
    return [
        (words_of[one.phase], f"{names.get(one.supervisor_id, '')} {local_time(one.signed_at)}")
        for one in view.supervisions
    ]


def way(view: ListView, names: Names, at: str) -> list[dict[str, str]]:
    """Return the steps of the way with who took them and when; ``kind`` is done, now, todo or off."""
    row, state = view.row, ListState(view.row.state)
    appraised = sum(1 for item in on_list(view) if item.row.opinion)
    appraisers = sorted({names.get(item.row.appraiser_id, "") for item in view.items if item.row.appraiser_id})
    approvers = [names.get(one.approver_id, "") for one in view.approvals]
    cooled = state in AFTER_ORDER or bool(row.cooling_until and row.cooling_until <= at)
    reached = {
        ListState.DRAWN_UP: 1,
        ListState.SUBMITTED: 2,
        ListState.APPROVED: 4 if cooled else 3,
        ListState.ORDERED: 5,
        ListState.CLOSED: 6,
        ListState.WITHDRAWN: 0,
    }[state]
    only_kept = state is ListState.CLOSED and not to_destroy(view)
    done, total = progress(view)
    steps = [
        (t("编制", "Drawn up"), f"{names.get(row.proposer_id, '')} {local_time(row.drawn_up_at)}"),
        (t("鉴定", "Appraised"), joined([f"{appraised} / {len(on_list(view))}", *appraisers], "，", ", ")),
        (t("批准", "Approved"), joined([f"{len(approvers)} / {approvals_of(row)}", *approvers], "，", ", ")),
        (t("冷静期", "Cooling off"), t("至 ", "until ") + local_time(row.cooling_until) if row.cooling_until else ""),
        (t("下达", "Ordered"), f"{names.get(row.ordered_by, '')} {local_time(row.ordered_at)}".strip()),
        (t("销毁", "Destroyed"), f"{done} / {total}" if state in AFTER_ORDER and total else ""),
    ]
    kinds = ["done" if place < reached else "now" if place == reached else "todo" for place in range(len(steps))]
    if state is ListState.WITHDRAWN:
        kinds = ["done"] + ["off"] * 5
    if only_kept:
        kinds = ["done"] * 3 + ["off"] * 3
    return [{"name": name, "said": said, "kind": kind} for (name, said), kind in zip(steps, kinds, strict=True)]


# ------------------------------------------------------------------------------------------------- items


def items_of(view: ListView, names: Names) -> list[dict[str, Any]]:
    """Return every item with its reasons, what stands against it, and how far it is."""
    return [_item(view, item, names) for item in view.items]


def _item(view: ListView, item: ItemView, names: Names) -> dict[str, Any]:
    row, code = item.row, item.record["code"]
    step = Step(row.step)
    holdable = step not in (*BEYOND_RETURN, Step.STRUCK, Step.STOPPED) and view.row.state != ListState.WITHDRAWN
    holds = [(hold.reference, hold.reason, url_for("holds.one", hold_no=hold.reference)) for hold in item.holds]
    obstacle = words(item.obstacle) if item.obstacle else ""
    return {
        "position": row.position,
        "code": code,
        "url": url_for("record.page", code=code) if item.visible and may(Action.BROWSE) else None,
        "desk": url_for("disposal_list.page", list_no=view.row.list_no, item=row.position),
        "visible": item.visible,
        "title": title_of(item.record, item.visible),
        "date": item.record["document_date"].isoformat(),
        "sentence": sentence_of(item.candidate),
        "rule": item.candidate.rule_code,
        "opinion": opinion_of(row),
        "value": row.opinion or "",
        "badge": (OPINION_BADGES[Opinion(row.opinion)], opinion_of(row)) if row.opinion else None,
        "years": row.extension_years or "",
        "reason": row.reason or "",
        "appraiser": names.get(row.appraiser_id, "") if row.appraiser_id else "",
        "appraised": local_time(row.appraised_at),
        "step": words(STEP_WORDS[step]),
        "struck": step is Step.STRUCK,
        "waits": step is Step.WAITING,
        "finding": t(row.finding_zh or "", row.finding_en or ""),
        "holds": holds,
        "obstacle": "" if holds else obstacle,
        "hold_url": url_for("holds.place", code=code) if holdable and may(Action.PLACE_HOLD) else None,
        "files": item.files,
        "size": size_words(item.size),
    }


# ------------------------------------------------------------------------------------------------- what one may do


def forms(view: ListView) -> set[str]:
    """Return the names of the forms that stand on the page for this person."""
    state = ListState(view.row.state)
    found = set()
    if Action.APPRAISE in view.may:
        found |= {"appraise", "rest"}
    if Action.DRAW_UP_LIST in view.may:
        found |= {"withdraw"} | ({"submit", "strike"} if state is ListState.DRAWN_UP else set())
    if Action.APPROVE in view.may:
        found.add("approve")
    if Action.ORDER_DESTRUCTION in view.may:
        found.add("order")
    if Action.SUPERVISE in view.may:
        found.add("supervise")
    if state is ListState.DRAWN_UP and found:
        found |= {"group", "say"}
    before = {one.supervisor_id for one in view.supervisions if one.phase == BEFORE}
    after = {one.supervisor_id for one in view.supervisions if one.phase == AFTER}
    if state is ListState.CLOSED and person().id in before - after:
        found.add("sign_off")
    if state is ListState.ORDERED and person().id in before:
        found.add("papers")
    if view.may_send_back:
        found.add("send_back")
    return found


def unappraised(items: Sequence[Mapping[str, Any]], *, seen: bool = False) -> list[int]:
    """Return the positions that wait for an opinion; with ``seen`` only those that this person may see."""
    waiting = [item for item in items if item["waits"] and not item["opinion"]]
    return [item["position"] for item in waiting if item["visible"] or not seen]
