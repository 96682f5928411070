"""Bytes on their way into a bucket: in one request where they fit, else in parts, with constant memory."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from archive_service.errors import BadInput, Unavailable
from archive_service.vault.aws import PerProcess, code_of, telling_aws
from archive_service.vault.stores.store import Stored

MAX_PARTS = 10_000


@dataclass(frozen=True)
class Target:
    """Where the bytes go: client, bucket, key, and the place in words."""

    client: PerProcess
    bucket: str
    key: str
    place: str

    @property
    def where(self) -> dict[str, str]:
        """The object as requests name it."""
        return {"Bucket": self.bucket, "Key": self.key}


class Write:
    """Bytes sent, and not yet under their name."""

    stored: Stored
    #: whether to ask first if the name is taken, because publishing in vain may not be repeatable
    looks_first = False

    def __init__(self, target: Target) -> None:
        self.target = target

    def publish(self, only_new: bool) -> str:
        """Give the bytes their name; the id of the version, empty where the server keeps none."""
        raise NotImplementedError

    def abandon(self) -> None:
        """Let go of what was sent and never published; nothing to do after a success."""


class Single(Write):
    """Bytes that fit one request."""

    def __init__(self, target: Target, data: bytes) -> None:
        super().__init__(target)
        self._data = data
        self._digest = hashlib.sha256(data)
        self.stored = Stored(len(data), self._digest.hexdigest())

    def publish(self, only_new: bool) -> str:
        """Put the object, with its checksum."""
        condition = {"IfNoneMatch": "*"} if only_new else {}
        checksum = base64.b64encode(self._digest.digest()).decode()
        answer = self.target.client().put_object(
            **self.target.where, Body=self._data, ChecksumSHA256=checksum, **condition
        )
        return str(answer.get("VersionId", ""))


class Multipart(Write):
    """Bytes sent in parts; the server joins them when told to, and not before."""

    looks_first = True

    def __init__(self, target: Target, first: bytes, rest: Iterable[bytes]) -> None:
        super().__init__(target)
        with telling_aws(target.place):
            begun = target.client().create_multipart_upload(**target.where, ChecksumAlgorithm="SHA256")
        self._upload, self._done = begun["UploadId"], False
        self._parts: list[dict[str, Any]] = []
        digest, size = hashlib.sha256(), 0
        try:
            for data in _chain(first, rest):
                digest.update(data)
                size += len(data)
                self._send(data)
        except BaseException:
            self.abandon()
            raise
        self.stored = Stored(size, digest.hexdigest())

    def publish(self, only_new: bool) -> str:
        """Have the parts joined."""
        condition = {"IfNoneMatch": "*"} if only_new else {}
        answer = self.target.client().complete_multipart_upload(
            **self.target.where, UploadId=self._upload, MultipartUpload={"Parts": self._parts}, **condition
        )
        self._done = True
        return str(answer.get("VersionId", ""))

    def abandon(self) -> None:
        """Abort the upload; what cannot be aborted now is swept later."""
        if not self._done:
            self._done = True
            with suppress(Unavailable):
                abort(self.target, self._upload)

    def _send(self, data: bytes) -> None:
        number = len(self._parts) + 1
        if number > MAX_PARTS:
            raise BadInput(
                "文件超过该存储的上限，请加大分段。", "The file is longer than this store takes; make its parts larger."
            )
        checksum = base64.b64encode(hashlib.sha256(data).digest()).decode()
        with telling_aws(self.target.place):
            answer = self.target.client().upload_part(
                **self.target.where, UploadId=self._upload, PartNumber=number, Body=data, ChecksumSHA256=checksum
            )
        self._parts.append({"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": checksum})


def send(target: Target, chunks: Iterable[bytes], part_bytes: int) -> Write:
    """Send bytes; an error of ``chunks`` passes through and leaves nothing."""
    parts = _in_parts(chunks, part_bytes)
    try:
        first = next(parts)
        return Single(target, first) if len(first) < part_bytes else Multipart(target, first, parts)
    finally:
        parts.close()


def abort(target: Target, upload: str) -> None:
    """Abort a multipart upload; gone already is success."""
    with telling_aws(target.place):
        try:
            target.client().abort_multipart_upload(**target.where, UploadId=upload)
        except Exception as fault:
            if code_of(fault) != "NoSuchUpload":
                raise


def _chain(first: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _in_parts(chunks: Iterable[bytes], size: int) -> Generator[bytes, None, None]:
    """Yield parts of exactly ``size`` bytes and a last one of fewer, which is empty only if it is the only one."""
    buffer, count = bytearray(), 0
    for chunk in chunks:
        buffer += chunk
        while len(buffer) >= size:
            yield bytes(memoryview(buffer)[:size])
            count += 1
            del buffer[:size]
    if buffer or not count:
        yield bytes(buffer)
