"""The virus scanner: a clamd behind a socket, which is handed the bytes and gives a verdict. Nothing is written down for it."""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from archive_service.errors import Text

CHUNK = 256 * 1024
LONGEST_ANSWER = 4096
ADDRESS = re.compile(r"unix:(?P<path>/.+)|tcp:(?P<host>[^:\s]+|\[[0-9a-fA-F:]+\]):(?P<port>\d{1,5})")


@dataclass(frozen=True)
class Scanned:
    """A verdict: ``clean`` is ``None`` when the scanner could give none, and ``trouble`` says why."""

    clean: bool | None
    found: str = ""
    trouble: Text | None = None


@dataclass(frozen=True)
class Scanner:
    """Asks a clamd at ``unix:/path`` or ``tcp:host:port``; without an address there is none."""

    address: str = ""
    seconds: int = 30

    @property
    def there(self) -> bool:
        """Whether a scanner is set up."""
        return bool(self.address)

    def scan(self, chunks: Iterable[bytes]) -> Scanned:
        """Hand the bytes of one file over (INSTREAM) and return the verdict; trouble is told, never raised."""
        try:
            with self._connected() as link:
                link.sendall(b"zINSTREAM\0")
                for chunk in chunks:
                    for start in range(0, len(chunk), CHUNK):
                        piece = chunk[start : start + CHUNK]
                        link.sendall(struct.pack(">I", len(piece)) + piece)
                link.sendall(struct.pack(">I", 0))
                return _verdict(_answer(link))
        except OSError as error:
            return Scanned(None, trouble=_unreachable(error))

    def signatures(self) -> tuple[str, date | None] | Text:
        """Return the scanner's version and the day of its signatures, or why it could not be asked."""
        try:
            with self._connected() as link:
                link.sendall(b"zVERSION\0")
                said = _answer(link)
        except OSError as error:
            return _unreachable(error)
        day = None
        parts = said.split("/")
        if len(parts) == 3:
            try:
                day = datetime.strptime(parts[2].strip(), "%a %b %d %H:%M:%S %Y").date()  # noqa: DTZ007 (only its day)
            except ValueError:
                day = None
        return said[:200], day

    @contextmanager
    def _connected(self) -> Iterator[socket.socket]:
        where = ADDRESS.fullmatch(self.address)
        if where is None:
            raise OSError(f"no address: {self.address}")
        if where["path"]:
            link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            link.settimeout(self.seconds)
            try:
                link.connect(where["path"])
            except OSError:
                link.close()
                raise
        else:
            link = socket.create_connection((where["host"].strip("[]"), int(where["port"])), self.seconds)
        with link:
            yield link


def _answer(link: socket.socket) -> str:
    said = b""
    while len(said) < LONGEST_ANSWER and not said.endswith(b"\0"):
        piece = link.recv(LONGEST_ANSWER)
        if not piece:
            break
        said += piece
    return said.rstrip(b"\0").decode("utf-8", "replace").strip()


def _verdict(said: str) -> Scanned:
    if said.endswith(" FOUND"):
        return Scanned(False, found=said.removesuffix(" FOUND").partition(": ")[2][:200])
    if said.endswith(": OK"):
        return Scanned(True)
    return Scanned(
        None,
        trouble=Text(f"病毒扫描程序没有给出结论：{said[:200]}", f"The virus scanner gave no verdict: {said[:200]}"),
    )


def _unreachable(error: OSError) -> Text:
    said = error.strerror or str(error)
    return Text(f"连不上病毒扫描程序：{said}", f"The virus scanner could not be reached: {said}")
