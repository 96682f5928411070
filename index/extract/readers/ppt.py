"""Old PowerPoint presentations: records within records; three kinds hold text (MS-PPT 2.3.1)."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

import olefile

from index.extract.refusal import Refusal

CHARACTERS, BYTES = 0x0FA0, 0x0FA8
CONTAINER = 0x0F
HEAD = 8


def read_ole(package: olefile.OleFileIO) -> str:
    """Return the text of all slides and notes."""
    if package.exists("EncryptedSummary"):
        raise Refusal(
            "Office 文件有密码保护，未提取文字。", "The Office file is protected by a password; no text was extracted."
        )
    lines = (
        line.replace("\r", "\n").replace("\x0b", "\n")
        for line in _texts(package.openstream("PowerPoint Document").read())
    )
    return "\n".join(dict.fromkeys(re.sub(r"[\x00-\x08\x0e-\x1f]", "", line) for line in lines if line.strip()))


def _texts(stream: bytes) -> Iterator[str]:
    """Walk all records; a container is entered by going on right behind its head."""
    at = 0
    while at + HEAD <= len(stream):
        version, kind, length = struct.unpack_from("<HHI", stream, at)
        at += HEAD
        if version & CONTAINER == CONTAINER:
            continue
        content = stream[at : at + length]
        if kind == CHARACTERS:
            yield content.decode("utf-16-le", "replace")
        elif kind == BYTES:
            yield content.decode("latin-1")
        at += length
