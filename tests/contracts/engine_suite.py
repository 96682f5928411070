"""What every engine must do, whatever it is made of.

A test module inherits :class:`EngineContract` and gives the fixtures ``engine`` (empty) and ``reopened`` (a function
that returns a second engine over the same data, as another process would have it).
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from index.analysis import analyse
from index.engines.base import DOC_ID, Document, Engine, Scope
from index.query import parse_query

REGULATION = "安全生产考核巡察办法：巡察组应当对整改验收情况进行考核，形成巡察报告。"
NOISY = "安全生產(chǎn)考核巡察辦法：巡察組應當對整改驗(yàn)收情況(kuàng)進行考核。"


def named(name: str) -> str:
    """Return an id of the usual form that can be told apart in a failure."""
    return name.encode().hex().ljust(32, "0")


def document(name: str, text: str, title: str = "", mark: str = "", **fields: str) -> Document:
    return Document(named(name), analyse(title), analyse(text), fields, mark)


def fill(engine: Engine, **texts: str) -> None:
    for name, text in texts.items():
        engine.add(document(name, text))
    engine.commit()


def names(ids: tuple[str, ...] | frozenset[str]) -> list[str]:
    return [bytes.fromhex(one).rstrip(b"\0").decode() for one in ids]


def ask(engine: Engine, text: str, scope: Scope | None = None, *, strict: bool = True) -> list[str]:
    return names(engine.search(parse_query(text), scope or Scope(), strict=strict).ids)


class EngineContract:
    """The verbs, then what a person finds, then what nobody may notice."""

    # ------------------------------------------------------------------------------------------------- the verbs

    def test_what_was_added_is_found_after_the_commit_and_not_before(self, engine: Engine) -> None:
        engine.add(document("a", REGULATION))
        assert ask(engine, "巡察") == []
        engine.commit()
        assert ask(engine, "巡察") == ["a"]

    def test_another_process_sees_it_too(self, engine: Engine, reopened: Callable[[], Engine]) -> None:
        other = reopened()
        assert other.count() == 0
        fill(engine, a=REGULATION)
        assert ask(other, "巡察") == ["a"]
        fill(other, b=REGULATION)
        assert sorted(ask(engine, "巡察")) == ["a", "b"]

    def test_the_same_id_again_replaces(self, engine: Engine) -> None:
        fill(engine, a="起重机械检查")
        fill(engine, a="消防通道检查")
        assert ask(engine, "起重机械") == []
        assert ask(engine, "消防通道") == ["a"]
        assert engine.count() == 1

    def test_the_last_of_several_additions_before_a_commit_counts(self, engine: Engine) -> None:
        engine.add(document("a", "起重机械"))
        engine.add(document("a", "消防通道"))
        engine.commit()
        assert (ask(engine, "起重机械"), ask(engine, "消防通道")) == ([], ["a"])

    def test_what_was_purged_is_gone_and_can_be_purged_again(self, engine: Engine) -> None:
        fill(engine, a=REGULATION, b=REGULATION)
        for _ in range(2):
            engine.purge([named("a")])
            assert ask(engine, "巡察") == ["b"]
            assert not engine.contains(named("a"))
            assert engine.contains(named("b"))

    def test_a_purge_reaches_what_waits_for_its_commit(self, engine: Engine) -> None:
        engine.add(document("a", REGULATION))
        engine.purge([named("a")])
        engine.commit()
        assert engine.count() == 0

    def test_a_purged_document_may_come_back(self, engine: Engine) -> None:
        fill(engine, a=REGULATION)
        engine.purge([named("a")])
        fill(engine, a=REGULATION)
        assert ask(engine, "巡察") == ["a"]

    def test_a_commit_takes_only_what_is_still_wanted(self, engine: Engine) -> None:
        engine.add(document("a", REGULATION))
        engine.add(document("b", REGULATION))
        engine.commit(lambda ids: set(ids) - {named("a")})
        assert ask(engine, "巡察") == ["b"]
        engine.commit()
        assert ask(engine, "巡察") == ["b"], "what was not wanted does not wait for the next commit"

    def test_a_question_of_the_caller_that_fails_loses_nothing(self, engine: Engine) -> None:
        def broken(_: object) -> set[str]:
            raise OSError("the catalogue is away")

        engine.add(document("a", REGULATION))
        with pytest.raises(OSError, match="catalogue"):
            engine.commit(broken)
        engine.commit()
        assert ask(engine, "巡察") == ["a"]

    def test_marks_tell_the_state_of_each_document(self, engine: Engine) -> None:
        engine.add(document("a", REGULATION, mark="2/one"))
        engine.commit()
        engine.add(document("a", REGULATION, mark="2/two"))
        engine.add(document("b", REGULATION, mark="2/three"))
        engine.commit()
        assert engine.marks() == {named("a"): "2/two", named("b"): "2/three"}

    def test_clearing_leaves_an_index_that_works(self, engine: Engine) -> None:
        fill(engine, a=REGULATION)
        engine.clear()
        assert (engine.count(), engine.marks(), ask(engine, "巡察")) == (0, {}, [])
        fill(engine, b=REGULATION)
        assert ask(engine, "巡察") == ["b"]

    # -------------------------------------------------------------------------------------------- what is found

    @pytest.mark.parametrize("question", ["安全生产", "安全生產", "整改验收", "整改驗收", "巡察", "巡察组", "收"])
    def test_traditional_and_simplified_find_each_other_and_pinyin_in_brackets_is_no_hindrance(
        self, engine: Engine, question: str
    ) -> None:
        """Scenario 25 of the field: a web preview with traditional forms and readings in brackets."""
        fill(engine, plain=REGULATION, noisy=NOISY, other="会议通知")
        assert sorted(ask(engine, question)) == ["noisy", "plain"]
        assert sorted(ask(engine, f'"{question}"')) == ["noisy", "plain"]

    @pytest.mark.parametrize(
        "asked",
        [
            *("电梯", "梯", "电", "消", "超标", "B2", "B2层", "3号楼", "KTV", "KTV消防", "ｂ２ 电梯"),
            *("PM2.5", "GB50016", "第12条", "12条", "电梯*", "*梯", "电*"),
        ],
    )
    def test_short_words_single_characters_and_han_beside_digits_and_letters_are_found(
        self, engine: Engine, asked: str
    ) -> None:
        """A star stands for nothing and hinders nothing."""
        fill(engine, a="3号楼A区B2层电梯KTV消防，PM2.5超标，GB50016-2014，第12条", b="十号楼C区会议")
        assert ask(engine, asked) == ["a"]

    @pytest.mark.parametrize(
        ("written", "asked"),
        [
            ("ＡＢＣ１２３号设备", "abc123"),
            ("ABC123号设备", "ＡＢＣ１２３"),
            ("ﾃｽﾄ ｶﾀｶﾅ", "テスト"),
            ("通　知", "通知"),
            ("验收报告", "验 收 报 告".replace(" ", "\u200b")),
            ("整改\n验收", "整改验收"),
            ("the haz-\nard report", "hazard"),
            ("Café Müller", "cafe muller"),
            ("㈱安泰 ℃", "株 安泰"),
            ("第３．５条", "3.5"),
        ],
    )
    def test_width_breaks_and_accents_make_no_difference(self, engine: Engine, written: str, asked: str) -> None:
        fill(engine, a=written, b="无关")
        assert ask(engine, asked) == ["a"]

    @pytest.mark.parametrize("asked", ["inspection", "inspections", "INSPECTED", "inspecting", "company", "company's"])
    def test_english_words_are_found_by_their_stems(self, engine: Engine, asked: str) -> None:
        fill(engine, a="The company’s safety was inspected; companies like inspections.", b="minutes of a meeting")
        assert ask(engine, asked) == ["a"]

    @pytest.mark.parametrize("phrase", ["health and safety", "safety of the workers", "Health & Safety"])
    def test_a_phrase_with_stop_words_in_it_is_found(self, engine: Engine, phrase: str) -> None:
        fill(engine, a="Health and safety of the workers comes first.", b="Safety first, then health of workers.")
        found = ask(engine, f'"{phrase}"')
        assert found == ([] if "&" in phrase else ["a"])

    def test_a_phrase_wants_its_words_side_by_side_and_in_order(self, engine: Engine) -> None:
        fill(engine, a="先整改，后验收报告", b="整改验收报告", c="报告整改与验收")
        assert ask(engine, '"整改验收报告"') == ["b"]
        assert sorted(ask(engine, "整改 验收 报告")) == ["a", "b", "c"]

    @pytest.mark.parametrize(
        "phrase",
        ["安全第一，预防为主", "安全第一预防为主", "安全第一、预防为主", "安全第一 预防为主", "安全第一\n预防为主"],
    )
    def test_a_phrase_is_found_across_whatever_punctuation(self, engine: Engine, phrase: str) -> None:
        fill(
            engine,
            comma="安全第一，预防为主。",
            none="坚持安全第一预防为主方针",
            broken="安全第一\n\n预防为主",
            other="预防为主，安全第一",
        )
        assert sorted(ask(engine, f"“{phrase}”")) == ["broken", "comma", "none"]

    @pytest.mark.parametrize(
        "question",
        [
            "安全 -整改",
            "安全 －整改",
            "安全 --整改",
            "安全 NOT 整改",
            "安全 NOT整改",
            "安全NOT整改",
            "安全 ＮＯＴ 整改",
            "安全 非 整改",
            "安全 -“整改”",
            '安全 -"整改"',
            '安全 NOT "整改"',
            "安全 -整改 OR 生产",
            "生产 OR 安全 -整改",
            "-整改 安全",
            "安全 NOT (整改 OR 验收)",
            "安全 NOT（验收 整改）",
            "安全 -(验收 (停产 OR 整改))",
            "(安全 OR 生产) AND NOT 整改",
            "安全 NOT -整改",
            "“安全” -整改",
            "安全 与 生产 非 整改",
        ],
    )
    @pytest.mark.parametrize("strict", [True, False])
    def test_not_never_lets_an_excluded_document_through(self, engine: Engine, question: str, strict: bool) -> None:
        """S20: whichever branch of the query finds it, the exclusion holds over title and text."""
        fill(
            engine,
            text="安全生产与整改",
            traditional="安全生產與整(zhěng)改",
            broken="安全生产整\n改",
            spread="安全生产 整 改",
        )
        engine.add(document("title", "安全生产", title="关于整改的通知"))
        engine.add(document("good", "安全生产", title="通知"))
        engine.commit()
        assert ask(engine, question, strict=strict) == ["good"]

    def test_what_only_excludes_finds_nothing(self, engine: Engine) -> None:
        fill(engine, a=REGULATION)
        assert ask(engine, "-整改") == []
        assert ask(engine, "NOT 会议") == []

    def test_an_excluded_english_word_is_excluded_in_all_its_forms(self, engine: Engine) -> None:
        fill(engine, a="safety inspections", b="safety rules")
        assert ask(engine, "safety -inspection") == ["b"]

    @pytest.mark.parametrize(
        "question",
        [
            *(
                "",
                " ",
                "　",
                '""',
                '"',
                "“",
                "-",
                "--",
                "- -",
                "NOT",
                "OR",
                "AND OR NOT",
                "非",
                "与 或 非",
                "()",
                "(",
                ")",
                "((",
                "-()",
            ),
            *(
                "NOT (",
                "-(-(",
                "*",
                "?",
                "a*b?",
                "~",
                "^2",
                "title:x",
                "[a TO b]",
                "\\",
                "的",
                "the of",
                "!!!",
                "\x00",
                "\ud800",
            ),
            *("😀", "%", "'; DROP TABLE record; --", "<script>", "{{7*7}}", "\u200b", "١٢٣"),
        ],
    )
    def test_odd_questions_are_answered_with_nothing_and_without_a_fault(self, engine: Engine, question: str) -> None:
        fill(engine, a=REGULATION)
        for strict in (True, False):
            assert ask(engine, question, strict=strict) == []

    def test_a_question_as_long_as_a_document_is_answered(self, engine: Engine) -> None:
        fill(engine, a=REGULATION, b="会议通知")
        assert ask(engine, REGULATION * 200)[0] == "a"
        assert ask(engine, f"{REGULATION * 200} -巡察组")[:1] != ["a"]
        assert ask(engine, "巡" * 5000 + " 察") in ([], ["a"])

    def test_a_long_question_finds_what_matters_first_without_every_word_of_it(self, engine: Engine) -> None:
        fill(
            engine, good="隐患整改期限届满未整改的，责令停产停业。", near="会议通知：请按期限报送。", far="员工食堂菜谱"
        )
        assert ask(engine, "我们单位的隐患整改期限已经届满但是还没有整改完应该怎么办呢")[0] == "good"

    def test_a_short_question_wants_all_its_words_and_any_of_them_when_asked_loosely(self, engine: Engine) -> None:
        fill(engine, a="消防通道", b="消防演练")
        assert ask(engine, "消防 通道") == ["a"]
        assert ask(engine, "消防 通道", strict=False) == ["a", "b"]
        assert sorted(ask(engine, "通道 OR 演练")) == ["a", "b"]

    @pytest.mark.parametrize(
        ("question", "names"),
        [
            ("(隐患 OR 缺陷) AND 整改", ["flaw", "hazard"]),
            ("（隐患 或 缺陷） 与 整改", ["flaw", "hazard"]),
            ("整改 隐患 OR 台账", ["hazard", "ledger"]),
            ("整改 (“重大隐患” OR (缺陷 与 (台账 OR 设备)))", ["flaw", "hazard"]),
            ("(隐患 OR 缺陷 OR 台账) -整改", ["ledger"]),
            ("整改 AND (台账 OR", []),
            ("((((整改 OR 台账)) 缺陷)))", ["flaw"]),
            ("隐患 OR 缺陷 非（整改 或 台账）", []),
        ],
    )
    @pytest.mark.parametrize("strict", [True, False])
    def test_and_or_and_brackets_mean_what_they_say(
        self, engine: Engine, question: str, names: list[str], strict: bool
    ) -> None:
        fill(engine, hazard="重大隐患整改", flaw="设备缺陷的整改", ledger="台账", other="会议通知")
        assert sorted(ask(engine, question, strict=strict)) == names

    def test_documents_without_a_text_and_deleted_ones_hinder_nothing(self, engine: Engine) -> None:
        fill(engine, a="", b="消防通道", c="消防演练")
        engine.add(document("only", "", title="消防"))
        engine.commit()
        fill(engine, b="消防演练计划")
        assert sorted(ask(engine, "消防")) == ["b", "c", "only"]
        assert ask(engine, "消防通道") == []
        assert sorted(ask(engine, "消防演练应该怎么做才符合要求")) == ["b", "c", "only"]

    def test_a_slip_is_told_only_from_what_is_seen(self, engine: Engine) -> None:
        engine.add(document("a", "safety inspection 隐患排查", level="PUB"))
        engine.add(document("b", "formulation of the hazardous mixture 应急演练", level="TS"))
        engine.commit()
        seen = Scope({"level": frozenset({"PUB"})})
        assert engine.near("inspektion") == engine.near("inspektion", seen) == {(1, "inspect")}
        assert engine.near("safety", seen) == frozenset()
        assert engine.near("隐换排查", seen) == {(1, "隐患排查")}
        assert engine.near("隐患排查", seen) == frozenset()
        for hidden in ("hazzard", "mixtvre", "应及演练"):
            assert engine.near(hidden, seen) == frozenset()
            assert engine.near(hidden)

    def test_a_word_with_a_typo_harms_nothing(self, engine: Engine) -> None:
        fill(engine, a="safety inspection", b="meeting")
        assert ask(engine, "safety inspektion") == []
        assert ask(engine, "safety inspektion", strict=False) == ["a"]

    def test_the_title_weighs_more_than_the_text(self, engine: Engine) -> None:
        engine.add(document("text", "关于消防演练的说明", title="通知"))
        engine.add(document("title", "关于有关事项的说明", title="消防演练"))
        engine.commit()
        assert ask(engine, "消防演练") == ["title", "text"]

    @pytest.mark.parametrize(
        "asked",
        [
            "Q001-WS·2024-D10-KCQ-0001",
            "q001-ws·2024-d10-kcq-0001",
            "Q001-WS・2024-D10-KCQ-0001",
            "Q001－WS•2024－D10－KCQ－0001",
            "Ｑ００１—WS‧2024–D10‑KCQ−0001",
            "Q001-WS·2024",
            '"WS·2024-D10"',
            "KCQ-0001",
        ],
    )
    def test_codes_are_found_whole_in_part_and_with_separators_that_look_alike(
        self, engine: Engine, asked: str
    ) -> None:
        """Scenario 12 of the field."""
        fill(engine, a="档号：Q001-WS·2024-D10-KCQ-0001。", b="档号：Q001-WS·2023-D30-ZBG-0002。")
        assert ask(engine, asked) == ["a"]

    def test_document_numbers_are_found(self, engine: Engine) -> None:
        fill(engine, a="安监〔2024〕12号", b="安监〔2024〕13号")
        assert ask(engine, "“安监〔2024〕12号”") == ["a"]
        assert ask(engine, "“〔2024〕13号”") == ["b"]

    # --------------------------------------------------------------------------------------------- scope and order

    def test_a_scope_narrows_by_each_of_its_fields(self, engine: Engine) -> None:
        for number in range(12):
            fields = {"level": ("PUB", "INT")[number % 2], "year": str(2020 + number % 3)}
            engine.add(document(f"d{number:02}", "安全检查", **fields))
        engine.commit()
        found = engine.search(parse_query("安全"), Scope(narrowed={"level": "PUB", "year": "2020"}))
        assert names(found.ids) == ["d00", "d06"]
        assert len(found.all_ids) == 12
        assert ask(engine, "安全", Scope(narrowed={"year": "1999"})) == []
        assert ask(engine, "安全", Scope(narrowed={"year": "202"})) == [], "a value is a whole, not a beginning"

    def test_nothing_outside_what_is_seen_comes_through(self, engine: Engine) -> None:
        for name, level in {"pub": "PUB", "int": "INT", "granted": "INT"}.items():
            engine.add(document(name, "安全检查", level=level))
        engine.commit()
        seen = Scope({"level": frozenset({"PUB"}), DOC_ID: frozenset({named("granted")})})
        found = engine.search(parse_query("安全"), seen)
        assert sorted(names(found.ids)) == sorted(names(found.all_ids)) == ["granted", "pub"]
        nothing = engine.search(parse_query("安全"), Scope({"level": frozenset(), DOC_ID: frozenset()}))
        assert (nothing.ids, nothing.all_ids) == ((), frozenset())

    def test_what_is_not_seen_moves_nothing(self, engine: Engine, reopened: Callable[[], Engine]) -> None:
        """Thirty hidden documents full of the word once moved the one visible hit's score from 3.30 to 1.53."""
        chance = random.Random(7)
        words = ["安全", "整改", "验收", "巡察", "消防", "演练", "隐患", "report", "hazard"]
        for number in range(40):
            text = "，".join(chance.choices(words, k=chance.randint(2, 40)))
            engine.add(document(f"v{number:02}", text, level="PUB"))
        engine.commit()
        scope = Scope({"level": frozenset({"PUB"})})
        questions = ["安全", "整改 验收", "安全 OR hazard", "隐患 消防 演练 巡察 report", "“安全，整改”", "安全 -消防"]
        before = {q: [engine.search(parse_query(q), scope, strict=s) for s in (True, False)] for q in questions}
        for number in range(60):
            engine.add(document(f"h{number:02}", "安全 消防 hazard 隐患，" * 30, title="安全整改", level="INT"))
        engine.commit()
        engine.purge([named("h00")])
        after = {q: [engine.search(parse_query(q), scope, strict=s) for s in (True, False)] for q in questions}
        assert after == before

    def test_the_order_depends_on_the_documents_alone(self, engine: Engine) -> None:
        """In whatever order and in however many steps they came, replaced or not."""
        texts = {f"d{number:02}": "安全检查" + "记录" * (number % 5) for number in range(30)}
        fill(engine, **texts)
        first = ask(engine, "安全检查")
        assert len(first) == 30
        engine.clear()
        for name in reversed(texts):
            fill(engine, **{name: "旧文字安全" * 3})
        for name in sorted(texts, key=lambda name: name[::-1]):
            fill(engine, **{name: texts[name]})
        assert ask(engine, "安全检查") == first
        engine.purge([named("nobody")])
        assert ask(engine, "安全检查") == first

    def test_equal_documents_come_in_the_order_of_their_ids(self, engine: Engine) -> None:
        fill(engine, c="安全", a="安全", b="安全")
        assert ask(engine, "安全") == ["a", "b", "c"]
