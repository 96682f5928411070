"""Settings: the example shows all of them, and a wrong one is said with everything else that is wrong."""

from __future__ import annotations

import itertools
import re
import tomllib
from pathlib import Path

import pytest

from archive_service.config import Settings, Table, load_settings, read_settings
from archive_service.errors import BadSettings

EXAMPLE = Path(__file__).resolve().parents[2] / "config.example.toml"


def settings_file(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(folder: Path, text: str) -> list[str]:
    with pytest.raises(BadSettings) as caught:
        load_settings(settings_file(folder, text))
    return caught.value.faults


def test_the_example_loads_and_is_nothing_but_the_defaults():
    assert load_settings(EXAMPLE).model_dump() == Settings().model_dump()


def test_the_example_shows_every_setting_and_no_other():
    shown = {table: set(keys) for table, keys in tomllib.loads(EXAMPLE.read_text(encoding="utf-8")).items()}
    tables = {name: field.annotation for name, field in Settings.model_fields.items()}
    known = {
        name: set(table.model_fields)
        for name, table in tables.items()
        if isinstance(table, type) and issubclass(table, Table)
    }
    assert shown == known


def test_every_setting_of_the_example_has_a_sentence_in_both_languages():
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    for before, line in itertools.pairwise(lines):
        if re.match(r"\w+ = ", line):
            assert re.match(r"# .*[\u4e00-\u9fff].*。 .*[a-z]{2}.*\.$", before), line


def test_without_a_file_every_default_holds():
    settings = load_settings(None)
    assert settings.model_dump() == Settings().model_dump()
    assert settings.data_dir == Path.cwd() / "var"


def test_relative_paths_start_from_the_settings_file(tmp_path: Path):
    settings = load_settings(settings_file(tmp_path, '[archive]\ndata_dir = "档案 data"\n[keys]\nroot = "../k"\n'))
    assert settings.data_dir == tmp_path / "档案 data"
    assert settings.key_file("root") == tmp_path / ".." / "k"
    assert settings.key_file("log") == tmp_path / "档案 data" / "keys" / "log.key"


def test_all_faults_are_said_at_once_with_file_table_and_key(tmp_path: Path):
    text = '[server]\nport = "8000"\nprot = 1\n[sever]\nport = 1\n[disposal]\ncooling_off_days = -1\n[archive]\nlanguage = "fr"\n'
    faults = faults_of(tmp_path, text)
    name = str(tmp_path / "config.toml")
    assert len(faults) == 5
    assert all(fault.startswith(name) for fault in faults)
    for place in (
        "[server] port: ",
        "[server] prot: ",
        "[sever]: ",
        "[disposal] cooling_off_days: ",
        "[archive] language: ",
    ):
        assert any(place in fault for fault in faults), place


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[server]\nport = "80"', "must be a whole number (given: '80')"),
        ("[server]\nport = 0", "must not be less than 1"),
        ("[server]\nport = 65536", "must not be more than 65535"),
        ("[server]\nport = true", "must be a whole number"),
        ("[archive]\nname_zh = 5", "must be text"),
        ('[archive]\nname_zh = ""', "must not be empty"),
        ('[archive]\ntime_zone = "Asia/Shangai"', "no such time zone: Asia/Shangai"),
        ('[archive]\nlanguage = "fr"', "must be 'zh' or 'en'"),
        ('[retention]\ncheck_at = "24:00"', "is not written as"),
        ("archive = 3", "must be a table"),
        ('base = "x"', "unknown key"),
        ('source = "x"', "unknown key"),
    ],
)
def test_each_fault_says_what_would_be_right(tmp_path: Path, text: str, said: str):
    (fault,) = faults_of(tmp_path, text)
    assert said in fault


@pytest.mark.parametrize("content", [b"[server\nport = 1", b"\xff\xfe\x00", b"a = 1\na = 2"])
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, content: bytes):
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    with pytest.raises(BadSettings, match=re.escape(str(path))):
        load_settings(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(BadSettings, match="nowhere"):
        load_settings(tmp_path / "nowhere.toml")


def test_what_is_sound_beside_a_fault_is_kept_for_further_checks(tmp_path: Path):
    settings, faults = read_settings(
        settings_file(tmp_path, '[server]\nport = "x"\nthreads = 3\n[catalog]\nplan = "own.toml"\n')
    )
    assert len(faults) == 1
    assert (settings.server.port, settings.server.threads, settings.catalog.plan) == (8000, 3, "own.toml")
