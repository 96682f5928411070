"""The retention clock: what a wall clock claims is believed only as far as the machine's pulse bears it out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from archive_service.audit.ledger import Ledger
from archive_service.clock import Pulse
from archive_service.disposal.checking.check import RetentionCheck
from archive_service.disposal.checking.retention_clock import RetentionClock
from archive_service.disposal.destroying.destruction import Destruction
from archive_service.errors import Conflict, Forbidden, Unavailable
from tests.support.disposal_world import APPROVERS, COOLING_OFF_DAYS, ORDERER, PROPOSER, World


@dataclass
class Machine:
    """A machine whose wall clock can be set wrong; what passes in truth moves both."""

    world: World
    boot: str = "a" * 32
    up: timedelta = timedelta(0)

    def pulse(self) -> Pulse:
        return Pulse(self.boot, self.up // timedelta(microseconds=1))

    def passes(self, **how_long: float) -> None:
        self.up += timedelta(**how_long)
        self.world.hands.now += timedelta(**how_long)

    def set_wall(self, **by: float) -> None:
        self.world.hands.now += timedelta(**by)

    def restart(self, boot: str, **down: float) -> None:
        self.boot, self.up = boot * 32, timedelta(0)
        self.world.hands.now += timedelta(**down)


@pytest.fixture
def machine(world: World) -> Machine:
    made = Machine(world)
    ledger = Ledger(world.engine, world.ledger.signer, replace(world.ledger.clock, pulse=made.pulse))
    world.check = RetentionCheck(ledger, world.schedules, world.check.limits)
    world.disposal = replace(world.disposal, ledger=ledger, check=world.check)
    world.destruction = Destruction(ledger, world.vault, world.shelf, world.check, world.certificates)
    world.check.clock.tick()
    return made


def acknowledged(world: World, *logins: str) -> None:
    for login in logins:
        shown = world.check.clock.tick()
        world.check.clock.acknowledge(world.person(login), shown.quarantine or "")


def test_time_that_passes_in_truth_matures(world: World, machine: Machine):
    world.file(on=date(2016, 3, 1))
    machine.passes(days=304)
    assert (world.check.today(), world.check.run().queued) == (date(2026, 12, 31), 0)
    machine.passes(days=1)
    assert world.check.run().queued == 1


def test_a_wall_clock_set_forward_matures_nothing_until_two_people_say_that_it_is_right(world: World, machine: Machine):
    world.file(on=date(2016, 3, 1))
    machine.set_wall(days=400)
    report = world.check.run()
    assert (report.in_doubt, report.queued) == (True, 0)
    with pytest.raises(Unavailable):
        world.check.today()
    acknowledged(world, PROPOSER)
    assert world.check.run().in_doubt
    shown = world.check.clock.tick()
    with pytest.raises(Forbidden):
        world.check.clock.acknowledge(world.person(PROPOSER), shown.quarantine or "")
    acknowledged(world, APPROVERS[0])
    assert world.check.run().queued == 1
    assert world.acts("clock:quarantined", "clock:released") == 2


def test_setting_the_wall_clock_back_again_does_not_end_a_quarantine(world: World, machine: Machine):
    machine.set_wall(days=400)
    assert world.check.run().in_doubt
    machine.set_wall(days=-400)
    assert world.check.run().in_doubt


def test_a_second_jump_voids_what_was_acknowledged(world: World, machine: Machine):
    machine.set_wall(hours=1)
    world.check.clock.tick()
    acknowledged(world, PROPOSER)
    shown = world.check.clock.tick().quarantine or ""
    machine.set_wall(days=4000)
    with pytest.raises(Conflict):
        world.check.clock.acknowledge(world.person(APPROVERS[0]), shown)
    acknowledged(world, APPROVERS[0])
    assert world.check.run().in_doubt


def test_a_short_restart_goes_on_and_a_long_one_is_asked_about(world: World, machine: Machine):
    machine.restart("b", minutes=5)
    assert not world.check.run().in_doubt
    machine.restart("c", days=3)
    assert world.check.run().in_doubt
    acknowledged(world, PROPOSER, APPROVERS[0])
    assert not world.check.run().in_doubt


def test_several_processes_of_one_machine_share_the_reading(world: World, machine: Machine):
    machine.passes(days=2)
    other = RetentionClock(world.check.ledger)
    assert other.today() == world.check.today() == date(2026, 3, 4)


def test_a_reading_set_by_hand_in_the_database_is_doubted(world: World, machine: Machine):
    far = "2090-01-01T00:00:00.000000Z"
    with world.engine.begin() as connection:
        before = connection.execute(text("SELECT reading FROM retention_clock")).scalar_one()
        connection.execute(text("UPDATE retention_clock SET reading = :far, wall = :far"), {"far": far})
    world.hands.now = datetime(2090, 1, 1, 8, 0, tzinfo=world.ledger.clock.zone)
    assert world.check.run().in_doubt
    with world.engine.begin() as connection:
        values = {"before": before}
        connection.execute(text("UPDATE retention_clock SET reading = :before, wall = :before"), values)
    acknowledged(world, PROPOSER, APPROVERS[0])


@pytest.mark.parametrize(
    "statement",
    ["UPDATE retention_clock SET quarantine = NULL, since = NULL", "DELETE FROM retention_clock"],
)
def test_the_database_ends_no_quarantine_without_two_people(world: World, machine: Machine, statement: str):
    machine.set_wall(days=400)
    world.check.clock.tick()
    acknowledged(world, PROPOSER)
    with pytest.raises(DBAPIError), world.engine.begin() as connection:
        connection.execute(text(statement))


def test_an_order_waits_while_the_clock_is_in_doubt(world: World, machine: Machine):
    list_no = world.approved()
    machine.set_wall(days=COOLING_OFF_DAYS)
    with pytest.raises(Unavailable):
        world.order(list_no, ORDERER)
    machine.set_wall(days=-COOLING_OFF_DAYS)
    machine.passes(days=COOLING_OFF_DAYS)
    world.order(list_no, ORDERER)


def test_a_destruction_on_its_way_stands_still_while_the_clock_is_in_doubt_and_goes_on_afterwards(
    world: World, machine: Machine
):
    list_no = world.approved()
    machine.passes(days=COOLING_OFF_DAYS)
    world.order(list_no)
    machine.set_wall(days=90)
    assert not world.destruction.carry_out(list_no).closed
    assert world.steps() == ["begun"]
    world.check.clock.tick()
    acknowledged(world, PROPOSER, APPROVERS[0])
    assert world.destruction.carry_out(list_no).closed
