"""The versions of plan and schedule that this archive has used: kept whole, so that old decisions can be replayed."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.catalog.classification.plan import Plan, load_plan, plan_from_text, schemes_in
from archive_service.catalog.codes.numbers import stored_scheme
from archive_service.catalog.codes.scheme import Scheme
from archive_service.catalog.tables import numbering_schemes, plan_versions, sequences
from archive_service.errors import BadSettings, NotFound
from retention_policies import Rule, Schedule, ScheduleError, load_schedule


@dataclass
class ScheduleVersions:
    """The retention schedule in force, and every one before it; ``loaded`` gives all versions in the order of adoption."""

    current: Schedule
    earlier: dict[str, Schedule]
    loaded: tuple[str, ...] = ()

    def every(self) -> tuple[Schedule, ...]:
        """Return all of them, the one in force first."""
        return (self.current, *self.earlier.values())

    def version(self, version: str) -> Schedule:
        """Return the schedule of a version; a record keeps the one that it was filed under."""
        if version == self.current.version:
            return self.current
        if version not in self.earlier:
            raise NotFound(
                f"没有保管期限表版本 {version}。", f"There is no version {version} of the retention schedule."
            )
        return self.earlier[version]

    def since(self, version: str) -> tuple[Schedule, ...]:
        """Return the schedules that a record filed under a version is subject to: that one first, then each later one.

        What a later one lengthens applies by itself, what it shortens does not (DOMAIN 2.3).
        """
        own = self.version(version)
        order = self.loaded or (*self.earlier, self.current.version)
        return (own, *(self.version(later) for later in order[order.index(version) + 1 :]))

    def rules_of(self, row: Mapping[Any, Any]) -> tuple[Rule, ...]:
        """Return the rules that a record is subject to, each once, the one that it was filed under first."""
        found: list[Rule] = []
        for schedule in self.since(row["schedule_version"]):
            rule = schedule.rules.get(row["rule_code"])
            if rule is not None and rule not in found:
                found.append(rule)
        return tuple(found)

    def with_next(self, schedule: Schedule) -> ScheduleVersions:
        """Return these versions as they would be with one more adopted."""
        before = {one.version: one for one in self.every()}
        order = self.loaded or (*self.earlier, self.current.version)
        return ScheduleVersions(schedule, before, (*order, schedule.version))


@dataclass
class Schedules(ScheduleVersions):
    """The plan in force together with the schedules."""

    plan: Plan = field(kw_only=True)

    def follow(self, connection: Connection) -> None:
        """Take up what another process has adopted since; asks for nothing but the names where nothing is new."""
        names = _loaded(connection)
        if names and names != self.loaded:
            self._take_up(connection, names)
        newest = connection.execute(_PLANS.limit(1)).one_or_none()
        if newest is not None and newest.version != self.plan.version:
            body = select(plan_versions.c.body).where(plan_versions.c.id == newest.id)
            self.plan = plan_from_text(connection.execute(body).scalar_one(), self.current)

    def plan_of(self, body: str) -> Plan:
        """Read a version of the plan that was kept, with the rules of the schedule in force."""
        return plan_from_text(body, self.current)

    def _take_up(self, connection: Connection, names: tuple[str, ...]) -> None:
        known = {schedule.version: schedule for schedule in self.every()}
        kept = {row.version: row.body for row in connection.execute(_KEPT) if row.version not in known}
        found = known | {version: schedule_from_text(body) for version, body in kept.items()}
        current = found.pop(names[-1])
        self.plan = plan_under(self.plan, current)
        self.current, self.earlier, self.loaded = current, found, names


def read_files(plan_file: Path, schedule_file: Path) -> tuple[Plan, Schedule, str]:
    """Load schedule and plan from their files; every fault of either is reported. Returns the schedule's text too."""
    try:
        schedule = load_schedule(schedule_file)
        body = schedule_file.read_text(encoding="utf-8")
    except ScheduleError as error:
        raise BadSettings([*error.faults, *_missing(plan_file)]) from error
    except OSError as error:
        raise BadSettings([f"{schedule_file}: {error.strerror}", *_missing(plan_file)]) from error
    return load_plan(plan_file, schedule), schedule, body


def _missing(plan_file: Path) -> list[str]:
    """Say of a plan, which cannot be read without its schedule, at least whether it is there."""
    return [] if plan_file.is_file() else [f"{plan_file}: 没有这个文件 no such file"]


def take_into_use(ledger: Ledger, plan: Plan, schedule: Schedule, schedule_body: str) -> Schedules:
    """Keep plan and schedule in the database if they are new; refuse a known version whose content has changed.

    Only the first schedule of an archive is taken from its file at once. Any other must be looked at first, and be
    adopted (``disposal.schedule_changes``); until then the last one that was stays in force.
    """
    offered = [
        ("plan", plan.code, plan.version, plan.digest, plan.body, acts.PLAN_LOADED),
        ("schedule", schedule.code, schedule.version, schedule.digest, schedule_body, acts.SCHEDULE_LOADED),
    ]
    with ledger.read() as connection:
        known = {(row.kind, row.code, row.version): row for row in connection.execute(select(plan_versions))}
    faults = [
        f"{kind} {code}: version {version} is in use with other content; give the changed file a new version"
        for kind, code, version, digest, _, _ in offered
        if (kind, code, version) in known and known[kind, code, version].digest != digest
    ]
    faults += _changed_schemes(ledger, plan)
    if faults:
        raise BadSettings(faults)
    first = not any(kind == "schedule" for kind, _, _ in known)
    new = [item for item in offered if item[:3] not in known and (first or item[0] == "plan")]
    if new:
        with ledger.work(None) as work:
            for kind, code, version, digest, body, act in new:
                row_id = uuid.uuid4().hex
                row = {"id": row_id, "kind": kind, "code": code, "version": version, "digest": digest}
                work.insert(plan_versions, {**row, "body": body, "loaded_at": work.at})
                work.act(act, "plan_version", row_id, code=code, version=version, digest=digest)
            work.commit()
    with ledger.read() as connection:
        names = _loaded(connection)
        kept = {row.version: row.body for row in connection.execute(_KEPT)}
    found = {name: schedule if name == schedule.version else schedule_from_text(kept[name]) for name in names}
    current = found.pop(names[-1])
    schedules = Schedules(current=current, earlier=found, loaded=names, plan=plan_under(plan, current))
    with ledger.read() as connection:
        schedules.follow(connection)  # a plan that people published since its file was written stays in force
    return schedules


_PLANS = (
    select(plan_versions.c.id, plan_versions.c.version)
    .where(plan_versions.c.kind == "plan")
    .order_by(plan_versions.c.loaded_at.desc(), plan_versions.c.version.desc())
)

_KEPT = (
    select(plan_versions.c.version, plan_versions.c.body)
    .where(plan_versions.c.kind == "schedule")
    .order_by(plan_versions.c.loaded_at, plan_versions.c.version)
)


def _loaded(connection: Connection) -> tuple[str, ...]:
    names = select(plan_versions.c.version).where(plan_versions.c.kind == "schedule")
    return tuple(connection.execute(names.order_by(plan_versions.c.loaded_at, plan_versions.c.version)).scalars())


def plan_under(plan: Plan, schedule: Schedule) -> Plan:
    """Return a plan with the rules of a schedule; :class:`BadSettings` names the types that it has no rule for."""
    if all(schedule.rules.get(one.rule.code) == one.rule for one in plan.types.values()):
        return plan
    return plan_from_text(plan.body, schedule)


def _changed_schemes(ledger: Ledger, plan: Plan) -> list[str]:
    """Say which schemes of a plan have numbered already, but otherwise than it has them: one in use is never changed."""
    with ledger.read() as connection:
        begun = set(connection.execute(select(sequences.c.scheme)).scalars())
        kept = select(plan_versions.c.body).where(plan_versions.c.kind == "plan")
        known = [schemes_in(body) for body in connection.execute(kept).scalars()]
        made = [stored_scheme(row) for row in connection.execute(select(numbering_schemes))]
    patterns = {(one.name, one.pattern, one.restart) for schemes in known for one in schemes.values()}
    patterns |= {(one.name, one.pattern, one.restart) for one in made}
    return [
        f"[schemes.{name}]: 已在使用，不能改动；请另起名称，或在页面上建立新版本 is in use and is never changed; give it another name, or make a new version of it at the pages"
        for name, (scheme, _) in plan.schemes.items()
        if name in begun and (name, scheme.pattern, scheme.restart) not in patterns
    ]


def schemes_used(connection: Connection) -> dict[str, Scheme]:
    """Return every numbering scheme that this archive has had, by name; of several of one name the latest."""
    kept = select(plan_versions.c.body).where(plan_versions.c.kind == "plan").order_by(plan_versions.c.loaded_at)
    found: dict[str, Scheme] = {}
    for body in connection.execute(kept).scalars():
        found |= schemes_in(body)
    newer = select(numbering_schemes).order_by(numbering_schemes.c.version)
    return found | {row.name: stored_scheme(row) for row in connection.execute(newer)}


def versions_beside(connection: Connection, schedule: Schedule) -> ScheduleVersions:
    """Return a schedule as the one in force together with the others that this archive has kept."""
    kept = [(row.version, row.body) for row in connection.execute(_KEPT) if row.version != schedule.version]
    earlier = {version: schedule_from_text(body) for version, body in kept}
    return ScheduleVersions(schedule, earlier, (*earlier, schedule.version))


def schedule_from_text(body: str) -> Schedule:
    """Load a schedule from its text; raises ``ScheduleError`` with every fault."""
    with tempfile.NamedTemporaryFile("w", suffix=".toml", encoding="utf-8") as file:  # a schedule is public
        file.write(body)
        file.flush()
        return load_schedule(Path(file.name))
