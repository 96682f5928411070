"""A second pair of eyes after a destruction: looks for anything that is left.

Shares no code with what stores and deletes: it walks the folders itself, reads the keyring with its
own connection, and believes no name to be in good form. It changes nothing.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Collection
from pathlib import Path

from archive_service.errors import Unavailable


def look(root: Path, keyring: Path, install_id: str, record_id: str, key_ids: Collection[str]) -> list[str]:
    """Return what is left of a record, one line each; empty means that nothing was found.

    Found is any file or folder below ``root`` in whose path one of the ids stands, and any key that belongs
    to the record or has one of the ids. ``Unavailable`` if it cannot look everywhere: then nothing is proved.
    """
    sought = {record_id, *key_ids}
    _must_be_ours(root, install_id)
    return [*_files(root, sought), *_keys(keyring, install_id, record_id, sought)]


def _must_be_ours(root: Path, install_id: str) -> None:
    try:
        said = json.loads((root / "store.json").read_bytes())
        ours = said["install"] == install_id and (root / "objects").is_dir() and (root / "staging").is_dir()
    except (OSError, ValueError, KeyError, TypeError):
        ours = False
    if not ours:
        raise Unavailable(
            f"无法查验：存储目录不存在、未挂载或不属于本系统：{root}",
            f"Cannot look: the store directory is missing, not mounted, or of another installation: {root}",
        )


def _files(root: Path, sought: set[str]) -> list[str]:
    faults: list[OSError] = []
    found = []
    for folder, folders, files in os.walk(root, onerror=faults.append, followlinks=False):
        for entry in (*folders, *files):
            path = Path(folder, entry)
            if any(one in str(path.relative_to(root)) for one in sought):
                found.append(f"file {path.relative_to(root)}")
    if any(not isinstance(fault, FileNotFoundError) for fault in faults):
        raise Unavailable(f"无法查验：有目录读不出：{root}", f"Cannot look: a folder cannot be read: {root}")
    return sorted(found)


def _keys(keyring: Path, install_id: str, record_id: str, sought: set[str]) -> list[str]:
    try:
        connection = sqlite3.connect(f"{keyring.absolute().as_uri()}?mode=ro", uri=True, timeout=30.0)
        try:
            (install,) = connection.execute("SELECT install FROM identity").fetchone()
            rows = connection.execute("SELECT key_id FROM keys WHERE owner = ?", (record_id,)).fetchall()
            for one in sought:
                rows += connection.execute("SELECT key_id FROM keys WHERE key_id = ?", (one,)).fetchall()
        finally:
            connection.close()
    except (sqlite3.Error, TypeError) as fault:
        raise Unavailable(
            f"无法查验：密钥库读不出：{keyring}", f"Cannot look: the keyring cannot be read: {keyring}"
        ) from fault
    if install != install_id:
        raise Unavailable(
            f"无法查验：密钥库属于另一系统：{keyring}",
            f"Cannot look: the keyring is of another installation: {keyring}",
        )
    return sorted({f"key {key_id}" for (key_id,) in rows})
