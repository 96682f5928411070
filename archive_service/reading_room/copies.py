"""Reading redacted copies: by the copy's level, by leave for copies alone, or by whoever may read the whole record.

A copy that was released is known by its own title and the record's code; of the record it shows nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select

from archive_service.audit import acts
from archive_service.catalog.codes.text import normalise_code
from archive_service.catalog.tables import ARCHIVED, components, records
from archive_service.errors import ArchiveError, Forbidden
from archive_service.people.model import REDACTED, Person
from archive_service.people.policy import Action, Thing, can, require
from archive_service.people.telling import reference_of
from archive_service.reading_room.pages import Page, Viewer
from archive_service.reading_room.redactions import ENDINGS, MADE, REFUSED, RELEASED, WITHDRAWN, no_copy
from archive_service.reading_room.tables import redactions

MOST = 500


@dataclass(frozen=True)
class Copy:
    """A redacted copy as its page shows it; ``whole`` says that this person may read the whole record."""

    row: Any
    code: str
    title: str
    reason: str
    finding: str
    read_again: bool
    media_type: str
    size: int
    version: int
    whole: bool

    @property
    def name(self) -> str:
        """The name under which it is saved: nothing of the record but its code."""
        return f"{self.code}-{self.row.level}.{ENDINGS.get(self.media_type, 'bin')}"


@dataclass(frozen=True)
class Copies:
    """Finds, shows and hands out redacted copies."""

    viewer: Viewer

    def readable(self, actor: Person) -> list[Copy]:
        """Return the released copies that a person gets, the newest first."""
        require(actor, Action.READ_REDACTED, Thing(level=next(iter(sorted(actor.clearance)), "PUB")))
        granted = [one.record_id for one in actor.grants]
        mine = or_(redactions.c.level.in_(sorted(actor.clearance)), records.c.id.in_(granted))
        return self._copies(actor, mine & (redactions.c.state == RELEASED), MOST)

    def of_code(self, actor: Person, code: str) -> list[Copy]:
        """Return the released copies of a record that a person gets; for a code of no record, none."""
        return self._copies(actor, (records.c.code == normalise_code(code)) & (redactions.c.state == RELEASED), MOST)

    def all_of(self, actor: Person, record_id: str) -> list[Copy]:
        """Return the copies of a record, in whatever state they are, as far as this person may know of them."""
        return self._copies(actor, redactions.c.record_id == record_id, MOST)

    def one(self, actor: Person, redaction_id: str) -> Copy:
        """Return a copy; ``NotFound`` for one that this person does not get, as for one that is not there."""
        found = self._copies(actor, redactions.c.id == redaction_id, 1)
        if not found:
            raise no_copy()
        return found[0]

    def page(self, actor: Person, redaction_id: str, number: int) -> Page:
        """Return a page of a copy with the reader burnt in; the use is in the log first."""
        copy = self.one(actor, redaction_id)
        chunks, request = self._opened(actor, copy, "redacted", page=number)
        clock = self.viewer.catalogue.ledger.clock
        when = clock.now().astimezone(clock.zone).strftime("%Y-%m-%d %H:%M")
        marks = [f"{actor.name} {actor.login}", when, f"申请 {reference_of(request)}" if request else "遮盖件"]
        return self.viewer.drawn(chunks, copy.media_type, number, marks)

    def download(self, actor: Person, redaction_id: str) -> tuple[Copy, Iterator[bytes]]:
        """Hand a copy out as a file, to those who may carry what has its level away."""
        copy = self.one(actor, redaction_id)
        if not self.may_download(actor, copy):
            self.viewer.catalogue.ledger.note(actor.id, acts.RECORD_READ_REFUSED, "record", copy.row.record_id)
            verdict = can(actor, Action.DOWNLOAD_RECORD, Thing(level=copy.row.level))
            raise Forbidden(verdict.reason.zh, verdict.reason.en)
        return copy, self._opened(actor, copy, "redacted_download")[0]

    def may_download(self, actor: Person, copy: Copy) -> bool:
        """Say whether a person may carry a copy away."""
        return copy.row.state == RELEASED and can(actor, Action.DOWNLOAD_RECORD, Thing(level=copy.row.level)).allowed

    def _opened(self, actor: Person, copy: Copy, purpose: str, **more: int) -> tuple[Iterator[bytes], str]:
        """Write the use into the log and open the bytes; return them and the request that the leave rests on."""
        row, catalogue = copy.row, self.viewer.catalogue
        said: dict[str, Any] = {"component": row.component_id, "purpose": purpose, **more}
        request = ""
        if not can(actor, Action.READ_REDACTED, Thing(level=row.level)).allowed and not copy.whole:
            leave = actor.grant_for(row.record_id, row.record_level, catalogue.ledger.clock.stamp(), REDACTED)
            request = leave.request_id if leave else ""
            said["request"] = request
        with catalogue.ledger.work(actor.id) as work:
            work.act(acts.RECORD_READ, "record", row.record_id, **said)
            work.commit()
        return catalogue.vault.open(row.record_id, row.component_id, copy.version), request

    def _copies(self, actor: Person, condition: Any, most: int) -> list[Copy]:
        wanted = (
            select(
                redactions,
                records.c.code,
                records.c.level.label("level_now"),
                components.c.media_type,
                components.c.size,
                components.c.version,
            )
            .join(records, records.c.id == redactions.c.record_id)
            .join(components, components.c.id == redactions.c.component_id)
            .where(condition, records.c.status == ARCHIVED)
            .order_by(redactions.c.made_at.desc(), redactions.c.id)
            .limit(most)
        )
        catalogue = self.viewer.catalogue
        at = catalogue.ledger.clock.stamp()
        with catalogue.ledger.read() as connection:
            rows: Sequence[Any] = connection.execute(wanted).all()
        return [self._copy(row, whole) for row in rows for whole in _known(actor, row, at)]

    def _copy(self, row: Any, whole: bool) -> Copy:
        try:
            sealed = self.viewer.catalogue.vault.open_small(row.record_id, row.component_id, bytes(row.sealed_words))
            words = json.loads(sealed)
        except (ArchiveError, ValueError):  # damaged: it stands in the list without its words
            words = {}
        said = {name: str(words.get(name, "")) for name in ("title", "reason", "finding")}
        if not whole:  # why it was made may tell of what is not in it
            said |= {"reason": "", "finding": ""}
        return Copy(
            row=row,
            code=row.code,
            **said,
            read_again=bool(words.get("read_again")),
            media_type=row.media_type,
            size=row.size,
            version=row.version,
            whole=whole,
        )


def _known(actor: Person, row: Any, at: str) -> Iterator[bool]:
    """Yield whether the person may read the whole record, for a copy that they may know of; else nothing."""
    record = Thing(level=row.level_now, record_id=row.record_id)
    whole = can(actor, Action.READ_RECORD, record, at=at).allowed
    staff = can(actor, Action.REDACT, record).allowed or can(actor, Action.CHECK_REDACTION, record).allowed
    if row.state in (MADE, REFUSED, WITHDRAWN):
        if whole and staff:
            yield True
        return
    if row.level_now != row.record_level and not (whole and staff):
        return  # what was weighed was another thing
    own = can(actor, Action.READ_REDACTED, Thing(level=row.level)).allowed
    leave = can(actor, Action.READ_REDACTED, record, at=at).allowed
    if row.level_now != "SEAL" and (whole or own or leave):
        yield whole
