"""Checkpoints of the log in a bucket, locked in compliance mode: not even their writer can remove them before their time.

They lie beside the sealed files under ``anchors/``, named by the length of the log, so that the newest stands last.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from archive_service.errors import Unavailable
from archive_service.vault.aws import PerProcess, code_of, status_of, telling_aws

_MOST = 1 << 16


class S3Anchors:
    """The anchors in one bucket. ``days``: how long each is locked."""

    def __init__(self, client: PerProcess, bucket: str, prefix: str, place: str, days: int) -> None:
        self._client, self._bucket, self._place, self._days = client, bucket, place, days
        self._prefix = f"{prefix}anchors/"

    def keep(self, size: int, note: str, now: datetime) -> bool:
        """Write a checkpoint once, locked, and look that the server keeps bytes and lock; say whether it was new."""
        key = f"{self._prefix}{size:015d}"
        if self._head(key) is not None:
            return False
        until = (now + timedelta(days=self._days)).astimezone(UTC).replace(microsecond=0)
        with telling_aws(f"{self._place} (s3:PutObjectRetention)"):
            try:
                self._client().put_object(
                    Bucket=self._bucket,
                    Key=key,
                    Body=note.encode(),
                    IfNoneMatch="*",
                    ObjectLockMode="COMPLIANCE",
                    ObjectLockRetainUntilDate=until,
                )
            except Exception as fault:
                if status_of(fault) not in (409, 412):
                    raise
        head = self._head(key) or {}
        kept = head.get("ObjectLockRetainUntilDate")
        if (
            head.get("ObjectLockMode") != "COMPLIANCE"
            or kept is None
            or kept < until
            or self._read(key, head["VersionId"]) != note
        ):
            raise Unavailable(
                f"存储服务未按合规模式锁定检查点：{self._place}。请改用启用对象锁定的存储桶。",
                f"The server does not keep the checkpoint locked in compliance mode: {self._place}. Use a bucket that was "
                "made with Object Lock.",
            )
        return True

    def beyond(self, size: int) -> list[str]:
        """Return the checkpoints of logs longer than ``size`` entries, also those that a deletion marker hides."""
        found: list[str] = []
        more = {"KeyMarker": f"{self._prefix}{size:015d}"}
        while True:
            with telling_aws(self._place):
                page: dict[str, Any] = self._client().list_object_versions(
                    Bucket=self._bucket, Prefix=self._prefix, **more
                )
            found += [self._read(one["Key"], one["VersionId"]) for one in page.get("Versions", [])]
            if not page.get("IsTruncated"):
                return found
            more = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}

    def _read(self, key: str, version: str) -> str:
        with telling_aws(self._place):
            answer = self._client().get_object(Bucket=self._bucket, Key=key, VersionId=version)
            body: bytes = answer["Body"].read(_MOST)
        return body.decode("utf-8", "replace")

    def _head(self, key: str) -> dict[str, Any] | None:
        with telling_aws(self._place):
            try:
                head: dict[str, Any] = self._client().head_object(Bucket=self._bucket, Key=key)
            except Exception as fault:
                if status_of(fault) == 404 and code_of(fault) != "NoSuchBucket":
                    return None
                raise
        return head
