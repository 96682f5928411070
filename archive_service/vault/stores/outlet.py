"""A place in a bucket to which packages are delivered: nothing is overwritten, and what lies there is read back.

Unlike a store it bears no mark of this installation and nothing is ever removed from it: it is the receiver's.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable

from archive_service.errors import Conflict, Damaged, Unavailable
from archive_service.vault.aws import PerProcess, code_of, status_of, telling_aws
from archive_service.vault.stores.s3_store import S3Settings
from archive_service.vault.stores.s3_write import Target, Write, send
from archive_service.vault.stores.store import Stored

_TRIES = 4
_PAUSE_SECONDS = 0.2
_PIECE = 1 << 20


class Outlet:
    """Delivers objects below the prefix of a bucket."""

    def __init__(self, settings: S3Settings) -> None:
        self._settings = settings
        self._client = PerProcess(settings.server, "s3")

    @property
    def place(self) -> str:
        """The place in one line, for people."""
        return f"s3://{self._settings.bucket}/{self._settings.prefix}"

    def names(self, prefix: str) -> set[str]:
        """Return the names of all objects that begin with ``prefix``."""
        found: set[str] = set()
        with telling_aws(self.place):
            pages = (
                self._client()
                .get_paginator("list_objects_v2")
                .paginate(Bucket=self._settings.bucket, Prefix=self._settings.prefix + prefix)
            )
            for page in pages:
                found |= {one["Key"].removeprefix(self._settings.prefix) for one in page.get("Contents", [])}
        return found

    def send(self, name: str, chunks: Iterable[bytes]) -> Write:
        """Send bytes that get their name only by :meth:`publish`."""
        target = Target(self._client, self._settings.bucket, self._settings.prefix + name, self.place)
        return send(target, chunks, self._settings.part_bytes)

    def publish(self, name: str, write: Write) -> Stored:
        """Give sent bytes their name if it is free, and read back what lies there: the same bytes are success."""
        try:
            # Not every server keeps the condition for every kind of bucket: it is asked first in any case.
            ours = self._digest(name) is None and self._try(name, write)
            found = self._digest(name)
        finally:
            write.abandon()
        if found == write.stored.sha256:
            return write.stored
        if ours:
            raise Damaged(
                f"服务保存的内容与发送的不同：{self.place}{name}",
                f"The server keeps other bytes than it was given: {self.place}{name}",
            )
        raise Conflict(
            f"{self.place}{name} 处已有别的内容，不覆盖。",
            f"Other bytes lie at {self.place}{name}; they are not overwritten.",
        )

    def _try(self, name: str, write: Write) -> bool:
        """Publish; say whether the server took these bytes."""
        for turn in range(_TRIES):
            with telling_aws(self.place):
                try:
                    write.publish(only_new=True)
                except Exception as fault:
                    if status_of(fault) == 412 or code_of(fault) in ("PreconditionFailed", "NoSuchUpload"):
                        return (
                            False  # something lies there, by an answer that was lost perhaps: it is read and compared
                        )
                    if status_of(fault) != 409:
                        raise
                else:
                    return True
            time.sleep(_PAUSE_SECONDS * (turn + 1))
        raise Unavailable(f"存储服务正忙，请重试：{name}", f"The server is busy; try again: {name}")

    def _digest(self, name: str) -> str | None:
        """Return the SHA-256 (hex) of what lies under a name, read whole."""
        made = hashlib.sha256()
        with telling_aws(self.place):
            try:
                answer = self._client().get_object(Bucket=self._settings.bucket, Key=self._settings.prefix + name)
            except Exception as fault:
                if status_of(fault) == 404 and code_of(fault) != "NoSuchBucket":
                    return None
                raise
            with answer["Body"] as body:
                while piece := body.read(_PIECE):
                    made.update(piece)
        return made.hexdigest()
