"""A photograph that names its main record is queued with it, and is stopped by what stops that."""

from __future__ import annotations

from datetime import date

from tests.support.disposal_world import PROPOSER, World


def queued(world: World) -> set[str]:
    """Check, and return the codes in the queue."""
    world.check.run()
    return {one.record["code"] for one in world.disposal.queue(world.person(PROPOSER))}


def test_a_photograph_becomes_due_with_its_main_record(world: World) -> None:
    main = world.file()
    photo = world.file("SXD01", date(2014, 6, 2), level="INT", parent=main.archival_code)
    assert queued(world) == {main.archival_code, photo.archival_code}


def test_a_hold_on_the_main_record_keeps_its_photograph_out(world: World) -> None:
    main = world.file()
    photo = world.file("SXD01", date(2014, 6, 2), level="INT", parent=main.archival_code)
    world.hold(main.archival_code)
    assert photo.archival_code not in queued(world)


def test_a_photograph_without_any_relation_waits_for_its_own_period(world: World) -> None:
    photo = world.file("SXD01", date(2014, 6, 2), level="INT")
    assert photo.archival_code not in queued(world)
