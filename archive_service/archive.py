"""The archive: the one place where its parts are joined."""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import Engine, select

from archive_service.audit import acts, anchors
from archive_service.audit.ledger import Ledger
from archive_service.audit.notes import Signer
from archive_service.audit.tables import checkpoints, entries
from archive_service.audit.verify import Finding, Report, verify
from archive_service.catalog.accession import Accession
from archive_service.catalog.browse import Catalogue, Whole
from archive_service.catalog.cases import Cases
from archive_service.catalog.plan import SHIPPED
from archive_service.catalog.schedules import Schedules, read_files, take_into_use
from archive_service.clock import Clock
from archive_service.config import Settings
from archive_service.database.engine import open_engine
from archive_service.database.migrate import migrate, require_current
from archive_service.disposal.certificates import Certificates
from archive_service.disposal.check import CheckReport, RetentionCheck
from archive_service.disposal.destruction import Destruction
from archive_service.disposal.holds import Holds
from archive_service.disposal.lists import Disposal
from archive_service.errors import ArchiveError, BadSettings, Conflict, NotFound, Text
from archive_service.people.model import AUDITOR, ROLE_WORDS, SECURITY_ADMINISTRATOR, SYSTEM_ADMINISTRATOR, Person
from archive_service.people.policy import Action, require
from archive_service.people.service import NewPerson, People
from archive_service.people.sign_in import SignIn
from archive_service.reading_room.access import ReadingRoom
from archive_service.reports.catalogues import Printing
from archive_service.search.doctor import cage, examine
from archive_service.search.indexer import Indexer
from archive_service.search.service import Search
from archive_service.vault import Keyring, LocalStore, Vault, make_key_file, read_key_file
from retention_policies import Decision, default_schedule_path

KEY_NAMES = ("root", "log", "session")
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
    schedules: Schedules
    vault: Vault
    cases: Cases
    accession: Accession
    catalogue: Catalogue
    reading_room: ReadingRoom
    indexer: Indexer
    search: Search
    holds: Holds
    retention_check: RetentionCheck
    disposal: Disposal
    destruction: Destruction
    certificates: Certificates
    printing: Printing

    @property
    def anchor_file(self) -> Path:
        """The file outside the database in which checkpoints are kept."""
        return self.settings.data_dir / "anchors" / "checkpoints.txt"

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def settle_outbox(self) -> int:
        """Do what waits in the outbox (capsules, index); return how much was done."""
        return self.indexer.settle()

    def check_retention(self) -> CheckReport:
        """Queue what has become due; the daily job's part."""
        return self.retention_check.run()

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
        """Keep the present signed head of the log in the database and in the anchor file; return it."""
        note = self.ledger.checkpoint()
        anchors.append(self.anchor_file, note)
        return note

    def verify_audit(self) -> Report:
        """Check tree, checkpoints and database against each other."""
        return verify(self.engine, self.ledger.signer.verifier, self.anchor_file)

    def examine(self) -> list[Finding]:
        """Check that catalogue, keyring, store, index and log agree; return what does not."""
        return [*self.verify_audit().findings, *examine(self.ledger, self.vault, self.indexer)]

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
    for name in KEY_NAMES:
        path = settings.key_file(name)  # type: ignore[arg-type]
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            make_key_file(path)
    install = uuid.uuid4().hex
    LocalStore.create_at(data / "store", install)
    Keyring.create_at(data / "keyring.db", install, read_key_file(settings.key_file("root")), clock)
    engine = open_engine(settings.database_url)
    migrate(engine)
    ledger = Ledger(engine, Signer(_origin(install), read_key_file(settings.key_file("log"))), clock)
    ledger.note(None, acts.ARCHIVE_FOUNDED, "archive", install)
    take_into_use(ledger, plan, schedule, body)
    passwords = People(ledger, PasswordHasher()).found(first_people)
    _write_install(settings, install)
    engine.dispose()
    return [(one.login, _in_words(one), passwords[one.login]) for one in first_people]


def upgrade_archive(settings: Settings) -> None:
    """Bring the database of an existing archive to this version's schema."""
    engine = open_engine(settings.database_url)
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
    install = json.loads(_install_file(settings).read_text(encoding="utf-8"))["install"]
    engine = open_engine(settings.database_url)
    require_current(engine)
    ledger = Ledger(engine, Signer(_origin(install), keys["log"]), clock)
    vault = Vault(
        install,
        LocalStore(settings.data_dir / "store", install),
        Keyring(settings.data_dir / "keyring.db", install, keys["root"], clock),
    )
    schedules = take_into_use(ledger, *loaded)
    return _join(settings, clock, engine, ledger, vault, schedules)


def _join(
    settings: Settings, clock: Clock, engine: Engine, ledger: Ledger, vault: Vault, schedules: Schedules
) -> Archive:
    hasher = PasswordHasher()
    idle, absolute = (
        timedelta(minutes=settings.sessions.idle_minutes),
        timedelta(hours=settings.sessions.absolute_hours),
    )
    catalogue = Catalogue(ledger, vault, schedules)
    cases = Cases(ledger, schedules)
    indexer = Indexer.at(settings.data_dir / "index", ledger, vault, schedules, settings.extraction)
    certificates = Certificates(ledger)
    check = RetentionCheck(ledger, schedules, settings.retention)
    return Archive(
        settings=settings,
        clock=clock,
        engine=engine,
        ledger=ledger,
        people=People(ledger, hasher),
        sign_in=SignIn(ledger, hasher, idle, absolute),
        schedules=schedules,
        vault=vault,
        cases=cases,
        accession=Accession(ledger, vault, schedules, settings.server.max_upload_mib * 1024 * 1024),
        catalogue=catalogue,
        reading_room=ReadingRoom(ledger),
        indexer=indexer,
        search=Search(ledger, vault, catalogue, indexer.compartments),
        holds=Holds(ledger),
        retention_check=check,
        disposal=Disposal(ledger, schedules, check, settings.disposal.cooling_off_days),
        destruction=Destruction(ledger, vault, indexer, check, certificates),
        certificates=certificates,
        printing=Printing(ledger, catalogue, cases, Text(settings.archive.name_zh, settings.archive.name_en)),
    )


def file_faults(settings: Settings) -> list[str]:
    """Return what is wrong with the files that the settings name: keys (of a founded archive), plan, schedule."""
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
    for name in KEY_NAMES if is_founded(settings) else ():
        try:
            keys[name] = read_key_file(settings.key_file(name))  # type: ignore[arg-type]
        except ArchiveError as error:
            faults.append(f"{named}[keys] {name}: {error.text.zh} {error.text.en}")
    plan, schedule = settings.chosen_file("plan", SHIPPED), settings.chosen_file("schedule", default_schedule_path())
    try:
        loaded = read_files(plan, schedule)
    except BadSettings as error:
        chosen = {str(plan): settings.catalog.plan and "plan", str(schedule): settings.catalog.schedule and "schedule"}
        return keys, None, faults + [f"{_chosen_by(fault, chosen, named)}{fault}" for fault in error.faults]
    return keys, loaded, faults


def _chosen_by(fault: str, chosen: dict[str, str], named: str) -> str:
    """Say which setting led to the file that a fault is about; the shipped files were chosen by none."""
    key = next((key for path, key in chosen.items() if key and fault.startswith(path)), "")
    return f"{named}[catalog] {key}: " if key else ""


def _install_file(settings: Settings) -> Path:
    return settings.data_dir / "install.json"


def _write_install(settings: Settings, install: str) -> None:
    aside = settings.data_dir / "install.json.new"
    with aside.open("w", encoding="utf-8") as file:
        json.dump({"install": install, "format": 1}, file)
        file.flush()
        os.fsync(file.fileno())
    aside.rename(_install_file(settings))


def _origin(install: str) -> str:
    return f"archive-service/{install[:12]}"


def _in_words(person: NewPerson) -> str:
    roles = "、".join(ROLE_WORDS[role].zh for role in sorted(person.roles))
    levels = " ".join(sorted(person.clearance))
    return f"{person.name}（{roles}）{levels}"
