"""Numbering schemes as people keep them: versions with a day on which they start, checked against all others when saved."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.catalog.classification.schedules import Schedules
from archive_service.catalog.codes.numbers import Numbers, in_force, stored_scheme
from archive_service.catalog.codes.patterns import PARTS, common_code
from archive_service.catalog.codes.scheme import Scheme, read_scheme
from archive_service.catalog.names import one_line
from archive_service.catalog.tables import numbering_schemes, sequences
from archive_service.errors import BadInput, Conflict, NotFound, Text
from archive_service.people.model import Person
from archive_service.people.policy import Action, require

LONGEST_PATTERN = 200
SAMPLE = {"fonds": "A000", "year": "2024", "retention": "D30", "file": "1"}


@dataclass(frozen=True)
class Version:
    """A version of a scheme: from which day it numbers, who made it, whether it numbers today."""

    scheme: Scheme
    name: Text
    starts_on: date | None
    """``None``: from the beginning, as the plan has it."""
    made_by: str | None
    holds: bool


@dataclass(frozen=True)
class Kept:
    """A scheme with all its versions, the newest first, the types that it numbers, and how many sequences it has begun."""

    name: str
    versions: tuple[Version, ...]
    types: tuple[str, ...]
    sequences: int


@dataclass(frozen=True)
class NewScheme:
    """A scheme, or a version of one, as a person writes it down."""

    name: str
    name_zh: str
    name_en: str
    pattern: str
    restart: tuple[str, ...]
    starts_on: date


@dataclass(frozen=True)
class Sample:
    """For what the next codes are shown."""

    fonds_no: str
    type_code: str
    year: int
    retention: str


@dataclass(frozen=True)
class Schemes:
    """Keeps the numbering schemes of the archive."""

    ledger: Ledger
    schedules: Schedules

    def every(self, actor: Person) -> list[Kept]:
        """Return every scheme, those of the plan first."""
        require(actor, Action.BROWSE)
        with self.ledger.read() as connection:
            found = self._versions(connection)
            begun = list(connection.execute(select(sequences.c.scheme)).scalars())
        types = {
            name: [one.code for one in self.schedules.plan.types.values() if one.scheme.name == name] for name in found
        }
        return [Kept(name, tuple(versions), tuple(types[name]), begun.count(name)) for name, versions in found.items()]

    def kept(self, actor: Person, name: str) -> Kept:
        """Return one scheme."""
        for one in self.every(actor):
            if one.name == name:
                return one
        raise NotFound(f"没有编号方案 {name}。", f"There is no numbering scheme {name}.")

    def make(self, actor: Person, new: NewScheme) -> Scheme:
        """Save a new scheme, or a new version of one: the old version stays as it is and numbers until the new one starts.

        Everything that is wrong with it is said at once.
        """
        require(actor, Action.KEEP_SCHEMES)
        with self.ledger.work(actor.id) as work:
            versions = self._versions(work.connection).get(new.name, [])
            self._check(work.connection, new, versions)
            scheme = read_scheme(
                new.name, new.pattern, new.restart, 1 + max((v.scheme.version for v in versions), default=0)
            )
            row_id = uuid.uuid4().hex
            row = {"id": row_id, "name": new.name, "version": scheme.version, "pattern": new.pattern}
            row |= {"name_zh": new.name_zh.strip(), "name_en": new.name_en.strip(), "restart": " ".join(scheme.restart)}
            made = {"starts_on": new.starts_on, "made_at": work.at, "made_by": actor.id}
            work.insert(numbering_schemes, row | made)
            said = {"scheme": new.name, "version": str(scheme.version), "starts_on": new.starts_on.isoformat()}
            work.act(acts.SCHEME_MADE, "numbering_scheme", row_id, **said)
            work.commit()
        return scheme

    def check(self, actor: Person, new: NewScheme) -> None:
        """Say everything that is wrong with a scheme as :meth:`make` would, and save nothing."""
        require(actor, Action.KEEP_SCHEMES)
        with self.ledger.read() as connection:
            self._check(connection, new, self._versions(connection).get(new.name, []))

    def next_codes(self, actor: Person, scheme: Scheme, sample: Sample, count: int = 10) -> list[str]:
        """Return the codes that would come next, by the very code that takes numbers; nothing is taken.

        A sequence that is nearly full gives fewer. Of a scheme by file the next file that would be begun is shown.
        """
        require(actor, Action.KEEP_SCHEMES)
        record_type = self.schedules.plan.type(sample.type_code)
        parts = record_type.parts(sample.fonds_no, sample.year, sample.retention)
        codes: list[str] = []
        with self.ledger.work(actor.id) as work:  # never committed
            numbers = Numbers(work)
            if scheme.width("file"):
                parts["file"] = numbers.next_file_number(scheme, parts)
            for _ in range(count):
                try:
                    codes += [number.code for number in numbers.reserve(scheme, parts, 1)]
                except Conflict:
                    if not codes:
                        raise
                    break
        return codes

    def in_force(self, scheme: Scheme) -> Scheme:
        """Return the version of a scheme that numbers today."""
        with self.ledger.read() as connection:
            return in_force(connection, self.ledger.clock.today())(scheme)

    # ------------------------------------------------------------------------------------------------ what there is

    def _versions(self, connection: Connection) -> dict[str, list[Version]]:
        """Return all versions by name, the newest first."""
        today = self.ledger.clock.today()
        rows = connection.execute(
            select(numbering_schemes).order_by(numbering_schemes.c.name, numbering_schemes.c.version.desc())
        ).all()
        found: dict[str, list[Version]] = {}
        for name in [*self.schedules.plan.schemes, *(row.name for row in rows)]:
            found.setdefault(name, [])
        for row in rows:
            started = row.starts_on <= today and not any(one.holds for one in found[row.name])
            made = Version(stored_scheme(row), Text(row.name_zh, row.name_en), row.starts_on, row.made_by, started)
            found[row.name].append(made)
        for name, (scheme, words) in self.schedules.plan.schemes.items():
            if all(one.scheme.version > 1 for one in found[name]):
                holds = not any(one.holds for one in found[name])
                found[name].append(Version(scheme, words, None, None, holds))
        return found

    def _check(self, connection: Connection, new: NewScheme, versions: Sequence[Version]) -> None:
        faults = [*_own_faults(new), *self._faults_of_start(new, versions)]
        try:
            scheme = read_scheme(new.name, new.pattern, new.restart)
        except BadInput as error:
            faults.append(error.text)
        else:
            faults += self._clashes(connection, scheme, versions)
        if faults:
            raise BadInput("\n".join(one.zh for one in faults), "\n".join(one.en for one in faults))

    def _faults_of_start(self, new: NewScheme, versions: Sequence[Version]) -> Iterator[Text]:
        today = self.ledger.clock.today()
        earliest = max([today, *(one.starts_on for one in versions if one.starts_on)])
        if new.starts_on < earliest:
            yield Text(
                f"启用日期不能早于 {earliest}（今天，或前一版本的启用日期）。",
                f"It cannot start before {earliest} (today, or the day on which the version before it starts).",
            )

    def _clashes(self, connection: Connection, scheme: Scheme, versions: Sequence[Version]) -> Iterator[Text]:
        """Yield a fault for each scheme or earlier version that could give a code of this one."""
        if versions and (versions[0].scheme.pattern, versions[0].scheme.restart) == (scheme.pattern, scheme.restart):
            yield Text("与上一版本相同，没有改动。", "It is the same as the version before it; nothing is changed.")
            return
        places = self._places(scheme.name)
        for version, (category, problem) in itertools.product(versions, places):
            fixed = {"category": category, "problem": problem} if category else {}
            code = common_code((scheme.pieces, fixed), (version.scheme.pieces, fixed))
            if code and not _count_on(scheme, version.scheme, fixed):
                yield Text(
                    f"会给出版本 {version.scheme.version} 已能给出的档号（如 {code}），而件号另行起编；请改动固定文字或位数。",
                    f"It could give codes that version {version.scheme.version} gives too (such as {code}) but would count anew; change its fixed text or its widths.",
                )
                break
        others = {name: found for name, found in self._versions(connection).items() if name != scheme.name}
        for name, found in others.items():
            code = self._shared(scheme, places, found, self._places(name))
            if code:
                yield Text(
                    f"与方案 {name} 会给出相同的档号，如 {code}。",
                    f"Scheme {name} could give the same code, such as {code}.",
                )

    def _shared(
        self,
        scheme: Scheme,
        places: Sequence[tuple[str, str]],
        found: Sequence[Version],
        theirs: Sequence[tuple[str, str]],
    ) -> str | None:
        for (category, problem), other, (their_category, their_problem) in itertools.product(places, found, theirs):
            if category and their_category:
                ours = {"category": category, "problem": problem}
                code = common_code(
                    (scheme.pieces, ours),
                    (other.scheme.pieces, {"category": their_category, "problem": their_problem}),
                )
                if code:
                    return code
        return None

    def _places(self, name: str) -> list[tuple[str, str]]:
        """Return category and problem code of the types that a scheme numbers; one empty pair if there is none."""
        types = self.schedules.plan.types.values()
        return sorted({(one.category, one.problem) for one in types if one.scheme.name == name}) or [("", "")]


def _own_faults(new: NewScheme) -> Iterator[Text]:
    for value, zh, en in ((new.name_zh, "中文名称", "The Chinese name"), (new.name_en, "英文名称", "The English name")):
        try:
            if not one_line(value, zh, en, 200):
                yield Text(f"请填写{zh}。", f"{en} is missing.")
        except BadInput as error:
            yield error.text
    if len(new.pattern) > LONGEST_PATTERN:
        yield Text(f"样式最多 {LONGEST_PATTERN} 个字符。", f"A pattern has at most {LONGEST_PATTERN} characters.")


def _count_on(one: Scheme, other: Scheme, fixed: Mapping[str, str]) -> bool:
    """Say whether two versions count a class's records in one and the same sequence, and write them alike."""
    if not fixed or set(one.restart) != set(other.restart):
        return False
    here, there = (
        scheme.run({**SAMPLE, **fixed, "file": "1".zfill(scheme.width("file") or 1)}) for scheme in (one, other)
    )
    return here == there


def read_restart(words: Sequence[str]) -> tuple[str, ...]:
    """Return the parts that restart a sequence, in their usual order; unknown ones stay to be told as faults."""
    given = [word.strip().lower() for word in words if word.strip()]
    return tuple(sorted(dict.fromkeys(given), key=lambda word: (PARTS.index(word) if word in PARTS else 99, word)))


def as_told(kept: Kept) -> dict[str, Any]:
    """Return a scheme for programs."""
    return {
        "name": kept.name,
        "types": list(kept.types),
        "sequences": kept.sequences,
        "versions": [
            {
                "version": one.scheme.version,
                "name": one.name._asdict(),
                "pattern": one.scheme.pattern,
                "restart": list(one.scheme.restart),
                "starts_on": one.starts_on,
                "holds": one.holds,
            }
            for one in kept.versions
        ],
    }
