"""Whoosh as an engine: in a folder for open compartments, in memory and sealed at rest for confidential ones."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from whoosh import fields
from whoosh import query as wq
from whoosh.analysis import Analyzer
from whoosh.analysis import Token as WhooshToken
from whoosh.filedb.filestore import FileStorage
from whoosh.index import EmptyIndexError, FileIndex, LockError
from whoosh.writing import CLEAR

from index.analysis import Token, stem
from index.engines.base import Document
from index.faults import IndexBusy
from index.highlight import phrase_terms
from index.query import Query
from index.storage import MemoryStorage

WAIT_SECONDS = 30
TITLE_WEIGHT = 2.5


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


def _schema() -> fields.Schema:
    terms = GivenTerms()
    return fields.Schema(
        doc_id=fields.ID(stored=True, unique=True),
        title=fields.TEXT(analyzer=terms, phrase=True),
        text=fields.TEXT(analyzer=terms, phrase=True),
    )


class _Home(Protocol):
    """Where an index lives."""

    def open(self) -> FileIndex:
        """Return the index as it is now, also when another process has changed it."""

    def writing(self) -> Any:
        """Keep other processes from writing, as a context."""

    def written(self) -> None:
        """Make durable what was committed."""


class WhooshEngine:
    """One Whoosh index. Safe to use from several threads."""

    def __init__(self, home: _Home) -> None:
        self._home = home
        self._lock = threading.RLock()
        self._waiting: dict[str, Document] = {}

    def add(self, document: Document) -> None:
        """Take a document in; it is found after :meth:`commit`."""
        with self._lock:
            self._waiting[document.doc_id] = document

    def commit(self) -> None:
        """Write what was added."""
        with self._lock:
            if not self._waiting:
                return
            waiting, self._waiting = self._waiting, {}
            with self._home.writing():
                writer = _writer(self._home.open())
                for document in waiting.values():
                    writer.update_document(
                        doc_id=document.doc_id, title=Given.of(document.title), text=Given.of(document.text)
                    )
                writer.commit()
                self._home.written()

    def purge(self, doc_ids: Collection[str]) -> None:
        """Delete and merge everything into one segment: only then are a deleted document's terms out of the files."""
        with self._lock:
            for doc_id in doc_ids:
                self._waiting.pop(doc_id, None)
            with self._home.writing():
                index = self._home.open()
                with index.reader() as reader:
                    if index.is_empty() and not reader.doc_count_all():
                        return
                writer = _writer(index)
                for doc_id in doc_ids:
                    writer.delete_by_term("doc_id", doc_id)
                writer.commit(optimize=True)
                self._home.written()

    def search(self, query: Query, limit: int) -> list[str]:
        """Return the ids of the best documents."""
        if query.empty:
            return []
        with self._lock, self._home.open().searcher() as searcher:
            found = searcher.search(_tree(query, strict=not query.any_word), limit=limit)
            if not len(found) and not query.any_word:
                found = searcher.search(_tree(query, strict=False), limit=limit)
            return [hit["doc_id"] for hit in found]

    def contains(self, doc_id: str) -> bool:
        """Say whether any posting of a document's id is there, deleted or not."""
        with self._lock, self._home.open().reader() as reader:
            return ("doc_id", doc_id) in reader

    def clear(self) -> None:
        """Remove everything."""
        with self._lock:
            self._waiting.clear()
            with self._home.writing():
                _writer(self._home.open()).commit(mergetype=CLEAR)
                self._home.written()

    def count(self) -> int:
        """Return how many documents there are."""
        with self._lock:
            return int(self._home.open().doc_count())


class FolderHome:
    """An index in a folder of its own, which nobody else may write to: Whoosh unpickles its schema from there."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        self._storage = FileStorage(str(folder))
        self._index: FileIndex | None = None

    def open(self) -> FileIndex:
        """Open the index, or make it; a newer generation of another process is seen."""
        if self._index is None:
            try:
                self._index = self._storage.open_index()
            except EmptyIndexError:
                self._index = self._storage.create_index(_schema())
        elif not self._index.up_to_date():
            self._index = self._index.refresh()
        return self._index

    def writing(self) -> Any:
        """Whoosh's own lock keeps others away."""
        return _NoLock()

    def written(self) -> None:
        """Read anew the next time."""
        self._index = None


class SealedHome:
    """An index in memory. ``load`` gives the packed bytes (or nothing), ``save`` seals and keeps them.

    ``version`` changes when another process has saved; ``lock`` keeps it from saving meanwhile.
    """

    def __init__(
        self,
        load: Callable[[], bytes | None],
        save: Callable[[bytes], None],
        version: Callable[[], object],
        lock: Callable[[], Any],
    ) -> None:
        self._load, self._save, self._version, self.writing = load, save, version, lock
        self._seen: object = None
        self._storage: MemoryStorage | None = None
        self._index: FileIndex | None = None

    def open(self) -> FileIndex:
        """Return the index, loaded again when another process has saved since."""
        now = self._version()
        if self._index is None or now != self._seen:
            packed = self._load()
            self._storage = MemoryStorage.unpack(packed) if packed else MemoryStorage()
            self._index = self._storage.open_index() if packed else self._storage.create_index(_schema())
            self._seen = now
        elif not self._index.up_to_date():
            self._index = self._index.refresh()
        return self._index

    def written(self) -> None:
        """Seal and keep what is in memory."""
        assert self._storage is not None
        self._save(self._storage.pack())
        self._seen = self._version()
        self._index = None if self._index is None else self._index.refresh()


class _NoLock:
    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None


def _writer(index: FileIndex) -> Any:
    try:
        return index.writer(timeout=WAIT_SECONDS, delay=0.1, limitmb=64)
    except LockError as error:
        raise IndexBusy(
            "索引正由另一进程写入，请稍后再试。", "Another process is writing the index; please try again."
        ) from error


def _tree(query: Query, *, strict: bool) -> wq.Query:
    wanted = [_unit(word) for word in query.words]
    must = [_unit(phrase) for phrase in query.phrases]
    parts: list[wq.Query] = list(must)
    if wanted:
        # A short question means all its words; of a long one most are talk, and what matters ranks first.
        everything = strict and len(wanted) <= 3
        parts.append(wq.And(wanted) if everything else wq.Or(wanted))
    tree: wq.Query = wq.And(parts) if len(parts) > 1 else parts[0]
    if query.excluded:
        tree = wq.AndNot(tree, wq.Or([_unit(word) for word in query.excluded]))
    return tree


def _unit(text: str) -> wq.Query:
    return wq.Or([_in_field("text", text), _in_field("title", text, TITLE_WEIGHT)])


def _in_field(field: str, text: str, boost: float = 1.0) -> wq.Query:
    terms = [term for term, _ in phrase_terms(text)] or [stem(text)]
    if len(terms) == 1:
        return wq.Term(field, terms[0], boost=boost)
    return wq.Phrase(field, terms, boost=boost)
