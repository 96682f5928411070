"""The classification plan changed by people: a draft, what it would do, and a second person who publishes it.

There is one draft at a time. Whoever wrote in it has a hand in it and cannot publish it. What is published is a new
version beside the old ones, which stay whole.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.catalog.classification.plan import Plan, plan_from_text
from archive_service.catalog.classification.schedules import Schedules
from archive_service.catalog.codes.numbers import stored_scheme
from archive_service.catalog.names import one_line
from archive_service.catalog.tables import numbering_schemes, plan_drafts, plan_versions
from archive_service.errors import BadInput, BadSettings, Conflict, NotFound
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, require

OPEN, PUBLISHED, DISCARDED = "open", "published", "discarded"
Raw = dict[str, Any]


@dataclass(frozen=True)
class Draft:
    """The draft as it stands: its tables as a plan file has them, who wrote in it, what is wrong with it."""

    id: str
    base: str
    raw: Raw
    hands: frozenset[str]
    made_at: str
    faults: tuple[str, ...]
    plan: Plan | None
    """The plan that it would be; ``None`` as long as something is wrong with it."""


@dataclass(frozen=True)
class PlanDrafts:
    """Writes drafts of the plan and publishes them."""

    ledger: Ledger
    schedules: Schedules

    def versions(self, actor: Person) -> Sequence[Any]:
        """Return every version of the plan, the newest first."""
        require(actor, Action.BROWSE)
        table = plan_versions.c
        query = select(table.code, table.version, table.loaded_at, table.digest).where(table.kind == "plan")
        with self.ledger.read() as connection:
            return connection.execute(query.order_by(table.loaded_at.desc(), table.version.desc())).all()

    def draft(self, actor: Person) -> Draft | None:
        """Return the draft that is open."""
        require(actor, Action.SEE_PLAN_DRAFT)
        with self.ledger.read() as connection:
            row = _open(connection)
        return self._read(row) if row else None

    def begin(self, actor: Person) -> None:
        """Open a draft, as the plan in force stands."""
        require(actor, Action.KEEP_PLAN)
        with self.ledger.work(actor.id) as work:
            if _open(work.connection):
                raise Conflict(
                    "已有一份草案；请先公布或撤销它。", "There is a draft already; publish or discard it first."
                )
            row = {"id": uuid.uuid4().hex, "base": self.schedules.plan.version, "state": OPEN, "hands": actor.id}
            row |= {"body": written(tomllib.loads(self.schedules.plan.body)), "made_at": work.at, "made_by": actor.id}
            work.insert(plan_drafts, {**row, "decided_at": None, "decided_by": None})
            work.act(acts.PLAN_DRAFTED, "plan_draft", row["id"], version=row["base"])
            work.commit()

    def change(self, actor: Person, edit: Callable[[Raw], None]) -> None:
        """Write in the draft; ``edit`` changes its tables. A draft may be faulty: publishing is what needs none."""
        require(actor, Action.KEEP_PLAN)
        with self.ledger.work(actor.id) as work:
            row = _held(work)
            raw = tomllib.loads(row.body)
            edit(raw)
            hands = " ".join(sorted({*row.hands.split(), actor.id}))
            work.update(plan_drafts, row.id, {"body": written(raw), "hands": hands})
            work.act(acts.PLAN_DRAFT_CHANGED, "plan_draft", row.id)
            work.commit()

    def discard(self, actor: Person) -> None:
        """Give the draft up."""
        require(actor, Action.KEEP_PLAN)
        with self.ledger.work(actor.id) as work:
            row = _held(work)
            work.update(plan_drafts, row.id, {"state": DISCARDED, "decided_at": work.at, "decided_by": None})
            work.act(acts.PLAN_DRAFT_DISCARDED, "plan_draft", row.id)
            work.commit()

    def publish(self, actor: Person, draft_id: str) -> str:
        """Make the draft the plan in force, as a person who has no hand in it; return its version.

        ``draft_id`` and its text are what the person has looked at: one that was changed since is refused.
        """
        wanted, _, digest = draft_id.partition(":")
        with self.ledger.work(actor.id) as work:
            row = _held(work)
            hands = {"drafter": frozenset(row.hands.split())}
            require(actor, Action.PUBLISH_PLAN, Thing(hands=hands))
            if row.id != wanted or digest_of(row.body) != digest:
                raise Conflict(
                    "草案刚刚有改动，请重新查看。", "The draft has just been changed; please look at it again."
                )
            version = self._next_version(work.connection)
            body = written({**tomllib.loads(row.body), "version": version})
            plan = self._checked(row.base, body)
            version_id = uuid.uuid4().hex
            kept = {"id": version_id, "kind": "plan", "code": plan.code, "version": version, "digest": plan.digest}
            work.insert(plan_versions, {**kept, "body": body, "loaded_at": work.at})
            work.update(plan_drafts, row.id, {"state": PUBLISHED, "decided_at": work.at, "decided_by": actor.id})
            work.act(
                acts.PLAN_PUBLISHED, "plan_version", version_id, code=plan.code, version=version, digest=plan.digest
            )
            work.commit()
        with self.ledger.read() as connection:
            self.schedules.follow(connection)
        return version

    def scheme_names(self) -> list[str]:
        """Return the numbering schemes that a category may be given: those of the plan, and those that people have made."""
        with self.ledger.read() as connection:
            made = connection.execute(select(numbering_schemes.c.name).distinct()).scalars().all()
        return sorted({*self.schedules.plan.schemes, *made})

    def take_scheme(self, raw: Raw, name: str) -> None:
        """Write a scheme that people have made into a draft's tables, where a category is to be numbered by it."""
        if name in raw["schemes"]:
            return
        query = select(numbering_schemes).where(numbering_schemes.c.name == name).order_by(numbering_schemes.c.version)
        with self.ledger.read() as connection:
            row = connection.execute(query.limit(1)).one_or_none()
        if row is None:
            raise NotFound(f"没有编号方案 {name}。", f"There is no numbering scheme {name}.")
        scheme = stored_scheme(row)
        names = {"name_zh": row.name_zh, "name_en": row.name_en}
        raw["schemes"][name] = {**names, "pattern": scheme.pattern, "restart": list(scheme.restart)}

    def _read(self, row: Any) -> Draft:
        plan, faults = None, []
        try:
            plan = plan_from_text(row.body, self.schedules.current)
        except BadSettings as error:
            faults = error.faults
        hands = frozenset(row.hands.split())
        mark = f"{row.id}:{digest_of(row.body)}"
        return Draft(mark, row.base, tomllib.loads(row.body), hands, row.made_at, tuple(faults), plan)

    def _checked(self, base: str, body: str) -> Plan:
        if base != self.schedules.plan.version:
            raise Conflict(
                "起草之后方案已换版，请撤销草案，按现行方案重新起草。",
                "The plan has changed since the draft was begun; discard it and begin again from the plan in force.",
            )
        try:
            plan = plan_from_text(body, self.schedules.current)
        except BadSettings as error:
            told = "\n".join(error.faults)
            raise Conflict(
                f"草案还有问题，不能公布：\n{told}", f"The draft cannot be published yet:\n{told}"
            ) from error
        if _without_version(body) == _without_version(self.schedules.plan.body):
            raise Conflict("草案与现行方案相同。", "The draft is the plan in force.")
        return plan

    def _next_version(self, connection: Connection) -> str:
        known = set(connection.execute(select(plan_versions.c.version).where(plan_versions.c.kind == "plan")).scalars())
        year = self.ledger.clock.today().year
        return next(name for n in range(1, 10_000) if (name := f"{year}-{n}") not in known)


def _without_version(body: str) -> Raw:
    return {name: value for name, value in tomllib.loads(body).items() if name != "version"}


def _open(connection: Connection) -> Any:
    return connection.execute(select(plan_drafts).where(plan_drafts.c.state == OPEN)).one_or_none()


def _held(work: Work) -> Any:
    query = select(plan_drafts).where(plan_drafts.c.state == OPEN).with_for_update()
    row = work.connection.execute(query).one_or_none()
    if row is None:
        raise NotFound("没有草案。", "There is no draft.")
    return row


def digest_of(body: str) -> str:
    """Return the SHA-256 of a draft's text."""
    return hashlib.sha256(body.encode()).hexdigest()


# ------------------------------------------------------------------------------------------------ edits of the tables


def put_class(raw: Raw, old: str, said: Mapping[str, str]) -> None:
    """Write a class into a draft's tables: a new one, or ``old`` as it is now to be."""
    code = one_line(said["code"], "代码", "The code", 16).upper()
    table = next((one for one in raw["classes"] if one["code"] == old), None)
    if code != old and any(one["code"] == code for one in raw["classes"]):
        raise BadInput(f"已有类 {code}。", f"There is a class {code} already.")
    if table is None:
        table = {"types": []}
        raw["classes"].append(table)
    table |= {"code": code, "category": said["category"], **_texts(said)}
    problem = said.get("problem", "").strip().upper()
    table.pop("problem", None)
    if said.get("without_problem"):
        table["problem"] = ""
    elif problem and problem != code:
        table["problem"] = problem


def remove_class(raw: Raw, code: str) -> None:
    """Take a class that has no types out of a draft."""
    table = _class(raw, code)
    if table["types"]:
        raise BadInput("此类下还有类型，请先移走。", "This class still has types; move them first.")
    raw["classes"].remove(table)


def put_type(raw: Raw, old: str, said: Mapping[str, Any]) -> None:
    """Write a record type into a draft's tables: a new one, or ``old`` in its place with what is said of it."""
    code = old or one_line(said["code"], "代码", "The code", 16).upper()
    if not code.isascii() or not code.isalnum():
        raise BadInput(
            "类型代码为字母和数字，如 KCQ03。", "The code of a type is of letters and digits, such as KCQ03."
        )
    if not old and any(code in one["types"] for one in raw["classes"]):
        raise BadInput(f"已有类型 {code}。", f"There is a type {code} already.")
    target = _class(raw, str(said["class"]))
    for table in raw["classes"]:
        if code in table["types"] and table is not target:
            table["types"].remove(code)
            own = table.get("categories", {}).pop(code, None)
            if own:
                target.setdefault("categories", {})[code] = own
    if code not in target["types"]:
        target["types"].append(code)
    kept: Raw = {name: value for name, value in _texts(said).items() if value}
    kept |= {"level": said["level"]} if said.get("level") else {}
    kept |= {"required": list(said["required"])} if said.get("required") else {}
    kept |= {"rule": said.get("rule", "")} if said.get("rule", "") != code else {}
    types = raw.setdefault("types", {})
    types.pop(code, None)
    if kept:
        types[code] = kept


def remove_type(raw: Raw, code: str) -> None:
    """Take a type out of a draft: nothing more is filed under it; what is filed stays."""
    for table in raw["classes"]:
        if code in table["types"]:
            table["types"].remove(code)
            table.get("categories", {}).pop(code, None)
    raw.get("types", {}).pop(code, None)


def put_category(raw: Raw, old: str, said: Mapping[str, str]) -> None:
    """Write a category into a draft's tables: its names, and the scheme that numbers what is filed in it."""
    code = old or said["code"].strip().upper()
    table = next((one for one in raw["categories"] if one["code"] == code), None)
    if table is None:
        table = {"code": code}
        raw["categories"].append(table)
    elif not old:
        raise BadInput(f"已有门类 {code}。", f"There is a category {code} already.")
    names = {
        "name_zh": one_line(said["name_zh"], "名称", "A name", 200),
        "name_en": one_line(said["name_en"], "名称", "A name", 200),
    }
    table |= names | {"scheme": said["scheme"]}


def remove_category(raw: Raw, code: str) -> None:
    """Take a category that no class uses out of a draft."""
    using = [one["code"] for one in raw["classes"] if code in (one["category"], *one.get("categories", {}).values())]
    if using:
        raise BadInput(
            f"还有类在用这个门类：{'、'.join(using)}。请先给它们另选门类。",
            f"Classes still use this category: {', '.join(using)}. Give them another one first.",
        )
    left = [one for one in raw["categories"] if one["code"] != code]
    if len(left) == len(raw["categories"]):
        raise NotFound(f"草案中没有门类 {code}。", f"The draft has no category {code}.")
    raw["categories"][:] = left


def _class(raw: Raw, code: str) -> Raw:
    found = next((one for one in raw["classes"] if one["code"] == code), None)
    if found is None:
        raise NotFound(f"草案中没有类 {code}。", f"The draft has no class {code}.")
    return dict_of(found)


def dict_of(table: Any) -> Raw:
    """Return a table of a draft as what it is."""
    assert isinstance(table, dict)
    return table


def _texts(said: Mapping[str, Any]) -> dict[str, str]:
    most = {"name_zh": 200, "name_en": 200, "note_zh": 1000, "note_en": 1000}
    return {name: one_line(str(said.get(name, "")), "文字", "A text", size) for name, size in most.items()}


def written(raw: Mapping[str, Any]) -> str:
    """Write a plan's tables as a plan file; reading it gives the same tables."""
    lines = [f"{name} = {_value(raw[name])}" for name in ("code", "version", "name_zh", "name_en") if name in raw]
    for kind in ("schemes", "types"):
        for name, table in raw.get(kind, {}).items():
            lines += ["", f"[{kind}.{_key(name)}]", *(f"{key} = {_value(value)}" for key, value in table.items())]
    for kind in ("categories", "classes"):
        for table in raw.get(kind, []):
            lines += ["", f"[[{kind}]]", *(f"{key} = {_value(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


def _key(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)


def _value(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(name)} = {_value(one)}" for name, one in value.items()) + " }"
    return "[" + ", ".join(_value(one) for one in value) + "]"
