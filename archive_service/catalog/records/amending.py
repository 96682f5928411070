"""Taking a filed record in hand to say more of it: who may, what must stand still meanwhile, and what ends it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from archive_service.audit.ledger import Work
from archive_service.catalog.codes.text import normalise_code
from archive_service.catalog.tables import ARCHIVED, case_files, declarations, records
from archive_service.errors import Conflict, NotFound, Text
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, require, visible

DECLARED = Text(
    "此件已固化，文件和著录都不再更改；只能冻结、补答事实、改类、移交或处置。",
    "This record is declared: neither its files nor its description are changed any more; what is left are holds, "
    "answers, reclassification, transfer and disposal.",
)


def is_declared(connection: Connection, record_id: str) -> bool:
    """Say whether a record is declared."""
    wanted = select(declarations.c.id).where(declarations.c.record_id == record_id)
    return connection.execute(wanted).first() is not None


def must_be_open(connection: Connection, record_id: str) -> None:
    """Refuse to change a record that is declared."""
    if is_declared(connection, record_id):
        raise Conflict(DECLARED.zh, DECLARED.en)


def to_amend(work: Work, actor: Person, code: str) -> Mapping[Any, Any]:
    """Return the row of a record, held until the transaction ends; the actor must be one who may file at its level.

    Its case file is held first, as accession and the events of cases do it: retention rests on both, and who comes
    in another order could decide on what has just been changed.
    """
    named = (records.c.code == normalise_code(code)) & visible(actor, records.c.level, records.c.id, at=work.at)
    wanted = select(records).where(named, records.c.status == ARCHIVED)
    row = work.connection.execute(wanted).mappings().one_or_none()
    if row is None:
        raise NotFound("没有这份档案，或您无权知悉。", "There is no such record, or none that you may know of.")
    require(actor, Action.FILE_RECORD, Thing(level=row["level"]))
    work.connection.execute(select(case_files.c.id).where(case_files.c.id == row["case_id"]).with_for_update()).all()
    held = work.connection.execute(wanted.with_for_update()).mappings().one_or_none()
    if held is None:
        raise NotFound("此件刚刚离开库房。", "This record has just left custody.")
    return held
