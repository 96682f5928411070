"""A small archive with a real index, on the world of disposal: filed, settled, searched by people of the usual cast."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from archive_service.catalog.keeping.copies import Copies
from archive_service.catalog.model import NewRecord, Receipt, SourceFile
from archive_service.catalog.outbox import enqueue
from archive_service.catalog.records.browse import Catalogue
from archive_service.catalog.tables import index_states, outbox, records
from archive_service.config import ExtractionTable
from archive_service.people.tables import grants
from archive_service.search.doctor import examine
from archive_service.search.facts import FactTable
from archive_service.search.fields import SearchFilters
from archive_service.search.indexer import Indexer
from archive_service.search.service import Results, Search
from tests.support.disposal_world import PROPOSER, World, make_world, open_world

CLEARED, OUTSIDER = "chen.mi", "wang.yue"
"""Reads all that is searched; reads the open levels alone."""


@dataclass
class SearchWorld:
    """The archive, its indexer and its search."""

    world: World
    indexer: Indexer
    search: Search

    @property
    def index_folder(self) -> Path:
        return self.world.folder / "index"

    def file(
        self, text: str | bytes, level: str = "INT", *, title: str = "整改情况月报", name: str = "记录.txt", **more: Any
    ) -> Receipt:
        """File one record of an open or confidential level."""
        content = text if isinstance(text, bytes) else text.encode()
        on = date(more.pop("year", 2014), 6, 1)
        new = NewRecord(
            "Q001",
            more.pop("type_code", "GKX01" if level == "PUB" else "YSH05"),
            title,
            on,
            (SourceFile(name, lambda: [content]),),
            level=level,
            **more,
        )
        return self.world.accession.file_record(self.world.person(PROPOSER), new)

    def settled(self, text: str | bytes, level: str = "INT", **more: Any) -> Receipt:
        receipt = self.file(text, level, **more)
        self.indexer.settle()
        return receipt

    def find(self, text: str, login: str = CLEARED, filters: SearchFilters | None = None, **page: int) -> Results:
        return self.search.find(self.world.person(login), text, filters, **page)

    def codes(self, text: str, login: str = CLEARED, filters: SearchFilters | None = None) -> list[str]:
        return [hit.line.code for hit in self.find(text, login, filters, limit=100).hits]

    def grant(self, receipt: Receipt, login: str = OUTSIDER, hours: float = 24) -> None:
        """Give leave to read one record, as the reading room does."""
        now = self.world.ledger.clock.now()
        with self.world.ledger.work(None) as work:
            level = work.connection.execute(
                select(records.c.level).where(records.c.id == receipt.record_id)
            ).scalar_one()
            values = {
                "id": uuid.uuid4().hex,
                "request_id": uuid.uuid4().hex,
                "person_id": self.world.person(login).id,
                "record_id": receipt.record_id,
                "granted_by": self.world.person("qian.pi").id,
                "granted_at": _stamp(now),
                "until": _stamp(now + timedelta(hours=hours)),
            }
            if "level" in grants.c:
                values["level"] = level
            work.connection.execute(grants.insert().values(**values, salt="0" * 32))
            work.commit()

    def state(self, receipt: Receipt) -> Any:
        with self.world.ledger.read() as connection:
            return connection.execute(
                select(index_states).where(index_states.c.record_id == receipt.record_id)
            ).one_or_none()

    def ask_capsule(self, *receipts: Receipt) -> None:
        """Ask for capsules to be written again, as every change of a record does."""
        with self.world.ledger.work(None) as work:
            enqueue(work, "capsule", *(one.record_id for one in receipts))
            work.commit()

    def waiting(self) -> list[Any]:
        with self.world.ledger.read() as connection:
            return list(connection.execute(select(outbox).order_by(outbox.c.seq)))

    def findings(self) -> list[str]:
        """What doctor finds of index and vault; the cage has tests of its own."""
        found = examine(self.world.ledger, Copies(self.world.ledger, self.world.vault), self.indexer)
        return [f"{one.place}: {one.text.en}" for one in found if one.place != "extraction"]

    def close(self) -> None:
        self.world.close()


def _stamp(moment: datetime) -> str:
    from archive_service.clock import to_stamp

    return to_stamp(moment)


def with_search(world: World) -> SearchWorld:
    """Give a world an index in its folder, and let its destructions purge it."""
    indexer = Indexer.at(world.folder / "index", world.ledger, world.vault, world.schedules, ExtractionTable())
    catalogue = Catalogue(world.ledger, world.vault, world.schedules)
    world.destruction = type(world.destruction)(world.ledger, world.vault, indexer, world.check, world.certificates)
    return SearchWorld(
        world, indexer, Search(world.ledger, world.vault, catalogue, indexer.compartments, FactTable(world.ledger))
    )


def make_search_world(url: str, folder: Path) -> SearchWorld:
    return with_search(make_world(url, folder))


def open_search_world(url: str, folder: Path, now: datetime) -> SearchWorld:
    return with_search(open_world(url, folder, now))
