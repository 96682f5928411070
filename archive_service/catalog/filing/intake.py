"""What is looked at before a record is taken in: everything that can be wrong with it without its files having been read."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from archive_service.catalog.classification.plan import RecordType
from archive_service.catalog.classification.schedules import Schedules
from archive_service.catalog.codes.text import normalise_code
from archive_service.catalog.model import (
    STATE_SECRET_STAMP,
    YEARS,
    NewRecord,
    check_level,
    parse_level,
    refuse_state_secret,
)
from archive_service.catalog.names import one_line, several_lines
from archive_service.catalog.records.facts import Answer, checked_facts
from archive_service.catalog.records.parents import find_parent
from archive_service.catalog.tables import case_files, fonds
from archive_service.errors import BadInput, NotFound, Text
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, require

KEYS = uuid.UUID("6f0d2a52-3d0c-4f7e-9d53-0a8f3f6a1c11")


@dataclass(frozen=True)
class Words:
    """The words of a description, fit to be kept."""

    title: str
    author: str
    document_no: str
    note: str


@dataclass(frozen=True)
class Draft:
    """A record that may be filed as far as can be said without its files."""

    new: NewRecord
    record_id: str
    record_type: RecordType
    level: str
    words: Words
    year: int
    facts: Mapping[str, Answer]
    fonds_id: str
    case_id: str | None
    parent_id: str | None
    code: str | None


def record_id_for(key: str | None) -> str:
    """Return the id that a record filed under a request key has, always the same; a fresh one without a key."""
    return uuid.uuid5(KEYS, key).hex if key else uuid.uuid4().hex


@dataclass(frozen=True)
class Intake:
    """The desk where records are looked at, several in a row, at one instant and for one person."""

    connection: Connection
    schedules: Schedules
    actor: Person
    today: date
    at: str
    places: dict[tuple[str, str | None], tuple[str, str | None]] = field(default_factory=dict)

    def draft(self, new: NewRecord) -> Draft:
        """Check a record that is to be filed; raises what is wrong with it, or with the one who wants to file it."""
        record_type = self.schedules.plan.type(new.type_code)
        words = _words(new)
        _require_fields(new, words, record_type)
        wanted = _wanted_parent(new, record_type)
        parent = find_parent(self.connection, self.schedules, self.actor, wanted, self.at) if wanted else None
        level = _level(new, record_type, parent)
        require(self.actor, Action.FILE_RECORD, Thing(level=level))
        where = (new.fonds_no, new.case_no)
        if where not in self.places:
            self.places[where] = _place(self.connection, new)
        fonds_id, case_id = self.places[where]
        return Draft(
            new=new,
            record_id=record_id_for(new.key),
            record_type=record_type,
            level=level,
            words=words,
            year=_year(new, self.today),
            facts=checked_facts(record_type.rule, new.facts),
            fonds_id=fonds_id,
            case_id=case_id,
            parent_id=parent["id"] if parent else None,
            code=normalise_code(new.code) if new.code and new.code.strip() else None,
        )


def _words(new: NewRecord) -> Words:
    if not new.title.strip():
        raise BadInput("请填写题名。", "Please give a title.")
    if not new.files:
        raise BadInput("请至少选择一个文件。", "Please choose at least one file.")
    words = Words(
        one_line(new.title, "题名", "A title", 500),
        one_line(new.author, "责任者", "The responsible body", 200),
        one_line(new.document_no, "文号", "A document number", 100),
        several_lines(new.note, "备注", "A note", 10_000),
    )
    for text in (words.title, words.document_no, words.note, *(file.name for file in new.files)):
        stamp = STATE_SECRET_STAMP.search(text)
        if stamp:
            refuse_state_secret(stamp[0])
    return words


REQUIRED_WORDS: dict[str, Text] = {
    "author": Text("责任者", "the responsible body"),
    "document_no": Text("文号", "the document number"),
    "note": Text("备注", "a note"),
    "case": Text("案卷", "the case file"),
}


def _require_fields(new: NewRecord, words: Words, record_type: RecordType) -> None:
    """Refuse a record that lacks what the plan requires of its type; everything that is missing is said at once."""
    said = {"author": words.author, "document_no": words.document_no, "note": words.note, "case": new.case_no or ""}
    missing = [REQUIRED_WORDS[name] for name in record_type.required if not said[name]]
    if missing:
        raise BadInput(
            f"类型 {record_type.code} 还须填写：{'、'.join(one.zh for one in missing)}。请在表单、清单的同名列或命令行选项中补上。",
            f"Type {record_type.code} also requires {', '.join(one.en for one in missing)}; say it in the form, in the manifest's column of that name, or as an option of the command.",
        )


def _wanted_parent(new: NewRecord, record_type: RecordType) -> str:
    wanted = (new.parent or "").strip()
    if wanted and not record_type.rule.inherits:
        raise BadInput(
            f"类型 {record_type.code} 有自己的保管期限，不随主件保管，请勿填写主件。",
            f"Type {record_type.code} has a period of its own and is not kept as another record; leave out the main record.",
        )
    return wanted


def _level(new: NewRecord, record_type: RecordType, parent: Any) -> str:
    """Return the level: what was said, or the type's, or the parent's; never more open than those two allow."""
    rule = record_type.rule
    usual = parent["level"] if parent and record_type.default_level is None else record_type.default_level
    level = parse_level(new.level or "", usual)
    check_level(level, usual or "", rule.other_levels)
    return level


def _year(new: NewRecord, today: date) -> int:
    if new.document_date > today:
        raise BadInput(
            f"文件日期 {new.document_date} 在将来。", f"The document date {new.document_date} lies in the future."
        )
    year = new.document_date.year if new.year is None else new.year
    if year not in YEARS:
        raise BadInput(
            f"年度 {year} 不可用，应为 {YEARS[0]} 至 {YEARS[-1]}。",
            f"The year {year} cannot be used; it must lie between {YEARS[0]} and {YEARS[-1]}.",
        )
    return year


def _place(connection: Connection, new: NewRecord) -> tuple[str, str | None]:
    """Return the ids of fonds and case file that the record goes into."""
    fonds_id = connection.execute(select(fonds.c.id).where(fonds.c.fonds_no == new.fonds_no)).scalar_one_or_none()
    if fonds_id is None:
        raise NotFound(f"没有全宗“{new.fonds_no}”。", f"There is no fonds {new.fonds_no!r}.")
    if not new.case_no:
        return fonds_id, None
    case = connection.execute(select(case_files).where(case_files.c.case_no == new.case_no)).one_or_none()
    if case is None:
        raise NotFound(f"没有案卷“{new.case_no}”。", f"There is no case file {new.case_no!r}.")
    if case.fonds_id != fonds_id:
        raise BadInput(
            f"案卷 {new.case_no} 不属于全宗 {new.fonds_no}。",
            f"Case file {new.case_no} does not belong to fonds {new.fonds_no}.",
        )
    return fonds_id, case.id
