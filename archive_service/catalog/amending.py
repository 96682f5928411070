"""Taking a filed record in hand to say more of it: who may, and what must stand still meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from archive_service.audit.ledger import Work
from archive_service.catalog.codes import normalise_code
from archive_service.catalog.tables import ARCHIVED, case_files, records
from archive_service.errors import NotFound
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, require, visible


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
