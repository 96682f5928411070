"""The four-property check as a service: made at a stage, kept with the record, signed by people, asked for at the doors."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.catalog.classification.schedules import Schedules
from archive_service.catalog.formats.accepted import FormatList, load_formats
from archive_service.catalog.properties.checks import check, unreadable
from archive_service.catalog.properties.doors import Doors
from archive_service.catalog.properties.gathering import gather
from archive_service.catalog.properties.items import Outcome, Result, Stage, as_json, verdict
from archive_service.catalog.properties.scanner import Scanner
from archive_service.catalog.properties.signing import Signing, signed_outcomes
from archive_service.catalog.properties.tables import property_reports
from archive_service.catalog.records.browse import Catalogue
from archive_service.catalog.tables import ARCHIVED, index_states, records
from archive_service.clock import to_stamp
from archive_service.errors import ArchiveError, NotFound, Unavailable
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, require
from archive_service.vault import Vault

log = logging.getLogger("archive_service.properties")

AT_ONCE = 20
"""Records that are checked in one wake-up, so that other work is not kept waiting."""

STILL_TRUE = timedelta(days=1)
"""A check that was passed so lately is not made again at a door."""

NOT_FOR_GUESTS = "A8"
"""What speaks of other records of the level is not for one who sees this record by leave alone."""


@dataclass(frozen=True)
class Report:
    """A check that was made: when, at which stage, by whom (``None``: the service), and what came of each item."""

    id: str
    stage: Stage
    verdict: Result
    outcomes: tuple[Outcome, ...]
    made_at: str
    made_by: str | None


@dataclass(frozen=True)
class Properties:
    """Makes checks, keeps reports, and says at the doors what a must-item stops."""

    ledger: Ledger
    vault: Vault
    schedules: Schedules
    catalogue: Catalogue
    scanner: Scanner
    formats: FormatList = field(default_factory=load_formats)

    @property
    def doors(self) -> Doors:
        """Where records are stopped, and let through by a second person."""
        return Doors(self.ledger, self.vault, self.scanner)

    @property
    def signing(self) -> Signing:
        """Where people put their names to what no machine can judge."""
        return Signing(self.ledger, self.vault, self.catalogue)

    def run(self, actor: Person, code: str, stage: Stage) -> Report:
        """Check one record that the person may read, and keep the report with it."""
        whole = self.catalogue.find(actor, code)
        thing = Thing(level=whole.row["level"], record_id=whole.row["id"])
        require(actor, Action.CHECK_PROPERTIES, thing, at=self.ledger.clock.stamp())
        return self._run(whole.row, stage, actor.id)

    def reports(self, actor: Person, code: str) -> list[Report]:
        """Return the checks of a record that the person sees, the newest first."""
        whole = self.catalogue.find(actor, code)
        query = (
            select(property_reports)
            .where(property_reports.c.record_id == whole.row["id"])
            .order_by(property_reports.c.made_at.desc())
        )
        with self.ledger.read() as connection:
            found = [self._report(connection, row) for row in connection.execute(query)]
        if whole.row["level"] in actor.clearance:
            return found
        return [replace(one, outcomes=_for_guests(one.outcomes)) for one in found]

    def latest(self, connection: Connection, record_id: str, stage: Stage) -> Report | None:
        """Return the last check of a record at a stage; what carries records away asks this first."""
        query = select(property_reports).where(
            property_reports.c.record_id == record_id, property_reports.c.stage == stage.value
        )
        row = connection.execute(query.order_by(property_reports.c.made_at.desc()).limit(1)).one_or_none()
        return self._report(connection, row) if row else None

    def require_passed(self, actor: Person, rows: Sequence[Mapping[Any, Any]], stage: Stage) -> list[str]:
        """Let records through the door of a stage, checking them where that was not done lately, or say what stops them.

        Returns the codes of those that still wait for a person's signature. The caller has asked the policy, and
        holds no transaction: files are read from end to end.
        """
        stopped: dict[str, tuple[str, Sequence[Outcome]]] = {}
        to_sign = []
        for row in rows:
            report = self._at_the_door(row, stage, actor.id)
            bad = self.doors.failing(row["id"], stage, report.outcomes)
            if bad:
                stopped[row["id"]] = (row["code"], bad)
            elif report.verdict is Result.MANUAL:
                to_sign.append(str(row["code"]))
        if stopped:
            raise self.doors.stop(actor, stage, stopped)
        return to_sign

    def _at_the_door(self, row: Mapping[Any, Any], stage: Stage, person_id: str) -> Report:
        with self.ledger.read() as connection:
            last = self.latest(connection, row["id"], stage)
        since = to_stamp(self.ledger.clock.now() - STILL_TRUE)
        if last is None or last.verdict is Result.FAIL or last.made_at < since:
            return self._run(row, stage, person_id)
        return last

    def check_filed(self) -> int:
        """Check what was filed and not checked yet, a few at a time; return how many. The service does this by itself."""
        checked = select(property_reports.c.record_id).where(property_reports.c.record_id == records.c.id)
        query = (
            select(records)
            .join(index_states, index_states.c.record_id == records.c.id)  # its text has been looked for
            .where(records.c.status == ARCHIVED, ~checked.exists())
            .order_by(records.c.filed_at)
            .limit(AT_ONCE)
        )
        with self.ledger.read() as connection:
            rows = connection.execute(query).mappings().all()
        return sum(self._check_filed(row) for row in rows)

    def _check_filed(self, row: Mapping[Any, Any]) -> int:
        try:
            self._run(row, Stage.FILING, None)
        except (NotFound, Unavailable) as error:  # gone meanwhile, or a store is away: the others do not wait for it
            log.warning("check of record %s: %s", row["id"], error.text.en)
            return 0
        return 1

    def _run(self, row: Mapping[Any, Any], stage: Stage, person_id: str | None) -> Report:
        if row["status"] != ARCHIVED:
            raise NotFound(
                "此件已销毁，没有内容可检测。", "This record has been destroyed; there is no content to check."
            )
        try:
            with self.ledger.read() as connection:
                subject = gather(connection, self.vault, self.schedules, row, self.ledger.clock.today())
            outcomes = check(subject, stage, self.vault, self.scanner, self.formats)
        except Unavailable:
            raise  # it can be checked another time
        except ArchiveError as error:
            outcomes = unreadable(stage, error.text)
        report_id, came_to = uuid.uuid4().hex, verdict(outcomes)
        with self.ledger.work(person_id) as work:
            values = {
                "id": report_id,
                "record_id": row["id"],
                "stage": stage.value,
                "verdict": came_to.value,
                "outcomes": as_json(outcomes),
                "made_at": work.at,
                "made_by": person_id,
            }
            work.insert(property_reports, values)
            work.act(acts.PROPERTIES_CHECKED, "record", row["id"], stage=stage.value, verdict=came_to.value)
            work.commit()
            at = work.at
        return Report(report_id, stage, came_to, tuple(outcomes), at, person_id)

    def _report(self, connection: Connection, row: Any) -> Report:
        outcomes = tuple(signed_outcomes(connection, self.vault, row.record_id, row))
        return Report(row.id, Stage(row.stage), Result(row.verdict), outcomes, row.made_at, row.made_by)


def _for_guests(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    return tuple(one for one in outcomes if one.number != NOT_FOR_GUESTS)
