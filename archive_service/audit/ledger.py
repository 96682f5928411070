"""The ledger: a unit of work whose acts enter the log in the same transaction.

At commit a work's acts become leaves of the tree, and the digests of all rows that it wrote go into the
last of them. So a row that is later edited by hand no longer matches what the log says of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, Table, insert, select, update
from sqlalchemy.exc import NoResultFound

from archive_service.audit import merkle
from archive_service.audit.acts import Act
from archive_service.audit.notes import Signer
from archive_service.audit.tables import checkpoints, entries, head, nodes
from archive_service.clock import Clock
from archive_service.database.engine import insert_if_absent, reading, writing
from archive_service.database.tables import CANONICAL, new_salt, row_digest
from archive_service.errors import Conflict, Damaged, NotFound

IN_A_QUERY = 500
"""How many ids go into one query; SQLite and PostgreSQL both take far more."""


@dataclass(frozen=True)
class Entry:
    """One act as it stands in the log. ``seq`` counts from 1; the leaf's index in the tree is ``seq - 1``."""

    seq: int
    leaf_hash: bytes


@dataclass(frozen=True)
class Committed:
    """What a commit left in the log: its entries, in order, and the signed checkpoint that covers them."""

    entries: tuple[Entry, ...]
    checkpoint: str


class Work:
    """One transaction. Leaving it without :meth:`commit` saves nothing."""

    def __init__(self, connection: Connection, signer: Signer, person_id: str | None, at: str) -> None:
        self.connection = connection
        self.person_id = person_id
        self.at = at
        self._signer = signer
        self._acts: list[dict[str, Any]] = []
        self._touched: dict[tuple[str, str], Table] = {}
        self._open = True

    def insert(self, table: Table, values: Mapping[str, Any]) -> None:
        """Add one row; a row of a vouched table gets its salt here."""
        self.insert_many(table, [values])

    def insert_many(self, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows of one shape."""
        self._must_be_open()
        if not rows:
            return
        if table.info.get("vouched"):
            rows = [{**row, "salt": new_salt()} for row in rows]
            self._touched.update({(table.name, str(row["id"])): table for row in rows})
        self.connection.execute(insert(table), [dict(row) for row in rows])

    def update(self, table: Table, row_id: str, values: Mapping[str, Any], *only_if: Any) -> bool:
        """Change one row of a vouched table; say whether it was there and ``only_if`` held (claim by update)."""
        self._must_be_open()
        changed = self.connection.execute(
            update(table).where(table.c.id == row_id, *only_if).values(**values, salt=new_salt())
        ).rowcount
        if changed:
            self._touched[table.name, row_id] = table
        return bool(changed)

    def act(self, act: Act, object_type: str, object_id: str, **detail: Any) -> None:
        """Note an act. ``detail`` holds ids, codes, counts and dates: never a title, a name or content."""
        self._must_be_open()
        self._acts.append({"act": act.name, "object": [object_type, object_id], "detail": detail})

    def commit(self) -> Committed:
        """Write the acts into the log and make everything durable."""
        self._must_be_open()
        if self._touched and not self._acts:
            raise AssertionError("rows were written without an act that says why")
        committed = self._write_log() if self._acts else Committed((), "")
        transaction = self.connection.get_transaction()
        assert transaction is not None
        self._open = False
        transaction.commit()
        return committed

    def _must_be_open(self) -> None:
        # The driver would begin another transaction by itself, and what is written in it would be lost unseen.
        if not self._open:
            raise AssertionError("this work is committed already")

    def _write_log(self) -> Committed:
        # The head is locked last and held until the commit: nobody can hold it and wait for another row of ours.
        size, peaks = self._lock_head()
        self._acts[-1]["rows"] = self._digests()
        rows, subtrees = [], []
        for act in self._acts:
            entry = self._entry(size + 1, act)
            peaks, completed = merkle.append(size, peaks, entry["leaf_hash"])
            subtrees += [{"level": level, "position": index, "hash": value} for (level, index), value in completed]
            rows.append(entry)
            size += 1
        note = self._signer.sign(size, merkle.root(peaks))
        self.connection.execute(insert(entries), rows)
        self.connection.execute(insert(nodes), subtrees)
        values = {"size": size, "peaks": b"".join(peaks), "note": note}
        self.connection.execute(update(head).where(head.c.id == 1).values(**values))
        return Committed(tuple(Entry(item["seq"], item["leaf_hash"]) for item in rows), note)

    def _lock_head(self) -> tuple[int, list[bytes]]:
        query = select(head).where(head.c.id == 1).with_for_update()
        row = self.connection.execute(query).one_or_none()
        if row is None:  # the very first acts of an archive; two that come at once wait for each other here
            insert_if_absent(self.connection, head, {"id": 1, "size": 0, "peaks": b"", "note": ""}, "id")
            row = self.connection.execute(query).one()
        return row.size, _split(row.peaks)

    def _entry(self, seq: int, act: Mapping[str, Any]) -> dict[str, Any]:
        body = json.dumps({"v": 1, "seq": seq, "at": self.at, "person": self.person_id, **act}, **CANONICAL)
        return {
            "seq": seq,
            "at": self.at,
            "person_id": self.person_id,
            "act": act["act"],
            "object_type": act["object"][0],
            "object_id": act["object"][1],
            "body": body,
            "leaf_hash": merkle.leaf_hash(body.encode()),
        }

    def _digests(self) -> dict[str, str]:
        by_table: dict[str, list[str]] = {}
        for name, row_id in self._touched:
            by_table.setdefault(name, []).append(row_id)
        digests: dict[str, str] = {}
        for name, ids in by_table.items():
            table = self._touched[name, ids[0]]
            for start in range(0, len(ids), IN_A_QUERY):
                found = self.connection.execute(select(table).where(table.c.id.in_(ids[start : start + IN_A_QUERY])))
                digests.update({f"{name}/{row['id']}": row_digest(name, row) for row in found.mappings()})
        return digests


def _split(peaks: bytes) -> list[bytes]:
    return [bytes(peaks[start : start + 32]) for start in range(0, len(peaks), 32)]


@dataclass(frozen=True)
class Ledger:
    """Opens units of work, keeps checkpoints and gives proofs."""

    engine: Engine
    signer: Signer
    clock: Clock

    @contextmanager
    def work(self, person_id: str | None) -> Iterator[Work]:
        """Open a unit of work for a person, or for the service itself (``None``)."""
        with writing(self.engine) as connection:
            yield Work(connection, self.signer, person_id, self.clock.stamp())

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open one consistent view for reading."""
        with reading(self.engine) as connection:
            yield connection

    def note(self, person_id: str | None, act: Act, object_type: str, object_id: str, **detail: Any) -> Committed:
        """Log an act that writes no row, such as a reading or a refusal."""
        with self.work(person_id) as work:
            work.act(act, object_type, object_id, **detail)
            return work.commit()

    def checkpoint(self) -> str:
        """Keep the present signed head as a checkpoint and return it.

        Its time is that of the last entry it covers: so a verification can tell it from another.
        """
        with writing(self.engine) as connection:
            row = connection.execute(select(head).where(head.c.id == 1)).one_or_none()
            if row is None:
                raise Conflict(
                    "审计日志为空，尚无检查点。", "The audit log is empty; there is nothing to checkpoint yet."
                )
            last = connection.execute(select(entries.c.at).where(entries.c.seq == row.size)).scalar_one()
            kept = {"size": row.size, "at": last, "note": row.note}
            insert_if_absent(connection, checkpoints, kept, "size")
            transaction = connection.get_transaction()
            assert transaction is not None
            transaction.commit()
            return str(row.note)

    def proof(self, seq: int) -> dict[str, Any]:
        """Return what proves, to anyone with the public key, that entry ``seq`` is in the log of the present head.

        Raises :class:`NotFound` for a number that the log does not reach, :class:`Damaged` where its tree has holes.
        """
        with self.read() as connection:
            row = connection.execute(select(head)).one_or_none()
            if row is None or not 1 <= seq <= row.size:
                raise NotFound(f"审计日志中没有第 {seq} 条。", f"The audit log has no entry {seq}.")
            try:
                entry = connection.execute(select(entries).where(entries.c.seq == seq)).one()
                path = merkle.inclusion_proof(seq - 1, row.size, partial(_stored_node, connection))
            except NoResultFound as error:
                raise Damaged(
                    "日志缺少条目或树节点，无法给出证明。请核验日志。",
                    "The log lacks an entry or a node of its tree; no proof can be given. Verify the log.",
                ) from error
        return {
            "seq": seq,
            "leaf": entry.body,
            "leaf_hash": bytes(entry.leaf_hash).hex(),
            "path": [value.hex() for value in path],
            "checkpoint": row.note,
            "public_key": self.signer.verifier.vkey(),
        }


def _stored_node(connection: Connection, node: merkle.Node) -> bytes:
    found = connection.execute(select(nodes.c.hash).where(nodes.c.level == node[0], nodes.c.position == node[1]))
    return bytes(found.scalar_one())
