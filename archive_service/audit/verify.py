"""The witness: reads only, recomputes everything, and says what it found and where.

It shares the hash functions and the table definitions with the writer and nothing else: leaves are
recomputed from the stored bodies, the tree from the leaves, the rows of the catalogue from the database.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from archive_service.audit import anchors, merkle
from archive_service.audit.notes import Checkpoint, Verifier
from archive_service.audit.tables import checkpoints, entries, head, nodes
from archive_service.database.engine import reading
from archive_service.database.tables import row_digest, vouched_tables
from archive_service.errors import Damaged, Text

AT_ONCE = 2000
"""Rows fetched at a time, so that memory does not grow with the log."""


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


def verify(engine: Engine, verifier: Verifier, anchor_file: Path) -> Report:
    """Check tree, checkpoints and database against each other; never changes anything."""
    report = Report()
    with reading(engine) as connection:
        signed = _signed_notes(connection, verifier, anchor_file, report)
        tree = _Tree(connection, report)
        latest = _walk_entries(connection, tree, signed, report)
        tree.finish()
        _check_head(connection, verifier, tree, report)
        _check_rows(connection, latest, report)
    report.root = merkle.root(tree.peaks).hex()
    return report


class _Tree:
    """Rebuilds the tree leaf by leaf and compares each completed subtree with the stored one."""

    def __init__(self, connection: Connection, report: Report) -> None:
        self.size = 0
        self.peaks: list[bytes] = []
        self._connection = connection
        self._report = report
        self._due: dict[merkle.Node, bytes] = {}

    def append(self, leaf: bytes) -> None:
        self.peaks, completed = merkle.append(self.size, self.peaks, leaf)
        self.size += 1
        self._due.update(completed)
        if len(self._due) >= AT_ONCE:
            self._compare()

    def finish(self) -> None:
        self._compare()
        stored = self._connection.execute(select(func.count()).select_from(nodes)).scalar_one()
        if stored != self._report.nodes:
            self._report.add(
                "audit_node",
                f"多出 {stored - self._report.nodes} 个节点",
                f"{stored - self._report.nodes} nodes too many",
            )

    def _compare(self) -> None:
        due, self._due = self._due, {}
        for level in {level for level, _ in due}:
            wanted = {index: value for (at, index), value in due.items() if at == level}
            found = self._connection.execute(
                select(nodes.c.position, nodes.c.hash).where(
                    nodes.c.level == level, nodes.c.position.between(min(wanted), max(wanted))
                )
            )
            stored = {row.position: bytes(row.hash) for row in found}
            for index, value in wanted.items():
                if index in stored:
                    self._report.nodes += 1
                if stored.get(index) != value:
                    self._report.add(
                        f"audit_node level={level} position={index}",
                        "树节点与日志条目不符或缺失",
                        "this node of the tree is missing or does not follow from the entries",
                    )


def _signed_notes(
    connection: Connection, verifier: Verifier, anchor_file: Path, report: Report
) -> dict[int, list[tuple[str, Checkpoint]]]:
    """Collect every signed checkpoint that is to be held against the tree, by its size."""
    notes = [
        (f"audit_checkpoint size={row.size}", row.size, row.note) for row in connection.execute(select(checkpoints))
    ]
    notes += [(f"{anchor_file.name} #{number}", None, note) for number, note in enumerate(anchors.read(anchor_file), 1)]
    signed: dict[int, list[tuple[str, Checkpoint]]] = {}
    for place, size, note in notes:
        try:
            checkpoint = verifier.open(note)
        except Damaged as error:
            report.add(place, error.text.zh, error.text.en)
            continue
        if size is not None and size != checkpoint.size:
            report.add(place, "检查点的大小与其所在行不符", "the checkpoint's size is not that of its row")
        report.checkpoints += 1
        signed.setdefault(checkpoint.size, []).append((place, checkpoint))
    return signed


def _walk_entries(
    connection: Connection, tree: _Tree, signed: dict[int, list[tuple[str, Checkpoint]]], report: Report
) -> dict[str, str]:
    """Recompute every leaf in order; return the last digest that the log gives for each row."""
    latest: dict[str, str] = {}
    for row in _in_order(connection):
        place = f"audit_entry seq={row.seq}"
        if row.seq != tree.size + 1:
            report.add(place, f"此前缺少第 {tree.size + 1} 条", f"entry {tree.size + 1} before it is missing")
        leaf = merkle.leaf_hash(row.body.encode())
        if leaf != bytes(row.leaf_hash):
            report.add(place, "条目内容与其摘要不符", "the entry's body does not match its hash")
        _check_columns(row, place, latest, report)
        tree.append(leaf)
        report.entries += 1
        for where, checkpoint in signed.pop(tree.size, []):
            if checkpoint.root != merkle.root(tree.peaks):
                report.add(
                    where,
                    f"前 {tree.size} 条日志与此检查点不符",
                    f"the first {tree.size} entries are not those that this checkpoint covers",
                )
    for size in sorted(signed):
        for where, _ in signed[size]:
            report.add(
                where,
                f"日志只有 {tree.size} 条，此检查点见过 {size} 条：末尾被截去",
                f"the log has {tree.size} entries, this checkpoint saw {size}: the tail is gone",
            )
    return latest


def _in_order(connection: Connection) -> Iterator[Any]:
    last = 0
    while True:
        rows = connection.execute(
            select(entries).where(entries.c.seq > last).order_by(entries.c.seq).limit(AT_ONCE)
        ).all()
        yield from rows
        if len(rows) < AT_ONCE:
            return
        last = rows[-1].seq


def _check_columns(row: Any, place: str, latest: dict[str, str], report: Report) -> None:
    try:
        body = json.loads(row.body)
        said = (body["seq"], body["at"], body["person"], body["act"], *body["object"])
        digests = dict(body.get("rows", {}))
    except (ValueError, KeyError, TypeError):
        report.add(place, "条目内容无法读取", "the entry's body cannot be read")
        return
    if said != (row.seq, row.at, row.person_id, row.act, row.object_type, row.object_id):
        report.add(place, "条目的列与其内容不符", "the entry's columns differ from its body")
    latest.update(digests)


def _check_head(connection: Connection, verifier: Verifier, tree: _Tree, report: Report) -> None:
    row = connection.execute(select(head)).one_or_none()
    if row is None:
        if tree.size:
            report.add("audit_head", "日志头缺失", "the head of the log is missing")
        return
    try:
        checkpoint = verifier.open(row.note)
    except Damaged as error:
        report.add("audit_head", error.text.zh, error.text.en)
        return
    report.checkpoints += 1
    whole = (row.size, bytes(row.peaks), checkpoint.size, checkpoint.root)
    if whole != (tree.size, b"".join(tree.peaks), tree.size, merkle.root(tree.peaks)):
        report.add("audit_head", "日志头与条目不符", "the signed head of the log does not match its entries")


def _check_rows(connection: Connection, latest: dict[str, str], report: Report) -> None:
    """Hold every vouched row against the last digest that the log gives for it."""
    for table in vouched_tables():
        for row in connection.execution_options(yield_per=AT_ONCE).execute(select(table)).mappings():
            report.rows += 1
            place = f"{table.name}/{row['id']}"
            said = latest.pop(place, None)
            if said is None:
                report.add(place, "此行不是经本系统写入的", "the log knows nothing of this row")
            elif said != row_digest(table.name, row):
                report.add(place, "此行在日志之外被改动", "this row was changed outside the log")
    for place in sorted(latest):
        report.add(place, "日志记有此行，数据库中却没有", "the log knows this row, the database no longer has it")
