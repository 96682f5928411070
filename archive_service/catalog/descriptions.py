"""The words that describe a record: in columns for open levels, sealed with the record's own key for the others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from archive_service.catalog.model import Description
from archive_service.catalog.tables import DESTROYED
from archive_service.database.tables import CANONICAL
from archive_service.errors import ArchiveError
from archive_service.people.model import OPEN_LEVELS
from archive_service.vault import Vault

COLUMNS = ("title", "author", "document_no", "note")


def columns_for(vault: Vault, record_id: str, level: str, description: Description) -> dict[str, Any]:
    """Return the columns of ``record`` that hold a description; for a confidential level all words are in one sealed value."""
    if level in OPEN_LEVELS:
        return {**{name: getattr(description, name) for name in COLUMNS}, "sealed_description": None}
    words = {**{name: getattr(description, name) for name in COLUMNS}, "files": dict(description.files)}
    sealed = vault.seal_small(record_id, record_id, json.dumps(words, **CANONICAL).encode())
    return {**dict.fromkeys(COLUMNS), "sealed_description": sealed}


def describe(vault: Vault, row: Mapping[Any, Any]) -> Description:
    """Return a record's description; the caller has asked the policy whether it may be shown."""
    if row["level"] in OPEN_LEVELS:
        title, author, document_no, note = (row[name] or "" for name in COLUMNS)
        return Description(title, author, document_no, note)
    if row["status"] == DESTROYED or row["sealed_description"] is None:
        return Description(title="")
    words = json.loads(vault.open_small(row["id"], row["id"], bytes(row["sealed_description"])))
    return Description(words["title"], words["author"], words["document_no"], words["note"], words["files"])


def title_or_mask(vault: Vault, row: Mapping[Any, Any], type_name: str) -> str:
    """Return the title, or the type's name in brackets where the title is gone or cannot be opened."""
    try:
        return describe(vault, row).title or f"〔{type_name}〕"
    except ArchiveError:
        return f"〔{type_name}〕"
