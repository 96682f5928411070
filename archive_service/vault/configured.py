"""From settings to the parts of a vault: who keeps the root key, which stores there are, what lies where."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from archive_service.clock import Clock
from archive_service.config import Settings, StoreTable
from archive_service.errors import BadInput, BadSettings, NotFound
from archive_service.vault.aws import AwsSettings
from archive_service.vault.keyfiles import check_private, read_key_file
from archive_service.vault.keys.custodians import ChangingCustodian, Custodian, KeyFileCustodian, PassphraseCustodian
from archive_service.vault.keys.keyring import Keyring
from archive_service.vault.keys.keyring_file import KEYRING_FILE
from archive_service.vault.keys.kms import KmsCustodian
from archive_service.vault.objects.copies import Finding, Placement
from archive_service.vault.stores.ballast import MIB, Ballast
from archive_service.vault.stores.local_store import LocalStore
from archive_service.vault.stores.outlet import Outlet
from archive_service.vault.stores.s3_store import S3Settings, S3Store
from archive_service.vault.stores.store import Store
from archive_service.vault.vault import PRIMARY, Vault


def custodian(settings: Settings) -> Custodian:
    """Return who keeps the root key by the settings."""
    keys = settings.keys
    if keys.custodian == "passphrase":
        return PassphraseCustodian(
            read_passphrase(settings.path(keys.passphrase_file)) if keys.passphrase_file else _asked()
        )
    if keys.custodian == "aws-kms":
        if not keys.kms_key:
            raise BadInput("未指定 kms_key。", "No kms_key is given.")
        given = keys.kms_credentials_file
        server = AwsSettings(
            region=keys.kms_region,
            endpoint=keys.kms_endpoint or None,
            credentials_file=settings.path(given) if given else None,
        )
        return KmsCustodian(keys.kms_key, server)
    path = settings.key_file("root")
    present = KeyFileCustodian(read_key_file(path))
    coming = coming_key_file(path)
    # A change of the key that was cut off: both files open what is there, until it is finished.
    return ChangingCustodian(KeyFileCustodian(read_key_file(coming)), present) if coming.exists() else present


def coming_key_file(path: Path) -> Path:
    """Return where the next key file lies while a root key is being changed."""
    return path.with_name(f"{path.name}.new")


def read_passphrase(path: Path) -> str:
    """Return the first line of a file that its owner alone may read."""
    check_private(path)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as fault:
        raise BadInput(f"口令短语文件无法读取：{path}", f"The passphrase file cannot be read: {path}") from fault
    return lines[0].strip() if lines else ""


@cache
def _asked() -> str:
    """Ask once in a process: what it starts afterwards by fork knows the answer, its environment does not."""
    if not sys.stdin.isatty():
        raise NotFound(
            "未指定 passphrase_file，且没有终端可询问口令短语。",
            "No passphrase_file is given, and there is no terminal to ask for the passphrase.",
        )
    return getpass.getpass("根密钥口令短语 Passphrase of the root key: ")


def keyring_file(settings: Settings) -> Path:
    """Return the file that holds the wrapped keys."""
    return settings.data_dir / KEYRING_FILE


def found_keyring(settings: Settings, install_id: str, clock: Clock) -> None:
    """Make the keyring of a new archive, its root key kept as the settings say."""
    Keyring.create_at(keyring_file(settings), install_id, custodian(settings), clock)


def open_keyring(settings: Settings, install_id: str, clock: Clock) -> Keyring:
    """Open the keyring with the root key that the settings lead to."""
    return Keyring(keyring_file(settings), install_id, custodian(settings), clock)


def placement(settings: Settings) -> Placement:
    """Return what lies where by the settings."""
    table = settings.placement
    return Placement(PRIMARY, table.default, dict(table.by_level), dict(table.by_class))


def placement_faults(settings: Settings) -> list[str]:
    """Return what the placement says of stores that do not exist."""
    try:
        placement(settings).check({PRIMARY, *settings.stores})
    except BadSettings as error:
        named = f"{settings.source}: " if settings.source else ""
        return [f"{named}[placement] {fault}" for fault in error.faults]
    return []


def one_place_twice(settings: Settings) -> list[str]:
    """Return which stores lie in the same place as another: two copies in one place are one copy."""
    named, first, faults = f"{settings.source}: " if settings.source else "", dict[tuple[str, ...], str](), []
    for name in store_names(settings):
        table = settings.stores.get(name)
        place: tuple[str, ...]
        if table is None or table.kind == "local":
            place = ("local", str(_folder(settings, table).resolve()))
        else:
            place = ("s3", table.endpoint.rstrip("/"), table.bucket, table.prefix)
        other = first.setdefault(place, name)
        if other != name:
            faults.append(f"{named}[stores.{name}] 与 {other} 是同一位置 lies in the same place as {other}")
    return faults


def open_vault(settings: Settings, install_id: str, keyring: Keyring, on_finding: Callable[[Finding], object]) -> Vault:
    """Open the vault. The primary store must be there; another that is away is told when it is used."""
    primary, *others = store_names(settings)
    return Vault(
        install_id,
        _open(settings, primary, install_id, look=True),
        keyring,
        copies={name: _open(settings, name, install_id, look=False) for name in others},
        placement=placement(settings),
        on_finding=on_finding,
    )


def found_store(settings: Settings, name: str, install_id: str) -> Store:
    """Turn the empty place of a store into one of this installation; ``Conflict`` if anything lies there."""
    if name not in store_names(settings):
        raise NotFound(f"设置中没有名为 {name} 的存储。", f"The settings name no store {name}.")
    table = settings.stores.get(name)
    if table is None or table.kind == "local":
        return LocalStore.create_at(_folder(settings, table), install_id)
    return S3Store.create_at(_bucket(settings, table), install_id)


def outlet(settings: Settings, name: str) -> Path | Outlet:
    """Return the place to which packages are delivered under this name: a folder, or a bucket."""
    table = settings.transfer_targets.get(name)
    if table is None:
        raise NotFound(f"设置中没有名为 {name} 的移交目标。", f"The settings name no target of transfer {name}.")
    return settings.path(table.path) if table.kind == "local" else Outlet(_bucket(settings, table))


def store_names(settings: Settings) -> list[str]:
    """Return the names of all stores, the primary one first."""
    return [PRIMARY, *sorted(settings.stores.keys() - {PRIMARY})]


def ballast(settings: Settings) -> Ballast:
    """Return the ballast of the disk on which database and log lie."""
    return Ballast(settings.data_dir / "ballast", settings.vault.ballast_mib * MIB)


def _open(settings: Settings, name: str, install_id: str, *, look: bool) -> Store:
    table = settings.stores.get(name)
    try:
        if table is None or table.kind == "local":
            reserve = settings.vault.reserve_mib * MIB
            return LocalStore(_folder(settings, table), install_id, reserve, look=look)
        return S3Store(_bucket(settings, table), install_id, look=look)
    except BadInput as error:
        named = f"{settings.source}: " if settings.source else ""
        raise BadSettings([f"{named}[stores.{name}] {error.text.zh} {error.text.en}"]) from error


def _folder(settings: Settings, table: StoreTable | None) -> Path:
    return settings.path(table.path) if table else settings.data_dir / "store"


def _bucket(settings: Settings, table: StoreTable) -> S3Settings:
    server = AwsSettings(
        region=table.region,
        endpoint=table.endpoint or None,
        credentials_file=settings.path(table.credentials_file) if table.credentials_file else None,
        profile=table.profile or None,
        ca_file=settings.path(table.ca_file) if table.ca_file else None,
        addressing=table.addressing,
        checksums=table.checksums,
        attempts=table.attempts,
        connect_seconds=table.connect_seconds,
        read_seconds=table.read_seconds,
    )
    return S3Settings(
        table.bucket,
        table.prefix,
        server,
        part_bytes=table.part_mib * MIB,
        object_lock=table.object_lock,
        anchor_days=table.anchor_years * 365,
    )
