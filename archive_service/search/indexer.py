"""From the outbox into the index: text taken out in a sandbox, kept sealed, its terms given to the right compartment.

A record's custody never depends on this: whatever fails here is noted and can be done again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.catalog.accession import component_row, text_component_id
from archive_service.catalog.capsules import write_capsule
from archive_service.catalog.descriptions import describe
from archive_service.catalog.schedules import Schedules
from archive_service.catalog.tables import ARCHIVED, components, index_states, outbox, records
from archive_service.clock import to_stamp
from archive_service.config import ExtractionTable
from archive_service.errors import ArchiveError, Text
from archive_service.people.model import SEARCHED_LEVELS
from archive_service.search.compartments import Compartments
from archive_service.vault import Vault
from index.analysis import ANALYSIS_VERSION
from index.extract import Limits, extract

BATCH = 20
LEASE = timedelta(minutes=5)
"""How long a claimed row stays with the one who claimed it; after that another may try."""

TRIES = 5
PAUSE = timedelta(seconds=30)

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class _Taken:
    """What came out of a record's files."""

    text: str
    state: str
    reason: Text


@dataclass(frozen=True)
class Indexer:
    """Settles what the outbox asks for; says how far it is; makes the index anew."""

    ledger: Ledger
    vault: Vault
    schedules: Schedules
    compartments: Compartments
    limits: Limits

    @classmethod
    def at(cls, folder: Path, ledger: Ledger, vault: Vault, schedules: Schedules, settings: ExtractionTable) -> Indexer:
        """Return the indexer of an archive whose index lies in ``folder``."""
        limits = Limits(
            memory_mib=settings.memory_mib,
            cpu_seconds=settings.cpu_seconds,
            wall_seconds=settings.wall_seconds,
            input_bytes=settings.input_mib * 1024 * 1024,
            output_characters=settings.output_characters,
        )
        return cls(ledger, vault, schedules, Compartments(folder, vault), limits)

    def settle(self, limit: int | None = None) -> int:
        """Do what waits, in batches, until nothing is left or ``limit`` is reached; return how much was done."""
        done = 0
        while limit is None or done < limit:
            claimed = self._claim()
            if not claimed:
                break
            for row in claimed:
                self._settle_one(row)
            self.compartments.commit()
            self._finish([row.seq for row in claimed if row.topic == "index"])
            done += len(claimed)
        return done

    def _claim(self) -> list[Any]:
        """Take rows by moving their time forward: who changes a row has it, the other finds nothing to change."""
        now = self.ledger.clock.now()
        with self.ledger.work(None) as work:
            waiting = work.connection.execute(
                select(outbox)
                .where(outbox.c.not_before <= to_stamp(now))
                .order_by(outbox.c.seq)
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            ).all()
            ids = [row.seq for row in waiting]
            if ids:
                work.connection.execute(
                    outbox.update()
                    .where(outbox.c.seq.in_(ids))
                    .values(not_before=to_stamp(now + LEASE), attempts=outbox.c.attempts + 1)
                )
            work.commit()
        return list(waiting)

    def _settle_one(self, row: Any) -> None:
        try:
            if row.topic == "capsule":
                write_capsule(self.ledger, self.vault, row.record_id)
            else:
                self._index(row.record_id)
        except ArchiveError as error:
            self._postpone(row, error.text)
        except OSError as error:
            self._postpone(row, Text(str(error), str(error)))

    def _postpone(self, row: Any, why: Text) -> None:
        with self.ledger.work(None) as work:
            if row.attempts + 1 >= TRIES:
                _note_state(work, row.record_id, "failed", why)
            else:
                later = to_stamp(self.ledger.clock.now() + PAUSE * (row.attempts + 1))
                values = {"topic": row.topic, "record_id": row.record_id, "created_at": row.created_at}
                values |= {"attempts": row.attempts + 1, "not_before": later, "trouble": why.en[:500]}
                work.connection.execute(outbox.insert().values(values))
            work.connection.execute(outbox.delete().where(outbox.c.seq == row.seq))
            work.commit()

    def _finish(self, seqs: list[int]) -> None:
        if not seqs:
            return
        with self.ledger.work(None) as work:
            work.connection.execute(outbox.delete().where(outbox.c.seq.in_(seqs)))
            work.commit()

    def _index(self, record_id: str) -> None:
        with self.ledger.read() as connection:
            row = connection.execute(select(records).where(records.c.id == record_id)).mappings().one()
            files = connection.execute(
                select(components).where(components.c.record_id == record_id).order_by(components.c.position)
            ).all()
        if row["status"] != ARCHIVED:
            return
        if row["level"] not in SEARCHED_LEVELS:
            self._note(record_id, "sealed", Text("密封件不进入任何索引。", "Sealed items enter no index."))
            return
        kept = next((file for file in files if file.role == "text"), None)
        taken = self._kept(record_id, kept) if kept else self._take_text(record_id, files)
        if not kept and taken.text and not self._keep_text(row, taken):
            return
        description = describe(self.vault, dict(row))
        words = "\n".join(
            [description.title, description.author, description.document_no, description.note, row["code"]]
        )
        fields = {
            "class_code": row["class_code"],
            "type_code": row["type_code"],
            "year": str(row["year"]),
            "level": row["level"],
        }
        self.compartments.add(row["level"], record_id, words, taken.text, fields)
        self._note(record_id, taken.state, taken.reason)

    def _kept(self, record_id: str, file: Any) -> _Taken:
        text = b"".join(self.vault.open(record_id, file.id, file.version)).decode("utf-8", "replace")
        return _Taken(text, "indexed", Text("已索引。", "Indexed."))

    def _take_text(self, record_id: str, files: Sequence[Any]) -> _Taken:
        """Take the text out of every file of a record, each in a process of its own."""
        texts, reasons = [], []
        for file in files:
            found = extract(self.vault.open(record_id, file.id, file.version), file.media_type, self.limits)
            if found.text.strip():
                texts.append(found.text)
            elif found.reason:
                reasons.append(Text(found.reason.zh, found.reason.en))
        text = "\n\n".join(texts)
        if text:
            return _Taken(text, "indexed", Text("已索引。", "Indexed."))
        reason = reasons[0] if reasons else Text("文件中没有文字。", "There is no text in the files.")
        return _Taken("", "without_text", reason)

    def _keep_text(self, row: Any, taken: _Taken) -> bool:
        """Keep the text sealed beside the files; say whether the record is still there to keep it for.

        A destruction may have begun meanwhile: its hiding of the record and this writing exclude each other.
        """
        record_id, text_id = row["id"], text_component_id(row["id"])
        sealed = self.vault.put(record_id, text_id, 1, iter([taken.text.encode()]), replace=True)
        with self.ledger.work(None) as work:
            alive = work.connection.execute(
                select(records.c.id).where(records.c.id == record_id, records.c.status == ARCHIVED).with_for_update()
            ).first()
            if alive is None:
                return False
            there = work.connection.execute(select(components.c.id).where(components.c.id == text_id)).first()
            if there is None:
                values = component_row(record_id, row["level"], 0, "text", "text/plain", "", sealed, work.at)
                work.insert(components, values)
                work.act(acts.RECORD_TEXT_KEPT, "record", record_id, component=text_id)
            work.commit()
        return True

    def _note(self, record_id: str, state: str, reason: Text) -> None:
        with self.ledger.work(None) as work:
            _note_state(work, record_id, state, reason)
            work.commit()

    def purge(self, record_id: str) -> None:
        """Remove a record's terms from every index and merge what held them; can be repeated."""
        self.compartments.purge(record_id)
        with self.ledger.work(None) as work:
            work.connection.execute(outbox.delete().where(outbox.c.record_id == record_id))
            work.connection.execute(index_states.delete().where(index_states.c.record_id == record_id))
            work.commit()

    def remains(self, record_id: str) -> list[str]:
        """Look again for a record in every index; empty is clean."""
        return self.compartments.remains(record_id)

    def status(self) -> dict[str, Any]:
        """Say how many records are indexed, wait, have no text, have failed."""
        with self.ledger.read() as connection:
            found = connection.execute(select(index_states.c.state, func.count()).group_by(index_states.c.state))
            states: dict[str, int] = {row.state: row[1] for row in found}
            waiting = connection.execute(select(func.count()).select_from(outbox).where(outbox.c.topic == "index"))
            return {
                "analysis": ANALYSIS_VERSION,
                "indexed": states.get("indexed", 0),
                "without_text": states.get("without_text", 0),
                "sealed": states.get("sealed", 0),
                "failed": states.get("failed", 0),
                "waiting": waiting.scalar_one(),
            }

    def rebuild(self, progress: Progress | None = None) -> int:
        """Make the whole index anew from the sealed texts; return how many records it holds."""
        with self.ledger.read() as connection:
            ids = connection.execute(select(records.c.id).where(records.c.status == ARCHIVED)).scalars().all()
        self.compartments.clear()
        for place, record_id in enumerate(ids, 1):
            self._index(record_id)
            if place % BATCH == 0:
                self.compartments.commit()
            if progress:
                progress(place, len(ids))
        self.compartments.commit()
        return len(ids)


def _note_state(work: Work, record_id: str, state: str, reason: Text) -> None:
    work.connection.execute(index_states.delete().where(index_states.c.record_id == record_id))
    values = {"record_id": record_id, "state": state, "reason_zh": reason.zh[:500], "reason_en": reason.en[:500]}
    work.connection.execute(index_states.insert().values(**values, analysis=str(ANALYSIS_VERSION), at=work.at))
