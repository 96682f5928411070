"""A manifest: the table (CSV or XLSX) that says what the files of a folder are.

The first line names the columns, in Chinese or English. A column that the archive does not know is refused, for what
stands in it would be lost without a word; one whose name is left empty is passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from archive_service.catalog.collecting.sheets import Line, read_csv, read_xlsx
from archive_service.catalog.dates import parse_date
from archive_service.errors import BadInput, Text
from retention_policies import FactQuestion

__all__ = [
    "COLUMNS",
    "LARGEST",
    "Manifest",
    "Row",
    "find_manifest",
    "open_manifest",
    "parse_date",
    "parse_manifest",
    "parse_mapping",
    "read_manifest",
]

COLUMNS: dict[str, tuple[str, ...]] = {
    "file": ("文件", "文件名", "file", "files"),
    "title": ("题名", "title"),
    "date": ("日期", "date"),
    "class": ("类型", "类别", "class", "type"),
    "level": ("密级", "level"),
    "author": ("责任者", "author"),
    "document_no": ("文号", "document_no", "document no", "document number"),
    "year": ("年度", "year"),
    "note": ("备注", "note"),
    "parent": ("主件", "parent", "main record"),
    "code": ("档号", "code", "archival code"),
}
NEEDED = ("file", "title", "date", "class")
PASSED_OVER = ("序号", "顺序号", "no", "no.", "#")
"""The running number of a list says nothing that is kept."""

LARGEST = 64 * 1024 * 1024
"""Bytes of a manifest, an XLSX unpacked: more than a million lines, and no bomb."""


@dataclass(frozen=True)
class Row:
    """One line of a manifest: the number that a spreadsheet shows for it, its values by column, its answers by question.

    ``fault`` says what makes the line unusable as it stands (a spreadsheet's error value, a formula without result).
    """

    number: int
    values: dict[str, str]
    facts: dict[str, str] = field(default_factory=dict)
    fault: Text | None = None

    @property
    def files(self) -> list[str]:
        """The files of the record, the main one first."""
        return [name.strip() for name in self.values["file"].replace("；", ";").split(";") if name.strip()]


def find_manifest(folder: Path) -> Path:
    """Return the manifest of a folder: ``manifest.csv`` or ``manifest.xlsx``."""
    found = [folder / name for name in ("manifest.csv", "manifest.xlsx") if (folder / name).is_file()]
    if len(found) != 1:
        raise BadInput(
            f"文件夹“{folder.name}”里应有且只有一个清单：manifest.csv 或 manifest.xlsx。",
            f"The folder {folder.name!r} must hold exactly one manifest: manifest.csv or manifest.xlsx.",
        )
    return found[0]


def read_manifest(path: Path, questions: Iterable[FactQuestion] = ()) -> list[Row]:
    """Read a manifest from a file."""
    return list(open_manifest(path, questions))


def open_manifest(
    path: Path, questions: Iterable[FactQuestion] = (), mapping: Mapping[str, str] | None = None
) -> Manifest:
    """Open a manifest whose rows are read as they are asked for."""
    try:
        with path.open("rb") as file:
            return Manifest(path.name, file.read(LARGEST + 1), questions, mapping)
    except OSError as error:
        raise BadInput(
            f"清单无法读取：{error.strerror}。", f"The manifest cannot be read: {error.strerror}."
        ) from error


def parse_manifest(
    name: str, data: bytes, questions: Iterable[FactQuestion] = (), mapping: Mapping[str, str] | None = None
) -> list[Row]:
    """Read a manifest from bytes, by its name CSV or XLSX; everything wrong with its columns is said at once."""
    return list(Manifest(name, data, questions, mapping))


class Manifest:
    """A manifest that can be gone through as often as wished, a row at a time, so that many rows take no more memory.

    ``questions`` are the facts that the retention schedule asks for: each may have a column, named by the question's
    code or its words. ``mapping`` says of a heading of the table which column is meant; ``-`` passes it over.
    """

    def __init__(
        self,
        name: str,
        data: bytes,
        questions: Iterable[FactQuestion] = (),
        mapping: Mapping[str, str] | None = None,
    ) -> None:
        if len(data) > LARGEST:
            most = LARGEST // 1024 // 1024
            raise BadInput(f"清单超过 {most} MiB。", f"The manifest has more than {most} MiB.")
        self._name, self._data = name, data
        first = next(self._lines(), None)
        if first is None:
            raise BadInput("清单是空的。", "The manifest is empty.")
        self._facts = {word: one.code for one in questions for word in (one.code, one.title.zh, one.title.en.lower())}
        meant = {_plain(heading): target for heading, target in (mapping or {}).items()}
        self._columns = [_column(cell, self._facts, meant) for cell in first.cells]
        _check(first, self._columns)
        self._count: int | None = None

    def _lines(self) -> Iterator[Line]:
        if self._name.lower().endswith(".xlsx"):
            return read_xlsx(self._name, self._data, LARGEST)
        return read_csv(self._name, self._data)

    def __iter__(self) -> Iterator[Row]:
        """Give the rows in order."""
        lines = self._lines()
        next(lines, None)
        return _rows(lines, self._columns, set(self._facts.values()))

    def __len__(self) -> int:
        """Count the rows, once."""
        if self._count is None:
            self._count = sum(1 for _ in self)
        return self._count


def parse_mapping(lines: Iterable[str]) -> dict[str, str]:
    """Read lines of the form ``heading=column``, as people write them."""
    found: dict[str, str] = {}
    for line in lines:
        heading, sign, target = line.replace("＝", "=").partition("=")
        if not line.strip():
            continue
        if not sign or not heading.strip() or not target.strip():
            raise BadInput(
                f"列对应“{line}”应写作“表头=列名”，如“文件标题=题名”；不要的列写“表头=-”。",
                f"{line!r} must be written as heading=column, such as Subject=title; heading=- passes a column over.",
            )
        found[heading.strip()] = target.strip()
    return found


def _plain(heading: str) -> str:
    return " ".join(heading.split()).lower()


def _rows(lines: Iterable[Line], columns: Sequence[str], facts: set[str]) -> Iterator[Row]:
    for line in lines:
        if not any(line.cells) and line.fault is None:
            continue
        named = {name: cell for name, cell in zip(columns, line.cells, strict=False) if name}
        fault = line.fault
        if any(line.cells[len(columns) :]):
            fault = fault or Text(
                "此行的列比首行多；含逗号的内容须加引号。",
                "This line has more columns than the first one; a value with a comma must stand in quotes.",
            )
        values = dict.fromkeys(COLUMNS, "") | {name: cell for name, cell in named.items() if name in COLUMNS}
        yield Row(line.number, values, {name: cell for name, cell in named.items() if name in facts and cell}, fault)


def _column(cell: str, facts: Mapping[str, str], meant: Mapping[str, str]) -> str:
    """Return the column that a heading means: empty for one that is passed over, the heading itself behind ``?`` if unknown."""
    wanted = _plain(cell)
    if wanted in meant:
        cell, wanted = meant[wanted], _plain(meant[wanted])
    if not wanted or wanted == "-" or wanted in PASSED_OVER:
        return ""
    return next((name for name, words in COLUMNS.items() if wanted in words), facts.get(wanted, f"?{cell.strip()}"))


def _check(first: Line, columns: Sequence[str]) -> None:
    missing = [name for name in NEEDED if name not in columns]
    unknown = [name[1:] for name in columns if name.startswith("?")]
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    zh, en = [], []
    if missing:
        zh.append(f"缺少列：{'、'.join(COLUMNS[name][0] for name in missing)}，第一行应为列名")
        en.append(f"it lacks columns: {', '.join(missing)}; its first line must hold the column names")
    if unknown:
        known = [words[0] for words in COLUMNS.values()]
        zh.append(f"有不认识的列：{'、'.join(unknown)}；可用：{'、'.join(known)}，不需要的列请删去列名")
        en.append(
            f"unknown columns: {', '.join(unknown)}; known are {', '.join(COLUMNS)}; clear the name of a column that is not needed"
        )
    if twice:
        zh.append(f"列重复：{'、'.join(twice)}")
        en.append(f"columns that stand twice: {', '.join(twice)}")
    if first.fault:
        zh.append(first.fault.zh)
        en.append(first.fault.en)
    if zh:
        raise BadInput(f"清单不可用：{'；'.join(zh)}。", f"The manifest cannot be used: {'; '.join(en)}.")
