"""Words and file names as people and their machines give them, made fit to be kept and shown.

What can be repaired without a doubt (white space at the ends, folders before a name) is repaired; a sign that no
catalogue can hold is refused, or in a file's name replaced, for a file cannot be renamed by the one who sends it.
"""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath

from archive_service.errors import BadInput

LONGEST_NAME = 255
"""Bytes in UTF-8: what file systems take."""

JOINERS = "\u200c\u200d"
"""Invisible, yet part of the spelling: of Persian words, and of emoji made of several."""

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def clean_name(name: str) -> str:
    """Return a file name without folders, control signs and marks that turn the direction of writing; it never becomes a path.

    A long name is cut in the middle, before its ending. A name of nothing but dots says nothing and becomes ``unnamed``.
    """
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    base = unicodedata.normalize("NFC", "".join(_fit(sign) for sign in base)).strip()
    if not base.strip("."):
        return "unnamed"
    ending = PurePosixPath(base).suffix
    ending = ending if len(ending.encode()) <= LONGEST_NAME // 4 else ""
    stem = base.removesuffix(ending) if ending else base
    return _shortened(stem, LONGEST_NAME - len(ending.encode())) + ending


def _fit(sign: str) -> str:
    if (sign.isspace() and sign.isprintable()) or unicodedata.category(sign) == "Zs":
        return " "
    return sign if sign.isprintable() or sign in JOINERS else REPLACEMENT


def _shortened(text: str, most: int) -> str:
    return text.encode()[:most].decode("utf-8", "ignore")


def one_line(text: str, zh: str, en: str, most: int) -> str:
    """Return a field of one line with its white space made single; :class:`BadInput` if it cannot be kept."""
    return _kept(" ".join(text.split()), zh, en, most)


def several_lines(text: str, zh: str, en: str, most: int) -> str:
    """Return a field that may have lines, without the space around it; :class:`BadInput` if it cannot be kept."""
    return _kept(text.replace("\r\n", "\n").replace("\r", "\n").strip(), zh, en, most)


def _kept(text: str, zh: str, en: str, most: int) -> str:
    if len(text) > most:
        raise BadInput(f"{zh}最多 {most} 个字符。", f"{en} has at most {most} characters.")
    for place, sign in enumerate(text, 1):
        if unicodedata.category(sign) in ("Cc", "Cs") and sign not in "\n\t":
            raise BadInput(
                f"{zh}的第 {place} 个字符是不可保存的控制符（U+{ord(sign):04X}）。",
                f"{en} holds a control character that cannot be kept (U+{ord(sign):04X}, place {place}).",
            )
    return text
