"""Opening an archive: the one place where its parts are joined."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from argon2 import PasswordHasher
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from archive_service.archive.files import checked_files, install_id_of, is_founded, origin
from archive_service.archive.opened import Archive
from archive_service.audit.ledger import Ledger
from archive_service.audit.notes import Signer
from archive_service.catalog.classification.checklist import SHIPPED as SHIPPED_CASE_KIND
from archive_service.catalog.classification.checklist import load_case_kind
from archive_service.catalog.classification.schedules import Schedules, take_into_use
from archive_service.catalog.filing.accession import Accession
from archive_service.catalog.filing.corrections import Corrections
from archive_service.catalog.formats.accepted import SHIPPED as SHIPPED_FORMATS
from archive_service.catalog.formats.accepted import load_formats
from archive_service.catalog.formats.pronom import Identification
from archive_service.catalog.keeping.copies import Copies
from archive_service.catalog.keeping.fixity import Fixity
from archive_service.catalog.properties.doors import refused
from archive_service.catalog.properties.items import Stage as CheckStage
from archive_service.catalog.properties.scanner import Scanner
from archive_service.catalog.properties.service import Properties
from archive_service.catalog.records.browse import Catalogue
from archive_service.catalog.records.cases import Cases
from archive_service.catalog.suggesting.suggestions import Suggesting
from archive_service.clock import Clock
from archive_service.config import Settings
from archive_service.custody.care import Care
from archive_service.custody.loans import Loans
from archive_service.custody.places import Places
from archive_service.database.engine import open_engine
from archive_service.database.migrate import require_current
from archive_service.disposal.checking.check import RetentionCheck
from archive_service.disposal.destroying.certificates import Certificates
from archive_service.disposal.destroying.destruction import Destruction
from archive_service.disposal.destroying.horizon import Horizon
from archive_service.disposal.holds.holds import Holds
from archive_service.disposal.listing.lists import Disposal
from archive_service.disposal.schedule_changes import ScheduleChanges
from archive_service.disposal.transfer.receipts import TransferReceipts
from archive_service.disposal.transfer.receiver_keys import ReceiverKeys
from archive_service.disposal.transfer.receiving import Receiving
from archive_service.disposal.transfer.transfers import Transfers
from archive_service.disposal.transfer.writing import TransferWriting
from archive_service.errors import NotFound, Text, Unavailable
from archive_service.people.factors import Factors
from archive_service.people.notices import Notices
from archive_service.people.oidc import Provider
from archive_service.people.service import People
from archive_service.people.sign_in import SignIn
from archive_service.people.sso import SingleSignOn
from archive_service.people.tokens import Tokens
from archive_service.reading_room.access import ReadingRoom
from archive_service.reading_room.copies import Copies as RedactedCopies
from archive_service.reading_room.drafts import Drafts
from archive_service.reading_room.emergencies import Emergencies
from archive_service.reading_room.masked import MaskedEntries
from archive_service.reading_room.pages import Viewer
from archive_service.reading_room.redactions import Redactions
from archive_service.reading_room.requests import Requests
from archive_service.reading_room.use import UseRegister
from archive_service.reading_room.within import Finder
from archive_service.reports.catalogues import Printing
from archive_service.reports.transfer_papers import TransferPapers
from archive_service.search.facts import FactTable
from archive_service.search.indexer import Indexer
from archive_service.search.saved import SavedSearches
from archive_service.search.service import Search
from archive_service.vault import Finding as Faulty
from archive_service.vault import Keyring, Secrets
from archive_service.vault.backups import oldest_keyring
from archive_service.vault.configured import open_keyring, open_vault
from index.extract.chinese_type import chinese_font
from index.extract.runner import Limits


def open_archive(settings: Settings, clock: Clock | None = None) -> Archive:
    """Open the archive that the settings describe; every fault of keys, plan and schedule is reported at once."""
    clock = clock or Clock(settings.zone)
    keys, loaded = checked_files(settings)
    if not is_founded(settings):
        raise NotFound(
            f"{settings.data_dir} 中还没有档案库。请先运行 archive-service init。",
            f"There is no archive in {settings.data_dir} yet. Run archive-service init first.",
        )
    parts = open_parts(settings, clock, keys["log"])
    schedules = take_into_use(parts.ledger, *loaded)
    return _join(settings, clock, parts.engine, parts.ledger, parts.keyring, parts.copies, schedules)


def must_be_there(settings: Settings) -> None:
    """Raise ``Unavailable`` if the catalogue's file is gone: opened, it would be an empty one, and look like an archive's."""
    url = make_url(settings.database_url)
    path = Path(str(url.database))
    if url.get_backend_name() == "sqlite" and not (path.is_file() and path.stat().st_size):
        raise Unavailable(
            f"目录库不见了：{path}。请用 backup restore 由备份恢复，或用 vault rebuild 重建。",
            f"The catalogue is missing: {path}. Bring it back with backup restore, or make it again with vault rebuild.",
        )


@dataclass(frozen=True)
class Parts:
    """What everything else stands on: database, log, keyring, stores."""

    engine: Engine
    ledger: Ledger
    keyring: Keyring
    copies: Copies


def open_parts(settings: Settings, clock: Clock, log_key: bytes) -> Parts:
    """Open what everything else stands on; nothing is written."""
    install = install_id_of(settings)
    engine = open_engine(settings.database_url)
    must_be_there(settings)
    require_current(engine)
    ledger = Ledger(engine, Signer(origin(install), log_key), clock)
    noticed: SimpleQueue[Faulty] = SimpleQueue()
    keyring = open_keyring(settings, install, clock)
    copies = Copies(ledger, open_vault(settings, install, keyring, noticed.put), noticed)
    return Parts(engine, ledger, keyring, copies)


def _join(
    settings: Settings,
    clock: Clock,
    engine: Engine,
    ledger: Ledger,
    keyring: Keyring,
    copies: Copies,
    schedules: Schedules,
) -> Archive:
    vault = copies.vault
    hasher = PasswordHasher()
    idle, absolute = (
        timedelta(minutes=settings.sessions.idle_minutes),
        timedelta(hours=settings.sessions.absolute_hours),
    )
    catalogue = Catalogue(ledger, vault, schedules)
    scanner = Scanner(settings.scanner.address, settings.scanner.seconds)
    formats = load_formats(settings.chosen_file("formats", SHIPPED_FORMATS))
    properties = Properties(ledger, vault, schedules, catalogue, scanner, formats)
    kind = load_case_kind(settings.chosen_file("case_kind", SHIPPED_CASE_KIND))
    cases = Cases(ledger, schedules, kind)
    indexer = Indexer.at(settings.data_dir / "index", ledger, vault, schedules, settings.extraction)
    certificates = Certificates(ledger)
    transfers = Transfers(ledger, properties)
    unit = Text(settings.archive.name_zh, settings.archive.name_en)
    check = RetentionCheck(ledger, schedules, settings.retention)
    accession = Accession(
        ledger,
        vault,
        schedules,
        settings.server.max_upload_mib * 1024 * 1024,
        partial(refused, doors=properties.doors),
        kind,
    )
    search = Search(ledger, vault, catalogue, indexer.compartments, FactTable(ledger))
    viewer = Viewer(catalogue, _limits(settings), str(chinese_font() or ""))
    return Archive(
        settings=settings,
        clock=clock,
        engine=engine,
        ledger=ledger,
        people=People(ledger, hasher),
        sign_in=SignIn(ledger, hasher, idle, absolute),
        tokens=Tokens(ledger),
        sso=_sso(settings, ledger),
        notices=Notices(ledger, Text(settings.archive.name_zh, settings.archive.name_en)),
        factors=Factors(
            ledger,
            Secrets(keyring),
            settings.archive.name_en,
            hasher,
            frozenset(settings.sessions.second_factor_for),
        ),
        schedules=schedules,
        keyring=keyring,
        vault=vault,
        copies=copies,
        fixity=Fixity(ledger, copies, settings.fixity),
        cases=cases,
        accession=accession,
        corrections=Corrections(
            ledger,
            vault,
            settings.server.max_upload_mib * 1024 * 1024,
            kind,
            lambda actor, row: properties.require_passed(actor, [row], CheckStage.FILING),
        ),
        formats=formats,
        identification=Identification(ledger, vault),
        catalogue=catalogue,
        properties=properties,
        places=Places(ledger, catalogue),
        loans=Loans(ledger, catalogue, People(ledger, hasher)),
        care=Care(ledger, catalogue),
        suggesting=Suggesting(ledger, vault, schedules, catalogue),
        reading_room=ReadingRoom(ledger),
        emergencies=Emergencies(ledger, frozenset(settings.access.emergency_for)),
        drafts=Drafts(ledger),
        requests=Requests(ledger, settings.access.decide_days),
        masked=MaskedEntries(ledger, frozenset(settings.access.discoverable)),
        use_register=UseRegister(ledger, catalogue),
        viewer=viewer,
        finder=Finder(catalogue, _limits(settings)),
        redactions=Redactions(catalogue, _limits(settings), _reading(settings)),
        redacted_copies=RedactedCopies(viewer),
        indexer=indexer,
        search=search,
        saved_searches=SavedSearches(ledger, search, Secrets(keyring)),
        holds=Holds(ledger),
        retention_check=check,
        schedule_changes=ScheduleChanges(ledger, schedules),
        disposal=Disposal(
            ledger,
            schedules,
            check,
            settings.disposal.cooling_off_days,
            settings.disposal.approvals,
            settings.disposal.appraisal_group,
        ),
        destruction=Destruction(ledger, vault, indexer, check, certificates),
        certificates=certificates,
        horizon=Horizon(ledger, vault, indexer, settings.backup.keyring_keep_days, partial(oldest_keyring, settings)),
        transfers=transfers,
        transfer_receipts=TransferReceipts(ledger),
        receiver_keys=ReceiverKeys(ledger),
        receiving=Receiving(ledger, schedules, accession),
        transfer_writing=TransferWriting(ledger, vault),
        transfer_papers=TransferPapers(ledger, catalogue, transfers, unit),
        printing=Printing(ledger, catalogue, cases, unit),
    )


def _limits(settings: Settings) -> Limits:
    limits = settings.extraction
    return Limits(limits.memory_mib, limits.cpu_seconds, limits.wall_seconds, limits.input_mib * 1024 * 1024)


def _reading(settings: Settings) -> Limits | None:
    """Return the limits of recognising words in pictures, where it is switched on."""
    limits = settings.extraction
    if not limits.ocr:
        return None
    return Limits(limits.ocr_memory_mib, limits.ocr_seconds, limits.ocr_seconds, limits.input_mib * 1024 * 1024)


def _sso(settings: Settings, ledger: Ledger) -> SingleSignOn:
    said = settings.oidc
    provider = None
    if said.issuer:
        secret = ""
        if said.client_secret_file:
            secret = settings.path(said.client_secret_file).read_text(encoding="utf-8").strip()
        back = f"{settings.public_url}/people/sso/back"
        provider = Provider(said.issuer, said.client_id, secret, said.groups_claim, back)
    roles = {group: frozenset(given) for group, given in said.roles.items()}
    return SingleSignOn(ledger, provider, Text(said.name_zh, said.name_en), roles)
