"""Archival codes from the command line."""

from __future__ import annotations

from datetime import date, timedelta

from tests.archive_service.cli.conftest import Terminal

OWN = "{problem}·{year}-{item:4}"


def test_schemes_are_listed_made_and_tried(terminal: Terminal) -> None:
    listed = terminal.run("numbering", "schemes", "--as", "zhang.dang", "--json").json
    assert [one["name"] for one in listed] == ["DAT22_ITEM", "DAT13_ITEM"]
    tried = ("numbering", "next", "YSH05", "--fonds", "Q001", "--year", "1999", "--as", "zhang.dang")
    assert terminal.run(*tried, "--json").json["codes"][9] == "Q001-ZY·AX·1999-D30-YSH-0010"
    assert terminal.run(*tried, "--pattern", OWN).out.splitlines()[0] == "YSH·1999-0001"
    names = ("--name-zh", "自编", "--name-en", "Own", "--starts", "2099-01-01", "--as", "zhang.dang")
    made = terminal.run("numbering", "make", "ENT_FREE", "--pattern", OWN, *names, "--json")
    assert made.json == {"name": "ENT_FREE", "version": 1, "starts_on": "2099-01-01"}
    wrong = terminal.run("numbering", "make", "ENT_FREE", "--pattern", "{problem}", *names)
    assert wrong.code == 2
    assert "without item" in wrong.err
    assert "ENT_FREE" in terminal.run("numbering", "schemes", "--as", "zhang.dang").out


def test_numbers_are_reserved_used_withdrawn_and_looked_through(terminal: Terminal) -> None:
    acting = ("--as", "zhang.dang", "--json")
    wanted = ("--fonds", "Q001", "--year", "2021", "--retention", "D10", "--count", "3", "--purpose", "Box 7")
    until = (date.today() + timedelta(days=30)).isoformat()  # noqa: DTZ011
    codes = terminal.run("numbering", "reserve", "YSH05", *wanted, "--until", until, *acting).json["codes"]
    assert len(codes) == 3
    filed = terminal.file("YSH05", "盒中月报", "旧事", date="2021-03-01", code=codes[1].replace("-", "－"))
    assert filed["archival_code"] == codes[1]
    assert terminal.run("numbering", "void", codes[2], "--reason", "纸上写坏", *acting).json["code"] == codes[2]
    assert terminal.run("numbering", "void", codes[1], "--reason", "误", *acting).code == 5
    assert [one["code"] for one in terminal.run("numbering", "voids", *acting).json] == [codes[2]]
    assert terminal.run("numbering", "gaps", *acting).json == {"missing": []}
    done = terminal.run("numbering", "reclassify", codes[1], "--class", "YSH04", "--reason", "归错", *acting)
    assert done.code in (0, 1), done.err
    old = terminal.folder / "old.txt"
    old.write_text("Q001-ZY·AX·1999-长期-反馈-7\n", encoding="utf-8")
    (line,) = terminal.run("numbering", "legacy", str(old), "--map", "反馈=FKY", *acting).json
    assert line["proposals"][0]["code"] == "Q001-ZY·AX·1999-D30-FKY-0007"
    assert len(line["proposals"][0]["changes"]) == 3
