"""A small virus scanner that speaks clamd's INSTREAM over a real socket: what holds the word EVIL is infected."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        command = self._until_zero()
        if command == b"zVERSION":
            self.request.sendall(self.server.version + b"\0")  # type: ignore[attr-defined]
        elif command == b"zINSTREAM":
            said = b"".join(self._chunks())
            verdict = b"stream: Test.Evil FOUND" if b"EVIL" in said else b"stream: OK"
            self.request.sendall(verdict + b"\0")

    def _until_zero(self) -> bytes:
        command = b""
        while (one := self.request.recv(1)) not in (b"\0", b""):
            command += one
        return command

    def _chunks(self) -> Iterator[bytes]:
        while True:
            (size,) = struct.unpack(">I", self._exactly(4))
            if not size:
                return
            yield self._exactly(size)

    def _exactly(self, size: int) -> bytes:
        said = b""
        while len(said) < size:
            said += self.request.recv(size - len(said))
        return said


@contextmanager
def scanner(
    folder: Path | None = None, version: bytes = b"ClamAV 1.4.1/27500/Sun Mar  1 09:00:00 2026"
) -> Iterator[str]:
    """Run the scanner on a socket of its own, TCP or (with a folder) Unix, and give its address."""
    if folder:
        server: socketserver.BaseServer = socketserver.ThreadingUnixStreamServer(str(folder / "clamd.ctl"), _Handler)
        address = f"unix:{folder / 'clamd.ctl'}"
    else:
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Handler)
        address = f"tcp:127.0.0.1:{server.server_address[1]}"
    server.version = version  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield address
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def closed_port() -> int:
    """Return a port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
