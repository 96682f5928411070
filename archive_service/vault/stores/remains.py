"""A second pair of eyes after a destruction: looks for anything that is left.

Shares no code with what stores and deletes: it walks the folders itself, reads the keyring with its
own connection, and believes no name to be in good form. It changes nothing.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path

from archive_service.errors import Unavailable

#: looked for at every place of a name, so that an id is found inside longer rows of digits too
_ANY_ID = re.compile(r"(?=([0-9a-f]{32}))", re.IGNORECASE)


def files(root: Path, install_id: str, record_of: Mapping[str, str]) -> dict[str, set[str]]:
    """Return by record what is left of ids (id -> record id): every file or folder below ``root`` in whose path one stands.

    One walk serves all. ``Unavailable`` if it cannot look everywhere: then nothing is proved.
    """
    _must_be_ours(root, install_id)
    found: dict[str, set[str]] = {record_id: set() for record_id in record_of.values()}
    for path, ids in _walk(root, ""):
        for one in ids & record_of.keys():
            found[record_of[one]].add(f"file {path}")
    return found


def keys(keyring: Path, install_id: str, record_of: Mapping[str, str]) -> dict[str, set[str]]:
    """Return by record every key that belongs to it or has one of the ids (id -> record id)."""
    found: dict[str, set[str]] = {record_id: set() for record_id in record_of.values()}
    for record_id, key_id in _keys(keyring, install_id, record_of):
        found[record_id].add(f"key {key_id}")
    return found


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


def _walk(root: Path, inside: str, ids: frozenset[str] = frozenset()) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield every entry below the root with the ids in its path; what goes away meanwhile is no fault."""
    try:
        with os.scandir(root / inside) as entries:
            there = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    except FileNotFoundError:
        return
    except OSError as fault:
        raise Unavailable(f"无法查验：有目录读不出：{root}", f"Cannot look: a folder cannot be read: {root}") from fault
    for name, is_folder in there:
        path = f"{inside}/{name}" if inside else name
        here = ids | {one.lower() for one in _ANY_ID.findall(name)}
        yield path, here
        if is_folder:
            yield from _walk(root, path, here)


def _keys(keyring: Path, install_id: str, record_of: Mapping[str, str]) -> list[tuple[str, str]]:
    try:
        connection = sqlite3.connect(f"{keyring.absolute().as_uri()}?mode=ro", uri=True, timeout=30.0)
        try:
            (install,) = connection.execute("SELECT install FROM identity").fetchone()
            found = []
            for one, record_id in record_of.items():
                rows = connection.execute(
                    "SELECT key_id FROM keys WHERE key_id = ? OR owner = ?", (one, one)
                ).fetchall()
                found += [(record_id, key_id) for (key_id,) in rows]
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
    return found
