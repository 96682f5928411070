"""Accession: one record with its files goes in, a receipt comes out.

Order of writes: sealed objects and keys first (they may be orphans), then one transaction that takes the
number and writes catalogue, log and outbox. That commit is the commit point. If it does not come, the
objects are removed again and no number is burnt.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from archive_service.audit import acts
from archive_service.audit.ledger import Committed, Ledger, Work
from archive_service.audit.tables import entries, head
from archive_service.catalog import formats
from archive_service.catalog.capsules import write_capsule
from archive_service.catalog.descriptions import columns_for, describe
from archive_service.catalog.due import decide_record, stored_decision, triggers_of_case, usual_period
from archive_service.catalog.model import Description, NewRecord, Receipt, SourceFile, parse_level
from archive_service.catalog.numbering import take_number
from archive_service.catalog.plan import RecordType
from archive_service.catalog.schedules import Schedules
from archive_service.catalog.tables import ARCHIVED, case_files, components, fonds, outbox, records
from archive_service.errors import BadInput, NotFound
from archive_service.people.model import OPEN_LEVELS, Person
from archive_service.people.policy import Action, Thing, require
from archive_service.vault import SealedObject, Vault

KEYS = uuid.UUID("6f0d2a52-3d0c-4f7e-9d53-0a8f3f6a1c11")
LONGEST_NAME = 255


@dataclass(frozen=True)
class _Stored:
    """A file that lies sealed in the vault, not yet in the catalogue."""

    name: str
    media_type: str
    sealed: SealedObject


@dataclass(frozen=True)
class Accession:
    """Takes records in."""

    ledger: Ledger
    vault: Vault
    schedules: Schedules
    max_bytes: int

    def file_record(self, actor: Person, new: NewRecord) -> Receipt:
        """File one record and return its receipt; a repeated request (same ``key``) gets the first receipt again."""
        record_type = self.schedules.plan.type(new.type_code)
        level = parse_level(new.level or "", record_type.default_level)
        require(actor, Action.FILE_RECORD, Thing(level=level))
        self._check(new)
        record_id = uuid.uuid5(KEYS, new.key).hex if new.key else uuid.uuid4().hex
        place = self._place(new)
        with self.vault.claim(record_id):
            # A request with the same key may have been filed by another process before the claim was ours.
            earlier = self._earlier(record_id) if new.key else None
            if earlier is not None:
                return earlier
            stored: list[_Stored] = []
            try:
                for file in new.files:
                    stored.append(self._store(record_id, len(stored), file))
                committed, code = self._commit(actor, new, record_type, level, record_id, place, stored)
            except BaseException:
                self._discard(record_id, len(stored) + 1)
                raise
        write_capsule(self.ledger, self.vault, record_id)
        return Receipt(
            archival_code=code,
            record_id=record_id,
            files=tuple((item.name, item.sealed.size, item.sealed.sha256) for item in stored),
            seq=committed.entries[-1].seq,
            leaf_hash=committed.entries[-1].leaf_hash.hex(),
            checkpoint=committed.checkpoint,
        )

    def _check(self, new: NewRecord) -> None:
        if not new.title.strip():
            raise BadInput("请填写题名。", "Please give a title.")
        if len(new.title) > 500:
            raise BadInput("题名最多 500 个字符。", "A title has at most 500 characters.")
        if new.document_date > self.ledger.clock.today():
            raise BadInput(
                f"文件日期 {new.document_date} 在将来。", f"The document date {new.document_date} lies in the future."
            )
        if not new.files:
            raise BadInput("请至少选择一个文件。", "Please choose at least one file.")
        if new.year is not None and not 1900 <= new.year <= 2099:
            raise BadInput(
                f"年度 {new.year} 不可用，应为 1900 至 2099。",
                f"The year {new.year} cannot be used; it must lie between 1900 and 2099.",
            )

    def _place(self, new: NewRecord) -> tuple[str, str | None]:
        """Return the ids of fonds and case file that the record goes into."""
        with self.ledger.read() as connection:
            fonds_id = connection.execute(
                select(fonds.c.id).where(fonds.c.fonds_no == new.fonds_no)
            ).scalar_one_or_none()
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

    def _store(self, record_id: str, position: int, file: SourceFile) -> _Stored:
        name = clean_name(file.name)
        try:
            chunks = iter(file.chunks())
            first = next((chunk for chunk in chunks if chunk), b"")
            if not first:
                raise BadInput(
                    f"文件“{name}”是空的（0 字节），未归档。",
                    f"The file {name!r} is empty (0 bytes) and was not filed.",
                )
            media_type = formats.identify(first, name)
            sealed = self.vault.put(
                record_id,
                component_id(record_id, position),
                1,
                _join(first, chunks),
                max_bytes=self.max_bytes,
                replace=True,
            )
        except OSError as error:
            raise BadInput(
                f"文件“{name}”无法读取：{error.strerror}。", f"The file {name!r} cannot be read: {error.strerror}."
            ) from error
        return _Stored(name, media_type, sealed)

    def _discard(self, record_id: str, count: int) -> None:
        """Remove what no catalogue row refers to; an object of a record that did get committed stays."""
        with self.ledger.read() as connection:
            if connection.execute(select(records.c.id).where(records.c.id == record_id)).first():
                return
        self.vault.discard(record_id, [component_id(record_id, position) for position in range(count)])

    def _commit(
        self,
        actor: Person,
        new: NewRecord,
        record_type: RecordType,
        level: str,
        record_id: str,
        place: tuple[str, str | None],
        stored: Sequence[_Stored],
    ) -> tuple[Committed, str]:
        description = Description(
            title=new.title.strip(),
            author=new.author.strip(),
            document_no=new.document_no.strip(),
            note=new.note.strip(),
            files={item.sealed.component_id: {"name": item.name, "sha256": item.sealed.sha256} for item in stored},
        )
        words = columns_for(self.vault, record_id, level, description)
        year = new.year or new.document_date.year
        schedule = self.schedules.current
        facts = {
            "document_date": new.document_date,
            "facts": json.dumps(dict(new.facts), sort_keys=True),
            "rule_code": record_type.rule.code,
            "schedule_version": schedule.version,
            "extension_years": 0,
            "period_override": None,
        }
        with self.ledger.work(actor.id) as work:
            triggers = triggers_of_case(work.connection, place[1])
            decision = decide_record(schedule, facts, triggers, self.ledger.clock.today())
            retention = stored_decision(decision, record_type.rule)
            code_period = decision.period.code if decision.period else usual_period(record_type.rule)
            parts = {
                "fonds": new.fonds_no,
                "category": record_type.category,
                "year": str(year),
                "retention": code_period,
                "problem": record_type.class_code,
            }
            number = take_number(work, record_type.scheme, parts)
            identity = {
                "id": record_id,
                "code": number.code,
                "description_level": "item",
                "fonds_id": place[0],
                "case_id": place[1],
                "class_code": record_type.class_code,
                "type_code": record_type.code,
                "plan_version": self.schedules.plan.version,
                "scheme": record_type.scheme.name,
                "scope": number.scope,
                "number": number.number,
                "category": record_type.category,
                "year": year,
                "retention_code": code_period,
                "problem_code": record_type.class_code,
                "level": level,
            }
            filing = {
                "status": ARCHIVED,
                "filed_at": work.at,
                "filed_by": actor.id,
                "request_key": record_id if new.key else None,
                "destroyed_at": None,
            }
            work.insert(records, {**identity, **words, **facts, **retention, **filing})
            work.insert_many(components, _component_rows(record_id, level, stored, work.at))
            enqueue(work, "capsule", record_id)
            enqueue(work, "index", record_id)
            work.act(acts.RECORD_FILED, "record", record_id, code=number.code, level=level, files=len(stored))
            return work.commit(), number.code

    def _earlier(self, record_id: str) -> Receipt | None:
        with self.ledger.read() as connection:
            row = connection.execute(select(records).where(records.c.id == record_id)).mappings().one_or_none()
            return self._receipt(connection, row, repeated=True) if row else None

    def receipt(self, record_id: str) -> Receipt:
        """Return a record's receipt again, with the present checkpoint; the caller has asked the policy."""
        with self.ledger.read() as connection:
            row = connection.execute(select(records).where(records.c.id == record_id)).mappings().one()
            return self._receipt(connection, row, repeated=False)

    def _receipt(self, connection: Connection, row: Any, *, repeated: bool) -> Receipt:
        entry = connection.execute(
            select(entries.c.seq, entries.c.leaf_hash).where(
                entries.c.object_type == "record",
                entries.c.object_id == row["id"],
                entries.c.act == acts.RECORD_FILED.name,
            )
        ).one()
        originals = connection.execute(
            select(components)
            .where(components.c.record_id == row["id"], components.c.role != "text")
            .order_by(components.c.position)
        ).all()
        sealed = {} if row["level"] in OPEN_LEVELS else describe(self.vault, row).files
        files = []
        for item in originals:
            words = sealed.get(item.id, {})
            files.append((item.file_name or words.get("name", ""), item.size, item.sha256 or words.get("sha256", "")))
        note = connection.execute(select(head.c.note)).scalar_one()
        return Receipt(row["code"], row["id"], tuple(files), entry.seq, bytes(entry.leaf_hash).hex(), note, repeated)


def component_id(record_id: str, position: int) -> str:
    """Return the id of a record's file at a position: always the same, so that a repeated filing leaves no second copy."""
    return uuid.uuid5(uuid.UUID(record_id), str(position)).hex


def enqueue(work: Work, topic: str, record_id: str) -> None:
    """Ask, in the same transaction, for something to be done afterwards."""
    work.insert(
        outbox,
        {
            "topic": topic,
            "record_id": record_id,
            "created_at": work.at,
            "attempts": 0,
            "not_before": work.at,
            "trouble": None,
        },
    )


def clean_name(name: str) -> str:
    """Return a file name without folders and control characters, not longer than a file system allows; it never becomes a path."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    base = "".join("�" if not character.isprintable() else character for character in base).strip()
    base = base.encode("utf-8", "replace").decode("utf-8")
    return base[-LONGEST_NAME:] or "unnamed"


def _component_rows(record_id: str, level: str, stored: Sequence[_Stored], at: str) -> list[dict[str, Any]]:
    roles = ["original", *["attachment"] * (len(stored) - 1)]
    return [
        component_row(record_id, level, position, role, item.media_type, item.name, item.sealed, at)
        for position, (role, item) in enumerate(zip(roles, stored, strict=True))
    ]


def text_component_id(record_id: str) -> str:
    """Return the id of the component that holds a record's extracted text."""
    return uuid.uuid5(uuid.UUID(record_id), "text").hex


def component_row(
    record_id: str, level: str, position: int, role: str, media_type: str, name: str, sealed: SealedObject, at: str
) -> dict[str, Any]:
    """Return a row of ``component``; for confidential levels name and clear hash stand in the sealed description only."""
    open_level = level in OPEN_LEVELS
    return {
        "id": sealed.component_id,
        "record_id": record_id,
        "position": position,
        "role": role,
        "version": sealed.version,
        "file_name": (name or None) if open_level else None,
        "media_type": media_type,
        "size": sealed.size,
        "sha256": sealed.sha256 if open_level else None,
        "sealed_size": sealed.sealed_size,
        "sealed_sha256": sealed.sealed_sha256,
        "created_at": at,
    }


def _join(first: bytes, rest: Iterator[bytes]) -> Iterable[bytes]:
    yield first
    yield from rest


def hash_of(text: str) -> str:
    """Return the SHA-256 of a text, for request keys made of names."""
    return hashlib.sha256(text.encode()).hexdigest()
