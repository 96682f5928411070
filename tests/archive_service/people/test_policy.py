"""The policy table: `can` and `visible` give one answer, grants end by the clock, and nothing is open by accident."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, String, Table, insert, select

from archive_service.errors import Forbidden
from archive_service.people.model import ADMINISTRATORS, LEVELS, READER, ROLE_WORDS, Grant, Person
from archive_service.people.policy import (
    HAND_WORDS,
    LEAVING_THE_ROOM,
    OF_ADMINISTRATORS,
    TABLE,
    Action,
    Rule,
    Thing,
    can,
    require,
    visible,
)
from archive_service.people.service import person_from_row
from archive_service.people.tables import emergencies, grants, people
from tests.archive_service.people.conftest import Register

# Things with a level, in a table of their own: what the policy asks of a record, and nothing else.
THINGS = Table("thing", MetaData(), Column("id", String(32), primary_key=True), Column("level", String(8)))
STAMPS = [f"2026-03-02T01:00:0{second}.000000Z" for second in range(6)]
IDS = [f"{number:032x}" for number in range(6)]


def a_person(
    *roles: str, levels: tuple[str, ...] = (), grants: tuple[Grant, ...] = (), disabled: bool = False
) -> Person:
    return Person("p" * 32, "someone", "某人", frozenset(roles), frozenset(levels), disabled=disabled, grants=grants)


# ------------------------------------------------------------------------------------------------- one table, two answers


@dataclass(frozen=True)
class AGrant:
    """A grant as it may lie in the database."""

    mine: bool
    record_id: str
    level: str | None
    until: str
    revoked: bool
    emergency: bool = False
    actions: str | None = None


GRANTS = st.lists(
    st.builds(
        AGrant,
        st.booleans(),
        st.sampled_from(IDS),
        st.sampled_from([*LEVELS, None]),
        st.sampled_from(STAMPS),
        st.booleans(),
        st.booleans(),
        st.sampled_from([None, "view", "print,view", "redacted"]),
    ),
    max_size=8,
)


@pytest.fixture
def things(register: Register) -> Iterator[Register]:
    THINGS.create(register.people.ledger.engine)
    yield register
    THINGS.drop(register.people.ledger.engine)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    levels=st.lists(st.sampled_from(LEVELS), min_size=len(IDS), max_size=len(IDS)),
    roles=st.frozensets(st.sampled_from(sorted(ROLE_WORDS)), max_size=3),
    clearance=st.frozensets(st.sampled_from(LEVELS)),
    disabled=st.booleans(),
    given_grants=GRANTS,
    at=st.sampled_from(STAMPS),
)
def test_can_and_visible_agree_in_every_world(
    things: Register,
    levels: list[str],
    roles: frozenset[str],
    clearance: frozenset[str],
    disabled: bool,
    given_grants: list[AGrant],
    at: str,
):
    me, other = things.who("wang.yue"), things.who("qian.pi")
    with things.people.ledger.engine.connect() as connection:
        connection.execute(
            insert(THINGS), [{"id": one, "level": level} for one, level in zip(IDS, levels, strict=True)]
        )
        for number, one in enumerate(given_grants):
            holder, giver = (me, other) if one.mine else (other, me)
            if one.emergency:
                if one.level not in (None, "SEAL"):
                    about = {"person_id": holder.id, "record_id": one.record_id, "level": one.level, "code": "Q001"}
                    opened = {"reason": "急", "opened_at": STAMPS[0], "until": one.until, "salt": "0" * 32}
                    connection.execute(insert(emergencies).values(id=f"{number:032x}", **about, **opened))
                continue
            row = {
                "id": f"{number:032x}",
                "request_id": f"{number:032x}",
                "person_id": holder.id,
                "granted_by": giver.id,
            }
            ends = {"granted_at": STAMPS[0], "until": one.until, "revoked_at": STAMPS[0] if one.revoked else None}
            what = {"record_id": one.record_id, "level": one.level, "actions": one.actions, "salt": "0" * 32}
            connection.execute(insert(grants).values(**row, **ends, **what))
        row = connection.execute(select(people).where(people.c.id == me.id)).one()
        stored = person_from_row(connection, row, at)
        person = replace(stored, roles=roles, clearance=clearance, disabled=disabled)
        seen = connection.execute(select(THINGS.c.id).where(visible(person, THINGS.c.level, THINGS.c.id, at=at)))
        by_query = set(seen.scalars())
        connection.rollback()
    by_table = {
        one
        for one, level in zip(IDS, levels, strict=True)
        if can(person, Action.SEE_RECORD, Thing(level=level, record_id=one), at=at).allowed
    }
    assert by_query == by_table


# ------------------------------------------------------------------------------------------------- grants


RECORD = "a" * 32
GRANT = Grant(RECORD, STAMPS[3], "TS")


@pytest.mark.parametrize("action", [Action.SEE_RECORD, Action.READ_RECORD])
@pytest.mark.parametrize(("at", "allowed"), [(STAMPS[2], True), (STAMPS[3], False), (STAMPS[4], False), ("", False)])
def test_a_grant_holds_until_its_instant_and_not_at_it(action: Action, at: str, allowed: bool):
    person = a_person(READER, grants=(GRANT,))
    assert can(person, action, Thing(level="TS", record_id=RECORD), at=at).allowed is allowed


def test_a_grant_opens_its_record_at_its_level_and_nothing_else():
    person = a_person(READER, grants=(GRANT,))
    for level, record in product(LEVELS, (RECORD, "b" * 32, None)):
        allowed = can(person, Action.SEE_RECORD, Thing(level=level, record_id=record), at=STAMPS[0]).allowed
        assert allowed is ((level, record) == ("TS", RECORD))


def test_a_grant_lets_a_sealed_item_be_viewed_and_never_copied_or_downloaded():
    person = a_person(READER, levels=LEVELS, grants=(Grant(RECORD, STAMPS[3], "SEAL"),))
    sealed = Thing(level="SEAL", record_id=RECORD)
    for action in (Action.SEE_RECORD, Action.READ_RECORD):
        assert can(person, action, sealed, at=STAMPS[0]).allowed
    assert not can(person, Action.READ_RECORD, sealed, at=STAMPS[3]).allowed
    for action in (Action.PRINT_RECORD, Action.DOWNLOAD_RECORD):
        assert not can(person, action, sealed, at=STAMPS[0]).allowed


@pytest.mark.parametrize("held", ["view", "print", "download", "redacted"])
def test_a_grant_opens_only_what_it_holds(held: str):
    person = a_person(READER, grants=(Grant(RECORD, STAMPS[3], "TS", frozenset({held})),))
    actions = {"view": Action.READ_RECORD, "print": Action.PRINT_RECORD, "download": Action.DOWNLOAD_RECORD}
    actions["redacted"] = Action.READ_REDACTED
    for name, action in actions.items():
        assert can(person, action, Thing(level="TS", record_id=RECORD), at=STAMPS[0]).allowed is (name == held)


def test_a_sealed_item_is_read_by_nobody_alone():
    person = a_person(*sorted(ROLE_WORDS.keys() - ADMINISTRATORS), levels=LEVELS)
    assert can(person, Action.SEE_RECORD, Thing(level="SEAL", record_id=RECORD), at=STAMPS[0]).allowed
    assert not can(person, Action.READ_RECORD, Thing(level="SEAL", record_id=RECORD), at=STAMPS[0]).allowed


@pytest.mark.parametrize("action", [action for action in Action if not TABLE[action].by_grant])
def test_a_grant_to_read_opens_no_other_action(action: Action):
    person = a_person(READER, grants=(GRANT,))
    without = replace(person, grants=())
    thing = Thing(level="TS", record_id=RECORD)
    assert can(person, action, thing, at=STAMPS[0]) == can(without, action, thing, at=STAMPS[0])


# ------------------------------------------------------------------------------------------------- nothing by accident


def test_every_action_has_its_rule_and_every_rule_names_roles_that_exist():
    assert set(TABLE) == set(Action)
    for action, rule in TABLE.items():
        assert rule.roles, action
        assert rule.roles <= ROLE_WORDS.keys()
        assert set(rule.barred) <= HAND_WORDS.keys()


@pytest.mark.parametrize("action", list(Action))
def test_one_without_a_role_or_who_is_disabled_may_do_nothing(action: Action):
    thing = Thing(level="PUB", record_id=RECORD)
    assert not can(a_person(levels=LEVELS), action, thing, at=STAMPS[0]).allowed
    everything = a_person(*ROLE_WORDS, levels=LEVELS, grants=(GRANT,), disabled=True)
    assert not can(everything, action, thing, at=STAMPS[0]).allowed


@pytest.mark.parametrize("administrator", sorted(ADMINISTRATORS))
@pytest.mark.parametrize("action", [action for action in Action if action not in OF_ADMINISTRATORS])
def test_an_administrator_does_nothing_with_records_whatever_else_was_given(administrator: str, action: Action):
    person = a_person(administrator, *sorted(ROLE_WORDS.keys() - ADMINISTRATORS), levels=LEVELS, grants=(GRANT,))
    for level in LEVELS:
        assert not can(person, action, Thing(level=level, record_id=RECORD), at=STAMPS[0]).allowed


@pytest.mark.parametrize("action", [action for action in Action if TABLE[action].barred])
def test_ones_own_hand_bars_whatever_the_roles(action: Action):
    roles = (
        sorted(ROLE_WORDS.keys() - ADMINISTRATORS) if action not in OF_ADMINISTRATORS else sorted(TABLE[action].roles)
    )
    person = a_person(*roles, levels=LEVELS)
    assert can(person, action, Thing(level="INT"), at=STAMPS[0]).allowed
    for hand in TABLE[action].barred:
        mine = Thing(level="INT", hands={hand: frozenset({person.id})})
        others = Thing(level="INT", hands={hand: frozenset({"somebody else"})})
        assert not can(person, action, mine, at=STAMPS[0]).allowed, hand
        assert can(person, action, others, at=STAMPS[0]).allowed, hand


def test_every_refusal_gives_its_reason_in_both_languages():
    for action, level in product(Action, LEVELS):
        for person in (a_person(), a_person(READER), a_person(*ADMINISTRATORS), a_person(disabled=True)):
            verdict = can(person, action, Thing(level=level))
            if not verdict.allowed:
                assert verdict.reason.zh.endswith("。")
                assert verdict.reason.en.endswith(".")


def test_those_who_give_rights_those_who_make_accounts_and_those_who_watch_are_three():
    assert TABLE[Action.ADD_PERSON].roles.isdisjoint(TABLE[Action.SET_RIGHTS].roles)
    assert TABLE[Action.SEE_AUDIT].roles.isdisjoint(TABLE[Action.SET_RIGHTS].roles | TABLE[Action.ADD_PERSON].roles)
    for action in (Action.ADD_PERSON, Action.SET_RIGHTS, Action.SEE_AUDIT, Action.RUN_SYSTEM):
        assert TABLE[action].roles <= ADMINISTRATORS


# ------------------------------------------------------------------------------------------------- the table, said twice

LETTERS = {
    "archivist": "A",
    "reader": "R",
    "appraiser": "P",
    "approver": "V",
    "auditor": "U",
    "system_administrator": "S",
    "security_administrator": "C",
}
WHO_MAY_WHAT = {
    "see_record": "ARPV level grant:view",
    "read_record": "ARPV level grant:view",
    "print_record": "ARPV level grant:print staff:APV",
    "download_record": "ARPV level grant:download staff:A",
    "read_redacted": "ARPV level grant:redacted",
    "redact": "A level",
    "check_redaction": "AV level not:redactor",
    "search": "ARPV",
    "browse": "ARPV",
    "file_record": "A level",
    "keep_cases": "A",
    "keep_schemes": "A",
    "keep_plan": "A",
    "see_plan_draft": "AV",
    "publish_plan": "AV not:drafter",
    "void_number": "A",
    "keep_store": "A",
    "check_properties": "A level",
    "grant_exception": "AV not:requester",
    "ask_access": "ARPV",
    "decide_access": "AV level not:requester",
    "decide_unsealing": "VC not:requester",
    "see_access": "ARPVC",
    "read_in_emergency": "ARPV",
    "review_emergency": "UC not:reader",
    "see_use": "AV",
    "see_disposal": "APVU",
    "check_retention": "A",
    "acknowledge_clock": "AV not:acknowledger",
    "propose_schedule": "A",
    "approve_schedule": "V not:proposer not:approver",
    "draw_up_list": "A",
    "appraise": "P not:proposer",
    "approve": "V not:proposer not:appraiser not:approver",
    "order_destruction": "A not:proposer not:appraiser not:approver not:supervisor",
    "supervise": "APV not:proposer not:supervisor",
    "transfer": "A",
    "confirm_receipt": "AV not:receipt_by",
    "confirm_receiver": "AV not:key_by",
    "place_hold": "APV",
    "release_hold": "V not:placed_by",
    "see_audit": "U",
    "see_people": "USC",
    "add_person": "S not:self",
    "set_rights": "C not:self",
    "run_system": "S",
    "examine": "US",
}
"""The whole table again, in other words: who opens a right has to say so twice."""


def said_of(rule: Rule) -> str:
    def letters(roles: frozenset[str]) -> str:
        return "".join(letter for role, letter in LETTERS.items() if role in roles)

    more = [
        *(["level"] if rule.by_level else []),
        *([f"grant:{rule.by_grant}"] if rule.by_grant else []),
        *([f"staff:{letters(rule.staff)}"] if rule.staff else []),
        *(f"not:{hand}" for hand in rule.barred),
    ]
    return " ".join([letters(rule.roles), *more])


def test_the_table_says_what_it_is_meant_to_say():
    assert {action.value: said_of(rule) for action, rule in TABLE.items()} == WHO_MAY_WHAT
    assert {action.value for action in OF_ADMINISTRATORS} == {
        "add_person",
        "decide_unsealing",
        "examine",
        "review_emergency",
        "run_system",
        "see_access",
        "see_audit",
        "see_disposal",
        "see_people",
        "set_rights",
    }
    assert {action.value for action in LEAVING_THE_ROOM} == {"print_record", "download_record"}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("role", ["archivist", "reader", "appraiser", "approver"])
def test_who_carries_what_away_by_clearance_alone(role: str, level: str):
    thing, person = Thing(level=level, record_id=RECORD), a_person(role, levels=LEVELS)
    prints = level == "PUB" or (level != "SEAL" and role != "reader")
    downloads = level == "PUB" or (level != "SEAL" and role == "archivist")
    assert can(person, Action.PRINT_RECORD, thing, at=STAMPS[0]).allowed is prints
    assert can(person, Action.DOWNLOAD_RECORD, thing, at=STAMPS[0]).allowed is downloads
    without = a_person(role)
    assert not can(without, Action.PRINT_RECORD, thing, at=STAMPS[0]).allowed
    assert can(person, Action.READ_RECORD, thing, at=STAMPS[0]).allowed is (level != "SEAL")


def test_why_not_is_said_with_the_reason_that_holds():
    """Each refusal names its own reason: what a person is told to do next has to be what would help."""
    reader, thing = a_person(READER, levels=("INT",)), Thing(level="INT", record_id=RECORD)
    said = [
        can(replace(reader, disabled=True), Action.READ_RECORD, thing, at=STAMPS[0]),
        can(a_person("auditor"), Action.READ_RECORD, thing, at=STAMPS[0]),
        can(reader, Action.APPROVE, thing, at=STAMPS[0]),
        can(reader, Action.DOWNLOAD_RECORD, thing, at=STAMPS[0]),
        can(reader, Action.READ_RECORD, Thing(level="TS", record_id=RECORD), at=STAMPS[0]),
        can(reader, Action.READ_RECORD, Thing(level="SEAL", record_id=RECORD), at=STAMPS[0]),
        can(reader, Action.PRINT_RECORD, Thing(level="SEAL", record_id=RECORD), at=STAMPS[0]),
    ]
    words = (
        "disabled",
        "Administrators",
        "one of these roles",
        "ask first",
        "not cleared for “Trade secret”",
        "opened on request",
        "only viewed",
    )
    for verdict, word in zip(said, words, strict=True):
        assert not verdict.allowed
        assert word in verdict.reason.en
    with pytest.raises(Forbidden):
        require(reader, Action.APPROVE, thing)
    require(reader, Action.READ_RECORD, thing)


@pytest.mark.parametrize("action", [action for action in Action if not TABLE[action].by_level])
def test_what_is_not_about_a_level_needs_no_clearance(action: Action):
    person = a_person(min(TABLE[action].roles))
    assert can(person, action).allowed
    assert can(person, action, Thing(level="TS", record_id=RECORD), at=STAMPS[0]).allowed


def test_a_grant_is_held_against_its_record_and_its_instant_and_needs_both():
    person = a_person(READER, grants=(GRANT,))
    assert not can(person, Action.READ_RECORD, Thing(level="TS"), at=STAMPS[0]).allowed
    assert not can(person, Action.READ_RECORD, Thing(level="TS", record_id=RECORD)).allowed
    assert not can(person, Action.FILE_RECORD, Thing(level="TS", record_id=RECORD), at=STAMPS[0]).allowed
    assert can(a_person("archivist", levels=("SEAL",)), Action.FILE_RECORD, Thing(level="SEAL")).allowed
    assert can(a_person(READER, levels=("SEAL",)), Action.SEE_RECORD, Thing(level="SEAL")).allowed
    held = Grant(RECORD, STAMPS[3], "SEAL")
    for action in (Action.PRINT_RECORD, Action.DOWNLOAD_RECORD):
        assert not can(a_person("archivist", levels=LEVELS, grants=(held,)), action, Thing(level="SEAL")).allowed
