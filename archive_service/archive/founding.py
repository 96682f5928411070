"""Founding an archive, bringing it to a newer schema, and giving it back its root key."""

from __future__ import annotations

import uuid

from argon2 import PasswordHasher

from archive_service.archive.files import install_id_of, is_founded, key_names, origin, write_install
from archive_service.archive.opening import must_be_there, open_archive
from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.audit.notes import Signer
from archive_service.catalog.classification.plan import SHIPPED
from archive_service.catalog.classification.schedules import read_files, take_into_use
from archive_service.clock import Clock
from archive_service.config import Settings
from archive_service.database.engine import open_engine
from archive_service.database.migrate import migrate
from archive_service.errors import Conflict, NotFound
from archive_service.people.model import AUDITOR, ROLE_WORDS, SECURITY_ADMINISTRATOR, SYSTEM_ADMINISTRATOR
from archive_service.people.service import NewPerson, People
from archive_service.vault import PRIMARY, Rotation, drill, make_key_file, read_key_file, recover, recovery_custodian
from archive_service.vault.configured import found_keyring, found_store, keyring_file
from retention_policies import default_schedule_path

FIRST_PEOPLE = (
    NewPerson("admin", "系统管理员", frozenset({SYSTEM_ADMINISTRATOR})),
    NewPerson("security", "安全保密管理员", frozenset({SECURITY_ADMINISTRATOR})),
    NewPerson("auditor", "审计管理员", frozenset({AUDITOR})),
)


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
    for name in key_names(settings):
        path = settings.key_file(name)  # type: ignore[arg-type]
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            make_key_file(path)
    install = uuid.uuid4().hex
    found_store(settings, PRIMARY, install)
    found_keyring(settings, install, clock)
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
    keyring, install = keyring_file(settings), install_id_of(settings)
    drill(keyring, install, words, clock, keys=1)  # before a key file is made: wrong shares leave nothing behind
    rotation = recover(keyring, install, words, recovery_custodian(settings), clock)
    archive = open_archive(settings, clock)
    archive.ledger.note(None, acts.KEYS_RECOVERED, "archive", "keys", keys=rotation.rewrapped)
    archive.close()
    return rotation


def upgrade_archive(settings: Settings) -> None:
    """Bring the database of an existing archive to this version's schema."""
    engine = open_engine(settings.database_url)
    must_be_there(settings)
    migrate(engine)
    engine.dispose()


def _in_words(person: NewPerson) -> str:
    roles = "、".join(ROLE_WORDS[role].zh for role in sorted(person.roles))
    levels = " ".join(sorted(person.clearance))
    return f"{person.name}（{roles}）{levels}"
