"""The classification plan: the shipped one is the one described, and every fault of a file is said at once."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from archive_service.catalog.classification.plan import SHIPPED, Plan, load_plan
from archive_service.catalog.codes.text import matching_grammars
from archive_service.errors import BadInput, BadSettings
from retention_policies import Schedule, default_schedule_path, load_schedule

TYPES = Path(__file__).parents[3] / "golden" / "schedule_types.csv"

CLASSES = {
    "GZD": ("规章与标准", "Rules and criteria", 2),
    "FAZ": ("方案与准备", "Planning and preparation", 6),
    "QDH": ("启动", "Kick-off", 3),
    "KCQ": ("考察取证", "Examination evidence", 13),
    "PGF": ("分析评估", "Analysis and assessment", 2),
    "FKY": ("反馈", "Feedback", 3),
    "ZGL": ("整改落实", "Rectification", 8),
    "YSH": ("整改验收", "Acceptance", 5),
    "ZBG": ("总结报告与统计", "Reports and statistics", 4),
    "YYJ": ("结果运用与问责", "Use of results, accountability", 9),
    "JBJ": ("举报", "Whistle-blower reports", 3),
    "GKX": ("信息公开", "Disclosure", 1),
    "PJG": ("评价改进", "Evaluation and improvement", 3),
    "SXD": ("声像", "Photographs, sound, moving images", 3),
    "DAG": ("档案管理", "Records about the archives", 4),
}
"""Classes of the inspection files with their names and how many types each has."""


@pytest.fixture(scope="module")
def schedule() -> Schedule:
    return load_schedule(default_schedule_path())


@pytest.fixture(scope="module")
def shipped(schedule: Schedule) -> Plan:
    return load_plan(SHIPPED, schedule)


def test_the_shipped_plan_has_the_classes_of_the_inspection_files(shipped: Plan) -> None:
    found = {one.code: (one.name.zh, one.name.en, len(one.types)) for one in shipped.classes}
    assert found == CLASSES


def test_every_type_of_the_schedule_stands_in_its_class_with_its_name_and_level(shipped: Plan) -> None:
    with TYPES.open(encoding="utf-8", newline="") as file:
        wanted = list(csv.DictReader(file))
    assert len(wanted) == 69
    assert [one["code"] for one in wanted] == list(shipped.types)
    for one in wanted:
        found = shipped.types[one["code"]]
        assert found.class_code == one["code"][:3]
        assert (found.name.zh, found.name.en) == (one["title_zh"], one["title_en"])
        assert found.default_level == (None if one["level"] == "PARENT" else one["level"])


def test_media_are_numbered_in_categories_of_their_own(shipped: Plan) -> None:
    media = {code: shipped.types[code].category for code in ("SXD01", "SXD02", "SXD03")}
    assert media == {"SXD01": "ZP·AX", "SXD02": "LY·AX", "SXD03": "LX·AX"}
    assert {one.category for code, one in shipped.types.items() if code not in media} == {"ZY·AX"}


def test_every_type_gets_codes_of_the_standard_that_its_scheme_names(shipped: Plan) -> None:
    for one in shipped.types.values():
        for retention in ("Y", "D30", "D10"):
            parts = {"fonds": "Q001", "category": one.category, "year": "2024", "retention": retention}
            run = one.scheme.run({**parts, "problem": one.class_code})
            assert one.scheme.name in matching_grammars(run.code(1))


def test_a_type_is_found_however_it_is_typed_and_an_unknown_one_is_named(shipped: Plan) -> None:
    assert shipped.type(" kcq03 ").code == "KCQ03"
    with pytest.raises(BadInput, match="KCQ99"):
        shipped.type("KCQ99")


def faults_of(tmp_path: Path, schedule: Schedule, *changes: tuple[str, str], text: str | None = None) -> list[str]:
    """Load a changed copy of the shipped plan and return its faults, each without the file's name that must lead it."""
    body = SHIPPED.read_text(encoding="utf-8") if text is None else text
    for old, new in changes:
        assert old in body
        body = body.replace(old, new, 1)
    path = tmp_path / "plan.toml"
    path.write_text(body, encoding="utf-8")
    with pytest.raises(BadSettings) as refused:
        load_plan(path, schedule)
    assert all(fault.startswith(f"{path}: ") for fault in refused.value.faults)
    return [fault.removeprefix(f"{path}: ") for fault in refused.value.faults]


ONE_FAULT = [
    (('name_zh = "反馈"\n', ""), "[[classes]] FKY: name_zh: Field required"),
    (('code = "FKY"', 'code = "Fky"'), "[[classes]] Fky: code: "),
    (('code = "FKY"', 'problem = ""\ncode = "FKY"'), "[[classes]] FKY: problem: its numbering scheme needs"),
    (('code = "FKY"', 'problem = "bgs-1"\ncode = "FKY"'), "[[classes]] FKY: problem: 1 to 6 capital letters"),
    (('code = "FKY"', "code = 7"), "[[classes]] no. 6: code: "),
    (('code = "FKY"', 'code = "ZGL"'), "[[classes]] ZGL: code: stands twice in the plan"),
    (('code = "FKY"\n', 'code = "FKY"\nscope = "x"\n'), "[[classes]] FKY: scope: unknown key"),
    (('types = ["FKY01", "FKY02", "FKY03"]', "types = []"), "[[classes]] FKY: types: "),
    (('types = ["FKY01", ', 'types = ["FKY09", '), "[[classes]] FKY: types: FKY09 has no rule"),
    (('types = ["FKY01", ', 'types = ["ZGL01", '), "[[classes]] ZGL: types: ZGL01 stands twice"),
    (('SXD01 = "ZP·AX"', 'KCQ01 = "ZP·AX"'), "[[classes]] SXD: categories.KCQ01: KCQ01 is not one of its types"),
    (('SXD01 = "ZP·AX"', 'SXD01 = "ZQ·AX"'), "[[classes]] SXD: categories.SXD01: there is no category 'ZQ·AX'"),
    (('scheme = "DAT22_ITEM"', 'scheme = "DAT99"'), "[[categories]] ZY·AX: scheme: there is no scheme 'DAT99'"),
    (('code = "LY·AX"', 'code = "ZP·AX"'), "[[categories]] ZP·AX: code: stands twice"),
    (("-{problem}-{item:4}", "-{problem}-{item}"), "[schemes.DAT22_ITEM] pattern: "),
    (('version = "2026-1"', "version = 2026"), "version: "),
    (('version = "2026-1"', 'version = "2026-1"\ncolour = "red"'), "colour: unknown key"),
]


@pytest.mark.parametrize(("change", "said"), ONE_FAULT, ids=[said for _, said in ONE_FAULT])
def test_a_fault_is_told_with_table_and_key(
    tmp_path: Path, schedule: Schedule, change: tuple[str, str], said: str
) -> None:
    assert any(fault.startswith(said) for fault in faults_of(tmp_path, schedule, change))


def test_faults_of_every_kind_in_one_file_are_told_at_once(tmp_path: Path, schedule: Schedule) -> None:
    changes = [
        ('version = "2026-1"', "version = 2026"),
        ("-{problem}-{item:4}", "-{problem}-{item}"),
        ('name_zh = "反馈"\n', ""),
        ('types = ["GZD01", "GZD02"]', 'types = ["GZD01", "GZD77"]'),
        ('code = "LY·AX"', 'code = "LY·2019"'),
    ]
    faults = faults_of(tmp_path, schedule, *changes)
    for said in (
        "version: ",
        "[schemes.DAT22_ITEM] pattern: ",
        "[[classes]] FKY: name_zh: ",
        "[[classes]] GZD: types: GZD77",
        "[[categories]] LY·2019: code: ",
        "[[classes]] SXD: categories.SXD02: there is no category 'LY·AX'",
    ):
        assert sum(fault.startswith(said) for fault in faults) == 1, said


def test_a_faulty_scheme_does_not_make_its_categories_faulty_too(tmp_path: Path, schedule: Schedule) -> None:
    assert len(faults_of(tmp_path, schedule, ("-{problem}-{item:4}", "-{problem}-{item}"))) == 1


def test_two_classes_whose_schemes_could_give_the_same_code_are_refused(tmp_path: Path, schedule: Schedule) -> None:
    # What the one scheme writes as category ZY·KCQ, the other writes as category ZY and fixed text.
    plan = """
code = "p"
version = "1"
name_zh = "x"
name_en = "x"
[schemes.A]
name_zh = "x"
name_en = "x"
pattern = "{fonds}-{category}·{problem}·{year}-{retention}-{item:4}"
[schemes.B]
name_zh = "x"
name_en = "x"
pattern = "{fonds}-{category}·KCQ·{problem}·{year}-{retention}-{item:4}"
[[categories]]
code = "ZY·KCQ"
name_zh = "x"
name_en = "x"
scheme = "A"
[[categories]]
code = "ZY"
name_zh = "x"
name_en = "x"
scheme = "B"
[[classes]]
code = "FAZ"
name_zh = "x"
name_en = "x"
category = "ZY·KCQ"
types = ["FAZ01", "FAZ02"]
categories = { FAZ02 = "ZY" }
"""
    (fault,) = faults_of(tmp_path, schedule, text=plan)
    assert fault.startswith("[schemes.")
    assert "could both be given the code" in fault
    assert "-ZY·KCQ·FAZ·1900-Y-0000" in fault


@pytest.mark.parametrize("text", ["", "code = ", "[[classes]]\n[classes]", "classes = 3", "schemes = []", "\x00"])
def test_a_file_that_is_no_plan_at_all_is_refused_in_words(tmp_path: Path, schedule: Schedule, text: str) -> None:
    assert faults_of(tmp_path, schedule, text=text)


def test_a_missing_file_and_one_that_is_no_utf_8_are_refused_in_words(tmp_path: Path, schedule: Schedule) -> None:
    with pytest.raises(BadSettings, match="No such file"):
        load_plan(tmp_path / "none.toml", schedule)
    (tmp_path / "gbk.toml").write_bytes('code = "分类"'.encode("gb18030"))
    with pytest.raises(BadSettings, match=r"gbk\.toml"):
        load_plan(tmp_path / "gbk.toml", schedule)
