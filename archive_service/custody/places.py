"""Where papers lie: rooms with shelves, boxes on them, records in these, and every move with its reason."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.catalog.records.browse import Catalogue, Line
from archive_service.catalog.tables import fonds
from archive_service.custody.model import WIDTHS, Limits, code_of, tenths, whole, words
from archive_service.custody.tables import boxes, moves, record_places, rooms, shelves
from archive_service.errors import BadInput, Conflict, NotFound, Text
from archive_service.people.model import Person
from archive_service.people.policy import Action, require

OUT = "-"
"""Where something is that lies in no box."""

TOGETHER = 500
"""Records put into a box at once."""


@dataclass(frozen=True)
class InBox:
    """A record that lies in a box: its place, pages if counted, and its line in the catalogue.

    The place is counted among what the viewer sees: a gap would tell that something lies there.
    """

    position: int
    pages: int | None
    line: Line


@dataclass(frozen=True)
class Place:
    """Where the paper of a record lies, in words."""

    box_no: str
    position: int
    shelf: str
    room: str


@dataclass(frozen=True)
class Places:
    """Keeps rooms, shelves and boxes, and what lies where."""

    ledger: Ledger
    catalogue: Catalogue

    def rooms(self, actor: Person) -> Sequence[Any]:
        """Return all rooms by code."""
        require(actor, Action.KEEP_STORE)
        with self.ledger.read() as connection:
            return connection.execute(select(rooms).order_by(rooms.c.code)).all()

    def room(self, actor: Person, code: str) -> Any:
        """Return one room."""
        require(actor, Action.KEEP_STORE)
        with self.ledger.read() as connection:
            return _one(connection, rooms, rooms.c.code == code, "库房", "room")

    def open_room(self, actor: Person, said: Mapping[str, str]) -> str:
        """Open a room with its limits and how often it is to be read and walked through; return its code."""
        require(actor, Action.KEEP_STORE)
        code = code_of(said.get("code", ""), Text("库房编号", "The code of the room"))
        values = {"name": words(said.get("name", ""), Text("名称", "A name"), 1, 200), **_settings(said)}
        with self.ledger.work(actor.id) as work:
            if work.connection.execute(select(rooms.c.id).where(rooms.c.code == code)).first():
                raise Conflict(f"库房 {code} 已存在。", f"Room {code} exists already.")
            room_id = uuid.uuid4().hex
            opened = {"id": room_id, "code": code, "opened_at": work.at, "opened_by": actor.id}
            work.insert(rooms, {**values, **opened})
            work.act(acts.ROOM_OPENED, "room", room_id, code=code)
            work.commit()
        return code

    def set_limits(self, actor: Person, code: str, said: Mapping[str, str]) -> None:
        """Change a room's limits; what was read before keeps the alarm of its day."""
        require(actor, Action.KEEP_STORE)
        values = _settings(said)
        with self.ledger.work(actor.id) as work:
            room = _one(work.connection, rooms, rooms.c.code == code, "库房", "room")
            work.update(rooms, room.id, values)
            work.act(acts.ROOM_LIMITS_SET, "room", room.id, **values)
            work.commit()

    def add_shelf(self, actor: Person, room_code: str, code: str, holds: str) -> None:
        """Set up a shelf in a room."""
        require(actor, Action.KEEP_STORE)
        name = code_of(code, Text("架位", "The shelf"))
        count = whole(holds, Text("可放盒数", "The number of boxes"), 1, 9999)
        with self.ledger.work(actor.id) as work:
            room = _one(work.connection, rooms, rooms.c.code == room_code, "库房", "room")
            same = select(shelves.c.id).where(shelves.c.room_id == room.id, shelves.c.code == name)
            if work.connection.execute(same).first():
                raise Conflict(f"架位 {name} 已存在。", f"Shelf {name} exists already.")
            shelf_id = uuid.uuid4().hex
            work.insert(shelves, {"id": shelf_id, "room_id": room.id, "code": name, "holds": count})
            work.act(acts.SHELF_ADDED, "room", room.id, shelf=name)
            work.commit()

    def shelves(self, actor: Person, room_code: str = "") -> Sequence[Any]:
        """Return shelves with their room and how many boxes stand on each."""
        require(actor, Action.KEEP_STORE)
        query = (
            select(shelves, rooms.c.code.label("room"), func.count(boxes.c.id).label("boxes"))
            .join(rooms, rooms.c.id == shelves.c.room_id)
            .outerjoin(boxes, boxes.c.shelf_id == shelves.c.id)
            .group_by(shelves.c.id, rooms.c.code)
            .order_by(rooms.c.code, shelves.c.code)
        )
        if room_code:
            query = query.where(rooms.c.code == room_code)
        with self.ledger.read() as connection:
            return connection.execute(query).all()

    # ------------------------------------------------------------------------------------------------------- boxes

    def make_box(self, actor: Person, said: Mapping[str, str]) -> str:
        """Set up a box of a fonds, year and period on a shelf, with the next number; return what is written on it."""
        require(actor, Action.KEEP_STORE)
        year = whole(said.get("year", ""), Text("年度", "The year"), 1900, 2199)
        period = said.get("period", "").strip().upper()
        if period != "Y" and not (period[:1] == "D" and period[1:].isdigit() and len(period) <= 4):
            raise BadInput("保管期限写作 Y、D30 或 D10。", "Write the period as Y, D30 or D10.")
        width = whole(said.get("millimetres", "30"), Text("盒脊宽", "The width of the spine"), WIDTHS[0], WIDTHS[-1])
        with self.ledger.work(actor.id) as work:
            unit = _one(work.connection, fonds, fonds.c.fonds_no == said.get("fonds", ""), "全宗", "fonds", lock=True)
            shelf = _shelf(work.connection, said.get("shelf", ""))
            group = (boxes.c.fonds_no == unit.fonds_no, boxes.c.year == year, boxes.c.period == period)
            last = work.connection.execute(select(func.max(boxes.c.number)).where(*group)).scalar_one() or 0
            box_no, box_id = f"{unit.fonds_no}-{year}-{period}-{last + 1:03d}", uuid.uuid4().hex
            values = {
                "id": box_id,
                "box_no": box_no,
                "fonds_no": unit.fonds_no,
                "year": year,
                "period": period,
                "number": last + 1,
                "problem": " ".join(said.get("problem", "").split())[:100],
                "millimetres": width,
                "shelf_id": shelf.id,
                "note": "",
                "made_at": work.at,
                "made_by": actor.id,
            }
            work.insert(boxes, values)
            _move(work, "box", box_id, OUT, _shelf_words(shelf), "新盒 new box")
            work.act(acts.BOX_MADE, "box", box_id, box=box_no)
            work.commit()
        return box_no

    def boxes(self, actor: Person, room_code: str = "", after: str = "", limit: int = 200) -> Sequence[Any]:
        """Return boxes by number with shelf and room, from behind ``after`` on."""
        require(actor, Action.KEEP_STORE)
        query = _boxes().where(boxes.c.box_no > after).order_by(boxes.c.box_no).limit(limit)
        if room_code:
            query = query.where(rooms.c.code == room_code)
        with self.ledger.read() as connection:
            return connection.execute(query).all()

    def box(self, actor: Person, box_no: str) -> Any:
        """Return one box with shelf and room."""
        require(actor, Action.KEEP_STORE)
        with self.ledger.read() as connection:
            found = connection.execute(_boxes().where(boxes.c.box_no == box_no)).one_or_none()
        if found is None:
            raise NotFound("没有这个档案盒。", "There is no such box.")
        return found

    def contents(self, actor: Person, box_no: str) -> list[InBox]:
        """Return those records in a box that the person sees, in their order."""
        return self._lying(actor, self.box(actor, box_no).id)

    def _lying(self, actor: Person, box_id: str) -> list[InBox]:
        query = select(record_places).where(record_places.c.box_id == box_id).order_by(record_places.c.position)
        with self.ledger.read() as connection:
            rows = connection.execute(query).all()
        seen = self.catalogue.by_ids(actor, [row.record_id for row in rows])
        there = [row for row in rows if row.record_id in seen]
        return [InBox(place, row.pages, seen[row.record_id]) for place, row in enumerate(there, 1)]

    def note_box(self, actor: Person, box_no: str, note: str) -> None:
        """Write down what must be said of a box's content (备考表)."""
        box, said = self.box(actor, box_no), note.strip()[:2000]
        with self.ledger.work(actor.id) as work:
            work.update(boxes, box.id, {"note": said})
            work.act(acts.BOX_NOTED, "box", box.id, box=box_no)
            work.commit()

    def move_box(self, actor: Person, box_no: str, shelf_id: str, reason: str) -> None:
        """Carry a box to another shelf."""
        box, why = self.box(actor, box_no), words(reason, Text("原因", "A reason"), 2, 500)
        with self.ledger.work(actor.id) as work:
            shelf = _shelf(work.connection, shelf_id)
            if shelf.id == box.shelf_id:
                raise Conflict("此盒已在这个架位上。", "The box stands on this shelf already.")
            work.update(boxes, box.id, {"shelf_id": shelf.id})
            _move(work, "box", box.id, f"{box.room} {box.shelf}", _shelf_words(shelf), why)
            work.act(acts.BOX_MOVED, "box", box.id, box=box_no)
            work.commit()

    # ----------------------------------------------------------------------------------------------------- records

    def put(self, actor: Person, box_no: str, codes: Sequence[str], reason: str) -> int:
        """Put the papers of records into a box, behind those that lie in it; return how many were moved."""
        box, why = self.box(actor, box_no), words(reason, Text("原因", "A reason"), 2, 500)
        wanted = list(dict.fromkeys(code for code in codes if code.strip()))
        if not 0 < len(wanted) <= TOGETHER:
            raise BadInput(f"请写 1 至 {TOGETHER} 个档号，每行一个。", f"Give 1 to {TOGETHER} codes, one a line.")
        found = [self.catalogue.find(actor, code).row for code in wanted]
        wrong = [row["code"] for row in found if row["year"] != box.year]
        if wrong:
            raise BadInput(
                f"年度与盒（{box.year}）不符：{'、'.join(wrong[:5])}。",
                f"Their year is not that of the box ({box.year}): {', '.join(wrong[:5])}.",
            )
        moved = 0
        with self.ledger.work(actor.id) as work:
            work.connection.execute(select(boxes.c.id).where(boxes.c.id == box.id).with_for_update()).one()
            last = select(func.max(record_places.c.position)).where(record_places.c.box_id == box.id)
            position = work.connection.execute(last).scalar_one() or 0
            for row in found:
                there = _place_row(work.connection, row["id"])
                if there is not None and there.box_id == box.id:
                    continue
                position += 1
                moved += 1
                self._put_one(work, row["id"], there, box, position, why)
            work.commit()
        return moved

    def _put_one(self, work: Work, record_id: str, there: Any, box: Any, position: int, why: str) -> None:
        came_from = OUT
        values = {"box_id": box.id, "position": position}
        if there is None:
            work.insert(record_places, {"id": uuid.uuid4().hex, "record_id": record_id, "pages": None, **values})
        else:
            came_from = _box_words(work.connection, there.box_id)
            work.update(record_places, there.id, values)
        _move(work, "record", record_id, came_from, box.box_no, why)
        work.act(acts.PAPER_MOVED, "record", record_id, box=box.box_no)

    def take_out(self, actor: Person, code: str, reason: str) -> None:
        """Take the paper of a record out of its box, for good or until it is put into another."""
        require(actor, Action.KEEP_STORE)
        row, why = self.catalogue.find(actor, code).row, words(reason, Text("原因", "A reason"), 2, 500)
        with self.ledger.work(actor.id) as work:
            there = _place_row(work.connection, row["id"])
            if there is None or there.box_id is None:
                raise Conflict("此件不在任何盒中。", "This record lies in no box.")
            came_from = _box_words(work.connection, there.box_id)
            work.update(record_places, there.id, {"box_id": None, "position": 0})
            _move(work, "record", row["id"], came_from, OUT, why)
            work.act(acts.PAPER_MOVED, "record", row["id"], box=OUT)
            work.commit()

    def place_of(self, actor: Person, record_id: str) -> Place | None:
        """Return where the paper of a record lies that the person sees, or nothing."""
        if record_id not in self.catalogue.by_ids(actor, [record_id]):
            return None
        query = _boxes().join(record_places, record_places.c.box_id == boxes.c.id)
        with self.ledger.read() as connection:
            row = connection.execute(query.where(record_places.c.record_id == record_id)).one_or_none()
        if row is None:
            return None
        position = next(one.position for one in self._lying(actor, row.id) if one.line.id == record_id)
        return Place(row.box_no, position, row.shelf, row.room)

    def history(self, actor: Person, object_id: str) -> Sequence[Any]:
        """Return every move of a box or of a record's paper, the newest first; the caller knows that the person sees it."""
        require(actor, Action.KEEP_STORE)
        query = select(moves).where(moves.c.object_id == object_id).order_by(moves.c.moved_at.desc()).limit(200)
        with self.ledger.read() as connection:
            return connection.execute(query).all()


def _settings(said: Mapping[str, str]) -> dict[str, int]:
    temperature, humidity = Text("温度限值", "A limit of temperature"), Text("湿度限值", "A limit of humidity")
    limits = Limits(
        tenths(said.get("coldest", ""), temperature, -30, 60),
        tenths(said.get("warmest", ""), temperature, -30, 60),
        tenths(said.get("driest", ""), humidity, 0, 100),
        tenths(said.get("dampest", ""), humidity, 0, 100),
    )
    if limits.coldest >= limits.warmest or limits.driest >= limits.dampest:
        raise BadInput("下限须小于上限。", "The lower limit must be below the upper one.")
    often = Text("间隔天数", "The number of days")
    return {
        **limits.__dict__,
        "reading_days": whole(said.get("reading_days", "1"), often, 1, 366),
        "round_days": whole(said.get("round_days", "30"), often, 1, 366),
    }


def _boxes() -> Any:
    return (
        select(boxes, shelves.c.code.label("shelf"), rooms.c.code.label("room"), rooms.c.id.label("room_id"))
        .join(shelves, shelves.c.id == boxes.c.shelf_id)
        .join(rooms, rooms.c.id == shelves.c.room_id)
    )


def _one(connection: Connection, table: Any, condition: Any, zh: str, en: str, *, lock: bool = False) -> Any:
    query = select(table).where(condition)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound(f"没有这个{zh}。", f"There is no such {en}.")
    return row


def _shelf(connection: Connection, shelf_id: str) -> Any:
    query = select(shelves, rooms.c.code.label("room")).join(rooms, rooms.c.id == shelves.c.room_id)
    row = connection.execute(query.where(shelves.c.id == shelf_id)).one_or_none()
    if row is None:
        raise BadInput("请选择架位。", "Please choose the shelf.")
    held = connection.execute(select(func.count()).where(boxes.c.shelf_id == shelf_id)).scalar_one()
    if held >= row.holds:
        raise Conflict(f"架位 {row.code} 已放满 {row.holds} 盒。", f"Shelf {row.code} is full ({row.holds} boxes).")
    return row


def _shelf_words(shelf: Any) -> str:
    return f"{shelf.room} {shelf.code}"


def _box_words(connection: Connection, box_id: str | None) -> str:
    if box_id is None:
        return OUT
    return str(connection.execute(select(boxes.c.box_no).where(boxes.c.id == box_id)).scalar_one())


def _place_row(connection: Connection, record_id: str) -> Any:
    query = select(record_places).where(record_places.c.record_id == record_id).with_for_update()
    return connection.execute(query).one_or_none()


def _move(work: Work, kind: str, object_id: str, came_from: str, went_to: str, reason: str) -> None:
    values = {"kind": kind, "object_id": object_id, "came_from": came_from, "went_to": went_to, "reason": reason}
    work.insert(moves, {"id": uuid.uuid4().hex, **values, "moved_at": work.at, "moved_by": work.person_id})
