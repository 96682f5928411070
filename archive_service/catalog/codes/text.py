"""Archival codes as text: normalising what people type, and the grammars of DA/T 22-2015 and DA/T 13-2022.

A code's shape does not say what it denotes (a file and an item can look alike), so the level of
description is stored with the record and never read out of the code.
"""

from __future__ import annotations

import re
import unicodedata

DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d\ufe63"
DOTS = "\u30fb\u2022\u2027\u22c5\uff0e\uff61\u2219"
MIDDLE_DOT = "\u00b7"
LOOK_ALIKES = str.maketrans({**dict.fromkeys(DASHES, "-"), **dict.fromkeys(DOTS, MIDDLE_DOT)})
WORDS = {"永久": "Y", "定期30年": "D30", "定期10年": "D10", "30年": "D30", "10年": "D10"}
"""Words in place of a retention code; they stand for it only as a whole segment, not inside a unit's name."""

DAT22_ITEM = re.compile(
    r"(?P<fonds>[A-Z0-9]{4})-(?P<category>[A-Z]{2})(?P<subs>(?:·(?!(?:19|20)\d\d(?:-|·))[A-Z0-9]{1,4}){0,2})"
    r"·(?P<year>(?:19|20)\d{2})-(?P<retention>Y|D30|D10)(?:-(?P<problem>[A-Z0-9]{3}))?-(?P<item>(?!0000)\d{4})",
    re.ASCII,
)
DAT13_ITEM = re.compile(
    r"(?P<fonds>[A-Z]\d{3})-(?P<category>[A-Z]{2})(?P<subs>(?:·(?!(?:19|20)\d\d·)[A-Z0-9]{1,4}){0,3})"
    r"·(?P<year>(?:19|20)\d{2})·(?P<retention>Y|D[1-9]\d?)(?:·(?P<problem>[A-Z0-9]{2,6}|[\u4e00-\u9fff]{1,12}))?"
    r"-(?P<item>(?!0+$)\d{3,5})",
    re.ASCII,
)
DAT13_FILE = re.compile(
    r"(?P<fonds>[A-Z]\d{3})-(?P<category>\d{3}|[A-Z]{2}(?:·[A-Z0-9]{1,6}){0,5})-(?P<file>\d{3,4})(?:-(?P<leaf>\d{3,5}))?",
    re.ASCII,
)
GRAMMARS: dict[str, re.Pattern[str]] = {"DAT22_ITEM": DAT22_ITEM, "DAT13_ITEM": DAT13_ITEM, "DAT13_FILE": DAT13_FILE}


def normalise_code(text: str) -> str:
    """Return a code as it is stored: look-alike separators mapped, half width, no space, upper case.

    The look-alikes go first, because NFKC turns some of them into a full stop; and again, because it turns
    other signs into look-alikes. Numbers are never padded or guessed. Doing it twice changes nothing more.
    """
    before = None
    while text != before:
        before, text = text, _normalise_once(text)
    return text


def _normalise_once(text: str) -> str:
    code = unicodedata.normalize("NFKC", text.translate(LOOK_ALIKES)).translate(LOOK_ALIKES).upper()
    # Format characters (zero-width space, direction marks) come along with copied text and are as invisible as a space.
    code = "".join(sign for sign in code if not sign.isspace() and unicodedata.category(sign) != "Cf")
    return "".join(WORDS.get(part, part) for part in re.split(f"([-{MIDDLE_DOT}])", code))


def matching_grammars(code: str) -> list[str]:
    """Return the names of the grammars that a normalised code fits."""
    return [name for name, grammar in GRAMMARS.items() if grammar.fullmatch(code)]
