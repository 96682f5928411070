"""Keys of receivers: put forward by one person, confirmed by another who asked the receiver; retired by either.

A receipt signed by such a key moves custody by itself, so the two people stand at the key instead of at each receipt.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.audit.notes import read_vkey
from archive_service.disposal.tables import receiver_keys
from archive_service.errors import BadInput, Conflict, NotFound
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, can, require

LONGEST_KEY = 300


@dataclass(frozen=True)
class KeyView:
    """A key of a receiver; ``may`` is what the viewer can do with it now."""

    row: Any
    may: frozenset[Action]

    @property
    def in_use(self) -> bool:
        """Whether receipts signed by it are believed."""
        return self.row.confirmed_by is not None and self.row.retired_at is None


@dataclass(frozen=True)
class ReceiverKeys:
    """Puts keys of receivers into use and out of it."""

    ledger: Ledger

    def propose(self, person: Person, receiver: str, vkey: str) -> str:
        """Put a receiver's public key forward; it counts once another person has confirmed it. Returns its id."""
        require(person, Action.TRANSFER)
        if not receiver.strip() or len(receiver) > 200:
            raise BadInput("请写明接收单位（最多 200 字）。", "Name the receiver (at most 200 characters).")
        plain = vkey.strip()
        try:
            if len(plain) > LONGEST_KEY:
                raise ValueError
            read_vkey(plain)
        except ValueError as error:
            raise BadInput(
                "这不是公钥（写法为 名称+编号+密钥，Ed25519）。",
                "This is no public key (written name+id+key, Ed25519).",
            ) from error
        key_id = uuid.uuid4().hex
        with self.ledger.work(person.id) as work:
            if work.connection.execute(select(receiver_keys.c.id).where(receiver_keys.c.vkey == plain)).first():
                raise Conflict("这把公钥已经登记过。", "This key has been entered already.")
            begun = {"proposed_at": work.at, "proposed_by": person.id}
            later = dict.fromkeys(("confirmed_at", "confirmed_by", "retired_at", "retired_by"))
            row = {"id": key_id, "receiver": receiver.strip(), "vkey": plain, **begun, **later}
            work.insert(receiver_keys, row)
            work.act(acts.RECEIVER_KEY_PROPOSED, "receiver_key", key_id)
            work.commit()
        return key_id

    def confirm(self, person: Person, key_id: str, vkey: str) -> None:
        """Confirm a key that another put forward, typed from what the receiver itself gave."""
        with self.ledger.work(person.id) as work:
            row = _locked(work, key_id)
            require(person, Action.CONFIRM_RECEIVER, Thing(hands={"key_by": frozenset({row.proposed_by})}))
            if row.confirmed_by is not None or row.retired_at is not None:
                raise Conflict("此公钥已经确认或停用。", "This key has been confirmed or retired already.")
            if vkey.strip() != row.vkey:
                raise BadInput(
                    "与登记的公钥不同。请向接收单位核实后再确认。",
                    "This is not the key that was entered; ask the receiver before you confirm it.",
                )
            work.update(receiver_keys, row.id, {"confirmed_at": work.at, "confirmed_by": person.id})
            work.act(acts.RECEIVER_KEY_CONFIRMED, "receiver_key", row.id)
            work.commit()

    def retire(self, person: Person, key_id: str) -> None:
        """Believe nothing more that a key signs; what it moved stays moved."""
        require(person, Action.TRANSFER)
        with self.ledger.work(person.id) as work:
            row = _locked(work, key_id)
            if row.retired_at is not None:
                raise Conflict("此公钥已经停用。", "This key has been retired already.")
            work.update(receiver_keys, row.id, {"retired_at": work.at, "retired_by": person.id})
            work.act(acts.RECEIVER_KEY_RETIRED, "receiver_key", row.id)
            work.commit()

    def all(self, viewer: Person) -> list[KeyView]:
        """Return every key, the newest first."""
        require(viewer, Action.SEE_DISPOSAL)
        with self.ledger.read() as connection:
            rows = connection.execute(select(receiver_keys).order_by(receiver_keys.c.proposed_at.desc())).all()
        return [KeyView(row, _may(viewer, row)) for row in rows]


def keys_in_use(connection: Connection, receiver: str) -> Sequence[Any]:
    """Return the keys whose receipts are believed for packages to this receiver."""
    wanted = select(receiver_keys).where(
        receiver_keys.c.receiver == receiver,
        receiver_keys.c.confirmed_by.is_not(None),
        receiver_keys.c.retired_at.is_(None),
    )
    return connection.execute(wanted.order_by(receiver_keys.c.id)).all()


def _may(viewer: Person, row: Any) -> frozenset[Action]:
    if row.retired_at is not None:
        return frozenset()
    hands = Thing(hands={"key_by": frozenset({row.proposed_by})})
    confirms = row.confirmed_by is None and can(viewer, Action.CONFIRM_RECEIVER, hands).allowed
    retires = can(viewer, Action.TRANSFER).allowed
    return frozenset(
        one for one, allowed in ((Action.CONFIRM_RECEIVER, confirms), (Action.TRANSFER, retires)) if allowed
    )


def _locked(work: Work, key_id: str) -> Any:
    row = work.connection.execute(
        select(receiver_keys).where(receiver_keys.c.id == key_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound("没有这把公钥。", "There is no such key.")
    return row
