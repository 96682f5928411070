"""Passwords: what makes one good enough, how it is kept, how one for a first sign-in is made."""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from archive_service.errors import BadInput

SHORTEST_PASSWORD = 12
"""Characters; length is what resists guessing (ASVS 5.0, 6.2.1 asks for 8 at least)."""

LONGEST_PASSWORD = 1000
"""Characters; nobody types more (ASVS 5.0, 6.2.9 asks that 64 are taken)."""

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


def password_matches(hasher: PasswordHasher, stored: str, given: str) -> bool:
    """Say whether a password is the stored one."""
    try:
        return hasher.verify(stored, given)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
