"""A schedule file, read whole or not at all."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeVar

from retention_policies.content import digest_of
from retention_policies.reading import read_question, read_rule
from retention_policies.rule import FactQuestion, Rule, Schedule
from retention_policies.tables import Reading
from retention_policies.text import ScheduleError, Text

FORMAT: Final = 1
"""The edition of the file format that this package reads."""

Coded = TypeVar("Coded", FactQuestion, Rule)


def default_schedule_path() -> Path:
    """Return the sample schedule that comes with the package."""
    return Path(str(files("retention_policies").joinpath("schedules", "inspection.toml")))


def load_schedule(path: Path) -> Schedule:
    """Read a schedule file (TOML, UTF-8).

    Raises :class:`ScheduleError` with every fault of the file at once, each naming file, table and key; nothing of
    a faulty file is ever used.
    """
    faults: list[str] = []
    root = Reading(_parsed(path), str(path), faults)
    edition = root.take("format")
    if root.has("format") and (type(edition) is not int or edition != FORMAT):
        root.note(f"应为 {FORMAT}", f"must be {FORMAT}", "format")
    head = Reading(root.take("schedule") or {}, f"{path}: [schedule]", faults)
    basis = _read_basis(root)
    questions = _by_code([(table, read_question(table)) for table in root.tables("fact")])
    rules = _by_code([(table, read_rule(table, questions)) for table in root.tables("rule", needed=True)])
    _check_basis(root, basis, rules)
    schedule = _joined(head, basis, questions, rules)
    root.finish()
    if faults:
        raise ScheduleError(faults)
    return schedule


def _parsed(path: Path) -> object:
    try:
        # Some editors put a byte order mark before UTF-8; it says nothing and is no fault.
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ScheduleError([f"{path}: 无法读取 / cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise ScheduleError([f"{path}: 不是 UTF-8 文本 / not UTF-8: byte {error.start}"]) from error
    except tomllib.TOMLDecodeError as error:
        raise ScheduleError([f"{path}: 不是有效的 TOML / not valid TOML: {error}"]) from error


def _read_basis(root: Reading) -> dict[str, Text]:
    """Read the ``[[basis]]`` tables: the laws and standards that rules refer to by code."""
    basis: dict[str, Text] = {}
    for table in root.tables("basis", needed=True):
        code = table.text("code")
        if code in basis:
            table.note("代码重复", "the code stands twice", "code")
        basis[code] = table.both("title")
        table.finish()
    return basis


def _by_code(read: list[tuple[Reading, Coded]]) -> dict[str, Coded]:
    found: dict[str, Coded] = {}
    for table, one in read:
        if one.code and one.code in found:
            table.note("代码重复", "the code stands twice", "code")
        found[one.code] = one
    return found


def _check_basis(root: Reading, basis: Mapping[str, Text], rules: Mapping[str, Rule]) -> None:
    for rule in rules.values():
        for name in rule.basis:
            if name not in basis:
                place = f"[[rule]] {rule.code}: basis"
                root.note(f"没有登记的依据：{name!r}", f"no [[basis]] has this code: {name!r}", place)


def _joined(
    head: Reading, basis: Mapping[str, Text], questions: Mapping[str, FactQuestion], rules: Mapping[str, Rule]
) -> Schedule:
    code, version, effective = head.text("code"), head.text("version"), head.day("effective_from")
    title, note = head.both("title"), head.both("note")
    head.finish()
    content = {
        "code": code,
        "version": version,
        "effective_from": effective.isoformat(),
        "title": title._asdict(),
        "note": note._asdict(),
        "basis": {name: text._asdict() for name, text in basis.items()},
    }
    return Schedule(
        code=code,
        version=version,
        effective_from=effective,
        title=title,
        note=note,
        basis=MappingProxyType(dict(basis)),
        facts=MappingProxyType(dict(questions)),
        rules=MappingProxyType(dict(rules)),
        digest=digest_of(content, questions, rules),
    )
