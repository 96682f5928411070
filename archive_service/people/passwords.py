"""Passwords: what makes one good enough, how it is kept, how one for a first sign-in is made."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from archive_service.errors import BadInput

SHORTEST_PASSWORD = 12
"""Characters; length is what resists guessing (ASVS 5.0, 6.2.1 asks for 8 at least)."""

LONGEST_PASSWORD = 1000
"""Characters; nobody types more (ASVS 5.0, 6.2.9 asks that 64 are taken)."""

FEWEST_GUESSES = 10**8
"""Guesses that a password must withstand, as counted against lists of words, names, dates and keyboard rows."""

MOST_WEIGHED = 64
"""Characters that are looked at: a long password is not made weaker by what follows, and counting takes time."""

FEWEST_KINDS = 5
"""Different characters, at least."""

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without what is misread: i, l, o, 0, 1."""


def one_time_password() -> str:
    """Return a random password of 79 bits in groups that can be read out."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))


def check_password(new: str, login: str, old: str) -> None:
    """Refuse a password that is short, the old one, or made of the login."""
    if not SHORTEST_PASSWORD <= len(new) <= LONGEST_PASSWORD:
        raise BadInput(
            f"新密码须有 {SHORTEST_PASSWORD} 至 {LONGEST_PASSWORD} 个字符。",
            f"The new password needs {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.",
        )
    if new == old:
        raise BadInput("新密码不能与原密码相同。", "The new password must differ from the present one.")
    if login in new.lower() or len(set(new)) < FEWEST_KINDS:
        raise BadInput(
            f"新密码过于简单：不要包含登录名，至少用 {FEWEST_KINDS} 个不同的字符。",
            f"The new password is too simple: leave out the login and use at least {FEWEST_KINDS} different characters.",
        )


def check_common(new: str, *known: str) -> None:
    """Refuse a password that stands in lists of leaked ones, or is guessed from such words, names and years; all offline."""
    from zxcvbn import zxcvbn
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    begun = new[:MOST_WEIGHED]
    leaked = new.lower() in _leaked(FREQUENCY_LISTS)
    if leaked or zxcvbn(begun, user_inputs=[word for word in known if word])["guesses"] < FEWEST_GUESSES:
        raise BadInput(
            "这个密码很常见或容易猜到，请换一个：几个互不相干的词连在一起就好。",
            "This password is a common one or easy to guess. Take another: a few words that have nothing to do with each other are good.",
        )


def _leaked(lists: Mapping[str, Collection[str]]) -> Collection[str]:
    return lists["passwords"]


def password_matches(hasher: PasswordHasher, stored: str, given: str) -> bool:
    """Say whether a password is the stored one."""
    try:
        return hasher.verify(stored, given)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
