"""What one may not see does not exist: not in hits, counts, facets, order or passages."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from archive_service.audit import acts
from archive_service.catalog.descriptions import columns_for
from archive_service.catalog.model import Description
from archive_service.catalog.tables import DESTROYING, records
from archive_service.database.guards import without_guards
from archive_service.people.tables import grants, people
from archive_service.search.fields import SearchFilters
from tests.archive_service.search.search_world import CLEARED, OUTSIDER, SearchWorld

pytestmark = pytest.mark.usefixtures("in_process")

QUESTIONS = (
    *(
        "安全",
        "整改 验收",
        "安全 OR 演练",
        "“安全，整改”",
        "安全 -消防",
        "隐患 消防 演练 巡察 报告",
        "hazard report",
        "无人提及",
    ),
    *("配方", "Q001-WS·2014", "月报"),
)
FILTERS = (
    SearchFilters(),
    SearchFilters(level="TS"),
    SearchFilters(level="INT"),
    SearchFilters(year=2014),
    SearchFilters(class_code="YSH"),
)


def set_clearance(archive: SearchWorld, login: str, *levels: str) -> None:
    import json

    person = archive.world.person(login)
    with archive.world.ledger.work(None) as work:
        current = work.connection.execute(people.select().where(people.c.id == person.id)).mappings().one()
        shown = current["clearance"]
        value = json.dumps(sorted(levels)) if str(shown).startswith("[") else ",".join(sorted(levels))
        work.connection.execute(update(people).where(people.c.id == person.id).values(clearance=value))
        work.commit()
    assert archive.world.person(login).clearance == frozenset(levels)


def answers(archive: SearchWorld, login: str) -> list[object]:
    """Everything that a person learns from many questions, as it would be shown."""
    return [
        (question, narrow, archive.find(question, login, narrow, limit=limit, offset=offset))
        for question in QUESTIONS
        for narrow in FILTERS
        for limit, offset in ((20, 0), (3, 3))
    ]


def fill(archive: SearchWorld, level: str, count: int, word: str = "") -> None:
    for number in range(count):
        text = (
            f"安全 {word}"
            + "整改验收，" * (number % 4)
            + ("隐患 hazard report" if number % 2 else "消防演练")
            + "记录" * number
        )
        archive.file(text, level, title=f"第{number}号 {word}")
    archive.indexer.settle()


@pytest.mark.parametrize("hidden", ["TS", "PI", "SEAL"])
def test_hidden_records_of_another_compartment_change_no_byte(archive: SearchWorld, hidden: str) -> None:
    """Scenario 15 of the field."""
    fill(archive, "INT", 6)
    fill(archive, "PUB", 4)
    before = answers(archive, OUTSIDER)
    fill(archive, hidden, 8, "配方")
    assert answers(archive, OUTSIDER) == before


def test_hidden_records_of_the_same_compartment_change_no_byte(archive: SearchWorld) -> None:
    """Open levels share an index; whoever is cleared for one of them only sees the figures of that one."""
    set_clearance(archive, OUTSIDER, "PUB")
    fill(archive, "PUB", 8)
    before = answers(archive, OUTSIDER)
    fill(archive, "INT", 12, "安全 消防 隐患 配方")
    assert answers(archive, OUTSIDER) == before


def test_beside_a_granted_record_the_others_of_its_compartment_change_no_byte(archive: SearchWorld) -> None:
    fill(archive, "INT", 5)
    for text in ("安全整改验收 hazard", "消防演练 安全 配方"):
        archive.grant(archive.settled(text, "TS"))
    before = answers(archive, OUTSIDER)
    assert any("TS" in str(answer) for answer in before)
    fill(archive, "TS", 10, "安全 消防 隐患 配方")
    assert answers(archive, OUTSIDER) == before


def test_the_code_of_a_hidden_record_answers_as_one_never_issued(archive: SearchWorld) -> None:
    hidden = archive.settled("配方", "TS")
    sealed = archive.settled("举报人", "SEAL")
    never = hidden.archival_code[:-4] + "9999"
    assert archive.find(hidden.archival_code, OUTSIDER) == archive.find(never, OUTSIDER)
    assert archive.find(sealed.archival_code, CLEARED) == archive.find(never, CLEARED)


def test_a_sealed_record_is_found_by_nobody(archive: SearchWorld) -> None:
    """Scenario 14 of the field: not even by the archivist who filed it and is cleared for it."""
    receipt = archive.settled("举报人姓名甲乙丙", "SEAL", title="举报材料")
    for question in ("举报人", "甲乙丙", "举报材料", receipt.archival_code):
        assert archive.find(question, "zhang.dang").total == 0
    assert archive.state(receipt).state == "sealed"
    assert archive.search.compartments.remains(receipt.record_id) == []


def test_a_grant_opens_one_record_and_ends_by_the_clock(archive: SearchWorld) -> None:
    """Scenario 16 of the field."""
    one = archive.settled("配方甲", "TS")
    archive.settled("配方乙", "TS")
    archive.grant(one, hours=1)
    assert archive.codes("配方", OUTSIDER) == [one.archival_code]
    assert archive.find("配方", OUTSIDER).facets["level"] == [("TS", 1)]
    archive.world.wait(hours=1)
    assert archive.find("配方", OUTSIDER).total == 0


def test_a_grant_revoked_while_the_person_is_still_at_it_shows_no_passage(archive: SearchWorld) -> None:
    """The person was loaded before; the hit is checked again against the rights of this moment."""
    one = archive.settled("配方甲", "TS")
    archive.grant(one)
    person = archive.world.person(OUTSIDER)
    assert archive.search.find(person, "配方").total == 1
    with archive.world.ledger.work(None) as work:
        work.connection.execute(update(grants).values(revoked_at=work.at))
        work.commit()
    found = archive.search.find(person, "配方")
    assert (found.total, found.hits, found.facets["level"]) == (0, [], [])


def test_a_level_raised_in_the_catalogue_hides_at_once_though_the_index_lags(archive: SearchWorld) -> None:
    one, other = archive.settled("配方甲"), archive.settled("配方乙")
    with archive.world.ledger.work(None) as work:
        values = columns_for(archive.world.vault, one.record_id, "TS", Description("整改情况月报"))
        work.connection.execute(update(records).where(records.c.id == one.record_id).values(level="TS", **values))
        work.commit()
    assert archive.codes("配方", OUTSIDER) == [other.archival_code]
    assert archive.find("配方", OUTSIDER).facets["level"] == [("INT", 1)]


def test_facts_that_are_remembered_follow_the_log_at_once(archive: SearchWorld) -> None:
    one, other = archive.settled("配方甲"), archive.settled("配方乙")
    assert archive.find("配方", OUTSIDER).total == 2
    changes = ((one, {"level": "TS", **columns_for(archive.world.vault, one.record_id, "TS", Description("月报"))}, 1),)
    for record, values, left in (*changes, (other, {"status": DESTROYING}, 0)):
        with archive.world.ledger.work(None) as work:
            with without_guards(work.connection, records):
                work.update(records, record.record_id, values)
            work.act(acts.RECORD_DESCRIBED, "record", record.record_id)
            work.commit()
        found = archive.find("配方", OUTSIDER)
        assert (found.total, found.facets["level"]) == (left, [("INT", left)] if left else [])
    archive.settled("配方丙")
    assert archive.find("配方", OUTSIDER).total == 1


def test_a_record_under_destruction_is_found_by_nobody(archive: SearchWorld) -> None:
    one = archive.settled("配方甲")
    with archive.world.ledger.work(None) as work:
        with without_guards(work.connection, records):
            work.connection.execute(update(records).where(records.c.id == one.record_id).values(status=DESTROYING))
        work.commit()
    for question in ("配方", one.archival_code):
        assert archive.find(question, CLEARED).total == 0


def test_records_in_the_index_of_a_level_not_theirs_are_not_shown_to_those_cleared_for_that_level(
    archive: SearchWorld,
) -> None:
    """A level lowered in the catalogue alone: the confidential compartment still answers, the policy decides."""
    one = archive.settled("配方甲", "TS")
    with archive.world.ledger.work(None) as work:
        work.connection.execute(update(records).where(records.c.id == one.record_id).values(level="SEAL"))
        work.commit()
    assert archive.find("配方", CLEARED).total == 0


def test_what_was_meant_is_told_only_from_what_the_person_sees(archive: SearchWorld) -> None:
    archive.file("应急演练 hazard", "INT")
    archive.file("隐患排查 formula", "TS")
    archive.indexer.settle()

    def better(text: str, login: str) -> str | None:
        return archive.search.better(archive.world.person(login), text)

    assert better("应及演练", OUTSIDER) == "应急演练"
    assert better("hazzard", OUTSIDER) == "hazard"
    assert better("hazard", OUTSIDER) is None
    for slip, meant in (("隐换排查", "隐患排查"), ("formvla", "formula")):
        assert better(slip, OUTSIDER) is None
        assert better(slip, CLEARED) == meant
