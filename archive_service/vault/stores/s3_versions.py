"""The versions that a server keeps of an object: seen, and removed one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from archive_service.errors import Conflict, Unavailable
from archive_service.vault.aws import PerProcess, code_of, status_of, telling_aws

_TRIES = 5


class Version(NamedTuple):
    """A version of an object, or a marker that says it was deleted and hides those below it."""

    key: str
    version: str
    marker: bool


class Locked(Conflict):
    """The server holds a version under a lock; its sentence tells which, and what would let it go."""


class Versions:
    """Versions in one bucket."""

    def __init__(self, client: PerProcess, bucket: str, place: str) -> None:
        self._client, self._bucket, self._place = client, bucket, place
        #: whether the bucket keeps versions, or ever did
        self.kept = True

    def look(self) -> None:
        """Ask whether the bucket keeps versions. Who may not ask is taken to have them."""
        with telling_aws(self._place):
            try:
                answer = self._client().get_bucket_versioning(Bucket=self._bucket)
            except Exception as fault:
                if status_of(fault) not in (403, 405, 501):
                    raise
                return
        self.kept = "Status" in answer

    def of(self, key: str) -> list[Version]:
        """Return all versions and markers under exactly this key."""
        return [one for one in self.below(key) if one.key == key]

    def below(self, prefix: str) -> Iterator[Version]:
        """Yield all versions and markers of all keys that begin with ``prefix``."""
        more: dict[str, str] = {}
        while True:
            with telling_aws(self._place):
                page: dict[str, Any] = self._client().list_object_versions(Bucket=self._bucket, Prefix=prefix, **more)
            for found in page.get("Versions", []):
                yield Version(found["Key"], found["VersionId"], False)
            for found in page.get("DeleteMarkers", []):
                yield Version(found["Key"], found["VersionId"], True)
            if not page.get("IsTruncated"):
                return
            more = {"KeyMarker": page["NextKeyMarker"]}
            if page.get("NextVersionIdMarker"):
                more["VersionIdMarker"] = page["NextVersionIdMarker"]

    def remove(self, key: str, version: str, *, passing: bool = False) -> None:
        """Remove one version; gone already is success. ``Locked`` if the server holds it under a lock.

        ``passing``: past a lock in governance mode, which needs a right of its own at the server.
        """
        which: dict[str, Any] = {"VersionId": version} if version and self.kept else {}
        if which and passing:
            which["BypassGovernanceRetention"] = True
        with telling_aws(self._place):
            try:
                self._client().delete_object(Bucket=self._bucket, Key=key, **which)
            except Exception as fault:
                if code_of(fault) in ("NoSuchKey", "NoSuchVersion"):
                    return
                locked = self._lock(key, version) if which and status_of(fault) == 403 else None
                if locked is not None:
                    raise locked from fault
                raise

    def delete(self, key: str, *, passing: bool = False) -> int:
        """Remove everything under a key and look that nothing is left; how many versions with content there were."""
        count = 0
        for _ in range(_TRIES):
            there = self.of(key)
            if not there and not self._shown(key):
                return count
            # Markers last: while one stands, nothing below it is seen by a plain read.
            for one in sorted(there, key=lambda one: one.marker):
                self.remove(key, one.version, passing=passing and not one.marker)
                count += not one.marker
        raise Unavailable(
            f"对象删除后仍存在：{self._place}", f"The object is still there after it was deleted: {self._place}"
        )

    def _shown(self, key: str) -> bool:
        """Ask for the object itself: a list may be behind the truth."""
        with telling_aws(self._place):
            try:
                self._client().head_object(Bucket=self._bucket, Key=key)
            except Exception as fault:
                if status_of(fault) == 404:
                    return False
                raise
        return True

    def _lock(self, key: str, version: str) -> Locked | None:
        """Say by which lock a version is held, if by any."""
        try:
            head = self._client().head_object(Bucket=self._bucket, Key=key, VersionId=version)
        except Exception:
            return None
        if head.get("ObjectLockLegalHoldStatus") == "ON":
            return Locked(
                f"该对象在存储桶中被依法冻结（legal hold），不能删除；请由设置者在存储桶中解除：{self._place}",
                "The object is under a legal hold in the bucket and cannot be removed; have whoever placed it there lift "
                f"it: {self._place}",
            )
        mode, until = head.get("ObjectLockMode"), head.get("ObjectLockRetainUntilDate")
        if not mode:
            return None
        day = until.date().isoformat() if until else "?"
        if mode == "GOVERNANCE":
            return Locked(
                f"该对象锁定至 {day}，所用凭据无权越过；请授予 s3:BypassGovernanceRetention 后重试：{self._place}",
                f"The object is locked until {day} and the credentials may not pass that lock; give them "
                f"s3:BypassGovernanceRetention and try again: {self._place}",
            )
        return Locked(
            f"该对象以合规模式锁定至 {day}，在此之前任何人都不能删除：{self._place}",
            f"The object is locked in compliance mode until {day}; nobody can remove it before: {self._place}",
        )
