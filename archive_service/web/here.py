"""What every view needs of the request it answers: the archive, the person, the language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import cast

from flask import current_app, flash, g, has_request_context, request, session

from archive_service.archive import Archive
from archive_service.clock import from_stamp
from archive_service.errors import BadInput, Text
from archive_service.people.model import LEVEL_WORDS, Person
from archive_service.people.policy import TABLE, Action, Thing, can

LANGUAGES = ("zh", "en")
ZH_LOCALES = ("zh", "zh-CN", "zh-Hans", "zh-Hans-CN", "zh-TW", "zh-HK")


def archive() -> Archive:
    """Return the archive that this application shows."""
    return cast("Archive", current_app.extensions["archive"])


def person() -> Person:
    """Return who is signed in; the gate lets nobody else reach a view that asks."""
    return cast("Person", g.person)


def person_or_none() -> Person | None:
    """Return who is signed in, or ``None`` on the open pages."""
    return cast("Person | None", g.get("person"))


def language() -> str:
    """Return the language of the answer: the person's, else the session's, else the browser's, else the archive's."""
    reader = person_or_none()
    if reader is not None:
        return reader.language
    if has_request_context():
        chosen = session.get("language")
        if chosen in LANGUAGES:
            return str(chosen)
        offered = request.accept_languages.best_match([*ZH_LOCALES, "en"])
        if offered:
            return offered[:2]
    return archive().settings.archive.language


def t(zh: str, en: str) -> str:
    """Return the text of the language of this answer."""
    return zh if language() == "zh" else en


def words(text: Text) -> str:
    """Return a sentence in the language of this answer."""
    return text.in_language(language())


def in_place() -> bool:
    """Say whether a script sent this form and will show a fault beside it, so that nothing typed is lost."""
    return request.headers.get("X-In-Place") == "1"


def done(zh: str, en: str) -> None:
    """Say on the next page what was done."""
    flash(t(zh, en), "ok")


def may(action: Action | str, thing: Thing | None = None) -> bool:
    """Say whether the person may do something at all; asked of a kind of things, one cleared level is enough."""
    reader = person_or_none()
    if reader is None:
        return False
    wanted = Action(action)
    if thing is None and TABLE[wanted].by_level:
        return any(can(reader, wanted, Thing(level=level)).allowed for level in reader.clearance)
    return can(reader, wanted, thing, at=archive().clock.stamp()).allowed


def local_time(stamp: str | None) -> str:
    """Write a stored instant as people of this archive read it: its own zone, to the minute."""
    if not stamp:
        return ""
    return from_stamp(stamp).astimezone(archive().clock.zone).strftime("%Y-%m-%d %H:%M")


def names_of(ids: Sequence[str | None]) -> dict[str, str]:
    """Return people's names by id."""
    return archive().people.names(ids)


def level_badge(level: str) -> tuple[str, str]:
    """Return the badge of a level."""
    return level, words(LEVEL_WORDS[level])


def level_options() -> list[tuple[str, str]]:
    """Return levels for a choice; only those that the person is cleared for."""
    return [(level, words(text)) for level, text in LEVEL_WORDS.items() if level in person().clearance]


def type_name(code: str) -> str:
    """Return the name of a record type; a type of an earlier plan reads as its code."""
    found = archive().schedules.plan.types.get(code)
    return words(found.name) if found else code


def class_name(code: str) -> str:
    """Return the name of a class of the plan."""
    found = next((item for item in archive().schedules.plan.classes if item.code == code), None)
    return words(found.name) if found else code


def number_of(text: str, zh: str, en: str) -> int | None:
    """Read a whole number that a person typed; empty means none."""
    plain = text.strip()
    if not plain:
        return None
    if not plain.isascii() or not plain.isdigit() or len(plain) > 9:
        raise BadInput(f"“{zh}”应为数字。", f"{en} must be a number.")
    return int(plain)


def local_path(address: str) -> str:
    """Return an address if it lies on this site, else the first page: nobody is sent elsewhere by a link of ours."""
    safe = address.startswith("/") and not address.startswith("//") and "\\" not in address and address.isprintable()
    return address if safe else "/"


def opened(endpoint: str) -> bool:
    """Say whether this application has such a page."""
    return endpoint in current_app.view_functions


def today_in_words(day: date) -> str:
    """Write a civil date out."""
    return t(f"{day.year} 年 {day.month} 月 {day.day} 日", f"{day.day} {day:%B} {day.year}")
