"""The cage, tried from inside."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from index.extract import CageStrength, Extraction, cage_strength, landlock, runner, seccomp
from index.extract.seccomp import AARCH64, ALLOW, DENY, KILL, X86_64, Calls, assemble

Misbehave = Callable[..., Extraction]


def test_every_attempt_to_break_out_is_stopped(tmp_path: Path) -> None:
    """On the kernels that the tests run on all layers are there; elsewhere the strength is told and not assumed."""
    key = tmp_path / "root.key"
    key.write_text("secret")
    strength = cage_strength([key, Path(__file__)])
    assert strength.broken == ()
    assert strength.complete
    assert len(strength.stopped) >= 44
    assert strength.layers == ("rlimits", "no_new_privs", "landlock", "seccomp")


def test_probing_leaves_nothing_behind() -> None:
    before = {path.name for path in Path("/tmp").iterdir() if "probe" in path.name}
    cage_strength()
    assert {path.name for path in Path("/tmp").iterdir() if "probe" in path.name} == before


@pytest.mark.parametrize("missing", ["landlock", "seccomp", "both"])
def test_a_kernel_that_cannot_is_told_loudly(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    """The start of the process is changed so that the kernel seems not to know one layer or both."""
    names = ["landlock", "seccomp"] if missing == "both" else [missing]
    disable = "".join(f"import index.extract.{name} as m; m.close = lambda *_, **__: False; " for name in names)
    start = f"import sys; sys.path.insert(0, sys.argv[1]); {disable}from index.extract.worker import main; main(sys.argv[2:])"
    monkeypatch.setattr(runner, "START", start)
    strength = cage_strength([Path(__file__)])
    assert not strength.complete
    assert not set(names) & set(strength.layers)
    if missing == "landlock":
        assert strength.holds
        assert "read: /etc/passwd" in strength.broken
        assert "Landlock" in strength.sentence.en
    else:
        assert not strength.holds
        assert "network: tcp" in strength.broken
        assert "WARNING" in strength.sentence.en
        assert "警告" in strength.sentence.zh


def test_a_process_that_gives_no_answer_counts_as_no_cage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "START", "raise SystemExit(1)")
    strength = cage_strength()
    assert not strength.holds
    assert "WARNING" in strength.sentence.en


def test_only_reading_may_be_open_for_the_cage_to_hold() -> None:
    assert CageStrength((), ("network: tcp",), ("read: /etc/passwd",)).holds
    assert not CageStrength((), ("network: tcp",), ("program: exec",)).holds
    assert not CageStrength((), (), ()).holds


def test_a_parser_that_was_taken_over_learns_nothing_and_sends_nothing(misbehave: Misbehave, tmp_path: Path) -> None:
    key = tmp_path / "root.key"
    key.write_text("the key of all keys")
    found = misbehave(
        f"out = []\n"
        f"for act in (lambda: open({str(key)!r}).read(), lambda: os.system('id'), lambda: socket.create_connection(('127.0.0.1', 1)),\n"
        f"            lambda: open({str(tmp_path / 'left')!r}, 'w'), lambda: os.fork(), lambda: os.listdir({str(tmp_path)!r})):\n"
        f"    try: out.append(repr(act()))\n"
        f"    except BaseException as error: out.append(type(error).__name__)\n"
        f"return ' '.join(out)"
    )
    assert "key of all keys" not in found.text
    words = found.text.split()
    assert words[0] == words[2] == words[3] == words[4] == words[5] == "PermissionError"
    assert words[1] in ("-1", "32512", "PermissionError"), "there is no shell to be started"
    assert [path.name for path in tmp_path.iterdir()] == ["root.key"]


def test_libraries_can_still_be_loaded_late(misbehave: Misbehave) -> None:
    found = misbehave("import decimal, lxml.html, zoneinfo, encodings.big5\nreturn 'loaded'")
    assert found.text == "loaded"
    assert found.sandbox[-1] == "seccomp"


# ------------------------------------------------------------------------------------- the filter, run by an own machine


def verdict(calls: Calls, number: int, *arguments: int, audit: int | None = None, pid: int = 77) -> int:
    """Run the filter as the kernel does and return its answer."""
    data = struct.pack("<IIQ6Q", number, audit or calls.audit, 0, *arguments, *[0] * (6 - len(arguments)))
    program = list(struct.iter_unpack("<HBBI", assemble(calls, pid)))
    at, value = 0, 0
    while True:
        code, yes, no, given = program[at]
        at += 1
        if code == seccomp.LOAD:
            (value,) = struct.unpack_from("<I", data, given)
        elif code == seccomp.RETURN:
            return int(given)
        else:
            hit = value == given if code == seccomp.JUMP_EQUAL else bool(value & given)
            at += yes if hit else no


BOTH = pytest.mark.parametrize("calls", [X86_64, AARCH64], ids=["x86_64", "aarch64"])


@BOTH
def test_a_call_of_another_processor_kills(calls: Calls) -> None:
    assert verdict(calls, calls.allowed[0], audit=0x40000003) == KILL


@BOTH
def test_what_nobody_thought_of_is_refused(calls: Calls) -> None:
    known = {*calls.allowed, *calls.opening, calls.ioctl, calls.tgkill, calls.prlimit, *seccomp.ABSENT_CALLS}
    for number in [*range(600), *(0x40000000 + one for one in range(600)), 0xFFFFFFFF]:
        if number not in known:
            assert verdict(calls, number) == DENY
    assert all(verdict(calls, number) == ALLOW for number in calls.allowed)


@BOTH
def test_files_open_for_reading_alone(calls: Calls) -> None:
    for number, place in calls.opening.items():
        for flags, answer in {
            os.O_RDONLY: ALLOW,
            os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY: ALLOW,
            os.O_WRONLY: DENY,
            os.O_RDWR: DENY,
            os.O_RDONLY | os.O_CREAT: DENY,
            os.O_RDONLY | os.O_TRUNC: DENY,
            os.O_TMPFILE | os.O_RDWR: DENY,
        }.items():
            assert verdict(calls, number, *[0] * place, flags) == answer


@BOTH
def test_signals_reach_the_process_itself_alone_and_limits_are_only_read(calls: Calls) -> None:
    assert verdict(calls, calls.tgkill, 77) == ALLOW
    assert verdict(calls, calls.tgkill, 1) == DENY
    assert verdict(calls, calls.prlimit, 0, 7, 0) == ALLOW
    assert verdict(calls, calls.prlimit, 0, 7, 0x10) == DENY
    assert verdict(calls, calls.prlimit, 0, 7, 1 << 40) == DENY
    assert verdict(calls, calls.ioctl, 0, 0x5401) == ALLOW
    assert verdict(calls, calls.ioctl, 0, 0x5412) == DENY, "typing into a terminal"


def test_our_own_code_and_the_libraries_are_all_that_can_be_read(tmp_path: Path) -> None:
    places = [Path(place) for place in landlock.readable()]
    for forbidden in (Path("/etc/passwd"), Path.home(), tmp_path, Path("/proc"), Path("/")):
        assert not any(forbidden == place or place in forbidden.parents for place in places)
