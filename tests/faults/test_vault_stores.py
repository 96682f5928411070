"""A further store fails, is slow, writes half or lies while a whole archive lives: nothing acknowledged is lost, doctor comes clean."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from archive_service.catalog.tables import copies
from archive_service.errors import ArchiveError
from archive_service.jobs.repairing import repair
from archive_service.vault import names
from tests.archive_service.catalog.copies_world import CopiesWorld, found, two_more_stores
from tests.archive_service.vault.faulty_store import FaultyStore, fail


@pytest.fixture
def world(tmp_path: Path) -> Iterator[CopiesWorld]:
    world = found(two_more_stores(tmp_path, ""))
    yield world
    world.archive.close()


def put_before(world: CopiesWorld, place: str) -> FaultyStore:
    """Put the store that injects faults before one of the archive's own."""
    vault = world.archive.vault
    store = FaultyStore(vault._stores[place])  # type: ignore[arg-type]
    vault._stores[place] = store
    if place == "primary":
        vault._store = store
    return store


def read(world: CopiesWorld, record: str) -> bytes:
    parts = names.parse(world.object_name(record))
    return b"".join(world.archive.vault.open(record, parts.component_id, parts.version))


def newest(store: FaultyStore) -> Path:
    """Return the file that was written last."""
    files = (path for path in (store.inner.root / "objects").rglob("*") if path.is_file())
    return max(files, key=lambda path: path.stat().st_mtime_ns)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def at(verb: str, act: Callable[[], object]) -> Callable[[str], None]:
    """Do something at one verb and nothing at the others."""
    return lambda what: act() and None if what == verb else None


FAULTS: dict[str, Callable[[FaultyStore], None]] = {
    "fails before it writes": lambda store: setattr(store, "before", at("create", lambda: fail("create"))),
    "fails when it has written": lambda store: setattr(store, "after", at("create", lambda: fail("create"))),
    "cannot be read": lambda store: setattr(store, "before", at("open", lambda: fail("open"))),
    "writes half and says it is whole": lambda store: setattr(store, "after", at("create", lambda: cut(newest(store)))),
    "writes nothing at all": lambda store: setattr(store, "after", at("create", lambda: newest(store).unlink())),
    "shows other bytes": lambda store: setattr(store, "bend", lambda data: data[:-1] + bytes([data[-1] ^ 1])),
}


def heal(store: FaultyStore) -> None:
    store.before = store.after = lambda _: None
    store.bend = lambda data: data


def test_whatever_a_further_store_does_nothing_is_lost_and_doctor_comes_clean(world: CopiesWorld) -> None:
    archive, second = world.archive, put_before(world, "second")
    filed: dict[str, bytes] = {}
    for name, begin in FAULTS.items():
        data = f"words of a paper: {name}".encode()
        begin(second)
        filed[world.file(name, data=data)] = data
        archive.chores.keep_copies()
        run = archive.fixity.everything()
        assert bool(run.found) == name.startswith(("writes", "shows")), name
        assert run.unreachable == ({"second"} if "read" in name else set()), name
        archive.chores.keep_copies()
        assert read(world, list(filed)[-1]) == data, name
        heal(second)
        with archive.ledger.work(None) as work:  # the pause after a failed try is over
            work.connection.execute(update(copies).values(not_before=work.at))
            work.commit()
    left = repair(archive, world.person("system")).left
    assert [one.text.en for one in left if one.place != "extraction"] == []
    for record, data in filed.items():
        copy = world.object_name(record, "second")
        assert world.object("second", copy).read_bytes() == world.object("primary", copy).read_bytes()
        # The only copy that is left now is the one that the fault had met.
        world.object("primary", copy).unlink()
        assert read(world, record) == data
    archive.chores.keep_copies()
    assert not archive.fixity.everything().found


def test_a_primary_store_that_fails_takes_nothing_it_does_not_keep(world: CopiesWorld) -> None:
    primary = put_before(world, "primary")
    for turn in ("before", "after"):
        setattr(primary, turn, at("create", lambda: fail("create")))
        with pytest.raises(ArchiveError):
            world.file("没有收下的一件")
        heal(primary)
        kept = world.file("收下的一件", data=turn.encode())
        assert read(world, kept) == turn.encode()
    world.archive.chores.keep_copies()
    left = repair(world.archive, world.person("system")).left
    assert [one.text.en for one in left if one.place != "extraction"] == []


@pytest.mark.parametrize("fault", ["writes half and says it is whole", "writes nothing at all"])
def test_a_primary_disk_that_lies_is_found_out_at_once_and_spreads_nothing(world: CopiesWorld, fault: str) -> None:
    sound = world.file("真正写下的一件")
    world.archive.chores.keep_copies()
    primary = put_before(world, "primary")
    FAULTS[fault](primary)
    lied = world.file("磁盘谎称写下的一件")
    heal(primary)
    world.archive.chores.keep_copies()
    assert world.archive.chores.read_back()
    assert [row.code for row in world.archive.copies.faulty()], (
        "the page and doctor say so, while the source is at hand"
    )
    assert {row.state for row in world.rows(record_id=lied, place="primary")} & {"missing", "damaged"}
    assert {row.state for row in world.rows(record_id=sound, place="primary")} == {"good"}
    assert "wanted" in world.states(lied, "second"), "no copy is made of what the catalogue does not vouch for"
    assert world.archive.chores.read_back() == 0, "what was read is not read again"


def test_readers_and_writers_do_not_wait_for_a_sweep_that_hangs_in_a_slow_store(world: CopiesWorld) -> None:
    record = world.file(data=b"before")
    world.archive.chores.keep_copies()
    slow, hangs, go_on = put_before(world, "primary"), threading.Event(), threading.Event()
    runs = []
    sweep = threading.Thread(target=lambda: runs.append(world.archive.fixity.everything()))

    def wait() -> None:
        if threading.current_thread() is sweep:
            hangs.set()
            go_on.wait(30)

    slow.before = at("open", wait)
    sweep.start()
    try:
        assert hangs.wait(10)
        assert read(world, record) == b"before"
        assert read(world, world.file("其间所归", data=b"meanwhile")) == b"meanwhile"
        assert sweep.is_alive()
        assert not runs
    finally:
        go_on.set()
        sweep.join()
    assert not runs[0].found
