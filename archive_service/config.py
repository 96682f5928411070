"""TOML -> frozen :class:`Settings`; every fault is reported at once, and then the service does not start.

``config.example.toml`` shows every setting; a test holds the two together.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from archive_service.errors import BadSettings

PORT = Annotated[int, Field(ge=1, le=65535)]
POSITIVE = Annotated[int, Field(ge=1)]


class Table(BaseModel):
    """A table of the settings file: frozen, strict about types, closed to unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class ArchiveTable(Table):
    """What archive this is and where its live data lies."""

    name_zh: str = Field(default="示例档案室", min_length=1)
    name_en: str = Field(default="Sample archive", min_length=1)
    data_dir: str = Field(default="var", min_length=1)
    time_zone: str = "Asia/Shanghai"
    language: Literal["zh", "en"] = "zh"

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"no such time zone: {value}")
        return value


class ServerTable(Table):
    """The web server."""

    host: str = "127.0.0.1"
    port: PORT = 8000
    threads: Annotated[int, Field(ge=1, le=64)] = 8
    public_url: Annotated[str, Field(pattern=r"^$|^https?://[^/?#\s]+/?$")] = ""
    proxies: Annotated[int, Field(ge=0, le=9)] = 0
    max_upload_mib: POSITIVE = 4096
    upload_idle_hours: POSITIVE = 12


class DatabaseTable(Table):
    """The catalogue's database; an empty address means SQLite in the data directory."""

    url: str = ""


class KeysTable(Table):
    """Who keeps the root key, and the key files; an empty path means the file of that name in ``data_dir/keys``."""

    custodian: Literal["key-file", "passphrase", "aws-kms"] = "key-file"
    root: str = ""
    log: str = ""
    session: str = ""
    backup: str = ""
    passphrase_file: str = ""
    kms_key: str = ""
    kms_endpoint: str = ""
    kms_region: str = "us-east-1"
    kms_credentials_file: str = ""


class CatalogTable(Table):
    """Files that say how papers are classified, numbered and kept; empty means the one that is shipped."""

    plan: str = ""
    schedule: str = ""
    formats: str = ""
    case_kind: str = ""


class VaultTable(Table):
    """Room on the disk that is kept back."""

    reserve_mib: Annotated[int, Field(ge=0)] = 1024
    ballast_mib: Annotated[int, Field(ge=0)] = 128


class StoreTable(Table):
    """One store of sealed objects: a directory, or a bucket of a server that speaks S3."""

    kind: Literal["local", "s3"] = "local"
    path: str = ""
    bucket: str = ""
    prefix: str = ""
    endpoint: str = ""
    region: str = "us-east-1"
    credentials_file: str = ""
    profile: str = ""
    ca_file: str = ""
    addressing: Literal["auto", "path", "virtual"] = "auto"
    checksums: Literal["when_required", "when_supported"] = "when_required"
    attempts: Annotated[int, Field(ge=1, le=20)] = 4
    connect_seconds: Annotated[int, Field(ge=1, le=600)] = 10
    read_seconds: Annotated[int, Field(ge=1, le=3600)] = 60
    part_mib: Annotated[int, Field(ge=5, le=1024)] = 16
    object_lock: bool = False
    anchor_years: Annotated[int, Field(ge=0, le=50)] = 0

    @model_validator(mode="after")
    def _has_a_place(self) -> StoreTable:
        needed = "path" if self.kind == "local" else "bucket"
        if not getattr(self, needed):
            raise ValueError(f"缺少 {needed} / {needed} is missing (kind = {self.kind!r})")
        if self.kind == "local" and (self.object_lock or self.anchor_years):
            raise ValueError(
                "目录不能锁定文件 / a directory cannot lock files (object_lock, anchor_years: kind = 's3')"
            )
        return self


STORE_NAME = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,30}$")]
PLACES = Annotated[tuple[STORE_NAME, ...], Field(strict=False)]


class PlacementTable(Table):
    """Which further stores hold a copy: by class (the longest code that fits), else by level, else ``default``."""

    default: PLACES = ()
    by_level: dict[str, PLACES] = {}
    by_class: dict[str, PLACES] = {}


class FixityTable(Table):
    """How often stored copies are read again."""

    at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "01:30"
    days: POSITIVE = 90
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.99
    damaged_share: Annotated[float, Field(gt=0, le=1)] = 0.001


class ScannerTable(Table):
    """The virus scanner (clamd) that files are shown to; without an address there is none, and every check says so."""

    address: Annotated[str, Field(pattern=r"^$|^unix:/.+|^tcp:[^\s]+:\d{1,5}$")] = ""
    seconds: POSITIVE = 30


class ExtractionTable(Table):
    """Limits of the one-shot process that takes the text out of one file."""

    memory_mib: Annotated[int, Field(ge=128)] = 1024
    cpu_seconds: POSITIVE = 30
    wall_seconds: POSITIVE = 60
    input_mib: POSITIVE = 200
    output_characters: POSITIVE = 5_000_000
    ocr: bool = True
    ocr_workers: Annotated[int, Field(ge=1, le=64)] = 1
    ocr_pages: POSITIVE = 500
    ocr_seconds: POSITIVE = 1800
    ocr_memory_mib: Annotated[int, Field(ge=1024)] = 3072


class ContainersTable(Table):
    """What a ZIP file or a mail may unpack to; beyond any of these it is not taken apart."""

    most_files: POSITIVE = 1000
    most_mib: POSITIVE = 2048
    most_ratio: POSITIVE = 200
    most_depth: POSITIVE = 3


class DropFolderTable(Table):
    """A folder on this machine whose folders are filed once they are complete; an empty path means none."""

    path: str = ""
    login: str = ""
    fonds: str = ""
    settle_seconds: int = Field(default=0, ge=0, le=86_400)

    @model_validator(mode="after")
    def _has_a_person(self) -> DropFolderTable:
        if self.path and not (self.login and self.fonds):
            raise ValueError("须同时设定 login 与 fonds / login and fonds must be given with path")
        return self


class RetentionTable(Table):
    """The daily check of what has become due."""

    check_at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "03:30"
    largest_run: POSITIVE = 500
    largest_share_percent: Annotated[int, Field(ge=1, le=100)] = 25


class DisposalTable(Table):
    """Lists of what is to be destroyed."""

    approvals: Annotated[int, Field(ge=2, le=9)] = 2
    appraisal_group: bool = False
    cooling_off_days: Annotated[int, Field(ge=0, le=365)] = 7
    deadline_days: Annotated[int, Field(ge=1, le=3650)] = 30
    keep_after_transfer_years: Annotated[int, Field(ge=0, le=99)] = 5


class AccessTable(Table):
    """Requests for access; of a discoverable level a masked entry may be found by its code."""

    discoverable: Annotated[tuple[Literal["INT", "TS", "PI"], ...], Field(strict=False)] = ()
    decide_days: Annotated[int, Field(ge=1, le=90)] = 5
    emergency_for: Annotated[
        tuple[Literal["archivist", "reader", "appraiser", "approver"], ...], Field(strict=False)
    ] = (
        "archivist",
        "appraiser",
        "approver",
    )


ROLE = Literal[
    "archivist", "reader", "appraiser", "approver", "auditor", "system_administrator", "security_administrator"
]


class SessionsTable(Table):
    """How long a sign-in lasts, and the roles whose people must have a second factor."""

    idle_minutes: POSITIVE = 30
    absolute_hours: POSITIVE = 10
    second_factor_for: Annotated[tuple[ROLE, ...], Field(strict=False)] = ()


class OidcTable(Table):
    """An organisation's own sign-on (OpenID Connect); without an issuer there is none."""

    issuer: Annotated[
        str, Field(pattern=r"^$|^https://[^?#\s]+$|^http://(localhost|127\.0\.0\.1)(:\d+)?(/[^?#\s]*)?$")
    ] = ""
    client_id: str = ""
    client_secret_file: str = ""
    name_zh: str = "单位统一登录"
    name_en: str = "your organisation's sign-on"
    groups_claim: str = "groups"
    roles: dict[
        str, Annotated[tuple[Literal["archivist", "reader", "appraiser", "approver"], ...], Field(strict=False)]
    ] = {}

    @model_validator(mode="after")
    def _has_a_client(self) -> OidcTable:
        if self.issuer and not self.client_id:
            raise ValueError("须同时设定 client_id / client_id must be given with issuer")
        return self


class MailTable(Table):
    """The mail server through which notices go out; without a host none does."""

    host: str = ""
    port: PORT = 25
    sender: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")] = "archive@localhost"
    starttls: bool = False
    user: str = ""
    password_file: str = ""


class AuditTable(Table):
    """The audit log."""

    checkpoint_minutes: POSITIVE = 60
    copy_dir: str = ""


class BackupTable(Table):
    """Backups of catalogue and keyring; without a ``dir`` there are none."""

    dir: str = ""
    keyring_dir: str = ""
    at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "02:30"
    keep_days: POSITIVE = 365
    keyring_keep_days: POSITIVE = 35
    drill_days: POSITIVE = 7
    drill_database: str = ""


class Settings(Table):
    """All settings; ``base`` is the folder that relative paths start from, ``source`` the file they were read from."""

    archive: ArchiveTable = ArchiveTable()
    server: ServerTable = ServerTable()
    database: DatabaseTable = DatabaseTable()
    keys: KeysTable = KeysTable()
    vault: VaultTable = VaultTable()
    stores: dict[STORE_NAME, StoreTable] = {}
    transfer_targets: dict[STORE_NAME, StoreTable] = {}
    placement: PlacementTable = PlacementTable()
    fixity: FixityTable = FixityTable()
    scanner: ScannerTable = ScannerTable()
    catalog: CatalogTable = CatalogTable()
    extraction: ExtractionTable = ExtractionTable()
    containers: ContainersTable = ContainersTable()
    drop_folder: DropFolderTable = DropFolderTable()
    retention: RetentionTable = RetentionTable()
    disposal: DisposalTable = DisposalTable()
    access: AccessTable = AccessTable()
    sessions: SessionsTable = SessionsTable()
    oidc: OidcTable = OidcTable()
    mail: MailTable = MailTable()
    audit: AuditTable = AuditTable()
    backup: BackupTable = BackupTable()
    base: Path = Field(default=Path(), exclude=True)
    source: Path | None = Field(default=None, exclude=True)

    @property
    def data_dir(self) -> Path:
        """The folder that holds everything that is alive: database, keys, objects, index."""
        return self.path(self.archive.data_dir)

    @property
    def public_url(self) -> str:
        """How browsers reach the pages; by setting, for what a request says of it anybody can forge."""
        return self.server.public_url.rstrip("/") or f"http://localhost:{self.server.port}"

    @property
    def zone(self) -> ZoneInfo:
        """The archive's own time zone."""
        return ZoneInfo(self.archive.time_zone)

    @property
    def database_url(self) -> str:
        """The SQLAlchemy address of the catalogue's database."""
        return self.database.url or f"sqlite:///{self.data_dir / 'catalogue.db'}"

    def key_file(self, name: Literal["root", "log", "session", "backup"]) -> Path:
        """Return the path of a key file."""
        given: str = getattr(self.keys, name)
        return self.path(given) if given else self.data_dir / "keys" / f"{name}.key"

    @property
    def log_folders(self) -> list[Path]:
        """The folders outside the database that hold the log, its anchors and the catalogue's frame."""
        own = self.data_dir / "anchors"
        return [own, self.path(self.audit.copy_dir)] if self.audit.copy_dir else [own]

    def chosen_file(self, name: Literal["plan", "schedule", "formats", "case_kind"], shipped: Path) -> Path:
        """Return the plan, schedule, list of formats or kind of case file that the settings name, else the shipped one."""
        given: str = getattr(self.catalog, name)
        return self.path(given) if given else shipped

    def path(self, text: str) -> Path:
        """Return a path as the settings file means it: relative to its own folder."""
        return (self.base / text).absolute()


def load_settings(path: Path | None) -> Settings:
    """Read a settings file; without one every default holds, relative to the working directory.

    Raises :class:`BadSettings` with every unknown key, wrong type and bad value, each with file, table and key.
    """
    settings, faults = read_settings(path)
    if faults:
        raise BadSettings(faults)
    return settings


def read_settings(path: Path | None) -> tuple[Settings, list[str]]:
    """Read what can be read, with every fault; what is at fault stands at its default.

    So the files that the sound settings name can be looked at too, and everything is said at once. A file that is no
    TOML says nothing at all and raises :class:`BadSettings`.
    """
    if path is None:
        return Settings(base=Path.cwd()), []
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSettings([f"{path}: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings([f"{path}: {error}"]) from error
    tables = {name: value for name, value in raw.items() if name not in OWN}
    faults = [f"{path}: [{name}]: {UNKNOWN}" for name in raw if name in OWN]
    base = path.absolute().parent
    try:
        return Settings(**tables, base=base, source=path), faults
    except ValidationError as error:
        found = error.errors()
    sound = _without(tables, [fault["loc"] for fault in found])
    return Settings(**sound, base=base, source=path), [
        *faults,
        *(f"{path}: {describe_fault(fault)}" for fault in found),
    ]


def _without(tables: dict[str, Any], places: list[tuple[int | str, ...]]) -> dict[str, Any]:
    """Return the tables without what stands at the places (table, or table and key)."""
    broken = {place[0] for place in places if len(place) == 1}
    left = {name: dict(table) for name, table in tables.items() if name not in broken}
    for name, key in (place[:2] for place in places if len(place) > 1):
        left.get(str(name), {}).pop(str(key), None)
    return left


OWN = frozenset({"base", "source"})
UNKNOWN = "没有这项设置 unknown key"
WORDS = {
    "extra_forbidden": UNKNOWN,
    "int_type": "应为整数 must be a whole number",
    "string_type": "应为文字 must be text",
    "bool_type": "应为 true 或 false must be true or false",
    "model_type": "应为一个表 must be a table",
    "string_too_short": "不能为空 must not be empty",
    "greater_than_equal": "不得小于 {ge} must not be less than {ge}",
    "less_than_equal": "不得大于 {le} must not be more than {le}",
    "float_type": "应为数字 must be a number",
    "greater_than": "须大于 {gt} must be greater than {gt}",
    "less_than": "须小于 {lt} must be less than {lt}",
    "literal_error": "只能是 {expected} must be {expected}",
    "string_pattern_mismatch": "格式不对 is not written as {pattern}",
}
"""What is wrong with a value, in both languages, by pydantic's name of the fault."""


def describe_fault(fault: Mapping[str, Any]) -> str:
    """Say one fault of pydantic's as ``[table] key: what is wrong (given value)``."""
    where = [str(part) for part in fault["loc"]]
    place = f"[{'.'.join(where[:-1])}] {where[-1]}" if len(where) > 1 else f"[{where[0]}]"
    said = WORDS[fault["type"]].format(**fault.get("ctx", {})) if fault["type"] in WORDS else fault["msg"]
    return f"{place}: {said}" if said == UNKNOWN else f"{place}: {said} (given: {fault['input']!r})"
