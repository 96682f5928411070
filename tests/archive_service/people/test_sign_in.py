"""Passwords, guesses and sessions."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type
from sqlalchemy import func, select

from archive_service.errors import BadInput, Forbidden, Unavailable
from archive_service.people.passwords import (
    LONGEST_PASSWORD,
    SHORTEST_PASSWORD,
    check_password,
    one_time_password,
    password_matches,
)
from archive_service.people.sign_in import SignIn
from archive_service.people.tables import attempts, people, sessions
from archive_service.people.throttle import MOST_FOR_LOGIN, MOST_FROM_ADDRESS, MOST_FROM_DEVICE, WINDOW
from tests.archive_service.people.conftest import ABSOLUTE, IDLE, Register

HERE, THERE = "192.0.2.1", "198.51.100.7"
PASSWORD = "a quiet reading room"


def own(register: Register, login: str) -> str:
    """Give somebody a password of their own."""
    register.people.change_password(register.who(login), register.one_time[login], PASSWORD)
    return PASSWORD


def stored(register: Register, table: Any) -> int:
    with register.people.ledger.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def fail(register: Register, login: str, address: str, times: int = 1, device: str | None = None) -> None:
    for _ in range(times):
        with pytest.raises(Forbidden):
            register.sign_in.check(login, "wrong wrong wrong", address, device)


# ------------------------------------------------------------------------------------------------- passwords


def test_a_password_has_at_least_twelve_characters():
    with pytest.raises(BadInput):
        check_password("abcdefghijk", "wang.yue", "old")
    check_password("abcdefghijkl", "wang.yue", "old")
    check_password("山高水长岁月静好人间值得", "wang.yue", "old")


def test_a_long_password_is_taken_and_an_endless_one_is_not():
    check_password("correct horse battery staple " * 4, "wang.yue", "old")
    check_password("abcde" * (LONGEST_PASSWORD // 5), "wang.yue", "old")
    with pytest.raises(BadInput):
        check_password("abcde" * (LONGEST_PASSWORD // 5) + "f", "wang.yue", "old")


@pytest.mark.parametrize("simple", ["aaaaaaaaaaaa", "abcdabcdabcd", "my wang.yue word", "MY WANG.YUE WORD"])
def test_a_password_that_is_easily_guessed_is_refused(simple: str):
    assert len(simple) >= SHORTEST_PASSWORD
    with pytest.raises(BadInput):
        check_password(simple, "wang.yue", "old")


def test_the_new_password_is_not_the_old_one(register: Register):
    one_time = register.one_time["wang.yue"]
    with pytest.raises(BadInput):
        register.people.change_password(register.who("wang.yue"), one_time, one_time)


def test_the_present_password_must_be_right(register: Register):
    with pytest.raises(BadInput):
        register.people.change_password(register.who("wang.yue"), "not this one", PASSWORD)
    assert register.who("wang.yue").must_change


def test_a_one_time_password_must_be_changed_and_then_no_longer_opens(register: Register):
    one_time = register.one_time["wang.yue"]
    assert register.sign_in.check("wang.yue", one_time, HERE).must_change
    own(register, "wang.yue")
    assert not register.sign_in.check("wang.yue", PASSWORD, HERE).must_change
    with pytest.raises(Forbidden):
        register.sign_in.check("wang.yue", one_time, HERE)


def test_one_time_passwords_are_random_and_can_be_read_out():
    made = {one_time_password() for _ in range(500)}
    assert len(made) == 500
    assert all(re.fullmatch(r"([a-hj-kmnp-z2-9]{4}-){3}[a-hj-kmnp-z2-9]{4}", one) for one in made)


def test_passwords_are_kept_with_argon2id_as_rfc_9106_advises(register: Register):
    """At least the second recommended option of RFC 9106, section 4: 64 MiB, three passes; salt 16, tag 32 bytes."""
    kept = PasswordHasher().hash(PASSWORD)
    found = extract_parameters(kept)
    assert found.type is Type.ID
    assert found.memory_cost >= 64 * 1024
    assert found.time_cost >= 3
    assert (found.salt_len, found.hash_len) == (16, 32)
    with register.people.ledger.read() as connection:
        hashes = connection.execute(select(people.c.password_hash)).scalars().all()
    assert all(one.startswith("$argon2id$") for one in hashes)
    assert len(set(hashes)) == len(hashes)


def test_a_password_that_was_kept_weaker_is_hashed_anew_when_it_is_used(register: Register):
    own(register, "wang.yue")
    stronger = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    sign_in = SignIn(register.people.ledger, stronger, IDLE, ABSOLUTE)
    for _ in range(2):
        sign_in.check("wang.yue", PASSWORD, HERE)
    with register.people.ledger.read() as connection:
        kept = connection.execute(select(people.c.password_hash).where(people.c.login == "wang.yue")).scalar_one()
    assert not stronger.check_needs_rehash(kept)
    assert register.acts("person:password:hashed_anew") == 1


@pytest.mark.parametrize("given", ["", "\0", "\ud800", "x" * 100_000, PASSWORD + "\0", PASSWORD.upper()])
def test_whatever_is_given_for_a_password_is_wrong_and_no_fault(register: Register, given: str):
    own(register, "wang.yue")
    with pytest.raises(Forbidden):
        register.sign_in.check("wang.yue", given, HERE)


def test_a_hash_that_is_no_hash_opens_to_nothing():
    assert not password_matches(PasswordHasher(), "", "")
    assert not password_matches(PasswordHasher(), "*", "*")


@pytest.mark.parametrize("login", ["", "\0", "nobody\0", "' OR 1=1 --", "张三", "\ud800", "x" * 100_000, "wang.yue "])
def test_whatever_is_given_for_a_login_is_wrong_and_no_fault(register: Register, login: str):
    with pytest.raises(Forbidden):
        register.sign_in.check(login, PASSWORD, HERE)


def test_an_unknown_login_costs_as_many_hashes_as_a_wrong_password(register: Register, monkeypatch: pytest.MonkeyPatch):
    done: list[str] = []
    for name in ("hash", "verify"):
        real = getattr(PasswordHasher, name)

        def counted(self: Any, *given: Any, name: str = name, real: Any = real) -> Any:
            done.append(name)
            return real(self, *given)

        monkeypatch.setattr(PasswordHasher, name, counted)
    fail(register, "nobody", HERE)  # makes what an unknown login is held against, once
    done.clear()
    fail(register, "nobody", HERE)
    unknown = [*done]
    done.clear()
    fail(register, "wang.yue", HERE)
    assert unknown == done == ["verify"]


def test_what_was_typed_for_a_login_is_kept_nowhere(register: Register):
    """People type their password into the wrong field."""
    fail(register, "my secret password", HERE)
    with register.people.ledger.read() as connection:
        kept = connection.execute(select(attempts.c.login)).scalar_one()
    assert re.fullmatch("[0-9a-f]{64}", kept)


# ------------------------------------------------------------------------------------------------- guessing


def test_guesses_for_one_login_are_held_up_from_wherever_they_come(register: Register):
    own(register, "wang.yue")
    for number in range(MOST_FOR_LOGIN):
        fail(register, "wang.yue", f"192.0.2.{number}")
    with pytest.raises(Unavailable):
        register.sign_in.check("wang.yue", "another guess", THERE)
    register.sign_in.check("zhang.dang", register.one_time["zhang.dang"], HERE)


def test_guesses_for_many_logins_from_one_address_are_held_up(register: Register):
    for number in range(MOST_FROM_ADDRESS):
        fail(register, f"guess{number}", HERE)
    with pytest.raises(Unavailable):
        register.sign_in.check("wang.yue", "another guess", HERE)
    register.sign_in.check("wang.yue", register.one_time["wang.yue"], THERE)


def test_guesses_from_one_ipv6_network_are_guesses_from_one_address(register: Register):
    for number in range(MOST_FROM_ADDRESS):
        fail(register, f"guess{number}", f"2001:db8:1:2::{number:x}")
    with pytest.raises(Unavailable):
        register.sign_in.check("wang.yue", "another guess", "2001:db8:1:2:ffff::1")
    register.sign_in.check("wang.yue", register.one_time["wang.yue"], "2001:db8:1:3::1")


def test_whoever_guesses_does_not_lock_out_the_browser_that_its_owner_uses(register: Register):
    own(register, "wang.yue")
    fail(register, "wang.yue", THERE, MOST_FOR_LOGIN)
    for number in range(MOST_FROM_ADDRESS - MOST_FOR_LOGIN):
        fail(register, f"guess{number}", THERE)
    with pytest.raises(Unavailable):
        register.sign_in.check("wang.yue", PASSWORD, THERE)
    assert register.sign_in.check("wang.yue", PASSWORD, THERE, device="d1").login == "wang.yue"


def test_guesses_from_a_known_browser_are_held_up_by_themselves(register: Register):
    own(register, "wang.yue")
    fail(register, "wang.yue", HERE, MOST_FROM_DEVICE, device="stolen")
    with pytest.raises(Unavailable):
        register.sign_in.check("wang.yue", PASSWORD, HERE, device="stolen")
    register.sign_in.check("wang.yue", PASSWORD, HERE, device="other")
    register.sign_in.check("wang.yue", PASSWORD, HERE)


def test_after_the_window_answers_are_given_again_to_the_very_instant(register: Register):
    own(register, "wang.yue")
    fail(register, "wang.yue", HERE, MOST_FOR_LOGIN)
    register.now[0] += WINDOW - timedelta(microseconds=1)
    with pytest.raises(Unavailable):
        register.sign_in.check("wang.yue", PASSWORD, HERE)
    register.now[0] += timedelta(microseconds=1)
    assert register.sign_in.check("wang.yue", PASSWORD, HERE).login == "wang.yue"


def test_trying_while_answers_are_withheld_does_not_prolong_it(register: Register):
    own(register, "wang.yue")
    fail(register, "wang.yue", HERE, MOST_FOR_LOGIN)
    for _ in range(5):
        register.wait(minutes=2)
        with pytest.raises(Unavailable):
            register.sign_in.check("wang.yue", PASSWORD, HERE)
    register.wait(minutes=5)
    register.sign_in.check("wang.yue", PASSWORD, HERE)


def test_a_right_password_wipes_out_ones_own_mistypings_and_nobody_elses(register: Register):
    own(register, "wang.yue")
    fail(register, "zhang.dang", HERE, 3)
    for _ in range(4):
        fail(register, "wang.yue", HERE, MOST_FOR_LOGIN - 1)
        register.sign_in.check("wang.yue", PASSWORD, HERE)
    assert stored(register, attempts) == 3


def test_many_guesses_at_once_do_not_slip_through_together(register: Register):
    gate = threading.Barrier(24)

    def guess(number: int) -> str:
        gate.wait()
        try:
            register.sign_in.check("wang.yue", f"guess number {number}", HERE)
        except Forbidden:
            return "answered"
        except Unavailable:
            return "withheld"
        return "in"

    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(guess, range(24)))
    assert answers.count("answered") <= MOST_FOR_LOGIN
    assert set(answers) <= {"answered", "withheld"}


def test_attempts_that_are_past_are_not_kept(register: Register):
    fail(register, "wang.yue", HERE, 3)
    register.wait(minutes=16)
    fail(register, "zhang.dang", HERE)
    assert stored(register, attempts) == 1


def test_every_refusal_is_logged_without_saying_what_was_typed(register: Register):
    fail(register, "wang.yue", HERE)
    fail(register, "typed by mistake", HERE)
    assert register.acts("person:sign_in:refused") == 2


# ------------------------------------------------------------------------------------------------- sessions


def opened(register: Register, login: str = "wang.yue") -> str:
    return register.sign_in.open(login, register.one_time[login], HERE)


def test_a_session_is_a_fresh_secret_of_which_only_the_hash_is_kept(register: Register):
    one, two = opened(register), opened(register)
    assert one != two
    assert len(one.partition(".")[2]) >= 43  # 256 bits
    with register.people.ledger.read() as connection:
        kept = connection.execute(select(sessions.c.id_hash)).scalars().all()
    assert not {one, two} & set(kept)


def test_a_session_turned_into_anothers_by_hand_is_nobodys(register: Register):
    mine, other = register.who("wang.yue"), register.who("qian.pi")
    token = register.sign_in.begin(mine)
    with register.people.ledger.engine.begin() as connection:
        connection.execute(sessions.update().values(person_id=other.id))
    assert register.sign_in.person(token) is None


def test_a_sign_in_ends_the_session_that_it_comes_from(register: Register):
    old = opened(register, "zhang.dang")
    new = register.sign_in.open("wang.yue", register.one_time["wang.yue"], HERE, instead_of=old)
    assert register.sign_in.person(old) is None
    person = register.sign_in.person(new)
    assert person is not None
    assert person.login == "wang.yue"


def test_a_session_that_is_idle_too_long_ends(register: Register):
    token = opened(register)
    register.now[0] += IDLE
    assert register.sign_in.person(token) is not None
    register.now[0] += IDLE + timedelta(seconds=1)
    assert register.sign_in.person(token) is None


def test_a_session_in_use_lasts_to_its_absolute_limit_and_no_longer(register: Register):
    token = opened(register)
    for _ in range(int(ABSOLUTE / timedelta(minutes=20))):
        register.wait(minutes=20)
        assert register.sign_in.person(token) is not None
    register.wait(seconds=1)
    assert register.sign_in.person(token) is None


def test_a_session_that_has_ended_does_not_come_back_with_the_clock(register: Register):
    token = opened(register)
    register.wait(minutes=31)
    assert register.sign_in.person(token) is None
    register.wait(minutes=-31)
    assert register.sign_in.person(token) is None


def test_signing_out_ends_this_session_and_no_other(register: Register):
    one, two = opened(register), opened(register)
    register.sign_in.close(one, register.who("wang.yue"))
    assert register.sign_in.person(one) is None
    assert register.sign_in.person(two) is not None
    assert register.acts("person:signed_out") == 1


def test_disabling_somebody_ends_their_sessions_at_once(register: Register):
    token = opened(register)
    register.people.disable(register.who("sun.xi"), "wang.yue")
    assert register.sign_in.person(token) is None
    assert stored(register, sessions) == 0
    with pytest.raises(Forbidden):
        opened(register)


@pytest.mark.parametrize("how", ["changed", "reset"])
def test_a_new_password_ends_every_session(register: Register, how: str):
    tokens = [opened(register) for _ in range(3)]
    if how == "changed":
        own(register, "wang.yue")
    else:
        register.people.reset_password(register.who("sun.xi"), "wang.yue")
    assert [register.sign_in.person(token) for token in tokens] == [None] * 3


def test_a_session_shows_the_rights_of_this_moment(register: Register):
    token = opened(register)
    register.people.set_rights(register.who("zhou.an"), "wang.yue", roles=frozenset(), clearance=frozenset())
    person = register.sign_in.person(token)
    assert person is not None
    assert person.roles == frozenset()


def test_sessions_that_have_ended_are_cleared_away(register: Register):
    opened(register)
    register.wait(hours=11)
    opened(register, "zhang.dang")
    assert stored(register, sessions) == 1


@pytest.mark.parametrize("token", ["", "x", "\0", "\ud800", "a" * 100_000])
def test_a_token_that_was_never_given_is_nobodys(register: Register, token: str):
    opened(register)
    assert register.sign_in.person(token) is None
