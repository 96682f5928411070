"""Which stores may hold copies: the log knows every store that was ever taken into use, the settings only those of today.

A store that was taken out of the settings still holds what lies there. Until it is back, or a person says that it is
gone for good, nothing can be destroyed: a certificate would say that nothing is left while copies lie there.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.audit.tables import entries
from archive_service.catalog.keeping.copy_rows import WANTED
from archive_service.catalog.tables import copies
from archive_service.errors import BadInput, Conflict, NotFound, Text, Unavailable
from archive_service.people.model import Person
from archive_service.people.policy import Action, require
from archive_service.people.tables import people
from archive_service.vault import PRIMARY

FORGOTTEN_AT_ONCE = 10_000


@dataclass(frozen=True)
class GivenUp:
    """A store that is gone for good: since when (UTC), who said so, and what became of its medium."""

    name: str
    at: str
    by: str
    reason: str


def take_into_use(work: Work, places: Collection[str]) -> None:
    """Note in the log each of these stores that it does not know yet as one in use, before a copy may lie there."""
    further = set(places) - {PRIMARY}
    for name in sorted(further - _in_use(work.connection)) if further else ():
        work.act(acts.STORE_FOUNDED, "store", name)


def require_nothing_there(connection: Connection, name: str) -> None:
    """Raise ``Conflict`` if copies were made in a store of this name: an empty place would stand for the one they lie in."""
    there = select(copies.c.name).where(copies.c.place == name, copies.c.state != WANTED).limit(1)
    if name != PRIMARY and connection.execute(there).first() is not None:
        raise Conflict(
            f"存储 {name} 中已有副本，在原来的位置。请恢复其位置；介质确已报废的，先由设置中移去并运行 vault give-up-store，再重新启用。",
            f"Copies were made in the store {name}, where it lay before. Put its place back; if its medium is really gone, take "
            "it out of the settings, run vault give-up-store, and take it into use again then.",
        )


def out_of_settings(connection: Connection, configured: Collection[str]) -> list[str]:
    """Return the stores in which copies may lie and which the settings do not name any more."""
    return sorted(_in_use(connection) - set(configured))


def require_all(connection: Connection, configured: Collection[str]) -> None:
    """Raise ``Unavailable`` while a store in which copies may lie is not among the settings'."""
    away = out_of_settings(connection, configured)
    if away:
        raise Unavailable(*not_among_settings(away))


def not_among_settings(names: Collection[str]) -> Text:
    """Return what is wrong with stores that are in use and no longer in the settings, and what to do."""
    which = ", ".join(names)
    return Text(
        f"存储 {which} 中可能仍有副本，却已不在设置中；在它回到设置之前不能销毁任何档案。请恢复其设置；"
        f"介质确已报废的，由系统管理员运行 vault give-up-store 并说明去向",
        f"Copies may still lie in {which}, which the settings do not name any more; nothing can be destroyed until it is back. "
        "Put it back into the settings, or, if its medium is really gone, have the system administrator run vault "
        "give-up-store and say what became of it",
    )


def given_up(connection: Connection) -> list[GivenUp]:
    """Return the stores that are gone for good and were not taken into use again, in the order of their end."""
    ended: dict[str, GivenUp] = {}
    names = {row.id: row.name for row in connection.execute(select(people.c.id, people.c.name))}
    for row in _told(connection):
        ended.pop(row.object_id, None)
        if row.act == acts.STORE_GIVEN_UP.name:
            reason = json.loads(row.body)["detail"]["reason"]
            ended[row.object_id] = GivenUp(row.object_id, row.at, names.get(row.person_id, ""), reason)
    return list(ended.values())


def give_up(ledger: Ledger, actor: Person, name: str, reason: str, configured: Collection[str]) -> None:
    """Say that a store is gone for good and what became of its medium; its copies are no longer counted as copies.

    ``Conflict`` while the settings name it: what can be reached is emptied by destruction, not by a word.
    """
    require(actor, Action.RUN_SYSTEM)
    reason = reason.strip()
    if not reason:
        raise BadInput("请说明该存储介质的去向。", "Say what became of the store's medium.")
    if name in configured:
        raise Conflict(
            f"存储 {name} 仍在设置中。请先由设置与存放规则中移去。",
            f"The settings still name the store {name}. Take it out of settings and placement first.",
        )
    with ledger.read() as connection:
        if name not in _in_use(connection):
            raise NotFound(f"日志中没有在用的存储 {name}。", f"The log knows no store {name} in use.")
    while _forget_some(ledger, name):
        pass
    ledger.note(actor.id, acts.STORE_GIVEN_UP, "store", name, reason=reason)


def _forget_some(ledger: Ledger, name: str) -> bool:
    with ledger.work(None) as work:
        some = select(copies.c.name).where(copies.c.place == name).order_by(copies.c.name).limit(FORGOTTEN_AT_ONCE)
        last = work.connection.execute(some).scalars().all()[-1:]
        if last:
            work.connection.execute(copies.delete().where(copies.c.place == name, copies.c.name <= last[0]))
        work.commit()
    return bool(last)


def _in_use(connection: Connection) -> set[str]:
    found: set[str] = set()
    for row in _told(connection):
        (found.add if row.act == acts.STORE_FOUNDED.name else found.discard)(row.object_id)
    return found - {PRIMARY}


def _told(connection: Connection) -> list[Any]:
    wanted = entries.c.act.in_([acts.STORE_FOUNDED.name, acts.STORE_GIVEN_UP.name])
    return list(connection.execute(select(entries).where(wanted).order_by(entries.c.seq)).all())
