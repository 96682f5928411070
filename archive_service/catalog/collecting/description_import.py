"""Taking descriptions from a file of another system (EAD, Dublin Core) into those that are here, after a look at what would change.

Only words are taken: title, responsible body, document number, note. Code, date, class, level and period are the
archive's own; where a file says otherwise of them, that is told and not done. What is not here, or not for the one who
asks, is the same: it is absent.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from archive_service.catalog.descriptions import describe
from archive_service.catalog.records.browse import Line
from archive_service.catalog.records.describing import FIELD_WORDS, MUST_STAY, Describing, checked_value
from archive_service.catalog.records.exchange import Described, described
from archive_service.catalog.tables import ARCHIVED, records
from archive_service.database.tables import CANONICAL
from archive_service.errors import ArchiveError, BadInput, Conflict, Text
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, can, require

MOST = 2000
"""Descriptions of one file that are taken in; each is written in a transaction of its own."""

AT_ONCE = 200
OWN = ("document_date", "type_code", "level", "period", "case_no", "year")
"""What a file may say of a record and never changes."""


@dataclass(frozen=True)
class Incoming:
    """What a file would do to one record: words before and after by field, what else it says differently, or why not."""

    code: str
    before: Mapping[str, str]
    after: Mapping[str, str]
    otherwise: tuple[str, ...] = ()
    refused: Text | None = None

    @property
    def changes(self) -> bool:
        """True where words would become different."""
        return self.refused is None and bool(self.after)


@dataclass(frozen=True)
class Plan:
    """What a file would do: record by record, and the codes that are not here."""

    records: tuple[Incoming, ...]
    absent: tuple[str, ...]

    @property
    def mark(self) -> str:
        """The mark of this plan: the same as long as it would do the same."""
        body = [[one.code, dict(one.before), dict(one.after), one.refused is None] for one in self.records]
        return hashlib.sha256(json.dumps([body, self.absent], **CANONICAL).encode()).hexdigest()


@dataclass(frozen=True)
class DescriptionImport:
    """Plans and makes an import."""

    describing: Describing

    def plan(self, actor: Person, some: Sequence[Described]) -> Plan:
        """Return what a file would do; nothing is done."""
        require(actor, Action.BROWSE)
        wanted = {one["code"]: one for one in some if one["code"]}
        if len(wanted) != sum(1 for one in some if one["code"]):
            raise BadInput("文件中有重复的档号。", "A code stands twice in the file.")
        if len(wanted) > MOST:
            raise BadInput(
                f"文件中超过 {MOST} 件，请分开导入。", f"The file has more than {MOST} records; take it in by parts."
            )
        codes = sorted(wanted)
        found = [
            one
            for start in range(0, len(codes), AT_ONCE)
            for one in self._planned(actor, codes[start : start + AT_ONCE], wanted)
        ]
        here = {one.code for one in found}
        return Plan(tuple(found), tuple(code for code in codes if code not in here))

    def apply(self, actor: Person, some: Sequence[Described], reason: str, expected: str) -> Plan:
        """Take the words of a file in, as the plan said that the person has looked at; what is wrong with one holds up no other.

        Made again after a breakdown, it goes on with what is left.
        """
        plan = self.plan(actor, some)
        if plan.mark != expected:
            raise Conflict(
                "这不是比较过的那个文件，或比较之后库中有变化；未作更改。请重新比较。",
                "This is not the file that was compared, or something changed since; nothing was done. Compare again.",
            )
        done = [self._taken(actor, one, reason) if one.changes else one for one in plan.records]
        return replace(plan, records=tuple(done))

    def _taken(self, actor: Person, one: Incoming, reason: str) -> Incoming:
        try:
            self.describing.change(actor, one.code, one.after, reason)
        except BadInput:
            raise  # the reason: it is wrong for all
        except ArchiveError as error:
            return replace(one, refused=error.text)
        return one

    def _planned(self, actor: Person, codes: Sequence[str], wanted: Mapping[str, Described]) -> Iterator[Incoming]:
        catalogue = self.describing.catalogue
        lines = {line.id: line for line in catalogue.by_codes(actor, codes) if line.level != "SEAL"}
        with self.describing.ledger.read() as connection:
            rows = connection.execute(select(records).where(records.c.id.in_(lines)).order_by(records.c.code))
            rows_here = rows.mappings().all()
            barred = self.describing.why_not(connection, [row["id"] for row in rows_here])
        for row in rows_here:
            yield self._one(actor, row, lines[row["id"]], wanted[row["code"]], barred.get(row["id"]))

    def _one(
        self, actor: Person, row: Mapping[Any, Any], line: Line, told: Described, refused: Text | None
    ) -> Incoming:
        verdict = can(actor, Action.FILE_RECORD, Thing(level=row["level"]))
        if row["status"] != ARCHIVED:
            refused = Text("已销毁或正在销毁", "it is destroyed, or about to be")
        elif not verdict.allowed:
            refused = verdict.reason
        try:
            said = describe(self.describing.vault, row)
            after = {name: checked_value(name, told[name]) for name in FIELD_WORDS}
        except ArchiveError as error:
            return Incoming(row["code"], {}, {}, (), refused or error.text)
        before = {name: str(getattr(said, name)) for name in FIELD_WORDS}
        # An empty cell of a mandatory field says nothing; it empties none.
        different = [
            name for name in FIELD_WORDS if before[name] != after[name] and (after[name] or name not in MUST_STAY)
        ]
        here = described(line, said)
        otherwise = tuple(name for name in OWN if told[name] and told[name] != here[name])
        return Incoming(
            row["code"],
            {name: before[name] for name in different},
            {name: after[name] for name in different},
            otherwise,
            refused if different else None,
        )
