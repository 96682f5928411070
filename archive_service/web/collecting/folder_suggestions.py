"""Proposals for a folder that is about to be filed: shown row by row, and as a manifest with its open cells filled in.

With a manifest each of its rows is read; without one each file is a row. Nothing is filed and nothing kept: the proposed
manifest goes into the person's hands, who looks it over, corrects it and sends it with the folder.
"""

from __future__ import annotations

import base64
import csv
import io
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import FileStorage

from archive_service.catalog.collecting.manifest import COLUMNS, Row
from archive_service.errors import ArchiveError, BadInput
from archive_service.web import uploads
from archive_service.web.collecting.suggestions import view
from archive_service.web.here import archive, person, t, words

MOST, PATIENCE = 40, 40.0
"""Records that are read at one asking, and seconds after which no further one is begun: a person waits."""

RISKY = ("=", "+", "-", "@")

FIELDS = {
    "type": "class",
    "title": "title",
    "date": "date",
    "author": "author",
    "document_no": "document_no",
    "level": "level",
}
"""The columns of a manifest that proposals fill, by the name of the proposal."""


@dataclass(frozen=True)
class Proposed:
    """Rows as the page shows them, the manifest that they come to as an address to be saved, and what to say."""

    rows: list[dict[str, Any]]
    manifest: str
    told: str


def rows_of(files: Sequence[FileStorage]) -> list[Row]:
    """Make a row of each file, for a folder that has no manifest; its path in the folder names it."""
    paths = [(one.filename or "").replace("\\", "/") for one in files]
    found = [path for path in paths if not uploads.base(path).startswith(".")]
    if not found:
        raise BadInput("请至少选择一个文件。", "Please choose at least one file.")
    return [
        Row(place, {**dict.fromkeys(COLUMNS, ""), "file": (path.partition("/")[2] or path)})
        for place, path in enumerate(sorted(found), 2)
    ]


def proposed(rows: Sequence[Row], basket: uploads.Basket) -> Proposed:
    """Read the files of some rows and propose what they do not say yet."""
    since, shown, filled, read = time.monotonic(), list[dict[str, Any]](), list[Row](), 0
    for row in rows:
        if read >= MOST or (read and time.monotonic() - since > PATIENCE):
            filled.append(row)
            continue
        read += 1
        found, fault = _read(row, basket)
        shown.append({"row": row.number, "files": row.values["file"], "fault": fault, **_shown(row, found)})
        filled.append(_filled(row, found))
    left = len(rows) - read
    told = t(
        f"已读 {read} 行，没有归档任何一行。下面的清单已按建议填好空格，请核对、改正后连同文件再传。",
        f"{read} rows were read and none filed. The manifest below has its open cells filled in as proposed: look it over, correct it, and send it with the files.",
    )
    if left:
        told += t(
            f"另有 {left} 行未读；一次最多 {MOST} 行，可分几批，或在“拖入文件归档”逐行看。",
            f" {left} rows were not read: at most {MOST} at a time; send fewer, or drop the files and look at them one by one.",
        )
    return Proposed(shown, _address(filled), told)


def _read(row: Row, basket: uploads.Basket) -> tuple[dict[str, Any], str]:
    try:
        if row.fault:
            raise BadInput(*row.fault)
        files, _ = basket.pick(row)
        if not files:
            raise BadInput("此行没有写文件名。", "This row names no file.")
        return view(archive().suggesting.suggest(person(), files, row.files[0])), ""
    except ArchiveError as error:
        return {"types": [], "fields": [], "notes": []}, words(error.text)


def _shown(row: Row, found: dict[str, Any]) -> dict[str, Any]:
    """Return the proposals of a row, each with what the manifest says in its place."""
    types = [one | {"what": t("类型", "Type")} for one in found["types"]]
    fields = [one | {"said": row.values[FIELDS[one["field"]]]} for one in types + found["fields"]]
    return {"fields": fields, "notes": [said for _, said in found["notes"]]}


def _filled(row: Row, found: dict[str, Any]) -> Row:
    first = {one["field"]: one["value"] for one in (*found["types"][:1], *found["fields"])}
    open_cells = {FIELDS[name]: value for name, value in first.items() if not row.values[FIELDS[name]]}
    return Row(row.number, {**row.values, **open_cells}, row.facts)


def _address(rows: Sequence[Row]) -> str:
    """Return the manifest as an address that holds all of it: it is nowhere but in the page.

    What a spreadsheet would take for a formula gets a space in front, which a manifest's reader takes away again.
    """
    questions = archive().schedules.current.facts.values()
    asked = [one for one in questions if any(one.code in row.facts for row in rows)]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(
        [t(said[0], name) for name, said in COLUMNS.items()] + [t(one.title.zh, one.title.en) for one in asked]
    )
    for row in rows:
        cells = [row.values[name] for name in COLUMNS] + [row.facts.get(one.code, "") for one in asked]
        writer.writerow([f" {cell}" if cell.startswith(RISKY) else cell for cell in cells])
    data = base64.b64encode(text.getvalue().encode("utf-8-sig")).decode()
    return f"data:text/csv;base64,{data}"
