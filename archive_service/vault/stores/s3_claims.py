"""Claims in a bucket: one process at a time files a record, over all machines.

A claim is a small object that is made only if it is not there. Its holder renews it; one that was not renewed
for the length of the lease belongs to a process that died. Whether it ran out is told by the server's own
clock (its ``Date`` against the object's age), so that the clocks of the machines need not agree.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from archive_service.errors import ArchiveError
from archive_service.vault.aws import PerProcess, code_of, status_of, telling_aws
from archive_service.vault.stores.folders import being_filed
from archive_service.vault.stores.s3_versions import Versions


class Claims:
    """Claims below one prefix of a bucket."""

    def __init__(self, client: PerProcess, versions: Versions, bucket: str, prefix: str, lease: float) -> None:
        self._client, self._versions, self._bucket, self._prefix, self._lease = client, versions, bucket, prefix, lease

    @contextmanager
    def hold(self, record_id: str) -> Iterator[None]:
        """Hold a record's claim; ``Conflict`` if someone does so already."""
        key = self._prefix + record_id
        etag, version = self._take(key)
        done = threading.Event()
        keeper = threading.Thread(target=self._renew, args=(key, etag, version, done), daemon=True)
        keeper.start()
        try:
            yield
        finally:
            done.set()
            keeper.join()
            # What cannot be removed runs out by itself.
            with suppress(ArchiveError):
                self._versions.delete(key)

    def sweep(self, record_id: str) -> int:
        """Remove claims that ran out; the count."""
        with telling_aws(self._prefix):
            page = self._client().list_objects_v2(Bucket=self._bucket, Prefix=self._prefix + record_id)
        count = 0
        for found in page.get("Contents", []):
            head = self._head(found["Key"])
            if head is not None and self._age(head) > self._lease:
                count += self._versions.delete(found["Key"]) > 0
        return count

    def _take(self, key: str) -> tuple[str, str]:
        token = uuid.uuid4().hex.encode()
        answer = self._put(key, token, {"IfNoneMatch": "*"})
        if answer is None:
            answer = self._take_over(key, token)
        version = str(answer.get("VersionId", ""))
        if self._versions.kept and [one.version for one in self._versions.of(key) if not one.marker] != [version]:
            # Two came at once and the server let both in: each of them that sees it steps back.
            self._versions.remove(key, version)
            raise being_filed()
        with telling_aws(key):
            if self._client().get_object(Bucket=self._bucket, Key=key)["Body"].read(64) != token:
                raise being_filed()
        return str(answer["ETag"]), version

    def _take_over(self, key: str, token: bytes) -> dict[str, Any]:
        """Take the place of a claim that ran out; of several that try, the server lets one."""
        head = self._head(key)
        if head is not None and self._age(head) <= self._lease:
            raise being_filed()
        if head is None or self._versions.kept:
            if head is not None:
                self._versions.remove(key, head.get("VersionId", ""))
            answer = self._put(key, token, {"IfNoneMatch": "*"})
        else:
            answer = self._put(key, token, {"IfMatch": head["ETag"]})
        if answer is None:
            raise being_filed()
        return answer

    def _put(self, key: str, token: bytes, condition: dict[str, str]) -> dict[str, Any] | None:
        with telling_aws(key):
            try:
                answer: dict[str, Any] = self._client().put_object(
                    Bucket=self._bucket, Key=key, Body=token, **condition
                )
            except Exception as fault:
                if status_of(fault) in (404, 409, 412) and code_of(fault) != "NoSuchBucket":
                    return None
                raise
        return answer

    def _renew(self, key: str, etag: str, version: str, done: threading.Event) -> None:
        """Write the same claim again from time to time; stop when it is no longer ours."""
        with suppress(ArchiveError):
            token = b""
            while not done.wait(self._lease / 3):
                if not token:
                    with telling_aws(key):
                        token = self._client().get_object(Bucket=self._bucket, Key=key)["Body"].read(64)
                answer = self._put(key, token, {"IfMatch": etag})
                if answer is None:
                    return
                if self._versions.kept and version:
                    self._versions.remove(key, version)
                etag, version = answer["ETag"], str(answer.get("VersionId", ""))

    def _head(self, key: str) -> dict[str, Any] | None:
        with telling_aws(key):
            try:
                head: dict[str, Any] = self._client().head_object(Bucket=self._bucket, Key=key)
            except Exception as fault:
                if status_of(fault) == 404:
                    return None
                raise
        return head

    @staticmethod
    def _age(head: dict[str, Any]) -> float:
        """Return the age of an object in seconds, by the server's clock."""
        said = head.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
        now = parsedate_to_datetime(said) if said else datetime.now(UTC)
        return float((now - head["LastModified"]).total_seconds())
