"""The names of stored things: made from our own ids only, never from what a person typed.

``ab/<record id>/<component id>.v<version>.sealed`` and ``ab/<record id>/capsule.json``, where ``ab`` is how the
record id begins. A name in any other form is refused before it comes near a path.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from archive_service.errors import BadInput

_ID = re.compile(r"[0-9a-f]{32}")
_NAME = re.compile(r"([0-9a-f]{2})/(\1[0-9a-f]{30})/(?:([0-9a-f]{32})\.v([1-9][0-9]{0,8})\.sealed|capsule\.json)")


class Parts(NamedTuple):
    """What a name says; ``component_id`` is empty and ``version`` 0 for a capsule."""

    record_id: str
    component_id: str
    version: int


def check_id(given: str) -> str:
    """Return ``given`` if it is one of our ids (32 hexadecimal digits, lower case); ``BadInput`` otherwise."""
    if not _ID.fullmatch(given):
        raise BadInput("编号标识格式不正确。", "This is not an identifier of the archive.")
    return given


def object_name(record_id: str, component_id: str, version: int) -> str:
    """Return the name of one version of a component."""
    if not 1 <= version <= 999_999_999:
        raise BadInput("版本号须从 1 开始。", "Versions are counted from 1.")
    return f"{folder(record_id)}{check_id(component_id)}.v{version}.sealed"


def capsule_name(record_id: str) -> str:
    """Return the name of a record's capsule."""
    return f"{folder(record_id)}capsule.json"


def folder(record_id: str) -> str:
    """Return what the names of everything that belongs to a record begin with."""
    return f"{check_id(record_id)[:2]}/{record_id}/"


def parse(name: str) -> Parts:
    """Take a name apart; ``BadInput`` for anything that this module would not have made."""
    found = _NAME.fullmatch(name)
    if not found:
        raise BadInput("存储名称不合规则。", "This is not a name of a stored object.")
    return Parts(found[2], found[3] or "", int(found[4] or 0))


def is_name(name: str) -> bool:
    """Say whether :func:`parse` would take this name."""
    return _NAME.fullmatch(name) is not None


def staging_name(name: str, token: str) -> str:
    """Return the name under which ``name`` is written aside; the ids stay in it, so leftovers can be traced."""
    parse(name)
    return f"{name.replace('/', '-')}.{check_id(token)}.part"
