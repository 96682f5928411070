"""Who must agree before a record is read, by its level (DOMAIN 6), and for how long at most; no clock, no database."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from archive_service.errors import Text
from archive_service.people.model import APPROVER, ARCHIVIST, DOWNLOAD, PRINT, SECURITY_ADMINISTRATOR, VIEW, Person


@dataclass(frozen=True)
class Seat:
    """One of the places from which leave must be given: its name, its words, the roles that may sit there."""

    name: str
    words: Text
    roles: frozenset[str]


STAFF = Seat("staff", Text("档案员或审批人", "an archivist or approver"), frozenset({ARCHIVIST, APPROVER}))
ARCHIVES = Seat("archives", Text("档案部门（档案员）", "the archives (an archivist)"), frozenset({ARCHIVIST}))
HEAD = Seat("head", Text("负责人（审批人）", "the head (an approver)"), frozenset({APPROVER}))
SECURITY = Seat(
    "security",
    Text("安全保密管理员", "the security administrator"),
    frozenset({SECURITY_ADMINISTRATOR}),
)

SEATS: dict[str, tuple[Seat, ...]] = {
    "PUB": (STAFF,),
    "INT": (STAFF,),
    "TS": (ARCHIVES, HEAD),
    "PI": (ARCHIVES, HEAD),
    "SEAL": (SECURITY, HEAD),
}
"""Every seat of a level is taken by another person."""

GIVEN: dict[str, frozenset[str]] = {
    "PUB": frozenset({VIEW, PRINT, DOWNLOAD}),
    "INT": frozenset({VIEW, PRINT}),
    "TS": frozenset({VIEW, PRINT}),
    "PI": frozenset({VIEW, PRINT}),
    "SEAL": frozenset({VIEW}),
}
"""What leave may hold at each level, whatever was asked for (DOMAIN 6, the columns View, Copy and Download)."""

LONGEST_DAYS = 14
LONGEST: dict[str, int] = {"PUB": 14, "INT": 14, "TS": 7, "PI": 7, "SEAL": 1}
"""Days that leave lasts at most; a request for more is granted for these."""


def open_seats(level: str, taken: Collection[str]) -> list[Seat]:
    """Return the seats of a level from which leave has still to be given."""
    return [seat for seat in SEATS[level] if seat.name not in taken]


def seat_of(person: Person, level: str, taken: Collection[str]) -> Seat | None:
    """Return the open seat that a person may take, if any."""
    return next((seat for seat in open_seats(level, taken) if seat.roles & person.roles), None)


def permitted(level: str, wanted: Iterable[str]) -> frozenset[str]:
    """Return what of the wished-for permissions a level gives: to view always, to download only what is public."""
    return frozenset({VIEW, *wanted}) & GIVEN[level]
