"""Tables of old codes: read as text, CSV or XLSX, each code judged, and the manifest that comes of what was accepted."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from archive_service.audit.ledger import Ledger
from archive_service.catalog.classification.schedules import Schedules
from archive_service.catalog.codes.legacy import Proposal, propose
from archive_service.catalog.codes.numbers import codes_issued, in_force
from archive_service.catalog.codes.scheme import Scheme
from archive_service.catalog.codes.text import normalise_code
from archive_service.catalog.collecting.manifest import COLUMNS
from archive_service.catalog.collecting.sheets import read_csv, read_xlsx
from archive_service.errors import BadInput, Text

LARGEST_TABLE = 2 * 1024 * 1024
MOST = 2000
"""Codes looked at in one go."""

CODE_COLUMNS = ("档号", "code", "archival code", "原档号")
NOTE_COLUMNS = ("备注", "note")


@dataclass(frozen=True)
class Table:
    """A table of old codes: its headings (empty where plain text was given), its rows, which column holds the codes."""

    headings: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    column: int
    text: str
    """The same as CSV, so that a page can carry it on."""


@dataclass(frozen=True)
class Judged:
    """What is said of one old code: how it stands, whether anything can be done with it, and what it may stand for."""

    number: int
    typed: str
    state: Text
    open: bool
    proposals: tuple[Proposal, ...]


def read_table(name: str, data: bytes) -> Table:
    """Read codes, one a line, or a table (CSV, XLSX) with a column 档号; :class:`BadInput` says what cannot be used."""
    if len(data) > LARGEST_TABLE:
        raise BadInput("文件超过 2 MiB，请分几次处理。", "The file has more than 2 MiB; please take it in parts.")
    read = read_xlsx(name, data, LARGEST_TABLE * 20) if name.lower().endswith(".xlsx") else read_csv(name, data)
    lines = [line for line in read if any(line.cells)]
    for line in lines:
        if line.fault:
            raise BadInput(f"第 {line.number} 行：{line.fault.zh}", f"Line {line.number}: {line.fault.en}")
    if not lines:
        raise BadInput(
            "请给出档号，每行一个，或带“档号”列的表格。", "Give codes, one a line, or a table with a column “code”."
        )
    first = [" ".join(cell.split()).lower() for cell in lines[0].cells]
    column = next((first.index(word) for word in CODE_COLUMNS if word in first), None)
    if column is None and any(len(line.cells) > 1 for line in lines):
        raise BadInput("表格须有“档号”列。", "The table needs a column “code” (档号).")
    headings = lines[0].cells if column is not None else ()
    rows = tuple((line.number, line.cells) for line in (lines[1:] if headings else lines))
    if len(rows) > MOST:
        raise BadInput(f"一次最多 {MOST} 个档号。", f"At most {MOST} codes are looked at in one go.")
    out = io.StringIO()
    csv.writer(out).writerows([*([headings] if headings else []), *(cells for _, cells in rows)])
    return Table(
        headings, tuple((number, cells) for number, (_, cells) in enumerate(rows, 1)), column or 0, out.getvalue()
    )


def read_words(text: str) -> dict[str, str]:
    """Read which words stand for which codes: ``词=码``, one a line."""
    found: dict[str, str] = {}
    for line in text.replace("＝", "=").splitlines():
        word, sign, meant = line.partition("=")
        if line.strip() and not (sign and word.strip() and meant.strip()):
            raise BadInput(
                f"对照“{line.strip()}”应写作 词=码。", f"The mapping {line.strip()!r} should read word=CODE."
            )
        found |= {word.strip(): normalise_code(meant)} if line.strip() else {}
    return found


def judged(ledger: Ledger, schedules: Schedules, table: Table, words: Mapping[str, str]) -> list[Judged]:
    """Say of every code of a table how it stands, and propose for it; names of the plan's classes are known already."""
    with ledger.read() as connection:
        schemes = _schemes(connection, schedules, ledger)
        meant = {one.name.zh: one.types[0].problem for one in schedules.plan.classes} | dict(words)
        found = [
            (number, _cell(cells, table), propose(_cell(cells, table), schemes, meant)) for number, cells in table.rows
        ]
        taken = codes_issued(connection, [one.code for _, _, proposals in found for one in proposals])
    seen: set[str] = set()
    said = []
    for number, typed, proposals in found:
        free = tuple(one for one in proposals if one.code not in taken and one.code not in seen)
        seen.update(one.code for one in free[:1])
        said.append(Judged(number, typed, _state(typed, proposals, free, taken), bool(free), free))
    return said


def likely_codes(ledger: Ledger, schedules: Schedules, typed: str) -> list[str]:
    """Return the codes that a code typed amiss may mean (a number not padded, another separator); empty for other text."""
    with ledger.read() as connection:
        return [one.code for one in propose(typed, _schemes(connection, schedules, ledger), {})]


def _schemes(connection: Connection, schedules: Schedules, ledger: Ledger) -> list[Scheme]:
    """Return every scheme as it numbers today, and as the plan has it."""
    lookup = in_force(connection, ledger.clock.today())
    plain = [scheme for scheme, _ in schedules.plan.schemes.values()]
    return list(dict.fromkeys([*(lookup(scheme) for scheme in plain), *plain]))


def _cell(cells: Sequence[str], table: Table) -> str:
    return cells[table.column] if table.column < len(cells) else ""


def _state(typed: str, proposals: Sequence[Proposal], free: Sequence[Proposal], taken: set[str]) -> Text:
    if not typed.strip():
        return Text("没有档号", "no code")
    if not proposals:
        return Text("无法识别，请手工更正或补充对照", "not understood; put it right by hand or add a mapping")
    if not free:
        known = any(one.code in taken for one in proposals)
        return Text("已经发出过", "issued before") if known else Text("与前面的行相同", "the same as a line before")
    return Text("有建议", "proposal") if free[0].changes else Text("可用，无须改动", "good as it is")


def manifest_of(table: Table, accepted: Mapping[int, str]) -> Iterator[Sequence[str]]:
    """Yield the lines of a manifest with the codes that were accepted; the old code goes into the note, so nothing is lost."""
    headings = list(table.headings) or [words[0] for words in COLUMNS.values()]
    lowered = [" ".join(cell.split()).lower() for cell in headings]
    column = table.column if table.headings else lowered.index(CODE_COLUMNS[0])
    headings[column] = CODE_COLUMNS[0]
    note = next((lowered.index(word) for word in NOTE_COLUMNS if word in lowered), None)
    if note is None:
        headings, note = [*headings, NOTE_COLUMNS[0]], len(headings)
    yield headings
    for number, cells in table.rows:
        row = [*cells, *[""] * len(headings)][: len(headings)] if table.headings else [""] * len(headings)
        typed = _cell(cells, table)
        code = accepted.get(number, "")
        row[column] = code or typed
        if code and code != typed:
            row[note] = "；".join(filter(None, [row[note], f"原档号 {typed}"]))
        yield row
