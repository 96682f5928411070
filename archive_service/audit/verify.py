"""The witness: reads only, recomputes everything, and says what it found and where.

It shares the hash functions and the table definitions with the writer and nothing else: leaves are
recomputed from the stored bodies, the tree from the leaves, the rows of the catalogue from the database.
Whatever lies in the database, in whatever type, is a finding at worst, never a failure of the witness.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import SQLAlchemyError

from archive_service.audit import anchors, merkle
from archive_service.audit.notes import Checkpoint, Verifier
from archive_service.audit.rebuilt import AT_ONCE, RebuiltTree, as_bytes
from archive_service.audit.tables import checkpoints, entries, head
from archive_service.database.engine import examining
from archive_service.database.tables import as_written, row_digest, select_as_stored, vouched_tables
from archive_service.errors import Damaged, Text

WIDEST_GAP = 1000
"""Missing entries that are named one by one and stood in for; a wider gap is named as one."""


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it must be: the place (table and row) and what is wrong there."""

    place: str
    text: Text


@dataclass
class Report:
    """What a verification saw: how much it checked and everything that it found wrong."""

    entries: int = 0
    nodes: int = 0
    checkpoints: int = 0
    rows: int = 0
    root: str = ""
    findings: list[Finding] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """True when nothing was found wrong."""
        return not self.findings

    def add(self, place: str, zh: str, en: str) -> None:
        """Note a finding."""
        self.findings.append(Finding(place, Text(zh, en)))


def verify(
    engine: Engine, verifier: Verifier, anchor_file: Path, further: Mapping[str, Sequence[str]] | None = None
) -> Report:
    """Check tree, checkpoints and database against each other; never changes anything.

    ``further`` are anchors that lie elsewhere, by place.

    Writers may be at work meanwhile: the anchors are read before the one view of the database is opened, so that
    no anchor can be ahead of it.
    """
    report = Report()
    anchored = anchors.read(anchor_file)
    with examining(engine) as connection:
        try:
            _verify(connection, verifier, {anchor_file.name: anchored, **(further or {})}, report)
        except SQLAlchemyError as error:
            report.add("database", f"数据库无法读取：{error}", f"the database cannot be read: {error}")
    return report


def _verify(connection: Connection, verifier: Verifier, anchored: Mapping[str, Sequence[str]], report: Report) -> None:
    witnessed = _Witnessed(report, verifier)
    witnessed.read_kept(connection)
    for place, notes in anchored.items():
        witnessed.read_anchors(place, notes)
    tree = RebuiltTree(connection, report.add)
    latest = _walk_entries(connection, tree, witnessed, report)
    report.nodes = tree.finish()
    _check_head(connection, verifier, tree, report)
    _check_rows(connection, latest, report)
    report.root = merkle.root(tree.peaks).hex()


@dataclass(frozen=True)
class _Seen:
    place: str
    checkpoint: Checkpoint
    at: str | None
    """When the last entry that a kept checkpoint covers was written; an anchor does not say."""


class _Witnessed:
    """Every signed checkpoint that is to be held against the tree, by its size."""

    def __init__(self, report: Report, verifier: Verifier) -> None:
        self._report = report
        self._verifier = verifier
        self._kept: set[int] = set()
        self._rows = 0
        self._by_size: dict[int, list[_Seen]] = {}

    def read_kept(self, connection: Connection) -> None:
        """Take up the checkpoints that are kept in the database."""
        for row in connection.execute(select_as_stored(checkpoints).order_by(checkpoints.c.size)):
            place = f"audit_checkpoint size={row.size}"
            self._rows += 1
            checkpoint = self._take(place, row.note, row.at)
            if checkpoint and checkpoint.size != row.size:
                self._report.add(place, "检查点的大小与其所在行不符", "the checkpoint's size is not that of its row")
            elif checkpoint:
                self._kept.add(checkpoint.size)

    def read_anchors(self, file: str, notes: Sequence[str]) -> None:
        """Take up the anchors; each of them was kept in the database first."""
        if self._rows > 1 and not notes:
            # One may be missing after a crash between the two; both files of the first start cannot.
            self._report.add(file, "库外的检查点文件缺失或为空", "the checkpoints kept outside are missing or empty")
        for number, note in enumerate(notes, 1):
            place = f"{file} #{number}"
            checkpoint = self._take(place, note, None)
            if checkpoint and checkpoint.size not in self._kept:
                self._report.add(
                    f"audit_checkpoint size={checkpoint.size}",
                    f"库外文件（{place}）存有此检查点，数据库中却没有",
                    f"this checkpoint stands in {place}, the database no longer has it",
                )

    def _take(self, place: str, note: Any, at: str | None) -> Checkpoint | None:
        try:
            checkpoint = self._verifier.open(note if isinstance(note, str) else "")
        except Damaged as error:
            self._report.add(place, error.text.zh, error.text.en)
            return None
        self._report.checkpoints += 1
        self._by_size.setdefault(checkpoint.size, []).append(_Seen(place, checkpoint, at))
        return checkpoint

    def compare(self, tree: RebuiltTree, at: Any) -> None:
        """Hold the checkpoints of the tree's present size against it; ``at`` is the time of its last entry."""
        for seen in self._by_size.pop(tree.size, []):
            if seen.checkpoint.root != merkle.root(tree.peaks):
                self._report.add(
                    seen.place,
                    f"前 {tree.size} 条日志与此检查点不符",
                    f"the first {tree.size} entries are not those that this checkpoint covers",
                )
            if seen.at is not None and seen.at != at:
                self._report.add(
                    seen.place,
                    "检查点的时间不是其末条日志的时间",
                    "the checkpoint's time is not that of its last entry",
                )

    def say_what_is_beyond(self, size: int) -> None:
        """Say of every checkpoint that saw more entries than there are that the tail is gone."""
        for beyond in sorted(self._by_size):
            for seen in self._by_size[beyond]:
                self._report.add(
                    seen.place,
                    f"日志只有 {size} 条，此检查点见过 {beyond} 条：末尾被截去",
                    f"the log has {size} entries, this checkpoint saw {beyond}: the tail is gone",
                )


def _walk_entries(connection: Connection, tree: RebuiltTree, witnessed: _Witnessed, report: Report) -> dict[str, str]:
    """Recompute every leaf in order; return the last digest that the log gives for each row."""
    latest: dict[str, str] = {}
    expected = 1
    for row in _in_order(connection):
        place = f"audit_entry seq={row.seq}"
        if not isinstance(row.seq, int) or row.seq < expected:
            report.add(place, "此序号不属于日志", "the log has no place for this number")
            continue
        _stand_in(tree, expected, row.seq, report)
        expected = row.seq + 1
        body = row.body if isinstance(row.body, str) else ""
        leaf = merkle.leaf_hash(body.encode())
        if leaf != as_bytes(row.leaf_hash):
            report.add(place, "条目内容与其摘要不符", "the entry's body does not match its hash")
        _check_columns(row, body, place, latest, report)
        tree.append(leaf)
        report.entries += 1
        witnessed.compare(tree, row.at)
    witnessed.say_what_is_beyond(tree.size)
    return latest


def _stand_in(tree: RebuiltTree, expected: int, found: int, report: Report) -> None:
    """Name the entries that are missing; their stored leaves stand in, so that what follows is not blamed for them."""
    if found - expected > WIDEST_GAP:
        report.add(
            f"audit_entry seq={expected}",
            f"缺少第 {expected} 至 {found - 1} 条",
            f"entries {expected} to {found - 1} are missing",
        )
        return
    for seq in range(expected, found):
        report.add(f"audit_entry seq={seq}", "缺少这一条", "this entry is missing")
        tree.append(tree.stored_leaf(seq - 1))


def _in_order(connection: Connection) -> Iterator[Any]:
    query = select_as_stored(entries).order_by(entries.c.seq).limit(AT_ONCE)
    rows = connection.execute(query).all()
    while rows:
        yield from rows
        rows = connection.execute(query.where(entries.c.seq > rows[-1].seq)).all()


def _check_columns(row: Any, body: str, place: str, latest: dict[str, str], report: Report) -> None:
    try:
        read = json.loads(body)
        said = (read["seq"], read["at"], read["person"], read["act"], *read["object"])
        digests = dict(read.get("rows", {}))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        report.add(place, "条目内容无法读取", "the entry's body cannot be read")
        return
    if said != (row.seq, row.at, row.person_id, row.act, row.object_type, row.object_id):
        report.add(place, "条目的列与其内容不符", "the entry's columns differ from its body")
    latest.update(digests)


def _check_head(connection: Connection, verifier: Verifier, tree: RebuiltTree, report: Report) -> None:
    rows = connection.execute(select_as_stored(head).order_by(head.c.id)).all()
    if not rows:
        if tree.size:
            report.add("audit_head id=1", "日志头缺失", "the head of the log is missing")
        return
    for row in rows:
        place = f"audit_head id={row.id}"
        if row.id != 1:
            report.add(place, "日志只有一个头（id=1）", "the log has one head only (id=1)")
        try:
            checkpoint = verifier.open(row.note if isinstance(row.note, str) else "")
        except Damaged as error:
            report.add(place, error.text.zh, error.text.en)
            continue
        report.checkpoints += 1
        whole = (row.size, as_bytes(row.peaks), checkpoint.size, checkpoint.root)
        if whole != (tree.size, b"".join(tree.peaks), tree.size, merkle.root(tree.peaks)):
            report.add(place, "日志头与条目不符", "the signed head of the log does not match its entries")


def _check_rows(connection: Connection, latest: dict[str, str], report: Report) -> None:
    """Hold every vouched row against the last digest that the log gives for it."""
    for table in vouched_tables():
        found = connection.execution_options(yield_per=AT_ONCE).execute(select_as_stored(table))
        for row in found.mappings():
            report.rows += 1
            place = f"{table.name}/{row['id']}"
            said = latest.pop(place, None)
            if said is None:
                report.add(place, "此行不是经本系统写入的", "the log knows nothing of this row")
            elif said != row_digest(table.name, as_written(table, row)):
                report.add(place, "此行在日志之外被改动", "this row was changed outside the log")
    for place in sorted(latest):
        report.add(place, "日志记有此行，数据库中却没有", "the log knows this row, the database no longer has it")


def behind_its_anchors(engine: Engine, verifier: Verifier, anchor_file: Path) -> Text | None:
    """Say in a sentence if the log is shorter than an anchor saw it, else ``None``: quick enough for every start.

    A database that was wound back must not go on: what it would sign next is a second history.
    """
    seen = 0
    for note in anchors.read(anchor_file):
        try:
            seen = max(seen, verifier.open(note).size)
        except Damaged:
            continue  # the whole verification names it
    with examining(engine) as connection:
        size = connection.execute(select(head.c.size).where(head.c.id == 1)).scalar_one_or_none() or 0
    if size >= seen:
        return None
    return Text(
        f"审计日志只有 {size} 条，库外的检查点却见过 {seen} 条：数据库被退回到了较早的状态。",
        f"The audit log has {size} entries, a checkpoint kept outside saw {seen}: the database was wound back.",
    )
