"""What is remembered of a Whoosh segment while it stays as it is: who holds which term how often, and how long texts are.

Whoosh unpickles a term's postings block by block each time; a question in whole sentences asks for a hundred terms, many
of which nearly every document holds. Here each is read once. A term that few hold is kept as a table of those; one that
many hold as a row of one byte for each document, so that counting within a scope is one operation on a large number.

A segment never changes, its deletions do: what is deleted is left out by what is living, and is gone with its segment.
"""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from whoosh.codec.whoosh3 import W3LeafMatcher

from index.engines.base import DOC_ID

TITLE, TEXT, FACTS = "title", "text", "facts"
TITLE_COUNTS = 3
"""As often as this does a term of the title count, beside its once in the text."""

SATURATION, LENGTH_SHARE = 1.2, 0.75
"""k1 and b of BM25."""

USUAL_LENGTH = 1500
"""Terms of a usual text. The true mean would change with every document that nobody may see."""

MANY = 24
"""A term that one of so many documents holds is kept as a row."""

REMEMBERED_BYTES = 48 * 1024 * 1024
"""What is remembered of one segment; the longest unasked goes first."""

_Block = tuple[Sequence[int], Sequence[float]]
_NONZERO = bytes([0]) + bytes([1]) * 255


@dataclass(frozen=True)
class Row:
    """A set of documents as a row of bytes, each 0 or 1, and as the number that these bytes are."""

    flags: bytes
    number: int
    count: int

    @classmethod
    def of(cls, flags: bytes) -> Row:
        """Return the row of some flags."""
        number = int.from_bytes(flags, "little")
        return cls(flags, number, number.bit_count())

    def __and__(self, other: Row) -> Row:
        return Row.of_number(self.number & other.number, len(self.flags))

    @classmethod
    def of_number(cls, number: int, size: int) -> Row:
        """Return the row of so many documents that a number stands for."""
        return cls(number.to_bytes(size, "little"), number, number.bit_count())

    def and_also(self, docnums: Iterable[int]) -> Row:
        """Return the row with some more documents in it."""
        more = list(docnums)
        if not more:
            return self
        flags = bytearray(self.flags)
        for docnum in more:
            flags[docnum] = 1
        return Row.of(bytes(flags))

    def ids(self) -> Iterator[int]:
        """Give the numbers of the documents."""
        at = self.flags.find(1)
        while at >= 0:
            yield at
            at = self.flags.find(1, at + 1)


@dataclass(frozen=True)
class Held:
    """In which documents a term stands how often, the title counting threefold; ``titled`` are those with it in the title."""

    few: Mapping[int, int] | None
    row: bytes
    number: int
    titled: frozenset[int] | Row

    def within(self, seen: Row) -> int:
        """Return how many documents of a scope hold the term."""
        if self.few is not None:
            return sum(map(seen.flags.__getitem__, self.few))
        return (self.number & seen.number).bit_count()

    def in_title(self, docnum: int) -> bool:
        """Say whether the term stands in a document's title."""
        return docnum in self.titled if isinstance(self.titled, frozenset) else bool(self.titled.flags[docnum])

    @property
    def bytes(self) -> int:
        """About what this takes."""
        title = 60 * len(self.titled) if isinstance(self.titled, frozenset) else 2 * len(self.titled.flags)
        return 200 + (110 * len(self.few) if self.few is not None else 2 * len(self.row)) + title


class Segment:
    """One segment of an index and what is remembered of it."""

    def __init__(self, leaf: Any) -> None:
        self.leaf = leaf
        self.size = int(leaf.doc_count_all())
        self._held: OrderedDict[str, Held] = OrderedDict()
        self._docs: OrderedDict[tuple[str, str], frozenset[int]] = OrderedDict()
        self._bytes = 0
        self._doc_ids: list[str] | None = None
        self._damping: array[float] | None = None
        self.living = self._living()
        self.rows: dict[frozenset[str], Row] = {}

    def opened(self, leaf: Any) -> Segment:
        """Take the view of the segment that is open now; what was deleted meanwhile is no longer living."""
        self.leaf = leaf
        living = self._living()
        if living != self.living:
            self.living, self.rows = living, {}
        return self

    def _living(self) -> Row:
        flags = bytearray([1]) * self.size
        if self.leaf.has_deletions():
            flags = bytearray(self.size)
            for docnum in self.leaf.all_doc_ids():
                flags[docnum] = 1
        return Row.of(bytes(flags))

    @property
    def doc_ids(self) -> list[str]:
        """The ids of all documents by their numbers; of deleted ones empty."""
        if self._doc_ids is None:
            self._doc_ids = [""] * self.size
            for docnum, stored in self.leaf.iter_docs():
                self._doc_ids[docnum] = str(stored[DOC_ID])
        return self._doc_ids

    @property
    def damping(self) -> array[float]:
        """By how much the length of each document dampens what its terms are worth; a deleted one has none."""
        if self._damping is None:
            length = self.leaf.doc_field_length
            plain, share = SATURATION * (1 - LENGTH_SHARE), SATURATION * LENGTH_SHARE / USUAL_LENGTH
            self._damping = array("d", (plain + share * (length(docnum, TEXT) or 0) for docnum in range(self.size)))
        return self._damping

    def with_facts(self, facts: frozenset[str]) -> Row:
        """Return the living documents that have one of some short fields."""
        row = self.rows.get(facts)
        if row is None:
            flags = bytearray(self.size)
            for fact in facts:
                for docnum in self.docs(FACTS, fact):
                    flags[docnum] = 1
            row = self.rows[facts] = Row.of(bytes(flags)) & self.living
            if len(self.rows) > 64:
                self.rows.pop(next(iter(self.rows)))
        return row

    def docs(self, field: str, term: str) -> frozenset[int]:
        """Return the documents, deleted ones too, in which a field has a term."""
        return frozenset(docnum for ids, _ in self._blocks(field, term) for docnum in ids)

    def postings(self, field: str, term: str) -> Any:
        """Return Whoosh's own reading of a term, for the places at which it stands."""
        return self.leaf.postings(field, term) if (field, term) in self.leaf else None

    def beginning(self, letters: str) -> Iterator[str]:
        """Give the terms of texts and titles that begin so."""
        for field in (TEXT, TITLE) if letters else ():
            for term in self.leaf.expand_prefix(field, letters):
                yield term.decode("utf-8") if isinstance(term, bytes) else term

    def held(self, term: str) -> Held:
        """Return who holds a term in title or text."""
        found = self._held.get(term)
        if found is not None:
            self._held.move_to_end(term)
            return found
        found = self._held[term] = self._read(term)
        self._bytes += found.bytes
        while self._bytes > REMEMBERED_BYTES and len(self._held) > 1:
            self._bytes -= self._held.popitem(last=False)[1].bytes
        return found

    def _read(self, term: str) -> Held:
        counts: dict[int, int] = {}
        for ids, weights in self._blocks(TEXT, term):
            counts.update(zip(ids, map(int, weights), strict=True))
        titled = set()
        for ids, weights in self._blocks(TITLE, term):
            for docnum, frequency in zip(ids, weights, strict=True):
                counts[docnum] = counts.get(docnum, 0) + TITLE_COUNTS * int(frequency)
                titled.add(docnum)
        if len(counts) * MANY < self.size:
            return Held(counts, b"", 0, frozenset(titled))
        row = bytearray(self.size)
        for docnum, count in counts.items():
            row[docnum] = min(count, 255)
        heads: frozenset[int] | Row = frozenset(titled)
        if len(titled) * MANY >= self.size:
            flags = bytearray(self.size)
            for docnum in titled:
                flags[docnum] = 1
            heads = Row.of(bytes(flags))
        return Held(None, bytes(row), int.from_bytes(row.translate(_NONZERO), "little"), heads)

    def _blocks(self, field: str, term: str) -> Iterator[_Block]:
        """Give a term's documents and frequencies block by block: one by one it takes five times as long."""
        postings = self.postings(field, term)
        postings = getattr(postings, "child", postings)  # deleted documents are left out by what is living
        if isinstance(postings, W3LeafMatcher):
            while postings.is_active():
                postings.id(), postings.weight()  # reads the block
                yield postings._ids, postings._weights  # noqa: SLF001 - Whoosh has no public way to a whole block
                postings._next_block()  # noqa: SLF001
        elif postings is not None:
            while postings.is_active():
                yield (postings.id(),), (postings.weight(),)
                postings.next()


class Memory:
    """What is remembered of the segments of one index, from one opening to the next."""

    def __init__(self) -> None:
        self._segments: dict[str, Segment] = {}
        self._reader: Any = None

    def of(self, reader: Any) -> list[Segment]:
        """Return the segments of a view, with what is remembered of those that were there before; the others are forgotten."""
        if reader is self._reader:
            return list(self._segments.values())
        self._reader = reader
        before, self._segments = self._segments, {}
        every = []
        for leaf, _ in reader.leaf_readers():
            if not leaf.doc_count_all():
                continue  # an index that is still empty has no segment
            name = leaf.segment().segment_id()
            known = before.get(name)
            self._segments[name] = known.opened(leaf) if known is not None else Segment(leaf)
            every.append(self._segments[name])
        return every

    def forget(self) -> None:
        """Forget everything: what was purged is then in no memory either."""
        self._segments, self._reader = {}, None
