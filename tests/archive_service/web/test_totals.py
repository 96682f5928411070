"""Registers that count, taken from the page of reports as PDF and XLSX."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook

from tests.archive_service.web.conftest import House


@pytest.fixture(scope="module")
def filed(house: House) -> str:
    client = house.client("lin")
    for type_code, level in (("YSH05", ""), ("GZD01", "TS")):
        form = {"fonds": "Q001", "case": "AX2024-001", "type": type_code, "title": "统计样件", "date": "2024-03-01"}
        data = {**form, "level": level, "files": [(io.BytesIO("内容".encode()), "a.txt")]}
        assert client.post("/file", data=data).status_code == 303
    return str(house.archive.clock.today().year)


def rows(house: House, login: str, address: str) -> list[tuple]:
    answer = house.client(login).get(address)
    assert answer.status_code == 200, answer.text
    return [row for row in load_workbook(io.BytesIO(answer.data)).active.iter_rows(values_only=True) if any(row)]


def test_the_general_register_counts_only_what_the_person_may_see(house: House, filed: str):
    def held(login: str) -> int:
        return next(row[2] for row in rows(house, login, "/reports/ledger.xlsx") if str(row[1]) == filed)

    assert (held("lin"), held("wang")) == (2, 1)
    last = next(row for row in rows(house, "lin", "/reports/ledger.xlsx") if str(row[1]) == filed)
    assert last[2:9] == (2, 0, 0, 2, 0, 0, 2)


def test_the_yearly_report_needs_a_year_and_gives_figures(house: House, filed: str):
    client = house.client("lin")
    assert client.get("/reports/yearly.pdf").status_code == 422
    assert client.get(f"/reports/yearly.pdf?year={filed}").data.startswith(b"%PDF")
    figures = {row[1]: row[2] for row in rows(house, "lin", f"/reports/yearly.xlsx?year={filed}")}
    assert (figures["本年收进"], figures["本年销毁"], figures["现有电子文件"]) == (2, 0, 2)
    assert (figures["本年移出"], figures["现在库：照片"], figures["本年利用"], figures["库房"]) == (0, 0, 0, 0)
    theirs = {row[1]: row[2] for row in rows(house, "wang", f"/reports/yearly.xlsx?year={filed}")}
    assert (theirs["本年收进"], "本年利用" in theirs, "库房" in theirs) == (1, False, False)


def test_notes_and_recordings_are_written_too(house: House, filed: str):
    client = house.client("lin")
    assert client.get("/reports/case-note.pdf?case=AX2024-001").data.startswith(b"%PDF")
    assert client.get("/reports/recordings.pdf").data.startswith(b"%PDF")
    page = client.get("/reports/").text
    for name in ("总登记簿", "统计年报", "卷内备考表", "音像档案目录"):
        assert name in page


def test_the_registers_of_the_archive_itself_tell_only_what_the_person_may_see(house: House, filed: str):
    for login, count in (("lin", 2), ("wang", 1)):
        catalogues = rows(house, login, "/reports/catalogues.xlsx")
        assert len([row for row in catalogues if isinstance(row[0], int)]) == count, (
            "one for each class, year and period"
        )
    client = house.client("lin")
    assert client.get(f"/reports/moved.xlsx?year={filed}").status_code == 200
    assert client.get("/reports/moved.pdf").status_code == 422
    assert house.client("wang").get(f"/reports/moved.xlsx?year={filed}").status_code == 403
    assert client.get("/reports/transferred.pdf").data.startswith(b"%PDF")
    for address in (
        "cover.pdf?case=AX2024-001",
        "stamps.pdf?year=2024",
        "stamps.pdf?code=Q001-ZY·AX·2024-D10-YSH-0001",
    ):
        assert client.get(f"/reports/{address}").data.startswith(b"%PDF"), address
    assert client.get("/reports/stamps.pdf?year=1950").status_code == 422
