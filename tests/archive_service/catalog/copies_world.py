"""An archive with two further stores, and a few records in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import select

from archive_service.archive import Archive, found_archive, open_archive
from archive_service.audit.tables import entries
from archive_service.catalog.model import NewRecord, SourceFile
from archive_service.catalog.tables import copies
from archive_service.config import ArchiveTable, DatabaseTable, PlacementTable, Settings, StoreTable
from archive_service.people.model import ARCHIVIST, AUDITOR, SYSTEM_ADMINISTRATOR, Person
from archive_service.people.service import NewPerson

CAST = (
    NewPerson("archivist", "档案员", frozenset({ARCHIVIST}), frozenset({"PUB", "INT", "TS", "PI"})),
    NewPerson("auditor", "审计", frozenset({AUDITOR})),
    NewPerson("system", "系统", frozenset({SYSTEM_ADMINISTRATOR})),
)


@dataclass
class CopiesWorld:
    """An open archive and the folders of its stores."""

    archive: Archive

    @property
    def folder(self) -> Path:
        return self.archive.settings.data_dir.parent

    def person(self, login: str) -> Person:
        return self.archive.people.by_login(login)

    def file(self, title: str = "现场检查", level: str | None = None, data: bytes = b"words of a paper") -> str:
        """File a record and return its id."""
        level = level or "INT"
        new = NewRecord(
            "Q001",
            "GKX01" if level == "PUB" else "YSH05",
            title,
            date(2024, 3, 1),
            (SourceFile("记录.txt", lambda: [data]),),
            level=level,
        )
        return self.archive.accession.file_record(self.person("archivist"), new).record_id

    def object_name(self, record_id: str, place: str = "primary") -> str:
        """Return the name of a record's file in the stores."""
        return next(row.name for row in self.rows(record_id=record_id, place=place) if "capsule" not in row.name)

    def states(self, record_id: str, place: str) -> list[str]:
        return [row.state for row in self.rows(record_id=record_id, place=place)]

    def rows(self, **where: Any) -> list[Any]:
        """Return the rows of copies, narrowed by column."""
        with self.archive.ledger.read() as connection:
            wanted = select(copies).order_by(copies.c.place, copies.c.name)
            for name, value in where.items():
                wanted = wanted.where(copies.c[name] == value)
            return list(connection.execute(wanted))

    def object(self, place: str, name: str) -> Path:
        """Return where an object lies on disk."""
        root = self.folder / ("data/store" if place == "primary" else place)
        return root / "objects" / name

    def acts(self) -> list[str]:
        """Return the names of all acts in the log, in order."""
        with self.archive.ledger.read() as connection:
            return list(connection.execute(select(entries.c.act).order_by(entries.c.seq)).scalars())


def two_more_stores(folder: Path, url: str, **placement: Any) -> Settings:
    """Return settings of an archive with the stores ``second`` and ``third``; everything has a copy in ``second``."""
    return Settings(
        archive=ArchiveTable(data_dir="data"),
        database=DatabaseTable(url=url),
        stores={name: StoreTable(path=name) for name in ("second", "third")},
        placement=PlacementTable(default=("second",), **placement),
        base=folder,
    )


def found(settings: Settings) -> CopiesWorld:
    """Found the archive, take its stores into use and open it."""
    found_archive(settings, CAST)
    archive = open_archive(settings)
    for name in ("second", "third"):
        archive.administering.take_store_into_use(archive.people.by_login("system"), name)
    archive.cases.open_fonds(archive.people.by_login("archivist"), "Q001", "示例集团", "Sample group", "enterprise")
    return CopiesWorld(archive)
