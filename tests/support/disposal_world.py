"""A small archive for tests of disposal: real database, real vault, people of the usual cast, a clock that is set by hand.

It opens again from its folder and the database's address, in another process too.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from argon2 import PasswordHasher
from sqlalchemy import Engine, make_url, select

from archive_service.audit.ledger import Ledger
from archive_service.audit.notes import Signer
from archive_service.audit.tables import entries
from archive_service.audit.verify import Report, verify
from archive_service.catalog.classification.plan import SHIPPED
from archive_service.catalog.classification.schedules import Schedules, read_files, take_into_use
from archive_service.catalog.filing.accession import Accession
from archive_service.catalog.filing.rows import component_id
from archive_service.catalog.model import NewRecord, Receipt, SourceFile
from archive_service.catalog.records.cases import Cases
from archive_service.catalog.tables import records
from archive_service.clock import Clock
from archive_service.config import RetentionTable
from archive_service.database.engine import open_engine
from archive_service.database.migrate import migrate
from archive_service.disposal.checking.check import RetentionCheck
from archive_service.disposal.destroying.certificates import Certificates
from archive_service.disposal.destroying.destruction import Destruction
from archive_service.disposal.destroying.steps import Steps
from archive_service.disposal.holds.holds import Holds, NewHold
from archive_service.disposal.listing.lists import Appraisal, Disposal
from archive_service.disposal.listing.supervising import supervisions_of
from archive_service.disposal.model import Opinion
from archive_service.disposal.tables import candidates, disposal_items
from archive_service.errors import Text
from archive_service.people.model import Person
from archive_service.people.notices import Notices
from archive_service.people.service import NewPerson, People
from archive_service.sample.people import PEOPLE
from archive_service.vault import Keyring, LocalStore, Vault
from retention_policies import default_schedule_path
from tests.support import postgres

ZONE = ZoneInfo("Asia/Shanghai")
INSTALL = hashlib.sha256(b"disposal").hexdigest()[:32]
ROOT_KEY = hashlib.sha256(b"root").digest()
LOG_SEED = hashlib.sha256(b"log").digest()
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
COOLING_OFF_DAYS = 7

PROPOSER, ORDERER = "zhang.dang", "li.zheng"
APPRAISER = "zheng.jian"
APPROVERS = ("qian.pi", "feng.zhun")
THIRD_APPROVER = "he.fu"
SUPERVISORS = ("he.fu", "zheng.jian")
SECRET = "只有本件才有的短语：青石桥三号井"


@dataclass
class Hands:
    """The hands of the clock."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


class Shelf:
    """An index on disk, small but real, a file for each record: it survives processes, and forgets only what it must."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, record_id: str, text: str) -> None:
        self.folder.mkdir(exist_ok=True)
        (self.folder / record_id).write_text(text)

    def purge(self, record_id: str) -> None:
        (self.folder / record_id).unlink(missing_ok=True)

    def remains(self, record_id: str) -> list[str]:
        return ["index/shelf"] if (self.folder / record_id).exists() else []


@dataclass
class World:
    """Everything that a test of disposal needs."""

    url: str
    folder: Path
    hands: Hands
    engine: Engine
    ledger: Ledger
    people: People
    schedules: Schedules
    vault: Vault
    shelf: Shelf
    cases: Cases
    accession: Accession
    holds: Holds
    check: RetentionCheck
    disposal: Disposal
    destruction: Destruction
    certificates: Certificates
    filed: list[Receipt] = field(default_factory=list)

    def close(self) -> None:
        self.engine.dispose()

    # ------------------------------------------------------------------------------------------------- time, people

    def set_date(self, year: int, month: int, day: int) -> None:
        self.hands.now = datetime(year, month, day, 9, 0, tzinfo=ZONE)

    def wait(self, **how_long: float) -> None:
        self.hands.now += timedelta(**how_long)

    def person(self, login: str) -> Person:
        return self.people.by_login(login)

    def told(self, kind: str, login: str) -> list[Any]:
        """Return somebody's notices of a kind."""
        every = Notices(self.ledger, Text("档案室", "Archive")).of(self.person(login))
        return [one for one in every if one.kind == kind]

    # ------------------------------------------------------------------------------------------------- filing

    def open_case(self, case_no: str = "AX2024-001") -> str:
        return self.cases.open_case(
            self.person(PROPOSER),
            fonds_no="Q001",
            case_no=case_no,
            title="安泰示例集团巡察",
            enterprise="安泰示例一矿",
            year=2024,
        )

    def file(self, type_code: str = "YSH05", on: date = date(2014, 6, 1), text: str = SECRET, **more: Any) -> Receipt:
        """File one record; ``YSH05`` is open, kept 10 years from the end of its year."""
        source = SourceFile("记录.txt", lambda: [text.encode()])
        new = NewRecord(
            fonds_no=more.pop("fonds_no", "Q001"),
            type_code=type_code,
            title=more.pop("title", "整改情况月报"),
            document_date=on,
            files=(source,),
            **more,
        )
        receipt = self.accession.file_record(self.person(PROPOSER), new)
        self.shelf.add(receipt.record_id, text)
        self.filed.append(receipt)
        return receipt

    # ------------------------------------------------------------------------------------------------- disposal

    def candidate_ids(self) -> list[str]:
        return [row.row.id for row in self.disposal.queue(self.person(PROPOSER))]

    def drawn_up(self, count: int = 1) -> str:
        """File some records that are due, check, and draw up a list of them."""
        for _ in range(count):
            self.file()
        self.check.run()
        return self.disposal.draw_up(self.person(PROPOSER), self.candidate_ids()).list_no

    def appraise(self, list_no: str, *opinions: Appraisal) -> None:
        """Give opinions; destroy whatever is not named."""
        named = {one.position: one for one in opinions}
        items = self.disposal.view(self.person(PROPOSER), list_no).items
        usual = [item.row.position for item in items if item.row.step == "waiting" and item.row.position not in named]
        rest = [Appraisal(position, Opinion.DESTROY, "保管期满，无继续保存价值") for position in usual]
        self.disposal.appraise(self.person(APPRAISER), list_no, [*named.values(), *rest])

    def submitted(self, count: int = 1, *opinions: Appraisal) -> str:
        list_no = self.drawn_up(count)
        self.appraise(list_no, *opinions)
        self.disposal.submit(self.person(PROPOSER), list_no)
        return list_no

    def approve(self, list_no: str, *logins: str) -> None:
        for login in logins or APPROVERS:
            digest = self.list_row(list_no).digest
            self.disposal.approve(self.person(login), list_no, digest)

    def approved(self, count: int = 1, *opinions: Appraisal) -> str:
        list_no = self.submitted(count, *opinions)
        self.approve(list_no)
        return list_no

    def supervise(self, list_no: str, *logins: str) -> None:
        """Have supervisors sign who have not signed in this round yet."""
        row = self.list_row(list_no)
        with self.ledger.read() as connection:
            signed = {one.supervisor_id for one in supervisions_of(connection, row)}
        for login in logins or SUPERVISORS:
            if self.person(login).id not in signed:
                self.disposal.supervise(self.person(login), list_no, row.digest)

    def order(self, list_no: str, by: str = ORDERER) -> None:
        if self.list_row(list_no).state == "approved":
            self.supervise(list_no)
        self.destruction.order(self.person(by), list_no, list_no)

    def ordered(self, count: int = 1) -> str:
        list_no = self.approved(count)
        self.wait(days=COOLING_OFF_DAYS)
        self.order(list_no)
        return list_no

    def hold(self, *codes: str, case_nos: Sequence[str] = (), by: str = PROPOSER) -> str:
        until = (self.hands.now + timedelta(days=90)).date()
        new = NewHold("纪检函〔2026〕3号", "责任追究未结", until, codes=codes, case_nos=tuple(case_nos))
        return self.holds.place(self.person(by), new).hold_no

    # ------------------------------------------------------------------------------------------------- looking

    def list_row(self, list_no: str) -> Any:
        return self.disposal.view(self.person(PROPOSER), list_no).row

    def steps(self) -> list[str]:
        with self.ledger.read() as connection:
            return list(
                connection.execute(
                    select(disposal_items.c.step).order_by(disposal_items.c.list_id, disposal_items.c.position)
                ).scalars()
            )

    def record(self, receipt: Receipt) -> Any:
        with self.ledger.read() as connection:
            return connection.execute(select(records).where(records.c.id == receipt.record_id)).one()

    def queue_states(self) -> list[str]:
        with self.ledger.read() as connection:
            return sorted(connection.execute(select(candidates.c.state)).scalars())

    def acts(self, *names: str) -> int:
        with self.ledger.read() as connection:
            return len(connection.execute(select(entries.c.seq).where(entries.c.act.in_(names))).all())

    def content(self, receipt: Receipt) -> str:
        name = self.component_ids(receipt)[0]
        return b"".join(self.vault.open(receipt.record_id, name, 1)).decode()

    def component_ids(self, receipt: Receipt) -> list[str]:
        return [component_id(receipt.record_id, place) for place in range(len(receipt.files))]

    def everything_left(self, receipt: Receipt) -> list[str]:
        keys = [*self.component_ids(receipt), receipt.record_id]
        return [*self.vault.remains(receipt.record_id, keys), *self.shelf.remains(receipt.record_id)]

    def verify(self) -> Report:
        return verify(self.engine, self.ledger.signer.verifier, self.folder / "anchors.txt")


def make_world(url: str, folder: Path, year: int = 2026, month: int = 3, day: int = 2) -> World:
    """Found an archive: schema, keys, people, plan and schedule, two fonds.

    The first of a day and kind of database is founded step by step; the others are copies of it.
    """
    now = datetime(year, month, day, 9, 0, tzinfo=ZONE)
    address = make_url(url)
    kind = (now, address.host, address.port)
    if kind not in _FOUNDED:
        kept = Path(tempfile.mkdtemp(prefix="founded-", dir=postgres.fast_folder()))
        like = postgres.new_database(url.rsplit("/", 1)[0]) if address.host else f"sqlite:///{kept / 'catalogue.db'}"
        _found(like, kept, now).close()
        _FOUNDED[kind] = like, kept
    _copy(*_FOUNDED[kind], url, folder)
    return open_world(url, folder, now)


_FOUNDED: dict[tuple[datetime, str | None, int | None], tuple[str, Path]] = {}
"""For each day and server: address and folder of a founded archive, to be copied."""


def forget_founded() -> None:
    """Remove what was kept to be copied, at the end of a run."""
    for _, kept in _FOUNDED.values():
        shutil.rmtree(kept, ignore_errors=True)
    _FOUNDED.clear()


def _copy(like: str, kept: Path, url: str, folder: Path) -> None:
    shutil.copytree(kept / "store", folder / "store")
    for part in kept.glob("keyring.db*"):
        shutil.copy(part, folder)
    if like.startswith("sqlite"):
        shutil.copy(kept / "catalogue.db", str(make_url(url).database))
    else:
        postgres.put_database(url, like)


def _found(url: str, folder: Path, now: datetime) -> World:
    clock = Clock(ZONE, Hands(now))
    LocalStore.create_at(folder / "store", INSTALL)
    Keyring.create_at(folder / "keyring.db", INSTALL, ROOT_KEY, clock).close()
    engine = open_engine(url)
    migrate(engine)
    ledger = Ledger(engine, Signer("archive-service/test", LOG_SEED), clock)
    take_into_use(ledger, *read_files(SHIPPED, default_schedule_path()))
    cast = [NewPerson(one.login, one.name_zh, frozenset(one.roles), frozenset(one.clearance)) for one in PEOPLE]
    People(ledger, QUICK).found(cast)
    engine.dispose()
    world = open_world(url, folder, now)
    for fonds_no, kind in (("Q001", "enterprise"), ("J001", "state")):
        world.cases.open_fonds(
            world.person(PROPOSER), fonds_no, f"示例全宗 {fonds_no}", f"Sample fonds {fonds_no}", kind
        )
    return world


def open_world(url: str, folder: Path, now: datetime) -> World:
    """Open an archive that :func:`make_world` founded."""
    hands = Hands(now)
    clock = Clock(ZONE, hands)
    engine = open_engine(url)
    ledger = Ledger(engine, Signer("archive-service/test", LOG_SEED), clock)
    schedules = take_into_use(ledger, *read_files(SHIPPED, default_schedule_path()))
    vault = Vault(
        INSTALL, LocalStore(folder / "store", INSTALL), Keyring(folder / "keyring.db", INSTALL, ROOT_KEY, clock)
    )
    shelf = Shelf(folder / "shelf")
    check = RetentionCheck(ledger, schedules, RetentionTable())
    certificates = Certificates(ledger)
    return World(
        url=url,
        folder=folder,
        hands=hands,
        engine=engine,
        ledger=ledger,
        people=People(ledger, QUICK),
        schedules=schedules,
        vault=vault,
        shelf=shelf,
        cases=Cases(ledger, schedules),
        accession=Accession(ledger, vault, schedules, 1 << 20),
        holds=Holds(ledger),
        check=check,
        disposal=Disposal(ledger, schedules, check, COOLING_OFF_DAYS),
        destruction=Destruction(ledger, vault, shelf, check, certificates),
        certificates=certificates,
    )


def after(function: str, act: Callable[[], None]) -> Callable[..., Any]:
    """Return a replacement for a step of ``Steps`` that does its work and then something else."""
    real = getattr(Steps, function)

    def replaced(self: Steps, *given: Any, **named: Any) -> Any:
        result = real(self, *given, **named)
        act()
        return result

    return replaced
