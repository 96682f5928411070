"""A store that does what real stores do on bad days: fails, half-writes, lies; by turns that the test chooses."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import BinaryIO

from archive_service.errors import ArchiveError, Unavailable
from archive_service.vault import LocalStore, Stored
from archive_service.vault.stores.store import Judge

Fault = Callable[[str], None]


def fail(what: str) -> None:
    raise Unavailable("测试", f"the store failed at {what}")


class FaultyStore:
    """Stands before a good store. ``before`` and ``after`` are called with each verb's name; ``bend`` changes what is read."""

    def __init__(self, inner: LocalStore) -> None:
        self.inner = inner
        self.before: Fault = lambda _: None
        self.after: Fault = lambda _: None
        self.bend: Callable[[bytes], bytes] = lambda data: data

    @property
    def place(self) -> str:
        return self.inner.place

    @property
    def locks(self) -> None: ...

    @property
    def anchors(self) -> None: ...

    def check_identity(self) -> None:
        self.before("check_identity")
        self.inner.check_identity()

    def create(
        self, name: str, chunks: Iterable[bytes], *, replace: bool = False, unless: Judge | None = None
    ) -> Stored:
        self.before("create")
        stored = self.inner.create(name, chunks, replace=replace, unless=unless)
        self.after("create")
        return stored

    def create_all(self, objects: Mapping[str, bytes], judges: Mapping[str, Judge] | None = None) -> dict[str, Stored]:
        self.before("create")
        stored = self.inner.create_all(objects, judges)
        self.after("create")
        return stored

    def claim(self, record_id: str) -> AbstractContextManager[None]:
        return self.inner.claim(record_id)

    def claim_all(self, record_ids: Iterable[str]) -> AbstractContextManager[dict[str, ArchiveError]]:
        return self.inner.claim_all(record_ids)

    def open(self, name: str) -> BinaryIO:
        self.before("open")
        with self.inner.open(name) as reader:
            return io.BytesIO(self.bend(reader.read()))

    def exists(self, name: str) -> bool:
        self.before("exists")
        return self.inner.exists(name)

    def delete(self, name: str) -> bool:
        self.before("delete")
        gone = self.inner.delete(name)
        self.after("delete")
        return gone

    def names(self, prefix: str = "") -> Iterator[str]:
        for name in self.inner.names(prefix):
            self.before("names")
            yield name

    def discard_staging(self, record_id: str) -> int:
        self.before("discard_staging")
        return self.inner.discard_staging(record_id)

    def sweep_staging(self, older_than: datetime) -> int:
        self.before("sweep_staging")
        return self.inner.sweep_staging(older_than)

    def remains(self, record_of: Mapping[str, str]) -> Mapping[str, set[str]]:
        self.before("remains")
        return self.inner.remains(record_of)
