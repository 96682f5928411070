"""Archival codes as text: normalising what people type, and the grammars of DA/T 22-2015 and DA/T 13-2022.

A code's shape does not say what it denotes (a file and an item can look alike), so the level of
description is stored with the record and never read out of the code.
"""

from __future__ import annotations

import re
import unicodedata

DASHES = "\u2010\u2011\u2012\u2013\u2014\u2212\uff0d\ufe63"
DOTS = "\u30fb\u2022\u2027\u22c5\uff0e\uff61\u2219"
MIDDLE_DOT = "\u00b7"
LOOK_ALIKES = str.maketrans({**dict.fromkeys(DASHES, "-"), **dict.fromkeys(DOTS, MIDDLE_DOT)})
WORDS = (("定期30年", "D30"), ("定期10年", "D10"), ("永久", "Y"), ("30年", "D30"), ("10年", "D10"))

DAT22_ITEM = re.compile(
    r"(?P<fonds>[A-Z0-9]{4})-(?P<category>[A-Z]{2})(?P<subs>(?:·(?!(?:19|20)\d\d(?:-|·))[A-Z0-9]{1,4}){0,2})"
    r"·(?P<year>(?:19|20)\d{2})-(?P<retention>Y|D30|D10)(?:-(?P<problem>[A-Z0-9]{3}))?-(?P<item>(?!0000)\d{4})"
)
DAT13_ITEM = re.compile(
    r"(?P<fonds>[A-Z]\d{3})-(?P<category>[A-Z]{2})(?P<subs>(?:·(?!(?:19|20)\d\d·)[A-Z0-9]{1,4}){0,3})"
    r"·(?P<year>(?:19|20)\d{2})·(?P<retention>Y|D[1-9]\d?)(?:·(?P<problem>[A-Z0-9]{2,6}|[\u4e00-\u9fff]{1,12}))?"
    r"-(?P<item>(?!0+$)\d{3,5})"
)
DAT13_FILE = re.compile(
    r"(?P<fonds>[A-Z]\d{3})-(?P<category>\d{3}|[A-Z]{2}(?:·[A-Z0-9]{1,6}){0,5})-(?P<file>\d{3,4})(?:-(?P<leaf>\d{3,5}))?"
)
GRAMMARS: dict[str, re.Pattern[str]] = {"DAT22_ITEM": DAT22_ITEM, "DAT13_ITEM": DAT13_ITEM, "DAT13_FILE": DAT13_FILE}


def normalise_code(text: str) -> str:
    """Return a code as it is stored: look-alike separators mapped, half width, no space, upper case.

    The look-alikes go first, because NFKC turns some of them into a full stop. Numbers are never padded or guessed.
    """
    code = unicodedata.normalize("NFKC", text.translate(LOOK_ALIKES))
    code = "".join(code.split()).upper()
    for word, short in WORDS:
        code = code.replace(word, short)
    return code


def matching_grammars(code: str) -> list[str]:
    """Return the names of the grammars that a normalised code fits."""
    return [name for name, grammar in GRAMMARS.items() if grammar.fullmatch(code)]
