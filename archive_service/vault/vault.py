"""The vault's door: put, open, describe, destroy keys, delete what is left, look again.

Order of writes: the wrapped key is durable, then the object, and only then does anybody refer to them.
Order of destruction: keys first (the only point of no return), then everything that they opened.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from typing import BinaryIO

from archive_service.errors import BadInput, Conflict, Damaged
from archive_service.vault import names, remains
from archive_service.vault.canonical import canonical
from archive_service.vault.capsule import Capsule, from_json, to_json
from archive_service.vault.keyring import Keyring
from archive_service.vault.pieces import in_pieces, sha256_of
from archive_service.vault.sealing import Entropy, clear_size, seal, seal_bytes, unseal, unseal_bytes, unseal_range
from archive_service.vault.store import Store, Stored


@dataclass(frozen=True)
class SealedObject:
    """A component as it lies in the vault; sizes in bytes, hashes SHA-256 in hex, of clear and of sealed bytes."""

    component_id: str
    version: int
    size: int
    sha256: str
    sealed_size: int
    sealed_sha256: str


class Vault:
    """Sealed components by record, component and version; each component has its own key, whose id is the component's."""

    def __init__(self, install_id: str, store: Store, keyring: Keyring, entropy: Entropy = os.urandom) -> None:
        self._install_id = install_id
        self._store = store
        self._keyring = keyring
        self._entropy = entropy

    # ---------------------------------------------------------------------------------------------------- filing

    def claim(self, record_id: str) -> AbstractContextManager[None]:
        """Be the only one who files this record, from the first ``put`` to the commit or ``discard``.

        ``Conflict`` if another process or thread does so now: two of them could replace, or discard, what
        the other one has just committed.
        """
        return self._store.claim(record_id)

    def prepare(self, wanted: Mapping[str, Collection[str]]) -> None:
        """Make the keys for many things (record id -> key ids) in one durable step; those that stand are kept.

        Saves a disk sync for each ``put`` and ``seal_small`` that follows; need not be called.
        """
        self._keyring.new_keys({key_id: record_id for record_id, key_ids in wanted.items() for key_id in key_ids})

    def put(
        self,
        record_id: str,
        component_id: str,
        version: int,
        chunks: Iterable[bytes] | BinaryIO,
        *,
        on_clear: Callable[[bytes], object] | None = None,
        max_bytes: int | None = None,
        replace: bool = False,
    ) -> SealedObject:
        """Seal a stream and store it; object and key are durable when this returns.

        The stream is read once, in constant memory; ``on_clear`` is shown every piece. ``BadInput`` when it
        grows beyond ``max_bytes``. A taken name is ``Conflict``; ``replace`` is for what a crash left
        uncommitted: the same content found again is kept, other content is replaced, there is never a
        second copy. Any error leaves what was there before.
        """
        name = names.object_name(record_id, component_id, version)
        if not replace and self._store.exists(name):
            raise Conflict("该文件已在库中。", "This file is in the vault already.")
        key, context = self._key_for(record_id, component_id), self._context(record_id, component_id, version)
        clear = _Watched(chunks, on_clear, max_bytes)

        def same(there: BinaryIO) -> bool:
            return self._clear_sha256(there, key, context) == clear.sha256

        stored = self._store.create(
            name, seal(clear, key, context, self._entropy), replace=replace, unless=same if replace else None
        )
        return SealedObject(component_id, version, clear.size, clear.sha256, stored.size, stored.sha256)

    def discard(self, record_id: str, component_ids: Iterable[str]) -> None:
        """Remove components of a record that was never committed, keys included; their ids may be used again.

        When no object of the record is left, its other keys, capsule and leftovers go too. Hold the
        record's ``claim``, and ask the catalogue first: this is not the way to destroy a record.
        """
        wanted = set(component_ids)
        for name in list(self._store.names(names.folder(record_id))):
            if names.parse(name).component_id in wanted:
                self._store.delete(name)
        if not any(names.parse(name).component_id for name in self._store.names(names.folder(record_id))):
            self._store.delete(names.capsule_name(record_id))
            wanted.update(self._keyring.key_ids(record_id))
        self._store.discard_staging(record_id)
        self._keyring.forget(wanted, record_id)

    # --------------------------------------------------------------------------------------------------- reading

    def open(self, record_id: str, component_id: str, version: int) -> Iterator[bytes]:
        """Yield the clear bytes in pieces of at most 1 MiB, each authenticated first.

        ``KeyDestroyed``, ``NotFound`` and damage at the beginning are raised at once, damage further on (a
        cut end too) while iterating: the whole is there only when the iteration ended.
        """
        key, context = self._keyring.key(component_id), self._context(record_id, component_id, version)
        reader = self._store.open(names.object_name(record_id, component_id, version))
        return _begun(reader, unseal(reader, key, context))

    def read_range(self, record_id: str, component_id: str, version: int, start: int, length: int) -> Iterator[bytes]:
        """Yield at most ``length`` clear bytes from ``start`` on; reads only the segments that they lie in."""
        key, context = self._keyring.key(component_id), self._context(record_id, component_id, version)
        reader = self._store.open(names.object_name(record_id, component_id, version))
        return _begun(reader, unseal_range(reader, key, context, start, length))

    def size(self, record_id: str, component_id: str, version: int) -> int:
        """Return the number of clear bytes, from the size of the sealed object alone."""
        with self._store.open(names.object_name(record_id, component_id, version)) as reader:
            return clear_size(reader.seek(0, os.SEEK_END))

    def check(self, record_id: str, component_id: str, version: int, sealed_sha256: str) -> None:
        """Read the sealed object and compare its hash; ``NotFound`` or ``Damaged`` if it is not what it was."""
        with self._store.open(names.object_name(record_id, component_id, version)) as reader:
            if sha256_of(reader) != sealed_sha256:
                raise Damaged("封存文件与登记的摘要不符。", "The sealed file does not have the hash that was recorded.")

    def record_ids(self) -> set[str]:
        """Return the ids of all records that anything lies here of."""
        return {names.parse(name).record_id for name in self._store.names()}

    # ----------------------------------------------------------------------------------------- descriptions, capsules

    def seal_small(self, record_id: str, key_id: str, data: bytes) -> bytes:
        """Seal a value that is kept elsewhere (a description), with the key ``key_id``, made if there is none yet."""
        key = self._key_for(record_id, key_id)
        return seal_bytes(data, key, self._small_context(record_id, key_id), self._entropy)

    def open_small(self, record_id: str, key_id: str, sealed: bytes) -> bytes:
        """Open what :meth:`seal_small` made for this record and key; ``KeyDestroyed``, ``NotFound`` or ``Damaged``."""
        return unseal_bytes(sealed, self._keyring.key(key_id), self._small_context(record_id, key_id))

    def write_capsule(self, capsule: Capsule) -> Stored:
        """Write a record's capsule, or put a new one in the place of the old in one step."""
        return self._store.create(names.capsule_name(capsule.record_id), [to_json(capsule)], replace=True)

    def read_capsule(self, record_id: str) -> Capsule:
        """Read a record's capsule; ``NotFound`` or ``Damaged``."""
        with self._store.open(names.capsule_name(record_id)) as reader:
            capsule = from_json(reader.read())
        if capsule.record_id != record_id:
            raise Damaged("封装说明不属于这一件。", "The capsule belongs to another record.")
        return capsule

    def delete_capsule(self, record_id: str) -> None:
        """Remove a record's capsule; can be repeated."""
        self._store.delete(names.capsule_name(record_id))

    # ---------------------------------------------------------------------------------------------- destruction

    def keys_of(self, record_id: str) -> list[str]:
        """Return the ids of all living keys of a record, for the plan of its destruction."""
        return self._keyring.key_ids(names.check_id(record_id))

    def destroy_keys(self, record_id: str, key_ids: Iterable[str]) -> None:
        """Destroy keys: the only point of no return. All or none; can be repeated.

        ``Conflict``, with nothing changed, if one of them belongs to another record.
        """
        self._keyring.destroy(key_ids, names.check_id(record_id))

    def delete_objects(self, record_id: str, component_ids: Collection[str] | None = None) -> None:
        """Delete every version of the components (of all of them without a list); can be repeated.

        With the last object go the capsule and what unfinished writes left. ``Conflict``, with nothing
        deleted, as long as a key is alive that opens what is to be deleted: this step destroys nothing.
        """
        there = list(self._store.names(names.folder(record_id)))
        chosen = [name for name in there if component_ids is None or names.parse(name).component_id in component_ids]
        left = [name for name in there if name not in chosen and names.parse(name).component_id]
        alive = self._keyring.keys({names.parse(name).component_id for name in chosen} - {""})
        if alive or (not left and self._keyring.key_ids(record_id)):
            raise Conflict("密钥尚未销毁，不能删除文件。", "The keys are not destroyed yet, so nothing is deleted.")
        for name in chosen:
            self._store.delete(name)
        if not left:
            # Asked for even if it is gone: a crash may have left the empty folder, which goes with it.
            self._store.delete(names.capsule_name(record_id))
            self._store.discard_staging(record_id)

    def remains(self, record_id: str, key_ids: Collection[str] = ()) -> list[str]:
        """Look, with code that shares nothing with what deletes, for anything left of a record; empty is clean.

        ``key_ids`` (of components and descriptions) are sought as well, wherever they might have strayed.
        """
        return self.remains_of({record_id: key_ids})[record_id]

    def remains_of(self, sought: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
        """Look for many records (record id -> key ids) at once: the time goes with the store's size, not with theirs."""
        record_of = {one: record_id for record_id, key_ids in sought.items() for one in (*key_ids, record_id)}
        found = remains.keys(self._keyring.path, self._install_id, record_of)
        left = self._store.remains(record_of)
        return {record_id: sorted(found.get(record_id, set()) | left.get(record_id, set())) for record_id in sought}

    # ------------------------------------------------------------------------------------------------ the inside

    def _key_for(self, record_id: str, key_id: str) -> bytes:
        """Return a key that is durable before anything is sealed with it: two writers can only come to the same one."""
        found = self._keyring.keys([key_id])
        if key_id in found:
            return found[key_id]
        return self._keyring.new_keys({key_id: record_id})[key_id]

    def _context(self, record_id: str, component_id: str, version: int) -> bytes:
        return canonical(
            {"component": component_id, "install": self._install_id, "record": record_id, "version": version}
        )

    def _small_context(self, record_id: str, key_id: str) -> bytes:
        return canonical({"install": self._install_id, "key": key_id, "record": record_id})

    def _clear_sha256(self, reader: BinaryIO, key: bytes, context: bytes) -> str | None:
        digest = hashlib.sha256()
        try:
            for piece in unseal(reader, key, context):
                digest.update(piece)
        except Damaged:
            return None
        return digest.hexdigest()


class _Watched:
    """A clear stream on its way to be sealed: counted, hashed, shown, and stopped at its ceiling."""

    def __init__(
        self, chunks: Iterable[bytes] | BinaryIO, on_clear: Callable[[bytes], object] | None, max_bytes: int | None
    ) -> None:
        self._chunks, self._on_clear, self._max_bytes = chunks, on_clear, max_bytes
        self._digest = hashlib.sha256()
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in in_pieces(self._chunks):
            self.size += len(chunk)
            if self._max_bytes is not None and self.size > self._max_bytes:
                raise BadInput(
                    f"文件超过允许的大小（{self._max_bytes} 字节）。",
                    f"The file is longer than allowed ({self._max_bytes} bytes).",
                )
            self._digest.update(chunk)
            if self._on_clear is not None:
                self._on_clear(chunk)
            yield chunk

    @property
    def sha256(self) -> str:
        """The hash of what has passed."""
        return self._digest.hexdigest()


def _begun(reader: BinaryIO, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Take the first piece now, so that what is wrong from the start is known before an answer has begun."""
    try:
        first = next(pieces, b"")
    except BaseException:
        reader.close()
        raise

    def rest() -> Iterator[bytes]:
        with closing(reader):
            if first:
                yield first
            yield from pieces

    return rest()
