"""Writing a person's rights: under a lock, with grants that end, and never past the last administrator of a kind."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select

from archive_service.audit import acts
from archive_service.audit.ledger import Work
from archive_service.clock import from_stamp, to_stamp
from archive_service.errors import Conflict, NotFound
from archive_service.people.model import ADMINISTRATORS, ROLE_WORDS, Grant
from archive_service.people.tables import emergencies, grants, people, tokens
from archive_service.people.telling import reference_of, tell


def revoke_tokens(work: Work, person_id: str) -> None:
    """End every token of a person."""
    alive = select(tokens.c.id).where(tokens.c.person_id == person_id, tokens.c.revoked_at.is_(None))
    for token_id in work.connection.execute(alive).scalars().all():
        work.update(tokens, token_id, {"revoked_at": work.at})


SITTING = timedelta(minutes=30)
"""How long one reading of a sealed item lasts, from when it is opened."""


def locked(work: Work, login: str) -> tuple[Any, Sequence[Any]]:
    """Return a person's row and the rows of all who administer, and hold them; whoever changes rights waits.

    They are locked in one order, so that two administrators who would disable each other do so one by one.
    """
    administers = or_(False, *(people.c.roles.contains(role) for role in sorted(ADMINISTRATORS)))
    query = select(people).where(or_(people.c.login == login, administers)).order_by(people.c.id).with_for_update()
    rows = work.connection.execute(query).all()
    subject = next((row for row in rows if row.login == login), None)
    if subject is None:
        raise nobody(login)
    return subject, [row for row in rows if split(row.roles) & ADMINISTRATORS and row.disabled_at is None]


def write_rights(
    work: Work, subject: Any, administrators: Sequence[Any], roles: frozenset[str], clearance: frozenset[str]
) -> None:
    """Write roles and clearance; a change of role takes back the person's grants."""
    old_roles, old_clearance = split(subject.roles), split(subject.clearance)
    keep_administrators(subject, administrators, roles)
    work.update(people, subject.id, {"roles": joined(roles), "clearance": joined(clearance)})
    if roles != old_roles:
        work.act(acts.PERSON_ROLES_SET, "person", subject.id, old=sorted(old_roles), new=sorted(roles))
        revoke_grants(work, subject.id)
    work.act(acts.PERSON_CLEARANCE_SET, "person", subject.id, old=sorted(old_clearance), new=sorted(clearance))


def keep_administrators(subject: Any, administrators: Sequence[Any], roles: frozenset[str]) -> None:
    """Refuse to take an administrator's role from the last one who holds it: nobody could give it back."""
    for role in sorted((split(subject.roles) & ADMINISTRATORS) - roles):
        if not any(role in split(one.roles) for one in administrators if one.id != subject.id):
            words = ROLE_WORDS[role]
            raise Conflict(
                f"这是唯一的{words.zh}。请先设定另一人担任，再作此更改。",
                f"This is the only {words.en.lower()}. Give the role to somebody else first.",
            )


def revoke_grants(work: Work, person_id: str) -> None:
    """Take back every grant that a person still holds, and say so of those that had not ended."""
    alive = select(grants).where(grants.c.person_id == person_id, grants.c.revoked_at.is_(None))
    for grant in work.connection.execute(alive).all():
        work.update(grants, grant.id, {"revoked_at": work.at})
        if grant.until > work.at:
            tell(work, [person_id], "access_revoked", grant.request_id, reference_of(grant.request_id))
    open_still = select(emergencies.c.id).where(emergencies.c.person_id == person_id, emergencies.c.until > work.at)
    for emergency_id in work.connection.execute(open_still).scalars().all():
        work.update(emergencies, emergency_id, {"until": work.at})


def one_sitting(work: Work, grant: Grant) -> None:
    """Let leave to open a sealed item, once it is used, end with that sitting: it is given for one reading."""
    ends = to_stamp(from_stamp(work.at) + SITTING)
    if grant.until > ends:
        row = select(grants.c.id).where(grants.c.request_id == grant.request_id)
        work.update(grants, work.connection.execute(row).scalar_one(), {"until": ends})


def nobody(name: str) -> NotFound:
    """Return the error for a person who is not there."""
    return NotFound(f"没有人员“{name}”。", f"There is no person {name!r}.")


def joined(values: frozenset[str]) -> str:
    """Write roles or levels as they are stored."""
    return ",".join(sorted(values))


def split(text: str) -> frozenset[str]:
    """Read roles or levels as they are stored."""
    return frozenset(part for part in text.split(",") if part)
