"""Random people do random things, and a hand in the database helps: nothing is destroyed early, held, or by too few.

After every step the database itself is asked about everything whose key is going or gone: the promise is held against
what stands there and against the truth that the test keeps for itself.
"""

from __future__ import annotations

import contextlib
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from archive_service.catalog.tables import records
from archive_service.disposal.destroying.steps import Steps
from archive_service.disposal.listing.leaving import leave_lists
from archive_service.disposal.listing.lists import Appraisal
from archive_service.disposal.model import BEYOND_RETURN, Opinion
from archive_service.disposal.tables import approvals, disposal_items, disposal_lists, supervisions
from archive_service.errors import ArchiveError
from tests.support.disposal_world import (
    APPRAISER,
    APPROVERS,
    ORDERER,
    PROPOSER,
    THIRD_APPROVER,
    World,
    make_world,
)

PEOPLE = st.sampled_from((PROPOSER, ORDERER, APPRAISER, *APPROVERS, THIRD_APPROVER, "wang.yue"))
STATEMENTS = (
    "UPDATE disposal_list SET state = 'approved', cooling_until = '2026-01-01T'",
    (
        "UPDATE disposal_list SET state = 'ordered', ordered_at = '2099-01-01T', cooling_until = '2026-01-01T',"
        " ordered_by = (SELECT id FROM person WHERE login = 'li.zheng')"
    ),
    "UPDATE disposal_list SET cooling_until = '2000-01-01T'",
    "UPDATE disposal_item SET opinion = 'DESTROY', reason = 'x', appraiser_id = (SELECT id FROM person WHERE login = 'zheng.jian')",
    "UPDATE disposal_item SET step = 'begun'",
    "UPDATE disposal_item SET step = 'index_purged'",
    "UPDATE disposal_item SET step = 'key_going'",
    "UPDATE disposal_item SET step = 'key_destroyed'",
    "UPDATE disposal_item SET step = 'destroyed'",
    "UPDATE record SET status = 'destroying'",
    "UPDATE record SET status = 'destroyed'",
    "DELETE FROM hold_record",
    "DELETE FROM approval",
    "UPDATE approval SET approver_id = (SELECT id FROM person WHERE login = 'he.fu')",
    "UPDATE supervision SET phase = 'after'",
)


class Killed(Exception):
    """The process died here."""


class Desk(RuleBasedStateMachine):
    """The disposal desk under random hands."""

    world: World

    @initialize()
    def found(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="no-way-")
        where = Path(self.folder.name)
        self.world = make_world(f"sqlite:///{where}/catalogue.db", where)
        self.world.file(on=date(2014, 6, 1))
        self.world.file(on=date(2016, 3, 1))  # due on 1 January 2027, a good while ahead
        self.gone: dict[str, Any] = {}

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.close()
            self.folder.cleanup()

    def _lists(self) -> list[str]:
        return [one.list_no for one in self.world.disposal.all(self.world.person(PROPOSER))]

    def _on_lists(self, act: Any) -> None:
        for list_no in self._lists():
            with contextlib.suppress(ArchiveError):
                act(list_no, self.world.list_row(list_no))

    @rule(days=st.sampled_from((1, 8, 40)))
    def time_passes(self, days: int) -> None:
        self.world.wait(days=days)

    @rule()
    def the_check_runs(self) -> None:
        self.world.check.run()
        leave_lists(self.world.ledger, self.world.check)

    @rule(login=PEOPLE)
    def somebody_draws_up(self, login: str) -> None:
        with contextlib.suppress(ArchiveError):
            self.world.disposal.draw_up(self.world.person(login), self.world.candidate_ids())

    @rule(login=PEOPLE, opinion=st.sampled_from(list(Opinion)))
    def somebody_appraises(self, login: str, opinion: Opinion) -> None:
        years = 5 if opinion is Opinion.EXTEND else 0
        given = [Appraisal(1, opinion, "理由", years)]
        self._on_lists(lambda number, _: self.world.disposal.appraise(self.world.person(login), number, given))

    @rule(login=PEOPLE)
    def somebody_submits(self, login: str) -> None:
        self._on_lists(lambda number, _: self.world.disposal.submit(self.world.person(login), number))

    @rule(login=PEOPLE)
    def somebody_approves(self, login: str) -> None:
        self._on_lists(
            lambda number, row: self.world.disposal.approve(self.world.person(login), number, row.digest or "")
        )

    @rule(login=PEOPLE)
    def somebody_supervises(self, login: str) -> None:
        act = lambda number, row: self.world.disposal.supervise(self.world.person(login), number, row.digest or "")  # noqa: E731
        self._on_lists(act)

    @rule(login=PEOPLE)
    def somebody_orders(self, login: str) -> None:
        self._on_lists(lambda number, _: self.world.destruction.order(self.world.person(login), number, number))

    @rule()
    def all_goes_its_way(self) -> None:
        """Let the right people do the right things, so that destruction is reached at all."""
        world = self.world
        world.check.run()
        self.somebody_draws_up(PROPOSER)
        self.somebody_appraises(APPRAISER, Opinion.DESTROY)
        self.somebody_submits(PROPOSER)
        for login in APPROVERS:
            self.somebody_approves(login)
        for login in (THIRD_APPROVER, APPRAISER):
            self.somebody_supervises(login)
        world.wait(days=8)
        self.somebody_orders(ORDERER)

    @rule(login=PEOPLE, which=st.integers(0, 1))
    def somebody_holds(self, login: str, which: int) -> None:
        with contextlib.suppress(ArchiveError):
            self.world.hold(self.world.filed[which].archival_code, by=login)

    @rule(login=PEOPLE)
    def somebody_releases(self, login: str) -> None:
        for hold in self.world.holds.all(self.world.person(PROPOSER), standing_only=True):
            with contextlib.suppress(ArchiveError):
                self.world.holds.release(self.world.person(login), hold.hold_no, "案件已结")

    @rule(after=st.sampled_from(("_purge_index", "_claim", "_destroy_keys", "_delete_objects")))
    def it_is_carried_out_and_killed(self, after: str) -> None:
        real = getattr(Steps, after)

        def dying(*given: Any) -> None:
            real(*given)
            raise Killed

        with pytest.MonkeyPatch.context() as patch, contextlib.suppress(Killed):
            patch.setattr(Steps, after, dying)
            self.world.destruction.carry_on()

    @rule()
    def it_is_carried_out(self) -> None:
        self.world.destruction.carry_on()

    @rule(statement=st.sampled_from(STATEMENTS))
    def a_hand_in_the_database(self, statement: str) -> None:
        with contextlib.suppress(DBAPIError), self.world.engine.begin() as connection:
            connection.execute(text(statement))

    @invariant()
    def nothing_goes_early_held_or_by_too_few(self) -> None:
        if not hasattr(self, "gone"):
            return
        with self.world.ledger.read() as connection:
            going = connection.execute(
                select(disposal_items, disposal_lists.c.round, disposal_lists.c.ordered_by, disposal_lists.c.digest)
                .join(disposal_lists, disposal_lists.c.id == disposal_items.c.list_id)
                .where(disposal_items.c.step.in_(BEYOND_RETURN))
            ).all()
            for item in going:
                if item.id in self.gone:
                    continue  # held against the promise when it went; a hold may have come too late since
                self.gone[item.id] = item
                of_list = approvals.c.list_id == item.list_id, approvals.c.round == item.round
                approvers = set(connection.execute(select(approvals.c.approver_id).where(*of_list)).scalars())
                signed = supervisions.c.list_id == item.list_id, supervisions.c.round == item.round
                watchers = set(connection.execute(select(supervisions.c.supervisor_id).where(*signed)).scalars())
                assert len(approvers - {item.proposer_id, item.appraiser_id}) >= 2
                assert len(watchers - {item.proposer_id, item.ordered_by}) >= 2
                assert item.ordered_by not in approvers | watchers | {item.proposer_id, item.appraiser_id}
                record = connection.execute(select(records).where(records.c.id == item.record_id)).one()
                assert record.due_on <= self.world.ledger.clock.today()
                assert record.document_date.year + 11 <= self.world.ledger.clock.today().year
                assert self.world.holds.all(self.world.person(PROPOSER), standing_only=True) == [] or not held_now(
                    self.world, record.code
                )


def held_now(world: World, code: str) -> bool:
    standing = world.holds.all(world.person(PROPOSER), standing_only=True)
    return any(code in hold.codes for hold in standing)


def test_no_way_leads_to_an_early_a_held_or_a_lonely_destruction() -> None:
    few = settings(
        max_examples=6,
        stateful_step_count=14,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    run_state_machine_as_test(Desk, settings=few)
