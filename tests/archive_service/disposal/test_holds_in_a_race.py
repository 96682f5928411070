"""A hold and the claim of a key at the same moment: one of the two waits, and each knows how it ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import date
from types import ModuleType
from typing import Any

import pytest

from archive_service.disposal.destroying import steps
from archive_service.disposal.holds import holds
from archive_service.disposal.holds.holds import NewHold, Placed
from archive_service.errors import Conflict
from tests.support.disposal_world import PROPOSER, World, open_world

CASE = "AX2014-001"
LONG_ENOUGH = 0.7
"""Seconds in which the other one would be through if nothing held it up."""


def slowed(monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str) -> threading.Event:
    """Make a function of a module tell that it was reached, and take its time."""
    reached = threading.Event()
    real: Callable[..., Any] = getattr(module, name)

    def slow(*given: Any, **named: Any) -> Any:
        reached.set()
        time.sleep(LONG_ENOUGH)
        return real(*given, **named)

    monkeypatch.setattr(module, name, slow)
    return reached


def order_of(world: World, scope: str) -> tuple[str, NewHold]:
    world.open_case(CASE)
    code = world.file(case_no=CASE).archival_code
    list_no = world.ordered(0)
    where: dict[str, Any] = {"codes": (code,)} if scope == "record" else {"case_nos": (CASE,)}
    return list_no, NewHold("依据", "原因", date(2027, 1, 1), **where)


def in_a_thread(work: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    came: list[Any] = []

    def run() -> None:
        try:
            came.append(work())
        except Conflict as error:
            came.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, came


@pytest.mark.parametrize("scope", ["record", "case"])
def test_a_claim_waits_for_a_hold_that_is_being_placed_and_stops(
    world: World, monkeypatch: pytest.MonkeyPatch, scope: str
):
    list_no, new = order_of(world, scope)
    other = open_world(world.url, world.folder, world.hands.now)
    with monkeypatch.context() as patch:
        reached = slowed(patch, holds, "insert_hold")
        thread, came = in_a_thread(lambda: other.holds.place(other.person(PROPOSER), new))
        assert reached.wait(30)
        done = world.destruction.carry_out(list_no)
        thread.join(60)
    other.close()
    assert came == [Placed("DJ2026-001")]
    assert done.stopped == (world.filed[0].archival_code,)
    assert world.record(world.filed[0]).status == "archived"


@pytest.mark.parametrize("scope", ["record", "case"])
def test_a_hold_waits_for_a_claim_and_learns_that_it_came_too_late(
    world: World, monkeypatch: pytest.MonkeyPatch, scope: str
):
    list_no, new = order_of(world, scope)
    other = open_world(world.url, world.folder, world.hands.now)
    world.destruction.purger.purge(world.filed[0].record_id)
    with monkeypatch.context() as patch:
        reached = slowed(patch, steps, "why_not")
        monkeypatch.setattr(steps.Steps, "_stopped_if_held", lambda *_: False)
        thread, came = in_a_thread(lambda: world.destruction.carry_out(list_no))
        assert reached.wait(30)
        placing, told = in_a_thread(lambda: other.holds.place(other.person(PROPOSER), new))
        thread.join(60)
        placing.join(60)
    other.close()
    (done,) = came
    code = world.filed[0].archival_code
    assert done.destroyed == (code,)
    if scope == "record":
        assert isinstance(told[0], Conflict)
    else:
        assert isinstance(told[0], Placed)
        assert told[0].too_late in ((code,), ())
