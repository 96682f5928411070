"""A person as the policy sees one: roles, clearance, grants."""

from __future__ import annotations

from dataclasses import dataclass, field

from archive_service.errors import BadInput, Text

ARCHIVIST = "archivist"
READER = "reader"
APPRAISER = "appraiser"
APPROVER = "approver"
AUDITOR = "auditor"
SYSTEM_ADMINISTRATOR = "system_administrator"
SECURITY_ADMINISTRATOR = "security_administrator"

ROLE_WORDS: dict[str, Text] = {
    ARCHIVIST: Text("档案员", "Archivist"),
    READER: Text("利用者", "Reader"),
    APPRAISER: Text("鉴定人", "Appraiser"),
    APPROVER: Text("审批人", "Approver"),
    AUDITOR: Text("审计管理员", "Auditor"),
    SYSTEM_ADMINISTRATOR: Text("系统管理员", "System administrator"),
    SECURITY_ADMINISTRATOR: Text("安全保密管理员", "Security administrator"),
}

ADMINISTRATORS = frozenset({AUDITOR, SYSTEM_ADMINISTRATOR, SECURITY_ADMINISTRATOR})
"""Three roles that no person holds two of (GB/T 39784-2021, as DOMAIN records it), and that see no content."""

LEVEL_WORDS: dict[str, Text] = {
    "PUB": Text("公开", "Public"),
    "INT": Text("内部", "Internal"),
    "TS": Text("商业秘密", "Trade secret"),
    "PI": Text("个人隐私", "Personal privacy"),
    "SEAL": Text("密封", "Sealed"),
}

LEVELS = tuple(LEVEL_WORDS)
OPEN_LEVELS = ("PUB", "INT")
CONFIDENTIAL_LEVELS = ("TS", "PI", "SEAL")
"""Levels whose descriptions are sealed and whose text never enters the common index."""

SEARCHED_LEVELS = ("PUB", "INT", "TS", "PI")
"""``SEAL`` is never indexed: a reporter's identity is found by nobody."""


VIEW, PRINT, DOWNLOAD = "view", "print", "download"
PERMISSION_WORDS: dict[str, Text] = {
    VIEW: Text("阅览", "View"),
    PRINT: Text("复制、打印", "Copy and print"),
    DOWNLOAD: Text("下载原件", "Download the original"),
}
"""What leave to read may hold; to view is in all of it."""

EVERY_PERMISSION = frozenset(PERMISSION_WORDS)

REDACTED = "redacted"
"""Leave for redacted copies alone: it stands by itself, and the record stays as unseen as before."""


@dataclass(frozen=True)
class Grant:
    """Leave to read one record until an instant, at the level that it had when leave was given."""

    record_id: str
    until: str
    level: str | None
    actions: frozenset[str] = EVERY_PERMISSION
    request_id: str = ""


@dataclass(frozen=True)
class Person:
    """A person with the rights held at this moment; load anew for each request."""

    id: str
    login: str
    name: str
    roles: frozenset[str]
    clearance: frozenset[str]
    language: str = "zh"
    must_change: bool = False
    disabled: bool = False
    grants: tuple[Grant, ...] = field(default=())

    @property
    def administers(self) -> bool:
        """True for the three administrators, who see no content whatever else they hold."""
        return bool(self.roles & ADMINISTRATORS)

    def grant_for(self, record_id: str, level: str | None, at: str, what: str = VIEW) -> Grant | None:
        """Return a grant for this record that is alive at an instant and holds what is wanted; the last instant no longer counts.

        Leave does not survive a change of the record's level (DOMAIN 6): what was weighed was another thing.
        """
        alive = (one for one in self.grants if (one.record_id, one.level) == (record_id, level) and at < one.until)
        return next((one for one in alive if what in one.actions), None)


def check_roles(roles: frozenset[str]) -> None:
    """Refuse unknown roles and any two of the three administrators in one hand."""
    unknown = sorted(roles - ROLE_WORDS.keys())
    if unknown:
        known = ", ".join(ROLE_WORDS)
        raise BadInput(
            f"没有这样的角色：{', '.join(unknown)}。可用角色：{known}。",
            f"No such role: {', '.join(unknown)}. Known roles: {known}.",
        )
    if len(roles & ADMINISTRATORS) > 1:
        raise BadInput(
            "系统管理员、安全保密管理员、审计管理员不得由一人兼任。",
            "System administrator, security administrator and auditor must be three different people.",
        )
    if roles & ADMINISTRATORS and roles - ADMINISTRATORS:
        raise BadInput(
            "管理员不接触档案，不得兼任归档、利用、鉴定或审批。",
            "Administrators have no part in the records: they neither file, read, appraise nor approve.",
        )


def check_clearance(levels: frozenset[str]) -> None:
    """Refuse levels that do not exist."""
    unknown = sorted(levels - LEVEL_WORDS.keys())
    if unknown:
        raise BadInput(
            f"没有这样的密级：{', '.join(unknown)}。可用密级：{', '.join(LEVELS)}。",
            f"No such level: {', '.join(unknown)}. Known levels: {', '.join(LEVELS)}.",
        )
