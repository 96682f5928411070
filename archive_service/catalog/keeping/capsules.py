"""Capsules follow the catalogue: after each change of a record its capsule is written again from the rows.

A capsule holds what is needed to make the record again without the database. What of it may tell of the content
(answers to facts, the main record) stands with the description: in clear for open levels, else sealed with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from archive_service.audit.ledger import Ledger
from archive_service.catalog.keeping.frame import to_plain
from archive_service.catalog.keeping.noting import note_written
from archive_service.catalog.tables import ARCHIVED, case_files, components, fonds, outbox, record_parents, records
from archive_service.database.tables import CANONICAL
from archive_service.errors import ArchiveError, Damaged
from archive_service.vault import Capsule, CapsuleComponent, Vault, Wanted

SAME = (
    "description_level",
    "class_code",
    "plan_version",
    "scheme",
    "scope",
    "number",
    "category",
    "year",
    "retention_code",
    "problem_code",
    "extension_years",
    "period_override",
    "filed_by",
    "request_key",
    "parent_id",
)
"""Columns that a capsule tells word for word, beside those that have a name of their own in it."""


@dataclass(frozen=True)
class _Source:
    """The rows that a capsule is made of."""

    row: Mapping[Any, Any]
    files: Sequence[Any]
    parent: Mapping[Any, Any] | None = None


def write_capsule(ledger: Ledger, vault: Vault, record_id: str) -> None:
    """Write a record's capsule and settle what the outbox asks for it. Can be repeated."""
    asked, sources = _read(ledger, [record_id])
    written = [_written(vault, source) for source in sources]
    _settle(ledger, [row.seq for row in asked], written)


def write_capsules(ledger: Ledger, vault: Vault, record_ids: Sequence[str]) -> None:
    """Write the capsules of records that have just been filed.

    They are filed, whatever happens here: a capsule that cannot be written now stays asked for in the outbox.
    """
    if not record_ids:
        return
    with suppress(ArchiveError, DBAPIError):
        asked, sources = _read(ledger, record_ids)
        written = _written_all(vault, sources)
        done = {record_id for record_id, _ in written}
        _settle(ledger, [row.seq for row in asked if row.record_id in done], written)


_Written = tuple[str, list[Wanted]]
"""A record whose capsule was written, and all objects that belong to it."""


def _written_all(vault: Vault, sources: Sequence[_Source]) -> list[_Written]:
    """Write capsules together; if that fails, each by itself, so that only what is wrong stays out."""
    with suppress(ArchiveError, OSError):
        made = [_capsule(vault, source) for source in sources]
        belonging = vault.write_capsules(made)
        return [(capsule.record_id, wanted) for capsule, wanted in zip(made, belonging, strict=True)]
    return [one for source in sources if (one := _tried(vault, source)) is not None]


def _tried(vault: Vault, source: _Source) -> _Written | None:
    with suppress(ArchiveError, OSError):
        return _written(vault, source)
    return None


def _written(vault: Vault, source: _Source) -> _Written:
    capsule = _capsule(vault, source)
    vault.write_capsule(capsule)
    return capsule.record_id, vault.wanted(capsule)


def _read(ledger: Ledger, record_ids: Sequence[str]) -> tuple[Sequence[Any], list[_Source]]:
    """Return the outbox rows that ask for these capsules, and what those records that are still here consist of."""
    with ledger.read() as connection:
        asked = connection.execute(
            select(outbox.c.seq, outbox.c.record_id).where(
                outbox.c.topic == "capsule", outbox.c.record_id.in_(record_ids)
            )
        ).all()
        rows = connection.execute(
            select(records, fonds.c.fonds_no, case_files.c.case_no, record_parents.c.parent_id)
            .join(fonds, fonds.c.id == records.c.fonds_id)
            .outerjoin(case_files, case_files.c.id == records.c.case_id)
            .outerjoin(record_parents, record_parents.c.record_id == records.c.id)
            .where(records.c.id.in_(record_ids), records.c.status == ARCHIVED)
        ).mappings()
        found = list(rows)
        files: dict[str, list[Any]] = {row["id"]: [] for row in found}
        wanted = select(components).where(components.c.record_id.in_(files)).order_by(components.c.position)
        for file in connection.execute(wanted):
            files[file.record_id].append(file)
        linked = connection.execute(select(record_parents).where(record_parents.c.record_id.in_(files))).mappings()
        parents = {row["record_id"]: row for row in linked}
    return asked, [_Source(row, files[row["id"]], parents.get(row["id"])) for row in found]


def _settle(ledger: Ledger, seqs: Sequence[int], written: Sequence[_Written]) -> None:
    if seqs:
        with ledger.work(None) as work:
            work.connection.execute(outbox.delete().where(outbox.c.seq.in_(seqs)))
            note_written(work, written)
            work.commit()


def record_again(vault: Vault, record_id: str) -> dict[str, Any]:
    """Return the columns of ``record`` as the capsule and its key alone tell them, the words of the description among them.

    Fonds and case file stand there by number, the main record as ``parent_id``. ``NotFound``, ``Damaged``, or
    ``KeyDestroyed`` where nothing is left to make again.
    """
    capsule = vault.read_capsule(record_id)
    words = dict(capsule.description or {})
    if capsule.sealed_description is not None:
        words = json.loads(vault.open_small(record_id, record_id, capsule.sealed_description))
    told = words.pop("record", {})
    dates = {name: _day(capsule.dates.get(name)) for name in ("document_date", "trigger_date", "due_on")}
    return {
        **{name: value for name, value in words.items() if name != "files"},
        **{name: told.get(name) for name in SAME},
        "facts": json.dumps(told.get("facts", {}), sort_keys=True),
        **dates,
        "id": capsule.record_id,
        "code": capsule.archival_code,
        "fonds_no": capsule.fonds,
        "case_no": capsule.case_id,
        "type_code": capsule.class_code,
        "level": capsule.level,
        "rule_code": capsule.rule,
        "schedule_version": capsule.schedule_version,
        "period": capsule.period,
        "status": capsule.status,
        "filed_at": capsule.dates["filed_at"],
    }


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _capsule(vault: Vault, source: _Source) -> Capsule:
    row = source.row
    description, sealed = _description(vault, source)
    return Capsule(
        record_id=row["id"],
        archival_code=row["code"],
        fonds=row["fonds_no"],
        class_code=row["type_code"],
        level=row["level"],
        rule=row["rule_code"],
        schedule_version=row["schedule_version"],
        dates={
            "document_date": row["document_date"].isoformat(),
            "filed_at": row["filed_at"],
            "trigger_date": row["trigger_date"].isoformat() if row["trigger_date"] else None,
            "due_on": row["due_on"].isoformat() if row["due_on"] else None,
        },
        period=row["period"],
        status=row["status"],
        case_id=row["case_no"],
        components=tuple(
            CapsuleComponent(file.id, file.version, file.role, file.media_type, file.sealed_size, file.sealed_sha256)
            for file in source.files
        ),
        description=description,
        sealed_description=sealed,
    )


def _rows(source: _Source) -> dict[str, list[dict[str, Any]]]:
    """Return the rows as they stand, salts included: made again from them, the log vouches for them as before."""
    own = {column.name: source.row[column.name] for column in records.columns}
    linked = [] if source.parent is None else [to_plain(source.parent)]
    files = [to_plain(file) for file in source.files]
    return {"record": [to_plain(own)], "component": files, "record_parent": linked}


def rows_again(vault: Vault, record_id: str) -> dict[str, list[dict[str, Any]]]:
    """Return a record's rows, by table, as its capsule and its key alone tell them.

    ``NotFound``, ``Damaged``, or ``KeyDestroyed`` where nothing is left to make again.
    """
    capsule = vault.read_capsule(record_id)
    words = capsule.description
    if capsule.sealed_description is not None:
        words = json.loads(vault.open_small(record_id, record_id, capsule.sealed_description))
    try:
        rows = dict((words or {})["record"]["rows"])
        if rows["record"][0]["id"] == record_id:
            return rows
    except (KeyError, TypeError, IndexError):
        pass
    raise Damaged("封装说明是早前版本写的，未含目录行。", "The capsule is of an earlier version and tells no rows.")


def _description(vault: Vault, source: _Source) -> tuple[dict[str, Any] | None, bytes | None]:
    """Return what tells of the content: in clear, or sealed with the record's own key, which must still be there."""
    row = source.row
    told = {**{name: row[name] for name in SAME}, "facts": json.loads(row["facts"]), "rows": _rows(source)}
    sealed = row["sealed_description"]
    if sealed is None:
        words = {name: row[name] for name in ("title", "author", "document_no", "note")}
        names = {file.id: {"name": file.file_name, "sha256": file.sha256} for file in source.files}
        return {**words, "files": names, "record": told}, None
    words = json.loads(vault.open_small(row["id"], row["id"], bytes(sealed)))
    whole = json.dumps({**words, "record": told}, **CANONICAL).encode()
    return None, vault.seal_small(row["id"], row["id"], whole)
