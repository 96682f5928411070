"""Packages in a bucket of a real object server: nothing is overwritten, what was cut off is gone on with, all is read back."""

from __future__ import annotations

import pytest

from archive_service.disposal.transfer.bag import Written, part_of, write_bag
from archive_service.disposal.transfer.delivery import delivery_at
from archive_service.errors import ArchiveError, Conflict, Damaged, Unavailable
from archive_service.vault.stores.outlet import Outlet
from archive_service.vault.stores.s3_store import MIN_PART_BYTES, S3Settings
from tests.support.s3 import Fault, Proxy, S3Server

LARGE = b"x" * (MIN_PART_BYTES + 1)
PARTS = [part_of("电子档案/甲·1.txt", b"one"), part_of("large.bin", LARGE)]
INFO = {"External-Identifier": "YJ2035-001"}


def fill(sink: object) -> Written:
    return write_bag(sink, PARTS, INFO, {})  # type: ignore[arg-type]


@pytest.mark.parametrize("versioned", [False, True])
def test_a_package_lies_in_a_bucket_once_and_whole(object_server: S3Server, versioned: bool) -> None:
    bucket = object_server.new_bucket(versioned=versioned)
    proxy = Proxy(object_server.endpoint)
    server = object_server.settings(proxy.endpoint)
    outlet = Outlet(S3Settings(bucket, "out/", server, part_bytes=MIN_PART_BYTES))
    told: list[Written] = []
    try:
        proxy.plan(Fault.EXPIRED, at=9)  # cut off in the middle
        with pytest.raises(ArchiveError):
            delivery_at(outlet).bag("YJ2035-001", fill, told.append)
        assert told == []
        proxy.plan(None)
        place, written = delivery_at(outlet).bag("YJ2035-001", fill, told.append)
        assert (place, told) == (f"s3://{bucket}/out/YJ2035-001/", [written])
        assert delivery_at(outlet).bag("YJ2035-001", fill, told.append)[1] == written  # the same again is no other
        client = object_server.settings().client("s3")
        got = client.get_object(Bucket=bucket, Key="out/YJ2035-001/data/large.bin")["Body"].read()
        assert got == LARGE
        assert len(client.list_object_versions(Bucket=bucket)["Versions"]) == 6  # nothing was written twice
        with pytest.raises(Conflict):
            delivery_at(outlet).bag(
                "YJ2035-001", lambda sink: write_bag(sink, PARTS, {"External-Identifier": "x"}, {}), told.append
            )
        client.put_object(Bucket=bucket, Key="out/YJ2035-001/data/strange", Body=b"x")
        with pytest.raises(Conflict, match="not of this package"):
            delivery_at(outlet).bag("YJ2035-001", fill, told.append)
        assert len(told) == 2

        def one_file(stream: object) -> Written:
            stream.write(LARGE)  # type: ignore[attr-defined]
            return written

        proxy.plan(Fault.CHANGED, at=2)  # what comes back is not what was sent
        with pytest.raises(Damaged):
            delivery_at(outlet).file("YJ2035-002.tar.age", one_file, told.append)
        proxy.plan(None)
        with pytest.raises(Conflict):
            delivery_at(outlet).file("YJ2035-002.tar.age", one_file, told.append)

        def broken(stream: object) -> Written:
            stream.write(b"x")  # type: ignore[attr-defined]
            raise Unavailable("断", "cut")

        with pytest.raises(Unavailable, match="cut"):
            delivery_at(outlet).file("YJ2035-003.tar.age", broken, told.append)
        assert outlet.names("YJ2035-003") == set()
    finally:
        proxy.close()
