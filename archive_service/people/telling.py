"""Entering a notice: for every service, in its own transaction.

A notice names a thing by its number and never what it holds; :mod:`archive_service.people.notices` shows and mails it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from sqlalchemy import Connection, select

from archive_service.audit.ledger import Work
from archive_service.errors import Text
from archive_service.people.tables import notices

SENTENCES: dict[str, Text] = {
    "access_waits": Text("查阅申请 {0} 等您决定。", "Request for access {0} waits for your decision."),
    "access_overdue": Text("查阅申请 {0} 已过答复期限。", "Request for access {0} is overdue for a decision."),
    "access_granted": Text("您的查阅申请 {0} 已获批准。", "Your request for access {0} was granted."),
    "access_refused": Text("您的查阅申请 {0} 未获批准。", "Your request for access {0} was refused."),
    "access_revoked": Text("您的查阅许可 {0} 已被收回。", "Your leave to read {0} was taken back."),
    "access_said": Text("查阅申请 {0} 有新的留言。", "There is a new message on request for access {0}."),
    "emergency_opened": Text(
        "紧急阅览 {0} 已开启，请尽快复核。", "Emergency reading {0} was opened; please review it soon."
    ),
    "emergency_reviewed": Text("您的紧急阅览 {0} 已复核。", "Your emergency reading {0} was reviewed."),
    "search_news": Text("您保存的检索 {0} 有新的结果。", "A search that you keep ({0}) has found something new."),
    "list_overdue": Text("处置清册 {0} 已逾期，等您办理。", "Disposal list {0} is overdue and waits for you."),
    "list_escalated": Text(
        "处置清册 {0} 严重逾期，仍无人办理。", "Disposal list {0} is long overdue and nobody has acted."
    ),
    "hold_review": Text("冻结 {0} 已到复查日期。", "Hold {0} has come to its day of review."),
    "loan_overdue": Text("借阅 {0} 已过归还日期。", "Loan {0} is past the day on which it was due back."),
    "climate_alarm": Text("库房 {0} 的温湿度超出限值。", "The climate of storeroom {0} is beyond its limits."),
    "damage_reported": Text("库房 {0} 报告了损坏。", "Damage was reported in storeroom {0}."),
}
"""What each kind of notice says; ``{0}`` is the number of what it is about, and no title, name or code of a record."""


def tell(work: Work, person_ids: Iterable[str], kind: str, about: str, number: str) -> None:
    """Enter a notice for each of some people, in the same transaction as what it tells of.

    ``about`` is the id that its page is found by, ``number`` what the sentence calls it: both free of confidential words.
    """
    if kind not in SENTENCES:
        raise AssertionError(f"no sentence for notices of the kind {kind!r}")
    common = {"kind": kind, "about": about, "number": number, "at": work.at}
    state = {"read_at": None, "mailed_at": None, "tries": 0}
    ids = sorted(set(person_ids))
    work.insert_many(notices, [{"id": uuid.uuid4().hex, "person_id": one, **common, **state} for one in ids])


def told_already(connection: Connection, kind: str, about: str, since: str = "") -> bool:
    """Say whether anybody was told this since an instant, so that a job tells it once."""
    told = (notices.c.kind == kind) & (notices.c.about == about) & (notices.c.at >= since)
    return connection.execute(select(notices.c.id).where(told).limit(1)).first() is not None


def reference_of(request_id: str) -> str:
    """Return the short number of a request, as people say it and as it stands on the pages read under it."""
    return request_id[:8].upper()
