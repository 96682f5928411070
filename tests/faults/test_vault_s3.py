"""Every request of every verb of the S3 store goes wrong in turn, in every way, before a real object server.

After each: what was acknowledged is there, whole; what was not is there whole or not at all; a second try
succeeds; what was said to be deleted has no version left.
"""

from __future__ import annotations

import contextlib
import random
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from archive_service.clock import Clock
from archive_service.errors import ArchiveError, Damaged
from archive_service.vault import Keyring, Vault, names
from archive_service.vault.aws import PerProcess
from archive_service.vault.stores.locks import Lock
from archive_service.vault.stores.s3_store import S3Settings, S3Store
from tests.support.s3 import HANGING, Fault, Proxy, S3Server, s3_server

INSTALL, ROOT_KEY = "1" * 32, bytes(range(32))
RECORD, PART = "ab" + "0" * 29 + "1", "c" * 32
NAME, CAPSULE = names.object_name(RECORD, PART, 1), names.capsule_name(RECORD)
SMALL = b"content" * 100
LARGE = random.Random(2).randbytes((5 << 20) + 77)
"""The smallest that goes in two parts: servers take no smaller first part."""
PATIENCE = 0.4
"""Seconds that a client waits for an answer where one is kept back."""
ANSWERED = [one for one in Fault if one not in HANGING]
NEVER_MEANT = {
    "create": {Fault.EMPTY_LIST},
    "lock": {Fault.EMPTY_LIST, Fault.CHANGED, Fault.TRUNCATED, Fault.CONFLICT_409, Fault.PRECONDITION_412},
}
"""Faults that no request of an act can meet: it reads no list, or nothing at all."""


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture(scope="module")
def proxy(server: S3Server) -> Iterator[Proxy]:
    proxy = Proxy(server.endpoint)
    yield proxy
    proxy.close()


@pytest.fixture(scope="module")
def buckets(server: S3Server) -> dict[str, str]:
    return {
        "plain": server.new_bucket(),
        "versioned": server.new_bucket(versioned=True),
        "locking": server.new_bucket(lock=True),
    }


class World:
    """A store seen through the proxy, and the same place seen as it is."""

    def __init__(
        self,
        server: S3Server,
        proxy: Proxy,
        bucket: str,
        clients: dict[str, PerProcess],
        *,
        hurried: bool = False,
        lock: bool = False,
    ) -> None:
        through = server.settings(endpoint=proxy.endpoint, attempts=1)
        prefix = f"{uuid.uuid4().hex}/"
        self.settings = S3Settings(
            bucket, prefix, server.settings(), part_bytes=5 << 20, identity_seconds=0, object_lock=lock
        )
        if not clients:
            clients["true"] = PerProcess(self.settings.server, "s3")
            clients["through"] = PerProcess(through, "s3")
            clients["in a hurry"] = PerProcess(replace(through, read_seconds=PATIENCE), "s3")
        self.raw = clients["true"]()
        self.true = S3Store.create_at(self.settings, INSTALL, clients["true"])
        proxy.plan(None)
        client = clients["in a hurry" if hurried else "through"]
        self.store = S3Store(replace(self.settings, server=through), INSTALL, client)

    def everything(self) -> list[str]:
        where = {"Bucket": self.settings.bucket, "Prefix": self.settings.prefix}
        page = self.raw.list_object_versions(**where)
        found = [one["Key"] for kind in ("Versions", "DeleteMarkers") for one in page.get(kind, [])]
        found += [one["Key"] for one in self.raw.list_multipart_uploads(**where).get("Uploads", [])]
        return sorted(key.removeprefix(self.settings.prefix) for key in found if not key.endswith("store.json"))

    def content(self, name: str = NAME) -> bytes | None:
        if not self.true.exists(name):
            return None
        with self.true.open(name) as reader:
            return reader.read()


@pytest.fixture(scope="module")
def clients() -> dict[str, PerProcess]:
    return {}


@pytest.fixture(params=["plain", "versioned"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which kind of bucket."""
    return str(request.param)


@pytest.fixture
def new_world(
    kind: str, server: S3Server, proxy: Proxy, buckets: dict[str, str], clients: dict[str, PerProcess]
) -> Callable[[], World]:
    return lambda: World(server, proxy, buckets[kind], clients)


def at_every_request(
    proxy: Proxy,
    fault: Fault,
    new_world: Callable[[], World],
    prepare: Callable[[World], object],
    act: Callable[[World], object],
    look: Callable[[World, bool], None],
    only: str = "",
) -> int:
    """Let each request of ``act`` meet the fault in turn; ``look`` is told whether ``act`` was acknowledged.

    ``only`` names what the addresses of the requests that count have in them.
    """
    at = 1
    while True:
        world = new_world()
        prepare(world)
        proxy.plan(fault, at, only)
        try:
            act(world)
            done = True
        except ArchiveError:
            done = False
        hit = proxy.hit
        proxy.plan(None)
        if not hit:
            assert done or fault in HANGING, "a busy machine alone lets an answer come too late for who waits so short"
            return at - 1
        look(world, done)
        at += 1


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "data"), [("versioned", SMALL), ("plain", LARGE)], ids=["small", "large"])
@pytest.mark.parametrize("fault", [one for one in ANSWERED if one is not Fault.LOST_DELETE])
def test_a_create_is_there_whole_if_acknowledged_and_can_be_repeated_if_not(
    proxy: Proxy, new_world: Callable[[], World], fault: Fault, data: bytes
) -> None:
    def look(world: World, done: bool) -> None:
        content = world.content()
        assert content == data if done else content in (None, data)
        world.store.create(NAME, [data])
        assert world.content() == data
        world.true.discard_staging(RECORD)
        assert world.everything() == [NAME]

    # In the large case those writes count that it has beside the small one: of the upload in parts. All reads do.
    only = "upload" if data is LARGE and fault not in (Fault.TRUNCATED, Fault.CHANGED, Fault.EMPTY_LIST) else ""
    hits = at_every_request(
        proxy, fault, new_world, lambda _: None, lambda world: world.store.create(NAME, [data]), look, only
    )
    assert hits >= 1 or fault in NEVER_MEANT["create"]


@pytest.mark.parametrize("fault", HANGING)
def test_a_server_that_does_not_answer_is_told_of_in_time_and_nothing_is_in_between(
    server: S3Server, proxy: Proxy, buckets: dict[str, str], clients: dict[str, PerProcess], fault: Fault
) -> None:
    def new_world() -> World:
        return World(server, proxy, buckets["versioned"], clients, hurried=True)

    def look(world: World, done: bool) -> None:
        assert time.monotonic() - began[-1] < 25 * PATIENCE, "it waited for an answer that does not come"
        assert world.content() == SMALL if done else world.content() in (None, SMALL)
        world.true.create(NAME, [SMALL])
        assert world.content() == SMALL
        world.true.discard_staging(RECORD)
        assert world.everything() == [NAME]

    began: list[float] = []

    def create(world: World) -> None:
        began.append(time.monotonic())
        world.store.create(NAME, [SMALL])

    assert at_every_request(proxy, fault, new_world, lambda _: None, create, look) >= 2


@pytest.mark.parametrize("fault", [one for one in ANSWERED if one is not Fault.LOST_DELETE])
def test_a_lock_that_is_confirmed_stands_and_one_that_is_not_can_be_asked_for_again(
    server: S3Server, proxy: Proxy, buckets: dict[str, str], clients: dict[str, PerProcess], fault: Fault
) -> None:
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=400)

    def new_world() -> World:
        return World(server, proxy, buckets["locking"], clients, lock=True)

    def act(world: World) -> None:
        assert world.store.locks
        world.store.locks.extend(NAME, until)
        world.store.locks.hold(NAME, True)

    def look(world: World, done: bool) -> None:
        assert world.true.locks
        stands = world.true.locks.kept(NAME)
        assert stands == Lock(until, True) if done else stands in (Lock(), Lock(until), Lock(until, True))
        act(world)
        assert world.true.locks.kept(NAME) == Lock(until, True)
        with pytest.raises(ArchiveError):
            world.true.delete(NAME)
        world.store.locks.hold(NAME, False)  # type: ignore[union-attr]
        assert world.true.delete(NAME)
        assert world.everything() == []

    hits = at_every_request(proxy, fault, new_world, lambda world: world.true.create(NAME, [SMALL]), act, look)
    assert hits >= 4 or fault in NEVER_MEANT["lock"]


@pytest.mark.parametrize("fault", ANSWERED)
def test_a_replacement_leaves_the_old_or_the_new(proxy: Proxy, new_world: Callable[[], World], fault: Fault) -> None:
    def look(world: World, done: bool) -> None:
        assert world.content(CAPSULE) in ((b"new",) if done else (b"old", b"new", None))
        if not done and world.content(CAPSULE) is None:
            # Only where the server itself showed other bytes than it was given; the caller was told so.
            assert fault in (Fault.CHANGED, Fault.TRUNCATED)
        world.store.create(CAPSULE, [b"new"], replace=True)
        assert world.content(CAPSULE) == b"new"
        assert world.everything() == [CAPSULE]

    at_every_request(
        proxy,
        fault,
        new_world,
        lambda world: world.true.create(CAPSULE, [b"old"]),
        lambda world: world.store.create(CAPSULE, [b"new"], replace=True),
        look,
    )


@pytest.mark.parametrize("fault", ANSWERED)
def test_what_is_said_to_be_deleted_has_no_version_left(
    proxy: Proxy, new_world: Callable[[], World], fault: Fault
) -> None:
    def prepare(world: World) -> None:
        for _ in range(2):
            world.raw.put_object(Bucket=world.settings.bucket, Key=world.settings.prefix + NAME, Body=SMALL)

    def look(world: World, done: bool) -> None:
        if done:
            assert world.everything() == []
        world.store.delete(NAME)
        assert world.everything() == []

    at_every_request(proxy, fault, new_world, prepare, lambda world: world.store.delete(NAME), look)


@pytest.mark.parametrize("kind", ["versioned"])
@pytest.mark.parametrize("fault", [one for one in ANSWERED if one is not Fault.LOST_DELETE])
def test_a_read_gives_the_right_bytes_or_an_error(
    proxy: Proxy, new_world: Callable[[], World], fault: Fault, tmp_path: Path
) -> None:
    clock = Clock(ZoneInfo("UTC"), lambda: datetime(2026, 11, 23, tzinfo=UTC))
    keyring = Keyring.create_at(tmp_path / "keyring.db", INSTALL, ROOT_KEY, clock)
    same = new_world()
    Vault(INSTALL, same.true, keyring).put(RECORD, PART, 1, [LARGE])

    def act(world: World) -> None:
        try:
            assert b"".join(Vault(INSTALL, world.store, keyring).open(RECORD, PART, 1)) == LARGE
        except Damaged:
            assert fault is Fault.CHANGED
            raise

    hits = at_every_request(proxy, fault, lambda: same, lambda _: None, act, lambda world, _: act(world))
    assert hits >= 1 or fault in (Fault.EMPTY_LIST, Fault.CONFLICT_409, Fault.PRECONDITION_412)


@pytest.mark.parametrize("fault", ANSWERED)
def test_a_claim_is_never_held_twice(proxy: Proxy, new_world: Callable[[], World], fault: Fault) -> None:
    def act(world: World) -> None:
        with world.store.claim(RECORD):
            proxy.fault = None if proxy.hit else proxy.fault
            with pytest.raises(ArchiveError), world.true.claim(RECORD):
                pass

    at_every_request(proxy, fault, new_world, lambda _: None, act, lambda world, done: None)


def test_a_connection_that_breaks_in_the_middle_of_a_read_is_taken_up_again(
    proxy: Proxy, new_world: Callable[[], World]
) -> None:
    world = new_world()
    world.true.create(NAME, [LARGE])
    for at in (2, 3, 4):
        with contextlib.ExitStack() as stack:
            reader = stack.enter_context(world.store.open(NAME))
            proxy.plan(Fault.TRUNCATED, at)
            assert b"".join(iter(lambda: reader.read(1 << 19), b"")) == LARGE  # noqa: B023
            assert proxy.hit
        proxy.plan(None)
