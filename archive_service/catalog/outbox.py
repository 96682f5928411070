"""Asking, in the transaction that makes it necessary, for something to be done afterwards: a capsule, the index."""

from __future__ import annotations

from archive_service.audit.ledger import Work
from archive_service.catalog.tables import outbox


def enqueue(work: Work, topic: str, *record_ids: str) -> None:
    """Ask for ``topic`` (``capsule`` or ``index``) to be done for some records once this transaction is durable."""
    work.insert_many(
        outbox,
        [
            {
                "topic": topic,
                "record_id": record_id,
                "created_at": work.at,
                "attempts": 0,
                "not_before": work.at,
                "trouble": None,
            }
            for record_id in record_ids
        ],
    )
