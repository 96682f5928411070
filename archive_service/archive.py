"""The archive: the one place where its parts are joined."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Literal

from argon2 import PasswordHasher
from sqlalchemy import Engine, select
from sqlalchemy.engine import make_url

from archive_service.audit import acts, anchors, copying
from archive_service.audit.ledger import Ledger
from archive_service.audit.notes import Signer
from archive_service.audit.tables import checkpoints, entries
from archive_service.audit.verify import Finding, Report, behind_its_anchors, verify
from archive_service.catalog import frame
from archive_service.catalog.accession import Accession
from archive_service.catalog.browse import Catalogue, Whole
from archive_service.catalog.cases import Cases
from archive_service.catalog.checklist import SHIPPED as SHIPPED_CASE_KIND
from archive_service.catalog.checklist import load_case_kind
from archive_service.catalog.copies import Copies
from archive_service.catalog.corrections import Corrections
from archive_service.catalog.drop_folder import DropFolder
from archive_service.catalog.fixity import Fixity, Run
from archive_service.catalog.format_list import SHIPPED as SHIPPED_FORMATS
from archive_service.catalog.format_list import FormatList, load_formats
from archive_service.catalog.identification import Identification
from archive_service.catalog.plan import SHIPPED
from archive_service.catalog.plan_drafts import PlanDrafts
from archive_service.catalog.plan_effects import PlanEffects
from archive_service.catalog.properties import Properties, refused
from archive_service.catalog.reclassifying import Reclassifying
from archive_service.catalog.scanner import Scanner
from archive_service.catalog.schedules import Schedules, read_files, take_into_use
from archive_service.catalog.schemes import Schemes
from archive_service.catalog.suggesting import Suggesting
from archive_service.catalog.void_ledger import VoidLedger
from archive_service.clock import Clock
from archive_service.config import Settings
from archive_service.custody.care import Care
from archive_service.custody.places import Places
from archive_service.database.engine import open_engine
from archive_service.database.migrate import migrate, require_current
from archive_service.disposal.certificates import Certificates
from archive_service.disposal.check import CheckReport, RetentionCheck
from archive_service.disposal.destruction import Destruction
from archive_service.disposal.hold_searches import HoldSearches
from archive_service.disposal.holds import Holds
from archive_service.disposal.horizon import Horizon
from archive_service.disposal.leaving import leave_lists, remind
from archive_service.disposal.lists import Disposal
from archive_service.disposal.schedule_changes import ScheduleChanges
from archive_service.disposal.transfer_writing import TransferWriting
from archive_service.disposal.transfers import Transfers
from archive_service.errors import ArchiveError, BadSettings, Conflict, Damaged, NotFound, Text, Unavailable
from archive_service.people.factors import Factors
from archive_service.people.model import AUDITOR, ROLE_WORDS, SECURITY_ADMINISTRATOR, SYSTEM_ADMINISTRATOR, Person
from archive_service.people.policy import Action, require
from archive_service.people.service import NewPerson, People
from archive_service.people.sign_in import SignIn
from archive_service.people.tokens import Tokens
from archive_service.reading_room.access import ReadingRoom
from archive_service.reading_room.masked import MaskedEntries
from archive_service.reading_room.pages import Viewer
from archive_service.reading_room.requests import Requests
from archive_service.reading_room.use import UseRegister
from archive_service.reports.catalogues import Printing
from archive_service.reports.fonts import chinese_font
from archive_service.reports.transfer_papers import TransferPapers
from archive_service.search.doctor import cage, examine
from archive_service.search.indexer import Indexer
from archive_service.search.service import Search
from archive_service.vault import PRIMARY, Keyring, Rotation, Vault, make_key_file, read_key_file
from archive_service.vault import Finding as Faulty
from archive_service.vault.ballast import MIB, free_bytes
from archive_service.vault.changing import change_root_key, recovery_custodian
from archive_service.vault.configured import ballast, custodian, found_store, open_vault, placement_faults
from archive_service.vault.recovery import Drill, drill, recover
from archive_service.vault.secrets import Secrets
from archive_service.vault.shares import Share
from index.extract.runner import Limits
from retention_policies import Decision, default_schedule_path

KEY_NAMES = ("root", "log", "session")
TIGHT = 64 * MIB
"""With less than this free on the disk of database and log, the ballast is given up."""

LEFT_BEHIND = timedelta(days=1)
"""After this time what an unfinished write has left is nobody's any more."""

FIRST_PEOPLE = (
    NewPerson("admin", "系统管理员", frozenset({SYSTEM_ADMINISTRATOR})),
    NewPerson("security", "安全保密管理员", frozenset({SECURITY_ADMINISTRATOR})),
    NewPerson("auditor", "审计管理员", frozenset({AUDITOR})),
)


@dataclass(frozen=True)
class Archive:
    """An opened archive with all its services."""

    settings: Settings
    clock: Clock
    engine: Engine
    ledger: Ledger
    people: People
    sign_in: SignIn
    factors: Factors
    tokens: Tokens
    schedules: Schedules
    keyring: Keyring
    vault: Vault
    copies: Copies
    fixity: Fixity
    cases: Cases
    accession: Accession
    corrections: Corrections
    formats: FormatList
    identification: Identification
    catalogue: Catalogue
    suggesting: Suggesting
    properties: Properties
    places: Places
    care: Care
    reading_room: ReadingRoom
    requests: Requests
    masked: MaskedEntries
    use_register: UseRegister
    viewer: Viewer
    indexer: Indexer
    search: Search
    holds: Holds
    retention_check: RetentionCheck
    schedule_changes: ScheduleChanges
    disposal: Disposal
    destruction: Destruction
    certificates: Certificates
    horizon: Horizon
    transfers: Transfers
    transfer_writing: TransferWriting
    transfer_papers: TransferPapers
    printing: Printing

    @property
    def anchor_file(self) -> Path:
        """The file outside the database in which checkpoints are kept."""
        return self.settings.data_dir / "anchors" / "checkpoints.txt"

    @property
    def keyring_file(self) -> Path:
        """The file that holds the wrapped keys."""
        return self.settings.data_dir / "keyring.db"

    @property
    def schemes(self) -> Schemes:
        """The numbering schemes."""
        return Schemes(self.ledger, self.schedules)

    @property
    def void_ledger(self) -> VoidLedger:
        """Reserved numbers and those that were withdrawn."""
        return VoidLedger(self.ledger, self.schedules)

    @property
    def reclassifying(self) -> Reclassifying:
        """What puts records into other classes."""
        return Reclassifying(self.ledger, self.schedules)

    @property
    def plan_drafts(self) -> PlanDrafts:
        """The classification plan as people change it."""
        return PlanDrafts(self.ledger, self.schedules)

    @property
    def plan_effects(self) -> PlanEffects:
        """What a changed plan does to what is held."""
        return PlanEffects(self.ledger, self.schedules, self.catalogue)

    @property
    def install_id(self) -> str:
        """The id of this installation, which every store of it carries."""
        return _install_id(self.settings)

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def begin(self) -> bool:
        """Begin to serve: hold the ballast, and say whether the last service ended without a word (:meth:`end`)."""
        mark = self.settings.data_dir / "serving"
        unclean = mark.exists()
        mark.touch(mode=0o600)
        self.keep_room()
        return unclean

    def end(self) -> None:
        """End serving in good order."""
        self.keep_retention_clock()
        (self.settings.data_dir / "serving").unlink(missing_ok=True)

    def carry_on_schedule_changes(self) -> bool:
        """Count or compute on for a change of the schedule, a few batches at a time; say whether there is more."""
        with self.ledger.read() as connection:
            self.schedules.follow(connection)
        return self.schedule_changes.carry_on(20)

    def catch_for_holds(self) -> int:
        """Bring what the searches of standing holds find under them; return how many records are new."""
        return HoldSearches(self.ledger, self.people.by_id, self.search.every_id).catch()

    def follow_plan(self) -> bool:
        """Bring records in line with a plan that was published, some at a time; say whether there may be more."""
        return self.plan_effects.bring_in_line()

    def certify_irrecoverable(self) -> list[str]:
        """Issue the second stage of each certificate whose keyring backups have expired; return the lists."""
        return self.horizon.issue_due()

    def keep_retention_clock(self) -> None:
        """Hold the retention clock against the wall clock, and keep its reading."""
        self.retention_check.clock.tick()

    def keep_room(self) -> None:
        """Give the ballast up when the disk of database and log is nearly full, take it back when there is room again."""
        held = ballast(self.settings)
        if not held.size:
            return
        if free_bytes(self.settings.data_dir) < TIGHT:
            held.give_up()
        else:
            held.ensure()

    def take_store_into_use(self, actor: Person, name: str) -> str:
        """Turn an empty place that the settings name into a store of this installation; return where it lies."""
        require(actor, Action.RUN_SYSTEM)
        place = found_store(self.settings, name, self.install_id).place
        self.ledger.note(actor.id, acts.STORE_FOUNDED, "store", name)
        return place

    def change_root_key(
        self, actor: Person, kind: str, passphrase: str = "", on_batch: Callable[[int], object] | None = None
    ) -> Rotation:
        """Wrap every key anew under a new root key; ``kind`` and ``passphrase`` say who keeps it."""
        require(actor, Action.RUN_SYSTEM)
        rotation = change_root_key(self.settings, self.keyring, kind, passphrase, on_batch)
        self.ledger.note(actor.id, acts.KEYS_ROTATED, "archive", "keys", custodian=kind, keys=rotation.rewrapped)
        return rotation

    def recovery_shares(self, actor: Person, threshold: int, of: int) -> list[Share]:
        """Split the root key into recovery shares; those made before stay good until the root key is changed."""
        require(actor, Action.RUN_SYSTEM)
        shares = self.keyring.split_root(threshold, of)
        self.ledger.note(actor.id, acts.SHARES_MADE, "archive", "keys", number=of, needed=threshold)
        return shares

    def drill(self, actor: Person, words: list[str]) -> Drill:
        """Show that shares open the keyring, without the custodian; the log holds that it was tried and went well."""
        require(actor, Action.RUN_SYSTEM)
        done = drill(self.keyring_file, self.install_id, words, self.clock)
        self.ledger.note(actor.id, acts.SHARES_DRILLED, "archive", "keys", keys=done.keys_opened)
        return done

    def expire_reservations(self) -> int:
        """Enter reserved numbers whose time is over into the void ledger; the daily job's part."""
        return self.void_ledger.expire()

    def keep_copies(self) -> int:
        """Make every copy that is due, and make good what was found faulty; return how many."""
        return self.copies.settle()

    def plan_copies(self) -> int:
        """Bring what must lie where in line with the settings; return how many copies are asked for."""
        return self.copies.plan()

    def night_watch(self) -> Run:
        """Read what is due tonight, make good what is faulty, and hold all parts against each other."""
        self.plan_copies()
        self.keep_copies()
        run = self.fixity.nightly()
        self.keep_copies()
        self.watch()
        return run

    def watch(self) -> list[Finding]:
        """Clear away what unfinished writes have left, hold all parts against each other, and log how much was found."""
        self.vault.sweep_staging(self.clock.now() - LEFT_BEHIND)
        findings = self.examine(contents=False)
        self.ledger.note(None, acts.ARCHIVE_EXAMINED, "archive", "archive", findings=len(findings))
        return findings

    def settle_outbox(self) -> int:
        """Do what waits in the outbox (capsules, index); return how much was done."""
        return self.indexer.settle()

    def identify_formats(self) -> int:
        """Ask for the PRONOM identifier of every file that has none yet; return how many were asked for."""
        return self.identification.settle()

    def check_properties(self) -> int:
        """Make the four-property check of what was filed and not checked yet; return how many records were."""
        return self.properties.check_filed()

    def take_in_dropped(self) -> int:
        """File what lies complete in the watched folder, if there is one; return how many folders were looked at."""
        watched = self.settings.drop_folder
        if not watched.path:
            return 0
        folder, login = self.settings.path(watched.path), watched.login
        return DropFolder(
            self.accession, self.clock, folder, lambda: self.people.by_login(login), watched.fonds
        ).take_in()

    def check_retention(
        self, *, by: Person | None = None, confirmed_by: Person | None = None, confirmed: int | None = None
    ) -> CheckReport:
        """Queue what has become due, let what may no longer go leave its list, and remind of lists that wait too long.

        The daily job's part, and the same by hand (:meth:`RetentionCheck.run` says what the people mean).
        """
        self.catch_for_holds()
        report = self.retention_check.run(by=by, confirmed_by=confirmed_by, confirmed=confirmed)
        if not report.in_doubt and not report.busy:
            leave_lists(self.ledger, self.retention_check)
            remind(self.ledger, self.settings.disposal.deadline_days)
        return report

    def carry_on_destructions(self) -> list[str]:
        """Carry on what people have ordered, and anchor the log when something was certified."""
        closed = self.destruction.carry_on()
        if closed:
            self.keep_checkpoint()
        return closed

    def explain(self, actor: Person, code: str) -> tuple[Decision, Whole]:
        """Decide anew about one record that the person sees: the verdict with its sentence, and the record."""
        whole = self.catalogue.find(actor, code)
        with self.ledger.read() as connection:
            return self.retention_check.decide(connection, whole.row, self.clock.today()), whole

    def keep_checkpoint(self) -> str:
        """Keep the present signed head of the log in the database and, with the log and the frame, outside; return it.

        The entries are written before the anchor that covers them: so what lies outside is whole up to its last anchor.
        """
        note = self.ledger.checkpoint()
        size = self.ledger.signer.verifier.open(note).size
        folders = self.settings.log_folders
        added = [copying.append(self.engine, folder, size) for folder in folders]
        if any(added):
            frame.write(self.ledger, self.vault, folders)
        for folder in folders:
            anchors.append(folder / self.anchor_file.name, note)
        return note

    def must_not_be_behind(self) -> None:
        """Raise ``Damaged`` if the database was wound back behind an anchor: what it would do next is a second history."""
        for folder in self.settings.log_folders:
            behind = behind_its_anchors(self.engine, self.ledger.signer.verifier, folder / self.anchor_file.name)
            if behind is not None:
                raise Damaged(
                    f"{behind.zh}为免已销毁的内容重现，不予启动。请改用 backup restore 恢复。",
                    f"{behind.en} So that nothing destroyed comes back, the service does not start. Use backup restore.",
                )

    def verify_audit(self) -> Report:
        """Check tree, checkpoints and database against each other."""
        return verify(self.engine, self.ledger.signer.verifier, self.anchor_file)

    def examine(self, *, contents: bool = True) -> list[Finding]:
        """Check that catalogue, keyring, stores, index and log agree; return what does not.

        Without ``contents`` no file is read: that is the nightly fixity's part.
        """
        return [*self.verify_audit().findings, *examine(self.ledger, self.copies, self.indexer, contents=contents)]

    def warnings(self) -> list[Finding]:
        """Return what the people who run the service must hear when it starts."""
        return cage()

    def export_audit(self, actor: Person, folder: Path) -> int:
        """Write the log for a check elsewhere: entries as JSON lines, checkpoints, the public key; return the number of entries."""
        require(actor, Action.SEE_AUDIT)
        folder.mkdir(parents=True, exist_ok=True)
        with self.ledger.read() as connection:
            bodies = [row.body for row in connection.execute(select(entries.c.body).order_by(entries.c.seq))]
            notes = [row.note for row in connection.execute(select(checkpoints.c.note).order_by(checkpoints.c.size))]
        (folder / "log.jsonl").write_text("".join(f"{body}\n" for body in bodies), encoding="utf-8")
        (folder / "checkpoints.txt").write_text(
            anchors.SEPARATOR.join([*notes, self.keep_checkpoint()]), encoding="utf-8"
        )
        (folder / "public_key.txt").write_text(self.ledger.signer.verifier.vkey() + "\n", encoding="utf-8")
        return len(bodies)


def is_founded(settings: Settings) -> bool:
    """Say whether there is an archive in the data directory."""
    return _install_file(settings).is_file()


def found_archive(
    settings: Settings, first_people: tuple[NewPerson, ...] = FIRST_PEOPLE, clock: Clock | None = None
) -> list[tuple[str, str, str]]:
    """Make data directory, keys, database, vault and the first people; return login, roles in words and one-time password of each.

    The file with the installation's id is written last: a founding that was cut off can be told from a finished one.
    """
    clock = clock or Clock(settings.zone)
    data = settings.data_dir
    if is_founded(settings):
        raise Conflict(f"{data} 中已有档案库。", f"There is an archive in {data} already.")
    plan, schedule, body = read_files(
        settings.chosen_file("plan", SHIPPED), settings.chosen_file("schedule", default_schedule_path())
    )
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    data.chmod(0o700)
    if any(data.iterdir()):
        raise Conflict(
            f"{data} 不是空目录（可能是一次中断的建库）。请检查后清空，再重新建立。",
            f"{data} is not empty (perhaps a founding that was cut off). Look at it, empty it, and found again.",
        )
    for name in _key_names(settings):
        path = settings.key_file(name)  # type: ignore[arg-type]
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            make_key_file(path)
    install = uuid.uuid4().hex
    found_store(settings, PRIMARY, install)
    Keyring.create_at(data / "keyring.db", install, custodian(settings), clock)
    engine = open_engine(settings.database_url)
    migrate(engine)
    ledger = Ledger(engine, Signer(origin(install), read_key_file(settings.key_file("log"))), clock)
    ledger.note(None, acts.ARCHIVE_FOUNDED, "archive", install)
    take_into_use(ledger, plan, schedule, body)
    passwords = People(ledger, PasswordHasher()).found(first_people)
    write_install(settings, install)
    engine.dispose()
    return [(one.login, _in_words(one), passwords[one.login]) for one in first_people]


def recover_root_key(settings: Settings, words: list[str], clock: Clock | None = None) -> Rotation:
    """Give a keyring whose custodian is lost to the one of the settings, by its recovery shares; the log then holds it."""
    clock = clock or Clock(settings.zone)
    if not is_founded(settings):
        raise NotFound(f"{settings.data_dir} 中没有档案库。", f"There is no archive in {settings.data_dir}.")
    keyring, install = settings.data_dir / "keyring.db", _install_id(settings)
    drill(keyring, install, words, clock, keys=1)  # before a key file is made: wrong shares leave nothing behind
    rotation = recover(keyring, install, words, recovery_custodian(settings), clock)
    archive = open_archive(settings, clock)
    archive.ledger.note(None, acts.KEYS_RECOVERED, "archive", "keys", keys=rotation.rewrapped)
    archive.close()
    return rotation


def upgrade_archive(settings: Settings) -> None:
    """Bring the database of an existing archive to this version's schema."""
    engine = open_engine(settings.database_url)
    _must_be_there(settings)
    migrate(engine)
    engine.dispose()


def open_archive(settings: Settings, clock: Clock | None = None) -> Archive:
    """Open the archive that the settings describe; every fault of keys, plan and schedule is reported at once."""
    clock = clock or Clock(settings.zone)
    keys, loaded = _checked(settings)
    if not is_founded(settings):
        raise NotFound(
            f"{settings.data_dir} 中还没有档案库。请先运行 archive-service init。",
            f"There is no archive in {settings.data_dir} yet. Run archive-service init first.",
        )
    parts = open_parts(settings, clock, keys["log"])
    schedules = take_into_use(parts.ledger, *loaded)
    return _join(settings, clock, parts.engine, parts.ledger, parts.keyring, parts.copies, schedules)


def _must_be_there(settings: Settings) -> None:
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
    install = _install_id(settings)
    engine = open_engine(settings.database_url)
    _must_be_there(settings)
    require_current(engine)
    ledger = Ledger(engine, Signer(origin(install), log_key), clock)
    noticed: SimpleQueue[Faulty] = SimpleQueue()
    keyring = Keyring(settings.data_dir / "keyring.db", install, custodian(settings), clock)
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
    properties = Properties(ledger, vault, schedules, catalogue, scanner)
    kind = load_case_kind(settings.chosen_file("case_kind", SHIPPED_CASE_KIND))
    cases = Cases(ledger, schedules, kind)
    indexer = Indexer.at(settings.data_dir / "index", ledger, vault, schedules, settings.extraction)
    certificates = Certificates(ledger)
    transfers = Transfers(ledger)
    unit = Text(settings.archive.name_zh, settings.archive.name_en)
    check = RetentionCheck(ledger, schedules, settings.retention)
    return Archive(
        settings=settings,
        clock=clock,
        engine=engine,
        ledger=ledger,
        people=People(ledger, hasher),
        sign_in=SignIn(ledger, hasher, idle, absolute),
        tokens=Tokens(ledger),
        factors=Factors(ledger, Secrets(keyring), settings.archive.name_en),
        schedules=schedules,
        keyring=keyring,
        vault=vault,
        copies=copies,
        fixity=Fixity(ledger, copies, settings.fixity),
        cases=cases,
        accession=Accession(
            ledger,
            vault,
            schedules,
            settings.server.max_upload_mib * 1024 * 1024,
            partial(refused, properties=properties),
            kind,
        ),
        corrections=Corrections(ledger, vault, settings.server.max_upload_mib * 1024 * 1024, kind),
        formats=load_formats(settings.chosen_file("formats", SHIPPED_FORMATS)),
        identification=Identification(ledger, vault),
        catalogue=catalogue,
        properties=properties,
        places=Places(ledger, catalogue),
        care=Care(ledger, catalogue),
        suggesting=Suggesting(ledger, vault, schedules, catalogue),
        reading_room=ReadingRoom(ledger),
        requests=Requests(ledger, settings.access.decide_days),
        masked=MaskedEntries(ledger, frozenset(settings.access.discoverable)),
        use_register=UseRegister(ledger, catalogue),
        viewer=Viewer(catalogue, _limits(settings), str(chinese_font() or "")),
        indexer=indexer,
        search=Search(ledger, vault, catalogue, indexer.compartments),
        holds=Holds(ledger),
        retention_check=check,
        schedule_changes=ScheduleChanges(ledger, schedules),
        disposal=Disposal(ledger, schedules, check, settings.disposal.cooling_off_days),
        destruction=Destruction(ledger, vault, indexer, check, certificates),
        certificates=certificates,
        horizon=Horizon(ledger, vault, indexer, settings.disposal.keyring_backup_days),
        transfers=transfers,
        transfer_writing=TransferWriting(ledger, vault),
        transfer_papers=TransferPapers(ledger, catalogue, transfers, unit),
        printing=Printing(ledger, catalogue, cases, unit),
    )


def _limits(settings: Settings) -> Limits:
    limits = settings.extraction
    return Limits(limits.memory_mib, limits.cpu_seconds, limits.wall_seconds, limits.input_mib * MIB)


def file_faults(settings: Settings) -> list[str]:
    """Return what is wrong with the files that the settings name: keys (of a founded archive), plan, schedule, formats."""
    return _read_files(settings)[2]


def _checked(settings: Settings) -> tuple[dict[str, bytes], tuple[Any, Any, str]]:
    """Read keys, plan and schedule, and collect the faults of all of them before saying any."""
    keys, loaded, faults = _read_files(settings)
    if faults or loaded is None:
        raise BadSettings(faults)
    return keys, loaded


def _read_files(settings: Settings) -> tuple[dict[str, bytes], tuple[Any, Any, str] | None, list[str]]:
    faults: list[str] = []
    keys: dict[str, bytes] = {}
    named = f"{settings.source}: " if settings.source else ""
    faults += placement_faults(settings)
    for name in _key_names(settings) if is_founded(settings) else ():
        try:
            keys[name] = read_key_file(settings.key_file(name))  # type: ignore[arg-type]
        except ArchiveError as error:
            faults.append(f"{named}[keys] {name}: {error.text.zh} {error.text.en}")
    plan, schedule = settings.chosen_file("plan", SHIPPED), settings.chosen_file("schedule", default_schedule_path())
    faults += _list_faults(settings, named)
    try:
        loaded = read_files(plan, schedule)
    except BadSettings as error:
        chosen = {str(plan): settings.catalog.plan and "plan", str(schedule): settings.catalog.schedule and "schedule"}
        return keys, None, faults + [f"{_chosen_by(fault, chosen, named)}{fault}" for fault in error.faults]
    return keys, loaded, faults


def _list_faults(settings: Settings, named: str) -> list[str]:
    """Return what is wrong with the lists of formats and of what a case file should hold."""
    faults: list[str] = []
    lists: tuple[tuple[Literal["formats", "case_kind"], Callable[[Path], object], Path], ...] = (
        ("formats", load_formats, SHIPPED_FORMATS),
        ("case_kind", load_case_kind, SHIPPED_CASE_KIND),
    )
    for key, read, shipped in lists:
        try:
            read(settings.chosen_file(key, shipped))
        except BadSettings as error:
            chosen = getattr(settings.catalog, key)
            faults += [f"{named}[catalog] {key}: {fault}" if chosen else fault for fault in error.faults]
    return faults


def _chosen_by(fault: str, chosen: dict[str, str], named: str) -> str:
    """Say which setting led to the file that a fault is about; the shipped files were chosen by none."""
    key = next((key for path, key in chosen.items() if key and fault.startswith(path)), "")
    return f"{named}[catalog] {key}: " if key else ""


def _key_names(settings: Settings) -> tuple[str, ...]:
    """Return the key files that these settings need: the root key is one only where a key file keeps it."""
    return KEY_NAMES if settings.keys.custodian == "key-file" else KEY_NAMES[1:]


def _install_id(settings: Settings) -> str:
    return str(json.loads(_install_file(settings).read_text(encoding="utf-8"))["install"])


def _install_file(settings: Settings) -> Path:
    return settings.data_dir / "install.json"


def write_install(settings: Settings, install: str) -> None:
    """Write which installation lies in the data directory, durably."""
    aside = settings.data_dir / "install.json.new"
    with aside.open("w", encoding="utf-8") as file:
        json.dump({"install": install, "format": 1}, file)
        file.flush()
        os.fsync(file.fileno())
    aside.rename(_install_file(settings))


def origin(install: str) -> str:
    """Return the name of an installation's log, as its checkpoints bear it."""
    return f"archive-service/{install[:12]}"


def _in_words(person: NewPerson) -> str:
    roles = "、".join(ROLE_WORDS[role].zh for role in sorted(person.roles))
    levels = " ".join(sorted(person.clearance))
    return f"{person.name}（{roles}）{levels}"
