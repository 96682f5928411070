"""Compartments: the open levels share one plain index; each confidential level has its own, sealed at rest.

A sealed index is in clear in memory only. At rest it is one file, sealed with a key of its own generation;
each saving takes a new key and destroys the old one, so that no older copy of the file can be opened again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from archive_service.errors import Damaged, Unavailable
from archive_service.people.model import OPEN_LEVELS
from archive_service.search.generations import OPEN, Generation, Generations
from archive_service.vault import Vault
from index.analysis import analyse
from index.engines.base import Document, Found, Scope, Still
from index.faults import IndexDamaged, IndexFault
from index.query import Query


class Compartments:
    """All indexes of the archive."""

    def __init__(self, folder: Path, vault: Vault) -> None:
        self.generations = Generations(folder, vault)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all compartments."""
        return tuple(self.generations.serving.engines)

    @property
    def generation(self) -> str:
        """What changes when another index has taken the place of this one."""
        return self.generations.serving.name

    def levels(self, name: str) -> frozenset[str]:
        """Return the levels whose records a compartment holds."""
        return frozenset(OPEN_LEVELS) if name == OPEN else frozenset({name})

    def name_of(self, level: str) -> str | None:
        """Return the name of the compartment of a level; none for a level that is never indexed."""
        return name_in(self.generations.serving, level)

    def add(self, level: str, record_id: str, title: str, text: str, fields: dict[str, str], mark: str) -> None:
        """Take a record into the compartment of its level; it is found after :meth:`commit`."""
        add_to(self.generations.serving, level, record_id, title, text, fields, mark)

    def commit(self, still: Still | None = None) -> None:
        """Make everything added durable and searchable, as far as ``still`` says that it is still wanted."""
        commit_of(self.generations.serving, still)

    def search(self, name: str, query: Query, scope: Scope, *, strict: bool) -> Found:
        """Return what one compartment holds of the answer."""
        with told_plainly():
            return self.generations.serving.engines[name].search(query, scope, strict=strict)

    def near(self, name: str, word: str, scope: Scope) -> frozenset[tuple[int, str]]:
        """Return words of a scope that a word typed amiss may mean, each with how far it is from it."""
        with told_plainly():
            return self.generations.serving.engines[name].near(word, scope)

    def purge_elsewhere(self, level: str, record_ids: Collection[str]) -> None:
        """Remove records of a level from every compartment that is not theirs, where a change of level left them."""
        with told_plainly():
            for name, engine in self.generations.serving.engines.items():
                strays = [one for one in record_ids if name != self.name_of(level) and engine.contains(one)]
                if strays:
                    engine.purge(strays)

    def remove(self, name: str, record_ids: Collection[str]) -> None:
        """Remove records from one compartment and write anew what held their terms; can be repeated."""
        with told_plainly():
            for generation in self.generations.all:
                generation.engines[name].purge(record_ids)

    def remains(self, record_id: str) -> list[str]:
        """Return the compartments in which anything of a record is left."""
        with told_plainly():
            every = [pair for generation in self.generations.all for pair in generation.engines.items()]
            return list(dict.fromkeys(f"index/{name}" for name, engine in every if engine.contains(record_id)))

    def marks(self, name: str) -> dict[str, str]:
        """Return which state of which record a compartment stands for."""
        with told_plainly():
            return self.generations.serving.engines[name].marks()

    def count(self) -> int:
        """Return how many records are in all compartments together."""
        with told_plainly():
            return sum(engine.count() for engine in self.generations.serving.engines.values())

    def clear(self, name: str | None = None) -> None:
        """Empty one compartment, or all of them."""
        with told_plainly():
            engines = self.generations.serving.engines
            for engine in engines.values() if name is None else [engines[name]]:
                engine.clear()


def name_in(generation: Generation, level: str) -> str | None:
    """Return the name of the compartment of a level in a generation of the index."""
    name = OPEN if level in OPEN_LEVELS else level
    return name if name in generation.engines else None


def add_to(
    generation: Generation, level: str, record_id: str, title: str, text: str, fields: dict[str, str], mark: str
) -> None:
    """Take a record into the compartment of its level in a generation of the index."""
    name = name_in(generation, level)
    if name is not None:
        generation.engines[name].add(Document(record_id, analyse(title), analyse(text), fields, mark))


def commit_of(generation: Generation, still: Still | None) -> None:
    """Make everything that was added to a generation durable."""
    with told_plainly():
        for engine in generation.engines.values():
            engine.commit(still)


@contextmanager
def told_plainly() -> Iterator[None]:
    """Turn what the index says into the service's own family of errors."""
    try:
        yield
    except IndexDamaged as fault:
        raise Damaged(fault.zh, fault.en) from fault
    except IndexFault as fault:
        raise Unavailable(fault.zh, fault.en) from fault
