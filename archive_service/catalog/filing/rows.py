"""The rows that an accession writes, made of a draft and of what lies sealed in the vault."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from archive_service.audit import acts
from archive_service.audit.ledger import Work
from archive_service.catalog.classification.schedules import Schedules
from archive_service.catalog.codes.numbers import Numbers, in_force
from archive_service.catalog.codes.scheme import Number
from archive_service.catalog.descriptions import columns_for
from archive_service.catalog.filing.intake import Draft
from archive_service.catalog.model import Description
from archive_service.catalog.records.due import decide_record, stored_decision, usual_period
from archive_service.catalog.records.facts import triggers_of_case
from archive_service.catalog.records.parents import link, lock_parent, parents_of
from archive_service.catalog.tables import ARCHIVED, components, records
from archive_service.people.model import OPEN_LEVELS, Person
from archive_service.vault import SealedObject, Vault
from retention_policies import Decision, Parent, Trigger


@dataclass(frozen=True)
class StoredFile:
    """A file that lies sealed in the vault, not yet in the catalogue."""

    name: str
    media_type: str
    sealed: SealedObject


@dataclass(frozen=True)
class Prepared:
    """A draft whose files lie in the vault and whose words are ready to be written; nothing refers to them yet."""

    draft: Draft
    files: Sequence[StoredFile]
    words: dict[str, Any]


def prepare(vault: Vault, draft: Draft, files: Sequence[StoredFile]) -> Prepared:
    """Bring a description into the form in which it is kept: columns, or sealed for confidential levels."""
    names = {item.sealed.component_id: {"name": item.name, "sha256": item.sealed.sha256} for item in files}
    description = Description(**asdict(draft.words), files=names)
    return Prepared(draft, files, columns_for(vault, draft.record_id, draft.level, description))


@dataclass(frozen=True)
class Settled:
    """What a record gets when it is taken in: how long it is kept and why, and its number."""

    ground: dict[str, Any]
    decision: Decision
    code_period: str
    number: Number


def settle(
    work: Work, schedules: Schedules, today: date, draft: Draft, numbers: Numbers, triggers: Mapping[Trigger, date]
) -> Settled:
    """Decide how long a record is kept and take its number, inside the caller's transaction."""
    ground = _ground(schedules, draft)
    parents = _parents(work, schedules, draft, ground)
    decision = decide_record((schedules.current,), ground, triggers, today, (), parents)
    code_period = decision.period.code if decision.period else usual_period(draft.record_type.rule)
    parts = draft.record_type.parts(draft.new.fonds_no, draft.year, code_period)
    number = numbers.take(draft.record_type.scheme, parts, draft.code, draft.case_id)
    return Settled(ground, decision, code_period, number)


def write(work: Work, schedules: Schedules, actor: Person, today: date, prepared: Sequence[Prepared]) -> list[str]:
    """Write records with everything that belongs to them, inside the caller's transaction; return their archival codes."""
    numbers = Numbers(work, in_force(work.connection, today))
    triggers = {
        case_id: triggers_of_case(work.connection, case_id) for case_id in {one.draft.case_id for one in prepared}
    }
    rows = []
    for one in prepared:
        draft = one.draft
        settled = settle(work, schedules, today, draft, numbers, triggers[draft.case_id])
        row = {**settled.ground, **stored_decision(settled.decision, draft.record_type.rule), **one.words}
        rows.append(row | _identity(schedules, draft, settled) | _filing(work, actor, draft))
        said = {"code": settled.number.code, "level": draft.level, "files": len(one.files)}
        work.act(acts.RECORD_FILED, "record", draft.record_id, **said)
    numbers.finish()
    work.insert_many(records, rows)
    work.insert_many(components, [row for one in prepared for row in _component_rows(one, work.at)])
    for draft in [one.draft for one in prepared]:
        if draft.parent_id:
            link(work, draft.record_id, draft.parent_id, actor)
    return [row["code"] for row in rows]


def _parents(work: Work, schedules: Schedules, draft: Draft, ground: dict[str, Any]) -> tuple[Parent, ...]:
    if draft.parent_id:
        lock_parent(work.connection, schedules, draft.parent_id)
    return parents_of(work.connection, schedules, {**ground, "parent_id": draft.parent_id})


def _ground(schedules: Schedules, draft: Draft) -> dict[str, Any]:
    """Return what retention is decided on, as it is kept with the record."""
    return {
        "id": draft.record_id,
        "case_id": draft.case_id,
        "document_date": draft.new.document_date,
        "facts": json.dumps(dict(draft.facts), sort_keys=True),
        "rule_code": draft.record_type.rule.code,
        "schedule_version": schedules.current.version,
        "extension_years": 0,
        "period_override": None,
    }


def _identity(schedules: Schedules, draft: Draft, settled: Settled) -> dict[str, Any]:
    number = settled.number
    return {
        "code": number.code,
        "description_level": "item",
        "fonds_id": draft.fonds_id,
        "class_code": draft.record_type.class_code,
        "type_code": draft.record_type.code,
        "plan_version": schedules.plan.version,
        "scheme": draft.record_type.scheme.name,
        "scope": number.scope,
        "number": number.number,
        "category": draft.record_type.category,
        "year": draft.year,
        "retention_code": settled.code_period,
        "problem_code": draft.record_type.problem,
        "level": draft.level,
    }


def _filing(work: Work, actor: Person, draft: Draft) -> dict[str, Any]:
    return {
        "status": ARCHIVED,
        "filed_at": work.at,
        "filed_by": actor.id,
        "request_key": draft.record_id if draft.new.key else None,
        "destroyed_at": None,
    }


def _component_rows(prepared: Prepared, at: str) -> list[dict[str, Any]]:
    draft = prepared.draft
    return [
        component_row(
            draft.record_id,
            draft.level,
            position,
            "attachment" if position else "original",
            item.media_type,
            item.name,
            item.sealed,
            at,
        )
        for position, item in enumerate(prepared.files)
    ]


def component_id(record_id: str, position: int) -> str:
    """Return the id of a record's file at a position: always the same, so that a repeated filing leaves no second copy."""
    return uuid.uuid5(uuid.UUID(record_id), str(position)).hex


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
