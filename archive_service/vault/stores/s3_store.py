"""A store in a bucket of any server that speaks S3.

Servers of different makes ignore different things that they are asked (conditions on versioned buckets,
checksums, locks): so what was asked for is read back, and nothing rests on one server's habit. An object
appears under its name at once and whole; what others would call staging are multipart uploads that were
never completed. Versions that the server keeps are removed one by one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO, Literal, cast

from archive_service.errors import ArchiveError, BadInput, Conflict, Damaged, NotFound, Unavailable
from archive_service.vault import names
from archive_service.vault.aws import AwsSettings, PerProcess, code_of, status_of, telling_aws
from archive_service.vault.pieces import sha256_of
from archive_service.vault.stores import s3_remains
from archive_service.vault.stores.s3_anchors import S3Anchors
from archive_service.vault.stores.s3_claims import Claims
from archive_service.vault.stores.s3_locks import S3Locks
from archive_service.vault.stores.s3_reader import S3Reader
from archive_service.vault.stores.s3_versions import Locked, Versions
from archive_service.vault.stores.s3_write import Target, Write, abort, send
from archive_service.vault.stores.store import Judge, Stored

MARKER = "store.json"
FORMAT = 1
HANDS = 16
"""Small objects on their way to the server at the same time."""
MIN_PART_BYTES = 5 << 20
_TRIES = 4
_PAUSE_SECONDS = 0.2


@dataclass(frozen=True)
class S3Settings:
    """Where a store lies and how it is written.

    ``prefix`` ends with ``/`` or is empty. ``part_bytes``: size of the parts of a large object, of which two are
    held in memory; 10,000 parts at most make an object, so 16 MiB allow 160 GB. ``verify``: read the whole
    object back after each write, or compare its size alone. ``identity_seconds``: how long the identity
    marker is believed before it is read again. ``lease_seconds``: how long a claim outlives a killed process.
    ``object_lock``: files are locked until their retention date; ``anchor_days``: how long checkpoints of the log are
    locked that are kept here as well (0: none are).
    """

    bucket: str
    prefix: str = ""
    server: AwsSettings = field(default_factory=AwsSettings)
    part_bytes: int = 16 << 20
    verify: Literal["read", "size"] = "read"
    identity_seconds: float = 30.0
    lease_seconds: float = 300.0
    object_lock: bool = False
    anchor_days: int = 0

    def __post_init__(self) -> None:
        if self.prefix and (not self.prefix.endswith("/") or self.prefix.startswith("/") or "//" in self.prefix):
            raise BadInput(
                "存储前缀须以 / 结尾。", "The prefix of a store ends with a slash and does not begin with one."
            )
        if self.part_bytes < MIN_PART_BYTES:
            raise BadInput("分段至少 5 MiB。", "Parts have at least 5 MiB.")


class S3Store:
    """Sealed objects in a bucket; may be shared by threads, and used on both sides of a fork.

    Several stores on one server may share a ``client``, and with it its connections.
    """

    def __init__(
        self, settings: S3Settings, install_id: str, client: PerProcess | None = None, *, look: bool = True
    ) -> None:
        """Open a store; without ``look`` one that is away now is no fault yet: each use looks for itself."""
        self._settings, self._install_id = settings, install_id
        self._client = client or PerProcess(settings.server, "s3")
        self._versions = Versions(self._client, settings.bucket, self.place)
        self._claims = Claims(
            self._client, self._versions, settings.bucket, self._key("claims/"), settings.lease_seconds
        )
        where = (settings.bucket, settings.prefix, self.place)
        self._locks = S3Locks(self._client, self._versions, *where) if settings.object_lock else None
        self._anchors = S3Anchors(self._client, *where, settings.anchor_days) if settings.anchor_days else None
        self._known_until = 0.0
        if look:
            self._read_marker()

    @classmethod
    def create_at(cls, settings: S3Settings, install_id: str, client: PerProcess | None = None) -> S3Store:
        """Turn an empty bucket, or an empty prefix of one, into a store; ``Conflict`` if anything lies there.

        So it is if the bucket is to lock and was not made for it, or locks by a rule of its own.

        The bucket is not made here: its owner decides about versioning, locks and rights.
        """
        place = f"s3://{settings.bucket}/{settings.prefix}"
        client = client or PerProcess(settings.server, "s3")
        with telling_aws(place):
            there = client().list_object_versions(Bucket=settings.bucket, Prefix=settings.prefix, MaxKeys=1)
            if there.get("Versions") or there.get("DeleteMarkers"):
                raise Conflict(f"存储位置不是空的：{place}", f"Something lies there already: {place}")
            if settings.object_lock or settings.anchor_days:
                for trouble in S3Locks(
                    client, Versions(client, settings.bucket, place), settings.bucket, settings.prefix, place
                ).troubles():
                    raise Conflict(f"{trouble.zh}：{place}", f"Not taken into use, {place}: {trouble.en}.")
            marker = (
                json.dumps({"format": FORMAT, "install": install_id, "kind": "s3"}, sort_keys=True).encode() + b"\n"
            )
            client().put_object(Bucket=settings.bucket, Key=settings.prefix + MARKER, Body=marker)
        return cls(settings, install_id, client)

    @property
    def place(self) -> str:
        """The place in one line, for people."""
        return f"s3://{self._settings.bucket}/{self._settings.prefix}"

    @property
    def locks(self) -> S3Locks | None:
        """The locks on files, where the settings ask for them."""
        return self._locks

    @property
    def anchors(self) -> S3Anchors | None:
        """The checkpoints of the log, where the settings ask for them."""
        return self._anchors

    def check_identity(self) -> None:
        """Raise ``Unavailable`` unless the marker in the bucket is this installation's; believed for a while."""
        if time.monotonic() >= self._known_until:
            self._read_marker()

    def create(
        self, name: str, chunks: Iterable[bytes], *, replace: bool = False, unless: Judge | None = None
    ) -> Stored:
        """Store ``chunks`` under ``name``, in parts where one does not hold them, and read back what lies there.

        An error of ``chunks`` passes through and leaves nothing.
        """
        names.parse(name)
        self.check_identity()
        write = send(self._target(self._key(name)), chunks, self._settings.part_bytes)
        try:
            return self._publish(name, write, replace, unless)
        finally:
            write.abandon()

    def create_all(self, objects: Mapping[str, bytes], judges: Mapping[str, Judge] | None = None) -> dict[str, Stored]:
        """Store small objects, several at a time: most of it is waiting for the server."""

        def one(name: str) -> Stored:
            return self.create(name, [objects[name]], replace=True, unless=(judges or {}).get(name))

        with ThreadPoolExecutor(HANDS) as hands:
            return dict(zip(objects, hands.map(one, objects), strict=True))

    def claim(self, record_id: str) -> AbstractContextManager[None]:
        """Hold a claim object, renewed while held; after a kill it runs out by itself."""
        self.check_identity()
        return self._claims.hold(names.check_id(record_id))

    @contextmanager
    def claim_all(self, record_ids: Iterable[str]) -> Iterator[dict[str, ArchiveError]]:
        """Hold the claims of many records, and tell of those that could not be had."""
        refused: dict[str, ArchiveError] = {}
        with ExitStack() as claims:
            for record_id in record_ids:
                try:
                    claims.enter_context(self.claim(record_id))
                except Conflict as error:
                    refused[record_id] = error
            yield refused

    def open(self, name: str) -> BinaryIO:
        """Open a stored object for reading, in its present version."""
        names.parse(name)
        self.check_identity()
        head = self._head(name)
        if head is None:
            raise NotFound("存储中没有该对象。", "The store holds no such object.")
        where = {"Bucket": self._settings.bucket, "Key": self._key(name)}
        if head.get("VersionId") not in (None, "null"):
            where["VersionId"] = head["VersionId"]
        reader = S3Reader(self._client, where, head["ContentLength"], head.get("ETag", ""), self.place)
        return cast("BinaryIO", reader)

    def exists(self, name: str) -> bool:
        """Say whether an object lies under this name."""
        names.parse(name)
        self.check_identity()
        return self._head(name) is not None

    def delete(self, name: str) -> bool:
        """Remove every version and every delete marker of an object, one by one, and look that none is left."""
        names.parse(name)
        self.check_identity()
        return self._versions.delete(self._key(name), passing=self._settings.object_lock) > 0

    def names(self, prefix: str = "") -> Iterator[str]:
        """Yield names in order; whatever does not look like ours is passed over."""
        self.check_identity()
        token: dict[str, str] = {}
        while True:
            with telling_aws(self.place):
                page = self._client().list_objects_v2(
                    Bucket=self._settings.bucket, Prefix=self._key(prefix), MaxKeys=1000, **token
                )
            for found in page.get("Contents", []):
                name = found["Key"][len(self._settings.prefix) :]
                if names.is_name(name):
                    yield name
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def discard_staging(self, record_id: str) -> int:
        """Abort the multipart uploads of a record, and drop its claim if that ran out."""
        self.check_identity()
        return self._abort(self._key(names.folder(record_id)), None) + self._claims.sweep(record_id)

    def sweep_staging(self, older_than: datetime) -> int:
        """Abort multipart uploads begun before ``older_than``, and drop claims that ran out."""
        self.check_identity()
        return self._abort(self._settings.prefix, older_than) + self._claims.sweep("")

    def remains(self, record_of: Mapping[str, str]) -> Mapping[str, set[str]]:
        """Look with other code, over its own connection, for anything left of ids (id -> record id)."""
        settings = self._settings
        return s3_remains.look(settings.server, settings.bucket, settings.prefix, self._install_id, record_of)

    # ------------------------------------------------------------------------------------------------ the inside

    def _key(self, name: str) -> str:
        return self._settings.prefix + name

    def _head(self, name: str) -> dict[str, Any] | None:
        with telling_aws(self.place):
            try:
                head: dict[str, Any] = self._client().head_object(Bucket=self._settings.bucket, Key=self._key(name))
            except Exception as fault:
                if status_of(fault) == 404 and code_of(fault) != "NoSuchBucket":
                    return None
                raise
        return head

    def _read_marker(self) -> None:
        asked = time.monotonic()
        with telling_aws(self.place):
            try:
                answer = self._client().get_object(Bucket=self._settings.bucket, Key=self._key(MARKER))
                said = json.loads(answer["Body"].read(4096))
            except ValueError:
                said = None
            except Exception as fault:
                if code_of(fault) != "NoSuchKey":
                    raise
                said = None
        if not isinstance(said, dict) or said.get("install") != self._install_id or said.get("format") != FORMAT:
            self._known_until = 0.0
            raise Unavailable(
                f"存储位置没有本系统的标识，不予使用：{self.place}",
                f"This place does not carry the mark of this installation and is not used: {self.place}",
            )
        self._versions.look()
        self._known_until = asked + self._settings.identity_seconds

    def _publish(self, name: str, write: Write, replace: bool, unless: Judge | None) -> Stored:
        """Give the bytes their name if it is free, or theirs to take; then look what lies under it."""
        if replace and unless is None:
            return self._settle(name, write.stored, self._try(write, only_new=False), replace)
        for _ in range(_TRIES):
            taken = write.looks_first and self._head(name) is not None
            version = None if taken else self._try(write, only_new=True)
            if version is None:
                try:
                    kept = self._look_at(name, write.stored, replace, unless)
                except NotFound:
                    # Said to be taken, and nothing is there: gone meanwhile, or the server was wrong.
                    continue
                if kept is not None:
                    return kept
                version = self._try(write, only_new=False)
            return self._settle(name, write.stored, version, replace)
        raise Unavailable("存储服务的答复前后矛盾，请重试。", "The server contradicts itself; try again.")

    def _try(self, write: Write, only_new: bool) -> str | None:
        """Publish; the version's id, or ``None`` if something lies under the name."""
        for turn in range(_TRIES):
            with telling_aws(self.place):
                try:
                    return write.publish(only_new)
                except Exception as fault:
                    if status_of(fault) == 412 or code_of(fault) in ("PreconditionFailed", "NoSuchUpload"):
                        # A lost answer to an attempt that did succeed looks like this too: the caller compares.
                        return None
                    if status_of(fault) != 409:
                        raise
            time.sleep(_PAUSE_SECONDS * (turn + 1))
        raise Conflict("该名称正被他处写入，请重试。", "Someone else writes under this name; try again.")

    def _settle(self, name: str, stored: Stored, version: str | None, replace: bool) -> Stored:
        """Read back; then see to it that one version alone lies there, the first if nothing was to be replaced."""
        if version is None:
            # An upload that is gone when its parts are to be joined was joined by an attempt whose answer was lost.
            return self._look_at(name, stored, False, None) or stored
        key = self._key(name)
        older = [one for one in self._versions.of(key) if one.version != version] if self._versions.kept else []
        if not replace and any(not one.marker for one in older):
            # The server kept both: it does not know the condition that it was asked for.
            self._versions.remove(key, version)
            return self._look_at(name, stored, False, None) or stored
        self._read_back(name, stored, version)
        for one in older:
            # A bad copy that is locked stays below the good one, until destruction removes both.
            with suppress(Locked):
                self._versions.remove(key, one.version)
        return stored

    def _read_back(self, name: str, stored: Stored, version: str) -> None:
        head = self._head(name)
        size = None if head is None else head["ContentLength"]
        sha256 = stored.sha256
        if size == stored.size and self._settings.verify == "read":
            with self.open(name) as reader:
                sha256 = sha256_of(reader)
        if (size, sha256) == (stored.size, stored.sha256):
            return
        with suppress(Unavailable):
            self._versions.remove(self._key(name), version)
        raise Damaged(
            f"服务保存的内容与发送的不同，已撤回：{self.place}",
            f"The server keeps other bytes than it was given; they were taken back: {self.place}",
        )

    def _look_at(self, name: str, stored: Stored, replace: bool, unless: Judge | None) -> Stored | None:
        """Return what lies under a taken name if it stays, ``None`` if it makes way."""
        with self.open(name) as there:
            if replace and unless is not None and not unless(there):
                return None
            size = there.seek(0, 2)
            there.seek(0)
            found = Stored(size, sha256_of(there))
        if not replace and found != stored:
            raise Conflict("存储中已有同名而内容不同的对象。", "The store already holds other bytes under this name.")
        return found

    def _abort(self, prefix: str, before: datetime | None) -> int:
        count, more = 0, dict[str, str]()
        while True:
            with telling_aws(self.place):
                page = self._client().list_multipart_uploads(Bucket=self._settings.bucket, Prefix=prefix, **more)
            for found in page.get("Uploads", []):
                if found["Key"].startswith(prefix) and (before is None or found["Initiated"] < before):
                    abort(self._target(found["Key"]), found["UploadId"])
                    count += 1
            if not page.get("IsTruncated"):
                return count
            more = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}

    def _target(self, key: str) -> Target:
        return Target(self._client, self._settings.bucket, key, self.place)
