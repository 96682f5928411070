"""All parts are held against each other every night, and at once after a service that did not end in good order."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from archive_service.archive import open_archive
from archive_service.audit.tables import entries
from archive_service.config import load_settings
from archive_service.jobs import scheduler
from tests.archive_service.catalog.copies_world import CopiesWorld, found
from tests.support import victim

SETTINGS = """
[archive]
data_dir = "data"
[stores.second]
path = "second"
[stores.third]
path = "third"
[placement]
default = ["second"]
"""
SERVE = "import os\nos.setsid()\nfrom archive_service.cli import main\nmain()\n"


def founded(folder: Path) -> CopiesWorld:
    config = folder / "config.toml"
    config.write_text(SETTINGS, encoding="utf-8")
    return found(load_settings(config))


def until(done: Callable[[], Any], seconds: float = 120) -> None:
    """Look again and again for what another thread or process is about to do."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def examined(world: CopiesWorld) -> list[int]:
    """Return of every examination in the log how much did not agree."""
    wanted = select(entries.c.body).where(entries.c.act == "archive:examined").order_by(entries.c.seq)
    with world.archive.ledger.read() as connection:
        return [json.loads(body)["detail"]["findings"] for body in connection.execute(wanted).scalars()]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(folder: Path) -> Iterator[int]:
    """Have the service run as the command starts it, and yield its process once it answers; nothing of it stays."""
    port = free_port()
    child = victim.start(SERVE, "--config", str(folder / "config.toml"), "serve", "--port", str(port))

    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0 and (folder / "data/serving").exists()

    try:
        until(answers)
        yield child
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)


def test_a_service_that_was_killed_has_everything_examined_when_it_starts_again(tmp_path: Path) -> None:
    world = founded(tmp_path)
    record = world.file()
    world.archive.chores.settle_outbox()
    world.archive.chores.keep_copies()
    world.archive.close()
    with serving(tmp_path) as first:
        os.killpg(first, signal.SIGKILL)
        assert victim.wait(first) == -signal.SIGKILL
    world = CopiesWorld(open_archive(load_settings(tmp_path / "config.toml")))
    assert examined(world) == [], "the first start of all has no reason to"
    left = tmp_path / "data/drill-left"  # as the kill leaves a drill: with an open catalogue, and keys
    left.mkdir()
    (left / "keyring.db").write_bytes((tmp_path / "data/keyring.db").read_bytes())
    world.object("second", world.object_name(record)).unlink()
    with serving(tmp_path) as second:
        until(lambda: examined(world))
        (findings,) = examined(world)
        assert findings > 0, "the copy that is gone was seen"
        assert not left.exists()
        os.kill(second, signal.SIGTERM)
        assert victim.wait(second) == 0
    assert not (tmp_path / "data/serving").exists(), "an end in good order: the next start has no reason to"
    assert not world.archive.chores.begin()
    world.archive.close()


def test_every_night_what_is_damaged_is_found_and_made_good_and_all_parts_are_examined(tmp_path: Path) -> None:
    world = founded(tmp_path)
    record = world.file()
    world.archive.chores.settle_outbox()
    world.archive.chores.keep_copies()
    name = world.object_name(record)
    copy = world.object("second", name)
    copy.write_bytes(copy.read_bytes()[:-1] + b"\x00\x01")
    zone = world.archive.settings.zone
    jobs = scheduler.start(world.archive)
    try:
        night = jobs.get_job("night-watch")
        noon = datetime(2026, 11, 25, 12, tzinfo=zone)
        assert night.trigger.get_next_fire_time(None, noon) == datetime(2026, 11, 26, 1, 30, tzinfo=zone)
        assert examined(world) == []
        night.modify(next_run_time=datetime.now(zone))
        until(lambda: examined(world))
    finally:
        scheduler.stop(world.archive, jobs)
    assert copy.read_bytes() == world.object("primary", name).read_bytes()
    acts = world.acts()
    assert acts.index("copies:checked") < acts.index("archive:examined")
    assert examined(world) == [0]
    # One night later a key is missing: it is told, and nothing that could be lost by it is touched.
    world.archive.keyring.forget(world.archive.keyring.key_ids(record), record)
    world.archive.chores.night_watch()
    assert examined(world)[-1] > 0
    assert copy.exists()
    world.archive.close()
