"""A founded archive, and the command line run in this process as a person would run it."""

from __future__ import annotations

import io
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from archive_service.archive import found_archive, open_archive
from archive_service.cli import main
from archive_service.config import load_settings
from archive_service.people.service import NewPerson
from archive_service.sample.people import PEOPLE

OPEN_WORDS = "罐区现场检查：动火作业审批缺失。"
SECRET = "绝不外泄的配方编号柒叁玖"


@dataclass(frozen=True)
class Ran:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Terminal:
    """A terminal beside an archive."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    def run(self, *said: str, language: str = "en") -> Ran:
        """Run ``archive-service`` with these words."""
        out, err, code = io.StringIO(), io.StringIO(), 0
        argv = ["archive-service", "--config", str(self.config), *said]
        with (
            redirect_stdout(out),
            redirect_stderr(err),
            patch.dict(os.environ, ARCHIVE_LANG=language),
            patch.object(sys, "argv", argv),
        ):
            try:
                main()
            except SystemExit as ended:
                code = int(ended.code or 0)
        return Ran(code, out.getvalue(), err.getvalue())

    def file(self, type_code: str, title: str, text: str, date: str = "2024-03-01", **more: str) -> Any:
        """File one record as an archivist and return the receipt."""
        path = self.folder / f"{title}.txt"
        path.write_text(text, encoding="utf-8")
        options = [word for name, value in more.items() for word in (f"--{name}", value)]
        said = ["--fonds", "Q001", "--class", type_code, "--title", title, "--date", date, *options]
        ran = self.run("accession", str(path), *said, "--as", "zhang.dang", "--json")
        assert ran.code == 0, ran.err
        return ran.json


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """An archive with the usual people, one fonds, and nothing in it."""
    terminal = Terminal(tmp_path_factory.mktemp("命令 line"))
    terminal.config.write_text('[archive]\nname_zh = "试验档案室"\n', encoding="utf-8")
    settings = load_settings(terminal.config)
    cast = [NewPerson(one.login, one.name_zh, frozenset(one.roles), frozenset(one.clearance)) for one in PEOPLE]
    found_archive(settings, tuple(cast))
    archive = open_archive(settings)
    archive.cases.open_fonds(archive.people.by_login("zhang.dang"), "Q001", "示例集团", "Sample group", "enterprise")
    archive.close()
    return terminal
