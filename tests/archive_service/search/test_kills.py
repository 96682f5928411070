"""A process killed at any moment of settling: the next one completes it, nothing twice, nothing lost, nothing left."""

from __future__ import annotations

import signal

import pytest

from archive_service.search.outbox import LEASE
from tests.archive_service.search.search_world import SearchWorld, open_search_world
from tests.support import victim

pytestmark = pytest.mark.usefixtures("in_process")

STEPS = {
    "claimed": "archive_service.search.outbox:Outbox.claim",
    "extracted": "archive_service.search.texts:extract",
    "text sealed": "archive_service.vault.vault:Vault.put",
    "text kept": "archive_service.search.texts:Texts.keep",
    "given to the index": "archive_service.search.compartments:Compartments.add",
    "index written": "index.engines.whoosh_engine:_writer_of",
    "index synced": "index.engines.homes:FolderHome.written",
    "sealed index saved": "index.engines.homes:SealedHome.written",
    "all committed": "archive_service.search.compartments:Compartments.commit",
    "noted": "archive_service.search.settling:note",
    "struck out": "archive_service.search.settling:strike_out",
    "capsule": "archive_service.search.settling:write_capsule",
}
PROGRAM = """
import importlib, os, signal, sys
from datetime import datetime
from pathlib import Path
from tests.archive_service.search.search_world import open_search_world
module, name = sys.argv[3].split(":")
owner = importlib.import_module(module)
*path, last = name.split(".")
for part in path:
    owner = getattr(owner, part)
real, left = getattr(owner, last), [int(sys.argv[4])]
def dying(*given, **named):
    result = real(*given, **named) if sys.argv[5] == "after" else None
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return result if sys.argv[5] == "after" else real(*given, **named)
setattr(owner, last, dying)
open_search_world(sys.argv[1], Path(sys.argv[2]), datetime.fromisoformat(sys.argv[6])).indexer.settle()
"""


def settled_by_a_victim(archive: SearchWorld, step: str, moment: int, when: str) -> int:
    return kill_at(archive, PROGRAM, step, moment, when)


def kill_at(archive: SearchWorld, program: str, step: str, moment: int, when: str) -> int:
    given = [archive.world.url, str(archive.world.folder), STEPS[step], str(moment), when]
    return victim.run(program, *given, archive.world.hands.now.isoformat())


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_kill_around_any_step_is_made_up_for(archive: SearchWorld, step: str, when: str) -> None:
    receipts = [archive.file(f"报告第{number}号", ("INT", "TS", "SEAL")[number % 3]) for number in range(3)]
    archive.ask_capsule(*receipts)
    moment = 2 if step in ("extracted", "text sealed", "text kept", "given to the index") else 1
    assert settled_by_a_victim(archive, step, moment, when) == -signal.SIGKILL
    archive.world.wait(seconds=LEASE.total_seconds() + 60)
    survivor = open_search_world(archive.world.url, archive.world.folder, archive.world.hands.now)
    survivor.indexer.settle()
    searched = {one.archival_code for number, one in enumerate(receipts) if number % 3 != 2}
    assert set(survivor.codes("报告")) == searched
    assert survivor.search.compartments.count() == len(searched)
    assert survivor.waiting() == []
    assert survivor.findings() == []
    assert survivor.world.verify().sound
    for number, receipt in enumerate(receipts):
        assert survivor.state(receipt).state == ("sealed" if number % 3 == 2 else "indexed")
        assert survivor.world.vault.read_capsule(receipt.record_id)
    survivor.close()


def test_kills_again_and_again_still_end_settled(archive: SearchWorld) -> None:
    for number in range(6):
        archive.file(f"报告第{number}号", ("INT", "TS")[number % 2])
    for step in ("index written", "all committed", "noted"):
        settled_by_a_victim(archive, step, 1, "before")
        archive.world.wait(seconds=LEASE.total_seconds() + 60)
    survivor = open_search_world(archive.world.url, archive.world.folder, archive.world.hands.now)
    survivor.indexer.settle()
    assert len(survivor.codes("报告")) == 6
    assert survivor.findings() == []
    survivor.close()


def test_a_rebuild_cut_off_is_completed_by_the_next_process(archive: SearchWorld) -> None:
    for number in range(6):
        archive.file(f"报告第{number}号", ("INT", "TS")[number % 2])
    archive.indexer.settle()
    program = PROGRAM.replace(".indexer.settle()", ".indexer.rebuild()")
    assert kill_at(archive, program, "index written", 1, "before") == -signal.SIGKILL
    survivor = open_search_world(archive.world.url, archive.world.folder, archive.world.hands.now)
    survivor.indexer.settle()
    assert len(survivor.codes("报告")) == 6
    assert survivor.findings() == []
    survivor.close()
