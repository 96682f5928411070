"""Archival codes from the command line."""

from __future__ import annotations

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
