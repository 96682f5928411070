"""Locks that a store itself keeps on sealed files, so that not even who may write there can remove them early.

A lock only ever grows: its date moves later, never earlier. What removes a file before its date is destruction alone,
which comes after the key is gone. A legal hold is lifted only by who placed it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from archive_service.errors import Text


@dataclass(frozen=True)
class Lock:
    """What a store keeps of a file: until when it may not be removed, and whether a legal hold stands on it."""

    until: datetime | None = None
    held: bool = False


class Locks(Protocol):
    """What the vault asks of a store that keeps locks; names are those of :mod:`archive_service.vault.names`.

    Each verb reads back what the store then keeps: ``Unavailable`` if that is not what was asked.
    """

    def kept(self, name: str) -> Lock:
        """Return what stands on a file now; ``NotFound`` if there is none."""

    def extend(self, name: str, until: datetime) -> None:
        """See to it that a file stays at least until then; a longer lock stays as it is."""

    def hold(self, name: str, on: bool) -> None:
        """Place a legal hold, or lift it."""

    def troubles(self) -> list[Text]:
        """Say what keeps the store from locking as it is meant to, each with what to do; empty is fit."""


class Anchors(Protocol):
    """What the vault asks of a store that keeps checkpoints of the log, locked against everybody."""

    def keep(self, size: int, note: str, now: datetime) -> bool:
        """Write a checkpoint of a log of ``size`` entries once; say whether it was new. Read back like a lock."""

    def beyond(self, size: int) -> list[str]:
        """Return the checkpoints that lie here of logs longer than ``size`` entries."""
