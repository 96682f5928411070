"""Backup, restore, drill and rebuild from the command line, in both languages."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.archive_service.cli.conftest import Terminal

SYSTEM, AUDITOR = ("--as", "sun.xi"), ("--as", "zhao.shen")


def lose(terminal: Terminal, lost: Path) -> None:
    lost.mkdir()
    for path in (terminal.folder / "var").glob("catalogue.db*"):
        shutil.move(path, lost)


def test_a_catalogue_comes_back_from_its_backup_and_without_one(terminal: Terminal) -> None:
    assert terminal.run("backup", "create", *SYSTEM).code == 2, "no folder is set"
    with terminal.config.open("a") as file:
        file.write('[backup]\ndir = "backups"\n')
    code = terminal.file("YSH05", "月报", "罐区")["archival_code"]
    assert terminal.run("backup", "create", *AUDITOR).code == 3
    made = terminal.run("backup", "create", *SYSTEM, "--json")
    assert made.code == 0, made.err
    assert terminal.run("backup", "verify", "--json").json["parts"] == ["catalogue", "keyring"]
    drilled = terminal.run("backup", "drill", *SYSTEM, "--json")
    assert (drilled.code, drilled.json["findings"], drilled.json["records"]) == (0, [], 1), drilled.out
    later = terminal.file("YSH05", "备份后的月报", "罐区")["archival_code"]
    assert terminal.run("audit", "checkpoint", *AUDITOR).code == 0
    assert terminal.run("backup", "restore").code == 5, "a catalogue that stands is not written over"
    lose(terminal, terminal.folder / "first")
    for said in (("init",), ("show", code, "--as", "zhang.dang")):
        gone = terminal.run(*said)
        assert (gone.code, "backup restore" in gone.err) == (6, True), gone.err
    assert not (terminal.folder / "var" / "catalogue.db").exists(), "no empty catalogue takes its place"
    restored = terminal.run("backup", "restore", "--json")
    assert (restored.code, restored.json["missing"]) == (0, []), restored.out
    lose(terminal, terminal.folder / "second")
    rebuilt = terminal.run("vault", "rebuild", language="zh")
    assert rebuilt.code == 0, rebuilt.out
    assert "登录会话" in rebuilt.out
    for one in (code, later):
        assert terminal.run("show", one, "--as", "zhang.dang").code == 0
    assert terminal.run("audit", "verify", *AUDITOR, "--json").json["sound"]
