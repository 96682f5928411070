"""Several stores: reading goes on where one fails, repair never spreads damage, destruction reaches them all."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from archive_service.errors import BadSettings, Damaged, NotFound, Unavailable
from archive_service.vault import Fault, Finding, KeyDestroyed, Keyring, LocalStore, Placement, Vault, Wanted, wanted_of
from archive_service.vault.objects.capsule import CapsuleComponent
from archive_service.vault.objects.copies import compare, examine, repair
from archive_service.vault.objects.sealing import SEGMENT_BYTES
from tests.archive_service.vault.conftest import INSTALL
from tests.archive_service.vault.faulty_store import FaultyStore, fail
from tests.archive_service.vault.objects.test_capsule import OPEN
from tests.contracts.vault_suite import COMPONENT, NAME, RECORD

CLEAR = random.Random(4).randbytes(3 * SEGMENT_BYTES + 11)
PLACES = frozenset({"primary", "b", "c"})


class World:
    """A vault over three stores, with one record in the first."""

    def __init__(self, folder: Path, keyring: Keyring) -> None:
        self.a, self.b, self.c = (FaultyStore(LocalStore.create_at(folder / one, INSTALL)) for one in "abc")
        self.findings: list[Finding] = []
        self.vault = Vault(INSTALL, self.a, keyring, copies={"b": self.b, "c": self.c}, on_finding=self.findings.append)
        sealed = self.vault.put(RECORD, COMPONENT, 1, [CLEAR])
        part = CapsuleComponent(COMPONENT, 1, "main", "text/plain", sealed.sealed_size, sealed.sealed_sha256)
        self.capsule = dataclasses.replace(OPEN, record_id=RECORD, components=(part,))
        self.vault.write_capsule(self.capsule)
        self.wanted = wanted_of(self.capsule, PLACES)
        self.object = next(one for one in self.wanted if one.name == NAME)

    def replicate(self) -> list[list[str]]:
        return [self.vault.replicate(one) for one in self.wanted]

    def read(self) -> bytes:
        return b"".join(self.vault.open(RECORD, COMPONENT, 1))


@pytest.fixture
def world(tmp_path: Path, keyring: Keyring) -> World:
    return World(tmp_path, keyring)


def bend_at(place: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def spoil(store: FaultyStore, change: Callable[[bytes], bytes]) -> None:
    path = store.inner.root / "objects" / NAME
    path.write_bytes(change(path.read_bytes()))


def test_what_is_missing_where_is_listed_and_then_brought_there(world: World) -> None:
    names = [one.name for one in world.wanted]
    for place in ("b", "c"):
        found = list(compare(place, world.vault.stores[place], world.wanted))
        assert found == [Finding(place, name, Fault.MISSING) for name in names]
    assert list(compare("primary", world.a, world.wanted)) == []
    assert world.replicate() == [["b", "c"], ["b", "c"]]
    for place, store in world.vault.stores.items():
        assert list(compare(place, store, world.wanted)) == []
        assert examine(place, store, world.object) is None
    assert world.replicate() == [[], []]


def test_copies_where_none_should_lie_are_told_and_left(world: World) -> None:
    world.replicate()
    fewer = [dataclasses.replace(one, places=frozenset({"primary", "b"})) for one in world.wanted]
    assert [one.fault for one in compare("c", world.c, fewer)] == [Fault.UNEXPECTED] * 2
    assert [one.name for one in compare("b", world.b, [])] == [one.name for one in world.wanted]
    assert world.vault.replicate(fewer[0]) == []
    assert world.c.inner.exists(NAME)


def test_a_store_that_cannot_be_listed_gives_one_finding(world: World) -> None:
    world.replicate()
    world.b.before = fail
    assert list(compare("b", world.b, world.wanted)) == [Finding("b", "", Fault.UNREACHABLE)]


@pytest.mark.parametrize("at", [0, 45, SEGMENT_BYTES + 5, 2 * SEGMENT_BYTES + 5, 3 * SEGMENT_BYTES + 30])
def test_reading_goes_on_in_another_copy_from_where_damage_begins(world: World, at: int) -> None:
    world.replicate()
    world.a.bend = bend_at(at)
    assert world.read() == CLEAR
    assert world.findings == [Finding("primary", NAME, Fault.DAMAGED)]


def test_two_copies_damaged_in_different_places_still_make_one_whole(world: World) -> None:
    world.replicate()
    world.a.bend, world.b.bend, world.c.before = bend_at(2 * SEGMENT_BYTES), bend_at(50), fail
    assert world.read() == CLEAR
    assert [one.place for one in world.findings] == ["primary"]


@pytest.mark.parametrize("length", [0, 10, SEGMENT_BYTES, 2 * SEGMENT_BYTES + 3])
def test_a_copy_that_was_cut_is_made_up_for(world: World, length: int) -> None:
    world.replicate()
    world.a.bend = lambda data: data[:length]
    assert world.read() == CLEAR
    middle = len(CLEAR) // 2
    got = b"".join(world.vault.read_range(RECORD, COMPONENT, 1, middle, SEGMENT_BYTES))
    assert got == CLEAR[middle : middle + SEGMENT_BYTES]


def test_a_store_that_is_away_is_read_around(world: World) -> None:
    world.replicate()
    world.a.before = fail
    assert world.read() == CLEAR
    assert world.findings == [Finding("primary", NAME, Fault.UNREACHABLE)]


def test_what_cannot_be_read_anywhere_says_why(world: World) -> None:
    world.replicate()
    for store in (world.a, world.b, world.c):
        store.bend = bend_at(50)
    with pytest.raises(Damaged):
        world.read()
    world.b.before = fail  # it may be whole: try again later
    with pytest.raises(Unavailable):
        world.read()


def test_what_lies_nowhere_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        world.vault.open(RECORD, COMPONENT, 2)


def test_a_damaged_copy_is_made_good_from_a_good_one(world: World) -> None:
    world.replicate()
    good = (world.a.inner.root / "objects" / NAME).read_bytes()
    spoil(world.a, bend_at(70))
    spoil(world.b, lambda data: data[:-1])
    assert world.vault.replicate(world.object) == ["b", "primary"]
    for store in (world.a, world.b, world.c):
        assert (store.inner.root / "objects" / NAME).read_bytes() == good


def test_no_copy_is_repaired_from_one_that_does_not_match_the_catalogue(world: World) -> None:
    world.replicate()
    for store in (world.a, world.b, world.c):
        spoil(store, bend_at(70))
    before = (world.a.inner.root / "objects" / NAME).read_bytes()
    with pytest.raises(Damaged, match="nothing to repair from"):
        repair(world.vault.stores, world.object, "primary")
    assert (world.a.inner.root / "objects" / NAME).read_bytes() == before


def test_a_source_that_goes_bad_while_it_is_copied_leaves_nothing(world: World) -> None:
    world.a.bend = bend_at(3 * SEGMENT_BYTES)
    with pytest.raises(Damaged):
        repair(world.vault.stores, world.object, "b")
    assert not world.b.inner.exists(NAME)
    assert world.b.inner.discard_staging(RECORD) == 0


def test_a_source_that_may_be_good_but_is_away_is_waited_for(world: World) -> None:
    world.a.before = fail
    with pytest.raises(Unavailable):
        repair(world.vault.stores, world.object, "b")


def test_a_good_copy_is_never_replaced(world: World) -> None:
    world.replicate()
    inode = (world.b.inner.root / "objects" / NAME).stat().st_ino
    repair(world.vault.stores, world.object, "b")
    assert (world.b.inner.root / "objects" / NAME).stat().st_ino == inode


def test_a_new_capsule_replaces_the_old_one_in_every_place(world: World) -> None:
    world.replicate()
    changed = dataclasses.replace(world.capsule, status="held")
    world.vault.write_capsule(changed)
    capsule = next(one for one in wanted_of(changed, PLACES) if one.name != NAME)
    assert world.vault.replicate(capsule) == ["b", "c"]
    assert examine("b", world.b, capsule) is None


def test_destruction_reaches_every_copy(world: World) -> None:
    world.replicate()
    world.vault.destroy_keys(RECORD, [COMPONENT, RECORD])
    left = world.vault.remains(RECORD, [COMPONENT])
    assert any(line.startswith("b: file") for line in left)
    assert any(line.startswith("c: file") for line in left)
    world.vault.delete_objects(RECORD)
    assert world.vault.remains(RECORD, [COMPONENT]) == []
    for store in (world.a, world.b, world.c):
        assert list(store.inner.names()) == []


def test_a_store_that_is_away_holds_up_the_end_of_a_destruction_but_not_the_others(world: World) -> None:
    world.replicate()
    world.vault.destroy_keys(RECORD, [COMPONENT, RECORD])

    def deny(what: str) -> None:
        if what == "delete":
            fail(what)

    world.b.before = deny
    with pytest.raises(Unavailable):
        world.vault.delete_objects(RECORD)
    assert list(world.c.inner.names()) == []
    assert [line for line in world.vault.remains(RECORD) if not line.startswith("b: ")] == []
    world.b.before = lambda _: None
    world.vault.delete_objects(RECORD)
    assert world.vault.remains(RECORD) == []


def test_a_copy_made_while_its_record_is_destroyed_goes_again(world: World) -> None:
    def destroyed_meanwhile(what: str) -> None:
        if what == "create":
            world.vault.destroy_keys(RECORD, [COMPONENT, RECORD])
            world.vault.delete_objects(RECORD)
            world.b.before = lambda _: None

    for one in world.wanted:
        world.b.before = destroyed_meanwhile
        with suppress(Damaged, NotFound):  # the source may go away under the copier
            assert world.vault.replicate(one) == []
    assert world.vault.remains(RECORD, [COMPONENT]) == []


def test_a_copy_that_was_destroyed_is_not_made(world: World) -> None:
    world.vault.destroy_keys(RECORD, [COMPONENT, RECORD])
    for one in world.wanted:
        assert world.vault.replicate(one) == []
    assert list(world.b.inner.names()) == []
    with pytest.raises(KeyDestroyed):
        world.read()


def test_a_key_that_is_merely_missing_costs_no_object(world: World, keyring: Keyring) -> None:
    world.replicate()
    keyring.forget([COMPONENT], RECORD)  # as after the restore of an older keyring
    spoil(world.b, bend_at(9))
    assert world.vault.replicate(world.object) == ["b"]
    assert all(store.inner.exists(NAME) for store in (world.a, world.b, world.c))


def test_what_was_never_committed_is_discarded_everywhere(world: World) -> None:
    world.replicate()
    world.vault.discard(RECORD, [COMPONENT])
    assert world.vault.remains(RECORD, [COMPONENT]) == []


def test_no_further_store_takes_the_name_of_the_first(tmp_path: Path, keyring: Keyring) -> None:
    store = LocalStore.create_at(tmp_path / "x", INSTALL)
    with pytest.raises(ValueError, match="primary"):
        Vault(INSTALL, store, keyring, copies={"primary": store})


PLACEMENT = Placement(
    "primary", ("b",), {"SEAL": ("b", "c"), "PUB": ()}, {"JC": ("c",), "JC.02": (), "JC.02.1": ("b", "c")}
)


@pytest.mark.parametrize(
    ("level", "class_code", "places"),
    [
        ("INT", "XZ", {"primary", "b"}),
        ("SEAL", "XZ", {"primary", "b", "c"}),
        ("PUB", "XZ", {"primary"}),
        ("SEAL", "JC", {"primary", "c"}),
        ("SEAL", "JC.01", {"primary", "c"}),
        ("SEAL", "JC-01", {"primary", "c"}),
        ("SEAL", "JCX", {"primary", "b", "c"}),
        ("SEAL", "JC.02", {"primary"}),
        ("INT", "JC.02.1", {"primary", "b", "c"}),
        ("INT", "JC.021", {"primary", "c"}),
    ],
)
def test_the_longest_class_that_fits_decides_then_the_level(level: str, class_code: str, places: set[str]) -> None:
    assert PLACEMENT.of(level, class_code) == places


def test_every_unknown_store_of_a_placement_is_named() -> None:
    PLACEMENT.check({"primary", "b", "c"})
    with pytest.raises(BadSettings) as refusal:
        PLACEMENT.check({"primary", "b"})
    assert len(refusal.value.faults) == 3


def test_a_wanted_list_is_in_the_order_of_names(world: World) -> None:
    assert [one.name for one in world.wanted] == sorted(one.name for one in world.wanted)
    assert isinstance(world.wanted[0], Wanted)
