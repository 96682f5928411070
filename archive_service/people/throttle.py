"""Slowing down guesses at passwords, without locking out those who know theirs.

A browser from which a login was signed in before is counted by itself: whatever others do, its owner gets in.
All others share a count for each login and one for each address. An attempt is entered before the password is
looked at, so that many at once do not slip through together.
"""

from __future__ import annotations

import hashlib
import ipaddress
import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, func, select

from archive_service.audit.ledger import Ledger
from archive_service.clock import to_stamp
from archive_service.errors import Unavailable
from archive_service.people.tables import attempts

WINDOW = timedelta(minutes=15)
MOST_FROM_DEVICE = 10
MOST_FOR_LOGIN = 10
MOST_FROM_ADDRESS = 50
"""Failed attempts within the window, before answers are withheld."""

DEVICE = "device:"
NETWORK_BITS = 64
"""Of an IPv6 address: whoever has one has the whole network of 64 bits to try from."""


@dataclass(frozen=True)
class Attempt:
    """One attempt: the login (only its hash is kept, people type passwords into that field) and where it comes from."""

    id: str
    login: str
    source: str

    @classmethod
    def of(cls, login: str, address: str, device: str | None) -> Attempt:
        """Make an attempt of what came with it."""
        source = f"{DEVICE}{device}"[:64] if device else _network(address)
        return cls(uuid.uuid4().hex, hashlib.sha256(login.encode("utf-8", "replace")).hexdigest(), source)


@dataclass(frozen=True)
class Throttle:
    """Counts attempts."""

    ledger: Ledger

    def enter(self, attempt: Attempt) -> None:
        """Enter an attempt as failed until it is forgotten; raise :class:`Unavailable` when there were too many."""
        since = to_stamp(self.ledger.clock.now() - WINDOW)
        if self._too_many(attempt, since, more=1):
            raise _withheld()  # without a write: a flood of attempts costs the disk nothing
        with self.ledger.work(None) as work:
            work.connection.execute(attempts.delete().where(attempts.c.at <= since))
            row = {"id": attempt.id, "login": attempt.login, "address": attempt.source, "at": work.at}
            work.insert(attempts, row)
            work.commit()
        if self._too_many(attempt, since):
            # What is withheld is not counted: else trying again would itself keep somebody out for ever.
            self._remove(attempts.c.id == attempt.id)
            raise _withheld()

    def forget(self, attempt: Attempt) -> None:
        """Forget the attempts of one who then knew the password: those of this login from this source."""
        self._remove((attempts.c.login == attempt.login) & (attempts.c.address == attempt.source))

    def _too_many(self, attempt: Attempt, since: str, more: int = 0) -> bool:
        same_login, same_source = attempts.c.login == attempt.login, attempts.c.address == attempt.source
        if attempt.source.startswith(DEVICE):
            limits: list[tuple[ColumnElement[bool], int]] = [(same_login & same_source, MOST_FROM_DEVICE)]
        else:
            unknown = ~attempts.c.address.startswith(DEVICE)
            limits = [(same_login & unknown, MOST_FOR_LOGIN), (same_source, MOST_FROM_ADDRESS)]
        with self.ledger.read() as connection:
            counts = [
                connection.execute(select(func.count()).where(which, attempts.c.at > since)).scalar_one()
                for which, _ in limits
            ]
        return any(count + more > most for count, (_, most) in zip(counts, limits, strict=True))

    def _remove(self, which: ColumnElement[bool]) -> None:
        with self.ledger.work(None) as work:
            work.connection.execute(attempts.delete().where(which))
            work.commit()


def _withheld() -> Unavailable:
    minutes = int(WINDOW.total_seconds() // 60)
    return Unavailable(
        f"失败次数过多，请在 {minutes} 分钟后再试。",
        f"Too many failed attempts; please try again in {minutes} minutes.",
    )


def _network(address: str) -> str:
    """Return an IPv4 address as it is, an IPv6 one as its network, anything else cut to what can be kept."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "".join(char for char in address if char.isprintable())[:64]
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), NETWORK_BITS), strict=False))
