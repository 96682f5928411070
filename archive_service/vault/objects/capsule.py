"""Capsules: what a record is, as JSON beside its objects, so that the catalogue can be made again without a database.

A capsule never holds a key. The descriptive fields stand in clear for open levels; for confidential
ones they are one sealed value, as useless without its key as the objects are.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from archive_service.errors import Damaged
from archive_service.vault.canonical import canonical
from archive_service.vault.names import check_id

SCHEMA = 1


@dataclass(frozen=True)
class CapsuleComponent:
    """A computer file of the record: where it lies (id, version), what it is, and the sealed bytes' size and SHA-256.

    The hash of the clear bytes is not here: for a short form it could be guessed from.
    """

    component_id: str
    version: int
    role: str
    media_type: str
    sealed_size: int
    sealed_sha256: str


@dataclass(frozen=True)
class Capsule:
    """A record as the catalogue knows it.

    ``dates`` are civil dates or instants as text, by name. Exactly one of ``description`` (JSON values
    by name) and ``sealed_description`` (opened with ``Vault.open_small``) is given.
    """

    record_id: str
    archival_code: str
    fonds: str
    class_code: str
    level: str
    rule: str
    schedule_version: str
    dates: Mapping[str, str | None]
    period: str
    status: str
    case_id: str | None
    components: tuple[CapsuleComponent, ...]
    description: Mapping[str, Any] | None = None
    sealed_description: bytes | None = None

    def __post_init__(self) -> None:
        check_id(self.record_id)
        if (self.description is None) == (self.sealed_description is None):
            raise ValueError("a capsule has its description either in clear or sealed")


def to_json(capsule: Capsule) -> bytes:
    """Write a capsule: sorted keys, UTF-8, schema version; equal capsules give equal bytes."""
    value = {field.name: getattr(capsule, field.name) for field in fields(capsule)}
    value["components"] = [dict(vars(component)) for component in capsule.components]
    value["dates"] = dict(capsule.dates)
    value["description"] = None if capsule.description is None else dict(capsule.description)
    if capsule.sealed_description is not None:
        value["sealed_description"] = base64.b64encode(capsule.sealed_description).decode()
    return canonical({**value, "schema": SCHEMA}) + b"\n"


def from_json(text: bytes) -> Capsule:
    """Read a capsule; ``Damaged`` for anything that :func:`to_json` of this schema would not have written."""
    try:
        value = json.loads(text)
        if value.pop("schema") != SCHEMA:
            raise Damaged("封装说明的格式版本未知。", "The capsule has a schema that is not known here.")
        value["components"] = tuple(CapsuleComponent(**component) for component in value["components"])
        if value["sealed_description"] is not None:
            value["sealed_description"] = base64.b64decode(value["sealed_description"], validate=True)
        capsule = Capsule(**value)
        if to_json(capsule) != text:
            raise ValueError("not in canonical form")
    except Damaged:
        raise
    except Exception as fault:
        raise Damaged("封装说明无法读取。", "The capsule cannot be read.") from fault
    return capsule
