"""The tree as a witness builds it anew, held against the stored subtrees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from archive_service.audit import merkle
from archive_service.audit.tables import nodes
from archive_service.database.tables import select_as_stored

AT_ONCE = 2000
"""Rows fetched at a time, so that memory does not grow with the log."""

MOST_NAMED = 1000
"""Nodes too many that are named one by one."""


def as_bytes(value: Any) -> bytes:
    """Return stored bytes; whatever else lies there is no hash of anything."""
    return bytes(value) if isinstance(value, bytes | memoryview) else b""


class RebuiltTree:
    """Rebuilds the tree leaf by leaf and compares each completed subtree with the stored one."""

    def __init__(self, connection: Connection, add: Callable[[str, str, str], None]) -> None:
        self.size = 0
        self.peaks: list[bytes] = []
        self._connection = connection
        self._add = add
        self._due: dict[merkle.Node, bytes] = {}
        self._matched = 0

    def append(self, leaf: bytes) -> None:
        """Add the next leaf's hash."""
        self.peaks, completed = merkle.append(self.size, self.peaks, leaf)
        self.size += 1
        self._due.update(completed)
        if len(self._due) >= AT_ONCE:
            self._compare()

    def stored_leaf(self, index: int) -> bytes:
        """Return the stored hash of a leaf whose entry is gone; without one, a hash that fits nothing."""
        query = select(nodes.c.hash).where(nodes.c.level == 0, nodes.c.position == index)
        return as_bytes(self._connection.execute(query).scalar_one_or_none()) or bytes(32)

    def finish(self) -> int:
        """Compare what is left, name the stored nodes that belong nowhere, and return how many stood in their place."""
        self._compare()
        belongs = or_(
            False,
            *(
                and_(nodes.c.level == level, nodes.c.position >= 0, nodes.c.position < self.size >> level)
                for level in range(self.size.bit_length())
            ),
        )
        strange = select(nodes.c.level, nodes.c.position).where(~belongs).limit(MOST_NAMED)
        for row in self._connection.execute(strange):
            self._add(_place(row.level, row.position), "日志没有这个节点", "the log's tree has no such node")
        return self._matched

    def _compare(self) -> None:
        due, self._due = self._due, {}
        for level in sorted({level for level, _ in due}):
            wanted = {index: value for (at, index), value in due.items() if at == level}
            found = self._connection.execute(
                select_as_stored(nodes).where(
                    nodes.c.level == level, nodes.c.position.between(min(wanted), max(wanted))
                )
            )
            stored = {row.position: as_bytes(row.hash) for row in found}
            for index, value in wanted.items():
                self._matched += index in stored
                if stored.get(index) != value:
                    self._add(
                        _place(level, index),
                        "树节点与日志条目不符或缺失",
                        "this node of the tree is missing or does not follow from the entries",
                    )


def _place(level: Any, position: Any) -> str:
    return f"audit_node level={level} position={position}"
