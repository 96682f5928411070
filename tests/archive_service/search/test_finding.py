"""What a person finds: filed through the normal path, settled, asked."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select

from archive_service.catalog.tables import index_states, records
from archive_service.errors import BadInput, Forbidden, Text
from archive_service.search.fields import SearchFilters
from archive_service.search.settling import note, write
from archive_service.search.texts import Prepared
from index.analysis import ANALYSIS_VERSION
from tests.archive_service.search.search_world import CLEARED, OUTSIDER, SearchWorld


def test_a_record_is_found_by_text_title_number_and_code_and_shown_with_the_passage(archive: SearchWorld) -> None:
    receipt = archive.settled(
        "巡察组发现三号井通风不足，限期整改。", title="通风检查记录", document_no="安监〔2024〕12号"
    )
    for question in ("通风不足", "通风检查", "“安监〔2024〕12号”", receipt.archival_code):
        assert archive.codes(question) == [receipt.archival_code]
    hit = archive.find("通风不足").hits[0]
    assert [piece for piece, match in hit.parts if match]
    assert "".join(piece for piece, _ in hit.parts).startswith("巡察组发现三号井")


@pytest.mark.parametrize("look_alike", ["・", "•", "‧", "⋅", "．", "｡", "∙"])
def test_a_code_with_separators_that_look_alike_finds_its_record_first(archive: SearchWorld, look_alike: str) -> None:
    """Scenario 12 of the field; what is stored has U+00B7."""
    receipt = archive.settled("正文")
    archive.settled(f"参见 {receipt.archival_code} " * 5)
    assert "·" in receipt.archival_code
    typed = receipt.archival_code.replace("·", look_alike).lower().replace("-", "－")
    assert archive.codes(typed)[0] == receipt.archival_code


def test_noisy_traditional_text_is_found_by_simplified_words_in_both_kinds_of_compartment(archive: SearchWorld) -> None:
    """Scenario 25 of the field."""
    noisy = "安全生產(chǎn)考核巡察辦法：整改驗(yàn)收情況。"
    both = {archive.settled(noisy, level).archival_code for level in ("INT", "TS")}
    for question in ("安全生产", "整改验收", "“安全生产考核”", "安全生產", "巡察 办法"):
        assert set(archive.codes(question)) == both


def test_not_never_lets_an_excluded_record_through_in_any_compartment(archive: SearchWorld) -> None:
    keep = {archive.settled("安全生产", level, title="通知").archival_code for level in ("PUB", "TS", "PI")}
    for level in ("PUB", "TS", "PI"):
        archive.settled("安全生產與整(zhěng)改", level, title="通知")
        archive.settled("安全生产", level, title="整改通知")
    for question in ("安全 -整改", "安全 NOT 整改", "安全 非 整改", "安全 NOT (停产 OR 整改)", "停产 OR 安全 -整改"):
        assert set(archive.codes(question)) == keep


def test_nothing_asked_is_refused_and_odd_questions_find_nothing(archive: SearchWorld) -> None:
    archive.settled("安全生产")
    for empty in ("", " ", "\u3000\n"):
        with pytest.raises(BadInput):
            archive.find(empty)
    for odd in (
        "-",
        "NOT",
        "OR AND",
        "“”",
        "()",
        "*",
        "%",
        "'; --",
        "\x00",
        "\ud800",
        "ZZZZ\x00",
        "-安全",
        "x" * 20_000,
    ):
        found = archive.find(odd)
        assert (found.total, found.hits) == (0, [])
        assert found.sentence is not None


def test_a_question_of_a_whole_page_is_answered(archive: SearchWorld) -> None:
    receipt = archive.settled("隐患整改期限届满未整改的，责令停产停业整顿。")
    assert archive.codes("隐患整改期限届满未整改的应当怎么处理？" * 300) == [receipt.archival_code]


def test_what_holds_all_words_comes_first_and_what_holds_some_follows_while_there_is_little(
    archive: SearchWorld,
) -> None:
    fire = archive.settled("消防通道")
    drill = archive.settled("应急演练", "TS")
    assert set(archive.codes("消防 演练")) == {fire.archival_code, drill.archival_code}
    both = archive.settled("消防演练")
    assert archive.codes("消防 演练")[0] == both.archival_code
    for _ in range(9):
        archive.settled("消防演练")
    assert fire.archival_code not in archive.codes("消防 演练")


def test_a_confidential_record_whose_title_is_the_question_comes_before_an_open_one_that_has_a_word_of_it(
    archive: SearchWorld,
) -> None:
    open_one = archive.settled("本月通风情况", title="通风月报")
    whole = archive.settled("正文", "TS", title="三号井通风系统改造方案")
    assert archive.codes("三号井通风系统改造方案") == [whole.archival_code, open_one.archival_code]


@pytest.mark.parametrize("level", ["INT", "TS"])
def test_a_situation_told_in_the_words_of_every_day_finds_the_rule(archive: SearchWorld, level: str) -> None:
    rule = archive.settled("未经安全生产教育和培训合格的从业人员，不得上岗作业。", level, title="教育培训")
    archive.settled("关于召开年度工作会议的通知，请准时参加。", level, title="会议通知")
    assert archive.codes("厂里新来的工人没有培训就让他上机器干活可以吗")[0] == rule.archival_code


def test_administrators_search_nothing(archive: SearchWorld) -> None:
    for login in ("zhao.shen", "sun.xi", "zhou.an"):
        with pytest.raises(Forbidden):
            archive.find("安全", login)


def many(archive: SearchWorld, count: int) -> None:
    """Put many records into catalogue and index, beside the normal path for the sake of time: every second one has the word."""
    first = archive.settled("模板")
    with archive.world.ledger.read() as connection:
        model = dict(connection.execute(select(records).where(records.c.id == first.record_id)).mappings().one())
    rows, ready = [], []
    for number in range(count):
        level, year, of_class = ("PUB", "INT")[number % 2], 2010 + number % 7, ("YSH", "KCQ", "ZBG")[number % 3]
        one = f"{number:032x}"
        row = {**model, "id": one, "code": f"T{number:06}", "number": number + 100, "level": level, "year": year}
        rows.append({**row, "class_code": of_class, "type_code": f"{of_class}05", "title": f"第{number}号"})
        text = "安全检查" if number % 4 < 2 else "会议通知"
        facts = {"class": of_class, "type": f"{of_class}05", "year": str(year), "level": level}
        ready.append(
            Prepared(
                one, level, f"第{number}号", text, facts, "indexed", Text("好", "ok"), f"{ANALYSIS_VERSION}/{number}"
            )
        )
    with archive.world.ledger.work(None) as work:
        for start in range(0, count, 500):
            work.connection.execute(insert(records), rows[start : start + 500])
        work.commit()
    write(archive.world.ledger, archive.search.compartments, ready)
    with archive.world.ledger.work(None) as work:
        note(work, ready)
        work.commit()


def test_counts_facets_and_pages_are_right_over_five_thousand_records(
    archive: SearchWorld,
) -> None:
    many(archive, 5000)
    for login, levels in ((CLEARED, ("PUB", "INT")), (OUTSIDER, ("PUB", "INT"))):
        expected = [n for n in range(5000) if n % 4 < 2 and ("PUB", "INT")[n % 2] in levels]
        everything = archive.find("安全检查", login)
        assert everything.total == len(expected) == 2500
        assert dict(everything.facets["level"]) == {"PUB": 1250, "INT": 1250}
        narrow = SearchFilters(class_code="KCQ", year=2012, level="INT")
        fitting = {f"T{n:06}" for n in expected if n % 2 and 2010 + n % 7 == 2012 and n % 3 == 1}
        found = archive.find("安全检查", login, narrow)
        assert found.total == len(fitting)
        assert found.facets == everything.facets, "what is narrowed away can still be chosen"
        paged: list[str] = []
        while len(paged) < found.total:
            page = archive.find("安全检查", login, narrow, limit=17, offset=len(paged))
            assert page.total == found.total
            paged += [hit.line.code for hit in page.hits]
        assert len(paged) == len(set(paged))
        assert set(paged) == fitting
    assert archive.find("安全检查", limit=20, offset=2490).hits[-1].line.code
    assert len(archive.find("安全检查", limit=20, offset=2490).hits) == 10
    assert archive.find("安全检查", limit=20, offset=9999).hits == []
    with archive.world.ledger.work(None) as work:
        work.connection.execute(index_states.delete())
        work.commit()
