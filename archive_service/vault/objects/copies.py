"""Copies of objects in several stores: what is missing where, and how a bad copy is made good.

The catalogue says what there must be (:class:`Wanted`); a store is only ever compared with that, never with
another store. Nothing becomes a copy whose bytes do not have the catalogue's hash: a wrong repair would
spread damage. What lies somewhere unexpectedly is told and never removed here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import BinaryIO

from archive_service.errors import BadSettings, Conflict, Damaged, NotFound, Unavailable
from archive_service.vault import names
from archive_service.vault.objects.capsule import Capsule, to_json
from archive_service.vault.pieces import from_the_medium, in_pieces, sha256_of
from archive_service.vault.stores.store import Store


class Fault(StrEnum):
    """What can be wrong with a copy."""

    MISSING = "missing"
    DAMAGED = "damaged"
    UNREACHABLE = "unreachable"
    UNEXPECTED = "unexpected"


@dataclass(frozen=True)
class Finding:
    """One thing found in one place; without a ``name`` it concerns the whole store."""

    place: str
    name: str
    fault: Fault


@dataclass(frozen=True)
class Wanted:
    """An object as the catalogue knows it: length and SHA-256 (hex) of the stored bytes, and where copies must lie."""

    name: str
    size: int
    sha256: str
    places: frozenset[str]


@dataclass(frozen=True)
class Placement:
    """Which stores hold how many copies: by class first (the longest code that fits), then by level, else ``default``.

    The first store of the vault takes every object when it is filed and stands in every answer.
    """

    primary: str
    default: tuple[str, ...] = ()
    by_level: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    by_class: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def check(self, known: Collection[str]) -> None:
        """Raise ``BadSettings`` naming every store that is spoken of and does not exist."""
        rules = {"default": self.default, **self.by_level, **self.by_class}
        faults = [
            f"placement {rule}: 没有名为 {place} 的存储 / there is no store {place}"
            for rule, places in rules.items()
            for place in places
            if place not in known
        ]
        if faults:
            raise BadSettings(faults)

    def of(self, level: str, class_code: str) -> frozenset[str]:
        """Return the stores that must hold a record of this level and class."""
        fitting = [
            code for code in self.by_class if class_code == code or class_code.startswith((code + ".", code + "-"))
        ]
        chosen = self.by_class[max(fitting, key=len)] if fitting else self.by_level.get(level, self.default)
        return frozenset({self.primary, *chosen})


def wanted_of(capsule: Capsule, places: Iterable[str], written: bytes | None = None) -> list[Wanted]:
    """Return everything that must lie in the stores of a record, from its capsule as the catalogue writes it.

    ``written`` is the capsule's JSON, where it has been made already.
    """
    where, record_id = frozenset(places), capsule.record_id
    text = written or to_json(capsule)
    found = [Wanted(names.capsule_name(record_id), len(text), hashlib.sha256(text).hexdigest(), where)]
    for one in capsule.components:
        name = names.object_name(record_id, one.component_id, one.version)
        found.append(Wanted(name, one.sealed_size, one.sealed_sha256, where))
    return sorted(found, key=lambda one: one.name)


def compare(place: str, store: Store, wanted: Iterable[Wanted]) -> Iterator[Finding]:
    """Compare one store's listing with what must be there: what is missing, and what lies there unexpectedly.

    ``wanted`` comes in the order of names. Reads no content, in constant memory whatever the number. A store
    that cannot be listed gives one finding, the last.
    """
    listed = store.names()
    try:
        there = next(listed, None)
        for one in wanted:
            while there is not None and there < one.name:
                yield Finding(place, there, Fault.UNEXPECTED)
                there = next(listed, None)
            here = there == one.name
            if here:
                there = next(listed, None)
            if here != (place in one.places):
                yield Finding(place, one.name, Fault.UNEXPECTED if here else Fault.MISSING)
        while there is not None:
            yield Finding(place, there, Fault.UNEXPECTED)
            there = next(listed, None)
    except Unavailable:
        yield Finding(place, "", Fault.UNREACHABLE)


def examine(place: str, store: Store, wanted: Wanted) -> Finding | None:
    """Read one copy to its end; ``None`` if its length and hash are what the catalogue says."""
    try:
        with store.open(wanted.name) as reader:
            from_the_medium(reader)
            good = sha256_of(reader) == wanted.sha256
    except NotFound:
        return Finding(place, wanted.name, Fault.MISSING)
    except Unavailable:
        return Finding(place, wanted.name, Fault.UNREACHABLE)
    except (Damaged, OSError):
        good = False
    return None if good else Finding(place, wanted.name, Fault.DAMAGED)


def repair(stores: Mapping[str, Store], wanted: Wanted, place: str) -> str:
    """Make the copy in one place good from another; return the place it came from.

    A copy that is good already stays. The source is hashed while it is written and gets its name only if
    the catalogue's hash came out, so a bad copy never spreads. ``Damaged`` if no other place has a good one,
    ``Unavailable`` if one that may have it, or the place itself, cannot be reached.
    """
    unreachable: Unavailable | None = None
    for source, store in stores.items():
        if source == place:
            continue
        try:
            with store.open(wanted.name) as reader:
                stores[place].create(
                    wanted.name,
                    _proved(reader, wanted),
                    replace=True,
                    unless=lambda there: sha256_of(there) == wanted.sha256,
                )
        except (NotFound, _WrongCopy, Conflict):
            continue
        except Unavailable as fault:
            unreachable = (
                unreachable or fault
            )  # the first says it: when the place itself is away, every source meets that
            continue
        return source
    if unreachable is not None:
        raise unreachable
    raise Damaged(
        "没有与目录摘要相符的副本可用于修复。",
        "No copy has the hash in the catalogue; there is nothing to repair from.",
    )


class _WrongCopy(Damaged):
    """The source of a repair is not good either."""

    def __init__(self) -> None:
        super().__init__("副本与目录摘要不符。", "A copy does not have the hash in the catalogue.")


def _proved(reader: BinaryIO, wanted: Wanted) -> Iterator[bytes]:
    """Yield a copy's bytes, and fail at its end, before it gets a name, unless they were the right ones."""
    digest, size = hashlib.sha256(), 0
    try:
        for piece in in_pieces(reader):
            digest.update(piece)
            size += len(piece)
            yield piece
    except OSError as fault:
        # The disk cannot read this copy: to whoever repairs from it, that is damage like any other.
        raise _WrongCopy from fault
    if (size, digest.hexdigest()) != (wanted.size, wanted.sha256):
        raise _WrongCopy
