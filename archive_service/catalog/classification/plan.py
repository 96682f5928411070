"""The classification plan: a tree loaded from a TOML file and checked against the retention schedule."""

from __future__ import annotations

import hashlib
import itertools
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from archive_service.catalog.codes.patterns import SHAPES
from archive_service.catalog.codes.scheme import Scheme, read_scheme, shared_code
from archive_service.catalog.model import STRICTNESS
from archive_service.errors import BadInput, BadSettings, Text
from retention_policies import Rule, Schedule

NO_NOTE = Text("", "")
REQUIRABLE = ("author", "document_no", "note", "case")
"""What a type may require beside what is asked of every record."""

SHIPPED = Path(__file__).parent / "plans" / "work_safety_inspection.toml"


@dataclass(frozen=True)
class RecordType:
    """A kind of record: the lowest class, with the retention rule and the default level that apply to it."""

    code: str
    name: Text
    class_code: str
    category: str
    scheme: Scheme
    rule: Rule
    problem: str
    """What stands in the place of the unit or problem: usually the class's own code."""
    note: Text = NO_NOTE
    """What belongs here and what does not."""
    level: str | None = None
    """The default level where it is stricter than that of the rule."""
    required: tuple[str, ...] = ()
    """What must be said of a record beside what is always asked for: fields of :data:`REQUIRABLE`."""

    @property
    def default_level(self) -> str | None:
        """The level that records of this type have unless the archivist says otherwise; ``None``: must be said."""
        return self.level or (None if self.rule.level == "PARENT" else self.rule.level)

    def parts(self, fonds_no: str, year: int, retention_code: str) -> dict[str, str]:
        """Return what an archival code of this type is made of, but for its numbers."""
        named = {"fonds": fonds_no, "category": self.category, "problem": self.problem}
        return {**named, "year": str(year), "retention": retention_code}


@dataclass(frozen=True)
class RecordClass:
    """A class of the plan with its types, in the plan's order."""

    code: str
    name: Text
    types: tuple[RecordType, ...]
    note: Text = NO_NOTE


@dataclass(frozen=True)
class Plan:
    """The plan in force, together with the schedule that its types refer to."""

    code: str
    version: str
    digest: str
    body: str
    name: Text
    categories: Mapping[str, Text]
    classes: tuple[RecordClass, ...]
    types: Mapping[str, RecordType]
    schemes: Mapping[str, tuple[Scheme, Text]]
    """The numbering schemes of the plan with their names, by code: the first version of each."""

    def type(self, code: str) -> RecordType:
        """Return the record type with this code, or say which there are."""
        found = self.types.get(code.strip().upper())
        if found is None:
            raise BadInput(
                f"分类方案中没有类型“{code}”。请填写如 KCQ03（现场检查记录）的类型代码。",
                f"The classification plan has no type {code!r}. Give a type code such as KCQ03 (on-site check record).",
            )
        return found

    def record_class(self, code: str) -> RecordClass:
        """Return the class with this code."""
        for record_class in self.classes:
            if record_class.code == code:
                return record_class
        raise BadInput(f"分类方案中没有类“{code}”。", f"The classification plan has no class {code!r}.")


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Scheme(_Table):
    name_zh: str
    name_en: str
    pattern: str
    restart: list[str] = []


class _Category(_Table):
    code: str
    name_zh: str
    name_en: str
    scheme: str


class _Class(_Table):
    code: str = Field(pattern=r"^[A-Z0-9]{1,6}$")
    name_zh: str
    name_en: str
    category: str
    types: list[str] = Field(min_length=1)
    categories: dict[str, str] = {}
    note_zh: str = ""
    note_en: str = ""
    problem: str | None = None
    """Unit or problem code where it is not the class's own; empty: this class has none."""

    @property
    def place(self) -> str:
        """What stands in its codes for unit or problem."""
        return self.code if self.problem is None else self.problem


class _Type(_Table):
    """What is said of a type beside its class; everything is the rule's own where it is left out."""

    name_zh: str = ""
    name_en: str = ""
    note_zh: str = ""
    note_en: str = ""
    rule: str | None = None
    level: str = ""
    required: list[str] = []


class _Head(_Table):
    code: str = Field(min_length=1, max_length=64)
    version: str = Field(min_length=1, max_length=32)
    name_zh: str
    name_en: str


_Kind = TypeVar("_Kind", bound=_Table)


@dataclass
class _File:
    """What could be read of a plan file, and everything that is wrong with it."""

    head: _Head | None
    schemes: dict[str, Scheme]
    scheme_names: dict[str, Text]
    categories: list[_Category]
    classes: list[_Class]
    types: dict[str, _Type]
    named: dict[str, set[str]]
    """Every scheme and category that the file names, well-formed or not, so that one fault is not told twice."""
    faults: list[str]


def load_plan(path: Path, schedule: Schedule) -> Plan:
    """Read a plan; :class:`BadSettings` names every fault at once, with file, table and key."""
    try:
        body = path.read_text(encoding="utf-8")
        raw = tomllib.loads(body)
    except OSError as error:
        raise BadSettings([f"{path}: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings([f"{path}: {error}"]) from error
    file = _read(raw)
    faults = _faults(file, schedule)
    if faults or file.head is None:
        raise BadSettings([f"{path}: {fault}" for fault in faults])
    return _build(file.head, file, body, schedule)


def plan_from_text(body: str, schedule: Schedule) -> Plan:
    """Read a plan from its text; :class:`BadSettings` names every fault at once, with table and key."""
    file = _read(tomllib.loads(body))
    faults = _faults(file, schedule)
    if faults or file.head is None:
        raise BadSettings(faults)
    return _build(file.head, file, body, schedule)


def _faults(file: _File, schedule: Schedule) -> list[str]:
    found = (_faults_of_categories(file), _faults_of_classes(file, schedule), _faults_of_types(file, schedule))
    return [*file.faults, *itertools.chain(*found), *_shared_codes(file)]


def schemes_in(body: str) -> dict[str, Scheme]:
    """Return the numbering schemes of a plan that was loaded before, by name."""
    return _read(tomllib.loads(body)).schemes


def _read(raw: dict[str, Any]) -> _File:
    """Read table by table, so that a fault in one does not hide those in the others."""
    faults: list[str] = []
    rest = {name: value for name, value in raw.items() if name not in ("schemes", "categories", "classes", "types")}
    head = _table(_Head, "", rest, faults)
    schemes: dict[str, Scheme] = {}
    names: dict[str, Text] = {}
    given = raw.get("schemes")
    for name, value in (given if isinstance(given, dict) else {}).items():
        scheme = _table(_Scheme, f"[schemes.{name}] ", value, faults)
        try:
            names |= {name: Text(scheme.name_zh, scheme.name_en)} if scheme else {}
            schemes |= {name: read_scheme(name, scheme.pattern, scheme.restart)} if scheme else {}
        except BadInput as error:
            faults.append(f"[schemes.{name}] pattern: {error.text.en} {error.text.zh}")
    if not given or not isinstance(given, dict):
        faults.append("[schemes]: needs at least one numbering scheme")
    categories = _tables(_Category, "categories", raw, faults)
    classes = _tables(_Class, "classes", raw, faults)
    types: dict[str, _Type] = {}
    for code, value in raw.get("types", {}).items():
        table = _table(_Type, f"[types.{code}] ", value, faults)
        types |= {code: table} if table else {}
    named = {"schemes": set(given) if isinstance(given, dict) else set(), "categories": _codes(raw.get("categories"))}
    return _File(head, schemes, names, categories, classes, types, named, faults)


def _tables(kind: type[_Kind], name: str, raw: dict[str, Any], faults: list[str]) -> list[_Kind]:
    given = raw.get(name)
    if not isinstance(given, list) or not given:
        faults.append(f"[[{name}]]: needs at least one table")
        return []
    read = []
    for number, value in enumerate(given, 1):
        code = value.get("code") if isinstance(value, dict) else None
        read.append(_table(kind, f"[[{name}]] {code if isinstance(code, str) else f'no. {number}'}: ", value, faults))
    return [table for table in read if table]


def _table(kind: type[_Kind], place: str, value: object, faults: list[str]) -> _Kind | None:
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        for fault in error.errors():
            key = ".".join(str(part) for part in fault["loc"]) or "(table)"
            unknown = fault["type"] == "extra_forbidden"
            wrong = "unknown key" if unknown else f"{fault['msg']} (given: {fault['input']!r:.80})"
            faults.append(f"{place}{key}: {wrong}")
        return None


def _codes(tables: object) -> set[str]:
    found = [table.get("code") for table in tables if isinstance(table, dict)] if isinstance(tables, list) else []
    return {code for code in found if isinstance(code, str)}


def _faults_of_categories(file: _File) -> Iterator[str]:
    seen: set[str] = set()
    for category in file.categories:
        place = f"[[categories]] {category.code}"
        if not re.fullmatch(SHAPES["category"], category.code, re.ASCII):
            yield f"{place}: code: two capital letters and up to three sub-codes of 1 to 4 letters or digits after '·', none of them a year"
        if category.code in seen:
            yield f"{place}: code: stands twice in the plan"
        if category.scheme not in file.named["schemes"]:
            yield f"{place}: scheme: there is no scheme {category.scheme!r}"
        seen.add(category.code)


def _faults_of_classes(file: _File, schedule: Schedule) -> Iterator[str]:
    classes: set[str] = set()
    types: set[str] = set()
    for item in file.classes:
        place = f"[[classes]] {item.code}"
        if item.code in classes:
            yield f"{place}: code: stands twice in the plan"
        classes.add(item.code)
        for key, name in (("category", item.category), *((f"categories.{k}", v) for k, v in item.categories.items())):
            if name not in file.named["categories"]:
                yield f"{place}: {key}: there is no category {name!r}"
        yield from _faults_of_problem(file, item, place)
        for code in sorted(item.categories.keys() - set(item.types)):
            yield f"{place}: categories.{code}: {code} is not one of its types"
        for code in item.types:
            if code in types:
                yield f"{place}: types: {code} stands twice in the plan"
            if _rule_of(file, code) not in schedule.rules:
                yield f"{place}: types: {code} has no rule in the retention schedule {schedule.code}"
            types.add(code)


def _rule_of(file: _File, code: str) -> str:
    """Return the code of a type's rule: its own unless another is named."""
    said = file.types.get(code)
    return code if said is None or said.rule is None else said.rule


def _faults_of_types(file: _File, schedule: Schedule) -> Iterator[str]:
    known = {code for item in file.classes for code in item.types}
    for code, said in file.types.items():
        place, rule = f"[types.{code}]", schedule.rules.get(_rule_of(file, code))
        if code not in known:
            yield f"{place}: no class has this type"
        for name in said.required:
            if name not in REQUIRABLE:
                yield f"{place} required: {name!r} cannot be required; these can: {', '.join(REQUIRABLE)}"
        if said.level and said.level not in STRICTNESS:
            yield f"{place} level: there is no level {said.level!r}"
        elif said.level and rule and STRICTNESS[said.level] < STRICTNESS.get(rule.level, 0):
            yield f"{place} level: {said.level} is more open than the {rule.level} of its rule"


def _faults_of_problem(file: _File, item: _Class, place: str) -> Iterator[str]:
    """Yield a fault if what stands for unit or problem does not fit, or is missing where the scheme needs it."""
    scheme_of = {category.code: file.schemes.get(category.scheme) for category in file.categories}
    schemes = [scheme_of.get(name) for name in (item.category, *item.categories.values())]
    needed = any(p.part == "problem" and not p.optional for scheme in schemes if scheme for p in scheme.pieces)
    if item.place and not re.fullmatch(SHAPES["problem"], item.place, re.ASCII):
        yield f"{place}: problem: 1 to 6 capital letters or digits, or up to 12 Chinese characters (given: {item.place!r})"
    if not item.place and needed:
        yield f"{place}: problem: its numbering scheme needs a unit or problem code"


def _shared_codes(file: _File) -> Iterator[str]:
    """Yield a fault for each two classes whose schemes could give two records one archival code.

    Classes of one scheme share a sequence wherever they could share a code.
    """
    scheme_of = {category.code: file.schemes.get(category.scheme) for category in file.categories}
    used = {
        (scheme, category, item.place)
        for item in file.classes
        for category in (item.category, *item.categories.values())
        if (scheme := scheme_of.get(category)) and re.fullmatch(SHAPES["category"], category, re.ASCII)
    }
    for one, other in itertools.combinations(sorted(used, key=lambda place: (place[2], place[1])), 2):
        code = shared_code(one, other) if one[0].name != other[0].name else None
        if code:
            yield (
                f"[schemes.{one[0].name}] pattern: {one[1]} {one[2]} and {other[1]} {other[2]} "
                f"(scheme {other[0].name}) could both be given the code {code}"
            )


def _record_type(code: str, item: _Class, raw: _File, schedule: Schedule) -> RecordType:
    said, rule = raw.types.get(code, _Type()), schedule.rules[_rule_of(raw, code)]
    category = item.categories.get(code, item.category)
    scheme = next(raw.schemes[one.scheme] for one in raw.categories if one.code == category)
    return RecordType(
        code=code,
        name=Text(said.name_zh or rule.title.zh, said.name_en or rule.title.en),
        class_code=item.code,
        category=category,
        scheme=scheme,
        rule=rule,
        problem=item.place,
        note=Text(said.note_zh, said.note_en),
        level=said.level or None,
        required=tuple(said.required),
    )


def _build(head: _Head, raw: _File, body: str, schedule: Schedule) -> Plan:
    classes = []
    for item in raw.classes:
        types = [_record_type(code, item, raw, schedule) for code in item.types]
        note = Text(item.note_zh, item.note_en)
        classes.append(RecordClass(item.code, Text(item.name_zh, item.name_en), tuple(types), note))
    return Plan(
        code=head.code,
        version=head.version,
        digest=hashlib.sha256(body.encode()).hexdigest(),
        body=body,
        name=Text(head.name_zh, head.name_en),
        categories={category.code: Text(category.name_zh, category.name_en) for category in raw.categories},
        classes=tuple(classes),
        types={record_type.code: record_type for record_class in classes for record_type in record_class.types},
        schemes={name: (scheme, raw.scheme_names[name]) for name, scheme in raw.schemes.items()},
    )
