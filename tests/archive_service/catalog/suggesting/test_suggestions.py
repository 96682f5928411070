"""Suggestions: the likeliest types with their words, learnt only from what the person may see, and nothing filed."""

from __future__ import annotations

from dataclasses import replace

from archive_service.catalog.model import SourceFile
from archive_service.catalog.records.browse import Catalogue
from archive_service.catalog.suggesting.suggestions import Suggesting
from tests.support.disposal_world import PROPOSER, World

REPORT = "罐区现场检查记录\n检查人：示例。\n发现隐患三项，要求限期整改。\n安泰示例集团第一巡察组\n2024年3月1日\n"


def suggesting(world: World) -> Suggesting:
    catalogue = Catalogue(world.ledger, world.vault, world.schedules)
    return Suggesting(world.ledger, world.vault, world.schedules, catalogue)


def paper(text: str = REPORT, name: str = "扫描1.txt") -> SourceFile:
    return SourceFile(name, lambda: [text.encode()])


def test_three_types_come_with_the_words_that_speak_for_them(desk: World):
    found = suggesting(desk).suggest(desk.person(PROPOSER), [paper()])
    assert len(found.types) == 3
    assert found.types[0].type_code == "KCQ03"
    assert "现场检查" in "".join(found.types[0].words)
    assert found.paper.title is not None
    assert found.paper.title.value == "罐区现场检查记录"


def test_an_attachment_is_heard_where_it_makes_the_record_confidential(desk: World):
    listed = paper("参加人员\n李某 370202198803254842\n", "附件.txt")
    found = suggesting(desk).suggest(desk.person(PROPOSER), [paper(), listed])
    assert found.paper.level is not None
    assert (found.paper.level.value, found.paper.personal) == ("PI", {"ID_CARD": 1})


def test_a_code_in_the_name_is_taken_at_its_word(desk: World):
    found = suggesting(desk).suggest(desk.person(PROPOSER), [paper(name="07-YSH05-x.txt")])
    assert found.types[0].type_code == "YSH05"


def test_suggestions_are_the_same_whether_hidden_records_exist_or_not(desk: World):
    narrow = replace(desk.person(PROPOSER), clearance=frozenset({"PUB", "INT"}))
    question = [paper("巴拿马格林威治球罐评语\n")]
    before = suggesting(desk).suggest(narrow, question)
    desk.file("YSH05", level="TS", title="巴拿马格林威治球罐评语")
    assert suggesting(desk).suggest(narrow, question) == before
    learnt = suggesting(desk).suggest(desk.person(PROPOSER), question)
    assert learnt.types[0].type_code == "YSH05"
    assert learnt != before


def test_no_type_is_suggested_that_the_person_may_not_file(desk: World):
    narrow = replace(desk.person(PROPOSER), clearance=frozenset({"PUB", "INT"}))
    found = suggesting(desk).suggest(narrow, [paper("访谈记录\n访谈记录：张某\n")])
    assert "KCQ04" not in [one.type_code for one in found.types]
