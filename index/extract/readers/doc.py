"""Old Word documents: the text lies in pieces, which a table in another stream puts in order (MS-DOC 2.4.1)."""

from __future__ import annotations

import re
import struct

import olefile

from index.extract.refusal import Refusal

ENCRYPTED, OTHER_TABLE = 0x0100, 0x0200
PIECES_AT = 0x01A2
"""Where the head of the file says at which place of the table stream the pieces are listed."""

FIELD_CODE = re.compile("\x13[^\x13\x14\x15]*\x14?|\x15")
"""The instruction of a field (a page number, a link) without its result."""


def read_ole(package: olefile.OleFileIO) -> str:
    """Return the text of body, notes and headers."""
    body = package.openstream("WordDocument").read()
    (flags,) = struct.unpack_from("<H", body, 0x0A)
    if flags & ENCRYPTED:
        raise Refusal(
            "Office 文件有密码保护，未提取文字。", "The Office file is protected by a password; no text was extracted."
        )
    table = package.openstream("1Table" if flags & OTHER_TABLE else "0Table").read()
    at, length = struct.unpack_from("<II", body, PIECES_AT)
    text = "".join(_pieces(body, table[at : at + length]))
    text = (
        FIELD_CODE.sub("", text).replace("\r", "\n").replace("\x0b", "\n").replace("\x0c", "\n").replace("\x07", "\t")
    )
    return re.sub(r"[\x00-\x08\x0e-\x1f]", "", text)


def _pieces(body: bytes, listed: bytes) -> list[str]:
    at = 0
    while listed[at] == 1:  # what was changed in a hurry stands before the list
        at += 3 + struct.unpack_from("<H", listed, at + 1)[0]
    (length,) = struct.unpack_from("<I", listed, at + 1)
    count = (length - 4) // 12
    places = struct.unpack_from(f"<{count + 1}I", listed, at + 5)
    pieces: list[str] = []
    for number in range(count):
        (where,) = struct.unpack_from("<I", listed, at + 5 + 4 * (count + 1) + 8 * number + 2)
        characters = places[number + 1] - places[number]
        if where & 0x40000000:
            start = (where & 0x3FFFFFFF) // 2
            pieces.append(body[start : start + characters].decode("cp1252", "replace"))
        else:
            pieces.append(body[where : where + 2 * characters].decode("utf-16-le", "replace"))
    return pieces
