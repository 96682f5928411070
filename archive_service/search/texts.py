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
from archive_service.catalog.filing.rows import component_row, text_component_id
from archive_service.catalog.outbox import enqueue
from archive_service.catalog.tables import ARCHIVED, components, records
from archive_service.errors import ArchiveError, Text
from archive_service.people.model import SEARCHED_LEVELS
from archive_service.search.outbox import CAPSULE
from archive_service.vault import Vault
from index.analysis import ANALYSIS_VERSION
from index.extract import Limits, extract
from index.extract.scans import BEGINNING, RECOGNISED

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
    scans: int | None = None
    """Pages that are pictures and whose words may be recognised; nothing where no such file was looked at."""


@dataclass(frozen=True)
class _Taken:
    """What came out of a record's files; ``weak`` when the processes were not kept from network and programs."""

    text: str
    state: str
    reason: Text
    weak: bool = False
    scans: int | None = None


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
            files: Sequence[Any] = connection.execute(_files(record_id)).all()
        if row is None or row["status"] != ARCHIVED:
            return None
        if row["level"] not in SEARCHED_LEVELS:
            never = Text("密封件不进入任何索引。", "Sealed items enter no index.")
            return _prepared(row, "", _Taken("", SEALED, never))
        kept = next((file for file in files if file.role == "text"), None)
        if kept and any(file.created_at > kept.created_at for file in files if file.role != "preview"):
            files, kept = [file for file in files if file.role != "text"], None  # a correction came after it
        if kept:
            text = self.kept(record_id, kept).replace(BEGINNING, "\n\n")
            taken = _Taken(text, INDEXED, Text("已索引。", "Indexed."))
        else:
            taken = self._take(record_id, files, limits, slow_too=slow_too)
            if taken.text and not self.keep(record_id, taken.text):
                return None
        description = describe(self.vault, dict(row))
        words = [description.title, description.author, description.document_no, description.note, row["code"]]
        return _prepared(row, "\n\n".join(words), taken)

    def _take(self, record_id: str, files: Sequence[Any], limits: Limits, *, slow_too: bool) -> _Taken:
        """Take the text out of every file of a record, each in a process of its own."""
        texts: list[str] = []
        reasons: list[Text] = []
        weak = False
        scans: int | None = None
        for file in files:
            if file.role == "preview":  # a copy of what is read already, for those who may not read it all
                continue
            found = extract(self.vault.open(record_id, file.id, file.version), file.media_type, limits)
            if found.timed_out and not slow_too:
                raise Slow
            weak = weak or bool(found.sandbox and "seccomp" not in found.sandbox)
            if file.media_type in RECOGNISED and file.role in ("original", "attachment"):
                scans = (scans or 0) + found.scans
            if found.text.strip():
                texts.append(found.text.replace(BEGINNING, " "))
            if found.reason:
                reasons.append(Text(found.reason.zh, found.reason.en))
        if texts:
            reason = Text("已索引。", "Indexed.")
            if reasons:
                reason = Text(f"已索引。{reasons[0].zh}", f"Indexed. {reasons[0].en}")
            return _Taken("\n\n".join(texts), INDEXED, reason, weak, scans)
        none = Text("文件中没有文字。", "There is no text in the files.")
        return _Taken("", WITHOUT_TEXT, reasons[0] if reasons else none, weak, scans)

    def kept(self, record_id: str, file: Any) -> str:
        """Return the text that is kept of a record."""
        return b"".join(self.vault.open(record_id, file.id, file.version)).decode("utf-8", "replace")

    def keep(self, record_id: str, text: str, seen: Sequence[Any] | None = None) -> bool:
        """Keep the text sealed beside the files; say whether the record is still there to keep it for.

        A destruction may have begun meanwhile: its hiding of the record and this writing exclude each other. With
        ``seen``, the files that the text was made of, it counts as old as the newest of them: a later one is still read.
        """
        text_id = text_component_id(record_id)
        sealed = self.vault.put(record_id, text_id, 1, iter([text.encode()]), replace=True)
        with self.ledger.work(None) as work:
            alive = work.connection.execute(
                select(records.c.level).where(records.c.id == record_id, records.c.status == ARCHIVED).with_for_update()
            ).first()
            if alive is not None:
                there = work.connection.execute(select(components.c.id).where(components.c.id == text_id)).first()
                at = max((file.created_at for file in seen or ()), default=work.at)
                values = component_row(record_id, alive.level, 0, "text", "text/plain", "", sealed, at)
                if there is None:
                    work.insert(components, values)
                else:
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
    known = (taken.state, taken.reason, mark, taken.weak, taken.scans)
    return Prepared(row["id"], row["level"], words, taken.text, fields, *known)


def files_of(ledger: Ledger, record_id: str) -> tuple[str, Sequence[Any]]:
    """Return the level of a record in the archive and its files; no level when it is not there any more."""
    with ledger.read() as connection:
        alive = select(records.c.level).where(records.c.id == record_id, records.c.status == ARCHIVED)
        level = connection.execute(alive).scalar_one_or_none()
        return level or "", connection.execute(_files(record_id)).all()


def _files(record_id: str) -> Any:
    return select(components).where(components.c.record_id == record_id).order_by(components.c.position)
