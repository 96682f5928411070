"""The outbox: what accession and changes of the catalogue ask to be done, claimed row by row.

A row leaves only in the transaction that notes its outcome. Whoever dies meanwhile leaves it behind, and when the
lease is over another takes it; everything that a row asks for can therefore be done twice.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from archive_service.audit.ledger import Ledger
from archive_service.catalog.tables import outbox
from archive_service.clock import to_stamp
from archive_service.errors import Text

INDEX, CAPSULE = "index", "capsule"

LEASE = timedelta(minutes=3)
"""How long a claimed row stays with the one who claimed it; after that another may try."""

TRIES = 5
PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True)
class Outbox:
    """Claims, puts off and strikes out rows."""

    ledger: Ledger

    def claim(self, topic: str, most: int) -> list[Any]:
        """Take rows that are due by moving their time forward: who changes a row has it.

        One half are the newest, so that what has just been filed is found soon behind a long import; the other
        half are the oldest, so that nothing waits for ever.
        """
        now = self.ledger.clock.now()
        due = select(outbox).where(outbox.c.topic == topic, outbox.c.not_before <= to_stamp(now))
        with self.ledger.read() as connection:
            if connection.execute(due.limit(1)).first() is None:
                return []
        with self.ledger.work(None) as work:
            rows: dict[int, Any] = {}
            for order, share in ((outbox.c.seq.desc(), (most + 1) // 2), (outbox.c.seq, most)):
                wanted = due.where(outbox.c.seq.not_in(list(rows))).order_by(order).limit(max(0, share - len(rows)))
                found = work.connection.execute(wanted.with_for_update(skip_locked=True)).all()
                rows.update({row.seq: row for row in found})
            if rows:
                work.connection.execute(
                    outbox.update()
                    .where(outbox.c.seq.in_(list(rows)))
                    .values(not_before=to_stamp(now + LEASE), attempts=outbox.c.attempts + 1)
                )
            work.commit()
        return list(rows.values())

    def hold(self, seqs: Collection[int]) -> None:
        """Keep rows that are still being worked on."""
        if not seqs:
            return
        until = to_stamp(self.ledger.clock.now() + LEASE)
        with self.ledger.work(None) as work:
            work.connection.execute(outbox.update().where(outbox.c.seq.in_(list(seqs))).values(not_before=until))
            work.commit()

    def put_off(self, row: Any, why: Text) -> None:
        """Try a row again later, the longer the more often it was tried."""
        pause = min(PAUSE * 2 ** min(row.attempts, 10), LONGEST_PAUSE)
        later = to_stamp(self.ledger.clock.now() + pause)
        with self.ledger.work(None) as work:
            work.connection.execute(
                outbox.update().where(outbox.c.seq == row.seq).values(not_before=later, trouble=why.en[:500])
            )
            work.commit()

    def ask(self, record_ids: Sequence[str]) -> None:
        """Ask for records to be indexed again, unless that is waiting already."""
        if not record_ids:
            return
        with self.ledger.work(None) as work:
            there = set(
                work.connection.execute(select(outbox.c.record_id).where(outbox.c.topic == INDEX)).scalars().all()
            )
            rows = [
                {"topic": INDEX, "record_id": one, "created_at": work.at, "attempts": 0, "not_before": work.at}
                for one in dict.fromkeys(record_ids)
                if one not in there
            ]
            if rows:
                work.connection.execute(outbox.insert(), rows)
            work.commit()

    def waiting(self) -> int:
        """Return how many records wait to be indexed."""
        with self.ledger.read() as connection:
            count = select(func.count(func.distinct(outbox.c.record_id))).where(outbox.c.topic == INDEX)
            return int(connection.execute(count).scalar_one())


def strike_out(connection: Any, seqs: Collection[int]) -> None:
    """Strike out rows, within the transaction that notes their outcome."""
    if seqs:
        connection.execute(outbox.delete().where(outbox.c.seq.in_(list(seqs))))
