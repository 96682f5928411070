"""Accounts that are linked to an organisation's own sign-on, and the roles that come with its groups.

A link is made by somebody who is signed in here already, and names the subject that the provider vouches for: an equal
name or address links nothing. Groups give working roles only. What an administrator is, and what anybody is cleared for,
the security administrator alone says.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.errors import Conflict, NotFound, Text
from archive_service.people.model import Person
from archive_service.people.oidc import Provider, Told, refused
from archive_service.people.rights import locked, split, write_rights
from archive_service.people.service import person_from_row
from archive_service.people.tables import people, sso_links


@dataclass(frozen=True)
class SingleSignOn:
    """Who comes in through the provider; without a provider nobody does."""

    ledger: Ledger
    provider: Provider | None
    name: Text
    roles_of: Mapping[str, frozenset[str]]
    """Group of the provider -> working roles here; empty: groups say nothing."""

    def __bool__(self) -> bool:
        return self.provider is not None

    def link(self, person: Person, told: Told) -> None:
        """Link one's own account to the subject that signed in at the provider just now."""
        issuer = self._issuer()
        with self.ledger.work(person.id) as work:
            _unlink(work, person.id)
            row = {"id": uuid.uuid4().hex, "person_id": person.id, "issuer": issuer, "subject": told.subject}
            try:
                work.insert(sso_links, {**row, "linked_at": work.at, "removed_at": None})
            except IntegrityError as error:
                raise Conflict(
                    "此统一登录账号已关联另一人员。", "That sign-on account is linked to another person already."
                ) from error
            work.act(acts.SSO_LINKED, "person", person.id)
            work.commit()

    def unlink(self, person: Person) -> None:
        """Take one's own link away."""
        with self.ledger.work(person.id) as work:
            if not _unlink(work, person.id):
                raise NotFound("您的账号没有关联统一登录。", "Your account is not linked to a sign-on.")
            work.act(acts.SSO_UNLINKED, "person", person.id)
            work.commit()

    def linked(self, person: Person) -> bool:
        """Say whether an account is linked."""
        with self.ledger.read() as connection:
            mine = (sso_links.c.person_id == person.id) & sso_links.c.subject.is_not(None)
            return connection.execute(select(sso_links.c.id).where(mine)).first() is not None

    def person(self, told: Told) -> Person:
        """Return whose account is linked to a subject, with the roles that its groups give now; else refuse."""
        mine = (sso_links.c.issuer == self._issuer()) & (sso_links.c.subject == told.subject)
        with self.ledger.read() as connection:
            row = connection.execute(
                select(people).join(sso_links, sso_links.c.person_id == people.c.id).where(mine)
            ).one_or_none()
        if row is None or row.disabled_at is not None:
            self.ledger.note(None, acts.PERSON_SIGN_IN_REFUSED, "person", row.id if row else "unknown")
            raise refused()
        if self.roles_of:
            self._take_roles(row.login, told)
        with self.ledger.read() as connection:
            now = connection.execute(select(people).where(people.c.id == row.id)).one()
            return person_from_row(connection, now, self.ledger.clock.stamp())

    def _take_roles(self, login: str, told: Told) -> None:
        """Give the working roles of the groups; an administrator's are left alone, and clearance always is."""
        given = frozenset(role for group in told.groups for role in self.roles_of.get(group, frozenset()))
        with self.ledger.work(None) as work:
            subject, administrators = locked(work, login)
            person = person_from_row(work.connection, subject, work.at)
            if person.administers or person.disabled or given == person.roles:
                return
            write_rights(work, subject, administrators, given, split(subject.clearance))
            work.commit()

    def _issuer(self) -> str:
        if self.provider is None:
            raise NotFound("没有设定统一登录。", "No single sign-on is set.")
        return self.provider.issuer


def _unlink(work: Work, person_id: str) -> bool:
    alive = select(sso_links.c.id).where(sso_links.c.person_id == person_id, sso_links.c.subject.is_not(None))
    ids: list[Any] = list(work.connection.execute(alive).scalars())
    for link_id in ids:
        work.update(sso_links, link_id, {"subject": None, "removed_at": work.at})
    return bool(ids)
