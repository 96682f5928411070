"""Notices to people: short sentences in their own language that name a thing by its number and never what it holds.

``tell`` enters one in the caller's own transaction; ``able`` asks the policy whom it is for. Mail goes out afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any

from sqlalchemy import Connection, func, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.clock import to_stamp
from archive_service.errors import BadInput, Text
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, can
from archive_service.people.service import person_from_row
from archive_service.people.tables import notices, people
from archive_service.people.telling import SENTENCES, tell, told_already

__all__ = ["Notices", "able", "everybody", "sentence", "tell", "told_already"]

KEPT = timedelta(days=365)
MOST_TRIES = 5
MOST_AT_ONCE = 50
LONGEST_ADDRESS = 200


def everybody(connection: Connection, at: str) -> list[Person]:
    """Return all who are not disabled, with the rights of an instant: to ask the policy whom a notice is for."""
    rows = connection.execute(select(people).where(people.c.disabled_at.is_(None)).order_by(people.c.login)).all()
    return [person_from_row(connection, row, at) for row in rows]


def able(connection: Connection, at: str, action: Action, thing: Thing | None = None) -> list[str]:
    """Return the ids of all who may do something now."""
    return [person.id for person in everybody(connection, at) if can(person, action, thing, at=at).allowed]


def sentence(row: Any) -> Text:
    """Return what a notice says, in both languages."""
    text = SENTENCES.get(row.kind, Text("{0}", "{0}"))
    return Text(text.zh.format(row.number), text.en.format(row.number))


@dataclass(frozen=True)
class Notices:
    """Shows notices to those whom they are for, and sends them by mail where an address is kept."""

    ledger: Ledger
    unit: Text

    def of(self, person: Person, limit: int = 100) -> Sequence[Any]:
        """Return a person's notices, the newest first."""
        wanted = select(notices).where(notices.c.person_id == person.id)
        with self.ledger.read() as connection:
            return connection.execute(wanted.order_by(notices.c.at.desc(), notices.c.id).limit(limit)).all()

    def unread(self, person: Person) -> int:
        """Return how many of a person's notices are not read."""
        mine = (notices.c.person_id == person.id) & notices.c.read_at.is_(None)
        with self.ledger.read() as connection:
            return connection.execute(select(func.count()).select_from(notices).where(mine)).scalar_one()

    def read(self, person: Person) -> None:
        """Mark all of a person's notices as read; clear away those of long ago."""
        old = to_stamp(self.ledger.clock.now() - KEPT)
        with self.ledger.work(person.id) as work:
            mine = notices.c.person_id == person.id
            work.connection.execute(notices.delete().where(mine, notices.c.at < old))
            unread = notices.update().where(mine, notices.c.read_at.is_(None)).values(read_at=work.at)
            work.connection.execute(unread)
            work.commit()

    def address_of(self, person: Person) -> str:
        """Return the address to which a person's notices are mailed; empty where there is none."""
        with self.ledger.read() as connection:
            found = connection.execute(select(people.c.email).where(people.c.id == person.id)).scalar_one()
        return found or ""

    def set_address(self, person: Person, address: str) -> None:
        """Keep or, where it is empty, forget one's own address."""
        plain = address.strip()
        if plain and (
            parseaddr(plain)[1] != plain or "@" not in plain or not plain.isascii() or len(plain) > LONGEST_ADDRESS
        ):
            raise BadInput("电子邮件地址不对，应写作 name@example.org。", "Write an address as name@example.org.")
        with self.ledger.work(person.id) as work:
            work.update(people, person.id, {"email": plain or None})
            work.act(acts.PERSON_ADDRESS_SET, "person", person.id)
            work.commit()

    def mail(self, send: Callable[[EmailMessage], None], sender: str) -> int:
        """Mail what is not mailed yet; return how many. What cannot be sent is tried again, a few times."""
        wanted = (
            select(notices, people.c.email, people.c.language)
            .join(people, people.c.id == notices.c.person_id)
            .where(
                notices.c.mailed_at.is_(None),
                notices.c.tries < MOST_TRIES,
                people.c.email.is_not(None),
                people.c.disabled_at.is_(None),
            )
            .order_by(notices.c.at)
            .limit(MOST_AT_ONCE)
        )
        with self.ledger.read() as connection:
            rows = connection.execute(wanted).all()
        return sum(self._mailed(row, send, sender) for row in rows)

    def _mailed(self, row: Any, send: Callable[[EmailMessage], None], sender: str) -> bool:
        message = EmailMessage()
        said = sentence(row).in_language(row.language)
        message["From"], message["To"] = sender, row.email
        message["Subject"] = f"{self.unit.in_language(row.language)}: {said}"
        message["Message-ID"] = f"<{row.id}@{sender.rpartition('@')[2]}>"
        message.set_content(said + "\n")
        try:
            send(message)
        except OSError:  # smtplib's errors among them
            done: dict[str, Any] = {"tries": row.tries + 1}
        else:
            done = {"mailed_at": self.ledger.clock.stamp()}
        with self.ledger.work(None) as work:
            work.connection.execute(notices.update().where(notices.c.id == row.id).values(**done))
            work.commit()
        return "mailed_at" in done
