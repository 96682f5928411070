"""Correcting what is said of a filed record: title, responsible body, document number, note; one record, or many alike.

The words change, never what they describe: file, code, date, class and level stay. Each change keeps the words that
stood before and the reason (sealed with the record where it is confidential). A record that is declared, under a hold or
on a disposal list stays as it is.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.catalog.descriptions import columns_for, describe
from archive_service.catalog.model import STATE_SECRET_STAMP, Description, refuse_state_secret
from archive_service.catalog.names import one_line, several_lines
from archive_service.catalog.outbox import enqueue
from archive_service.catalog.records.amending import is_declared, to_amend
from archive_service.catalog.records.browse import Catalogue, Filters
from archive_service.catalog.tables import ARCHIVED, description_changes, records
from archive_service.database.tables import CANONICAL
from archive_service.errors import ArchiveError, BadInput, Conflict, Text
from archive_service.people.model import OPEN_LEVELS, Person
from archive_service.people.policy import Action, Thing, can, require
from archive_service.vault import Vault

FIELD_WORDS: dict[str, Text] = {
    "title": Text("题名", "Title"),
    "author": Text("责任者", "Responsible body"),
    "document_no": Text("文号", "Document number"),
    "note": Text("备注", "Note"),
}
"""What may be changed after filing."""

MUST_STAY = ("title", "author")
"""Mandatory fields (DA/T 18-2022): once filled they are not emptied again."""

LONGEST = {"title": 500, "author": 200, "document_no": 100, "note": 10_000}

TOGETHER = 200
"""Records changed in one go, each in a transaction of its own."""

Bars = Callable[[Connection, Sequence[str]], Mapping[str, Text]]
"""Says of some records why they must stay as they are: holds, disposal lists."""


@dataclass(frozen=True)
class Edit:
    """A change that is made alike on many records: a field set to a value, or a piece of it replaced by another."""

    field: str
    value: str
    piece: str = ""
    """What is replaced; empty: the whole field is set."""

    def checked(self) -> Edit:
        """Return the change fit to be made; :class:`BadInput` says what is wrong with it."""
        if self.field not in FIELD_WORDS:
            raise BadInput("请选择要更正的项目。", "Choose the field to be corrected.")
        if not self.piece and self.field in ("title", "document_no"):
            raise BadInput(
                "题名和文号每件不同，整批更正时只能替换其中的文字；请填写要替换的文字。",
                "Titles and document numbers differ from record to record: in many at once only a piece of them is "
                "replaced. Say which.",
            )
        return replace(self, value=checked_value(self.field, self.value))

    def of(self, said: Description) -> str:
        """Return what the field says after the change."""
        before = str(getattr(said, self.field))
        if not self.piece:
            return self.value
        return checked_value(self.field, before.replace(self.piece, self.value))


@dataclass(frozen=True)
class Planned:
    """What a change would do to one record: its words before and after, or why it stays as it is."""

    code: str
    before: str
    after: str
    refused: Text | None = None

    @property
    def changes(self) -> bool:
        """True where something would become different."""
        return self.refused is None and self.before != self.after


@dataclass(frozen=True)
class Changed:
    """A change that was made: the words that stood before, by field (``None``: not kept), and the reason."""

    at: str
    person_id: str
    before: Mapping[str, str | None]
    reason: str


@dataclass(frozen=True)
class Describing:
    """Changes descriptions."""

    ledger: Ledger
    vault: Vault
    catalogue: Catalogue
    bars: Bars

    def change(self, actor: Person, code: str, wanted: Mapping[str, str], reason: str) -> tuple[str, ...]:
        """Change what is said of one record; return the fields that became different."""
        values = {name: checked_value(name, value) for name, value in wanted.items() if name in FIELD_WORDS}
        why = _reason(reason)
        with self.ledger.work(actor.id) as work:
            row = to_amend(work, actor, code)
            refused = self.why_not(work.connection, [row["id"]]).get(row["id"])
            if refused:
                raise Conflict(refused.zh, refused.en)
            done = self._write(work, row, values, why)
            if done:
                work.commit()
        return done

    def plan(self, actor: Person, codes: Sequence[str], edit: Edit) -> list[Planned]:
        """Return what a change would do to each of some records that the person sees; nothing is done."""
        require(actor, Action.BROWSE)
        edit = edit.checked()
        seen = {line.code: line.id for line in self.catalogue.by_codes(actor, list(dict.fromkeys(codes))[:TOGETHER])}
        with self.ledger.read() as connection:
            wanted = select(records).where(records.c.id.in_(seen.values())).order_by(records.c.code)
            rows = connection.execute(wanted).mappings().all()
            barred = self.why_not(connection, [row["id"] for row in rows])
        return [self._planned(actor, row, edit, barred.get(row["id"])) for row in rows]

    def codes_of(self, actor: Person, filters: Filters, after: str = "") -> list[str]:
        """Return the codes of the next records that fit a filter, as many as are changed in one go."""
        return [line.code for line in self.catalogue.records(actor, filters, after, TOGETHER)]

    def change_all(self, actor: Person, codes: Sequence[str], edit: Edit, reason: str, expected: str) -> list[Planned]:
        """Make a change on some records and return what became of each; what is wrong with one holds up no other.

        ``expected`` is the mark of the plan that the person has looked at (:func:`mark_of`): if something became
        different since, nothing is done. Made again after a breakdown, it goes on with what is left.
        """
        why, planned = _reason(reason), self.plan(actor, codes, edit)
        if not planned:
            raise BadInput("请先选择档案。", "Please choose the records first.")
        if mark_of(planned) != expected:
            raise Conflict(
                "预览之后有档案变了，未作更改。请重新预览。",
                "Something changed since the preview, and nothing was done. Please look at the preview again.",
            )
        return [self._changed(actor, one, edit, why) if one.changes else one for one in planned]

    def why_not(self, connection: Connection, ids: Sequence[str]) -> dict[str, Text]:
        """Return, of some records, why they must stay as they are."""
        declared = Text("已固化，著录不再更改", "it is declared: its description is not changed any more")
        found = dict(self.bars(connection, ids))
        return {**found, **{one: declared for one in ids if is_declared(connection, one)}}

    def history(self, record_id: str) -> list[Changed]:
        """Return the changes of a record's description, the newest first; the caller shows it to those who see the record."""
        query = select(description_changes).where(description_changes.c.record_id == record_id)
        with self.ledger.read() as connection:
            rows = connection.execute(query.order_by(description_changes.c.changed_at.desc())).mappings().all()
        return [self._told(row) for row in rows]

    def _planned(self, actor: Person, row: Mapping[Any, Any], edit: Edit, refused: Text | None) -> Planned:
        verdict = can(actor, Action.FILE_RECORD, Thing(level=row["level"]))
        if row["status"] != ARCHIVED:
            refused = Text("已销毁或正在销毁", "it is destroyed, or about to be")
        elif not verdict.allowed:
            refused = verdict.reason
        elif row["level"] == "SEAL":
            refused = Text("密封件只能逐件更正", "sealed items are corrected one by one")
        try:
            said = describe(self.vault, row)
            before, after = str(getattr(said, edit.field)), edit.of(said)
        except ArchiveError as error:
            return Planned(row["code"], "", "", refused or error.text)
        if edit.field in MUST_STAY and before and not after:
            refused = refused or Text("必填项不能清空", "a mandatory field is not emptied")
        return Planned(row["code"], before, before if refused else after, refused)

    def _changed(self, actor: Person, one: Planned, edit: Edit, why: str) -> Planned:
        try:
            self.change(actor, one.code, {edit.field: one.after}, why)
        except ArchiveError as error:
            return replace(one, after=one.before, refused=error.text)
        return one

    def _write(self, work: Work, row: Mapping[Any, Any], values: Mapping[str, str], why: str) -> tuple[str, ...]:
        old = describe(self.vault, row)
        different = {name: value for name, value in values.items() if getattr(old, name) != value}
        emptied = [FIELD_WORDS[name] for name in MUST_STAY if getattr(old, name) and different.get(name) == ""]
        if emptied:
            raise BadInput(
                f"{'、'.join(one.zh for one in emptied)}为必填项，不能清空。",
                f"{', '.join(one.en for one in emptied)}: a mandatory field is not emptied.",
            )
        if not different:
            return ()
        whole = {name: getattr(old, name) for name in FIELD_WORDS} | different
        new = Description(**whole, files=old.files)
        work.update(records, row["id"], columns_for(self.vault, row["id"], row["level"], new))
        is_open = row["level"] in OPEN_LEVELS
        # The note of an open record goes with its content when it is destroyed, so it must lie nowhere else in clear.
        before = {name: None if is_open and name == "note" else getattr(old, name) for name in sorted(different)}
        body = json.dumps({"before": before, "reason": why}, **CANONICAL)
        sealed = None if is_open else self.vault.seal_small(row["id"], row["id"], body.encode())
        kept_as = {"said": body if is_open else None, "sealed_said": sealed}
        made = {"changed_at": work.at, "changed_by": work.person_id}
        work.insert(description_changes, {"id": uuid.uuid4().hex, "record_id": row["id"], **kept_as, **made})
        work.act(acts.RECORD_DESCRIBED, "record", row["id"], fields=sorted(different))
        enqueue(work, "capsule", row["id"])
        enqueue(work, "index", row["id"])
        return tuple(sorted(different))

    def _told(self, row: Mapping[Any, Any]) -> Changed:
        body = row["said"]
        if row["sealed_said"] is not None:
            try:
                body = self.vault.open_small(row["record_id"], row["record_id"], bytes(row["sealed_said"])).decode()
            except ArchiveError:  # destroyed with the record, or damaged: the change is shown without its words
                body = None
        said: dict[str, Any] = json.loads(body) if body else {"before": {}, "reason": ""}
        return Changed(row["changed_at"], row["changed_by"], said["before"], said["reason"])


def checked_value(name: str, value: str) -> str:
    """Return a value fit to be kept in a field; state secrets are refused here as at the door."""
    words = FIELD_WORDS[name]
    fit = several_lines if name == "note" else one_line
    value = fit(value, words.zh, words.en, LONGEST[name])
    stamp = STATE_SECRET_STAMP.search(value)
    if stamp:
        refuse_state_secret(stamp[0])
    return value


def mark_of(planned: Iterable[Planned]) -> str:
    """Return the mark of a plan: the same as long as it would do the same."""
    body = [[one.code, one.before, one.after, one.refused.en if one.refused else ""] for one in planned]
    return hashlib.sha256(json.dumps(body, **CANONICAL).encode()).hexdigest()


def _reason(text: str) -> str:
    why = one_line(text, "原因", "The reason", 500)
    if len(why) < 2:
        raise BadInput("请说明更正的原因。", "Please say why it is corrected.")
    return why
