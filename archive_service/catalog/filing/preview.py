"""Numbers shown before they are taken: what filing a record would give now, by the very code that files it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from archive_service.audit.ledger import Ledger
from archive_service.catalog.classification.schedules import Schedules
from archive_service.catalog.codes.numbers import Numbers, Reached, in_force
from archive_service.catalog.filing.intake import Intake
from archive_service.catalog.filing.rows import settle
from archive_service.catalog.model import NewRecord, SourceFile
from archive_service.catalog.records.facts import triggers_of_case
from archive_service.errors import ArchiveError, Text
from archive_service.people.model import Person

STAND_IN = (SourceFile("-", lambda: ()),)


@dataclass(frozen=True)
class Preview:
    """The code that a record would get, its level, and how long it would be kept and why."""

    code: str
    level: str
    sentence: Text


def preview(ledger: Ledger, schedules: Schedules, actor: Person, new: NewRecord) -> Preview:
    """Say what filing this record would give at this moment; raises what filing would refuse.

    The number is taken in a transaction that is never committed, so another record filed in between may get it:
    the receipt tells the one that counts. Title and files need not be known yet.
    """
    wanted = replace(new, title=new.title.strip() or "-", files=new.files or STAND_IN)
    clock = ledger.clock
    with ledger.work(actor.id) as work:
        checked = Intake(work.connection, schedules, actor, clock.today(), clock.stamp()).draft(wanted)
        triggers = triggers_of_case(work.connection, checked.case_id)
        numbers = Numbers(work, in_force(work.connection, clock.today()))
        settled = settle(work, schedules, clock.today(), checked, numbers, triggers)
    sentence = settled.decision.sentence
    return Preview(settled.number.code, checked.level, Text(sentence.zh, sentence.en))


def preview_many(
    ledger: Ledger, schedules: Schedules, actor: Person, wanted: Sequence[NewRecord], reached: Reached | None = None
) -> list[Preview | ArchiveError]:
    """Say for several records what filing them one after the other would give, or why it would be refused.

    ``reached`` takes along, from one call to the next, how far the numbers have come: for more records than are looked
    at in one go.
    """
    clock = ledger.clock
    found: list[Preview | ArchiveError] = []
    with ledger.work(actor.id) as work:
        desk = Intake(work.connection, schedules, actor, clock.today(), clock.stamp())
        numbers = Numbers(work, in_force(work.connection, clock.today()), reached)
        for new in wanted:
            try:
                checked = desk.draft(new)
                triggers = triggers_of_case(work.connection, checked.case_id)
                settled = settle(work, schedules, clock.today(), checked, numbers, triggers)
                sentence = settled.decision.sentence
                found.append(Preview(settled.number.code, checked.level, Text(sentence.zh, sentence.en)))
            except ArchiveError as error:
                found.append(error)
        if reached is not None:
            reached |= numbers.reached()
    return found
