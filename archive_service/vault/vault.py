"""The vault's door: put, open, describe, destroy keys, delete what is left, look again.

Order of writes: the wrapped key is durable, then the object, and only then does anybody refer to them.
Order of destruction: keys first (the only point of no return), then everything that they opened.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from archive_service.errors import ArchiveError, Conflict, Damaged, NotFound, Unavailable
from archive_service.vault import names
from archive_service.vault.canonical import canonical
from archive_service.vault.keys.keyring import Keyring
from archive_service.vault.objects.capsule import Capsule, from_json, to_json
from archive_service.vault.objects.copies import Fault, Finding, Placement, Wanted, compare, examine, repair, wanted_of
from archive_service.vault.objects.sealing import (
    Entropy,
    clear_size,
    seal_bytes,
    seal_in_passing,
    unseal,
    unseal_bytes,
    unseal_range,
)
from archive_service.vault.objects.watched import Watched
from archive_service.vault.pieces import sha256_of
from archive_service.vault.stores import remains
from archive_service.vault.stores.locks import Anchors, Locks
from archive_service.vault.stores.store import Judge, Store, Stored

#: the name of the store that takes what is filed
PRIMARY = "primary"
#: more clear bytes than any object has
_ALL = 1 << 62


@dataclass(frozen=True)
class SealedObject:
    """A component as it lies in the vault; sizes in bytes, hashes SHA-256 in hex, of clear and of sealed bytes."""

    component_id: str
    version: int
    size: int
    sha256: str
    sealed_size: int
    sealed_sha256: str


@dataclass(frozen=True)
class Small:
    """A file that is held in memory whole, on its way into the vault together with others."""

    record_id: str
    component_id: str
    data: bytes
    version: int = 1


class Vault:
    """Sealed components by record, component and version; each component has its own key, whose id is the component's."""

    def __init__(
        self,
        install_id: str,
        store: Store,
        keyring: Keyring,
        entropy: Entropy = os.urandom,
        *,
        copies: Mapping[str, Store] | None = None,
        placement: Placement | None = None,
        on_finding: Callable[[Finding], object] | None = None,
    ) -> None:
        """Join the parts. ``store`` takes what is filed; ``copies`` are further stores by name, filled by ``placement``.

        Reading goes on in the next store when one is away or its copy is bad; ``on_finding`` is told of it.
        """
        self._install_id = install_id
        self._store = store
        self._stores = {PRIMARY: store, **(copies or {})}
        if len(self._stores) != 1 + len(copies or {}):
            raise ValueError(f"no further store can be called {PRIMARY}")
        self._placement = placement or Placement(PRIMARY)
        self._placement.check(self._stores)
        self._keyring = keyring
        self._entropy = entropy
        self._on_finding = on_finding or (lambda _: None)

    @property
    def stores(self) -> Mapping[str, Store]:
        """All stores by name, the first one being where things are filed; for comparing and sweeping only."""
        return dict(self._stores)

    # ---------------------------------------------------------------------------------------------------- filing

    def claim(self, record_id: str) -> AbstractContextManager[None]:
        """Be the only one who files this record, from the first ``put`` to the commit or ``discard``.

        ``Conflict`` if another process or thread does so now: two of them could replace, or discard, what
        the other one has just committed.
        """
        return self._store.claim(record_id)

    def claim_all(self, record_ids: Iterable[str]) -> AbstractContextManager[dict[str, ArchiveError]]:
        """Claim many records; yields the reason for each of them that is not ours now."""
        return self._store.claim_all(record_ids)

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
        clear = Watched(chunks, on_clear, max_bytes)

        def same(there: BinaryIO) -> bool:
            return self._clear_sha256(there, key, context) == clear.sha256

        stored = self._store.create(
            name, seal_in_passing(clear, key, context, self._entropy), replace=replace, unless=same if replace else None
        )
        return SealedObject(component_id, version, clear.size, clear.sha256, stored.size, stored.sha256)

    def put_all(self, files: Sequence[Small]) -> list[SealedObject]:
        """Seal small files and store them together; all are durable when this returns, as if each had been ``put``.

        What a crash left uncommitted under their names is replaced, as with ``put(replace=True)``. On an error some
        of them may lie there.
        """
        if not files:
            return []
        keys = self._keys_for({one.component_id: one.record_id for one in files})
        objects: dict[str, bytes] = {}
        judges: dict[str, Judge] = {}
        hashes = [hashlib.sha256(one.data).hexdigest() for one in files]
        places = [names.object_name(one.record_id, one.component_id, one.version) for one in files]
        for one, name, sha256 in zip(files, places, hashes, strict=True):
            key, context = keys[one.component_id], self._context(one.record_id, one.component_id, one.version)
            objects[name] = seal_bytes(one.data, key, context, self._entropy)
            judges[name] = self._same(key, context, sha256)
        stored = self._store.create_all(objects, judges)
        return [
            SealedObject(one.component_id, one.version, len(one.data), sha256, stored[name].size, stored[name].sha256)
            for one, name, sha256 in zip(files, places, hashes, strict=True)
        ]

    def _same(self, key: bytes, context: bytes, sha256: str) -> Judge:
        """Return what says of a sealed object whether it holds the same clear bytes."""
        return lambda there: self._clear_sha256(there, key, context) == sha256

    def discard(self, record_id: str, component_ids: Iterable[str]) -> None:
        """Remove components of a record that was never committed, keys included; their ids may be used again.

        When no object of the record is left, its other keys, capsule and leftovers go too. Hold the
        record's ``claim``, and ask the catalogue first: this is not the way to destroy a record.
        """
        wanted = set(component_ids)
        there = self._names_of(record_id)
        chosen = [name for name in there if names.parse(name).component_id in wanted]
        if all(name in chosen for name in there if names.parse(name).component_id):
            chosen.append(names.capsule_name(record_id))
            wanted.update(self._keyring.key_ids(record_id))
        self._everywhere(lambda store: _delete(store, chosen, record_id))
        self._keyring.forget(wanted, record_id)

    # --------------------------------------------------------------------------------------------------- reading

    def open(self, record_id: str, component_id: str, version: int) -> Iterator[bytes]:
        """Yield the clear bytes in pieces of at most 1 MiB, each authenticated first.

        ``KeyDestroyed``, ``NotFound`` and damage at the beginning are raised at once, damage further on (a
        cut end too) while iterating: the whole is there only when the iteration ended.
        """
        key, context = self._keyring.key(component_id), self._context(record_id, component_id, version)

        def clear(reader: BinaryIO, done: int) -> Iterator[bytes]:
            return unseal_range(reader, key, context, done, _ALL) if done else unseal(reader, key, context)

        return _begun(self._pieces(names.object_name(record_id, component_id, version), clear))

    def read_range(self, record_id: str, component_id: str, version: int, start: int, length: int) -> Iterator[bytes]:
        """Yield at most ``length`` clear bytes from ``start`` on; reads only the segments that they lie in."""
        key, context = self._keyring.key(component_id), self._context(record_id, component_id, version)

        def clear(reader: BinaryIO, done: int) -> Iterator[bytes]:
            return unseal_range(reader, key, context, start + done, length - done)

        return _begun(self._pieces(names.object_name(record_id, component_id, version), clear))

    def size(self, record_id: str, component_id: str, version: int) -> int:
        """Return the number of clear bytes, from the size of the sealed object alone."""
        with self._store.open(names.object_name(record_id, component_id, version)) as reader:
            return clear_size(reader.seek(0, os.SEEK_END))

    def check(self, record_id: str, component_id: str, version: int, sealed_sha256: str) -> None:
        """Read the sealed object and compare its hash; ``NotFound`` or ``Damaged`` if it is not what it was."""
        with self._store.open(names.object_name(record_id, component_id, version)) as reader:
            if sha256_of(reader) != sealed_sha256:
                raise Damaged("封存文件与登记的摘要不符。", "The sealed file does not have the hash that was recorded.")

    def record_ids(self, *, everywhere: bool = False) -> set[str]:
        """Return the ids of all records that anything lies here of; ``everywhere``: in any store that can be reached."""
        found = {names.parse(name).record_id for name in self._store.names()}
        for store in list(self._stores.values())[1:] if everywhere else ():
            with suppress(Unavailable):
                found.update(names.parse(name).record_id for name in store.names())
        return found

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

    def write_capsules(self, capsules: Sequence[Capsule]) -> list[list[Wanted]]:
        """Write many capsules together and return of each what :meth:`wanted` tells; on an error some may be written."""
        written = [to_json(one) for one in capsules]
        self._store.create_all(
            {names.capsule_name(one.record_id): text for one, text in zip(capsules, written, strict=True)}
        )
        return [
            wanted_of(one, self.places(one.level, one.class_code), text)
            for one, text in zip(capsules, written, strict=True)
        ]

    def read_capsule(self, record_id: str) -> Capsule:
        """Read a record's capsule from the first store that has a good one; ``NotFound`` or ``Damaged``."""
        faults = list[ArchiveError]()
        for store in self._stores.values():
            try:
                with store.open(names.capsule_name(record_id)) as reader:
                    capsule = from_json(reader.read())
                if capsule.record_id == record_id:
                    return capsule
                raise Damaged("封装说明不属于这一件。", "The capsule belongs to another record.")
            except (NotFound, Damaged, Unavailable) as fault:
                faults.append(fault)
        raise max(faults, key=_weight)

    def delete_capsule(self, record_id: str) -> None:
        """Remove a record's capsule; can be repeated."""
        self._everywhere(lambda store: store.delete(names.capsule_name(record_id)))

    # ------------------------------------------------------------------------------------------------------ copies

    def wanted(self, capsule: Capsule) -> list[Wanted]:
        """Return every object of a record and where it must lie, its capsule among them."""
        return wanted_of(capsule, self.places(capsule.level, capsule.class_code))

    def places(self, level: str, class_code: str) -> frozenset[str]:
        """Return the names of the stores that must hold a record of this level and class."""
        return self._placement.of(level, class_code)

    def examine(self, place: str, wanted: Wanted) -> Finding | None:
        """Read one copy to its end; ``None`` if it is what it should be."""
        return examine(place, self._stores[place], wanted)

    def compare(self, place: str, wanted: Iterable[Wanted]) -> Iterator[Finding]:
        """Hold the listing of one store against what must lie there, in the order of names; reads no content."""
        return compare(place, self._stores[place], wanted)

    def locks(self) -> dict[str, Locks]:
        """Return the stores that keep locks on files, by name."""
        return {name: store.locks for name, store in self._stores.items() if store.locks is not None}

    def anchors(self) -> dict[str, Anchors]:
        """Return the stores that keep checkpoints of the log, by name."""
        return {name: store.anchors for name, store in self._stores.items() if store.anchors is not None}

    def sweep_staging(self, older_than: datetime) -> int:
        """Remove what unfinished writes have left in any store that can be reached; the count."""
        count = 0
        for store in self._stores.values():
            with suppress(Unavailable):
                count += store.sweep_staging(older_than)
        return count

    def replicate(self, wanted: Wanted) -> list[str]:
        """Bring a copy to every place that must have one and has none that is good; the places that got one.

        Can be stopped and repeated anywhere. What was destroyed meanwhile is not brought back: keys are
        destroyed before objects are deleted, so a copy made too late finds its key destroyed, and goes again. (The
        capsule goes by the record's own id, which every destruction names among its keys.)
        """
        parts = names.parse(wanted.name)
        key_id = parts.component_id or parts.record_id
        made = []
        for place in sorted(wanted.places & self._stores.keys()):
            if self._keyring.destroyed_at(key_id) is not None:
                break
            if examine(place, self._stores[place], wanted) is not None:
                repair(self._stores, wanted, place)
                made.append(place)
        if self._keyring.destroyed_at(key_id) is not None:
            # Only what was made here, and only for a key that was destroyed: one that is merely missing may come back.
            for place in made:
                self._stores[place].delete(wanted.name)
            return []
        return made

    # ---------------------------------------------------------------------------------------------- destruction

    def living_keys(self) -> dict[str, str]:
        """Return all keys that are there, each with its owner: a record, or what else keeps things sealed."""
        return self._keyring.owners()

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
        there = self._names_of(record_id)
        chosen = [name for name in there if component_ids is None or names.parse(name).component_id in component_ids]
        left = [name for name in there if name not in chosen and names.parse(name).component_id]
        alive = self._keyring.keys({names.parse(name).component_id for name in chosen} - {""})
        if alive or (not left and self._keyring.key_ids(record_id)):
            raise Conflict("密钥尚未销毁，不能删除文件。", "The keys are not destroyed yet, so nothing is deleted.")
        if left:
            self._everywhere(lambda store: [store.delete(name) for name in chosen])
        else:
            # The capsule is asked for even if it is gone: a crash may have left the empty folder, which goes with it.
            self._everywhere(lambda store: _delete(store, [*chosen, names.capsule_name(record_id)], record_id))

    def remains(self, record_id: str, key_ids: Collection[str] = ()) -> list[str]:
        """Look, with code that shares nothing with what deletes, for anything left of a record; empty is clean.

        ``key_ids`` (of components and descriptions) are sought as well, wherever they might have strayed.
        """
        return self.remains_of({record_id: key_ids})[record_id]

    def remains_of(self, sought: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
        """Look for many records (record id -> key ids) at once: the time goes with the store's size, not with theirs."""
        record_of = {one: record_id for record_id, key_ids in sought.items() for one in (*key_ids, record_id)}
        found = remains.keys(self._keyring.path, self._install_id, record_of)
        for place, store in self._stores.items():
            for record_id, lines in store.remains(record_of).items():
                found[record_id] |= lines if place == PRIMARY else {f"{place}: {line}" for line in lines}
        return {record_id: sorted(found.get(record_id, set())) for record_id in sought}

    # ------------------------------------------------------------------------------------------------ the inside

    def _pieces(self, name: str, clear: Callable[[BinaryIO, int], Iterator[bytes]]) -> Iterator[bytes]:
        """Yield clear bytes from the first store that has them; where its copy fails, go on in the next from there."""
        done, faults = 0, list[ArchiveError]()
        for place, store in self._stores.items():
            try:
                with store.open(name) as reader:
                    for piece in clear(reader, done):
                        done += len(piece)
                        yield piece
                return
            except (NotFound, Damaged, Unavailable) as fault:
                faults.append(fault)
                self._on_finding(Finding(place, name, _fault_of(fault)))
        raise max(faults, key=_weight)

    def _names_of(self, record_id: str) -> list[str]:
        """Return the names of everything that lies of a record in any store."""
        return sorted({name for store in self._stores.values() for name in store.names(names.folder(record_id))})

    def _everywhere(self, act: Callable[[Store], object]) -> None:
        """Do something in every store, also when one of them fails; then raise what the first failure was."""
        faults = []
        for store in self._stores.values():
            try:
                act(store)
            except ArchiveError as fault:
                faults.append(fault)
        if faults:
            raise faults[0]

    def _key_for(self, record_id: str, key_id: str) -> bytes:
        """Return a key that is durable before anything is sealed with it: two writers can only come to the same one."""
        return self._keys_for({key_id: record_id})[key_id]

    def _keys_for(self, wanted: Mapping[str, str]) -> dict[str, bytes]:
        """Return keys (key id -> record id), those made that are not there."""
        found = self._keyring.keys(wanted)
        missing = {key_id: record_id for key_id, record_id in wanted.items() if key_id not in found}
        return {**found, **(self._keyring.new_keys(missing) if missing else {})}

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


def _begun(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Take the first piece now, so that what is wrong from the start is known before an answer has begun."""
    first = next(pieces, b"")

    def rest() -> Iterator[bytes]:
        if first:
            yield first
        yield from pieces

    return rest()


def _delete(store: Store, chosen: Iterable[str], record_id: str) -> None:
    for name in chosen:
        store.delete(name)
    store.discard_staging(record_id)


def _fault_of(fault: ArchiveError) -> Fault:
    if isinstance(fault, NotFound):
        return Fault.MISSING
    return Fault.DAMAGED if isinstance(fault, Damaged) else Fault.UNREACHABLE


def _weight(fault: ArchiveError) -> int:
    """Of several failures tell the one that says most: what is away may be whole, what was nowhere found is not there."""
    return 2 if isinstance(fault, Unavailable) else 1 if isinstance(fault, Damaged) else 0
