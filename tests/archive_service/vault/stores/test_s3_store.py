"""The store in a bucket, held to the contract of all stores over a real object server, plain and versioned."""

from __future__ import annotations

import functools
import hashlib
import random
import threading
import tracemalloc
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archive_service.errors import BadInput, Conflict, Damaged, NotFound, Unavailable
from archive_service.vault import KeyDestroyed, Keyring, Vault, names
from archive_service.vault.aws import PerProcess
from archive_service.vault.objects.sealing import SEGMENT_BYTES
from archive_service.vault.stores.s3_store import S3Settings, S3Store
from tests.archive_service.vault.conftest import INSTALL
from tests.contracts.vault_suite import COMPONENT, NAME, NEIGHBOUR, RECORD, StoreContract, breaking, read
from tests.support.s3 import S3Server

MIB = 1 << 20
PART = 5 * MIB
LONG = random.Random(11).randbytes(12 * MIB + 7)


@pytest.fixture(scope="module")
def buckets(object_server: S3Server) -> dict[str, str]:
    return {"plain": object_server.new_bucket(), "versioned": object_server.new_bucket(versioned=True)}


@pytest.fixture(params=["plain", "versioned"])
def settings(request: pytest.FixtureRequest, object_server: S3Server, buckets: dict[str, str]) -> S3Settings:
    """A place of its own for each test; the marker is read again before every verb."""
    return S3Settings(
        bucket=buckets[request.param],
        prefix=f"{uuid.uuid4().hex}/",
        server=object_server.settings(),
        part_bytes=PART,
        identity_seconds=0,
    )


@pytest.fixture
def store(settings: S3Settings) -> S3Store:
    return S3Store.create_at(settings, INSTALL)


_shared = functools.cache(lambda server: PerProcess(server, "s3"))
_raw = functools.cache(lambda server: server.client("s3"))


def client(settings: S3Settings) -> Any:
    """A client beside the store's own; making one takes a third of a second."""
    return _raw(settings.server)


def everything(settings: S3Settings) -> list[str]:
    """Every version, marker and begun upload below the store, but for its own marker, asked of the server itself."""
    asked, where = client(settings), {"Bucket": settings.bucket, "Prefix": settings.prefix}
    page = asked.list_object_versions(**where)
    found = [one["Key"] for kind in ("Versions", "DeleteMarkers") for one in page.get(kind, [])]
    found += [one["Key"] for one in asked.list_multipart_uploads(**where).get("Uploads", [])]
    return sorted(key.removeprefix(settings.prefix) for key in found if not key.endswith("store.json"))


def pieces(data: bytes, size: int = MIB) -> Iterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


class TestS3Store(StoreContract):
    @pytest.fixture
    def store(self, settings: S3Settings) -> S3Store:
        return S3Store.create_at(settings, INSTALL, _shared(settings.server))

    @pytest.fixture
    def lose(self, store: S3Store, settings: S3Settings) -> Callable[[], None]:
        return lambda: client(settings).delete_object(Bucket=settings.bucket, Key=settings.prefix + "store.json")


def test_a_bucket_of_another_installation_is_refused_before_a_byte_is_written(
    store: S3Store, settings: S3Settings
) -> None:
    with pytest.raises(Unavailable, match="mark of this installation"):
        S3Store(settings, "2" * 32)
    client(settings).put_object(
        Bucket=settings.bucket, Key=settings.prefix + "store.json", Body=b'{"format":1,"install":"' + b"2" * 32 + b'"}'
    )
    with pytest.raises(Unavailable, match="mark of this installation"):
        store.create(NAME, [b"abc"])
    assert everything(settings) == [] or all("store.json" in one for one in everything(settings))


@pytest.mark.parametrize("marker", [b"", b"[]", b"{}", b'"x"', b'{"install":"' + INSTALL.encode() + b'","format":9}'])
def test_a_marker_that_says_something_else_is_refused(store: S3Store, settings: S3Settings, marker: bytes) -> None:
    client(settings).put_object(Bucket=settings.bucket, Key=settings.prefix + "store.json", Body=marker)
    with pytest.raises(Unavailable):
        store.check_identity()


def test_the_marker_is_believed_for_a_while_and_no_longer(settings: S3Settings) -> None:
    raw = client(settings)
    store = S3Store.create_at(replace(settings, identity_seconds=2), INSTALL)
    raw.delete_object(Bucket=settings.bucket, Key=settings.prefix + "store.json")
    store.check_identity()
    threading.Event().wait(2.2)
    with pytest.raises(Unavailable):
        store.check_identity()


def test_a_bucket_that_is_not_there_is_told(settings: S3Settings) -> None:
    with pytest.raises(Unavailable):
        S3Store.create_at(replace(settings, bucket="t" + uuid.uuid4().hex), INSTALL)


def test_wrong_credentials_are_told_and_not_shown(settings: S3Settings) -> None:
    server = replace(settings.server, secret_key="the-wrong-secret")
    with pytest.raises(Unavailable, match="credentials") as refusal:
        S3Store(replace(settings, server=server), INSTALL)
    assert "the-wrong-secret" not in f"{refusal.value.text}{server!r}"


def test_credentials_come_from_a_file_that_is_for_its_owner_alone(
    store: S3Store, settings: S3Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-somebody-else")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-somebody-else")
    path, given = tmp_path / "credentials", settings.server
    server = replace(given, access_key=None, secret_key=None, credentials_file=path, profile="archive")
    with pytest.raises(NotFound):
        S3Store(replace(settings, server=server), INSTALL)
    path.write_text(f"[archive]\naws_access_key_id = {given.access_key}\naws_secret_access_key = {given.secret_key}\n")
    path.chmod(0o644)
    with pytest.raises(BadInput, match="chmod 600"):
        S3Store(replace(settings, server=server), INSTALL)
    path.chmod(0o600)
    S3Store(replace(settings, server=server), INSTALL).check_identity()


def test_a_store_is_not_made_where_something_lies(store: S3Store, settings: S3Settings) -> None:
    with pytest.raises(Conflict):
        S3Store.create_at(settings, INSTALL)


@pytest.mark.parametrize("prefix", ["x", "/x/", "x//y/", "/"])
def test_a_prefix_that_would_mix_stores_is_refused(prefix: str) -> None:
    with pytest.raises(BadInput):
        S3Settings("bucket", prefix)


def test_parts_that_no_server_takes_are_refused() -> None:
    with pytest.raises(BadInput):
        S3Settings("bucket", part_bytes=PART - 1)


@pytest.mark.parametrize("size", [PART - 1, PART, PART + 1, 2 * PART, len(LONG)])
def test_large_objects_go_in_parts_and_come_back_whole(store: S3Store, settings: S3Settings, size: int) -> None:
    data = LONG[:size]
    stored = store.create(NAME, pieces(data))
    assert (stored.size, stored.sha256) == (size, hashlib.sha256(data).hexdigest())
    assert read(store, NAME) == data
    assert everything(settings) == [NAME]


def test_a_large_object_is_never_written_over_another(store: S3Store, settings: S3Settings) -> None:
    store.create(NAME, [b"first"])
    with pytest.raises(Conflict):
        store.create(NAME, pieces(LONG))
    assert read(store, NAME) == b"first"
    assert everything(settings) == [NAME]


def test_the_same_large_object_again_is_success(store: S3Store, settings: S3Settings) -> None:
    assert store.create(NAME, pieces(LONG)) == store.create(NAME, pieces(LONG, 77_777))
    assert everything(settings) == [NAME]


def test_a_large_object_takes_the_place_of_another_where_it_may(store: S3Store, settings: S3Settings) -> None:
    store.create(NAME, [b"first"])
    kept = store.create(NAME, pieces(LONG), replace=True, unless=lambda there: there.read() == b"first")
    assert kept.size == 5
    store.create(NAME, pieces(LONG), replace=True, unless=lambda there: False)
    assert read(store, NAME) == LONG
    store.create(NAME, [b"again"], replace=True)
    assert read(store, NAME) == b"again"
    assert everything(settings) == [NAME]


def test_a_large_source_that_breaks_off_leaves_nothing_begun(store: S3Store, settings: S3Settings) -> None:
    with pytest.raises(OSError, match="broke off"):
        store.create(NAME, breaking(LONG))
    assert everything(settings) == []


def test_an_upload_left_by_a_crash_is_found_aborted_and_counted(store: S3Store, settings: S3Settings) -> None:
    for record in (RECORD, NEIGHBOUR):
        key = settings.prefix + names.object_name(record, COMPONENT, 1)
        client(settings).create_multipart_upload(Bucket=settings.bucket, Key=key)
    assert store.remains({RECORD: RECORD})[RECORD] == {f"upload {settings.prefix}{NAME}"}
    assert store.sweep_staging(datetime.now(UTC) - timedelta(hours=1)) == 0
    assert store.discard_staging(RECORD) == 1
    assert everything(settings) == [names.object_name(NEIGHBOUR, COMPONENT, 1)]
    assert store.sweep_staging(datetime.now(UTC) + timedelta(hours=1)) == 1
    assert everything(settings) == []


def test_nothing_is_left_of_a_deleted_object_in_any_version(store: S3Store, settings: S3Settings) -> None:
    store.create(NAME, [b"first"])
    raw, key = client(settings), settings.prefix + NAME
    for _ in range(3):  # others may have written, and deleted in the plain way
        raw.put_object(Bucket=settings.bucket, Key=key, Body=b"more")
        raw.delete_object(Bucket=settings.bucket, Key=key)
    raw.put_object(Bucket=settings.bucket, Key=key, Body=b"last")
    raw.delete_object(Bucket=settings.bucket, Key=key)
    store.delete(NAME)
    assert everything(settings) == []
    assert store.remains({RECORD: RECORD})[RECORD] == set()


def test_what_is_hidden_under_a_delete_marker_is_found_to_remain(
    object_server: S3Server, buckets: dict[str, str]
) -> None:
    settings = S3Settings(buckets["versioned"], f"{uuid.uuid4().hex}/", object_server.settings(), identity_seconds=0)
    store = S3Store.create_at(settings, INSTALL)
    store.create(NAME, [b"abc"])
    client(settings).delete_object(Bucket=settings.bucket, Key=settings.prefix + NAME)
    assert not store.exists(NAME)
    key = settings.prefix + NAME
    assert store.remains({RECORD: RECORD})[RECORD] == {f"version {key}", f"delete marker {key}"}
    store.delete(NAME)
    assert store.remains({RECORD: RECORD})[RECORD] == set()


def test_many_records_are_looked_for_in_one_walk_and_strays_are_found(store: S3Store, settings: S3Settings) -> None:
    store.create(NAME, [b"abc"])
    client(settings).put_object(
        Bucket=settings.bucket, Key=f"{settings.prefix}stray/copy-of-{COMPONENT}.bak", Body=b"x"
    )
    others = {f"{number:032x}": f"{number:032x}" for number in range(60)}
    found = store.remains({RECORD: RECORD, COMPONENT: RECORD, **others})
    assert len(found[RECORD]) == 2
    assert not any(found[other] for other in others)


def test_remains_are_not_declared_gone_where_it_cannot_look(store: S3Store, settings: S3Settings) -> None:
    client(settings).delete_object(Bucket=settings.bucket, Key=settings.prefix + "store.json")
    with pytest.raises(Unavailable, match="Cannot look"):
        store.remains({RECORD: RECORD})


def test_of_many_that_write_at_once_one_wins_and_the_others_are_told(settings: S3Settings) -> None:
    stores = [S3Store.create_at(settings, INSTALL), *(S3Store(settings, INSTALL) for _ in range(7))]
    outcomes: list[str] = []

    def write(number: int) -> None:
        try:
            stores[number].create(NAME, [b"writer %d" % number])
            outcomes.append("won")
        except Conflict:
            outcomes.append("lost")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["lost"] * 7 + ["won"]
    assert everything(settings) == [NAME]


def test_of_many_that_claim_at_once_one_holds(settings: S3Settings) -> None:
    stores = [S3Store.create_at(settings, INSTALL), *(S3Store(settings, INSTALL) for _ in range(5))]
    together, holding = threading.Barrier(6), list[int]()

    def claim(number: int) -> None:
        together.wait()
        try:
            with stores[number].claim(RECORD):
                holding.append(number)
                together.wait(10)
        except Conflict:
            together.wait(10)

    threads = [threading.Thread(target=claim, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(holding) <= 1
    assert everything(settings) == []


def test_a_claim_is_renewed_while_held_and_runs_out_after_a_kill(settings: S3Settings) -> None:
    # The server's clock has whole seconds.
    quick = replace(settings, lease_seconds=2.0)
    first, second = S3Store.create_at(quick, INSTALL), S3Store(quick, INSTALL)
    with first.claim(RECORD):
        threading.Event().wait(5)
        with pytest.raises(Conflict), second.claim(RECORD):
            pass
    client(settings).put_object(Bucket=settings.bucket, Key=f"{settings.prefix}claims/{RECORD}", Body=b"dead")
    with pytest.raises(Conflict), second.claim(RECORD):
        pass
    threading.Event().wait(4)
    with second.claim(RECORD):
        assert first.discard_staging(RECORD) == 0
    client(settings).put_object(Bucket=settings.bucket, Key=f"{settings.prefix}claims/{RECORD}", Body=b"dead")
    threading.Event().wait(4)
    assert first.discard_staging(RECORD) == 1
    assert everything(settings) == []


class Counting:
    """Counts what is fetched from the server, between a store and its client."""

    def __init__(self, store: S3Store) -> None:
        self.ranges: list[tuple[int, int]] = []
        real = store._client()
        ask = real.get_object

        def get_object(**asked: Any) -> Any:
            if "Range" in asked:
                first, last = asked["Range"].removeprefix("bytes=").split("-")
                self.ranges.append((int(first), int(last) + 1))
            return ask(**asked)

        real.get_object = get_object

    @property
    def total(self) -> int:
        return sum(stop - start for start, stop in self.ranges)


def test_a_range_of_a_large_object_fetches_its_segments_alone(store: S3Store, keyring: Keyring) -> None:
    vault = Vault(INSTALL, store, keyring)
    vault.put(RECORD, COMPONENT, 1, pieces(LONG))
    counting = Counting(store)
    start = 7 * MIB + 5
    assert b"".join(vault.read_range(RECORD, COMPONENT, 1, start, 100)) == LONG[start : start + 100]
    assert counting.total <= SEGMENT_BYTES + (1 << 16)
    assert all(stop <= 1 << 16 or first >= 7 * MIB for first, stop in counting.ranges)


def test_reading_the_whole_takes_few_requests(store: S3Store) -> None:
    store.create(NAME, pieces(LONG))
    counting = Counting(store)
    with store.open(NAME) as reader:
        assert b"".join(iter(lambda: reader.read(1 << 16), b"")) == LONG
    assert counting.total == len(LONG)
    assert len(counting.ranges) < 12


def test_memory_stays_constant_for_a_large_object(store: S3Store) -> None:
    store.check_identity()
    tracemalloc.start()
    try:
        store.create(NAME, (bytes(MIB) for _ in range(60)))
        with store.open(NAME) as reader:
            total = sum(len(piece) for piece in iter(lambda: reader.read(MIB), b""))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total == 60 * MIB
    assert peak < 40 * MIB


def test_an_object_replaced_while_it_is_read_is_never_mixed(store: S3Store, settings: S3Settings) -> None:
    store.create(NAME, [b"a" * 200_000])
    with store.open(NAME) as reader:
        begun = reader.read(10)
        client(settings).put_object(Bucket=settings.bucket, Key=settings.prefix + NAME, Body=b"b" * 200_000)
        try:
            rest = reader.read()
        except Unavailable:
            return
    assert begun + rest == b"a" * 200_000


def test_a_record_lives_and_dies_in_a_bucket(store: S3Store, settings: S3Settings, keyring: Keyring) -> None:
    vault = Vault(INSTALL, store, keyring)
    with vault.claim(RECORD):
        sealed = vault.put(RECORD, COMPONENT, 1, pieces(LONG))
    assert b"".join(vault.open(RECORD, COMPONENT, 1)) == LONG
    vault.check(RECORD, COMPONENT, 1, sealed.sealed_sha256)
    assert vault.record_ids() == {RECORD}
    assert LONG[:64] not in store.open(NAME).read()
    vault.destroy_keys(RECORD, [COMPONENT])
    vault.delete_objects(RECORD)
    assert vault.remains(RECORD, [COMPONENT]) == []
    assert everything(settings) == []
    with pytest.raises(KeyDestroyed):
        vault.open(RECORD, COMPONENT, 1)


def test_a_server_that_stored_something_else_is_found_out_and_the_bytes_taken_back(
    store: S3Store, settings: S3Settings
) -> None:
    real = store._client()
    put = real.put_object

    def lying(**asked: Any) -> Any:
        asked["Body"] = asked["Body"][:-1] + b"!"
        asked.pop("ChecksumSHA256")
        return put(**asked)

    real.put_object = lying
    with pytest.raises(Damaged, match="other bytes"):
        store.create(NAME, [b"abc"])
    assert everything(settings) == []


def test_a_server_that_knows_no_conditions_keeps_the_first_version(
    object_server: S3Server, buckets: dict[str, str]
) -> None:
    settings = S3Settings(buckets["versioned"], f"{uuid.uuid4().hex}/", object_server.settings(), identity_seconds=0)
    store = S3Store.create_at(settings, INSTALL)
    real = store._client()
    put = real.put_object
    real.put_object = lambda **asked: put(**{name: value for name, value in asked.items() if name != "IfNoneMatch"})
    store.create(NAME, [b"first"])
    with pytest.raises(Conflict):
        store.create(NAME, [b"other"])
    store.create(NAME, [b"first"])
    assert read(store, NAME) == b"first"
    assert everything(settings) == [NAME]
    with store.claim(RECORD), pytest.raises(Conflict), store.claim(RECORD):
        pass


def test_a_range_beyond_the_end_reads_nothing(store: S3Store) -> None:
    store.create(NAME, [b"abc"])
    with store.open(NAME) as reader:
        reader.seek(3)
        assert reader.read() == b""
        reader.seek(900)
        assert reader.read(5) == b""
        reader.seek(-2, 2)
        assert reader.read() == b"bc"


def test_deleting_the_marker_does_not_make_a_record_look_gone(store: S3Store, settings: S3Settings) -> None:
    client(settings).delete_object(Bucket=settings.bucket, Key=settings.prefix + "store.json")
    with pytest.raises(Unavailable):
        store.exists(NAME)
    with pytest.raises(Unavailable) as refusal:
        store.open(NAME)
    assert not isinstance(refusal.value, NotFound)
