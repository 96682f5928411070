"""What the vault asks of a place for sealed objects: a few verbs of exact meaning.

Whatever ``create`` has returned from survives a power cut. Every verb makes sure first that it is at
the right place: the empty mount point of a missing disk is refused for writing, and is no proof that
something is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

from archive_service.errors import ArchiveError
from archive_service.vault.stores.locks import Anchors, Locks

#: looks at what stands under a name already and says whether it may stay in place of what was to be stored
Judge = Callable[[BinaryIO], bool]


@dataclass(frozen=True)
class Stored:
    """What lies in a store under a name: length in bytes and SHA-256 (hex) of the stored bytes."""

    size: int
    sha256: str


class Store(Protocol):
    """What the vault asks of a place for objects; names are those of :mod:`archive_service.vault.names`."""

    @property
    def place(self) -> str:
        """The place in one line, for people."""

    @property
    def locks(self) -> Locks | None:
        """The locks that the store keeps on files; ``None`` where it keeps none, or is not to."""

    @property
    def anchors(self) -> Anchors | None:
        """The checkpoints of the log that the store keeps; ``None`` where it keeps none."""

    def remains(self, record_of: Mapping[str, str]) -> Mapping[str, set[str]]:
        """Look for anything left of ids (id -> record id), with code that shares nothing with what deletes.

        Returns a line for each find, by record. ``Unavailable`` if it cannot look everywhere.
        """

    def check_identity(self) -> None:
        """Raise ``Unavailable`` unless this is the store of this installation."""

    def create(
        self, name: str, chunks: Iterable[bytes], *, replace: bool = False, unless: Judge | None = None
    ) -> Stored:
        """Write aside, sync, give the name; return what then lies under it.

        If the name is taken: the same bytes are success, others ``Conflict``. With ``replace`` the new
        bytes take their place, ``unless`` the judge prefers those that are there. A chunk is used before the next
        one is asked for, which may lie in its place.
        """

    def create_all(self, objects: Mapping[str, bytes], judges: Mapping[str, Judge] | None = None) -> dict[str, Stored]:
        """Store many small objects, all durable when this returns; on an error some of them may lie there.

        They take the place of what lies under their names, unless the judge of a name prefers that.
        """

    def claim(self, record_id: str) -> AbstractContextManager[None]:
        """Be the only one who writes for this record, over all processes; ``Conflict`` if someone is already."""

    def claim_all(self, record_ids: Iterable[str]) -> AbstractContextManager[dict[str, ArchiveError]]:
        """Be the only one who writes for many records; yields why it could not be had, for those that it could not."""

    def open(self, name: str) -> BinaryIO:
        """Open for reading, seekable; ``NotFound`` if there is none."""

    def exists(self, name: str) -> bool:
        """Say whether something lies under this name."""

    def delete(self, name: str) -> bool:
        """Remove durably, its keys being gone: also what a lock of the store holds, where the right to pass it is given.

        What is gone already is success (and answers ``False``); ``Conflict`` if the store refuses.
        """

    def names(self, prefix: str = "") -> Iterator[str]:
        """Yield the names that begin with ``prefix``, in order."""

    def discard_staging(self, record_id: str) -> int:
        """Remove what unfinished writes for this record have left; the count."""

    def sweep_staging(self, older_than: datetime) -> int:
        """Remove what unfinished writes have left and nobody touched since ``older_than``; the count."""
