"""The copies of one record as people read them: how each store stands, and what was done with every copy."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, or_, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.audit.tables import entries
from archive_service.catalog.keeping.copy_history import (
    CHECKED,
    COPIED,
    FILED,
    HELD,
    LIFTED,
    LOCKED,
    SAMPLE,
    SWEEP,
    WHOLE,
)
from archive_service.catalog.tables import components, copies, copy_history
from archive_service.errors import Text
from archive_service.vault import PRIMARY, names

OF_COPIES = (acts.COPY_FAULTY, acts.COPY_REPAIRED, acts.COPY_NOT_REPAIRED)
OF_RECORD = (acts.KEY_DESTROYED, acts.OBJECTS_DELETED, acts.RECORD_DESTROYED)
METHODS = {
    SWEEP: Text("轮检", "in its turn"),
    SAMPLE: Text("抽检", "by lot"),
    WHOLE: Text("全检", "with everything"),
    FILED: Text("入库读回", "back after filing"),
}
FAULTS = {"missing": Text("发现缺失", "Found missing"), "damaged": Text("发现损坏", "Found damaged")}
STATES = {
    "wanted": Text("待建", "To be made"),
    "written": Text("在库，尚未读检", "There, not read again yet"),
    "good": Text("在库，读检完好", "There, found good"),
    "missing": Text("缺失，待修复", "Missing, to be repaired"),
    "damaged": Text("损坏，待修复", "Damaged, to be repaired"),
}


@dataclass(frozen=True)
class Place:
    """How the copies of a record stand in one store; ``checked_at`` is the oldest last reading, empty for never."""

    name: str
    state: str
    objects: int
    checked_at: str
    locked_until: date | None
    held: bool


@dataclass(frozen=True)
class Done:
    """One thing that was done: when (and until when, how often), in which store, with what, and what it was."""

    at: str
    last_at: str
    times: int
    place: str
    thing: Text
    what: Text
    bad: bool = False


def copies_of(ledger: Ledger, record_id: str) -> list[Place]:
    """Return how the copies of a record stand, the primary store first; the worst state of a store's copies counts."""
    with ledger.read() as connection:
        rows = connection.execute(select(copies).where(copies.c.record_id == record_id)).all()
    by_place: dict[str, list[Any]] = {}
    for row in rows:
        by_place.setdefault(row.place, []).append(row)
    worst = ("damaged", "missing", "wanted", "written", "good")
    found = []
    for place, some in sorted(by_place.items(), key=lambda one: (one[0] != PRIMARY, one[0])):
        until = [row.locked_until for row in some if row.locked_until]
        found.append(
            Place(
                place,
                min((row.state for row in some), key=worst.index),
                len(some),
                min(row.checked_at for row in some),
                min(until) if until else None,
                any(row.locked_held for row in some),
            )
        )
    return found


def history_of(ledger: Ledger, record_id: str, filed_at: str) -> list[Done]:
    """Return what was done with the copies of a record, the newest last; the caller asks whether the record is seen."""
    with ledger.read() as connection:
        kept = connection.execute(select(copy_history).where(copy_history.c.record_id == record_id)).all()
        wanted = or_(
            and_(entries.c.object_id == record_id, entries.c.act.in_([one.name for one in (*OF_COPIES, *OF_RECORD)])),
            and_(entries.c.act == acts.KEYS_ROTATED.name, entries.c.at >= filed_at),
        )
        told = connection.execute(select(entries).where(wanted).order_by(entries.c.seq)).all()
        files = connection.execute(
            select(components.c.id)
            .where(components.c.record_id == record_id, components.c.role.in_(("original", "attachment", "preview")))
            .order_by(components.c.position)
        ).scalars()
        order = {one: number for number, one in enumerate(files, 1)}
    gone = next((row.at for row in told if row.act == acts.KEY_DESTROYED.name), None)
    all_of = Text("全部", "All")
    found = [Done(filed_at, filed_at, 1, PRIMARY, all_of, Text("封存入库", "Sealed and stored"))]
    found += [_kept(row, order) for row in kept]
    found += [_told(row, order) for row in told if not (gone and row.act == acts.KEYS_ROTATED.name and row.at > gone)]
    return sorted(found, key=lambda one: one.last_at)


def _kept(row: Any, order: Mapping[str, int]) -> Done:
    words = {
        COPIED: Text("建立副本，写后核对", "Copied, and read back"),
        HELD: Text("存储中设冻结（legal hold）", "Held in the store (legal hold)"),
        LIFTED: Text("存储中解除冻结", "Hold lifted in the store"),
        LOCKED: Text(f"存储锁定至 {row.detail}", f"Locked in the store until {row.detail}"),
    }
    if row.what == CHECKED:
        method = METHODS[row.detail]
        words[CHECKED] = Text(f"读检完好（{method.zh}）", f"Read and found good ({method.en})")
    return Done(row.at, row.last_at, row.times, row.place, thing_of(row.name, order), words[row.what])


def _told(row: Any, order: Mapping[str, int]) -> Done:
    detail = json.loads(row.body).get("detail", {})
    if row.act == acts.KEYS_ROTATED.name:
        what = Text("密钥以新根密钥重新包裹，内容未动", "Keys wrapped anew under a new root key; content untouched")
        return Done(row.at, row.at, 1, "", Text("密钥", "Keys"), what)
    bad = row.act in (acts.COPY_FAULTY.name, acts.COPY_NOT_REPAIRED.name)
    what = FAULTS.get(detail.get("fault", ""), acts.words_of(row.act))
    thing = thing_of(detail["name"], order) if "name" in detail else Text("全部", "All")
    return Done(row.at, row.at, 1, detail.get("place", ""), thing, what, bad)


def thing_of(name: str, order: Mapping[str, int]) -> Text:
    """Say which object of a record a name means: its capsule, or a file by its place among the files."""
    if not names.is_name(name):
        return Text("对象", "Object")
    component = names.parse(name).component_id
    if not component:
        return Text("封装说明", "Capsule")
    number = order.get(component)
    return Text(f"第 {number} 个文件", f"File {number}") if number else Text("提取的正文", "Extracted text")


def shown(history: Sequence[Done], most: int = 200) -> list[Done]:
    """Return the newest of a long history, the newest last."""
    return list(history[-most:])
