"""What every store for sealed objects must do, whatever it is made of.

A test module inherits :class:`StoreContract` and gives the fixtures ``store`` (empty, of installation
``1`` * 32) and ``lose`` (a function that makes the place unreachable, as when a disk is not mounted).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from archive_service.errors import BadInput, Conflict, NotFound, Unavailable
from archive_service.vault import names
from archive_service.vault.stores.store import Store, Stored

RECORD = "ab" + "0" * 29 + "1"
NEIGHBOUR = "ab" + "0" * 29 + "2"
STRANGER = "cd" + "0" * 30
COMPONENT = "c" * 32
NAME = names.object_name(RECORD, COMPONENT, 1)

BAD_NAMES = [
    "",
    "capsule.json",
    "../../etc/passwd",
    f"ab/{RECORD}/../{NEIGHBOUR}/capsule.json",
    f"ab/{RECORD}/..",
    f"/ab/{RECORD}/capsule.json",
    f"cd/{RECORD}/capsule.json",
    f"ab/{RECORD}x/capsule.json",
    f"ab/{RECORD.upper()}/capsule.json",
    f"ab/{RECORD}/capsule.json\n",
    f"ab/{RECORD}/capsule.json.bak",
    f"ab/{RECORD}/{COMPONENT}.v0.sealed",
    f"ab/{RECORD}/{COMPONENT}.v01.sealed",
    f"ab/{RECORD}/{COMPONENT}.v1.sealed/x",
    f"ab/{RECORD}/{COMPONENT}.v1",
    f"ab/{RECORD}/{COMPONENT}.v١.sealed",
    f"ab/{RECORD}\x00/capsule.json",
]


def read(store: Store, name: str) -> bytes:
    with store.open(name) as reader:
        return reader.read()


def breaking(piece: bytes) -> Iterator[bytes]:
    yield piece
    raise OSError("the upload broke off")


class StoreContract:
    """The verbs, one by one."""

    def test_what_was_created_is_read_back(self, store: Store) -> None:
        stored = store.create(NAME, [b"abc", b"", b"def"])
        assert stored == Stored(6, hashlib.sha256(b"abcdef").hexdigest())
        assert store.exists(NAME)
        assert read(store, NAME) == b"abcdef"

    def test_an_object_can_be_empty(self, store: Store) -> None:
        assert store.create(NAME, []).size == 0
        assert read(store, NAME) == b""

    def test_an_open_object_can_be_read_from_any_place(self, store: Store) -> None:
        store.create(NAME, [b"abcdef"])
        with store.open(NAME) as reader:
            reader.seek(4)
            assert reader.read() == b"ef"

    def test_the_same_bytes_again_are_success(self, store: Store) -> None:
        assert store.create(NAME, [b"abc"]) == store.create(NAME, [b"a", b"bc"])

    def test_other_bytes_under_a_taken_name_are_a_conflict(self, store: Store) -> None:
        store.create(NAME, [b"abc"])
        with pytest.raises(Conflict):
            store.create(NAME, [b"xyz"])
        assert read(store, NAME) == b"abc"

    def test_replacing_puts_the_new_in_the_place_of_the_old(self, store: Store) -> None:
        store.create(NAME, [b"abc"])
        assert store.create(NAME, [b"wxyz"], replace=True).size == 4
        assert read(store, NAME) == b"wxyz"
        assert list(store.names()) == [NAME]

    def test_replacing_keeps_the_old_where_the_judge_prefers_it(self, store: Store) -> None:
        first = store.create(NAME, [b"abc"])
        assert store.create(NAME, [b"wxyz"], replace=True, unless=lambda there: there.read() == b"abc") == first
        assert read(store, NAME) == b"abc"

    def test_replacing_does_not_keep_what_the_judge_rejects(self, store: Store) -> None:
        store.create(NAME, [b"abc"])
        store.create(NAME, [b"wxyz"], replace=True, unless=lambda there: there.read() == b"abd")
        assert read(store, NAME) == b"wxyz"

    def test_a_source_that_breaks_off_leaves_nothing(self, store: Store) -> None:
        with pytest.raises(OSError, match="broke off"):
            store.create(NAME, breaking(b"abc"))
        assert not store.exists(NAME)
        assert store.discard_staging(RECORD) == 0

    def test_a_source_that_breaks_off_leaves_the_old_when_replacing(self, store: Store) -> None:
        store.create(NAME, [b"abc"])
        with pytest.raises(OSError, match="broke off"):
            store.create(NAME, breaking(b"xyz"), replace=True)
        assert read(store, NAME) == b"abc"

    def test_nothing_is_seen_before_all_is_written(self, store: Store) -> None:
        seen = []

        def watching() -> Iterator[bytes]:
            yield b"abc"
            seen.append((store.exists(NAME), list(store.names())))

        store.create(NAME, watching())
        assert seen == [(False, [])]

    def test_what_is_not_there_is_not_found(self, store: Store) -> None:
        assert not store.exists(NAME)
        with pytest.raises(NotFound):
            store.open(NAME)

    def test_deleting_can_be_repeated(self, store: Store) -> None:
        store.create(NAME, [b"abc"])
        assert store.delete(NAME) is True
        assert store.delete(NAME) is False
        assert not store.exists(NAME)
        store.create(NAME, [b"xyz"])
        assert read(store, NAME) == b"xyz"

    def test_deleting_one_leaves_its_neighbours(self, store: Store) -> None:
        other = names.capsule_name(RECORD)
        store.create(NAME, [b"abc"])
        store.create(other, [b"{}"])
        store.delete(NAME)
        assert list(store.names()) == [other]

    def test_names_are_listed_in_order_by_prefix(self, store: Store) -> None:
        made = [*sorted(names.capsule_name(record) for record in (RECORD, NEIGHBOUR, STRANGER)), NAME]
        for name in made:
            store.create(name, [b"x"])
        assert list(store.names()) == sorted(made)
        assert list(store.names(names.folder(RECORD))) == [names.capsule_name(RECORD), NAME]
        assert list(store.names("ab/")) == sorted(name for name in made if name.startswith("ab/"))
        assert list(store.names("a")) == list(store.names("ab"))
        assert list(store.names(NAME)) == [NAME]
        for prefix in ("ef/", "../", "ab/../cd/", "ab/x/y/z"):
            assert list(store.names(prefix)) == []

    @pytest.mark.parametrize("name", BAD_NAMES)
    def test_a_name_that_is_not_ours_is_refused_by_every_verb(self, store: Store, name: str) -> None:
        for act in (store.open, store.exists, store.delete, lambda name: store.create(name, [b"x"])):
            with pytest.raises(BadInput):
                act(name)

    def test_many_small_objects_are_stored_together(self, store: Store) -> None:
        one, two, three = (names.object_name(owner, COMPONENT, 1) for owner in (RECORD, NEIGHBOUR, STRANGER))
        store.create(two, [b"as it was"])
        store.create(three, [b"good already"])
        found = store.create_all(
            {one: b"new", two: b"put in its place", three: b"not this"},
            {two: lambda _: False, three: lambda there: there.read() == b"good already"},
        )
        assert [read(store, name) for name in (one, two, three)] == [b"new", b"put in its place", b"good already"]
        for name in (one, two, three):
            there = read(store, name)
            assert found[name] == Stored(len(there), hashlib.sha256(there).hexdigest())
        with pytest.raises(BadInput):
            store.create_all({one: b"x", "../x": b"x"})
        assert store.create_all({}) == {}
        assert store.sweep_staging(datetime.now(UTC) + timedelta(days=1)) == 0

    def test_of_many_claims_those_that_another_holds_are_told(self, store: Store) -> None:
        with store.claim(RECORD), store.claim_all([RECORD, NEIGHBOUR]) as refused:
            assert list(refused) == [RECORD]
            assert isinstance(refused[RECORD], Conflict)
            with pytest.raises(Conflict), store.claim(NEIGHBOUR):
                pass
        with store.claim_all([RECORD, NEIGHBOUR]) as refused:
            assert refused == {}

    def test_only_one_at_a_time_may_claim_a_record(self, store: Store) -> None:
        with store.claim(RECORD), store.claim(NEIGHBOUR):
            with pytest.raises(Conflict), store.claim(RECORD):
                pass
            assert store.sweep_staging(datetime.now(UTC) + timedelta(days=1)) == 0
            with pytest.raises(Conflict), store.claim(RECORD):
                pass
        with store.claim(RECORD):
            pass
        assert store.discard_staging(RECORD) == 0

    def test_every_verb_refuses_a_place_that_is_not_there(self, store: Store, lose: Callable[[], None]) -> None:
        store.create(NAME, [b"abc"])
        lose()
        acts: list[Callable[[], object]] = [
            store.check_identity,
            lambda: store.create(names.capsule_name(RECORD), [b"x"]),
            lambda: store.open(NAME),
            lambda: store.exists(NAME),
            lambda: store.delete(NAME),
            lambda: list(store.names()),
            lambda: store.discard_staging(RECORD),
            lambda: store.sweep_staging(datetime.now(UTC)),
            lambda: store.claim(RECORD).__enter__(),
            lambda: store.claim_all([RECORD]).__enter__(),
            lambda: store.create_all({names.capsule_name(RECORD): b"x"}),
        ]
        for act in acts:
            with pytest.raises(Unavailable):
                act()
