"""A schedule file, read whole or not at all."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeVar

from retention_policies.content import digest_of
from retention_policies.events import SHIPPED, Event
from retention_policies.minimums import check_minimums, check_scope, read_minimum
from retention_policies.reading import read_event, read_question, read_rule
from retention_policies.rule import FactQuestion, Minimum, Rule, Schedule
from retention_policies.tables import Reading
from retention_policies.terms import read_month
from retention_policies.text import ScheduleError, Text

FORMAT: Final = 1
"""The edition of the file format that this package reads."""

Coded = TypeVar("Coded", FactQuestion, Rule, Event, Minimum)


def default_schedule_path() -> Path:
    """Return the sample schedule that comes with the package."""
    return Path(str(files("retention_policies").joinpath("schedules", "inspection.toml")))


def load_schedule(path: Path, minimums: Mapping[str, Minimum] | None = None) -> Schedule:
    """Read a schedule file (TOML, UTF-8); ``minimums`` by law, from :func:`load_minimums`, bind it beside its own.

    Raises :class:`ScheduleError` with every fault of the file at once, each naming file, table and key; nothing of
    a faulty file is ever used.
    """
    faults: list[str] = []
    root = _opened(path, faults)
    head = Reading(root.take("schedule") or {}, f"{path}: [schedule]", faults)
    fiscal = read_month(head) if head.has("fiscal_year_ends") else None
    basis = _read_basis(root)
    declared = _by_code([(table, read_event(table)) for table in root.tables("event")])
    events = {**SHIPPED, **declared}
    questions = _by_code([(table, read_question(table)) for table in root.tables("fact")])
    read = [(table, read_rule(table, questions, events, fiscal)) for table in root.tables("rule", needed=True)]
    rules = _by_code(read)
    law = [(table, read_minimum(table, events, fiscal)) for table in root.tables("minimum")]
    own = _by_code(law)
    _check_basis(root, basis, {"rule": rules, "minimum": own})
    rules = {rule.code: _with_others(table, rule, rules) for table, rule in read if rule.code}
    for table, minimum in law:
        check_scope(minimum, table, rules)
    check_minimums({**(minimums or {}), **own}, rules, {rule.code: table for table, rule in read})
    schedule = _joined(head, basis, questions, rules)
    root.finish()
    if faults:
        raise ScheduleError(faults)
    digest = digest_of(_head_table(schedule, fiscal), questions, rules, list(declared.values()), own)
    bound = MappingProxyType({**(minimums or {}), **own})
    return replace(schedule, digest=digest, events=MappingProxyType(events), minimums=bound)


def load_minimums(path: Path) -> Mapping[str, Minimum]:
    """Read a file of minimums by law (``format``, ``[[basis]]``, ``[[minimum]]``) for :func:`load_schedule`.

    It is kept apart from the schedules that it binds, so whoever changes a schedule does not change the law.
    Raises :class:`ScheduleError` with every fault at once.
    """
    faults: list[str] = []
    root = _opened(path, faults)
    basis = _read_basis(root)
    found = _by_code([(table, read_minimum(table)) for table in root.tables("minimum", needed=True)])
    _check_basis(root, basis, {"minimum": found})
    root.finish()
    if faults:
        raise ScheduleError(faults)
    return MappingProxyType(found)


def _opened(path: Path, faults: list[str]) -> Reading:
    root = Reading(_parsed(path), str(path), faults)
    edition = root.take("format")
    if root.has("format") and (type(edition) is not int or edition != FORMAT):
        root.note(f"应为 {FORMAT}", f"must be {FORMAT}", "format")
    return root


def _with_others(table: Reading, rule: Rule, rules: Mapping[str, Rule]) -> Rule:
    """Join a rule with those that its papers are subject to as well; these do not themselves name others."""
    others = []
    for code in rule.also_codes:
        other = rules.get(code)
        if other is None or other.code == rule.code:
            table.note(f"没有另一条规则 {code!r}", f"there is no other rule {code!r}", "also")
        elif other.also_codes or other.inherits or rule.inherits:
            table.note(
                f"{code} 不能并用：随主件的、已并用他条的规则不得再并用",
                f"{code} cannot stand beside it: neither may inherit, and the other may name none itself",
                "also",
            )
        else:
            others.append(other)
    return replace(rule, also=tuple(others)) if others else rule


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


def _check_basis(
    root: Reading, basis: Mapping[str, Text], tables: Mapping[str, Mapping[str, Rule] | Mapping[str, Minimum]]
) -> None:
    for kind, found in tables.items():
        for one in found.values():
            for name in one.basis:
                if name not in basis:
                    place = f"[[{kind}]] {one.code}: basis"
                    root.note(f"没有登记的依据：{name!r}", f"no [[basis]] has this code: {name!r}", place)


def _joined(
    head: Reading, basis: Mapping[str, Text], questions: Mapping[str, FactQuestion], rules: Mapping[str, Rule]
) -> Schedule:
    code, version, effective = head.text("code"), head.text("version"), head.day("effective_from")
    title, note = head.both("title"), head.both("note")
    head.finish()
    return Schedule(
        code=code,
        version=version,
        effective_from=effective,
        title=title,
        note=note,
        basis=MappingProxyType(dict(basis)),
        facts=MappingProxyType(dict(questions)),
        rules=MappingProxyType(dict(rules)),
        digest="",
    )


def _head_table(schedule: Schedule, fiscal_year_ends: int | None) -> dict[str, Any]:
    table: dict[str, Any] = {
        "code": schedule.code,
        "version": schedule.version,
        "effective_from": schedule.effective_from.isoformat(),
        "title": schedule.title._asdict(),
        "note": schedule.note._asdict(),
        "basis": {name: text._asdict() for name, text in schedule.basis.items()},
    }
    if fiscal_year_ends is not None:
        table["fiscal_year_ends"] = fiscal_year_ends
    return table
