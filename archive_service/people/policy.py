"""The one policy table: who may do what to which thing, denied unless a rule opens it.

``can`` answers for one thing, ``visible`` gives the same answer as a filter for a query; both read the
same table, and a property test holds them together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from sqlalchemy import ColumnElement, false, or_, select

from archive_service.errors import Forbidden, Text
from archive_service.people.model import (
    APPRAISER,
    APPROVER,
    ARCHIVIST,
    AUDITOR,
    DOWNLOAD,
    LEVEL_WORDS,
    PRINT,
    READER,
    REDACTED,
    ROLE_WORDS,
    SECURITY_ADMINISTRATOR,
    SYSTEM_ADMINISTRATOR,
    VIEW,
    Person,
)
from archive_service.people.tables import emergencies, grants, shows_the_record


class Action(Enum):
    """What a person may want to do."""

    SEE_RECORD = "see_record"
    READ_RECORD = "read_record"
    PRINT_RECORD = "print_record"
    DOWNLOAD_RECORD = "download_record"
    READ_REDACTED = "read_redacted"
    REDACT = "redact"
    CHECK_REDACTION = "check_redaction"
    SEARCH = "search"
    BROWSE = "browse"
    FILE_RECORD = "file_record"
    KEEP_CASES = "keep_cases"
    KEEP_SCHEMES = "keep_schemes"
    KEEP_PLAN = "keep_plan"
    SEE_PLAN_DRAFT = "see_plan_draft"
    PUBLISH_PLAN = "publish_plan"
    VOID_NUMBER = "void_number"
    KEEP_STORE = "keep_store"
    CHECK_PROPERTIES = "check_properties"
    GRANT_EXCEPTION = "grant_exception"
    ASK_ACCESS = "ask_access"
    DECIDE_ACCESS = "decide_access"
    DECIDE_UNSEALING = "decide_unsealing"
    SEE_ACCESS = "see_access"
    READ_IN_EMERGENCY = "read_in_emergency"
    REVIEW_EMERGENCY = "review_emergency"
    SEE_USE = "see_use"
    SEE_DISPOSAL = "see_disposal"
    CHECK_RETENTION = "check_retention"
    ACKNOWLEDGE_CLOCK = "acknowledge_clock"
    PROPOSE_SCHEDULE = "propose_schedule"
    APPROVE_SCHEDULE = "approve_schedule"
    DRAW_UP_LIST = "draw_up_list"
    APPRAISE = "appraise"
    APPROVE = "approve"
    SUPERVISE = "supervise"
    ORDER_DESTRUCTION = "order_destruction"
    TRANSFER = "transfer"
    CONFIRM_RECEIPT = "confirm_receipt"
    CONFIRM_RECEIVER = "confirm_receiver"
    PLACE_HOLD = "place_hold"
    RELEASE_HOLD = "release_hold"
    SEE_AUDIT = "see_audit"
    SEE_PEOPLE = "see_people"
    ADD_PERSON = "add_person"
    SET_RIGHTS = "set_rights"
    RUN_SYSTEM = "run_system"
    EXAMINE = "examine"


@dataclass(frozen=True)
class Rule:
    """Who may do an action: roles, whether clearance for the thing's level is needed, and whose hands are barred.

    ``by_grant`` names what a grant must hold to stand in for the clearance; empty where none does. ``staff``, where it
    is given, are the only roles whose clearance is enough above the public level: everybody else needs the grant.
    """

    roles: frozenset[str]
    by_level: bool = False
    by_grant: str = ""
    barred: tuple[str, ...] = ()
    staff: frozenset[str] = frozenset()


def _rule(
    *roles: str,
    by_level: bool = False,
    by_grant: str = "",
    barred: tuple[str, ...] = (),
    staff: tuple[str, ...] = (),
) -> Rule:
    return Rule(frozenset(roles), by_level, by_grant, barred, frozenset(staff))


WORKING = (ARCHIVIST, READER, APPRAISER, APPROVER)
OF_ADMINISTRATORS = frozenset(
    {
        Action.SEE_AUDIT,
        Action.SEE_PEOPLE,
        Action.ADD_PERSON,
        Action.SET_RIGHTS,
        Action.RUN_SYSTEM,
        Action.EXAMINE,
        Action.SEE_DISPOSAL,
        Action.SEE_ACCESS,
        Action.DECIDE_UNSEALING,
        Action.REVIEW_EMERGENCY,
    }
)
"""All that the three administrators may ever do, whatever else they hold: nothing here shows or touches content."""

TABLE: Mapping[Action, Rule] = {
    Action.SEE_RECORD: _rule(*WORKING, by_level=True, by_grant=VIEW),
    Action.READ_RECORD: _rule(*WORKING, by_level=True, by_grant=VIEW),
    # To read is one thing, to carry away another (DOMAIN 6): by clearance alone only who works on the holdings does.
    Action.PRINT_RECORD: _rule(*WORKING, by_level=True, by_grant=PRINT, staff=(ARCHIVIST, APPRAISER, APPROVER)),
    Action.DOWNLOAD_RECORD: _rule(*WORKING, by_level=True, by_grant=DOWNLOAD, staff=(ARCHIVIST,)),
    Action.READ_REDACTED: _rule(*WORKING, by_level=True, by_grant=REDACTED),
    Action.REDACT: _rule(ARCHIVIST, by_level=True),
    Action.CHECK_REDACTION: _rule(ARCHIVIST, APPROVER, by_level=True, barred=("redactor",)),
    Action.SEARCH: _rule(*WORKING),
    Action.BROWSE: _rule(*WORKING),
    Action.FILE_RECORD: _rule(ARCHIVIST, by_level=True),
    Action.KEEP_CASES: _rule(ARCHIVIST),
    Action.KEEP_SCHEMES: _rule(ARCHIVIST),
    Action.KEEP_PLAN: _rule(ARCHIVIST),
    Action.SEE_PLAN_DRAFT: _rule(ARCHIVIST, APPROVER),
    Action.PUBLISH_PLAN: _rule(ARCHIVIST, APPROVER, barred=("drafter",)),
    Action.VOID_NUMBER: _rule(ARCHIVIST),
    Action.KEEP_STORE: _rule(ARCHIVIST),
    Action.CHECK_PROPERTIES: _rule(ARCHIVIST, by_level=True),
    Action.GRANT_EXCEPTION: _rule(ARCHIVIST, APPROVER, barred=("requester",)),
    Action.ASK_ACCESS: _rule(*WORKING),
    Action.DECIDE_ACCESS: _rule(ARCHIVIST, APPROVER, by_level=True, barred=("requester",)),
    Action.DECIDE_UNSEALING: _rule(SECURITY_ADMINISTRATOR, APPROVER, barred=("requester",)),
    Action.SEE_ACCESS: _rule(*WORKING, SECURITY_ADMINISTRATOR),
    Action.READ_IN_EMERGENCY: _rule(*WORKING),
    Action.REVIEW_EMERGENCY: _rule(AUDITOR, SECURITY_ADMINISTRATOR, barred=("reader",)),
    Action.SEE_USE: _rule(ARCHIVIST, APPROVER),
    Action.SEE_DISPOSAL: _rule(ARCHIVIST, APPRAISER, APPROVER, AUDITOR),
    Action.CHECK_RETENTION: _rule(ARCHIVIST),
    Action.ACKNOWLEDGE_CLOCK: _rule(ARCHIVIST, APPROVER, barred=("acknowledger",)),
    Action.PROPOSE_SCHEDULE: _rule(ARCHIVIST),
    Action.APPROVE_SCHEDULE: _rule(APPROVER, barred=("proposer", "approver")),
    Action.DRAW_UP_LIST: _rule(ARCHIVIST),
    Action.APPRAISE: _rule(APPRAISER, barred=("proposer",)),
    Action.APPROVE: _rule(APPROVER, barred=("proposer", "appraiser", "approver")),
    Action.ORDER_DESTRUCTION: _rule(ARCHIVIST, barred=("proposer", "appraiser", "approver", "supervisor")),
    Action.SUPERVISE: _rule(ARCHIVIST, APPRAISER, APPROVER, barred=("proposer", "supervisor")),
    Action.TRANSFER: _rule(ARCHIVIST),
    Action.CONFIRM_RECEIPT: _rule(ARCHIVIST, APPROVER, barred=("receipt_by",)),
    Action.CONFIRM_RECEIVER: _rule(ARCHIVIST, APPROVER, barred=("key_by",)),
    Action.PLACE_HOLD: _rule(ARCHIVIST, APPRAISER, APPROVER),
    Action.RELEASE_HOLD: _rule(APPROVER, barred=("placed_by",)),
    Action.SEE_AUDIT: _rule(AUDITOR),
    Action.SEE_PEOPLE: _rule(AUDITOR, SYSTEM_ADMINISTRATOR, SECURITY_ADMINISTRATOR),
    Action.ADD_PERSON: _rule(SYSTEM_ADMINISTRATOR, barred=("self",)),
    Action.SET_RIGHTS: _rule(SECURITY_ADMINISTRATOR, barred=("self",)),
    Action.RUN_SYSTEM: _rule(SYSTEM_ADMINISTRATOR),
    Action.EXAMINE: _rule(AUDITOR, SYSTEM_ADMINISTRATOR),
}

LEAVING_THE_ROOM = frozenset({Action.PRINT_RECORD, Action.DOWNLOAD_RECORD})
"""What nobody ever does with a sealed item, whatever was granted."""

HAND_WORDS: dict[str, Text] = {
    "proposer": Text("编制这份清册的人", "the one who drew up this list"),
    "appraiser": Text("鉴定过这份清册的人", "one who appraised this list"),
    "approver": Text("已批准过这份清册的人", "one who has already approved this list"),
    "acknowledger": Text("已核认过的人", "one who has acknowledged it already"),
    "supervisor": Text("监销过这份清册的人", "one who supervises or has signed for this list"),
    "drafter": Text("起草或修改过这份草案的人", "one who wrote in this draft"),
    "requester": Text("提出申请的人", "the one who asked"),
    "redactor": Text("制作这份遮盖件的人", "the one who made this redacted copy"),
    "reader": Text("阅览的人", "the one who read"),
    "receipt_by": Text("登记这份回执的人", "the one who entered this receipt"),
    "key_by": Text("登记这把公钥的人", "the one who entered this key"),
    "placed_by": Text("设置冻结的人", "the one who placed the hold"),
    "self": Text("本人", "the person concerned"),
}


@dataclass(frozen=True)
class Thing:
    """What an action is about: its level, its id if it is a record, and who had a hand in it so far."""

    level: str | None = None
    record_id: str | None = None
    hands: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """Allowed or not, and why."""

    allowed: bool
    reason: Text


ALLOWED = Verdict(True, Text("可以。", "Allowed."))


def can(person: Person, action: Action, thing: Thing | None = None, *, at: str = "") -> Verdict:
    """Say whether a person may do something now. ``at`` is the instant that grants are held against; without it none holds."""
    thing = thing or Thing()
    rule = TABLE[action]
    if person.disabled:
        return _no("此人员已停用。", "This person has been disabled.")
    if person.administers and action not in OF_ADMINISTRATORS:
        return _no("管理员不接触档案内容。", "Administrators have no access to the archive's content.")
    if not person.roles & rule.roles:
        names = [ROLE_WORDS[role] for role in sorted(rule.roles)]
        return _no(
            f"此操作需要以下角色之一：{'、'.join(name.zh for name in names)}。",
            f"This needs one of these roles: {', '.join(name.en for name in names)}.",
        )
    for hand in rule.barred:
        if person.id in thing.hands.get(hand, frozenset()):
            return _no(f"{HAND_WORDS[hand].zh}不得执行此操作。", f"This may not be done by {HAND_WORDS[hand].en}.")
    return _by_level(person, rule, action, thing, at)


def _by_level(person: Person, rule: Rule, action: Action, thing: Thing, at: str) -> Verdict:
    if not rule.by_level:
        return ALLOWED
    sealed = thing.level == "SEAL"
    if sealed and action in LEAVING_THE_ROOM:
        return _no("密封件只能阅览，不得复制或下载。", "A sealed item is only viewed, never copied or downloaded.")
    cleared = thing.level in person.clearance
    by_hand = not rule.staff or thing.level == "PUB" or bool(person.roles & rule.staff)
    if cleared and by_hand and not (sealed and action is Action.READ_RECORD):
        return ALLOWED
    # No instant, no grant; and no grant holds nothing, or is of no record.
    if at and person.grant_for(thing.record_id or "", thing.level, at, rule.by_grant):
        return ALLOWED
    if sealed and action is Action.READ_RECORD:
        return _no(
            "密封件须先申请启封，由安全保密管理员与审批人共同批准。",
            "A sealed item is opened on request, with the leave of the security administrator and an approver together.",
        )
    words = LEVEL_WORDS.get(thing.level or "", Text("该密级", "this level"))
    if cleared:
        return _no(
            f"“{words.zh}”级档案您可在此阅览；复制、打印须先申请；只有公开件可以下载。",
            f"You may view what is “{words.en}” here; to copy or print it, ask first. Only what is public is downloaded.",
        )
    return _no(
        f"您没有“{words.zh}”级的权限，也没有有效的查阅许可。",
        f"You are not cleared for “{words.en}” and hold no valid grant.",
    )


def _no(zh: str, en: str) -> Verdict:
    return Verdict(False, Text(zh, en))


def require(person: Person, action: Action, thing: Thing | None = None, *, at: str = "") -> None:
    """Raise :class:`Forbidden` with the reason unless the person may do this."""
    verdict = can(person, action, thing, at=at)
    if not verdict.allowed:
        raise Forbidden(verdict.reason.zh, verdict.reason.en)


def visible(
    person: Person, level: ColumnElement[str], record_id: ColumnElement[str], *, at: str
) -> ColumnElement[bool]:
    """Return the SQL condition that holds for exactly those records for which ``can`` allows ``SEE_RECORD``."""
    rule = TABLE[Action.SEE_RECORD]
    if person.disabled or person.administers or not person.roles & rule.roles:
        return false()
    granted = select(grants.c.id).where(
        grants.c.person_id == person.id,
        grants.c.revoked_at.is_(None),
        grants.c.until > at,
        grants.c.record_id == record_id,
        grants.c.level == level,
        shows_the_record(),
    )
    in_emergency = select(emergencies.c.id).where(
        emergencies.c.person_id == person.id,
        emergencies.c.until > at,
        emergencies.c.record_id == record_id,
        emergencies.c.level == level,
    )
    return or_(
        level.in_(sorted(person.clearance)),
        granted.correlate_except(grants).exists(),
        in_emergency.correlate_except(emergencies).exists(),
    )
