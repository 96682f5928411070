"""What the sample archive consists of: bodies, people, inspections, and the papers before they become files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path

NOTICE_ZH = "虚构示例：本件按示例档案的模板编写，企业、人员、地点、数据均系虚构，不指向任何真实单位或个人。"
NOTICE_ZHT = "虛構示例：本件按示例檔案的模板編寫，企業、人員、地點、數據均系虛構，不指向任何真實單位或個人。"
NOTICE_EN = (
    "Invented sample: written from a template of the sample archive; "
    "enterprise, people, places and figures are invented."
)


@dataclass(frozen=True)
class Fonds:
    """A fonds of the sample; ``kind`` is ``enterprise_group`` or ``state_body`` (it decides on transfer duties)."""

    number: str
    name_zh: str
    name_en: str
    kind: str


@dataclass(frozen=True)
class Person:
    """One of the sample people. Passwords are no part of the sample: they are made at random at init."""

    login: str
    name_zh: str
    name_en: str
    roles: tuple[str, ...]
    clearance: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """A shortcoming that runs through a whole case: seen on site, listed, rectified, accepted."""

    area: str
    place: str
    fact: str
    basis: str
    measure: str
    owner: str
    proof: str


@dataclass(frozen=True)
class Accident:
    """What the enterprise's accident cost, in people and in yuan; ``note`` says what follows for the period."""

    deaths: int
    serious_injuries: int
    loss_yuan: int
    note: str


@dataclass(frozen=True)
class Enterprise:
    """An invented enterprise with its own hazards, people and ways of speaking."""

    code: str
    name: str
    name_en: str
    short: str
    trade: str
    place: str
    staff: int
    chief: str
    deputy: str
    workers: tuple[str, ...]
    topics: Mapping[str, str]
    findings: tuple[Finding, ...]
    scenes: tuple[str, ...]
    accident: Accident | None = None


@dataclass(frozen=True)
class CaseFile:
    """One inspection of an enterprise: the folder to import and the events that start retention clocks.

    ``events`` maps a trigger (``RECT_ACCEPTED``, ``CASE_CLOSED``, ``REPORT_RESOLVED``,
    ``DECISION_EFFECTIVE``, ``CREDIT_CLEARED``, ``SUPERSEDED``) to its civil date in Asia/Shanghai.
    A trigger that is missing has not happened: its clock has not started.
    """

    case_no: str
    title: str
    title_en: str
    enterprise: str
    fonds: str
    year: int
    opened: date
    events: Mapping[str, date]
    folder: Path
    manifest: Path
    records: int

    @property
    def closed(self) -> date | None:
        """The day on which the case was closed; ``None`` while it is open."""
        return self.events.get("CASE_CLOSED")


@dataclass(frozen=True)
class Sample:
    """Everything that a caller needs in order to open fonds, people and cases and to import the folders."""

    folder: Path
    fonds: tuple[Fonds, ...]
    enterprises: tuple[Enterprise, ...]
    people: tuple[Person, ...]
    cases: tuple[CaseFile, ...]

    @property
    def main(self) -> CaseFile:
        """The inspection that is complete from plan to report."""
        return max(self.cases, key=lambda case: case.records)


@dataclass(frozen=True)
class Heading:
    """A heading inside a paper."""

    text: str


@dataclass(frozen=True)
class Para:
    """A paragraph of running text."""

    text: str


@dataclass(frozen=True)
class Table:
    """A table with a head row; ``widths`` are shares of the line, any unit."""

    name: str
    head: tuple[str, ...]
    rows: tuple[tuple[str | int | float, ...], ...]
    widths: tuple[float, ...]


@dataclass(frozen=True)
class Sign:
    """The lines at the foot of a paper: who, when."""

    lines: tuple[str, ...]


Block = Heading | Para | Table | Sign


@dataclass(frozen=True)
class Paper:
    """A paper before it becomes a file; every kind of file is made from this one shape.

    ``formal`` papers carry the red head of the issuing body and a document number.
    """

    title: str
    issuer: str
    document_no: str
    day: date
    case_no: str
    language: str
    formal: bool
    blocks: tuple[Block, ...]

    @property
    def notice(self) -> str:
        """The sentence that says openly, in the paper's own script, that it is invented."""
        return {"en": NOTICE_EN, "zht": NOTICE_ZHT}.get(self.language, NOTICE_ZH)

    @property
    def dated(self) -> str:
        """The date as the paper's language writes it."""
        if self.language == "en":
            return f"{self.day.day} {self.day:%B} {self.day.year}"
        return f"{self.day.year}年{self.day.month}月{self.day.day}日"

    @property
    def made(self) -> datetime:
        """When the paper was written, for the properties that office files carry: nine o'clock, no zone."""
        return datetime.combine(self.day, time(9))

    def text(self) -> str:
        """The paper as plain text, in reading order: what a text or mail body shows."""
        parts = [part for part in (self.issuer if self.formal else "", self.document_no, self.title) if part]
        parts += [self.notice, ""]
        for block in self.blocks:
            match block:
                case Heading(text):
                    parts += ["", text]
                case Para(text):
                    parts.append(text)
                case Table(name, head, rows, _):
                    parts += ["", name, " | ".join(head)]
                    parts += [" | ".join(str(cell) for cell in row) for row in rows]
                case Sign(lines):
                    parts += ["", *lines]
        return "\n".join(parts) + "\n"
