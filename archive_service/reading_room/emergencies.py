"""Emergency reading 紧急阅览: when nobody who could agree is there, and waiting would do harm.

It shows one record for one hour, nothing can be carried away, and no other right comes with it. Those who watch are told
at once, and it stays open on their desks until one of them has written down what was found. Sealed items are left out:
a reporter's identity is read by nobody alone, whatever the need.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.audit.tables import entries
from archive_service.catalog.codes.text import normalise_code
from archive_service.catalog.names import several_lines
from archive_service.catalog.tables import ARCHIVED, records
from archive_service.clock import from_stamp, to_stamp
from archive_service.errors import BadInput, Conflict, Forbidden, NotFound
from archive_service.people.model import Person
from archive_service.people.notices import able, tell
from archive_service.people.policy import Action, Thing, can, require
from archive_service.people.tables import emergencies, people
from archive_service.people.telling import reference_of

HOUR = timedelta(hours=1)
MOST_UNREVIEWED = 3
"""Readings of one person that may wait for a review; a further one has to wait for it too."""

SHORTEST_REASON, LONGEST_REASON = 8, 500


@dataclass(frozen=True)
class Emergencies:
    """Opens readings without leave, tells of them, and has them reviewed."""

    ledger: Ledger
    roles: frozenset[str]
    """Roles that may, by setting, within what the policy opens."""

    def open_to(self, actor: Person) -> bool:
        """Say whether somebody may read so at all."""
        return can(actor, Action.READ_IN_EMERGENCY).allowed and bool(actor.roles & self.roles)

    def open(self, actor: Person, code: str, reason: str) -> str:
        """Open one record to its reader for an hour; return its archival code.

        What is not there, what is sealed and what was destroyed get one answer, so that trying tells nothing; each
        try is in the log.
        """
        require(actor, Action.READ_IN_EMERGENCY)
        if not self.open_to(actor):
            raise Forbidden("您的角色不能紧急阅览。", "Your role does not read in an emergency.")
        said = several_lines(reason, "紧急情况", "The emergency", LONGEST_REASON)
        if len(said) < SHORTEST_REASON:
            raise BadInput(
                f"请写明紧急情况和为何不能等待审批（至少 {SHORTEST_REASON} 个字）。",
                f"Please say what the emergency is and why it cannot wait (at least {SHORTEST_REASON} characters).",
            )
        with self.ledger.work(actor.id) as work:
            self._not_too_many(work.connection, actor)
            row = _record(work.connection, code)
            if row is not None:
                thing = Thing(level=row.level, record_id=row.id)
                if can(actor, Action.READ_RECORD, thing, at=work.at).allowed:
                    raise Conflict("您本来就可以阅览此件。", "You may read this record as it is.")
                emergency_id = uuid.uuid4().hex
                until = to_stamp(from_stamp(work.at) + HOUR)
                values = {"id": emergency_id, "person_id": actor.id, "record_id": row.id, "level": row.level}
                open_values = {"code": row.code, "reason": said, "opened_at": work.at, "until": until}
                work.insert(emergencies, {**values, **open_values})
                work.act(acts.EMERGENCY_OPENED, "record", row.id, request=emergency_id, until=until, level=row.level)
                told = _watchers(work.connection, work.at, row.level) - {actor.id}
                tell(work, told, "emergency_opened", emergency_id, reference_of(emergency_id))
                work.commit()
        if row is None:
            self.ledger.note(actor.id, acts.EMERGENCY_REFUSED, "person", actor.id)
            raise NotFound(
                "没有可以紧急阅览的这一件。密封件不能紧急阅览。",
                "There is no such record to be read in an emergency. Sealed items never are.",
            )
        return str(row.code)

    def _not_too_many(self, connection: Connection, actor: Person) -> None:
        waiting = (emergencies.c.person_id == actor.id) & emergencies.c.reviewed_at.is_(None)
        if (
            connection.execute(select(func.count()).select_from(emergencies).where(waiting)).scalar_one()
            >= MOST_UNREVIEWED
        ):
            raise Conflict(
                f"您已有 {MOST_UNREVIEWED} 次紧急阅览尚未复核，复核后才能再次开启。",
                f"{MOST_UNREVIEWED} of your emergency readings wait for a review; a further one has to wait for it.",
            )

    def all(self, actor: Person) -> Sequence[Any]:
        """Return the readings, the newest first: all of them to those who review, one's own to everybody else."""
        wanted = (
            select(emergencies, people.c.name)
            .join(people, people.c.id == emergencies.c.person_id)
            .order_by(emergencies.c.opened_at.desc(), emergencies.c.id)
            .limit(500)
        )
        if not can(actor, Action.REVIEW_EMERGENCY).allowed:
            require(actor, Action.READ_IN_EMERGENCY)
            wanted = wanted.where(emergencies.c.person_id == actor.id)
        with self.ledger.read() as connection:
            return connection.execute(wanted).all()

    def waiting(self, actor: Person) -> int:
        """Return how many readings wait for this person's review."""
        open_ones = emergencies.c.reviewed_at.is_(None) & (emergencies.c.person_id != actor.id)
        with self.ledger.read() as connection:
            return connection.execute(select(func.count()).select_from(emergencies).where(open_ones)).scalar_one()

    def uses(self, ids: Sequence[str]) -> Mapping[str, int]:
        """Return how many pages and ranges were shown under each reading, drawn from the log."""
        found = dict.fromkeys(ids, 0)
        with self.ledger.read() as connection:
            rows = connection.execute(select(emergencies).where(emergencies.c.id.in_(ids))).all()
            for row in rows:
                shown = select(func.count()).where(
                    entries.c.act == acts.RECORD_READ.name,
                    entries.c.object_id == row.record_id,
                    entries.c.person_id == row.person_id,
                    entries.c.body.contains(f'"request":"{row.id}"'),
                )
                found[row.id] = connection.execute(shown).scalar_one()
        return found

    def review(self, actor: Person, emergency_id: str, finding: str) -> None:
        """Write down what was found of a reading; it ends with that, if it has not ended yet."""
        require(actor, Action.REVIEW_EMERGENCY)
        said = several_lines(finding, "复核意见", "The finding", LONGEST_REASON)
        if not said:
            raise BadInput("请填写复核意见。", "Please write what was found.")
        with self.ledger.work(actor.id) as work:
            found = select(emergencies).where(emergencies.c.id == emergency_id).with_for_update()
            row = work.connection.execute(found).one_or_none()
            if row is None:
                raise NotFound("没有这次紧急阅览。", "There is no such emergency reading.")
            require(actor, Action.REVIEW_EMERGENCY, Thing(hands={"reader": frozenset({row.person_id})}))
            if row.reviewed_at:
                raise Conflict("此次紧急阅览已复核。", "This emergency reading was reviewed already.")
            values = {"reviewed_at": work.at, "reviewed_by": actor.id, "finding": said}
            work.update(emergencies, emergency_id, {**values, "until": min(row.until, work.at)})
            work.act(acts.EMERGENCY_REVIEWED, "emergency_reading", emergency_id)
            tell(work, [row.person_id], "emergency_reviewed", emergency_id, reference_of(emergency_id))
            work.commit()


def _record(connection: Connection, code: str) -> Any:
    wanted = select(records).where(
        records.c.code == normalise_code(code), records.c.status == ARCHIVED, records.c.level != "SEAL"
    )
    return connection.execute(wanted).one_or_none()


def _watchers(connection: Connection, at: str, level: str) -> set[str]:
    """Return whom to tell: who reviews, who administers, and who decides on access to that level."""
    told = {*able(connection, at, Action.REVIEW_EMERGENCY), *able(connection, at, Action.RUN_SYSTEM)}
    return told | set(able(connection, at, Action.DECIDE_ACCESS, Thing(level=level)))
