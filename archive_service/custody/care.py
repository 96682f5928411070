"""The care of storerooms: readings with alarms, rounds, damage and its repair, and what is due when."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.catalog.dates import parse_date
from archive_service.catalog.records.browse import Catalogue
from archive_service.catalog.tables import records
from archive_service.clock import from_stamp
from archive_service.custody.model import DAMAGE_KINDS, answers_of, limits_of, tenths, words
from archive_service.custody.tables import boxes, damages, readings, rooms, rounds
from archive_service.errors import BadInput, Conflict, NotFound, Text
from archive_service.people.model import Person
from archive_service.people.notices import able, tell
from archive_service.people.policy import Action, Thing, require

SHOWN = 60
"""Readings, rounds and damages shown of a room."""


@dataclass(frozen=True)
class Due:
    """Something that is to be done by a day: ``kind`` is ``reading``, ``round``, ``repair`` or ``alarm``."""

    kind: str
    room: str
    on: date
    what: str


@dataclass(frozen=True)
class Care:
    """Keeps the history of the rooms' climate and condition."""

    ledger: Ledger
    catalogue: Catalogue

    def read_climate(self, actor: Person, room_code: str, said: Mapping[str, str]) -> str:
        """Enter a reading; return what is beyond the limits. Who enters one that alarms says what was done about it."""
        require(actor, Action.KEEP_STORE)
        temperature = tenths(said.get("temperature", ""), Text("温度", "Temperature"), -40, 80)
        humidity = tenths(said.get("humidity", ""), Text("相对湿度", "Relative humidity"), 0, 100)
        remedy = " ".join(said.get("remedy", "").split())[:500]
        with self.ledger.work(actor.id) as work:
            room = _room(work.connection, room_code)
            alarm = limits_of(room).alarm(temperature, humidity)
            if alarm and len(remedy) < 2:
                raise BadInput(
                    "读数超出限值，请写明已采取的措施。",
                    "The reading is beyond the limits; please say what was done about it.",
                )
            reading_id = uuid.uuid4().hex
            values = {"id": reading_id, "room_id": room.id, "temperature": temperature, "humidity": humidity}
            noted = {"alarm": alarm, "remedy": remedy, "read_at": work.at, "read_by": actor.id}
            work.insert(readings, {**values, **noted})
            work.act(acts.CLIMATE_READ, "room", room.id, alarm=alarm)
            if alarm:
                others = [one for one in able(work.connection, work.at, Action.KEEP_STORE) if one != actor.id]
                tell(work, others, "climate_alarm", room.id, room.code)
            work.commit()
        return alarm

    def readings(self, actor: Person, room_code: str) -> Sequence[Any]:
        """Return the last readings of a room, the newest first."""
        return self._of_room(actor, room_code, readings, readings.c.read_at.desc())

    def walk(self, actor: Person, room_code: str, said: Mapping[str, str]) -> int:
        """Enter a round through a room; return how much was not in order."""
        require(actor, Action.KEEP_STORE)
        made_on = parse_date(said.get("made_on", ""))
        if made_on > self.ledger.clock.today():
            raise BadInput("检查日期不能晚于今天。", "The day of the round must not be after today.")
        answers = answers_of(said)
        faults = sum(1 for state, _ in answers.values() if state == "fault")
        with self.ledger.work(actor.id) as work:
            room = _room(work.connection, room_code)
            values = {"id": uuid.uuid4().hex, "room_id": room.id, "made_on": made_on, "faults": faults}
            told = json.dumps(answers, ensure_ascii=False, separators=(",", ":"))
            work.insert(rounds, {**values, "answers": told, "recorded_at": work.at, "made_by": actor.id})
            work.act(acts.ROUND_MADE, "room", room.id, faults=faults)
            work.commit()
        return faults

    def rounds(self, actor: Person, room_code: str) -> Sequence[Any]:
        """Return the last rounds through a room, the newest first."""
        return self._of_room(actor, room_code, rounds, rounds.c.recorded_at.desc())

    def report_damage(self, actor: Person, room_code: str, said: Mapping[str, str]) -> None:
        """Report damage to a room, a box in it, or a record that the person sees."""
        require(actor, Action.KEEP_STORE)
        kind = said.get("kind", "")
        if kind not in DAMAGE_KINDS:
            raise BadInput("请选择损坏的种类。", "Please choose the kind of damage.")
        what = words(said.get("what", ""), Text("情况", "What is damaged"), 2, 500)
        by = parse_date(said.get("repair_by", ""))
        code = said.get("record", "").strip()
        record_id = self.catalogue.find(actor, code).row["id"] if code else None
        with self.ledger.work(actor.id) as work:
            room = _room(work.connection, room_code)
            box_id = _box_id(work.connection, said.get("box", "").strip())
            damage_id = uuid.uuid4().hex
            values = {"id": damage_id, "room_id": room.id, "box_id": box_id, "record_id": record_id, "kind": kind}
            noted = {"what": what, "repair_by": by, "reported_at": work.at, "reported_by": actor.id}
            work.insert(damages, {**values, **noted})
            work.act(acts.DAMAGE_REPORTED, "room", room.id, damage=damage_id, kind=kind)
            tell(work, self._concerned(work, actor, record_id), "damage_reported", room.id, room.code)
            work.commit()

    def _concerned(self, work: Work, actor: Person, record_id: str | None) -> list[str]:
        """Return who else keeps the store; damage to a record is told only to those who see that record."""
        keepers = able(work.connection, work.at, Action.KEEP_STORE)
        if record_id:
            level = work.connection.execute(select(records.c.level).where(records.c.id == record_id)).scalar_one()
            seeing = set(able(work.connection, work.at, Action.SEE_RECORD, Thing(level=level, record_id=record_id)))
            keepers = [one for one in keepers if one in seeing]
        return [one for one in keepers if one != actor.id]

    def overdue(self, actor: Person) -> int:
        """Return how many readings, rounds and repairs are overdue, and alarms that stand."""
        today = self.ledger.clock.today()
        return sum(1 for one in self.calendar(actor) if one.on < today or one.kind == "alarm")

    def repair(self, actor: Person, damage_id: str, repair: str) -> None:
        """Enter that damage was repaired, and how."""
        require(actor, Action.KEEP_STORE)
        how = words(repair, Text("修复情况", "How it was repaired"), 2, 500)
        with self.ledger.work(actor.id) as work:
            row = work.connection.execute(
                select(damages).where(damages.c.id == damage_id).with_for_update()
            ).one_or_none()
            if row is None or not self._seen(actor, [row]):
                raise NotFound("没有这份损坏报告。", "There is no such report.")
            if row.repaired_at:
                raise Conflict("此项已登记修复。", "It has been entered as repaired already.")
            values = {"repaired_at": work.at, "repaired_by": actor.id, "repair": how}
            work.update(damages, damage_id, values)
            work.act(acts.DAMAGE_REPAIRED, "room", row.room_id, damage=damage_id)
            work.commit()

    def damages(self, actor: Person, room_code: str) -> list[Any]:
        """Return the last reports of damage in a room; those on a record only to who sees it."""
        return self._seen(actor, self._of_room(actor, room_code, damages, damages.c.reported_at.desc()))

    def calendar(self, actor: Person) -> list[Due]:
        """Return what is due, the most urgent first: readings and rounds of each room, repairs, alarms that stand."""
        require(actor, Action.KEEP_STORE)
        found: list[Due] = []
        with self.ledger.read() as connection:
            for room in connection.execute(select(rooms)):
                found += self._of_climate(connection, room)
                last = connection.execute(select(func.max(rounds.c.made_on)).where(rounds.c.room_id == room.id))
                since = last.scalar_one() or self._day(room.opened_at)
                found.append(Due("round", room.code, since + timedelta(days=room.round_days), ""))
            open_ones = select(damages, rooms.c.code.label("room")).join(rooms, rooms.c.id == damages.c.room_id)
            broken = connection.execute(open_ones.where(damages.c.repaired_at.is_(None))).all()
        found += [Due("repair", one.room, one.repair_by, one.kind) for one in self._seen(actor, broken)]
        return sorted(found, key=lambda one: (one.on, one.room, one.kind))

    def _of_climate(self, connection: Connection, room: Any) -> list[Due]:
        query = select(readings).where(readings.c.room_id == room.id).order_by(readings.c.read_at.desc()).limit(1)
        last = connection.execute(query).one_or_none()
        day = self._day(last.read_at if last else room.opened_at)
        found = [Due("reading", room.code, day + timedelta(days=room.reading_days), "")]
        return [Due("alarm", room.code, day, last.alarm), *found] if last and last.alarm else found

    def _day(self, stamp: str) -> date:
        return from_stamp(stamp).astimezone(self.ledger.clock.zone).date()

    def _of_room(self, actor: Person, room_code: str, table: Any, order: Any) -> Sequence[Any]:
        require(actor, Action.KEEP_STORE)
        with self.ledger.read() as connection:
            room = _room(connection, room_code)
            query = select(table).where(table.c.room_id == room.id).order_by(order).limit(SHOWN)
            return connection.execute(query).all()

    def _seen(self, actor: Person, rows: Sequence[Any]) -> list[Any]:
        named = [row.record_id for row in rows if row.record_id]
        seen = self.catalogue.by_ids(actor, named) if named else {}
        return [row for row in rows if row.record_id is None or row.record_id in seen]


def _room(connection: Connection, code: str) -> Any:
    row = connection.execute(select(rooms).where(rooms.c.code == code)).one_or_none()
    if row is None:
        raise NotFound("没有这个库房。", "There is no such room.")
    return row


def _box_id(connection: Connection, box_no: str) -> str | None:
    if not box_no:
        return None
    found = connection.execute(select(boxes.c.id).where(boxes.c.box_no == box_no)).scalar_one_or_none()
    if found is None:
        raise BadInput(f"没有档案盒“{box_no}”。", f"There is no box {box_no!r}.")
    return str(found)
