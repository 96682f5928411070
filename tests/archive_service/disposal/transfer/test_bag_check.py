"""Bags from elsewhere are judged as the BagIt conformance suite judges them."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

import pytest

from archive_service.disposal.transfer.bag_check import check_bag, leads_out

VALID = ("valid", "warning")
NUMBER = 60
"""Cases in the suite, those for other operating systems included."""


@pytest.fixture(scope="module")
def suite(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bags")
    with tarfile.open(corpus / "vectors" / "bagit-conformance-suite.tar.xz") as packed:
        packed.extractall(folder, filter="data")
    # One case came without the file that it is about, which git ignores.
    lacking = folder / "v0.97" / "warning" / "special-system-files"
    assert not check_bag(lacking).valid
    (lacking / "data" / ".DS_Store").touch()
    return folder


@pytest.mark.corpus
def test_every_case_of_the_conformance_suite_is_judged_right(suite: Path) -> None:
    cases = sorted(one for one in suite.glob("v*/*/*") if one.is_dir())
    assert len(cases) == NUMBER
    wrong = {}
    for bag in cases:
        report = check_bag(bag)
        if report.valid != (bag.parent.name in VALID) or (bag.parent.name == "warning" and not report.warnings):
            wrong[bag.relative_to(suite).as_posix()] = report
    assert wrong == {}


@pytest.mark.corpus
def test_a_link_in_a_bag_is_refused_and_not_followed(suite: Path, tmp_path: Path) -> None:
    bag = tmp_path / "bag"
    shutil.copytree(suite / "v1.0" / "valid" / "basicBag", bag)
    (bag / "data" / "more").symlink_to("/etc/passwd")
    said = [one.en for one in check_bag(bag).faults]
    assert said == ["data/more is a link or a special file, which is not taken in."]


@pytest.mark.parametrize("name", ["/etc/x", "~root/x", "data/../../x", "C:x", "\\\\host\\x", "data//x", "%HOME%/x"])
def test_a_path_that_leads_out_is_known(name: str) -> None:
    assert leads_out(name)
    assert not leads_out(f"data/安全/x·{len(name)}.txt")


@pytest.mark.corpus
def test_a_file_beside_one_of_nearly_the_same_name_is_not_taken_for_it(suite: Path, tmp_path: Path) -> None:
    bag = tmp_path / "bag"
    shutil.copytree(suite / "v1.0" / "valid" / "basicBag", bag)
    one = next(path for path in (bag / "data").iterdir() if path.is_file())
    one.with_name(one.name.swapcase()).write_bytes(b"smuggled in")
    assert not check_bag(bag).valid
