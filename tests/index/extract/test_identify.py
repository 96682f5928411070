"""PRONOM identifiers, from real signatures in a caged process."""

from __future__ import annotations

import io
import zipfile

from index.extract.identify import MOST_FILES, UNKNOWN, Given, identify

PDF = b"%PDF-1.4\n%\xe2\xe3\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0\x90wS\xde\0\0\0\0IEND\xaeB`\x82"


def given(data: bytes) -> Given:
    return Given(len(data), [data])


def test_several_files_are_told_apart_in_one_process() -> None:
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as zipped:
        zipped.writestr("a.txt", "x")
    found = identify([given(PDF), given(PNG), given(package.getvalue()), given(b"\0\1\2\3" * 20), given(b"")])
    assert found is not None
    assert [one.puid for one in found] == ["fmt/18", "fmt/11", "x-fmt/263", UNKNOWN, UNKNOWN]
    assert "Portable Document Format" in found[0].name


def test_of_a_large_file_beginning_and_end_are_enough() -> None:
    middle = 40
    chunks = [PDF[:9], *[bytes(1024 * 1024)] * middle, PDF[9:]]
    found = identify([Given(sum(map(len, chunks)), chunks), given(PNG)])
    assert found is not None
    assert [one.puid for one in found] == ["fmt/18", "fmt/11"]


def test_a_file_that_ends_too_early_gives_no_answer() -> None:
    assert identify([Given(1000, [PDF])]) is None


def test_a_process_takes_a_full_batch() -> None:
    found = identify([given(PNG)] * MOST_FILES)
    assert found is not None
    assert len(found) == MOST_FILES
