"""Suggestions before filing: the likeliest types with the words that speak for them, and what the papers say of themselves.

Nothing is filed here and nothing is kept: people accept what they find right. What was filed before is learnt from as
far as the person who asks may see it, so that a suggestion tells nobody of a record that does not exist for them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from sqlalchemy import select

from archive_service.audit.ledger import Ledger
from archive_service.catalog.classification.plan import Plan, RecordType
from archive_service.catalog.classification.schedules import Schedules
from archive_service.catalog.descriptions import describe
from archive_service.catalog.formats.signatures import HEAD, identify
from archive_service.catalog.model import STRICTNESS, SourceFile
from archive_service.catalog.records.browse import Catalogue
from archive_service.catalog.suggesting.reading import Paper, Proposed, read_paper
from archive_service.catalog.tables import ARCHIVED, case_files, records
from archive_service.errors import ArchiveError, Text
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, can, require
from archive_service.vault import Vault
from index.extract import Limits, extract
from index.likeness import Known, Likeness

LEARNT_FROM = 600
"""The newest records that are learnt from."""

READ = 5
"""Files of a record whose text is read; the first is the one that describes it."""

LIMITS = Limits(cpu_seconds=15, wall_seconds=20, input_bytes=50 * 1024 * 1024, output_characters=400_000)
"""A person waits: what takes longer is proposed without its text."""

NAMES, CLASS_NAMES, FILED = 3.0, 1.0, 2.0
"""How much a type's own name, the name of its class, and all that was filed under it speak for a type."""

MEDIA = {"image": "照片 photographs", "audio": "录音 audio", "video": "录像 video"}
"""Words that a picture or a recording brings along, which says nothing itself."""

_CODE = re.compile(r"(?<![A-Z0-9])[A-Z]{3}\d{2}(?![A-Z0-9])")


@dataclass(frozen=True)
class Suggested:
    """A type that a record may belong to, and the words that speak for it; ``share`` is its part of all that was found."""

    type_code: str
    class_code: str
    words: tuple[str, ...]
    share: float


@dataclass(frozen=True)
class Suggestions:
    """What may be proposed for a record that is about to be filed."""

    types: tuple[Suggested, ...]
    paper: Paper
    read: int
    """Characters of text that came out of the files."""
    reason: Text | None
    """Why a file gave no text, if one did not."""


@dataclass(frozen=True)
class Suggesting:
    """Reads what is about to be filed, in the sandbox, and proposes."""

    ledger: Ledger
    vault: Vault
    schedules: Schedules
    catalogue: Catalogue

    def suggest(self, actor: Person, files: Sequence[SourceFile], path: str = "") -> Suggestions:
        """Propose type, title, date, responsible body, document number and level; ``path`` is where the first file lay."""
        require(actor, Action.FILE_RECORD, Thing(level=next(iter(actor.clearance), None)))
        name = path or (files[0].name if files else "")
        texts: list[str] = []
        media, reason = "", None
        for place, file in enumerate(files[:READ]):
            kind = identify(_head(file), file.name)
            media = media or kind.partition("/")[0]
            found = extract(file.chunks(), kind, LIMITS)
            texts.append(found.text)
            if place == 0 and not found.text.strip() and found.reason:
                reason = Text(found.reason.zh, found.reason.en)
        paper = read_paper(texts[0] if texts else "", name, self.ledger.clock.today())
        paper = _with_attachments(paper, texts[1:], name, self)
        return Suggestions(
            types=self.types_for(actor, name, texts[0] if texts else "", media, paper.title),
            paper=paper,
            read=sum(map(len, texts)),
            reason=reason,
        )

    def types_for(
        self, actor: Person, name: str, text: str, media: str = "", title: Proposed | None = None
    ) -> tuple[Suggested, ...]:
        """Return the three likeliest types that the person may file, with the words that speak for them."""
        plan = self.schedules.plan
        allowed = {code: one for code, one in plan.types.items() if _may_file(actor, one)}
        known, common = self._known(actor, plan, allowed)
        found = Likeness(known, common).rank(parts_of(name, text, media, title))
        total = sum(one.score for one in found) or 1.0
        ranked = [
            Suggested(one.kind, allowed[one.kind].class_code, one.words, round(one.score / total, 2)) for one in found
        ]
        named = next((code for code in _CODE.findall(name) if code in allowed), None)
        if named:  # somebody has said it already
            others = [one for one in ranked if one.type_code != named][:2]
            ranked = [Suggested(named, allowed[named].class_code, (named,), 1.0), *others]
        return tuple(ranked)

    def _known(
        self, actor: Person, plan: Plan, allowed: Mapping[str, RecordType]
    ) -> tuple[dict[str, list[Known]], str]:
        """Return what is known of each type, and the words that everything here has in common."""
        titles, common = self._filed(actor)
        return with_filed(known_of_plan(plan, allowed), titles), "\n".join([*plan.name, *sorted(common)])

    def _filed(self, actor: Person) -> tuple[dict[str, list[str]], set[str]]:
        """Return titles by type of the newest records that the person sees, and the enterprises that they are about."""
        query = (
            select(records, case_files.c.enterprise)
            .outerjoin(case_files, case_files.c.id == records.c.case_id)
            .where(self.catalogue.seen_by(actor), records.c.status == ARCHIVED, records.c.level != "SEAL")
            .order_by(records.c.filed_at.desc())
            .limit(LEARNT_FROM)
        )
        with self.ledger.read() as connection:
            rows = connection.execute(query).mappings().all()
        titles: dict[str, list[str]] = {}
        for row in rows:
            try:
                title = describe(self.vault, row).title
            except ArchiveError:  # what cannot be opened teaches nothing
                continue
            titles.setdefault(row["type_code"], []).append(title)
        return titles, {row["enterprise"] for row in rows if row["enterprise"]}


def known_of_plan(plan: Plan, types: Mapping[str, RecordType]) -> dict[str, list[Known]]:
    """Return what the plan itself says of types: their names and those of their classes."""
    names = {one.code: one.name for one in plan.classes}
    return {
        code: [Known(text, NAMES) for text in one.name] + [Known(text, CLASS_NAMES) for text in names[one.class_code]]
        for code, one in types.items()
    }


def with_filed(known: dict[str, list[Known]], titles: Mapping[str, Sequence[str]]) -> dict[str, list[Known]]:
    """Add the titles of what was filed: together they count the same for every type, however many there are."""
    return {
        code: some + [Known(title, FILED / len(titles[code])) for title in titles.get(code, ())]
        for code, some in known.items()
    }


def parts_of(name: str, text: str, media: str, title: Proposed | None) -> list[Known]:
    """Return what speaks for a type: title and file name most, then the beginning, least what stands further down."""
    said = f"{title.value if title else ''}\n{PurePath(name).name}"
    parts = [Known(said, 3.0), Known(name, 1.0), Known(text[:300], 2.0), Known(text[:3000], 0.3)]
    return [*parts, Known(MEDIA[media], 9.0)] if media in MEDIA else parts


def _head(file: SourceFile) -> bytes:
    head = b""
    for chunk in file.chunks():
        head += chunk
        if len(head) >= HEAD:
            break
    return head[:HEAD]


def _may_file(actor: Person, record_type: RecordType) -> bool:
    level = record_type.default_level or next(iter(sorted(actor.clearance)), None)
    return can(actor, Action.FILE_RECORD, Thing(level=level)).allowed


def _with_attachments(paper: Paper, texts: Sequence[str], name: str, desk: Suggesting) -> Paper:
    """Let the attachments speak where they must be heard: level, personal data, the stamp of a state secret."""
    level, stamp, personal = paper.level, paper.state_secret, dict(paper.personal)
    for text in texts:
        other = read_paper(text, name, desk.ledger.clock.today())
        stamp = stamp or other.state_secret
        for kind, times in other.personal.items():
            personal[kind] = personal.get(kind, 0) + times
        if other.level and (level is None or STRICTNESS[other.level.value] > STRICTNESS[level.value]):
            level = other.level
    return Paper(paper.title, paper.date, paper.author, paper.document_no, level, stamp, personal)
