"""The pages: thin views over the archive. They read the request, call one service and answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, request, url_for
from flask_wtf import CSRFProtect
from jinja2 import Undefined

from archive_service.archive import Archive
from archive_service.catalog.collecting.runs import ImportRuns
from archive_service.people.model import ROLE_WORDS, Person
from archive_service.people.policy import Action
from archive_service.web import audit, errors, gate, health, here, home, second, settings, stores, waits
from archive_service.web.collecting import drop_manifest, dropping, filing, imports, legacy, pointers, suggestions
from archive_service.web.collecting.import_runs import Imports
from archive_service.web.collecting.upload_desk import UploadDesk
from archive_service.web.desk import certificates, forecast, holds, schedules, transfers
from archive_service.web.desk import lists as disposal_list
from archive_service.web.desk import queue as disposal
from archive_service.web.holdings import (
    cases,
    catalogue,
    custody,
    describing,
    descriptions,
    numbers,
    plan,
    properties,
    reclassify,
    record,
    reports,
    schemes,
    search,
    searches,
)
from archive_service.web.people import accounts as people
from archive_service.web.people import notices, sso
from archive_service.web.reading_room import access, emergency, loans, reading, redactions, use
from archive_service.web.uploads import ArchiveRequest

ROOT = str(Path(__file__).parent)
"""Where templates and static files lie."""

BLUEPRINTS: tuple[Blueprint, ...] = (
    home.blueprint,
    filing.blueprint,
    suggestions.blueprint,
    dropping.blueprint,
    drop_manifest.blueprint,
    imports.blueprint,
    pointers.blueprint,
    catalogue.blueprint,
    cases.blueprint,
    schemes.blueprint,
    numbers.blueprint,
    plan.blueprint,
    reclassify.blueprint,
    describing.blueprint,
    legacy.blueprint,
    record.blueprint,
    properties.blueprint,
    reading.blueprint,
    search.blueprint,
    searches.blueprint,
    access.blueprint,
    redactions.blueprint,
    use.blueprint,
    emergency.blueprint,
    disposal.blueprint,
    disposal_list.blueprint,
    holds.blueprint,
    schedules.blueprint,
    forecast.blueprint,
    certificates.blueprint,
    transfers.blueprint,
    audit.blueprint,
    custody.blueprint,
    loans.blueprint,
    reports.blueprint,
    descriptions.blueprint,
    stores.blueprint,
    people.blueprint,
    second.blueprint,
    sso.blueprint,
    notices.blueprint,
    settings.blueprint,
    health.blueprint,
)

SECTIONS: tuple[tuple[str, str, str, str, Action | None], ...] = (
    ("home", "首页", "Home", "home.page", None),
    ("filing", "归档", "File", "filing.page", Action.FILE_RECORD),
    ("catalogue", "目录", "Catalogue", "catalogue.page", Action.BROWSE),
    ("search", "检索", "Search", "search.page", Action.SEARCH),
    ("access", "利用", "Access", "access.page", Action.SEE_ACCESS),
    ("custody", "库房", "Custody", "custody.page", Action.KEEP_STORE),
    ("disposal", "鉴定处置", "Disposal", "disposal.queue", Action.SEE_DISPOSAL),
    ("audit", "审计", "Audit", "audit.page", Action.SEE_AUDIT),
    ("reports", "报表", "Reports", "reports.page", Action.BROWSE),
    ("stores", "存储", "Stores", "stores.page", Action.EXAMINE),
    ("people", "人员", "People", "people.page", Action.SEE_PEOPLE),
)
"""Key (the blueprint's name), words, address and the action that opens it, in the order of the trade."""


ROOMS = {
    "descriptions": "reports",
    "properties": "catalogue",
    "suggestions": "filing",
    "dropping": "filing",
    "drop_manifest": "filing",
    "pointers": "filing",
    "record": "catalogue",
    "reading": "catalogue",
    "cases": "catalogue",
    "schemes": "catalogue",
    "numbers": "catalogue",
    "plan": "catalogue",
    "reclassify": "catalogue",
    "legacy": "filing",
    "imports": "filing",
    "use": "access",
    "loans": "custody",
    "emergency": "access",
    "redactions": "access",
    "searches": "search",
    "second": "people",
    "sso": "people",
    "notices": "home",
    "holds": "disposal",
    "schedules": "disposal",
    "forecast": "disposal",
    "certificates": "disposal",
    "transfers": "disposal",
}
"""Under which section a blueprint of another name stands."""


@dataclass(frozen=True)
class PersonView:
    """A person as the frame of the page shows one."""

    name: str
    login: str
    roles: tuple[str, ...]


def register(app: Flask, archive: Archive) -> None:
    """Give the application its pages."""
    app.extensions["archive"] = archive
    app.extensions["imports"] = Imports(ImportRuns(archive.ledger, archive.vault, archive.keyring))
    server = archive.settings.server
    app.extensions["uploads"] = UploadDesk(
        archive.settings.data_dir,
        archive.keyring,
        server.max_upload_mib * 1024 * 1024,
        server.upload_idle_hours * 3600,
    )
    app.request_class = ArchiveRequest
    gate.register(app)  # before the forms are read: nobody uploads without a sign-in
    CSRFProtect(app)
    errors.register(app)
    app.context_processor(_context)
    app.jinja_env.finalize = _printable
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)


def _printable(value: object) -> object:
    """Return what a page prints; a function that nobody called is a slip in a template (``{{ names.items }}``)."""
    if callable(value) and not hasattr(value, "__html__") and not isinstance(value, Undefined):
        raise TypeError(f"a page prints {value!r}, which nobody called")
    return value


def _context() -> dict[str, Any]:
    reader = here.person_or_none()
    names = here.archive().settings.archive
    common: dict[str, Any] = {
        "t": here.t,
        "language": here.language(),
        "may": here.may,
        "words": here.words,
        "local_time": here.local_time,
        "unit_name": here.t(names.name_zh, names.name_en),
        "person": _view(reader) if reader else None,
        "printed_on": here.archive().clock.today().isoformat(),
    }
    if reader is None:
        return common
    section = (request.endpoint or "").split(".")[0]
    shut = reader.must_change or here.archive().factors.missing(reader)
    to_do = 0 if shut else sum(item[1] for item in waits.waiting())
    return common | {
        "sections": [] if shut else list(_sections()),
        "section": ROOMS.get(section, section),
        "to_do": to_do,
    }


def _view(reader: Person) -> PersonView:
    return PersonView(reader.name, reader.login, tuple(here.words(ROLE_WORDS[role]) for role in sorted(reader.roles)))


def _sections() -> Iterator[tuple[str, str, str, str]]:
    for key, zh, en, endpoint, action in SECTIONS:
        if here.opened(endpoint) and (action is None or here.may(action)):
            yield key, zh, en, url_for(endpoint)
