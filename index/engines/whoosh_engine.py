"""Whoosh as an engine: it keeps the terms it is given, and analyses nothing itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from whoosh import fields
from whoosh.analysis import Analyzer
from whoosh.analysis import Token as WhooshToken
from whoosh.index import FileIndex, LockError
from whoosh.reading import SegmentReader

from index.analysis import Token
from index.engines.base import DOC_ID, EVERYTHING, Document, Found, Scope, Still
from index.engines.homes import FolderHome, Home, SealedHome
from index.engines.whoosh_postings import FACTS, TEXT, TITLE, Memory
from index.engines.whoosh_search import fact, find, near
from index.faults import IndexBusy, IndexDamaged, IndexFault
from index.query import Query

__all__ = ["FolderHome", "SealedHome", "WhooshEngine", "schema"]

WAIT_SECONDS = 30
OPENING_TRIES = 20


class Given(str):
    """Terms dressed as text: Whoosh takes text or words without positions, and hands text on untouched."""

    tokens: Sequence[Token]

    @classmethod
    def of(cls, tokens: Sequence[Token]) -> Given:
        """Dress terms as text."""
        given = cls("given")
        given.tokens = tokens
        return given


class GivenTerms(Analyzer):
    """Hands on terms that were made before: an engine analyses nothing itself."""

    def __call__(self, value: Any, **_: Any) -> Iterator[WhooshToken]:
        """Give each term with its position."""
        token = WhooshToken(positions=True)
        for given in value.tokens:
            token.text, token.pos, token.boost, token.stopped = given.term, given.position, 1.0, False
            yield token


def schema() -> fields.Schema:
    """Return what is kept of a document."""
    terms = GivenTerms()
    return fields.Schema(
        doc_id=fields.ID(stored=True, unique=True),
        mark=fields.STORED,
        facts=fields.KEYWORD(commas=True),
        title=fields.TEXT(analyzer=terms, phrase=True),
        text=fields.TEXT(analyzer=terms, phrase=True),
    )


class WhooshEngine:
    """One Whoosh index. Searching waits for no writer."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._writing = threading.RLock()
        self._opening = threading.RLock()
        self._reading = threading.RLock()
        self._opened: tuple[FileIndex, int, Any] | None = None
        self._memory = Memory()
        self._waiting: dict[str, Document] = {}
        self._waiting_lock = threading.Lock()

    def add(self, document: Document) -> None:
        """Take a document in; it is found after :meth:`commit`."""
        with self._waiting_lock:
            self._waiting[document.doc_id] = document

    def commit(self, still: Still | None = None) -> None:
        """Write what was added; what cannot be written stays waiting."""
        with self._writing, self._waiting_lock:
            waiting = dict(self._waiting)
        if not waiting:
            return
        with self._writing, self._home.writing():
            wanted = set(waiting) if still is None else set(still(list(waiting)))
            documents = [waiting[doc_id] for doc_id in waiting if doc_id in wanted]
            if documents:
                with self._writer() as writer:
                    for document in documents:
                        writer.update_document(**_as_fields(document))
        with self._waiting_lock:
            for doc_id, document in waiting.items():
                if self._waiting.get(doc_id) is document:
                    del self._waiting[doc_id]

    def purge(self, doc_ids: Collection[str]) -> None:
        """Delete, and write anew every segment that holds a deleted document: only then are its terms out of the files."""
        with self._waiting_lock:
            for doc_id in doc_ids:
                self._waiting.pop(doc_id, None)
        with self._writing, self._home.writing():
            with self._reader() as reader:
                there = [doc_id for doc_id in doc_ids if (DOC_ID, doc_id) in reader]
            if not there:
                self._saved()  # a crash may have left files with its terms
                return
            with self._writer(mergetype=_without_the_deleted) as writer:
                for doc_id in there:
                    writer.delete_by_term(DOC_ID, doc_id)
            with self._reading:
                self._memory.forget()  # what was purged is in no memory either

    def search(self, query: Query, scope: Scope = EVERYTHING, *, strict: bool = True) -> Found:
        """Return what matches, within the scope."""
        with self._reader() as reader:
            return find(self._memory.of(reader), query, scope, strict=strict)

    def near(self, word: str, scope: Scope = EVERYTHING) -> frozenset[tuple[int, str]]:
        """Return words of the scope that a word may be a slip for."""
        with self._reader() as reader:
            return near(self._memory.of(reader), word, scope)

    def contains(self, doc_id: str) -> bool:
        """Say whether any posting of a document's id is there, deleted or not."""
        with self._reader() as reader:
            return (DOC_ID, doc_id) in reader

    def marks(self) -> dict[str, str]:
        """Return the marks of all living documents."""
        with self._reader() as reader:
            return {stored[DOC_ID]: stored.get("mark", "") for _, stored in reader.iter_docs()}

    def clear(self) -> None:
        """Remove everything."""
        with self._waiting_lock:
            self._waiting.clear()
        with self._writing, self._home.writing(), self._reading, self._opening:
            self._let_go()
            self._memory.forget()
            self._home.reset()

    def count(self) -> int:
        """Return how many documents there are."""
        with self._reader() as reader:
            return int(reader.doc_count())

    @contextmanager
    def _reader(self) -> Iterator[Any]:
        """Give a view that stays as it is while others write.

        Whoosh reads a whole segment into memory to open it, so one view serves all threads, one after the other, until
        the index has changed.
        """
        with self._reading:
            yield self._opened_reader()

    def _opened_reader(self) -> Any:
        for left in range(OPENING_TRIES, -1, -1):
            with self._opening:
                try:
                    index = self._home.open()
                    generation = index.latest_generation()
                    if self._opened is None or self._opened[:2] != (index, generation):
                        self._let_go()
                        self._opened = index, generation, index.reader()
                    return self._opened[2]
                except IndexFault:
                    raise
                except Exception as error:
                    # A writer may have put new files in the place of those that the table of contents named.
                    self._home.forget()
                    if not left:
                        raise _damaged() from error
            time.sleep(0.02)
        raise _damaged()

    def _let_go(self) -> None:
        """Close the view that has been open: what was purged from the files is then in no memory either."""
        opened, self._opened = self._opened, None
        if opened is not None:
            opened[2].close()

    @contextmanager
    def _writer(self, **how: Any) -> Iterator[Any]:
        """Write within one commit: all of it or nothing."""
        with self._opening:
            try:
                index = self._home.open()
            except IndexFault:
                raise
            except OSError as error:
                raise _damaged() from error
        writer = _writer_of(index)
        try:
            yield writer
            writer.commit(**how)
            self._saved()
        except BaseException:
            if not writer.is_closed:
                writer.cancel()
            with self._opening:
                self._home.forget()
            raise

    def _saved(self) -> None:
        with self._reading, self._opening:
            self._let_go()
            self._home.written()


def _as_fields(document: Document) -> dict[str, Any]:
    return {
        DOC_ID: document.doc_id,
        "mark": document.mark,
        FACTS: ",".join(fact(name, value) for name, value in document.fields.items()),
        TITLE: Given.of(document.title),
        TEXT: Given.of(document.text),
    }


def _without_the_deleted(writer: Any, segments: Sequence[Any]) -> list[Any]:
    """Keep the segments in which nothing is deleted; write the living documents of the others into the new one."""
    kept = []
    for segment in segments:
        if not segment.has_deletions():
            kept.append(segment)
            continue
        reader = SegmentReader(writer.storage, writer.schema, segment)
        writer.add_reader(reader)
        reader.close()
    return kept


def _writer_of(index: FileIndex) -> Any:
    try:
        return index.writer(timeout=WAIT_SECONDS, delay=0.1, limitmb=64)
    except LockError as error:
        raise IndexBusy(
            "索引正由另一进程写入，请稍后再试。", "Another process is writing the index; please try again."
        ) from error


def _damaged() -> IndexDamaged:
    return IndexDamaged(
        "索引文件无法读取，需要重建。", "The files of the index cannot be read; it has to be built again."
    )
