"""The classification plan: a tree loaded from a TOML file and checked against the retention schedule."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from archive_service.catalog.numbering import Scheme, read_scheme
from archive_service.config import describe_fault
from archive_service.errors import BadInput, BadSettings, Text
from retention_policies import Rule, Schedule

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

    @property
    def default_level(self) -> str | None:
        """The level that records of this type have unless the archivist says otherwise; ``None``: must be said."""
        return None if self.rule.level == "PARENT" else self.rule.level


@dataclass(frozen=True)
class RecordClass:
    """A class of the plan with its types, in the plan's order."""

    code: str
    name: Text
    types: tuple[RecordType, ...]


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


class _Category(_Table):
    code: str
    name_zh: str
    name_en: str
    scheme: str


class _Class(_Table):
    code: str = Field(pattern=r"^[A-Z]{3}$")
    name_zh: str
    name_en: str
    category: str
    types: list[str] = Field(min_length=1)
    categories: dict[str, str] = {}


class _File(_Table):
    code: str
    version: str
    name_zh: str
    name_en: str
    schemes: dict[str, _Scheme]
    categories: list[_Category] = Field(min_length=1)
    classes: list[_Class] = Field(min_length=1)


def load_plan(path: Path, schedule: Schedule) -> Plan:
    """Read a plan; :class:`BadSettings` names every fault at once, with file, table and key."""
    try:
        body = path.read_text(encoding="utf-8")
        raw = _File.model_validate(tomllib.loads(body))
    except OSError as error:
        raise BadSettings([f"{path}: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings([f"{path}: {error}"]) from error
    except ValidationError as error:
        raise BadSettings([f"{path}: {describe_fault(fault)}" for fault in error.errors()]) from error
    schemes, faults = _schemes(raw)
    faults += list(_cross_faults(raw, schedule))
    if faults:
        raise BadSettings([f"{path}: {fault}" for fault in faults])
    return _build(raw, body, schemes, schedule)


def _schemes(raw: _File) -> tuple[dict[str, Scheme], list[str]]:
    schemes: dict[str, Scheme] = {}
    faults: list[str] = []
    for name, scheme in raw.schemes.items():
        try:
            schemes[name] = read_scheme(name, scheme.pattern)
        except BadInput as error:
            faults.append(f"[schemes.{name}] pattern: {error.text.en} {error.text.zh}")
    return schemes, faults


def _cross_faults(raw: _File, schedule: Schedule) -> Iterator[str]:
    categories = {category.code for category in raw.categories}
    for category in raw.categories:
        if category.scheme not in raw.schemes:
            yield f"[[categories]] {category.code}: scheme: there is no scheme {category.scheme!r}"
    seen: set[str] = set()
    for item in raw.classes:
        for name in (item.category, *item.categories.values()):
            if name not in categories:
                yield f"[[classes]] {item.code}: category: there is no category {name!r}"
        for code in item.categories.keys() - set(item.types):
            yield f"[[classes]] {item.code}: categories: {code} is not one of its types"
        for code in item.types:
            if code in seen:
                yield f"[[classes]] {item.code}: types: {code} stands twice in the plan"
            if code not in schedule.rules:
                yield f"[[classes]] {item.code}: types: {code} has no rule in the retention schedule {schedule.code}"
            seen.add(code)


def _build(raw: _File, body: str, schemes: Mapping[str, Scheme], schedule: Schedule) -> Plan:
    scheme_of = {category.code: schemes[category.scheme] for category in raw.categories}
    classes = []
    for item in raw.classes:
        types = []
        for code in item.types:
            rule, category = schedule.rules[code], item.categories.get(code, item.category)
            name = Text(rule.title.zh, rule.title.en)
            types.append(RecordType(code, name, item.code, category, scheme_of[category], rule))
        classes.append(RecordClass(item.code, Text(item.name_zh, item.name_en), tuple(types)))
    return Plan(
        code=raw.code,
        version=raw.version,
        digest=hashlib.sha256(body.encode()).hexdigest(),
        body=body,
        name=Text(raw.name_zh, raw.name_en),
        categories={category.code: Text(category.name_zh, category.name_en) for category in raw.categories},
        classes=tuple(classes),
        types={record_type.code: record_type for record_class in classes for record_type in record_class.types},
    )
