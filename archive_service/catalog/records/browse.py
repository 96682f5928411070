"""Looking into the catalogue: what a person may see, and nothing else, in lists, counts and single records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.audit.tables import entries
from archive_service.catalog.classification.schedules import Schedules
from archive_service.catalog.codes.text import normalise_code
from archive_service.catalog.descriptions import describe, title_or_mask
from archive_service.catalog.model import Description
from archive_service.catalog.records.former_codes import borne_before
from archive_service.catalog.tables import (
    DESTROYED,
    DESTROYING,
    case_files,
    components,
    fonds,
    index_states,
    record_parents,
    records,
    scan_states,
)
from archive_service.errors import ArchiveError, Forbidden, NotFound, Text
from archive_service.people.model import Grant, Person
from archive_service.people.policy import TABLE, Action, Thing, can, require, visible
from archive_service.people.rights import one_sitting
from archive_service.vault import Vault

PAGE = 50
MANY = 500
"""Records read at a time where all of them are wanted."""

PURPOSES = {"download": Action.DOWNLOAD_RECORD, "print": Action.PRINT_RECORD, "text": Action.PRINT_RECORD}
"""What a use asks of the policy; every other is reading here."""

UNKNOWN = "unknown"
"""What the log names when a record was asked for that is not there: what was typed is nobody's business."""


@dataclass(frozen=True)
class Line:
    """A record as it stands in a list."""

    id: str
    code: str
    title: str
    type_code: str
    type_name: Text
    level: str
    year: int
    document_date: str
    period: str
    due_on: str
    status: str
    case_no: str


@dataclass(frozen=True)
class Component:
    """A computer file of a record, as its page shows it."""

    id: str
    role: str
    name: str
    media_type: str
    size: int
    sha256: str
    version: int
    puid: str | None = None
    """PRONOM's identifier of the format: ``UNKNOWN`` where it knows none, missing while it has not been asked."""
    format_name: str | None = None


@dataclass(frozen=True)
class Whole:
    """A record with everything that its page shows."""

    row: Mapping[Any, Any]
    line: Line
    description: Description
    files: tuple[Component, ...]
    text: Component | None
    fonds_name: Text
    case: Any
    index: Any
    parent: Line | None = None
    """The record that this one belongs to and is kept as, if it names one that the person may see."""
    belonging: tuple[Line, ...] = ()
    """The photographs and recordings that belong to this one."""
    scan: Any = None
    """How far the words in its pictures are recognised; nothing where there is none to look at."""


@dataclass(frozen=True)
class Event:
    """One act in a record's history."""

    seq: int
    at: str
    person_id: str | None
    words: Text
    detail: str
    act: str


@dataclass(frozen=True)
class Filters:
    """What a list of records is narrowed to; empty means everything."""

    type_code: str = ""
    class_code: str = ""
    case_no: str = ""
    year: int | None = None
    level: str = ""
    fonds_no: str = ""
    enterprise: str = ""


@dataclass(frozen=True)
class Catalogue:
    """Lists and single records, each filtered by what the person may see at this moment."""

    ledger: Ledger
    vault: Vault
    schedules: Schedules

    def seen_by(self, person: Person) -> ColumnElement[bool]:
        """Return the condition of what a person sees; a record under destruction is hidden from everybody."""
        at = self.ledger.clock.stamp()
        return visible(person, records.c.level, records.c.id, at=at) & (records.c.status != DESTROYING)

    def records(self, person: Person, filters: Filters, after: str = "", limit: int = PAGE) -> list[Line]:
        """Return visible records by archival code, from behind ``after`` on (keyset paging)."""
        return [self.line(row) for row in self._rows(person, filters, after, limit)]

    def described(self, person: Person, filters: Filters) -> Iterator[tuple[Line, Description]]:
        """Return every visible record with its description, by archival code; read page by page, so that many take little memory."""
        after = ""
        while rows := self._rows(person, filters, after, MANY):
            for row in rows:
                line = self.line(row)
                try:
                    yield line, describe(self.vault, row)
                except ArchiveError:  # a description that cannot be opened leaves its line in the list
                    yield line, Description(line.title)
            after = rows[-1]["code"]

    def _rows(self, person: Person, filters: Filters, after: str, limit: int) -> Sequence[Mapping[Any, Any]]:
        require(person, Action.BROWSE)
        query = _joined().where(self.seen_by(person), *_conditions(filters)).order_by(records.c.code).limit(limit)
        if after:
            query = query.where(records.c.code > after)
        with self.ledger.read() as connection:
            return connection.execute(query).mappings().all()

    def latest(self, person: Person, limit: int = 8) -> list[Line]:
        """Return the visible records that were filed last."""
        require(person, Action.BROWSE)
        query = _joined().where(self.seen_by(person)).order_by(records.c.filed_at.desc()).limit(limit)
        with self.ledger.read() as connection:
            rows = connection.execute(query).mappings().all()
        return [self.line(row) for row in rows]

    def by_ids(self, person: Person, ids: Sequence[str]) -> dict[str, Line]:
        """Return those of some records that the person sees at this moment."""
        with self.ledger.read() as connection:
            rows = connection.execute(_joined().where(self.seen_by(person), records.c.id.in_(ids))).mappings().all()
        return {row["id"]: self.line(row) for row in rows}

    def by_codes(self, person: Person, codes: Sequence[str]) -> list[Line]:
        """Return those of the records with some codes that the person sees at this moment."""
        wanted = _joined().where(self.seen_by(person), records.c.code.in_(codes)).order_by(records.c.code)
        with self.ledger.read() as connection:
            return [self.line(row) for row in connection.execute(wanted).mappings().all()]

    def line(self, row: Mapping[Any, Any]) -> Line:
        """Make a list's line of a joined row."""
        record_type = self.schedules.plan.types.get(row["type_code"])
        name = record_type.name if record_type else Text(row["type_code"], row["type_code"])
        return Line(
            id=row["id"],
            code=row["code"],
            title=title_or_mask(self.vault, row, name.zh),
            type_code=row["type_code"],
            type_name=name,
            level=row["level"],
            year=row["year"],
            document_date=row["document_date"].isoformat(),
            period=row["period"],
            due_on=row["due_on"].isoformat() if row["due_on"] else "",
            status=row["status"],
            case_no=row["case_no"] or "",
        )

    def find(self, person: Person, code_or_id: str) -> Whole:
        """Return one record by its archival code, typed in any way, or by id.

        What the person may not see does not exist: the answer is the same as for a code never issued, and the same
        is done for it; the log names the record that was refused, if there is one.
        """
        require(person, Action.BROWSE)
        with self.ledger.read() as connection:
            row = connection.execute(_joined().where(self.seen_by(person), _named(code_or_id))).mappings().one_or_none()
            if row is not None:
                return self._whole(connection, person, row)
            hidden = connection.execute(select(records.c.id).where(_named(code_or_id))).scalar_one_or_none()
        self.ledger.note(person.id, acts.RECORD_READ_REFUSED, "record", hidden or UNKNOWN)
        raise NotFound("没有这份档案，或您无权知悉。", "There is no such record, or none that you may know of.")

    def _whole(self, connection: Connection, person: Person, row: Mapping[Any, Any]) -> Whole:
        description = describe(self.vault, row)
        rows = connection.execute(
            select(components).where(components.c.record_id == row["id"]).order_by(components.c.position)
        ).all()
        files = [_component(item, description) for item in rows]
        fonds_row = connection.execute(select(fonds).where(fonds.c.id == row["fonds_id"])).one()
        parent, belonging = self._related(connection, person, row["id"])
        return Whole(
            row=row,
            line=self.line(row),
            description=description,
            files=tuple(item for item in files if item.role not in ("text", "preview")),
            text=next((item for item in files if item.role == "text"), None),
            fonds_name=Text(fonds_row.name_zh, fonds_row.name_en),
            case=connection.execute(select(case_files).where(case_files.c.id == row["case_id"])).one_or_none(),
            index=connection.execute(select(index_states).where(index_states.c.record_id == row["id"])).one_or_none(),
            parent=parent,
            belonging=belonging,
            scan=connection.execute(select(scan_states).where(scan_states.c.record_id == row["id"])).one_or_none(),
        )

    def _related(self, connection: Connection, person: Person, record_id: str) -> tuple[Line | None, tuple[Line, ...]]:
        """Return the record that this one belongs to, and those that belong to it, as far as the person sees them."""
        above = select(record_parents.c.parent_id).where(record_parents.c.record_id == record_id)
        below = select(record_parents.c.record_id).where(record_parents.c.parent_id == record_id)
        wanted = _joined().where(self.seen_by(person), records.c.id.in_(above.union(below))).order_by(records.c.code)
        rows = connection.execute(wanted).mappings().all()
        parent_id = connection.execute(above).scalar_one_or_none()
        parent = next((self.line(row) for row in rows if row["id"] == parent_id), None)
        return parent, tuple(self.line(row) for row in rows if row["id"] != parent_id)

    def history(self, person: Person, record_id: str) -> list[Event]:
        """Return what has been done with a record, the newest last; the caller shows it to those who see the record."""
        require(person, Action.BROWSE)
        with self.ledger.read() as connection:
            rows = connection.execute(
                select(entries)
                .where(entries.c.object_type == "record", entries.c.object_id == record_id)
                .order_by(entries.c.seq)
            ).all()
        return [Event(row.seq, row.at, row.person_id, acts.words_of(row.act), row.body, row.act) for row in rows]

    def open_component(self, person: Person, record_id: str, component_id: str, purpose: str) -> tuple[Component, Any]:
        """Open a file for a use: policy first, then the entry in the log, then the bytes; refusals are logged too.

        ``purpose`` is ``download`` or ``print`` where the content leaves the reading room, else it is read here.
        """
        file, row = self.enter_use(person, record_id, component_id, purpose)
        return file, self.vault.open(row["id"], component_id, file.version)

    def enter_use(
        self, person: Person, record_id: str, component_id: str, purpose: str, **more: int
    ) -> tuple[Component, Mapping[Any, Any]]:
        """Ask the policy and write a use of a file into the log; return the file and its record's row.

        The caller opens the bytes afterwards: nothing is delivered that is not in the log. ``more`` says which part.
        """
        action = PURPOSES.get(purpose, Action.READ_RECORD)
        whole = self._readable(person, record_id, component_id, action)
        files = (*whole.files, *([whole.text] if whole.text else []))
        file = next((one for one in files if one.id == component_id), None)
        if file is None:
            raise NotFound("此件没有这个文件。", "This record has no such file.")
        said: dict[str, Any] = {"component": component_id, "purpose": purpose, **more}
        grant = leave_of(person, whole.row, self.ledger.clock.stamp(), action)
        with self.ledger.work(person.id) as work:
            if grant is not None:
                said["request"] = grant.request_id
                if whole.row["level"] == "SEAL":
                    one_sitting(work, grant)
            work.act(acts.RECORD_READ, "record", whole.row["id"], **said)
            work.commit()
        return file, whole.row

    def _readable(self, person: Person, record_id: str, component_id: str, action: Action) -> Whole:
        """Return a record whose content a person may use so now; a refusal is logged before it is said."""
        whole = self.find(person, record_id)
        thing = Thing(level=whole.row["level"], record_id=whole.row["id"])
        verdict = can(person, action, thing, at=self.ledger.clock.stamp())
        gone = whole.row["status"] == DESTROYED
        if gone or not verdict.allowed:
            self.ledger.note(person.id, acts.RECORD_READ_REFUSED, "record", whole.row["id"], component=component_id)
        if gone:
            raise NotFound(
                "此件已销毁，内容不复存在。", "This record has been destroyed; its content no longer exists."
            )
        if not verdict.allowed:
            raise Forbidden(verdict.reason.zh, verdict.reason.en)
        return whole


def leave_of(person: Person, row: Mapping[Any, Any], at: str, action: Action = Action.READ_RECORD) -> Grant | None:
    """Return the leave that a use rests on; ``None`` where it would be allowed without any."""
    if can(replace(person, grants=()), action, Thing(level=row["level"], record_id=row["id"]), at=at).allowed:
        return None
    return person.grant_for(row["id"], row["level"], at, TABLE[action].by_grant)


def _joined() -> Any:
    return select(records, case_files.c.case_no).outerjoin(case_files, case_files.c.id == records.c.case_id)


def _named(code_or_id: str) -> ColumnElement[bool]:
    code = normalise_code(code_or_id)
    return (records.c.code == code) | (records.c.id == code_or_id) | borne_before(code)


def _conditions(filters: Filters) -> list[ColumnElement[bool]]:
    wanted = {
        "type_code": filters.type_code,
        "class_code": filters.class_code,
        "year": filters.year,
        "level": filters.level,
    }
    conditions = [records.c[name] == value for name, value in wanted.items() if value]
    named = {"case_no": filters.case_no, "enterprise": filters.enterprise}
    of_case = [case_files.c[name] == value for name, value in named.items() if value]
    if of_case:
        conditions.append(records.c.case_id.in_(select(case_files.c.id).where(*of_case)))
    if filters.fonds_no:
        conditions.append(
            records.c.fonds_id == select(fonds.c.id).where(fonds.c.fonds_no == filters.fonds_no).scalar_subquery()
        )
    return conditions


def _component(row: Any, description: Description) -> Component:
    words = description.files.get(row.id, {})
    name = row.file_name or words.get("name", "")
    digest = row.sha256 or words.get("sha256", "")
    return Component(row.id, row.role, name, row.media_type, row.size, digest, row.version, row.puid, row.format_name)
