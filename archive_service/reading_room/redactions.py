"""Redacted copies: made by one person, released by another, kept with the record they come from.

A copy is made anew from pixels (or from letters), read again by machine before it is kept, and looked at by a second
person before anybody gets it. It has a level of its own, below the record's; the record's files stay as they are. Of a
sealed item there is no copy. What describes a copy is sealed with the copy's own key and goes when it goes.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from sqlalchemy import Connection, func, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.catalog.filing.rows import component_row
from archive_service.catalog.names import one_line
from archive_service.catalog.outbox import enqueue
from archive_service.catalog.records.browse import Catalogue, Component, Whole
from archive_service.catalog.tables import ARCHIVED, components, records
from archive_service.errors import BadInput, Conflict, NotFound, Unavailable
from archive_service.people.model import LEVELS, Person
from archive_service.people.policy import Action, Thing, require
from archive_service.reading_room.tables import redactions
from index.extract.kinds import PDF, PICTURES, REDACT, TEXT_PAGES
from index.extract.redacting import Marked, found_again
from index.extract.runner import Limits, run
from index.extract.scans import BEGINNING
from index.personal import OF_A_PERSON, find_personal

MADE, RELEASED, REFUSED, WITHDRAWN = "made", "released", "refused", "withdrawn"
LEVELS_OF_COPIES = ("PUB", "INT", "TS")
MOST_OUT = 120_000_000
"""Characters of a copy as it comes out of the cage."""
ENDINGS = {PDF: "pdf", "image/jpeg": "jpg", "image/png": "png", TEXT_PAGES: "txt"}
MOST_SUGGESTED = 200


@dataclass(frozen=True)
class Wish:
    """What is to be removed, for whom the copy is, and what it is called."""

    level: str
    title: str
    reason: str
    marked: Marked


@dataclass(frozen=True)
class Redactions:
    """Makes and releases redacted copies; ``reading`` are the limits of recognising words, ``None`` where it is off."""

    catalogue: Catalogue
    limits: Limits
    reading: Limits | None

    def levels_for(self, level: str) -> tuple[str, ...]:
        """Return the levels that a copy of a record may have: those below its own; none of a sealed item's."""
        return (
            () if level == "SEAL" else tuple(one for one in LEVELS_OF_COPIES if LEVELS.index(one) < LEVELS.index(level))
        )

    def suggestions(self, actor: Person, code: str) -> list[str]:
        """Return the personal data that stand in a record's text, to be confirmed by whoever makes a copy."""
        whole = self._to_redact(actor, code)
        if whole.text is None:
            return []
        _, chunks = self.catalogue.open_component(actor, whole.row["id"], whole.text.id, "redact")
        text = b"".join(chunks).decode("utf-8", "replace").replace(BEGINNING, "\n")
        found = (text[one.start : one.end] for one in find_personal(text) if one.kind in OF_A_PERSON)
        return list(dict.fromkeys(" ".join(one.split()) for one in found))[:MOST_SUGGESTED]

    def source(self, actor: Person, code: str, component_id: str) -> tuple[Whole, Component]:
        """Return the record and the file that a copy is made of: for an office file the text taken out of it."""
        whole = self._to_redact(actor, code)
        file = next((one for one in whole.files if one.id == component_id), None)
        if file is None:
            raise NotFound("此件没有这个文件。", "This record has no such file.")
        if file.media_type in (*PICTURES, PDF, TEXT_PAGES):
            return whole, file
        if whole.text is not None and whole.files == (file,):
            return whole, whole.text
        raise Conflict(
            "这种格式不能制作遮盖件；请先归档一份 PDF 转换件。",
            "No redacted copy can be made of this format; file a PDF of it first.",
        )

    def make(self, actor: Person, code: str, component_id: str, wish: Wish) -> str:
        """Make a copy, read it again, and keep it for a second person to look at; return its id."""
        whole, source = self.source(actor, code, component_id)
        wish = self._checked(whole, wish)
        entered, _ = self.catalogue.enter_use(actor, whole.row["id"], source.id, "redact")
        data = b"".join(self.catalogue.vault.open(whole.row["id"], entered.id, entered.version))
        copy, kind, pages, removed = self._redacted(data, source, wish.marked)
        seen = found_again(copy, kind, wish.marked, self.limits, self.reading)
        if seen.pages:
            raise Conflict(
                f"遮盖后机器仍能读出要遮盖的字词（{seen.pages} 处），遮盖件未保存。请在页面上框出这些地方。",
                f"Words that should be gone can still be read in the copy ({seen.pages}); nothing was kept. "
                "Mark the places on the page.",
            )
        words = {"title": wish.title, "reason": wish.reason, "read_again": seen.read}
        return self._keep(actor, whole, source, wish, (copy, kind, pages, removed), words)

    def _checked(self, whole: Whole, wish: Wish) -> Wish:
        if wish.level not in self.levels_for(whole.row["level"]):
            raise BadInput("遮盖件的密级必须低于原件。", "The level of a redacted copy must be below the record's.")
        title = one_line(wish.title, "遮盖件题名", "The title of the copy", 200)
        reason = one_line(wish.reason, "理由", "The reason", 500)
        if not title or not reason:
            raise BadInput("请填写遮盖件的题名和理由。", "Please give the copy a title and say why it is made.")
        if wish.marked.empty:
            raise BadInput(
                "请写出要遮盖的字词，或框出要遮盖的地方。", "Say which words or which places are to be removed."
            )
        return replace(wish, title=title, reason=reason)

    def _redacted(self, data: bytes, source: Component, marked: Marked) -> tuple[bytes, str, int, int]:
        kind = TEXT_PAGES if source.role == "text" else source.media_type
        head = json.dumps({"kind": kind, "words": marked.words, "areas": marked.areas}).encode() + b"\n"
        found = run(chain([head], [data]), REDACT, replace(self.limits, output_characters=MOST_OUT))
        if found.timed_out:
            raise Unavailable("制作遮盖件超时，请稍后再试。", "Making the copy took too long; please try again later.")
        try:
            answer = json.loads(found.text) if found.status == "ok" else {}
            copy, media = base64.b64decode(answer["copy"], validate=True), str(answer["kind"])
            pages, removed = int(answer["pages"]), int(answer["words"])
        except (ValueError, KeyError, TypeError) as error:
            said = found.reason
            zh, en = (said.zh, said.en) if said else ("文件不能解析。", "The file cannot be parsed.")
            raise Conflict(
                zh.replace("未提取文字", "未制作遮盖件"), en.replace("no text was extracted", "no copy was made")
            ) from error
        if media not in ENDINGS or (marked.words and not removed and not marked.areas):
            raise Conflict(
                "文件的文字中没有找到这些字词，未制作遮盖件。若在图像里，请框出它们的位置。",
                "These words are not among the letters of the file; no copy was made. Where they stand in a picture, mark the place.",
            )
        return copy, media, pages, removed

    def _keep(
        self,
        actor: Person,
        whole: Whole,
        source: Component,
        wish: Wish,
        made: tuple[bytes, str, int, int],
        words: Mapping[str, Any],
    ) -> str:
        copy, kind, pages, removed = made
        record_id, new_id, redaction_id = whole.row["id"], uuid.uuid4().hex, uuid.uuid4().hex
        vault = self.catalogue.vault
        with vault.claim(record_id):
            try:
                sealed = vault.put(record_id, new_id, 1, [copy])
                said = vault.seal_small(record_id, new_id, json.dumps(words, ensure_ascii=False).encode())
                with self.catalogue.ledger.work(actor.id) as work:
                    level = _held(work, record_id)
                    require(actor, Action.REDACT, Thing(level=level))
                    place = _next_place(work.connection, record_id)
                    name = f"redacted-{place}.{ENDINGS[kind]}"
                    row = component_row(record_id, level, place, "preview", kind, name, sealed, work.at)
                    work.insert(components, row)
                    values = {"id": redaction_id, "record_id": record_id, "source_id": source.id}
                    values |= {"component_id": new_id, "level": wish.level, "record_level": level, "state": MADE}
                    counted = {"pages": pages, "removed": removed, "areas": len(wish.marked.areas)}
                    hands = {"made_at": work.at, "made_by": actor.id, "sealed_words": said}
                    work.insert(redactions, {**values, **counted, **hands})
                    told = {"component": new_id, "of": source.id, "level": wish.level}
                    work.act(acts.RECORD_REDACTED, "record", record_id, redaction=redaction_id, **told)
                    enqueue(work, "capsule", record_id)
                    work.commit()
            except Exception:
                self._give_up(record_id, new_id)
                raise
        return redaction_id

    def _give_up(self, record_id: str, new_id: str) -> None:
        with self.catalogue.ledger.read() as connection:
            if connection.execute(select(components.c.id).where(components.c.id == new_id)).first() is None:
                self.catalogue.vault.discard(record_id, {new_id})

    # ------------------------------------------------------------------------------------------- the second person

    def release(self, actor: Person, redaction_id: str) -> None:
        """Let a copy go to those of its level: done by another person than the one who made it."""
        with self.catalogue.ledger.work(actor.id) as work:
            row = self._waiting(work, actor, redaction_id)
            done = {"state": RELEASED, "checked_at": work.at, "checked_by": actor.id}
            _move(work, row, done, MADE)
            work.act(acts.REDACTION_RELEASED, "record", row.record_id, redaction=redaction_id, level=row.level)
            work.commit()

    def refuse(self, actor: Person, redaction_id: str, finding: str) -> None:
        """Send a copy back, with what is wrong with it."""
        with self.catalogue.ledger.work(actor.id) as work:
            row = self._waiting(work, actor, redaction_id)
            said = one_line(finding, "问题", "What is wrong", 500)
            if not said:
                raise BadInput("请说明遮盖件有什么问题。", "Please say what is wrong with the copy.")
            vault = self.catalogue.vault
            words = json.loads(vault.open_small(row.record_id, row.component_id, bytes(row.sealed_words)))
            new = json.dumps({**words, "finding": said}, ensure_ascii=False).encode()
            sealed = vault.seal_small(row.record_id, row.component_id, new)
            done = {"state": REFUSED, "checked_at": work.at, "checked_by": actor.id, "sealed_words": sealed}
            _move(work, row, done, MADE)
            work.act(acts.REDACTION_REFUSED, "record", row.record_id, redaction=redaction_id)
            work.commit()

    def withdraw(self, actor: Person, redaction_id: str) -> None:
        """Take a copy back; from the next request on nobody gets it."""
        with self.catalogue.ledger.work(actor.id) as work:
            row = _found(work.connection, redaction_id)
            level = _level_of(work.connection, row)
            if row is None or level is None:
                raise no_copy()
            _must_know(self.catalogue, actor, row.record_id)
            require(actor, Action.REDACT, Thing(level=level))
            done = {"state": WITHDRAWN, "withdrawn_at": work.at, "withdrawn_by": actor.id}
            _move(work, row, done, MADE, RELEASED)
            work.act(acts.REDACTION_WITHDRAWN, "record", row.record_id, redaction=redaction_id)
            work.commit()

    def _waiting(self, work: Work, actor: Person, redaction_id: str) -> Any:
        row = _found(work.connection, redaction_id)
        if row is None:
            raise no_copy()
        _must_know(self.catalogue, actor, row.record_id)
        level = _held(work, row.record_id)
        require(actor, Action.CHECK_REDACTION, Thing(level=level, hands={"redactor": frozenset({row.made_by})}))
        if level != row.record_level:
            raise Conflict(
                "原件密级已变，请重新制作遮盖件。", "The record's level has changed; the copy has to be made anew."
            )
        return row

    def _to_redact(self, actor: Person, code: str) -> Whole:
        whole = self.catalogue.find(actor, code)
        require(actor, Action.REDACT, Thing(level=whole.row["level"]))
        if whole.row["status"] != ARCHIVED or not self.levels_for(whole.row["level"]):
            raise Conflict("此件不能制作遮盖件。", "No redacted copy can be made of this record.")
        return whole


def waiting_of(ledger: Ledger, actor: Person) -> Sequence[Any]:
    """Return the copies that wait for this person to look at them."""
    mine = (redactions.c.state == MADE) & (redactions.c.made_by != actor.id)
    known = records.c.level.in_(sorted(actor.clearance)) & (records.c.status == ARCHIVED)
    wanted = select(redactions, records.c.code).join(records, records.c.id == redactions.c.record_id)
    with ledger.read() as connection:
        return connection.execute(wanted.where(mine, known).order_by(redactions.c.made_at)).all()


def _must_know(catalogue: Catalogue, actor: Person, record_id: str) -> None:
    """Answer one who may not see the record as if there were no copy."""
    if not catalogue.by_ids(actor, [record_id]):
        raise no_copy()


def _held(work: Work, record_id: str) -> str:
    """Hold a record that is in custody until the transaction ends; return its level."""
    wanted = select(records.c.level).where(records.c.id == record_id, records.c.status == ARCHIVED).with_for_update()
    level = work.connection.execute(wanted).scalar_one_or_none()
    if level is None:
        raise NotFound("此件刚刚离开库房。", "This record has just left custody.")
    return str(level)


def _level_of(connection: Connection, row: Any) -> str | None:
    if row is None:
        return None
    return connection.execute(select(records.c.level).where(records.c.id == row.record_id)).scalar_one_or_none()


def _found(connection: Connection, redaction_id: str) -> Any:
    return connection.execute(select(redactions).where(redactions.c.id == redaction_id)).one_or_none()


def _move(work: Work, row: Any, values: dict[str, Any], *before: str) -> None:
    if not work.update(redactions, row.id, values, redactions.c.state.in_(before)):
        raise Conflict("这份遮盖件已有结论。", "This copy has been decided on already.")


def _next_place(connection: Connection, record_id: str) -> int:
    wanted = select(func.max(components.c.position)).where(
        components.c.record_id == record_id, components.c.role == "preview"
    )
    return int(connection.execute(wanted).scalar_one() or 0) + 1


def no_copy() -> NotFound:
    """Return the one answer for a copy that is not there and for one that this person gets no copy of."""
    return NotFound("没有这份遮盖件，或您无权知悉。", "There is no such redacted copy, or none that you may know of.")
