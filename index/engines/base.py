"""What every engine can do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from index.analysis import Token
from index.query import Query

DOC_ID = "doc_id"
"""Name under which a scope may list documents by their ids."""

Still = Callable[[Collection[str]], Collection[str]]


@dataclass(frozen=True)
class Document:
    """A document as an engine gets it: terms of its title and of its text, and short fields to filter by.

    ``mark`` is handed back by :meth:`Engine.marks`: it says of what state of the document these terms are.
    """

    doc_id: str
    title: Sequence[Token]
    text: Sequence[Token]
    fields: Mapping[str, str]
    mark: str = ""


@dataclass(frozen=True)
class Scope:
    """Which documents a search may find.

    ``seen`` bounds the world of the one who asks: a document is in it when for at least one field its value is among
    those named (``doc_id`` names documents one by one); ``None`` is every document. Nothing outside of it has any
    influence on what is found, in which order, and how often. ``narrowed`` keeps of that world what has these values.
    """

    seen: Mapping[str, frozenset[str]] | None = None
    narrowed: Mapping[str, str] = field(default_factory=dict)


EVERYTHING = Scope()


@dataclass(frozen=True)
class Found:
    """What was found: ``ids`` the best first, of the narrowed scope; ``all_ids`` what matched before narrowing.

    ``shares`` says for each of ``ids`` how much of the question it holds: 1 is all of it, 2 all of it in the title.
    It depends on question and document alone, so that the answers of several indexes can be put together by it.
    """

    ids: tuple[str, ...]
    all_ids: frozenset[str]
    shares: tuple[float, ...] = ()


class Engine(Protocol):
    """One index. What is added or removed is found, or gone, after :meth:`commit`. Safe to use from several threads."""

    def add(self, document: Document) -> None:
        """Add a document, or put it in the place of the one with the same id."""

    def commit(self, still: Still | None = None) -> None:
        """Make everything added so far durable and searchable.

        ``still`` is asked, once no other process can write any more, which of the waiting documents are still
        wanted: one that was purged meanwhile must not come back.
        """

    def purge(self, doc_ids: Collection[str]) -> None:
        """Remove documents and merge, so that their terms are in no file any more; can be repeated."""

    def search(self, query: Query, scope: Scope = EVERYTHING, *, strict: bool = True) -> Found:
        """Return all documents that match, in an order that depends on nothing but them, the query and the scope.

        ``strict`` wants every word of a short query, otherwise any of them is enough; phrases are always wanted,
        and what the query excludes never comes.
        """

    def near(self, word: str, scope: Scope = EVERYTHING) -> frozenset[tuple[int, str]]:
        """Return words that documents of the scope hold and that a word may be a slip for, with the distance of each.

        Nothing where some document of the scope holds the word itself.
        """

    def contains(self, doc_id: str) -> bool:
        """Say whether anything of a document is in the index, deleted or not."""

    def marks(self) -> dict[str, str]:
        """Return the marks of all documents by their ids."""

    def clear(self) -> None:
        """Remove everything, also when what is there cannot be read."""

    def count(self) -> int:
        """Return how many documents there are."""
