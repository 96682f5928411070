"""What people put their names to in a report: items that no machine can judge, and failures that need not pass."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.catalog.names import one_line
from archive_service.catalog.properties.items import Outcome, Result, Signed, from_json, verdict
from archive_service.catalog.properties.tables import property_reports, property_signatures
from archive_service.catalog.records.browse import Catalogue
from archive_service.errors import ArchiveError, BadInput, Conflict, NotFound
from archive_service.people.model import OPEN_LEVELS, Person
from archive_service.people.policy import Action, Thing, require
from archive_service.vault import Vault


@dataclass(frozen=True)
class Signing:
    """Takes signatures; the report's verdict follows them."""

    ledger: Ledger
    vault: Vault
    catalogue: Catalogue

    def sign(self, actor: Person, code: str, report_id: str, number: str, *, passed: bool, note: str) -> Result:
        """Put one's name to an item of a report, with what one saw; return what the report came to."""
        whole = self.catalogue.find(actor, code)
        level = whole.row["level"]
        require(actor, Action.CHECK_PROPERTIES, Thing(level=level, record_id=whole.row["id"]))
        said = one_line(note, "说明", "The note", 500)
        if len(said) < 2:
            raise BadInput("请写明您核对了什么（至少 2 个字）。", "Say what you looked at (at least 2 characters).")
        with self.ledger.work(actor.id) as work:
            wanted = select(property_reports).where(
                property_reports.c.id == report_id, property_reports.c.record_id == whole.row["id"]
            )
            report = work.connection.execute(wanted.with_for_update()).one_or_none()
            if report is None:
                raise NotFound("没有这份检测报告。", "There is no such report.")
            outcomes = signed_outcomes(work.connection, self.vault, whole.row["id"], report)
            found = next((one for one in outcomes if one.number == number), None)
            if found is None or not found.signable:
                raise Conflict("此项不需要或已经签认。", "This item waits for no signature, or has one.")
            result = _signed_result(found, passed=passed)
            sealed = None if level in OPEN_LEVELS else self._sealed(whole.row["id"], said)
            values = {"id": uuid.uuid4().hex, "report_id": report_id, "item": number, "result": result.value}
            words = {"note": said if sealed is None else None, "sealed_note": sealed}
            work.insert(property_signatures, {**values, **words, "signed_at": work.at, "signed_by": actor.id})
            signed = replace(found, result=result, signed=Signed(actor.id, work.at, said))
            came_to = verdict([signed if one is found else one for one in outcomes])
            if came_to.value != report.verdict:
                work.update(property_reports, report_id, {"verdict": came_to.value})
            work.act(
                acts.PROPERTY_SIGNED, "record", whole.row["id"], item=number, result=result.value, verdict=came_to.value
            )
            work.commit()
        return came_to

    def _sealed(self, record_id: str, said: str) -> bytes:
        return self.vault.seal_small(record_id, record_id, said.encode())


def _signed_result(found: Outcome, *, passed: bool) -> Result:
    if not passed:
        return Result.FAIL
    return Result.PASS if found.result is Result.MANUAL else Result.WARN  # a failure that is taken note of stays one


def signed_outcomes(connection: Connection, vault: Vault, record_id: str, report: Any) -> list[Outcome]:
    """Return a report's outcomes as they stand with the signatures."""
    rows = connection.execute(select(property_signatures).where(property_signatures.c.report_id == report.id))
    by_item = {row["item"]: row for row in rows.mappings()}
    return [_with(one, by_item.get(one.number), vault, record_id) for one in from_json(report.outcomes)]


def _with(one: Outcome, row: Mapping[Any, Any] | None, vault: Vault, record_id: str) -> Outcome:
    if row is None:
        return one
    signed = Signed(row["signed_by"], row["signed_at"], _note(vault, record_id, row))
    return replace(one, result=Result(row["result"]), signed=signed)


def _note(vault: Vault, record_id: str, row: Mapping[Any, Any]) -> str:
    if row["sealed_note"] is None:
        return row["note"] or ""
    try:
        return vault.open_small(record_id, record_id, bytes(row["sealed_note"])).decode()
    except ArchiveError:  # destroyed with the record, or damaged: the signature is shown without its note
        return ""
