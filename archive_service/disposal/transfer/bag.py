"""Writing a transfer package: a bag (RFC 8493, SHA-256) whose bytes follow from its contents alone.

It holds the files in clear, for the receiver must be able to read them; so it is written to its target and nowhere
else, and to a receiver's key nothing of it touches a disk unsealed.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

import pyrage

from archive_service.errors import BadInput, Damaged

DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
FILE_MODE, FOLDER_MODE = 0o600, 0o700


@dataclass(frozen=True)
class Part:
    """A file of the payload: its path below ``data``, its size in bytes, and where its bytes come from."""

    path: str
    size: int
    chunks: Iterable[bytes]


@dataclass(frozen=True)
class Written:
    """What was written: ``digest`` (SHA-256 of the tag manifest, hex) names the package and everything in it."""

    digest: str
    files: int
    size: int


class Sink(Protocol):
    """Where the files of a bag go."""

    def add(self, path: str, size: int, chunks: Iterable[bytes]) -> None:
        """Write one file."""


def part_of(path: str, content: bytes) -> Part:
    """Return a part whose bytes are at hand."""
    return Part(path, len(content), (content,))


def write_bag(sink: Sink, parts: Sequence[Part], info: Mapping[str, str], tags: Mapping[str, bytes]) -> Written:
    """Write payload, tag files and manifests; raises :class:`Damaged` when a file is not as long as it should be."""
    manifest: dict[str, str] = {}
    for part in sorted(parts, key=lambda one: one.path.encode()):
        manifest[f"data/{part.path}"] = _copied(sink, f"data/{part.path}", part.size, part.chunks)
    if len(manifest) != len(parts):
        raise Damaged("两份文件在包内同名。", "Two files would have the same name in the package.")
    files, size = len(parts), sum(part.size for part in parts)
    told = {**info, "Payload-Oxum": f"{size}.{files}", "Bag-Size": f"{size} B"}
    lines = "".join(f"{label}: {' '.join(value.split())}\n" for label, value in told.items())
    described = {
        "bagit.txt": DECLARATION,
        "bag-info.txt": lines.encode(),
        "manifest-sha256.txt": _listing(manifest),
        **tags,
    }
    listed = {path: _copied(sink, path, len(body), (body,)) for path, body in sorted(described.items())}
    body = _listing(listed)
    return Written(_copied(sink, "tagmanifest-sha256.txt", len(body), (body,)), files, size)


def _listing(digests: Mapping[str, str]) -> bytes:
    # RFC 8493, 2.1.3: only these three characters are written otherwise.
    escaped = {path.replace("%", "%25").replace("\n", "%0A").replace("\r", "%0D"): one for path, one in digests.items()}
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(escaped.items())).encode()


def _copied(sink: Sink, path: str, size: int, chunks: Iterable[bytes]) -> str:
    made, seen = hashlib.sha256(), 0

    def watched() -> Iterator[bytes]:
        nonlocal seen
        for chunk in chunks:
            made.update(chunk)
            seen += len(chunk)
            yield chunk

    sink.add(path, size, watched())
    if seen != size:
        raise Damaged(f"{path} 长度不符。", f"{path} is not as long as the catalogue says.")
    return made.hexdigest()


class FolderSink:
    """A bag as a folder, readable by its owner alone; each file is on the disk before the next is begun."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=FOLDER_MODE)

    def add(self, path: str, size: int, chunks: Iterable[bytes]) -> None:  # noqa: ARG002 (a folder needs no size)
        """Write one file."""
        target = self._folder / path
        target.parent.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
        with target.open("xb") as file:
            target.chmod(FILE_MODE)
            file.writelines(chunks)
            file.flush()
            os.fsync(file.fileno())


class _TarSink:
    """A bag as a tar stream, with nothing in it of time, owner or machine."""

    def __init__(self, stream: IO[bytes], root: str) -> None:
        # A stream of blocks ("w|"), for a pipe cannot be sought in; closed by close().
        self._tar = tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115
        self._root = root

    def add(self, path: str, size: int, chunks: Iterable[bytes]) -> None:
        """Write one file."""
        entry = tarfile.TarInfo(f"{self._root}/{path}")
        entry.size, entry.mode = size, FILE_MODE
        self._tar.addfile(entry, _Chunks(chunks))

    def close(self) -> None:
        """End the stream."""
        self._tar.close()


class _Chunks(io.RawIOBase):
    """Chunks as a file that can be read."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks, self._rest = iter(chunks), b""

    def read(self, size: int = -1) -> bytes:
        parts, have = [self._rest], len(self._rest)
        while size < 0 or have < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            parts.append(chunk)
            have += len(chunk)
        joined = b"".join(parts)
        cut = len(joined) if size < 0 else size
        self._rest = joined[cut:]
        return joined[:cut]


def check_recipient(recipient: str) -> pyrage.x25519.Recipient:
    """Return a receiver's public age key, or say what is wrong with it."""
    try:
        return pyrage.x25519.Recipient.from_str(recipient.strip())
    except pyrage.RecipientError as error:
        raise BadInput(
            "这不是 age 公钥（以 age1 开头）。", "This is no public key of age (they begin with age1)."
        ) from error


def write_encrypted(
    target: IO[bytes],
    recipient: str,
    root: str,
    parts: Sequence[Part],
    info: Mapping[str, str],
    tags: Mapping[str, bytes],
) -> Written:
    """Write the bag as a tar file that only the receiver's age key opens; the clear bytes pass through a pipe."""
    key = check_recipient(recipient)
    piped = Piped(lambda stream: write_tar(stream, root, parts, info, tags))
    with piped as outlet:
        pyrage.encrypt_io(outlet, target, [key])
    return piped.result()


def write_tar(
    stream: IO[bytes], root: str, parts: Sequence[Part], info: Mapping[str, str], tags: Mapping[str, bytes]
) -> Written:
    """Write the bag as a tar stream in clear."""
    sink = _TarSink(stream, root)
    written = write_bag(sink, parts, info, tags)
    sink.close()
    return written


class Piped:
    """Something that writes into a stream, read from the other end while it is written; nothing is kept in between."""

    def __init__(self, write: Callable[[IO[bytes]], Written]) -> None:
        self._write = write
        self._done: list[Written] = []
        self._faults: list[BaseException] = []

    def __enter__(self) -> IO[bytes]:
        outlet, inlet = os.pipe()
        self._inlet = inlet
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self._outlet = os.fdopen(outlet, "rb")
        return self._outlet

    def _run(self) -> None:
        try:
            with os.fdopen(self._inlet, "wb") as stream:
                self._done.append(self._write(stream))
        except BaseException as error:
            self._faults.append(error)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._outlet.close()
        self._thread.join()
        if self._faults and (kind is None or not isinstance(self._faults[0], BrokenPipeError)):
            raise self._faults[0]

    def result(self) -> Written:
        """Return what was written; the pipe is closed by now."""
        return self._done[0]


class NoSink:
    """Takes a bag's bytes and keeps none: for its digest alone."""

    def add(self, path: str, size: int, chunks: Iterable[bytes]) -> None:  # noqa: ARG002 (where it would go)
        """Let the bytes of one file pass."""
        for _ in chunks:
            pass
