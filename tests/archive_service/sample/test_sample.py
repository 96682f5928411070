"""What the sample archive must be: real, varied, complete, openly invented, and careful with what is confidential."""

from __future__ import annotations

import csv
import re
import wave
from collections import Counter
from collections.abc import Mapping
from datetime import date
from email import policy
from email.parser import BytesParser
from pathlib import Path

import magic
import openpyxl
import pytest
from PIL import Image

from archive_service.catalog.collecting.manifest import Row, read_manifest
from archive_service.catalog.records.facts import checked_facts
from archive_service.errors import Conflict
from archive_service.sample import COLUMNS_EN, COLUMNS_ZH, PEOPLE, CaseFile, Sample, make_sample
from archive_service.sample.sources import cases, templates
from archive_service.sample.story import tell
from retention_policies import (
    Decision,
    Facts,
    Parent,
    State,
    Trigger,
    decide,
    default_schedule_path,
    load_schedule,
)

SCHEDULE = load_schedule(default_schedule_path())

LEVELS = {"", "PUB", "INT", "TS", "PI", "SEAL"}
NOTICES = ("虚构示例", "虛構示例", "Invented sample")
CONFIDENTIAL_BY_TYPE = {
    "TS": {"FAZ06", "KCQ02", "KCQ09", "ZGL05"},
    "PI": {"KCQ04", "KCQ07", "YYJ01"},
    "SEAL": {"JBJ02"},
}
MIME = {
    ".pdf": "application/pdf",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".wav": "audio/x-wav",
    ".html": "text/html",
    ".eml": "message/rfc822",
    ".txt": "text/plain",
    ".md": "text/plain",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}


def rows_of(case: CaseFile) -> list[dict[str, str]]:
    """The manifest's rows by their Chinese column names, whatever form the manifest has."""
    if case.manifest.suffix == ".xlsx":
        lines = [[str(cell or "") for cell in row] for row in openpyxl.load_workbook(case.manifest).active.values]
    else:
        with case.manifest.open(encoding="utf-8-sig", newline="") as source:
            lines = list(csv.reader(source))
    usual = len(COLUMNS_ZH)
    assert tuple(lines[0][:usual]) in (COLUMNS_ZH, COLUMNS_EN)
    heads = (*COLUMNS_ZH, *lines[0][usual:])
    return [dict(zip(heads, line, strict=True)) for line in lines[1:]]


def files_of(case: CaseFile, code: str) -> list[Path]:
    return [case.folder / name for row in rows_of(case) if row["类型"] == code for name in row["文件"].split(";")]


def read(case: CaseFile) -> list[Row]:
    """The manifest as the folder import reads it."""
    return read_manifest(case.manifest, SCHEDULE.facts.values())


def decided(case: CaseFile, row: Row) -> Decision:
    """What retention says of a row once its case is filed."""
    return decide(SCHEDULE.rules[row.values["class"]], _facts(case, row), date(2026, 11, 24))


def _facts(case: CaseFile, row: Row) -> Facts:
    main = [one for one in read(case) if row.values["parent"] in one.files]
    return Facts(
        document_date=date.fromisoformat(row.values["date"]),
        triggers={Trigger(name): on for name, on in case.events.items()},
        values=checked_facts(SCHEDULE.rules[row.values["class"]], row.facts),
        parents=tuple(Parent(SCHEDULE.rules[one.values["class"]], _facts(case, one)) for one in main),
    )


def case_numbered(sample: Sample, number: str) -> CaseFile:
    return next(case for case in sample.cases if case.case_no == number)


# ------------------------------------------------------------------------------------------------ the list and the files


def test_the_main_inspection_has_at_least_forty_records_over_nearly_all_kinds(sample: Sample) -> None:
    kinds = {row["类型"] for row in rows_of(sample.main)}
    assert sample.main.records >= 40
    assert len(kinds) >= 60


def test_every_row_has_its_files_and_every_file_has_its_row(sample: Sample) -> None:
    for case in sample.cases:
        named = [name for row in rows_of(case) for name in row["文件"].split(";")]
        there = {p.relative_to(case.folder).as_posix() for p in case.folder.rglob("*") if p.is_file()} - {
            case.manifest.name
        }
        assert set(named) == there
        assert len(named) == len(set(named))
        assert case.records == len(rows_of(case))


def test_every_row_is_in_the_form_that_the_import_reads(sample: Sample) -> None:
    for row in (row for case in sample.cases for row in rows_of(case)):
        assert re.fullmatch(r"[A-Z]{3}\d\d", row["类型"])
        assert row["密级"] in LEVELS
        assert str(date.fromisoformat(row["日期"]).year) == row["年度"]
        assert row["题名"]
        assert row["责任者"]
        assert "虚构示例" in row["备注"]


def test_photographs_and_recordings_name_their_main_record_in_the_same_list(sample: Sample) -> None:
    linked = {
        (row["类型"], main["类型"])
        for case in sample.cases
        for row in rows_of(case)
        for main in rows_of(case)
        if row["主件"] and row["主件"] == main["文件"].split(";")[0]
    }
    assert linked == {("SXD01", "KCQ03"), ("SXD01", "ZGL04"), ("SXD02", "KCQ04")}
    media = [row for case in sample.cases for row in rows_of(case) if row["类型"].startswith("SXD")]
    assert all(row["主件"] for row in media)


def test_no_record_of_the_sample_is_in_doubt_and_what_is_open_waits_for_an_event(sample: Sample) -> None:
    states = {
        (case.case_no, row.values["class"]): decided(case, row).state for case in sample.cases for row in read(case)
    }
    assert State.KEEP_UNSURE not in states.values()
    open_case = {
        kind for (number, kind), state in states.items() if state is State.CLOCK_PENDING and number[2:6] < "2026"
    }
    assert open_case == {"GZD02"}, "criteria in force wait until they are superseded; everything else is settled"


def test_answers_in_the_list_agree_with_what_the_papers_tell(sample: Sample, texts: Mapping[Path, str]) -> None:
    for number, told, action in (
        ("AX2024-003", "无人员死亡或重伤", State.RUNNING),
        ("AX2022-002", "重伤一人", State.PERMANENT),
    ):
        case = case_numbered(sample, number)
        assert told in texts[files_of(case, "KCQ10")[0]]
        (row,) = (row for row in read(case) if row.values["class"] == "KCQ10")
        assert decided(case, row).state is action


def test_the_small_inspections_have_six_to_ten_records(sample: Sample) -> None:
    assert all(6 <= case.records <= 10 for case in sample.cases if case is not sample.main)


def test_a_manifest_comes_as_csv_with_and_without_mark_in_english_and_as_workbook(sample: Sample) -> None:
    heads = {case.manifest.read_bytes()[:6] for case in sample.cases}
    assert {case.manifest.suffix for case in sample.cases} == {".csv", ".xlsx"}
    assert any(head.startswith(b"\xef\xbb\xbf") for head in heads)
    assert any(head.startswith(b"file") for head in heads)


def test_some_records_have_several_files(sample: Sample) -> None:
    assert sum(";" in row["文件"] for row in rows_of(sample.main)) >= 6


# ------------------------------------------------------------------------------------------------ the kinds of file


def test_every_file_is_recognised_by_its_content(texts: Mapping[Path, str]) -> None:
    for path in texts:
        found = magic.from_file(str(path), mime=True)
        # libmagic names the family only, when the parts of an office file stand in the order of these libraries.
        if found == "application/octet-stream" and path.suffix in (".docx", ".pptx"):
            assert magic.from_file(str(path)) == "Microsoft OOXML"
        else:
            assert found == MIME[path.suffix], path.name


def test_all_the_kinds_that_users_have_are_there(texts: Mapping[Path, str]) -> None:
    kinds = Counter(path.suffix for path in texts)
    assert set(kinds) == set(MIME)


def test_one_text_is_gb18030_and_one_is_written_in_traditional_characters(
    sample: Sample, texts: Mapping[Path, str]
) -> None:
    path = files_of(case_numbered(sample, "AX2014-002"), "QDH02")[0]
    with pytest.raises(UnicodeDecodeError):
        path.read_bytes().decode("utf-8")
    assert "安全生产责任制" in path.read_bytes().decode("gb18030")
    assert any("安全生產" in text for text in texts.values())


def test_mails_carry_an_attachment_that_is_a_word_file(texts: Mapping[Path, str]) -> None:
    for path in (path for path in texts if path.suffix == ".eml"):
        mail = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
        (attached,) = mail.iter_attachments()
        assert attached.get_filename().endswith(".docx")
        assert attached.get_content()[:2] == b"PK"


def test_pictures_carry_the_day_of_their_record(sample: Sample) -> None:
    for row in (row for row in rows_of(sample.main) if row["类型"] == "SXD01"):
        for name in row["文件"].split(";"):
            with Image.open(sample.main.folder / name) as image:
                taken = image.getexif().get_ifd(0x8769)[0x9003]
            assert taken[:10] == row["日期"].replace("-", ":")


def test_the_sound_is_a_few_seconds_long_and_still_a_valid_wave_file(sample: Sample) -> None:
    with wave.open(str(files_of(sample.main, "SXD02")[0])) as sound:
        assert 3 < sound.getnframes() / sound.getframerate() < 6


# ------------------------------------------------------------------------------------------------ what the papers say


def test_every_file_says_that_it_is_invented(texts: Mapping[Path, str]) -> None:
    silent = [path.name for path, text in texts.items() if not any(notice in text for notice in NOTICES)]
    assert silent == []


def test_papers_are_long_enough_to_be_worth_searching(texts: Mapping[Path, str]) -> None:
    written = {p: t for p, t in texts.items() if p.suffix not in (".jpg", ".png", ".wav") and "附件" not in p.name}
    short = [path.name for path, text in written.items() if len(text) < 300]
    assert short == []


def test_no_gap_of_a_template_is_left_open(texts: Mapping[Path, str]) -> None:
    assert [
        path.name
        for path, text in texts.items()
        if path.suffix not in (".html", ".wav") and re.search(r"\{[a-z]", text)
    ] == []


@pytest.mark.parametrize(
    "words",
    [
        "隐患",
        "动火作业",
        "有限空间",
        "应急演练",
        "消防通道",
        "安全生产责任制",
        "整改验收",
        "hot work",
        "瓦斯",
        "脚手架",
        "脱硫",
    ],
)
def test_each_usual_search_finds_some_papers_and_not_all(words: str, texts: Mapping[Path, str]) -> None:
    hits = [path for path, text in texts.items() if words in text.lower()]
    assert 0 < len(hits) < len(texts) * 0.8


def test_usual_searches_find_different_papers(texts: Mapping[Path, str]) -> None:
    words = ("隐患", "动火作业", "有限空间", "应急演练", "消防通道", "安全生产责任制")
    found = [frozenset(path for path, text in texts.items() if word in text) for word in words]
    assert len(set(found)) == len(words)


@pytest.mark.parametrize("code", ["KCQ03", "PGF01", "FKY01", "ZGL01", "ZGL02", "ZBG01"])
def test_the_same_shortcomings_run_through_the_whole_case(code: str, sample: Sample, texts: Mapping[Path, str]) -> None:
    findings = tell(next(spec for spec in cases() if spec.no == sample.main.case_no), 7).findings
    said = "".join(texts[path] for path in files_of(sample.main, code))
    assert all(finding.fact in said for finding in findings[:4])


def test_every_template_is_used_by_some_case() -> None:
    used = {entry.partition("=")[0] for spec in cases() for entry in spec.records}
    assert used == set(templates())


# ------------------------------------------------------------------------------------------------ what is confidential


@pytest.mark.parametrize("level", ["TS", "PI", "SEAL"])
def test_each_confidential_level_is_there(level: str, sample: Sample) -> None:
    assert CONFIDENTIAL_BY_TYPE[level] <= {row["类型"] for row in rows_of(sample.main)}


def test_questionnaires_hold_no_personal_column(sample: Sample) -> None:
    personal = re.compile(r"姓名|电话|手机|身份证|邮箱|工号|部门|班组|\bIP\b|name|phone|mail", re.IGNORECASE)
    papers = [path for case in sample.cases for path in files_of(case, "KCQ07")]
    assert len(papers) >= 2
    for path in papers:
        sheet = openpyxl.load_workbook(path)["原始答卷"]
        head = [str(cell) for cell in next(sheet.iter_rows(min_row=4, max_row=4, values_only=True))]
        assert [cell for cell in head if personal.search(cell)] == []
        assert sheet.max_row > 30


def test_the_reporter_is_named_in_the_sealed_paper_and_nowhere_else(sample: Sample, texts: Mapping[Path, str]) -> None:
    reporter = next(spec for spec in cases() if spec.reporter).reporter
    (sealed,) = files_of(sample.main, "JBJ02")
    assert all(value in texts[sealed] for value in reporter.values())
    others = "".join(text for path, text in texts.items() if path != sealed)
    lists = "".join(case.manifest.read_bytes().decode("utf-8", "ignore") for case in sample.cases)
    assert [value for value in reporter.values() if value in others + lists] == []


def test_the_open_table_of_contents_does_not_name_confidential_papers(
    sample: Sample, texts: Mapping[Path, str]
) -> None:
    listed = "".join(texts[path] for path in files_of(sample.main, "DAG01"))
    for row in rows_of(sample.main):
        if row["类型"] in {"KCQ04", "JBJ02", "JBJ03", "YYJ01"}:
            assert row["题名"] not in listed


# ------------------------------------------------------------------------------------------------ cases and people


def test_ten_year_papers_of_three_old_cases_are_due(sample: Sample) -> None:
    old = [case for case in sample.cases if case.closed and case.closed.year + 11 <= 2026]
    assert [case.closed.year for case in old if case.closed] == [2013, 2014, 2015]
    for case in old:
        assert {row["类型"] for row in rows_of(case)} & {"FAZ06", "QDH01", "KCQ02", "KCQ07", "KCQ11"}


def test_exactly_one_case_is_open_and_its_papers_are_not_from_the_future(sample: Sample) -> None:
    (case,) = [case for case in sample.cases if case.closed is None]
    assert all(date.fromisoformat(row["日期"]) <= date(2026, 11, 24) for row in rows_of(case))


def test_the_main_case_has_every_event_that_its_records_wait_for(sample: Sample) -> None:
    assert sample.main.case_no == "AX2024-003"
    assert sample.main.closed == date(2024, 12, 31)
    assert {"RECT_ACCEPTED", "CASE_CLOSED", "REPORT_RESOLVED", "DECISION_EFFECTIVE", "CREDIT_CLEARED"} <= set(
        sample.main.events
    )


def test_cases_belong_to_the_fonds_and_enterprises_that_are_named(sample: Sample) -> None:
    assert {case.fonds for case in sample.cases} == {fonds.number for fonds in sample.fonds} == {"Q001", "J001"}
    assert {case.enterprise for case in sample.cases} == {enterprise.code for enterprise in sample.enterprises}


def test_the_three_administrators_are_three_people() -> None:
    three = {"auditor", "system_administrator", "security_administrator"}
    assert all(len(three & set(person.roles)) <= 1 for person in PEOPLE)
    assert three <= {role for person in PEOPLE for role in person.roles}


def test_the_cast_is_large_enough_for_two_approvals_and_an_appraisal() -> None:
    roles = Counter(role for person in PEOPLE for role in person.roles)
    assert (roles["archivist"], roles["appraiser"], roles["approver"]) == (2, 2, 3)
    assert len({person.login for person in PEOPLE}) == len(PEOPLE)


# ------------------------------------------------------------------------------------------------ making it


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(Conflict):
        make_sample(tmp_path, seed=7)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_the_same_seed_tells_the_same_story_and_another_seed_another() -> None:
    spec = cases()[0]
    assert tell(spec, 7).words == tell(spec, 7).words
    assert tell(spec, 7).words != tell(spec, 8).words
