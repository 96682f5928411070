"""Retention, disposal, audit, doctor, index and people from the command line; exit codes; wrong settings."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import click
import pytest

from archive_service.cli.main import COMMANDS, archive_service
from archive_service.cli.output import EXIT_CODES, harmless
from archive_service.errors import ArchiveError
from tests.archive_service.cli.conftest import Terminal

ROOT = Path(__file__).resolve().parents[3]


def test_a_record_that_is_due_is_explained_forecast_and_queued_once(terminal: Terminal):
    code = terminal.file("YSH05", "早年月报", "旧事", date="2010-06-01")["archival_code"]
    explained = terminal.run("retention", "explain", code, "--as", "zhang.dang", "--json").json
    assert (explained["state"], explained["due_on"], explained["period"]) == ("DUE", "2021-01-01", "D10")
    assert set(explained["sentence"]) == {"zh", "en"}
    forecast = terminal.run("retention", "forecast", "--as", "zhang.dang", "--json").json
    assert {"month": "2021-01", "class": "YSH", "count": 1} in forecast
    first = terminal.run("retention", "check", "--as", "zhang.dang", "--json").json
    second = terminal.run("retention", "check", "--as", "zhang.dang", "--json").json
    assert (first["queued"], second["queued"]) == (1, 0)


def test_two_processes_at_once_queue_nothing_twice(terminal: Terminal):
    terminal.file("YSH05", "另一份早年月报", "旧事", date="2010-07-01")
    command = [sys.executable, "-m", "archive_service", "--config", str(terminal.config), "--as", "zhang.dang"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "ARCHIVE_LANG": "en"}
    both = [
        subprocess.Popen([*command, "retention", "check"], stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(2)
    ]
    said = "".join(process.communicate(timeout=60)[0] for process in both)
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(line.split(": ")[1].split(" queued")[0] for line in said.splitlines()) == ["0", "1"]


def test_lists_can_be_looked_at_and_nothing_else(terminal: Terminal):
    group = archive_service.get_command(click.Context(archive_service), "disposal")
    assert isinstance(group, click.Group)
    assert set(group.commands) == {"lists", "show", "verify"}
    assert terminal.run("disposal", "lists", "--as", "zhang.dang", "--json").json == []
    assert "no disposal lists" in terminal.run("disposal", "lists", "--as", "zhang.dang").out
    assert terminal.run("disposal", "show", "CZ2026-001", "--as", "zhang.dang").code == 4
    assert terminal.run("disposal", "lists", "--as", "wang.yue").code == 3


def test_a_certificate_that_proves_nothing_is_refused(terminal: Terminal):
    path = terminal.folder / "certificate.json"
    path.write_text("{}")
    ran = terminal.run("disposal", "verify", str(path), "--json")
    assert (ran.code, ran.json["sound"]) == (1, False)
    key = terminal.folder / "key.txt"
    key.write_text("no key")
    assert terminal.run("disposal", "verify", str(path), "--key", str(key)).code == 2
    path.write_text("no json")
    assert terminal.run("disposal", "verify", str(path)).code == 2


def test_the_log_is_verified_exported_and_anchored(terminal: Terminal):
    verified = terminal.run("audit", "verify", "--as", "zhao.shen", "--json")
    assert (verified.code, verified.json["sound"], verified.json["findings"]) == (0, True, [])
    folder = terminal.folder / "export"
    assert terminal.run("audit", "export", str(folder), "--as", "zhao.shen").code == 0
    assert len((folder / "log.jsonl").read_text().splitlines()) >= verified.json["entries"]
    assert terminal.run("audit", "export", str(folder), "--as", "wang.yue").code == 3
    assert terminal.run("audit", "checkpoint", "--as", "zhao.shen").out.startswith("archive-service/")


def test_everything_agrees_for_the_doctor(terminal: Terminal):
    ran = terminal.run("doctor", "--as", "sun.xi", "--json")
    assert [finding for finding in ran.json["findings"] if finding["place"] != "extraction"] == []


def test_the_index_is_told_and_made_anew_by_the_system_administrator_only(terminal: Terminal):
    before = terminal.run("index", "status", "--as", "sun.xi", "--json").json
    assert terminal.run("index", "rebuild", "--as", "zhang.dang").code == 3
    assert terminal.run("index", "rebuild", "--as", "sun.xi").code == 0
    assert terminal.run("index", "status", "--as", "sun.xi", "--json").json["indexed"] == before["indexed"]


def test_a_person_is_added_without_rights_and_given_them_by_another_hand(terminal: Terminal):
    added = terminal.run("people", "add", "xin.ren", "新人", "--as", "sun.xi")
    assert added.code == 0
    assert terminal.run("people", "add", "xin.ren", "新人", "--as", "sun.xi").code == 5
    assert terminal.run("people", "rights", "xin.ren", "--role", "reader", "--as", "sun.xi").code == 3
    assert terminal.run("people", "rights", "xin.ren", "--role", "reader", "--as", "zhou.an").code == 0
    listed = {one["login"]: one for one in terminal.run("people", "list", "--as", "zhou.an", "--json").json}
    assert listed["xin.ren"]["roles"] == ["reader"]
    assert terminal.run("people", "list", "--as", "wang.yue").code == 3


CARE = (("audit", "verify"), ("audit", "checkpoint"), ("doctor",), ("index", "status"))


@pytest.mark.parametrize("command", CARE)
def test_who_looks_after_the_archive_acts_with_rights_of_their_own(terminal: Terminal, command: tuple[str, ...]):
    assert terminal.run(*command).code == 2
    assert terminal.run(*command, "--as", "nobody").code == 4
    assert terminal.run(*command, "--as", "wang.yue").code == 3


def test_every_command_that_answers_can_answer_a_program():
    context = click.Context(archive_service)
    for name in COMMANDS:
        command = archive_service.get_command(context, name)
        for one in command.commands.values() if isinstance(command, click.Group) else [command]:
            assert one is not None
            if one.name != "serve":
                assert any("--json" in parameter.opts for parameter in one.params), (name, one.name)


def test_help_is_there_in_both_languages_for_every_command_and_option():
    context = click.Context(archive_service)
    found: list[click.Command] = [archive_service]
    for name in COMMANDS:
        command = archive_service.get_command(context, name)
        assert command is not None
        found += [command, *(command.commands.values() if isinstance(command, click.Group) else ())]
    for command in found:
        for text in (command.help, *(one.help for one in command.params if isinstance(one, click.Option))):
            assert all((text or "").partition(" \u2016 ")), (command.name, text)


def test_help_speaks_the_language_of_the_terminal(terminal: Terminal):
    assert terminal.run("accession", "--help", language="zh").out.startswith("用法：archive-service accession")
    assert "必填" in terminal.run("accession", "--help", language="zh").out
    assert "OPTIONS" not in terminal.run("audit", "--help", language="zh").out
    english = terminal.run("audit", "--help", language="en").out
    assert "Keep the present signed head" in english
    assert re.search("[\u4e00-\u9fff]", english) is None


@pytest.mark.parametrize(
    ("command", "zh", "en"),
    [
        (("show",), "缺少 'CODE'", "Missing argument 'CODE'"),
        (("shew",), "没有命令 shew", "No such command 'shew'"),
        (("show", "--prot"), "没有选项 --prot", "No such option '--prot'"),
        (("retention", "forecast", "--years", "x"), "'--years' 的值不可用", "Invalid value for '--years'"),
        (("accession", "--fonds", "Q001"), "请给出要归档的文件", "Name the files"),
    ],
)
def test_a_wrong_command_line_is_said_in_the_language_of_the_terminal(
    terminal: Terminal, command: tuple[str, ...], zh: str, en: str
):
    chinese, english = terminal.run(*command, language="zh"), terminal.run(*command, language="en")
    assert (chinese.code, english.code) == (2, 2)
    assert zh in chinese.err
    assert chinese.err.startswith("错误：")
    assert en in english.err
    assert "--help" in english.err


def test_a_program_hears_of_an_error_in_json(terminal: Terminal):
    ran = terminal.run("show", "Q001-X", "--as", "wang.yue", "--json")
    error = json.loads(ran.err)["error"]
    assert (ran.code, ran.out, error["exit_code"], bool(error["zh"] and error["en"])) == (4, "", 4, True)


def test_who_acts_must_be_said_and_known(terminal: Terminal):
    unsaid = terminal.run("search", "任何")
    assert (unsaid.code, "--as" in unsaid.err) == (2, True)
    assert terminal.run("search", "任何", "--as", "nobody").code == 4


def test_an_error_is_one_sentence_in_the_language_of_the_terminal(terminal: Terminal):
    assert terminal.run("search", "任何", language="zh").err.startswith("错误：")
    assert terminal.run("search", "任何", language="en").err.startswith("Error: ")


def test_a_row_edited_by_hand_ends_verify_with_its_own_code_and_names_the_place(terminal: Terminal, tmp_path: Path):
    terminal.file("YSH05", "将被改动", "内容")
    copy = Terminal(tmp_path / "copy")
    shutil.copytree(terminal.folder, copy.folder)
    with sqlite3.connect(copy.folder / "var" / "catalogue.db") as connection:
        connection.execute("UPDATE record SET title = title || '改' ")
    ran = copy.run("audit", "verify", "--as", "zhao.shen", "--json")
    assert ran.code == 1
    assert all(finding["place"].startswith("record/") for finding in ran.json["findings"])
    assert copy.run("doctor", "--as", "zhao.shen").code == 1


def test_everything_wrong_with_the_settings_is_said_at_once_and_nothing_starts(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("archive_service.cli.setup.forbid_core_dumps", lambda: True)
    copy = Terminal(tmp_path / "copy")
    shutil.copytree(terminal.folder, copy.folder)
    (copy.folder / "var" / "keys" / "log.key").unlink()
    (copy.folder / "own.toml").write_text('[schedule]\ncode = "X"\n')
    copy.config.write_text('[server]\nprot = 1\nport = "x"\n[catalog]\nschedule = "own.toml"\n')
    ran = copy.run("serve")
    assert ran.code == 8
    for part in ("[server] prot", "[server] port", "[keys] log", "own.toml"):
        assert part in ran.err
    copy.config.write_text('[catalog]\nschedule = "nowhere.toml"\nplan = "lost.toml"\n')
    ran = copy.run("serve")
    assert ran.code == 8
    for part in ("[keys] log", "[catalog] schedule: ", "nowhere.toml", "[catalog] plan: ", "lost.toml"):
        assert part in ran.err


def test_a_port_that_is_taken_is_said_with_what_to_do(terminal: Terminal, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("archive_service.cli.setup.forbid_core_dumps", lambda: True)  # it would bind this process too
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        ran = terminal.run("serve", "--port", str(port))
    assert ran.code == 6
    assert f"127.0.0.1:{port}" in ran.err
    assert "PORT=" in ran.err


def test_a_command_before_the_founding_says_what_to_do(tmp_path: Path):
    terminal = Terminal(tmp_path)
    terminal.config.write_text("")
    ran = terminal.run("doctor", "--as", "sun.xi")
    assert (ran.code, "archive-service init" in ran.err) == (4, True)


def test_a_schedule_that_is_missing_is_said_before_the_founding_too(tmp_path: Path):
    terminal = Terminal(tmp_path)
    terminal.config.write_text('[catalog]\nschedule = "nowhere.toml"\n')
    ran = terminal.run("doctor", "--as", "sun.xi")
    assert (ran.code, "[catalog] schedule: " in ran.err, str(terminal.config) in ran.err) == (8, True, True)


def test_founding_twice_changes_nothing(terminal: Terminal):
    ran = terminal.run("init")
    assert (ran.code, "exists" in ran.out) == (0, True)


def test_every_kind_of_error_has_a_code_of_its_own():
    kinds = {kind for kind in ArchiveError.__subclasses__() if kind.__module__ == ArchiveError.__module__}
    assert kinds <= set(EXIT_CODES)
    assert sorted(EXIT_CODES.values()) == list(range(2, 2 + len(EXIT_CODES)))


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_the_readme_names_every_command_and_every_exit_code(readme: str):
    text = (ROOT / readme).read_text(encoding="utf-8")
    context = click.Context(archive_service)
    for name in COMMANDS:
        assert f"`{name}" in text, name
        command = archive_service.get_command(context, name)
        for part in command.commands if isinstance(command, click.Group) else ():
            assert part in text, f"{name} {part}"
    for code in (0, 1, *EXIT_CODES.values()):
        assert re.search(rf"[：:；，,]\s?{code} ", text), code


def test_what_comes_from_outside_steers_no_terminal():
    assert harmless("报告\u202egpj.exe\x1b[2J\n第二行") == "报告<202E>gpj.exe<001B>[2J\n第二行"
