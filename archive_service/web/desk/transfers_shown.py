"""How the pages of transfer say where a package stands, whose turn it is and what one may do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import url_for

from archive_service.disposal.transfer.receiver_keys import KeyView
from archive_service.disposal.transfer.views import PackageView, SentRecord
from archive_service.disposal.transfer_custody import NATURES, PACKAGE_WORDS, PackageState, kept_until
from archive_service.people.policy import Action
from archive_service.web.desk.words import joined, size_words, title_of
from archive_service.web.here import archive, level_badge, local_time, may, names_of, t, words

Names = Mapping[str, str]

BADGES: Mapping[PackageState, str] = {
    PackageState.PREPARED: "queued",
    PackageState.HANDED_OVER: "due",
    PackageState.RETURNED: "",
    PackageState.CUSTODY_MOVED: "transferred",
}


def badge(state: str) -> tuple[str, str]:
    """Return the badge of a package's state."""
    found = PackageState(state)
    return BADGES[found], words(PACKAGE_WORDS[found])


def names_in(view: PackageView) -> dict[str, str]:
    """Return the names of everybody who had a hand in a package."""
    row = view.row
    hands = (row.prepared_by, row.handed_over_by, row.receipt_by, row.confirmed_by, row.returned_by)
    return names_of([one for one in hands if one])


def line(view: PackageView) -> dict[str, Any]:
    """Return a package as it stands among the others."""
    row = view.row
    return {
        "package_no": row.package_no,
        "url": url_for("transfers.one", package_no=row.package_no),
        "badge": badge(row.state),
        "next": _next_words(view),
        "list_no": view.list_no,
        "list_url": url_for("disposal_list.page", list_no=view.list_no),
        "receiver": row.receiver,
        "count": len(view.items),
        "prepared": local_time(row.prepared_at)[:10],
    }


def _next_words(view: PackageView) -> str:
    row = view.row
    if row.state == PackageState.PREPARED:
        return t("制作并交出", "Write it and hand it over")
    if row.state == PackageState.HANDED_OVER:
        if row.receipt_by:
            return t("回执已登记，待另一人确认", "Receipt entered; another person confirms it")
        return t("等接收单位的回执", "Waiting for the receiver's receipt")
    if row.state == PackageState.RETURNED:
        return t("可另行编包", "Another package can be made")
    if row.removal_opened_at:
        return t("已编制留存件清册", "Removal list drawn up")
    return t(f"留存至 {until(view)}", f"Kept here until {until(view)}")


def until(view: PackageView) -> str:
    """Return the day from which what was transferred may be removed here."""
    return kept_until(view.row.received_on, archive().settings.disposal.keep_after_transfer_years).isoformat()


def sentence(view: PackageView, names: Names) -> str:
    """Say in one sentence where a package stands."""
    row, count = view.row, len(view.items)
    if row.state == PackageState.PREPARED:
        return t(
            f"{count} 件已编定移交给 {row.receiver}，尚未制作。交出之后仍在库，直到凭回执移交完成。",
            f"{count} records are to go to {row.receiver}; the package is not written yet. They stay here until a receipt"
            " moves custody.",
        )
    if row.state == PackageState.HANDED_OVER:
        return t(
            f"已于 {local_time(row.handed_over_at)} 交出，等 {row.receiver} 的回执。没有回执，本馆一件也不移出。",
            f"Handed over on {local_time(row.handed_over_at)}; {row.receiver} has not confirmed it yet. Without a receipt"
            " nothing leaves here.",
        )
    if row.state == PackageState.RETURNED:
        return t(
            f"{local_time(row.returned_at)} 由 {names.get(row.returned_by, '')} 登记退回：{row.returned_reason}",
            f"Returned ({names.get(row.returned_by, '')}, {local_time(row.returned_at)}): {row.returned_reason}",
        )
    return t(
        f"凭回执 {row.receipt_no} 于 {row.received_on} 移交给 {row.receiver}。本馆留存件保管至 {until(view)}。",
        f"Moved to {row.receiver} on {row.received_on} by receipt {row.receipt_no}. What is still here is kept until"
        f" {until(view)}.",
    )


def way(view: PackageView, names: Names) -> list[dict[str, str]]:
    """Return the steps of the way with who took them and when; ``kind`` is done, now, todo or off."""
    row, state = view.row, view.row.state
    moved = state == PackageState.CUSTODY_MOVED
    reached = {PackageState.PREPARED: 1, PackageState.RETURNED: 2 if row.digest else 1, PackageState.CUSTODY_MOVED: 4}
    place = 3 if state == PackageState.HANDED_OVER and row.receipt_by else reached.get(state, 2)
    if moved and archive().clock.today().isoformat() >= until(view):
        place = 6 if row.removal_opened_at else 5
    by_key = bool(row.receiver_key_id)
    steps = [
        (t("编定", "Prepared"), _hand(names, row.prepared_by, row.prepared_at)),
        (t("交出", "Handed over"), _hand(names, row.handed_over_by, row.handed_over_at)),
        (
            t("回执登记", "Receipt entered"),
            joined([names.get(row.receipt_by, ""), _number(view)], " ", " ") if row.receipt_by else "",
        ),
        (
            t("移交完成", "Custody moved"),
            t("凭签名回执 ", "signed receipt ") + local_time(row.confirmed_at)
            if by_key
            else _hand(names, row.confirmed_by, row.confirmed_at),
        ),
        (t("留存期", "Kept here"), t("至 ", "until ") + until(view) if moved else ""),
        (t("处置留存件", "Removal list"), local_time(row.removal_opened_at)),
    ]
    kinds = ["done" if at < place else "now" if at == place else "todo" for at in range(len(steps))]
    if state == PackageState.RETURNED:
        kinds = ["done" if at < place else "off" for at in range(len(steps))]
    return [{"name": name, "said": said, "kind": kind} for (name, said), kind in zip(steps, kinds, strict=True)]


def _hand(names: Names, who: str | None, at: str | None) -> str:
    return f"{names.get(who or '', '')} {local_time(at)}".strip()


def turn(view: PackageView) -> dict[str, Any] | None:
    """Say what comes next and who could do it; or that nobody could, and what to do then."""
    found = view.next
    if found is None:
        return None
    step = _next_words(view)
    if found.names:
        people = joined(list(found.names))
        said = t(f"下一步：{step}。可由 {people} 办理。", f"Next: {step}. Open to {people}.")
    else:
        said = t(
            f"下一步：{step}，但现在没有人可以办理。请安全保密管理员另设一位档案员或审批人。",
            f"Next: {step}, but nobody may do it now. Ask the security administrator for another archivist or approver.",
        )
    return {"sentence": said, "barred": words(found.verdict.reason) if found.barred else ""}


def facts(view: PackageView, names: Names) -> list[tuple[str, str]]:
    """Return what is to be known of a package beside its way."""
    row = view.row
    size = f"{row.payload_files} / {size_words(row.payload_bytes)}" if row.digest else ""
    return [
        (t("接收单位", "Receiver"), row.receiver),
        (t("移交性质", "Nature"), words(NATURES[row.nature])),
        (t("件数", "Records"), str(len(view.items))),
        (t("包内文件与数据量", "Files and volume"), size),
        (t("交往", "Delivered to"), _place(row.delivered_to)),
        (t("回执编号", "Receipt no."), _number(view)),
        (t("接收日期", "Received on"), row.received_on.isoformat() if row.received_on else ""),
        (t("回执登记", "Receipt entered by"), names.get(row.receipt_by, "") if row.receipt_by else ""),
        (t("回执确认", "Receipt confirmed by"), names.get(row.confirmed_by, "") if row.confirmed_by else ""),
    ]


def _number(view: PackageView) -> str:
    """Return the receipt's number, but not to one who is to type it from the paper."""
    return "" if asked_from_paper(view) else view.row.receipt_no or ""


def asked_from_paper(view: PackageView) -> bool:
    """Say whether this person confirms the receipt next, from the paper and not from the screen."""
    row = view.row
    waits = row.state == PackageState.HANDED_OVER and row.receipt_by is not None
    return bool(waits and Action.CONFIRM_RECEIPT in view.may)


def _place(said: str | None) -> str:
    return t("浏览器下载", "download in the browser") if said == "browser" else said or ""


def item(one: SentRecord) -> dict[str, Any]:
    """Return a record of a package as the page lists it."""
    record = one.record
    return {
        "position": one.position,
        "code": record["code"],
        "url": url_for("record.page", code=record["code"]) if one.visible and may(Action.BROWSE) else None,
        "title": title_of(record, one.visible),
        "date": record["document_date"].isoformat(),
        "level": level_badge(record["level"]),
    }


def forms(view: PackageView) -> set[str]:
    """Return the names of the forms that stand on the page for this person."""
    row, state = view.row, view.row.state
    found: set[str] = set()
    acts = Action.TRANSFER in view.may
    if acts and state in (PackageState.PREPARED, PackageState.HANDED_OVER):
        found |= {"write", "return"}
    if state == PackageState.HANDED_OVER:
        if acts:
            found |= {"signed"} | ({"strike"} if row.receipt_by else {"receipt"})
        if asked_from_paper(view):
            found.add("confirm")
    over = state == PackageState.CUSTODY_MOVED and archive().clock.today().isoformat() >= until(view)
    if acts and over and not row.removal_opened_at and may(Action.DRAW_UP_LIST):
        found.add("removal")
    return found


def keys(found: Sequence[KeyView]) -> list[dict[str, Any]]:
    """Return receivers' keys as the page lists them."""
    names = names_of([who for one in found for who in (one.row.proposed_by, one.row.confirmed_by) if who])
    return [
        {
            "id": one.row.id,
            "receiver": one.row.receiver,
            "vkey": one.row.vkey,
            "badge": ("ok", t("有效", "In use"))
            if one.in_use
            else ("", t("已停用", "Retired"))
            if one.row.retired_at
            else ("due", t("待另一人确认", "To be confirmed by another")),
            "proposed": _hand(names, one.row.proposed_by, one.row.proposed_at),
            "confirmed": _hand(names, one.row.confirmed_by, one.row.confirmed_at),
            "confirms": Action.CONFIRM_RECEIVER in one.may,
            "retires": Action.TRANSFER in one.may,
        }
        for one in found
    ]
