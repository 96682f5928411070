"""Making the index anew beside the one that serves, and putting it in its place in one step.

Searching goes on in the old one meanwhile, and what is filed, changed or destroyed reaches the new one too. A rebuild
that is cut off leaves the old index as it was; the next one clears away what was left.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import select

from archive_service.audit.ledger import Ledger
from archive_service.catalog.tables import ARCHIVED, index_states, records
from archive_service.errors import Text
from archive_service.search.compartments import Compartments, add_to, commit_of, told_plainly
from archive_service.search.generations import Generation
from archive_service.search.settling import ask_for_pictures, note, still_archived
from archive_service.search.texts import SEALED, Prepared

log = logging.getLogger("archive_service.search")

AT_ONCE = 50
"""Records that a rebuild commits together."""

FEW_LEFT = 20
"""So few records changed meanwhile are taken over while nobody else may write."""

Progress = Callable[[int, int], None]
Prepare = Callable[[str], Prepared | None]


@dataclass
class Rebuilding:
    """One making of the index."""

    ledger: Ledger
    compartments: Compartments
    prepare: Prepare
    no_scans: Text | None = None
    """Why the words in pictures are not recognised; nothing where they are."""
    progress: Progress | None = None
    _done: dict[str, Prepared] = field(default_factory=dict)

    def run(self) -> int:
        """Make the next generation, let it serve, and note what it holds; return how many records that is."""
        with told_plainly(), self.compartments.generations.making() as new:
            since = self.ledger.clock.stamp()
            todo = self._archived()
            for start in range(0, len(todo), AT_ONCE):
                some = todo[start : start + AT_ONCE]
                self._take(new, some)
                if self.progress:
                    self.progress(start + len(some), len(todo))
            while len(changed := self._changed(since)) > FEW_LEFT:
                since = self.ledger.clock.stamp()
                self._take(new, changed)
            with self.compartments.generations.serving.held():
                self._take(new, self._changed(since))
                self.compartments.generations.put_in_place(new)
        self._note()
        return sum(one.state != SEALED for one in self._done.values())

    def _archived(self) -> list[str]:
        with self.ledger.read() as connection:
            wanted = select(records.c.id).where(records.c.status == ARCHIVED).order_by(records.c.id)
            return list(connection.execute(wanted).scalars())

    def _changed(self, since: str) -> list[str]:
        """Return what was indexed since a moment in the index that serves, and the new one does not know like that."""
        with self.ledger.read() as connection:
            wanted = select(index_states.c.record_id).where(index_states.c.at >= since)
            return list(connection.execute(wanted).scalars())

    def _take(self, new: Generation, record_ids: Sequence[str]) -> None:
        ready = [one for one in map(self.prepare, record_ids) if one is not None]
        for one in ready:
            before = self._done.get(one.record_id)
            if before is not None and before.level != one.level:
                for engine in new.engines.values():
                    engine.purge([one.record_id])
            if one.state != SEALED:
                add_to(new, one.level, one.record_id, one.words, one.text, one.fields, one.mark)
        commit_of(new, self._still)
        self._done |= {one.record_id: replace(one, words="", text="") for one in ready}

    def _still(self, record_ids: Collection[str]) -> Collection[str]:
        with self.ledger.read() as connection:
            return still_archived(connection, record_ids)

    def _note(self) -> None:
        """Note what the index holds now; what was indexed again since it serves has been noted by others."""
        held: dict[str, str] = {}
        for name in self.compartments.names:
            held |= self.compartments.marks(name)
        every = [one for one in self._done.values() if one.state == SEALED or held.get(one.record_id) == one.mark]
        for start in range(0, len(every), AT_ONCE):
            with self.ledger.work(None) as work:
                note(work, every[start : start + AT_ONCE])
                ask_for_pictures(work, every[start : start + AT_ONCE], self.no_scans)
                work.commit()
        self.compartments.generations.note()
