"""The log outside the database: its entries as JSON lines beside the anchors, so that who loses the database keeps the log.

A folder holds what ``audit export`` writes too: ``log.jsonl`` and ``checkpoints.txt``. An anchor is written after the
entries that it covers, so a whole folder holds the log up to its last anchor.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update

from archive_service.audit import acts, anchors, merkle
from archive_service.audit.notes import Checkpoint, Verifier
from archive_service.audit.tables import checkpoints, entries, head, nodes
from archive_service.database.engine import insert_if_absent, reading, writing
from archive_service.errors import Conflict, Damaged, NotFound

LOG, ANCHORS = "log.jsonl", "checkpoints.txt"
AT_ONCE = 1000


def append(engine: Engine, folder: Path, size: int) -> int:
    """Bring a folder's copy of the log up to ``size`` entries, durably; how many were added.

    ``Conflict``, with nothing written, if the copy holds another log or a longer one than the database.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path, added = folder / LOG, 0
    with _held(path) as descriptor, reading(engine) as connection:
        last = _last_line(descriptor)
        seq = int(json.loads(last)["seq"]) if last else 0
        if last and last != connection.execute(select(entries.c.body).where(entries.c.seq == seq)).scalar_one_or_none():
            raise Conflict(
                f"库外日志副本第 {seq} 条与数据库不符：数据库可能被退回到较早的状态。未写入：{path}",
                f"Entry {seq} of the copy of the log is not in the database, which may have been wound back; nothing "
                f"was written: {path}",
            )
        while seq < size:
            query = select(entries.c.seq, entries.c.body).where(entries.c.seq > seq, entries.c.seq <= size)
            page = connection.execute(query.order_by(entries.c.seq).limit(AT_ONCE)).all()
            if not page:
                break
            data = "".join(f"{row.body}\n" for row in page).encode()
            while data:
                data = data[os.write(descriptor, data) :]
            seq, added = page[-1].seq, added + len(page)
        os.fsync(descriptor)
    return added


@contextmanager
def _held(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _last_line(descriptor: int) -> str:
    """Return the last whole line; what stands behind it was being written when the power went, and is cut off."""
    end = os.lseek(descriptor, 0, os.SEEK_END)
    tail, start = b"", end
    while start > 0 and tail.count(b"\n") < 2:
        step = min(start, 65536)
        start -= step
        tail = os.pread(descriptor, step, start) + tail
    whole, _, torn = tail.rpartition(b"\n")
    if torn:
        os.ftruncate(descriptor, end - len(torn))
    return whole.rpartition(b"\n")[2].decode()


@dataclass
class Told:
    """What a copy of the log tells, checked against its anchors.

    ``rows``: the last digest of every row that was ever written, by table and id. ``going``: by record, the keys
    of what was destroyed or whose destruction had passed the point of no return.
    """

    folder: Path
    size: int
    note: str
    notes: dict[int, str]
    rows: dict[str, str] = field(default_factory=dict)
    going: dict[str, set[str]] = field(default_factory=dict)
    mirrored: list[tuple[str, str, str, bool]] = field(default_factory=list)
    """When holds were set (or lifted) in a store: time, store, name of the file, whether it was set; in order."""
    after: list[dict[str, Any]] = field(default_factory=list)
    """Entries behind the size that was asked for, in order."""

    def bodies(self) -> Iterator[str]:
        """Yield the entries up to the last anchor, in order."""
        yield from _lines(self.folder / LOG, self.size)


def read(folders: Sequence[Path], verifier: Verifier, since: int = 0) -> Told:
    """Read the log from the first folder that holds it whole, up to the last anchor that any of them has seen.

    ``NotFound`` if there is no copy, ``Damaged`` if none reaches the last anchor or one of its entries was changed:
    who cannot see the log to its end cannot know what was destroyed. ``since`` begins :attr:`Told.after`.
    """
    seen: dict[int, list[tuple[Checkpoint, str]]] = {}
    for folder in folders:
        for note in anchors.read(folder / ANCHORS):
            checkpoint = verifier.open(note)
            seen.setdefault(checkpoint.size, []).append((checkpoint, note))
    holding = [folder for folder in folders if (folder / LOG).is_file()]
    if not holding or not seen:
        places = ", ".join(str(folder) for folder in folders)
        raise NotFound(
            f"找不到审计日志的库外副本（{LOG}、{ANCHORS}）：{places}。请用 --log 指出所在文件夹，或用审计管理员导出的日志。",
            f"There is no copy of the audit log ({LOG}, {ANCHORS}) in {places}. Name its folder with --log; what an "
            "auditor exported will do.",
        )
    faults = []
    for folder in holding:
        try:
            return _read_one(folder, seen, since)
        except Damaged as fault:
            faults.append(fault)
    raise faults[0]


def _read_one(folder: Path, seen: dict[int, list[tuple[Checkpoint, str]]], since: int) -> Told:
    newest = max(seen)
    told = Told(folder, newest, seen[newest][0][1], {size: found[0][1] for size, found in seen.items()})
    size, peaks = 0, list[bytes]()
    for body in told.bodies():
        peaks, _ = merkle.append(size, peaks, merkle.leaf_hash(body.encode()))
        size += 1
        if any(one.root != merkle.root(peaks) for one, _ in seen.get(size, ())):
            raise Damaged(
                f"日志副本的前 {size} 条与检查点不符：{folder}",
                f"The first {size} entries of the copy of the log are not those that its anchor covers: {folder}",
            )
        _note(told, json.loads(body), since)
    if size < newest:
        raise Damaged(
            f"日志副本只有 {size} 条，最后的检查点见过 {newest} 条：{folder}。看不到完整日志就无法得知其后销毁了什么，不予恢复。",
            f"The copy of the log has {size} entries, the last anchor saw {newest}: {folder}. Without the whole log nobody "
            "knows what was destroyed since; nothing is restored.",
        )
    return told


def _note(told: Told, said: dict[str, Any], since: int) -> None:
    told.rows.update(said.get("rows", {}))
    if said["act"] in (acts.KEY_CLAIMED.name, acts.KEY_DESTROYED.name, acts.RECORD_DESTROYED.name):
        told.going.setdefault(said["object"][1], set()).update(said["detail"].get("keys", ()))
    if said["act"] == acts.HOLDS_MIRRORED.name:
        place, detail = said["object"][1], said["detail"]
        for name, on in [*((one, True) for one in detail["set_on"]), *((one, False) for one in detail["lifted_from"])]:
            told.mirrored.append((said["at"], place, name, on))
    if said["seq"] > since:
        told.after.append(said)


def _lines(path: Path, most: int) -> Iterator[str]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file):
            if number >= most or not line.endswith("\n"):
                return
            yield line[:-1]


def continue_log(engine: Engine, told: Told) -> int:
    """Bring an older database's log up to the copy, so that it goes on and does not fork; how many entries were added.

    ``Conflict``, with nothing written, if the database holds another log than the copy.
    """
    with writing(engine) as connection:
        insert_if_absent(connection, head, {"id": 1, "size": 0, "peaks": b"", "note": ""}, "id")
        there = connection.execute(select(head)).one()
        size, peaks, rows, subtrees = 0, list[bytes](), list[dict[str, Any]](), list[dict[str, Any]]()
        for body in told.bodies():
            leaf = merkle.leaf_hash(body.encode())
            peaks, completed = merkle.append(size, peaks, leaf)
            size += 1
            if size == there.size and b"".join(peaks) != bytes(there.peaks):
                raise _another_log()
            if size <= there.size:
                continue
            rows.append(_row(json.loads(body), body, leaf))
            subtrees += [{"level": level, "position": index, "hash": value} for (level, index), value in completed]
            if len(rows) == AT_ONCE:
                _insert(connection, rows, subtrees)
        if size < there.size:
            raise _another_log()
        if size > there.size:
            _insert(connection, rows, subtrees)
            values = {"size": size, "peaks": b"".join(peaks), "note": told.note}
            connection.execute(update(head).where(head.c.id == 1).values(**values))
        for kept, note in sorted(told.notes.items()):
            at = connection.execute(select(entries.c.at).where(entries.c.seq == kept)).scalar_one()
            insert_if_absent(connection, checkpoints, {"size": kept, "at": at, "note": note}, "size")
        transaction = connection.get_transaction()
        assert transaction is not None
        transaction.commit()
    return size - int(there.size)


def must_begin_alike(engine: Engine, told: Told) -> None:
    """Raise ``Conflict`` if a database whose log goes on beyond the copy holds another log up to there."""
    with engine.connect() as connection:
        there = connection.execute(select(entries.c.leaf_hash).order_by(entries.c.seq).limit(told.size))
        for body, row in zip(told.bodies(), there, strict=True):
            if merkle.leaf_hash(body.encode()) != bytes(row.leaf_hash):
                raise _another_log()


def _insert(connection: Connection, rows: list[dict[str, Any]], subtrees: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(entries), rows)
        connection.execute(insert(nodes), subtrees)
        rows.clear()
        subtrees.clear()


def _row(said: dict[str, Any], body: str, leaf: bytes) -> dict[str, Any]:
    about = {"act": said["act"], "object_type": said["object"][0], "object_id": said["object"][1]}
    return {"seq": said["seq"], "at": said["at"], "person_id": said["person"], **about, "body": body, "leaf_hash": leaf}


def _another_log() -> Conflict:
    return Conflict(
        "备份中的日志与库外副本不是同一份日志。不予恢复。",
        "The log in the backup and the copy outside are not the same log. Nothing is restored.",
    )
