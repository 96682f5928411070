"""Object Lock in a bucket: governance until the retention date, legal hold beside it, both read back.

Servers of some makes accept a lock and drop it; others have none at all. A bucket that locks in compliance mode by
itself is not fit: nobody could carry out a destruction in it, with any right.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from archive_service.errors import ArchiveError, NotFound, Text, Unavailable
from archive_service.vault.aws import PerProcess, code_of, status_of, telling_aws
from archive_service.vault.stores.locks import Lock
from archive_service.vault.stores.s3_versions import Versions

GOVERNANCE, COMPLIANCE = "GOVERNANCE", "COMPLIANCE"
NOT_ENABLED = Text(
    "存储桶未启用对象锁定（Object Lock），文件未锁定。请另建启用对象锁定的存储桶，或在设置中取消 object_lock",
    "the bucket has no Object Lock, so nothing in it is locked. Use a bucket that was made with Object Lock, or take "
    "object_lock out of the settings",
)
BY_ITSELF = Text(
    "存储桶自带默认锁定：{mode}。本系统自行逐件锁定；请删除存储桶的默认保留规则，否则销毁与清理将被拒绝",
    "the bucket locks everything by a default rule ({mode}). The archive locks file by file; remove the default rule, or "
    "destruction and tidying will be refused",
)


class S3Locks:
    """The locks of one store in a bucket."""

    def __init__(self, client: PerProcess, versions: Versions, bucket: str, prefix: str, place: str) -> None:
        self._client, self._versions, self._bucket, self._prefix, self._place = client, versions, bucket, prefix, place

    def kept(self, name: str) -> Lock:
        """Ask what stands on the present version of a file."""
        return _lock_of(self._head(name))

    def extend(self, name: str, until: datetime) -> None:
        """Put the date of a file's lock later, in governance mode, and look that the server keeps it."""
        head = self._head(name)
        now = _lock_of(head).until
        until = until.astimezone(UTC).replace(microsecond=0)
        if now is not None and now >= until:
            return
        if head.get("ObjectLockMode") == COMPLIANCE:
            raise Unavailable(
                f"存储桶以合规模式锁定此文件，不再延长：{self._place}",
                f"The bucket has locked this file in compliance mode; that is not prolonged: {self._place}",
            )
        with self._telling():
            self._client().put_object_retention(
                **self._version(name, head), Retention={"Mode": GOVERNANCE, "RetainUntilDate": until}
            )
        again = self._head(name)
        kept = _lock_of(again).until
        if again.get("ObjectLockMode") != GOVERNANCE or kept is None or kept < until:
            raise self._not_kept()

    def hold(self, name: str, on: bool) -> None:
        """Place a legal hold on a file, or lift it from every version, and look that the server keeps it so."""
        key = self._prefix + name
        present = self._version(name, self._head(name))
        older = [] if on else [one.version for one in self._versions.of(key) if not one.marker]
        for version in dict.fromkeys([*older, present.get("VersionId", "")]):
            which = {"Bucket": self._bucket, "Key": key, **({"VersionId": version} if version else {})}
            if _lock_of(self._head(name, version)).held == on:
                continue
            with self._telling():
                self._client().put_object_legal_hold(**which, LegalHold={"Status": "ON" if on else "OFF"})
            if _lock_of(self._head(name, version)).held != on:
                raise self._not_kept()

    def troubles(self) -> list[Text]:
        """Look whether the bucket was made for locking, and whether it locks by a rule of its own."""
        try:
            found = self._rule()
        except ArchiveError as error:
            return [error.text]
        if found is None:
            return [NOT_ENABLED]
        mode = found.get("Rule", {}).get("DefaultRetention", {}).get("Mode")
        return [Text(BY_ITSELF.zh.format(mode=mode), BY_ITSELF.en.format(mode=mode))] if mode else []

    def _rule(self) -> dict[str, Any] | None:
        with telling_aws(self._place):
            try:
                answer = self._client().get_object_lock_configuration(Bucket=self._bucket)
            except Exception as fault:
                if code_of(fault) == "ObjectLockConfigurationNotFoundError" or status_of(fault) in (404, 501):
                    return None
                raise
        found: dict[str, Any] = answer.get("ObjectLockConfiguration", {})
        return found if found.get("ObjectLockEnabled") == "Enabled" else None

    def _head(self, name: str, version: str = "") -> dict[str, Any]:
        which = {"VersionId": version} if version else {}
        with telling_aws(self._place):
            try:
                head: dict[str, Any] = self._client().head_object(Bucket=self._bucket, Key=self._prefix + name, **which)
            except Exception as fault:
                if status_of(fault) == 404 and code_of(fault) != "NoSuchBucket":
                    raise NotFound("存储中没有该对象。", "The store holds no such object.") from fault
                raise
        return head

    def _version(self, name: str, head: dict[str, Any]) -> dict[str, str]:
        which = {"Bucket": self._bucket, "Key": self._prefix + name}
        return {**which, "VersionId": head["VersionId"]} if head.get("VersionId") else which

    def _telling(self) -> Any:
        return telling_aws(f"{self._place} (s3:PutObjectRetention, s3:PutObjectLegalHold)")

    def _not_kept(self) -> Unavailable:
        return Unavailable(
            f"存储服务接受了锁定却没有保持：{self._place}。请改用支持对象锁定的存储桶。",
            f"The server took a lock and does not keep it: {self._place}. Use a bucket that keeps Object Lock.",
        )


def _lock_of(head: dict[str, Any]) -> Lock:
    until = head.get("ObjectLockRetainUntilDate")
    return Lock(
        until.astimezone(UTC) if head.get("ObjectLockMode") in (GOVERNANCE, COMPLIANCE) and until else None,
        head.get("ObjectLockLegalHoldStatus") == "ON",
    )
