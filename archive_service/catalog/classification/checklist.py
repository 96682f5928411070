"""What the case file of an inspection should hold, stage by stage, and what of it is missing.

Everybody is told of those papers only that he or she may know of: a paper that is hidden from somebody is missing
for that person, and a type that is always hidden is not spoken of.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Connection, func, select

from archive_service.catalog.classification.plan import Plan
from archive_service.catalog.tables import ARCHIVED, records
from archive_service.errors import BadSettings, Text
from archive_service.people.model import Person
from archive_service.people.policy import visible

SHIPPED = Path(__file__).parent / "case_kinds" / "work_safety_inspection.toml"

CODE = Annotated[str, Field(pattern=r"^[A-Z]{3}\d{2}$")]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Said(_Table):
    zh: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]


class _Stage(_Table):
    code: Annotated[str, Field(min_length=1, max_length=16)]
    name: _Said
    must: list[CODE] = []
    should: list[CODE] = []


class _Special(_Table):
    anonymous_answers: list[CODE] = []
    questionnaire_totals: list[CODE] = []
    without_reporter: list[CODE] = []
    reporter_identity: list[CODE] = []


class _File(_Table):
    needed_to_close: list[CODE] = []
    special: _Special = _Special()
    stage: list[_Stage] = Field(min_length=1)


@dataclass(frozen=True)
class Stage:
    """A stage of an inspection with the types that must, and those that usually do, arise in it."""

    code: str
    name: Text
    must: tuple[str, ...]
    should: tuple[str, ...]


@dataclass(frozen=True)
class CaseKind:
    """What the case files of one kind should hold, and the types that special rules apply to."""

    stages: tuple[Stage, ...]
    needed_to_close: tuple[str, ...]
    anonymous_answers: frozenset[str]
    without_reporter: frozenset[str]
    reporter_identity: frozenset[str]
    questionnaire_totals: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Expected:
    """A type that a stage expects, and how many records of it the case file holds for the one who looks."""

    type_code: str
    must: bool
    there: int

    @property
    def missing(self) -> bool:
        """Whether it must be there and is not."""
        return self.must and not self.there


def load_case_kind(path: Path = SHIPPED) -> CaseKind:
    """Read what a case file should hold; :class:`BadSettings` names every fault at once."""
    try:
        told = _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise BadSettings([f"{path}: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings([f"{path}: {error}"]) from error
    except ValidationError as error:
        faults = [f"{path}: {' '.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
        raise BadSettings(faults) from error
    stages = (Stage(one.code, Text(one.name.zh, one.name.en), tuple(one.must), tuple(one.should)) for one in told.stage)
    return CaseKind(
        tuple(stages),
        tuple(told.needed_to_close),
        frozenset(told.special.anonymous_answers),
        frozenset(told.special.without_reporter),
        frozenset(told.special.reporter_identity),
        frozenset(told.special.questionnaire_totals),
    )


def checklist(
    connection: Connection, kind: CaseKind, plan: Plan, person: Person, case_id: str, at: str
) -> list[tuple[Stage, list[Expected]]]:
    """Return each stage with what it expects, as far as the person may know of it.

    Types of a level that the person is not cleared for are left out, whether there are any or not.
    """
    counts = _counts(connection, person, case_id, at)
    found = []
    for stage in kind.stages:
        wanted = [(code, True) for code in stage.must] + [(code, False) for code in stage.should]
        known = [(code, must) for code, must in wanted if code in plan.types and _may_know(plan, person, code)]
        found.append((stage, [Expected(code, must, counts.get(code, 0)) for code, must in known]))
    return found


def missing_to_close(
    connection: Connection, kind: CaseKind, plan: Plan, person: Person, case_id: str, at: str
) -> list[str]:
    """Return the types without which a case file is not closed as a matter of course, and of which none is there."""
    counts = _counts(connection, person, case_id, at)
    return [code for code in kind.needed_to_close if code in plan.types and not counts.get(code)]


def _may_know(plan: Plan, person: Person, code: str) -> bool:
    level = plan.types[code].default_level
    return level is None or level in person.clearance


def _counts(connection: Connection, person: Person, case_id: str, at: str) -> dict[str, int]:
    wanted = (
        select(records.c.type_code, func.count())
        .where(records.c.case_id == case_id, records.c.status == ARCHIVED)
        .where(visible(person, records.c.level, records.c.id, at=at))
        .group_by(records.c.type_code)
    )
    return {row.type_code: row[1] for row in connection.execute(wanted)}


def in_words(codes: Collection[str], plan: Plan) -> Text:
    """Write types with their names."""
    named = [(code, plan.types[code].name) for code in codes]
    return Text(
        "、".join(f"{code} {name.zh}" for code, name in named), ", ".join(f"{code} {name.en}" for code, name in named)
    )
