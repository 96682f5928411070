"""A second pair of eyes for a bucket after a destruction.

Shares no code with what stores and deletes: its own connection, its own way through the pages. It asks for
every version, every delete marker and every upload that was begun, and believes no name to be in good form.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from archive_service.errors import ArchiveError, Unavailable
from archive_service.vault.aws import AwsSettings, telling_aws

_ANY_ID = re.compile(r"(?=([0-9a-f]{32}))", re.IGNORECASE)
#: up to so many records are looked for one by one, more of them with one walk through the whole bucket
_FEW = 50


def look(
    server: AwsSettings, bucket: str, prefix: str, install_id: str, record_of: Mapping[str, str]
) -> dict[str, set[str]]:
    """Return by record what is left of ids (id -> record id); ``Unavailable`` if it cannot look.

    A few records are sought under their own folders and claims, which is where a bucket can hold them; with
    many, everything is walked, and ids are found wherever they might have strayed.
    """
    client = server.client("s3")
    with telling_aws(f"s3://{bucket}/{prefix}"):
        _must_be_ours(client, bucket, prefix, install_id)
        records = sorted(set(record_of.values()))
        few = [f"{prefix}{part}" for one in records for part in (f"{one[:2]}/{one}/", f"claims/{one}")]
        found: dict[str, set[str]] = {record_id: set() for record_id in records}
        for what, key in _everything(client, bucket, few if len(records) <= _FEW else [prefix]):
            for one in {match.lower() for match in _ANY_ID.findall(key)} & record_of.keys():
                found[record_of[one]].add(f"{what} {key}")
    return found


def _must_be_ours(client: Any, bucket: str, prefix: str, install_id: str) -> None:
    try:
        said = json.loads(client.get_object(Bucket=bucket, Key=f"{prefix}store.json")["Body"].read(4096))
        ours = said["install"] == install_id
    except ArchiveError:
        raise
    except Exception:
        ours = False
    if not ours:
        raise Unavailable(
            f"无法查验：存储位置不可达或不属于本系统：s3://{bucket}/{prefix}",
            f"Cannot look: the place cannot be reached or is of another installation: s3://{bucket}/{prefix}",
        )


def _everything(client: Any, bucket: str, prefixes: Iterable[str]) -> Iterator[tuple[str, str]]:
    for prefix in prefixes:
        for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
            yield from (("version", one["Key"]) for one in page.get("Versions", []))
            yield from (("delete marker", one["Key"]) for one in page.get("DeleteMarkers", []))
        for page in client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix):
            yield from (("upload", one["Key"]) for one in page.get("Uploads", []))
