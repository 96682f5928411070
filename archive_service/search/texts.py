"""From a record's files to what the index is given: text taken out in a sandbox, kept sealed beside the files."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.catalog.descriptions import describe
from archive_service.catalog.outbox import enqueue
from archive_service.catalog.rows import component_row, text_component_id
from archive_service.catalog.tables import ARCHIVED, components, records
from archive_service.errors import ArchiveError, Text
from archive_service.people.model import SEARCHED_LEVELS
from archive_service.search.outbox import CAPSULE
from archive_service.vault import Vault
from index.analysis import ANALYSIS_VERSION
from index.extract import Limits, extract

INDEXED, WITHOUT_TEXT, SEALED, FAILED = "indexed", "without_text", "sealed", "failed"


@dataclass(frozen=True)
class Prepared:
    """What the index is to hold of a record, and what is then noted of it. ``mark`` ties the two together."""

    record_id: str
    level: str
    words: str
    text: str
    fields: dict[str, str]
    state: str
    reason: Text
    mark: str
    weakly_caged: bool = False


@dataclass(frozen=True)
class _Taken:
    """What came out of a record's files; ``weak`` when the processes were not kept from network and programs."""

    text: str
    state: str
    reason: Text
    weak: bool = False


class Slow(Exception):
    """A file needs more time than the quick lane gives."""


@dataclass(frozen=True)
class Texts:
    """Prepares records for the index."""

    ledger: Ledger
    vault: Vault

    def prepare(self, record_id: str, limits: Limits, *, slow_too: bool = True) -> Prepared | None:
        """Return what is to be indexed, or nothing when the record is no longer in the archive.

        With ``slow_too=False`` a file that exceeds the limit of time raises :class:`Slow`. Errors of vault and
        database are raised; what is wrong with a file is told in the reason.
        """
        with self.ledger.read() as connection:
            row = connection.execute(select(records).where(records.c.id == record_id)).mappings().one_or_none()
            files = connection.execute(
                select(components).where(components.c.record_id == record_id).order_by(components.c.position)
            ).all()
        if row is None or row["status"] != ARCHIVED:
            return None
        if row["level"] not in SEARCHED_LEVELS:
            never = Text("密封件不进入任何索引。", "Sealed items enter no index.")
            return _prepared(row, "", _Taken("", SEALED, never))
        kept = next((file for file in files if file.role == "text"), None)
        if kept and any(file.created_at > kept.created_at for file in files if file.role != "preview"):
            files, kept = [file for file in files if file.role != "text"], None  # a correction came after it
        if kept:
            text = b"".join(self.vault.open(record_id, kept.id, kept.version)).decode("utf-8", "replace")
            taken = _Taken(text, INDEXED, Text("已索引。", "Indexed."))
        else:
            taken = self._take(record_id, files, limits, slow_too=slow_too)
            if taken.text and not self._keep(row, taken.text):
                return None
        description = describe(self.vault, dict(row))
        words = [description.title, description.author, description.document_no, description.note, row["code"]]
        return _prepared(row, "\n\n".join(words), taken)

    def _take(self, record_id: str, files: Sequence[Any], limits: Limits, *, slow_too: bool) -> _Taken:
        """Take the text out of every file of a record, each in a process of its own."""
        texts: list[str] = []
        reasons: list[Text] = []
        weak = False
        for file in files:
            found = extract(self.vault.open(record_id, file.id, file.version), file.media_type, limits)
            if found.timed_out and not slow_too:
                raise Slow
            weak = weak or bool(found.sandbox and "seccomp" not in found.sandbox)
            if found.text.strip():
                texts.append(found.text)
            if found.reason:
                reasons.append(Text(found.reason.zh, found.reason.en))
        if texts:
            reason = Text("已索引。", "Indexed.")
            if reasons:
                reason = Text(f"已索引。{reasons[0].zh}", f"Indexed. {reasons[0].en}")
            return _Taken("\n\n".join(texts), INDEXED, reason, weak)
        none = Text("文件中没有文字。", "There is no text in the files.")
        return _Taken("", WITHOUT_TEXT, reasons[0] if reasons else none, weak)

    def _keep(self, row: Any, text: str) -> bool:
        """Keep the text sealed beside the files; say whether the record is still there to keep it for.

        A destruction may have begun meanwhile: its hiding of the record and this writing exclude each other.
        """
        record_id, text_id = row["id"], text_component_id(row["id"])
        sealed = self.vault.put(record_id, text_id, 1, iter([text.encode()]), replace=True)
        with self.ledger.work(None) as work:
            alive = work.connection.execute(
                select(records.c.id).where(records.c.id == record_id, records.c.status == ARCHIVED).with_for_update()
            ).first()
            if alive is not None:
                there = work.connection.execute(select(components.c.id).where(components.c.id == text_id)).first()
                if there is None:
                    values = component_row(record_id, row["level"], 0, "text", "text/plain", "", sealed, work.at)
                    work.insert(components, values)
                else:
                    values = component_row(record_id, row["level"], 0, "text", "text/plain", "", sealed, work.at)
                    work.update(components, text_id, {key: value for key, value in values.items() if key != "id"})
                work.act(acts.RECORD_TEXT_KEPT, "record", record_id, component=text_id)
                enqueue(work, CAPSULE, record_id)  # so that a copy of it is made, and the capsule tells of it
                work.commit()
                return True
        # The destruction may have passed the files already. While the key lives it has not, and will take this one.
        with contextlib.suppress(ArchiveError):
            self.vault.delete_objects(record_id, [text_id])
        return False


def _prepared(row: Any, words: str, taken: _Taken) -> Prepared:
    fields = {
        "class": row["class_code"],
        "type": row["type_code"],
        "year": str(row["year"]),
        "level": row["level"],
    }
    # By chance, not a digest: a digest of confidential words would let a guess at them be tried.
    mark = f"{ANALYSIS_VERSION}/{uuid.uuid4().hex[:16]}"
    return Prepared(row["id"], row["level"], words, taken.text, fields, taken.state, taken.reason, mark, taken.weak)
