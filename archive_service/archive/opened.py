"""An opened archive: its services, and what concerns several of them at once."""

from __future__ import annotations

from dataclasses import dataclass

from archive_service.archive.administering import Administering
from archive_service.archive.chores import Chores
from archive_service.archive.proof import Proof
from archive_service.archive.services import Services


@dataclass(frozen=True)
class Archive(Services):
    """An opened archive with all its services."""

    @property
    def chores(self) -> Chores:
        """What recurs: the outbox, copies, the daily check, reminders, the night watch."""
        return Chores(self)

    @property
    def proof(self) -> Proof:
        """What the archive can show of itself: log, checkpoints, its parts held against each other."""
        return Proof(self)

    @property
    def administering(self) -> Administering:
        """What the administrator of the system does to keys and stores."""
        return Administering(self)
