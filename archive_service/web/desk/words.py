"""How the pages of the disposal desk say things: titles and masks, sentences, states, what was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask import url_for
from markupsafe import Markup

from archive_service.audit import acts
from archive_service.catalog.descriptions import title_or_mask
from archive_service.catalog.tables import DESTROYED
from archive_service.disposal.model import OPINION_WORDS, STATE_WORDS, ListState, Opinion
from archive_service.disposal.showing import Done
from archive_service.errors import Text
from archive_service.people.policy import Action
from archive_service.web.here import archive, language, local_time, may, names_of, t, type_name, words

STATE_BADGES: Mapping[ListState, str] = {
    ListState.DRAWN_UP: "queued",
    ListState.SUBMITTED: "due",
    ListState.APPROVED: "approved",
    ListState.ORDERED: "failed",
    ListState.CLOSED: "ok",
    ListState.WITHDRAWN: "",
}

OPINION_BADGES: Mapping[Opinion, str] = {
    Opinion.EXTEND: "ok",
    Opinion.PERMANENT: "ok",
    Opinion.TRANSFER: "transferred",
    Opinion.DESTROY: "failed",
    Opinion.HOLD: "hold",
}

OPINION_HELP: Mapping[Opinion, Text] = {
    Opinion.DESTROY: Text(
        "规定人数批准、冷静期满、另一人下达之后才执行",
        "Carried out only after all approvals, the cooling-off and an order",
    ),
    Opinion.EXTEND: Text("自原保管期满之日起再保管若干年", "Kept some years more, counted from its present last day"),
    Opinion.PERMANENT: Text("改为永久保管，不再到期", "Kept for ever; never due again"),
    Opinion.TRANSFER: Text(
        "批准后可在“移交”页编入移交包；凭回执移交完成之前，此件继续在库保管",
        "Once approved it is put into a package under “Transfers”; it stays here until a receipt moves custody",
    ),
    Opinion.HOLD: Text(
        "设一年冻结，到时复查；解除后再次到期", "A hold for a year, then reviewed; due again once released"
    ),
}


def badge_of(row: Any, at: str) -> tuple[str, str]:
    """Return the badge of a list's state; one that has cooled off no longer says that it is cooling off."""
    state = ListState(row.state)
    if state is ListState.APPROVED and row.cooling_until <= at:
        return "due", t("已批准，可下达", "Approved, may be ordered")
    return STATE_BADGES[state], words(STATE_WORDS[state])


def code_of(code: str) -> Markup:
    """Return an archival code that is set as one and never broken, for a place where the caller gives no markup."""
    return Markup('<code class="code" translate="no">{}</code>').format(code)


def joined(parts: Sequence[str], zh: str = "、", en: str = ", ") -> str:
    """Join parts as the language of this answer does."""
    return t(zh, en).join(parts)


def sentence_of(row: Any) -> str:
    """Return the retention sentence of an entry of the queue, as the rules made it."""
    return str(row.sentence_zh if language() == "zh" else row.sentence_en)


def approvals_of(row: Any) -> int:
    """Return how many people must approve a list: as fixed when it was submitted, before that as the settings say now."""
    return int(row.approvals_needed or archive().settings.disposal.approvals)


def title_of(record: Mapping[str, Any], visible: bool) -> str:
    """Return a record's title, or its type in brackets where it is sealed from this person or gone."""
    mask = f"〔{type_name(record['type_code'])}〕"
    if not visible or (record["status"] == DESTROYED and not record["title"]):
        return mask
    return title_or_mask(archive().vault, record, type_name(record["type_code"]))


def opinion_of(row: Any) -> str:
    """Return the opinion on an item in words, with the years where it is kept longer."""
    if not row.opinion:
        return ""
    text = words(OPINION_WORDS[Opinion(row.opinion)])
    if row.opinion == Opinion.EXTEND:
        return t(f"{text} {row.extension_years} 年", f"{text} by {row.extension_years} years")
    return text


def kept_years(since: date, until: date) -> int:
    """Return the whole years from one day to another."""
    return until.year - since.year - ((until.month, until.day) < (since.month, since.day))


def size_words(size: int) -> str:
    """Write a number of bytes as people say it."""
    value, unit = float(size), 0
    units = ("B", "KB", "MB", "GB", "TB")
    while value >= 1024 and unit < len(units) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.1f} {units[unit]}" if unit else f"{size} B"


ALARMING = {acts.LIST_RETURNED.name: "due", acts.LIST_ORDERED.name: "destroyed", acts.HOLD_PLACED.name: "hold"}


def timeline_of(done: Sequence[Done]) -> list[dict[str, Any]]:
    """Return what was done as the time line shows it, newest first; a run of the same act by one person is one line."""
    names = names_of([one.person_id for one in done])
    sees_log = may(Action.SEE_AUDIT)
    lines: list[dict[str, Any]] = []
    for one in done:
        key = (one.act, one.person_id)
        reason = one.detail.get("reason")
        if lines and lines[-1]["key"] == key and not reason:
            line = lines.pop()
            count = line["count"] + 1
        else:
            count = 1
        said = words(acts.words_of(one.act))
        lines.append(
            {
                "key": key,
                "count": count,
                "when": local_time(one.at),
                "machine": one.at,
                "sentence": f"{said} × {count}"
                if count > 1
                else joined([said, reason], "：", ": ")
                if reason
                else said,
                "who": names.get(one.person_id or "", t("系统", "The service")),
                "kind": ALARMING.get(one.act, ""),
                "proof_url": url_for("audit.entry", seq=one.seq) if sees_log else None,
                "proof": one.seq,
            }
        )
    return lines[::-1]
