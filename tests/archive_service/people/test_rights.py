"""Scenario 20 and what belongs to it: who holds which rights, who may change them, and what nobody can do."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from archive_service.errors import ArchiveError, BadInput, Conflict, Forbidden, NotFound
from archive_service.people.model import (
    ADMINISTRATORS,
    APPROVER,
    ARCHIVIST,
    AUDITOR,
    LEVELS,
    READER,
    ROLE_WORDS,
    SECURITY_ADMINISTRATOR,
    SYSTEM_ADMINISTRATOR,
)
from archive_service.people.service import NewPerson
from archive_service.people.tables import people
from tests.archive_service.people.conftest import CAST, Register

NOBODY: frozenset[str] = frozenset()


def give(register: Register, login: str, *roles: str, by: str = "zhou.an", levels: frozenset[str] = NOBODY) -> None:
    register.people.set_rights(register.who(by), login, roles=frozenset(roles), clearance=levels)


@pytest.mark.parametrize("pair", list(combinations(sorted(ADMINISTRATORS), 2)))
def test_no_two_of_the_three_administrators_are_given_to_one_person(register: Register, pair: tuple[str, str]):
    with pytest.raises(BadInput, match="three different people"):
        give(register, "xin.lai", *pair)
    assert register.who("xin.lai").roles == NOBODY


@pytest.mark.parametrize("administrator", sorted(ADMINISTRATORS))
@pytest.mark.parametrize("working", [READER, ARCHIVIST, APPROVER])
def test_an_administrator_has_no_part_in_the_records(register: Register, administrator: str, working: str):
    with pytest.raises(BadInput, match="no part in the records"):
        give(register, "xin.lai", administrator, working)


def test_an_archive_is_not_founded_with_two_administrators_in_one_hand(register: Register):
    with pytest.raises(BadInput):
        register.people.found([NewPerson("both", "两职", frozenset({AUDITOR, SYSTEM_ADMINISTRATOR}))])


@pytest.mark.parametrize("login", [one.login for one in CAST])
def test_nobody_sets_their_own_rights(register: Register, login: str):
    with pytest.raises(Forbidden):
        give(register, login, READER, by=login)


@pytest.mark.parametrize("login", [one.login for one in CAST if one.login != "zhou.an"])
def test_only_the_security_administrator_sets_rights(register: Register, login: str):
    with pytest.raises(Forbidden):
        give(register, "xin.lai", READER, by=login)


@pytest.mark.parametrize("login", [one.login for one in CAST if one.login != "sun.xi"])
def test_only_the_system_administrator_keeps_accounts(register: Register, login: str):
    actor = register.who(login)
    for forbidden in (
        lambda: register.people.add(actor, NewPerson("another", "又一人")),
        lambda: register.people.reset_password(actor, "wang.yue"),
        lambda: register.people.disable(actor, "wang.yue"),
    ):
        with pytest.raises(Forbidden):
            forbidden()


def test_an_account_is_made_without_rights(register: Register):
    with pytest.raises(BadInput):
        register.people.add(register.who("sun.xi"), NewPerson("another", "又一人", frozenset({READER})))
    with pytest.raises(BadInput):
        register.people.add(register.who("sun.xi"), NewPerson("another", "又一人", NOBODY, frozenset({"INT"})))
    register.people.add(register.who("sun.xi"), NewPerson("another", "又一人"))
    assert (register.who("another").roles, register.who("another").clearance) == (NOBODY, NOBODY)


def test_one_who_may_not_set_rights_does_not_learn_who_is_there(register: Register):
    for login in ("wang.yue", "no.such.person"):
        for act in (
            lambda login=login: give(register, login, READER, by="zhang.dang"),
            lambda login=login: register.people.disable(register.who("zhang.dang"), login),
            lambda login=login: register.people.reset_password(register.who("zhang.dang"), login),
        ):
            with pytest.raises(Forbidden):
                act()
    with pytest.raises(NotFound):
        give(register, "no.such.person", READER)


def test_unknown_roles_and_levels_are_refused(register: Register):
    with pytest.raises(BadInput):
        give(register, "xin.lai", "owner")
    with pytest.raises(BadInput):
        give(register, "xin.lai", READER, levels=frozenset({"TOP"}))


# ------------------------------------------------------------------------------------------------- taking over


def test_a_reset_account_comes_back_without_rights(register: Register):
    """Whoever issues a password could use it: so it opens an account that may do nothing yet."""
    before = register.who("qian.pi")
    assert before.roles
    password = register.people.reset_password(register.who("sun.xi"), "qian.pi")
    person = register.sign_in.check("qian.pi", password, "192.0.2.1")
    assert (person.roles, person.clearance, person.must_change) == (NOBODY, NOBODY, True)
    assert register.acts("person:roles:set") == 1


def test_the_system_administrator_does_not_come_to_the_security_administrators_rights(register: Register):
    with pytest.raises(Conflict, match="only security administrator"):
        register.people.reset_password(register.who("sun.xi"), "zhou.an")
    assert register.who("zhou.an").roles == {SECURITY_ADMINISTRATOR}
    give(register, "xin.lai", SECURITY_ADMINISTRATOR)
    password = register.people.reset_password(register.who("sun.xi"), "zhou.an")
    stolen = register.sign_in.check("zhou.an", password, "192.0.2.1")
    with pytest.raises(Forbidden):
        register.people.set_rights(stolen, "sun.xi", roles=frozenset({ARCHIVIST}), clearance=frozenset({"TS"}))


def test_the_way_back_on_the_host_keeps_the_rights_and_stands_in_the_log(register: Register):
    password = register.people.rescue("zhou.an")
    person = register.sign_in.check("zhou.an", password, "192.0.2.1")
    assert person.roles == {SECURITY_ADMINISTRATOR}
    assert person.must_change
    assert register.acts("person:password:reset") == 1


# ------------------------------------------------------------------------------------------------- the last one


@pytest.mark.parametrize("login", ["zhou.an", "zhao.shen"])
def test_the_last_administrator_of_a_kind_cannot_be_disabled(register: Register, login: str):
    with pytest.raises(Conflict):
        register.people.disable(register.who("sun.xi"), login)
    assert not register.who(login).disabled


@pytest.mark.parametrize("login", ["sun.xi", "zhao.shen"])
def test_the_last_administrator_of_a_kind_keeps_the_role(register: Register, login: str):
    with pytest.raises(Conflict):
        give(register, login)
    assert register.who(login).administers


def test_with_a_successor_an_administrator_can_go(register: Register):
    give(register, "xin.lai", AUDITOR)
    register.people.disable(register.who("sun.xi"), "zhao.shen")
    with pytest.raises(Conflict):
        give(register, "xin.lai")


def test_a_disabled_administrator_is_no_successor(register: Register):
    give(register, "xin.lai", AUDITOR)
    register.people.disable(register.who("sun.xi"), "xin.lai")
    with pytest.raises(Conflict):
        register.people.disable(register.who("sun.xi"), "zhao.shen")


def test_two_security_administrators_who_remove_each_other_do_not_both_succeed(register: Register):
    give(register, "xin.lai", SECURITY_ADMINISTRATOR)
    pair = [(register.who("zhou.an"), "xin.lai"), (register.who("xin.lai"), "zhou.an")]
    gate = threading.Barrier(2)

    def remove(one: tuple[Any, str]) -> bool:
        gate.wait()
        try:
            register.people.set_rights(one[0], one[1], roles=NOBODY, clearance=NOBODY)
        except ArchiveError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(remove, pair))
    assert sorted(done) == [False, True]
    assert sum(SECURITY_ADMINISTRATOR in register.who(login).roles for login in ("zhou.an", "xin.lai")) == 1


# ------------------------------------------------------------------------------------------------- disabling


def test_one_who_is_disabled_is_neither_disabled_again_nor_given_rights(register: Register):
    register.people.disable(register.who("sun.xi"), "wang.yue")
    with pytest.raises(Conflict):
        register.people.disable(register.who("sun.xi"), "wang.yue")
    with pytest.raises(Conflict):
        give(register, "wang.yue", READER)
    with pytest.raises(Conflict):
        register.people.reset_password(register.who("sun.xi"), "wang.yue")
    assert register.acts("person:disabled") == 1


def test_nobody_disables_themselves(register: Register):
    give(register, "xin.lai", SYSTEM_ADMINISTRATOR)
    with pytest.raises(Forbidden):
        register.people.disable(register.who("sun.xi"), "sun.xi")


# ------------------------------------------------------------------------------------------------- names and logins


@pytest.mark.parametrize("login", ["", "a", "A.b", "-ab", "ab c", "ab\0", "ab\n", "张三", "a" * 65, "ab/c"])
def test_a_login_that_cannot_be_used_is_refused(register: Register, login: str):
    with pytest.raises(BadInput):
        register.people.add(register.who("sun.xi"), NewPerson(login, "某人"))


@pytest.mark.parametrize("name", ["", "  ", "某" * 101, "某\0人", "某\n人"])
def test_a_name_that_cannot_be_kept_is_refused(register: Register, name: str):
    with pytest.raises(BadInput):
        register.people.add(register.who("sun.xi"), NewPerson("another", name))


def test_a_login_is_taken_once_however_many_ask_at_once(register: Register):
    actor, gate = register.who("sun.xi"), threading.Barrier(4)

    def add(_: int) -> str:
        gate.wait()
        try:
            register.people.add(actor, NewPerson("another", "又一人"))
        except Conflict:
            return "taken"
        return "added"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(add, range(4))) == ["added", "taken", "taken", "taken"]


def test_an_archive_with_people_is_not_founded_again(register: Register):
    with pytest.raises(Conflict):
        register.people.found([NewPerson("intruder", "闯入者", frozenset({SECURITY_ADMINISTRATOR}))])


# ------------------------------------------------------------------------------------------------- whatever happens


LOGINS = st.sampled_from([one.login for one in CAST] + ["another"])
STEPS = st.one_of(
    st.tuples(
        st.just("rights"),
        LOGINS,
        LOGINS,
        st.frozensets(st.sampled_from(sorted(ROLE_WORDS)), max_size=3),
        st.frozensets(st.sampled_from(LEVELS)),
    ),
    st.tuples(st.sampled_from(["disable", "reset", "add"]), LOGINS, LOGINS),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=25))
def test_however_the_roles_change_the_three_administrators_stay_apart_and_none_is_lost(
    register: Register, steps: list[Any]
):
    for step in steps:
        own_before = _held(register).get(step[1])
        with contextlib.suppress(ArchiveError):
            _take(register, step)
        held = _held(register)
        for roles, _ in held.values():
            assert len(roles & ADMINISTRATORS) <= 1
            assert not (roles & ADMINISTRATORS and roles - ADMINISTRATORS)
        assert frozenset().union(*(roles for roles, _ in held.values())) >= ADMINISTRATORS
        if step[0] != "reset" and own_before is not None and step[1] == step[2]:
            assert held.get(step[1]) == own_before  # nobody changes their own


def _take(register: Register, step: tuple[Any, ...]) -> None:
    actor = register.who(step[1])
    if step[0] == "rights":
        register.people.set_rights(actor, step[2], roles=step[3], clearance=step[4])
    elif step[0] == "disable":
        register.people.disable(actor, step[2])
    elif step[0] == "reset":
        register.people.reset_password(actor, step[2])
    else:
        register.people.add(actor, NewPerson(step[2], "某人"))


def _held(register: Register) -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """Return roles and clearance of everybody who is not disabled, as the database holds them."""
    with register.people.ledger.read() as connection:
        rows = connection.execute(select(people).where(people.c.disabled_at.is_(None))).all()
    return {
        row.login: (frozenset(filter(None, row.roles.split(","))), frozenset(row.clearance.split(","))) for row in rows
    }
