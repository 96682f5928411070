"""Proposals in the table of dropped files: asked for by row, carried along by the page, accepted one by one or all at once.

Nothing is kept on the server and nothing is filed: the page brings back what was proposed, and what is accepted stands
in the row as if it had been typed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from archive_service.web.collecting.suggestions import view
from archive_service.web.collecting.upload_desk import Batch, WaitingFile
from archive_service.web.here import archive, person, t

FIELDS = ("type", "title", "date", "author", "document_no")
"""What a row of the table can take; of the rest the notes speak."""

MOST, PATIENCE = 12, 20.0
"""Records that are read at one asking, and seconds after which no further one is begun: a person waits."""


def asked(act: str) -> bool:
    """Say whether a button of the form asks for proposals or accepts some."""
    return act == "suggest" or act == "use-all" or act.startswith("use:")


def proposed(batch: Batch, groups: Sequence[list[WaitingFile]], typed: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """Return what stands in the form after a button was pressed, and what to say of it; of several files the first speaks."""
    act = typed.get("act", "")
    if act == "suggest":
        return _read(batch, groups, typed)
    if act == "use-all":
        return _accepted(typed, [(some[0], field) for some in groups for field in FIELDS], only_open=True), ""
    _, file_id, field = (*act.split(":"), "", "")[:3]
    chosen = [(one, field) for one in batch.files if one.id == file_id]
    return _accepted(typed, chosen, only_open=False), ""


def hints_of(said: str | None) -> dict[str, Any] | None:
    """Return the proposals that a page brought back for a row; what is no such thing is none."""
    try:
        found = json.loads(said or "")
        return {
            "fields": [
                {name: str(one[name]) for name in ("field", "value", "what", "label", "because")}
                for one in found["fields"]
                if one["field"] in FIELDS
            ],
            "notes": [str(note) for note in found["notes"]],
        }
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _read(batch: Batch, groups: Sequence[list[WaitingFile]], typed: Mapping[str, str]) -> tuple[dict[str, str], str]:
    new = dict(typed)
    waiting = [some for some in groups if hints_of(typed.get(f"hint-{some[0].id}")) is None]
    since, read = time.monotonic(), 0
    for some in waiting[:MOST]:
        if read and time.monotonic() - since > PATIENCE:
            break
        found = view(archive().suggesting.suggest(person(), [batch.source(one) for one in some], some[0].path))
        types = [one | {"what": t("类型", "Type")} for one in found["types"][:1]]
        fields = [one for one in found["fields"] if one["field"] in FIELDS]
        level = [
            t(f"{one['what']} {one['label']}（{one['because']}）", f"{one['what']} {one['label']} ({one['because']})")
            for one in found["fields"]
            if one["field"] == "level"
        ]
        hints = {"fields": types + fields, "notes": level + [words for _, words in found["notes"]]}
        new[f"hint-{some[0].id}"] = json.dumps(hints, ensure_ascii=False)
        read += 1
    left = len(waiting) - read
    if left:
        return new, t(
            f"已读 {read} 件，另有 {left} 件未读，请再点一次。", f"{read} were read; press again for the other {left}."
        )
    return new, t(
        "建议列在各行之下，采用与否由您决定。", "What is proposed stands below each row; you decide what to accept."
    )


def _accepted(
    typed: Mapping[str, str], chosen: Sequence[tuple[WaitingFile, str]], *, only_open: bool
) -> dict[str, str]:
    """Take proposals into their rows; ``only_open`` leaves alone what somebody has typed."""
    new = dict(typed)
    for one, field in chosen:
        hints = hints_of(typed.get(f"hint-{one.id}"))
        name = f"{field}-{one.id}"
        stands = typed.get(name, "")
        if hints is None or (
            only_open and stands and not (field == "title" and stands == PurePosixPath(one.path).stem)
        ):
            continue
        for hint in hints["fields"]:
            if hint["field"] == field:
                new[name] = hint["value"]
    return new
