"""Reads the templates, enterprises and cases that lie beside the code as TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from archive_service.sample.model import Accident, Enterprise, Finding

CLASS_LENGTH = 5


@dataclass(frozen=True)
class Annex:
    """A further file of the same record; kind ``attachment`` travels inside the record's mail."""

    title: str
    kind: str
    body: str = ""
    pictures: int = 0
    skip: int = 0


@dataclass(frozen=True)
class Template:
    """A paper with gaps. ``at`` names a date of the case and days to add: ``feedback+14``.

    ``pictures`` drawings are taken from the enterprise's scenes, ``skip`` from the start. ``parent`` is the key of
    the template whose record this one belongs to, ``facts`` answers what the retention schedule asks of the type.
    """

    key: str
    title: str
    stage: str
    at: str
    author: str
    kind: str
    body: str = ""
    formal: bool = False
    language: str = "zh"
    level: str = ""
    note: str = ""
    pictures: int = 0
    skip: int = 0
    annexes: tuple[Annex, ...] = ()
    parent: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def class_code(self) -> str:
        """The record type of the classification plan; several templates may share one."""
        return self.key[:CLASS_LENGTH]


@dataclass(frozen=True)
class CaseSpec:
    """An inspection as the data tells it, before anything is written."""

    no: str
    enterprise: str
    fonds: str
    title: str
    title_en: str
    team: tuple[str, ...]
    findings: tuple[int, ...]
    manifest: str
    records: tuple[str, ...]
    dates: Mapping[str, date]
    reporter: Mapping[str, str] = field(default_factory=dict)

    @property
    def year(self) -> int:
        """The year in which the inspection began."""
        return self.dates["start"].year


def _tables(folder: str) -> list[dict[str, Any]]:
    here = files("archive_service.sample").joinpath(folder)
    names = sorted((entry for entry in here.iterdir() if entry.name.endswith(".toml")), key=lambda entry: entry.name)
    return [_table(entry) for entry in names]


def _table(entry: Traversable) -> dict[str, Any]:
    return tomllib.loads(entry.read_text(encoding="utf-8"))


@cache
def templates() -> Mapping[str, Template]:
    """Every template by its key."""
    found: dict[str, Template] = {}
    for table in _tables("texts"):
        for key, values in table.items():
            annexes = tuple(Annex(**annex) for annex in values.pop("annexes", ()))
            found[key] = Template(key=key, annexes=annexes, **values)
    return found


@cache
def enterprises() -> Mapping[str, Enterprise]:
    """Every enterprise by its code."""
    found: dict[str, Enterprise] = {}
    for values in _tables("enterprises"):
        findings = tuple(Finding(**finding) for finding in values.pop("findings"))
        workers, scenes = tuple(values.pop("workers")), tuple(values.pop("scenes"))
        accident = Accident(**values.pop("accident")) if "accident" in values else None
        found[values["code"]] = Enterprise(
            findings=findings, workers=workers, scenes=scenes, accident=accident, **values
        )
    return found


@cache
def cases() -> tuple[CaseSpec, ...]:
    """Every inspection, oldest first."""
    table = _table(files("archive_service.sample").joinpath("cases.toml"))
    return tuple(CaseSpec(**_frozen(case)) for case in table["case"])


def _frozen(case: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in case.items()}
