"""Signing in: password, throttle, and sessions that live on the server."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta

from argon2 import PasswordHasher
from sqlalchemy import func, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.clock import from_stamp, to_stamp
from archive_service.errors import Forbidden, Unavailable
from archive_service.people.model import Person
from archive_service.people.service import password_matches, person_from_row
from archive_service.people.tables import attempts, people, sessions

WINDOW = timedelta(minutes=15)
MOST_FOR_LOGIN = 10
MOST_FOR_ADDRESS = 50
"""Failed attempts within the window, for one login and from one address, before answers are withheld."""

SEEN_EVERY = timedelta(minutes=1)
"""How stale the time of last use may be: not every page needs a write."""


@dataclass(frozen=True)
class SignIn:
    """Opens, finds and ends sessions. The token is kept by the browser, only its hash by us."""

    ledger: Ledger
    hasher: PasswordHasher
    idle: timedelta
    absolute: timedelta

    def check(self, login: str, password: str, address: str) -> Person:
        """Return the person whose login and password these are, or refuse in words that give nothing away."""
        now = self.ledger.clock.now()
        self._throttle(login, address, to_stamp(now - WINDOW))
        with self.ledger.read() as connection:
            row = connection.execute(select(people).where(people.c.login == login)).one_or_none()
            person = person_from_row(connection, row, to_stamp(now)) if row else None
        # An unknown login costs the same work as a wrong password, so that timing does not tell them apart.
        right = password_matches(self.hasher, row.password_hash if row else self._decoy(), password)
        if person is None or not right or person.disabled:
            self._note_failure(login, address, person)
            raise Forbidden("登录名或口令不正确。", "The login or the password is not right.")
        return person

    def open(self, login: str, password: str, address: str) -> str:
        """Sign a person in and return the session's token."""
        person = self.check(login, password, address)
        token = secrets.token_urlsafe(32)
        with self.ledger.work(person.id) as work:
            work.insert(
                sessions, {"id_hash": _hash(token), "person_id": person.id, "created_at": work.at, "seen_at": work.at}
            )
            work.act(acts.PERSON_SIGNED_IN, "person", person.id)
            work.commit()
        return token

    def person(self, token: str) -> Person | None:
        """Return whose session this is, with the rights of this moment; ``None`` when it has ended."""
        now = self.ledger.clock.now()
        with self.ledger.read() as connection:
            found = connection.execute(
                select(people, sessions.c.created_at.label("opened_at"), sessions.c.seen_at)
                .join(sessions, sessions.c.person_id == people.c.id)
                .where(sessions.c.id_hash == _hash(token), people.c.disabled_at.is_(None))
            ).one_or_none()
            if found is None:
                return None
            person = person_from_row(connection, found, to_stamp(now))
        seen, opened = from_stamp(found.seen_at), from_stamp(found.opened_at)
        if now - seen > self.idle or now - opened > self.absolute:
            return None
        if now - seen > SEEN_EVERY:
            with self.ledger.work(None) as work:
                work.connection.execute(
                    sessions.update().where(sessions.c.id_hash == _hash(token)).values(seen_at=to_stamp(now))
                )
                work.commit()
        return person

    def close(self, token: str, person: Person) -> None:
        """End one session."""
        with self.ledger.work(person.id) as work:
            work.connection.execute(sessions.delete().where(sessions.c.id_hash == _hash(token)))
            work.act(acts.PERSON_SIGNED_OUT, "person", person.id)
            work.commit()

    def _throttle(self, login: str, address: str, since: str) -> None:
        with self.ledger.read() as connection:
            counts = select(func.count()).select_from(attempts)
            by_login = connection.execute(
                counts.where(attempts.c.login == login[:64], attempts.c.at > since)
            ).scalar_one()
            by_address = connection.execute(
                counts.where(attempts.c.address == address, attempts.c.at > since)
            ).scalar_one()
        if by_login >= MOST_FOR_LOGIN or by_address >= MOST_FOR_ADDRESS:
            minutes = int(WINDOW.total_seconds() // 60)
            raise Unavailable(
                f"失败次数过多，请在 {minutes} 分钟后再试。",
                f"Too many failed attempts; please try again in {minutes} minutes.",
            )

    def _note_failure(self, login: str, address: str, person: Person | None) -> None:
        with self.ledger.work(None) as work:
            work.insert(attempts, {"id": uuid.uuid4().hex, "login": login[:64], "address": address, "at": work.at})
            work.act(acts.PERSON_SIGN_IN_REFUSED, "person", person.id if person else "unknown")
            work.commit()

    def _decoy(self) -> str:
        return self.hasher.hash("decoy")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
