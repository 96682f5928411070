"""What another version of the plan does to what is held: told before it is published, done after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.catalog.classification.plan import Plan, RecordType
from archive_service.catalog.classification.schedules import Schedules
from archive_service.catalog.model import STRICTNESS
from archive_service.catalog.outbox import enqueue
from archive_service.catalog.records.browse import Catalogue
from archive_service.catalog.records.due import decide_row, recompute
from archive_service.catalog.records.reclassifying import would_shorten
from archive_service.catalog.tables import ARCHIVED, case_files, plan_versions, records
from archive_service.errors import BadSettings, Text
from archive_service.people.model import Person
from archive_service.people.policy import Action, require

BATCH = 100
"""Records brought in line in one transaction."""

READ = 500


@dataclass(frozen=True)
class Effect:
    """What becomes of one type: in words, and of how many of its records that the person may see."""

    code: str
    words: tuple[Text, ...]
    records: int = 0
    later: int = 0
    """Records that would be due later, or never."""
    stays: int = 0
    """Records that the new rule would keep less long: their period stays."""
    below: int = 0
    """Records that are more open than the type's new default level; they stay as they are."""


@dataclass(frozen=True)
class PlanEffects:
    """Compares plans, and brings records in line with the one in force."""

    ledger: Ledger
    schedules: Schedules
    catalogue: Catalogue

    def of(self, actor: Person, plan: Plan) -> list[Effect]:
        """Return what a plan would change, type by type; only records that the person sees are counted."""
        require(actor, Action.SEE_PLAN_DRAFT)
        now = self.schedules.plan.types
        effects = []
        with self.ledger.read() as connection:
            for code in sorted({*now, *plan.types}):
                words = _differences(now.get(code), plan.types.get(code))
                if words:
                    effects.append(self._effect(connection, actor, code, words, now.get(code), plan.types.get(code)))
        return effects

    def _effect(
        self,
        connection: Connection,
        actor: Person,
        code: str,
        words: Sequence[Text],
        old: RecordType | None,
        new: RecordType | None,
    ) -> Effect:
        effect = Effect(code, tuple(words))
        today = self.ledger.clock.today()
        for row in self._visible(connection, actor, code):
            below = bool(new and new.default_level and STRICTNESS[row["level"]] < STRICTNESS[new.default_level])
            effect = replace(effect, records=effect.records + 1, below=effect.below + below)
            if new and old and new.rule.code != old.rule.code:
                ruled = {**row, "rule_code": new.rule.code, "schedule_version": self.schedules.current.version}
                if would_shorten(connection, self.schedules, row, ruled, today):
                    effect = replace(effect, stays=effect.stays + 1)
                elif decide_row(connection, self.schedules, ruled, today).due_on != row["due_on"]:
                    effect = replace(effect, later=effect.later + 1)
        return effect

    def _visible(self, connection: Connection, actor: Person, code: str) -> Iterator[Mapping[Any, Any]]:
        after = ""
        wanted = select(records).where(self.catalogue.seen_by(actor), records.c.type_code == code).limit(READ)
        while True:
            query = wanted.where(records.c.code > after, records.c.status == ARCHIVED).order_by(records.c.code)
            rows = connection.execute(query).mappings().all()
            yield from rows
            if len(rows) < READ:
                return
            after = rows[-1]["code"]

    def bring_in_line(self, batches: int = 20) -> bool:
        """Bring records of changed types in line with the plan in force, some batches at a time; say whether there may be more.

        Their class is the one in which their type stands now, and a rule that keeps longer applies; none that keeps
        less long does. It can be done again after a crash: a record that was looked at bears the plan's version.
        """
        with self.ledger.read() as connection:
            self.schedules.follow(connection)
            changed = self._changed(connection)
        return bool(changed) and all(self._batch(changed) for _ in range(batches))

    def _changed(self, connection: Connection) -> list[str]:
        """Return the types of the plan in force that stood in another class, or had another rule, in a version before."""
        plan = self.schedules.plan
        bodies = select(plan_versions.c.body).where(plan_versions.c.kind == "plan", plan_versions.c.code == plan.code)
        places = {(code, one.class_code, one.rule.code) for code, one in plan.types.items()}
        found: set[str] = set()
        for body in connection.execute(bodies.where(plan_versions.c.version != plan.version)).scalars():
            try:
                earlier = self.schedules.plan_of(body)
            except BadSettings:
                continue  # a plan whose rules are no more: its records keep what they have
            before = {(code, one.class_code, one.rule.code) for code, one in earlier.types.items()}
            found |= {code for code, _, _ in before - places if code in plan.types}
        return sorted(found)

    def _batch(self, changed: Sequence[str]) -> bool:
        version = self.schedules.plan.version
        behind = (records.c.type_code.in_(changed)) & (records.c.plan_version != version)
        query = select(records).where(behind, records.c.status == ARCHIVED).order_by(records.c.id).limit(BATCH)
        with self.ledger.work(None) as work:
            cases = select(records.c.case_id).where(behind).order_by(records.c.id).limit(BATCH)
            ids = sorted({case for case in work.connection.execute(cases).scalars() if case})
            held = select(case_files.c.id).where(case_files.c.id.in_(ids)).order_by(case_files.c.id)
            work.connection.execute(held.with_for_update()).all()
            rows = work.connection.execute(query.with_for_update()).mappings().all()
            today = self.ledger.clock.today()
            for row in rows:
                record_type = self.schedules.plan.types[row["type_code"]]
                ruled = {"rule_code": record_type.rule.code, "schedule_version": self.schedules.current.version}
                same = row["rule_code"] == record_type.rule.code
                stays = same or would_shorten(work.connection, self.schedules, row, {**row, **ruled}, today)
                placed = {"class_code": record_type.class_code, "plan_version": version}
                work.update(records, row["id"], placed | ({} if stays else ruled))
                work.act(acts.PLAN_APPLIED, "record", row["id"], code=row["code"], version=version)
            if not rows:
                return False
            done = [row["id"] for row in rows]
            recompute(work, self.schedules, done, today, "plan published")
            enqueue(work, "capsule", *done)
            enqueue(work, "index", *done)
            work.commit()
        return True


def _differences(old: RecordType | None, new: RecordType | None) -> list[Text]:
    """Say in words what another version of the plan makes of a type."""
    if old is None or new is None:
        return (
            [Text("新增", "added")]
            if old is None
            else [Text("取消：不再归入，已归档的不变", "removed: nothing more is filed under it")]
        )
    pairs = (
        (old.class_code, new.class_code, Text("类", "class")),
        (old.rule.code, new.rule.code, Text("保管规则", "rule")),
        (old.default_level or "", new.default_level or "", Text("默认密级", "default level")),
        (old.category, new.category, Text("门类", "category")),
        (old.scheme.name, new.scheme.name, Text("编号方案", "numbering scheme")),
        (old.problem, new.problem, Text("机构（问题）代码", "unit or problem code")),
        (" ".join(old.required), " ".join(new.required), Text("必填项", "required fields")),
    )
    found = (
        [Text(f"名称：{old.name.zh} → {new.name.zh}", f"name: {old.name.en} → {new.name.en}")]
        if old.name != new.name
        else []
    )
    found += [Text("范围说明有改动", "the scope note is changed")] if old.note != new.note else []
    return found + [
        Text(f"{what.zh}：{was or '—'} → {now or '—'}", f"{what.en}: {was or '—'} → {now or '—'}")
        for was, now, what in pairs
        if was != now
    ]
