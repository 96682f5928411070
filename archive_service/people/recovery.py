"""Recovery codes: on paper, for the day on which the telephone is lost; each opens the door once.

Of a code the first group finds the row and the rest is kept as a password is (argon2id): whoever reads the database
has to guess each code at that price. Hashing is slow on purpose, so it is done outside of transactions.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from argon2 import PasswordHasher

from archive_service.people.passwords import ALPHABET, password_matches

CODES = 10
GROUPS, LETTERS = 4, 5
"""The first group is no secret; the other three have 74 bits."""


@dataclass(frozen=True)
class Printed:
    """New codes as they are shown once, and what is kept of each."""

    codes: list[str]
    kept: list[str]


def make_codes(hasher: PasswordHasher) -> Printed:
    """Make new codes; no two begin alike."""
    starts: set[str] = set()
    while len(starts) < CODES:
        starts.add(_letters(LETTERS))
    codes = ["-".join([start, *(_letters(LETTERS) for _ in range(GROUPS - 1))]) for start in sorted(starts)]
    return Printed(codes, [f"{code[:LETTERS]}:{hasher.hash(_plain(code)[LETTERS:])}" for code in codes])


def matching(hasher: PasswordHasher, rows: Iterable[Any], typed: str) -> Any | None:
    """Return the row whose code this is; at most one hash is computed."""
    plain = _plain(typed)
    start, rest = plain[:LETTERS], plain[LETTERS:]
    row = next((one for one in rows if one.data and one.data.partition(":")[0] == start), None)
    if row is None or not rest:
        return None
    return row if password_matches(hasher, row.data.partition(":")[2], rest) else None


def _letters(count: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(count))


def _plain(code: str) -> str:
    return "".join(sign for sign in code.lower() if sign.isascii() and sign.isalnum())[: GROUPS * LETTERS * 2]
