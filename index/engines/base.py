"""What every engine can do."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from index.analysis import Token
from index.query import Query


@dataclass(frozen=True)
class Document:
    """A document as an engine gets it: terms of its title and of its text, and short fields to filter by."""

    doc_id: str
    title: Sequence[Token]
    text: Sequence[Token]
    fields: Mapping[str, str]


class Engine(Protocol):
    """One index. What is added or removed is found, or gone, after :meth:`commit`."""

    def add(self, document: Document) -> None:
        """Add a document, or put it in the place of the one with the same id."""

    def commit(self) -> None:
        """Make everything added so far durable and searchable."""

    def purge(self, doc_ids: Collection[str]) -> None:
        """Remove documents and merge, so that their terms are in no file any more; can be repeated."""

    def search(self, query: Query, limit: int) -> list[str]:
        """Return the ids of the best documents, the best first."""

    def contains(self, doc_id: str) -> bool:
        """Say whether a document is in the index."""

    def clear(self) -> None:
        """Remove everything."""

    def count(self) -> int:
        """Return how many documents there are."""
