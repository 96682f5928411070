"""After a crash anywhere an item is wholly readable, or it is destroyed and certified: never half."""

from __future__ import annotations

import signal
import threading
from typing import Any

import pytest

from archive_service.disposal.destroying.certificates import Certificates
from archive_service.disposal.destroying.proofs import verify_certificate
from archive_service.disposal.destroying.steps import Steps
from archive_service.errors import Conflict, Unavailable
from archive_service.vault import Vault
from tests.support import victim
from tests.support.disposal_world import PROPOSER, SECRET, World, open_world

STEP_FUNCTIONS = ("_purge_index", "_claim", "_destroy_keys", "_delete_objects", "_look_again", "_make_stub")


class PowerCutError(Exception):
    """Nothing of ours catches this."""


def whole_or_gone(world: World) -> None:
    """Check the promise: what can be read has all of it, what cannot is beyond return and will be finished."""
    for receipt, step in zip(world.filed, world.steps(), strict=True):
        if step in ("begun", "index_purged"):
            assert world.content(receipt) == SECRET
        assert (world.record(receipt).status == "destroyed") == (step == "destroyed")


def finished(world: World, list_no: str) -> None:
    done = world.destruction.carry_out(list_no)
    assert (done.closed, done.unfinished) == (True, ())
    assert [world.everything_left(receipt) for receipt in world.filed] == [[]] * len(world.filed)
    assert verify_certificate(world.certificates.body(world.person(PROPOSER), list_no)) == []
    acts = ("destruction:key:destroyed", "destruction:objects:deleted", "destruction:done")
    assert [world.acts(act) for act in acts] == [len(world.filed)] * 3
    assert world.acts("certificate:issued") == 1


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEP_FUNCTIONS)
def test_a_crash_around_any_step_is_completed(world: World, monkeypatch: pytest.MonkeyPatch, step: str, when: str):
    list_no = world.ordered(2)
    real = getattr(Steps, step)

    def cut(self: Steps, *given: Any) -> Any:
        if when == "after":
            real(self, *given)
        raise PowerCutError

    with monkeypatch.context() as patch:
        patch.setattr(Steps, step, cut)
        with pytest.raises(PowerCutError):
            world.destruction.carry_out(list_no)
    whole_or_gone(world)
    finished(world, list_no)


@pytest.mark.parametrize("step", ["_destroy_keys", "_delete_objects", "_purge_index"])
def test_a_crash_between_the_work_and_its_note_is_completed(world: World, monkeypatch: pytest.MonkeyPatch, step: str):
    list_no = world.ordered(2)
    real, inside = getattr(Steps, step), []

    def marked(self: Steps, *given: Any) -> Any:
        inside.append(step)
        return real(self, *given)

    def cut(self: Steps, *given: Any, **named: Any) -> bool:
        if inside:
            raise PowerCutError
        return note(self, *given, **named)

    note = Steps._note_done
    with monkeypatch.context() as patch:
        patch.setattr(Steps, step, marked)
        patch.setattr(Steps, "_note_done", cut)
        with pytest.raises(PowerCutError):
            world.destruction.carry_out(list_no)
    whole_or_gone(world)
    finished(world, list_no)


def test_a_crash_before_the_certificate_is_completed(world: World, monkeypatch: pytest.MonkeyPatch):
    list_no = world.ordered()
    with monkeypatch.context() as patch:
        patch.setattr(Certificates, "close", lambda *_: (_ for _ in ()).throw(PowerCutError))
        with pytest.raises(PowerCutError):
            world.destruction.carry_out(list_no)
    assert world.list_row(list_no).state == "ordered"
    assert world.destruction.carry_on() == [list_no]
    finished(world, list_no)


KILLED = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from archive_service.disposal.destroying.steps import Steps
from tests.support import victim
from tests.support.disposal_world import open_world
url, folder, now, step, note = sys.argv[1:6]
world = open_world(url, Path(folder), datetime.fromisoformat(now))
target = Steps._note_done if note == "before_note" else getattr(Steps, step)
reached = []

def mark(self, *given):
    reached.append(step)
    return real(self, *given)

def kill(self, *given, **named):
    if note != "before_note" or reached:
        os.kill(os.getpid(), signal.SIGKILL)
    return target(self, *given, **named)

if note == "before_note":
    real = getattr(Steps, step)
    setattr(Steps, step, mark)
    Steps._note_done = kill
else:
    setattr(Steps, step, kill)
world.destruction.carry_on()
"""


@pytest.mark.parametrize(
    ("step", "note"), [("_destroy_keys", "before_note"), ("_delete_objects", "before_note"), ("_make_stub", "at_once")]
)
def test_a_killed_process_is_carried_on_from_by_the_next(world: World, step: str, note: str):
    list_no = world.ordered(2)
    given = (world.url, str(world.folder), world.hands.now.isoformat(), step, note)
    assert victim.run(KILLED, *given) == -signal.SIGKILL
    again = open_world(world.url, world.folder, world.hands.now)
    again.filed = world.filed
    whole_or_gone(again)
    assert again.destruction.carry_on() == [list_no]
    again.close()
    finished(world, list_no)


def test_two_workers_at_once_do_not_disturb_each_other(world: World):
    list_no = world.ordered(6)
    other = open_world(world.url, world.folder, world.hands.now)
    troubles: list[BaseException] = []

    def work(one: World) -> None:
        try:
            one.destruction.carry_out(list_no)
        except BaseException as error:
            troubles.append(error)

    threads = [threading.Thread(target=work, args=(one,)) for one in (world, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    other.close()
    assert troubles == []
    finished(world, list_no)


def test_what_is_found_on_looking_again_keeps_the_item_open_and_is_removed_by_the_next_run(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    list_no = world.ordered()
    (receipt,) = world.filed
    with monkeypatch.context() as patch:
        patch.setattr(type(world.shelf), "purge", lambda *_: None)  # an index that forgets nothing
        first = world.destruction.carry_out(list_no)
    assert not first.closed
    ((code, finding),) = first.unfinished
    assert code == receipt.archival_code
    assert "index/shelf" in finding.en
    assert world.record(receipt).status == "destroying"
    assert world.acts("destruction:trouble") == 1
    finished(world, list_no)


def test_an_object_that_came_back_is_found_and_removed(world: World, monkeypatch: pytest.MonkeyPatch):
    list_no = world.ordered()
    real = Vault.delete_objects
    kept = {path: path.read_bytes() for path in (world.folder / "store").rglob("*.sealed")}

    def deleted_and_restored(self: Vault, record_id: str, *given: Any) -> None:
        real(self, record_id, *given)
        for path, content in kept.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    with monkeypatch.context() as patch:
        patch.setattr(Vault, "delete_objects", deleted_and_restored)
        assert not world.destruction.carry_out(list_no).closed
    finished(world, list_no)


def test_an_index_that_is_not_there_keeps_the_record_whole_until_it_is(world: World, monkeypatch: pytest.MonkeyPatch):
    list_no = world.ordered(2)

    def away(*_: Any) -> None:
        raise Unavailable("索引不可用。", "The index is not there.")

    with monkeypatch.context() as patch:
        patch.setattr(type(world.shelf), "purge", away)
        tried = world.destruction.carry_out(list_no)
        assert world.destruction.carry_out(list_no) == tried
    assert [finding.en for _, finding in tried.unfinished] == ["The index is not there."] * 2
    assert world.acts("destruction:trouble") == 2  # told once for each item, however often it is tried
    assert [world.content(receipt) for receipt in world.filed] == [SECRET] * 2
    finished(world, list_no)


def test_the_text_of_a_destroyed_record_cannot_be_kept_by_a_late_extraction(world: World):
    from archive_service.catalog.filing.rows import text_component_id
    from archive_service.vault import KeyDestroyed

    list_no = world.ordered()
    (receipt,) = world.filed
    world.destruction.carry_out(list_no)
    with pytest.raises((KeyDestroyed, Conflict)):
        world.vault.put(receipt.record_id, text_component_id(receipt.record_id), 1, [b"late"], replace=True)
    assert world.everything_left(receipt) == []
