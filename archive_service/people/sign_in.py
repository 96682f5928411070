"""Signing in: password, throttle, and sessions that live on the server."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from argon2 import PasswordHasher
from sqlalchemy import or_, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.clock import from_stamp, to_stamp
from archive_service.errors import Forbidden, NotFound
from archive_service.people.model import Person
from archive_service.people.passwords import password_matches
from archive_service.people.service import person_from_row
from archive_service.people.tables import people, sessions
from archive_service.people.throttle import Attempt, Throttle

SEEN_EVERY = timedelta(minutes=1)
"""How stale the time of last use may be: not every page needs a write."""


@dataclass(frozen=True)
class Session:
    """One place where a person is signed in. ``id_hash`` names it; nobody signs in with that."""

    id_hash: str
    opened_at: str
    seen_at: str
    here: bool


@dataclass(frozen=True)
class SignIn:
    """Opens, finds and ends sessions. The token is kept by the browser, only its hash by us.

    A token names its person, so that whoever can write to the table of sessions, which the log does not vouch for,
    cannot make one's own session another's.
    """

    ledger: Ledger
    hasher: PasswordHasher
    idle: timedelta
    absolute: timedelta

    def check(self, login: str, password: str, address: str, device: str | None = None) -> Person:
        """Return the person whose login and password these are, or refuse in words that give nothing away.

        ``device`` names a browser from which this login was signed in before; whoever cannot name one is throttled
        with all the others who cannot. Raises :class:`Unavailable` while answers are withheld.
        """
        throttle = Throttle(self.ledger)
        attempt = Attempt.of(login, address, device)
        throttle.enter(attempt)
        with self.ledger.read() as connection:
            row = connection.execute(select(people).where(people.c.login == _storable(login))).one_or_none()
            person = person_from_row(connection, row, self.ledger.clock.stamp()) if row else None
        # An unknown login costs the same work as a wrong password, so that timing does not tell them apart.
        right = password_matches(self.hasher, row.password_hash if row else self._decoy, password)
        if person is None or not right or person.disabled:
            self.ledger.note(None, acts.PERSON_SIGN_IN_REFUSED, "person", person.id if person else "unknown")
            raise Forbidden("登录名或密码不正确。", "The login or the password is not right.")
        throttle.forget(attempt)
        if row is not None and self.hasher.check_needs_rehash(row.password_hash):
            self._hash_anew(person, password)
        return person

    def open(self, login: str, password: str, address: str, device: str | None = None, instead_of: str = "") -> str:
        """Sign a person in and return the new session's token; the session of ``instead_of`` ends."""
        return self.begin(self.check(login, password, address, device), instead_of)

    def begin(self, person: Person, instead_of: str = "") -> str:
        """Open a session for a person whose password was checked just now; clear away the sessions that have ended."""
        token = f"{person.id}.{secrets.token_urlsafe(32)}"
        with self.ledger.work(person.id) as work:
            now = self.ledger.clock.now()
            ended = or_(
                sessions.c.id_hash == _hash(instead_of),
                sessions.c.seen_at < to_stamp(now - self.idle),
                sessions.c.created_at < to_stamp(now - self.absolute),
            )
            work.connection.execute(sessions.delete().where(ended))
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
            if found is None or found.id != token.partition(".")[0]:
                return None
            person = person_from_row(connection, found, to_stamp(now))
        seen, opened = from_stamp(found.seen_at), from_stamp(found.opened_at)
        if now - seen > self.idle or now - opened > self.absolute:
            self._end(token)  # it must not come to life again when the clock is set back
            return None
        if now - seen > SEEN_EVERY:
            self._see(token, now)
        return person

    def close(self, token: str, person: Person) -> None:
        """End one session."""
        with self.ledger.work(person.id) as work:
            work.connection.execute(sessions.delete().where(sessions.c.id_hash == _hash(token)))
            work.act(acts.PERSON_SIGNED_OUT, "person", person.id)
            work.commit()

    def sessions_of(self, person: Person, token: str) -> list[Session]:
        """Return where a person is signed in, the last used first; ``token`` is that of the one who asks."""
        mine = _hash(token)
        alive = (
            (sessions.c.person_id == person.id)
            & (sessions.c.seen_at >= to_stamp(self.ledger.clock.now() - self.idle))
            & (sessions.c.created_at >= to_stamp(self.ledger.clock.now() - self.absolute))
        )
        with self.ledger.read() as connection:
            rows = connection.execute(select(sessions).where(alive).order_by(sessions.c.seen_at.desc())).all()
        return [Session(row.id_hash, row.created_at, row.seen_at, row.id_hash == mine) for row in rows]

    def end_one(self, person: Person, id_hash: str) -> None:
        """End one of a person's own sign-ins, by the name under which it is kept."""
        with self.ledger.work(person.id) as work:
            mine = (sessions.c.id_hash == id_hash) & (sessions.c.person_id == person.id)
            if not work.connection.execute(sessions.delete().where(mine)).rowcount:
                raise NotFound("没有这处登录，或已结束。", "There is no such sign-in, or it has ended.")
            work.act(acts.SESSION_ENDED, "person", person.id)
            work.commit()

    def _see(self, token: str, now: datetime) -> None:
        with self.ledger.work(None) as work:
            used = sessions.update().where(sessions.c.id_hash == _hash(token)).values(seen_at=to_stamp(now))
            work.connection.execute(used)
            work.commit()

    def _end(self, token: str) -> None:
        with self.ledger.work(None) as work:
            work.connection.execute(sessions.delete().where(sessions.c.id_hash == _hash(token)))
            work.commit()

    def _hash_anew(self, person: Person, password: str) -> None:
        """Keep the password as the parameters of this version keep it."""
        hashed = self.hasher.hash(password)
        with self.ledger.work(person.id) as work:
            work.update(people, person.id, {"password_hash": hashed})
            work.act(acts.PERSON_PASSWORD_HASHED_ANEW, "person", person.id)
            work.commit()

    @cached_property
    def _decoy(self) -> str:
        return self.hasher.hash(secrets.token_hex(16))


def _storable(login: str) -> str:
    """Return a login that can be asked for; whatever no login can be is nobody's."""
    return login if login.isascii() and login.isprintable() else ""


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
