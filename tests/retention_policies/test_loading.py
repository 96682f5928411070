from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retention_policies import Schedule, ScheduleError, default_schedule_path, load_schedule

GOOD = """
format = 1
[schedule]
code = "TEST"
version = "1"
effective_from = 2024-01-01
title = { zh = "试", en = "Test" }
note = { zh = "试用。", en = "For tests." }
[[basis]]
code = "LAW"
title = { zh = "法", en = "Law" }
[[fact]]
code = "deaths"
kind = "number"
title = { zh = "死亡人数", en = "Deaths" }
[[fact]]
code = "sealed"
kind = "yes_no"
title = { zh = "封存", en = "Sealed" }
[[fact]]
code = "grade"
kind = "choice"
title = { zh = "等级", en = "Grade" }
choices = [{ code = "high", zh = "高", en = "high" }, { code = "low", zh = "低", en = "low" }]
[[rule]]
code = "AAA01"
title = { zh = "甲", en = "First" }
period = "10 years"
trigger = "CASE_CLOSED"
action = "RD"
level = "INT"
reason = { zh = "因", en = "because" }
basis = ["LAW"]
[[rule.when]]
any = [{ fact = "deaths", at_least = 1 }, { fact = "sealed", is = true }, { fact = "grade", one_of = ["high"] }]
period = "permanent"
action = "PT"
reason = { zh = "重", en = "grave" }
[[rule]]
code = "AAA02"
title = { zh = "乙", en = "Second" }
period = "parent"
trigger = "PARENT"
action = "PARENT"
level = "PARENT"
reason = { zh = "随", en = "as its parent" }
basis = ["LAW"]
[rule.otherwise]
period = "30 years"
trigger = "FORMED"
action = "RE"
reason = { zh = "无主件", en = "no parent" }
"""


def load(folder: Path, text: str) -> Schedule:
    path = folder / "schedule.toml"
    path.write_text(text, encoding="utf-8")
    return load_schedule(path)


def faults(folder: Path, *changes: tuple[str, str]) -> list[str]:
    """Load the good file with some changes and return the faults found."""
    text = GOOD
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    with pytest.raises(ScheduleError) as caught:
        load(folder, text)
    return caught.value.faults


def test_a_good_file_loads(tmp_path: Path) -> None:
    schedule = load(tmp_path, GOOD)
    assert list(schedule.rules) == ["AAA01", "AAA02"]
    assert schedule.note.zh == "试用"


ONE_FAULT = [
    ('period = "10 years"', 'period = "10"', "[[rule]] AAA01: period"),
    ('period = "10 years"', "period = 10", "[[rule]] AAA01: period"),
    ('period = "10 years"\n', "", "[[rule]] AAA01: period"),
    ('period = "10 years"', 'period = "0 years"', "[[rule]] AAA01: period"),
    ('period = "10 years"', 'period = "100 years"', "[[rule]] AAA01: period"),
    ('"CASE_CLOSED"', '"CLOSED"', "[[rule]] AAA01: trigger"),
    ('trigger = "CASE_CLOSED"\n', "", "[[rule]] AAA01: trigger"),
    ('trigger = "CASE_CLOSED"', 'trigger = "PARENT"', "[[rule]] AAA01: trigger"),
    ('action = "RD"', 'action = "PK"', "[[rule]] AAA01: action"),
    ('action = "RD"', 'action = "BURN"', "[[rule]] AAA01: action"),
    ('action = "PT"', 'action = "RD"', "[[rule]] AAA01: [[when]] #1: action"),
    ('level = "INT"', 'level = "SECRET"', "[[rule]] AAA01: level"),
    ('level = "INT"', 'level = "PARENT"', "[[rule]] AAA01: level"),
    ('level = "INT"', 'level = "INT"\nother_levels = ["X"]', "[[rule]] AAA01: other_levels"),
    ('level = "INT"', 'level = "INT"\ncolour = "red"', "[[rule]] AAA01: colour"),
    ('title = { zh = "甲", en = "First" }', 'title = "甲"', "[[rule]] AAA01: title"),
    ('title = { zh = "甲", en = "First" }', 'title = { zh = "甲" }', "[[rule]] AAA01: title: en"),
    ('title = { zh = "甲", en = "First" }', 'title = { zh = "甲", en = "x", fr = "y" }', "[[rule]] AAA01: title: fr"),
    ('basis = ["LAW"]', 'basis = ["LAWS"]', "[[rule]] AAA01: basis"),
    ('basis = ["LAW"]', "basis = []", "[[rule]] AAA01: basis"),
    ('basis = ["LAW"]', 'basis = "LAW"', "[[rule]] AAA01: basis"),
    ('basis = ["LAW"]', 'basis = ["LAW", "LAW"]', "[[rule]] AAA01: basis"),
    ('code = "AAA02"', 'code = "AAA01"', "[[rule]] AAA01: code"),
    ('code = "AAA02"', 'code = "aaa 2"', "[[rule]] aaa 2: code"),
    ('code = "AAA02"\n', "", "[[rule]] #2: code"),
    ('fact = "deaths"', 'fact = "births"', "[[any]] #1: fact"),
    ('fact = "deaths", ', "", "[[any]] #1: fact"),
    ('code = "deaths"', 'code = "Deaths"', "[[fact]] Deaths: code"),
    ("[rule.otherwise]", "when = [{ any = [] }]\n[rule.otherwise]", "[[rule]] AAA02: when"),
    ("at_least = 1", "at_least = 0", "[[any]] #1: at_least"),
    ("at_least = 1", "at_least = true", "[[any]] #1: at_least"),
    ("at_least = 1", "at_least = 1.5", "[[any]] #1: at_least"),
    ("is = true", 'is = "yes"', "[[any]] #2: is"),
    ('one_of = ["high"]', 'one_of = ["middle"]', "[[any]] #3: one_of"),
    ("any = [", "all = [{ fact = 'sealed', is = true }]\nany = [", "[[when]] #1"),
    ('kind = "number"', 'kind = "number"\nchoices = [{ code = "a", zh = "b", en = "c" }]', "[[fact]] deaths: choices"),
    ('code = "low"', 'code = "high"', "[[fact]] grade: [[choices]] high: code"),
    ('code = "sealed"', 'code = "deaths"', "[[fact]] deaths: code"),
    (
        '[[basis]]\ncode = "LAW"',
        '[[basis]]\ncode = "LAW"\ntitle = { zh = "a", en = "b" }\n[[basis]]\ncode = "LAW"',
        "[[basis]] LAW: code",
    ),
    ('trigger = "PARENT"', 'trigger = "FORMED"', "[[rule]] AAA02: trigger"),
    ('trigger = "FORMED"\n', "", "[[rule]] AAA02: [otherwise]: trigger"),
    ("effective_from = 2024-01-01", 'effective_from = "2024-01-01"', "[schedule]: effective_from"),
    ("effective_from = 2024-01-01", "effective_from = 2024-01-01T00:00:00", "[schedule]: effective_from"),
    ('version = "1"', "version = 1", "[schedule]: version"),
    ('version = "1"', 'version = "1"\nowner = "x"', "[schedule]: owner"),
    ("format = 1", "format = 2", "format"),
    ("format = 1", "format = true", "format"),
    ("format = 1\n", "", "format"),
    ("format = 1", "format = 1\nextra = 1", "extra"),
]


@pytest.mark.parametrize(("old", "new", "place"), ONE_FAULT)
def test_a_fault_names_file_table_and_key(tmp_path: Path, old: str, new: str, place: str) -> None:
    found = faults(tmp_path, (old, new))
    assert any(f"{place}: " in fault for fault in found), found
    assert all(fault.startswith(str(tmp_path / "schedule.toml")) for fault in found)
    assert all(" / " in fault for fault in found)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    found = faults(
        tmp_path,
        ('version = "1"', "version = 1"),
        ('"CASE_CLOSED"', '"CLOSED"'),
        ("at_least = 1", "at_least = 0"),
        ('level = "INT"', 'level = "INT"\ncolour = "red"'),
        ('code = "AAA02"', 'code = "AAA01"'),
    )
    assert len(found) == 5


def test_a_rule_that_inherits_needs_to_say_what_holds_otherwise(tmp_path: Path) -> None:
    found = faults(tmp_path, (GOOD[GOOD.index("[rule.otherwise]") :], ""))
    assert len(found) == 1
    assert "AAA02: otherwise" in found[0]


def test_a_type_that_inherits_has_no_exceptions(tmp_path: Path) -> None:
    when = GOOD[GOOD.index("[[rule.when]]") : GOOD.rindex("[[rule]]")]
    with pytest.raises(ScheduleError) as caught:
        load(tmp_path, GOOD + when)
    assert len(caught.value.faults) == 1
    assert "AAA02: when" in caught.value.faults[0]


def test_a_choice_without_choices_is_a_fault(tmp_path: Path) -> None:
    line = next(line for line in GOOD.splitlines() if line.startswith("choices"))
    found = faults(tmp_path, (line, ""))
    assert any("[[fact]] grade: choices" in fault for fault in found)


def test_a_schedule_without_rules_is_a_fault(tmp_path: Path) -> None:
    found = faults(tmp_path, (GOOD[GOOD.index("[[rule]]") :], ""))
    assert len(found) == 1
    assert "rule" in found[0]


@pytest.mark.parametrize("content", [b"[[rule", b"\xff\xfe", b"a = 1\na = 2"])
def test_what_is_no_toml_is_refused_with_the_file_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.toml"
    path.write_bytes(content)
    with pytest.raises(ScheduleError) as caught:
        load_schedule(path)
    assert len(caught.value.faults) == 1
    assert caught.value.faults[0].startswith(str(path))


def test_a_missing_file_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(ScheduleError) as caught:
        load_schedule(tmp_path / "none.toml")
    assert "none.toml" in caught.value.faults[0]


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScheduleError):
        load(tmp_path, "")


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    assert load(tmp_path, "\ufeff" + GOOD).code == "TEST"


def test_layout_comments_and_order_do_not_change_the_digest(tmp_path: Path) -> None:
    first, second = GOOD.index("[[rule]]"), GOOD.rindex("[[rule]]")
    turned = GOOD[:first] + GOOD[second:] + "\n# a remark\n" + GOOD[first:second]
    assert load(tmp_path, turned).digest == load(tmp_path, GOOD).digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"10 years"', '"11 years"'),
        ('"grave"', '"heavy"'),
        ("at_least = 1", "at_least = 2"),
        ('"Law"', '"Laws"'),
        ("2024-01-01", "2024-01-02"),
    ],
)
def test_a_change_of_content_changes_the_digest(tmp_path: Path, old: str, new: str) -> None:
    assert load(tmp_path, GOOD.replace(old, new, 1)).digest != load(tmp_path, GOOD).digest


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(
    line=st.integers(0, len(GOOD.splitlines()) - 1),
    value=st.sampled_from(["[]", "{}", "1", '""', "[1]", "[[]]", "{ a = 1 }", "nan", "true"]),
)
def test_no_wrong_value_escapes_as_another_error(tmp_path: Path, line: int, value: str) -> None:
    lines = GOOD.splitlines()
    key, equals, _ = lines[line].partition(" = ")
    lines[line] = f"{key} = {value}" if equals else lines[line]
    with contextlib.suppress(ScheduleError):
        load(tmp_path, "\n".join(lines))


def test_the_error_can_be_shown_in_both_languages(tmp_path: Path) -> None:
    with pytest.raises(ScheduleError) as caught:
        load(tmp_path, "")
    assert "保管期限表" in caught.value.text.zh
    assert "retention schedule" in caught.value.text.en


def test_the_shipped_schedule_lies_in_the_package() -> None:
    assert default_schedule_path().is_file()


INDEPENDENT = [
    ('version = "1"', "version = 1", "[schedule]: version"),
    ("effective_from = 2024-01-01", 'effective_from = "x"', "[schedule]: effective_from"),
    ('title = { zh = "法", en = "Law" }', 'title = "Law"', "[[basis]] LAW: title"),
    ('kind = "number"', 'kind = "amount"', "[[fact]] deaths: kind"),
    ('code = "low"', 'code = "high"', "[[fact]] grade: [[choices]] high: code"),
    ('period = "10 years"', 'period = "10"', "[[rule]] AAA01: period"),
    ('"CASE_CLOSED"', '{ all = ["CASE_CLOSED", "MOON"] }', "[[rule]] AAA01: trigger: all"),
    ('action = "PT"', 'action = "RD"', "[[rule]] AAA01: [[when]] #1: action"),
    ('level = "PARENT"', 'level = "HIGH"', "[[rule]] AAA02: level"),
    ('period = "30 years"', 'period = "30 years"\nalso = ["X"]', "[[rule]] AAA02: [otherwise]: also"),
    ('trigger = "FORMED"', 'trigger = "FORMED"\noffset = "soon"', "[[rule]] AAA02: [otherwise]: offset"),
]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=st.sets(st.sampled_from(INDEPENDENT), min_size=1))
def test_whatever_is_wrong_together_is_told_together_and_nothing_is_loaded(
    tmp_path: Path, chosen: set[tuple[str, str, str]]
) -> None:
    found = faults(tmp_path, *((old, new) for old, new, _ in chosen))
    for _, _, place in chosen:
        assert any(f"{place}: " in fault for fault in found), (place, found)
    assert len(found) == len(set(found))


NEW_WORDS = """
[[event]]
code = "CONTRACT_ENDED"
title = { zh = "合同终止", en = "contract ended" }
happened = { zh = "合同终止于", en = "Contract ended" }
awaited = { zh = "合同尚未终止", en = "The contract has not ended" }
[[minimum]]
code = "MIN"
title = { zh = "下限", en = "minimum" }
rules = ["AAA03"]
period = "10 years"
trigger = "CASE_CLOSED"
count_from = "fiscal_year"
fiscal_year_ends = 6
basis = ["LAW"]
[[rule]]
code = "AAA03"
title = { zh = "丙", en = "Third" }
level = "INT"
reason = { zh = "因", en = "because" }
basis = ["LAW"]
also = ["AAA01"]
period = "20 years"
trigger = { all = ["CASE_CLOSED", "CONTRACT_ENDED"] }
offset = "6 months"
count_from = "fiscal_year"
fiscal_year_ends = 6
action = "RV"
[[rule.then]]
period = "5 years"
action = "RD"
reason = { zh = "再留", en = "kept on" }
[[rule.when]]
all = [{ level = ["TS"] }, { class = ["KCQ"] }]
period = "30 years"
action = "RE"
reason = { zh = "密", en = "secret" }
"""


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(
    line=st.integers(0, len(NEW_WORDS.splitlines()) - 1),
    value=st.sampled_from(
        ["[]", "{}", "1", '""', "[1]", "[[]]", "{ a = 1 }", "nan", "true", '{ all = "x" }', '["",""]']
    ),
)
def test_no_wrong_value_of_the_newer_words_escapes_as_another_error(tmp_path: Path, line: int, value: str) -> None:
    lines = NEW_WORDS.splitlines()
    key, equals, _ = lines[line].partition(" = ")
    lines[line] = f"{key} = {value}" if equals else lines[line]
    with contextlib.suppress(ScheduleError):
        load(tmp_path, GOOD + "\n".join(lines))


def test_the_newer_words_load_and_enter_the_digest(tmp_path: Path) -> None:
    whole = load(tmp_path, GOOD + NEW_WORDS)
    assert whole.rules["AAA03"].also == (whole.rules["AAA01"],)
    for old, new in [
        ('"6 months"', '"7 months"'),
        ('{ all = ["CASE_CLOSED"', '{ any = ["CASE_CLOSED"'),
        ('also = ["AAA01"]\n', ""),
        ('en = "contract ended"', 'en = "contract over"'),
        ('en = "minimum"', 'en = "least"'),
        ('level = ["TS"]', 'level = ["PI"]'),
    ]:
        changed = (GOOD + NEW_WORDS).replace(old, new, 1)
        assert changed != GOOD + NEW_WORDS
        with contextlib.suppress(ScheduleError):  # what undercuts the minimum is refused, which is as good
            assert load(tmp_path, changed).digest != whole.digest
