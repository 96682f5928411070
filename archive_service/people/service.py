"""Adding people, setting their rights, finding them again. People are disabled, never deleted."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.errors import BadInput, Conflict
from archive_service.people.factors import remove_all
from archive_service.people.model import EVERY_PERMISSION, VIEW, Grant, Person, check_clearance, check_roles
from archive_service.people.passwords import check_common, check_password, one_time_password, password_matches
from archive_service.people.policy import Action, Thing, require
from archive_service.people.rights import (
    joined,
    keep_administrators,
    locked,
    nobody,
    revoke_grants,
    revoke_tokens,
    split,
    write_rights,
)
from archive_service.people.tables import emergencies, grants, people, sessions

LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}")
LONGEST_NAME = 100


@dataclass(frozen=True)
class NewPerson:
    """What is needed to add a person."""

    login: str
    name: str
    roles: frozenset[str] = frozenset()
    clearance: frozenset[str] = frozenset()
    language: str = "zh"


@dataclass(frozen=True)
class People:
    """The register of people."""

    ledger: Ledger
    hasher: PasswordHasher

    def found(self, newcomers: Iterable[NewPerson]) -> dict[str, str]:
        """Enter the first people of a new archive; return their one-time passwords by login.

        Only an archive without people can be founded: later nobody gets rights without the security administrator.
        """
        passwords: dict[str, str] = {}
        rows: list[dict[str, Any]] = []
        for newcomer in newcomers:
            row, passwords[newcomer.login] = self._prepared(newcomer)
            rows.append(row)
        with self.ledger.work(None) as work:
            if work.connection.execute(select(people.c.id).limit(1)).first():
                raise Conflict(
                    "档案库已有人员，不能再次建立。", "This archive has people already; it cannot be founded again."
                )
            for row in rows:
                _insert(work, row)
            work.commit()
        return passwords

    def add(self, actor: Person, newcomer: NewPerson) -> str:
        """Add a person without any rights and return the one-time password, shown once.

        Roles and clearance are set by the security administrator afterwards: the one who makes accounts gives no rights.
        """
        require(actor, Action.ADD_PERSON)
        if newcomer.roles or newcomer.clearance:
            raise BadInput(
                "新人员先建立账号；角色与密级由安全保密管理员另行设定。",
                "Make the account first; roles and clearance are set by the security administrator.",
            )
        row, password = self._prepared(newcomer)
        with self.ledger.work(actor.id) as work:
            _insert(work, row)
            work.commit()
        return password

    def _prepared(self, newcomer: NewPerson) -> tuple[dict[str, Any], str]:
        """Check a newcomer and make the row; hashing is slow on purpose, so it comes before any transaction."""
        if not LOGIN.fullmatch(newcomer.login):
            raise BadInput(
                f"登录名“{newcomer.login}”不可用：请用 2 至 64 个小写字母、数字、点、横线，以字母或数字开头。",
                f"The login {newcomer.login!r} cannot be used: take 2 to 64 lower-case letters, digits, dots or dashes, starting with a letter or digit.",
            )
        name = newcomer.name.strip()
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise BadInput(
                f"请填写姓名，不超过 {LONGEST_NAME} 个字符。",
                f"Please give a name of at most {LONGEST_NAME} characters.",
            )
        check_roles(newcomer.roles)
        check_clearance(newcomer.clearance)
        _check_language(newcomer.language)
        password = one_time_password()
        row = {
            "id": uuid.uuid4().hex,
            "login": newcomer.login,
            "name": name,
            "roles": joined(newcomer.roles),
            "clearance": joined(newcomer.clearance),
            "password_hash": self.hasher.hash(password),
            "must_change": True,
            "language": newcomer.language,
            "disabled_at": None,
        }
        return row, password

    def set_rights(self, actor: Person, login: str, *, roles: frozenset[str], clearance: frozenset[str]) -> None:
        """Set a person's roles and clearance; nobody sets their own. Grants end with a change of role.

        The last one who holds an administrator's role keeps it until another holds it too.
        """
        require(actor, Action.SET_RIGHTS)
        check_roles(roles)
        check_clearance(clearance)
        with self.ledger.work(actor.id) as work:
            subject, administrators = locked(work, login)
            require(actor, Action.SET_RIGHTS, Thing(hands={"self": frozenset({subject.id})}))
            if subject.disabled_at is not None:
                raise Conflict("此人员已停用，不能设定权限。", "This person is disabled; there are no rights to set.")
            write_rights(work, subject, administrators, roles, clearance)
            work.commit()

    def disable(self, actor: Person, login: str) -> None:
        """Disable a person: sign-in and grants end at once, the history stays readable."""
        require(actor, Action.ADD_PERSON)
        with self.ledger.work(actor.id) as work:
            subject, administrators = locked(work, login)
            require(actor, Action.ADD_PERSON, Thing(hands={"self": frozenset({subject.id})}))
            if subject.disabled_at is not None:
                raise Conflict("此人员已停用。", "This person is disabled already.")
            keep_administrators(subject, administrators, frozenset())
            work.update(people, subject.id, {"disabled_at": work.at})
            work.connection.execute(sessions.delete().where(sessions.c.person_id == subject.id))
            work.act(acts.PERSON_DISABLED, "person", subject.id)
            revoke_grants(work, subject.id)
            revoke_tokens(work, subject.id)
            work.commit()

    def reset_password(self, actor: Person, login: str) -> str:
        """Issue a new one-time password for somebody else; end that person's sessions, rights and grants.

        Whoever issues a password could sign in with it. So the account comes back as it was made, without rights:
        the security administrator sets them anew, and no administrator gains the rights of another account alone.
        """
        require(actor, Action.ADD_PERSON)
        password = one_time_password()
        hashed = self.hasher.hash(password)
        with self.ledger.work(actor.id) as work:
            subject, administrators = locked(work, login)
            require(actor, Action.ADD_PERSON, Thing(hands={"self": frozenset({subject.id})}))
            if subject.disabled_at is not None:
                raise Conflict("此人员已停用。", "This person is disabled.")
            _write_password(work, subject.id, hashed, must_change=True)
            revoke_tokens(work, subject.id)
            remove_all(work, subject.id)  # whoever comes back with a new password has lost the old ways in
            if subject.roles or subject.clearance:
                write_rights(work, subject, administrators, frozenset(), frozenset())
            work.commit()
        return password

    def rescue(self, login: str) -> str:
        """Issue a one-time password and keep the rights: for the command line on the host alone, never for a page.

        It is the way back when the last administrator of a kind has forgotten the password. It stands in the log as
        an act of the service itself.
        """
        password = one_time_password()
        hashed = self.hasher.hash(password)
        with self.ledger.work(None) as work:
            subject, _ = locked(work, login)
            if subject.disabled_at is not None:
                raise Conflict("此人员已停用。", "This person is disabled.")
            _write_password(work, subject.id, hashed, must_change=True)
            revoke_tokens(work, subject.id)
            remove_all(work, subject.id)  # whoever comes back with a new password has lost the old ways in
            work.commit()
        return password

    def change_password(self, person: Person, old: str, new: str) -> None:
        """Change one's own password; the old one must be right and the new one long enough and different."""
        with self.ledger.read() as connection:
            stored = connection.execute(select(people.c.password_hash).where(people.c.id == person.id)).scalar_one()
        if not password_matches(self.hasher, stored, old):
            raise BadInput("原密码不正确。", "The present password is not right.")
        check_password(new, person.login, old)
        check_common(new, person.login, person.name)
        self._store_password(person.id, person.id, new, must_change=False)

    def _store_password(self, actor_id: str, person_id: str, password: str, *, must_change: bool) -> None:
        hashed = self.hasher.hash(password)  # slow on purpose, so before the transaction
        with self.ledger.work(actor_id) as work:
            _write_password(work, person_id, hashed, must_change=must_change)
            work.commit()

    def set_language(self, person: Person, language: str) -> None:
        """Remember the language that a person reads."""
        _check_language(language)
        with self.ledger.work(person.id) as work:
            work.update(people, person.id, {"language": language})
            work.act(acts.PERSON_LANGUAGE_SET, "person", person.id, language=language)
            work.commit()

    def by_login(self, login: str) -> Person:
        """Return the person with this login, with the rights of this moment."""
        return self._one(people.c.login == login, login)

    def by_id(self, person_id: str) -> Person:
        """Return the person with this id."""
        return self._one(people.c.id == person_id, person_id)

    def _one(self, condition: Any, name: str) -> Person:
        with self.ledger.read() as connection:
            row = connection.execute(select(people).where(condition)).one_or_none()
            if row is None:
                raise nobody(name)
            return person_from_row(connection, row, self.ledger.clock.stamp())

    def all(self, actor: Person) -> list[Person]:
        """Return everybody, for those who administer people."""
        require(actor, Action.SEE_PEOPLE)
        with self.ledger.read() as connection:
            rows = connection.execute(select(people).order_by(people.c.login)).all()
            return [person_from_row(connection, row, self.ledger.clock.stamp()) for row in rows]

    def names(self, ids: Sequence[str | None]) -> dict[str, str]:
        """Return people's names by id, for histories and lists."""
        wanted = {person_id for person_id in ids if person_id}
        with self.ledger.read() as connection:
            found = connection.execute(select(people.c.id, people.c.name).where(people.c.id.in_(wanted)))
            return {row.id: row.name for row in found}


def _insert(work: Work, row: dict[str, Any]) -> None:
    try:
        work.insert(people, {**row, "created_at": work.at})
    except IntegrityError as error:
        login = row["login"]
        raise Conflict(f"登录名“{login}”已被使用。", f"The login {login!r} is taken.") from error
    rights = {"roles": sorted(split(row["roles"])), "clearance": sorted(split(row["clearance"]))}
    work.act(acts.PERSON_ADDED, "person", row["id"], login=row["login"], **rights)


def _write_password(work: Work, person_id: str, hashed: str, *, must_change: bool) -> None:
    work.update(people, person_id, {"password_hash": hashed, "must_change": must_change})
    work.connection.execute(sessions.delete().where(sessions.c.person_id == person_id))
    work.act(acts.PERSON_PASSWORD_RESET if must_change else acts.PERSON_PASSWORD_SET, "person", person_id)


def person_from_row(connection: Connection, row: Any, at: str) -> Person:
    """Make a person of a row, with the grants that are alive."""
    alive = select(grants).where(grants.c.person_id == row.id, grants.c.revoked_at.is_(None), grants.c.until > at)
    return Person(
        id=row.id,
        login=row.login,
        name=row.name,
        roles=split(row.roles),
        clearance=split(row.clearance),
        language=row.language,
        must_change=row.must_change,
        disabled=row.disabled_at is not None,
        grants=tuple(_grant(one) for one in connection.execute(alive)) + _emergencies(connection, row.id, at),
    )


def _emergencies(connection: Connection, person_id: str, at: str) -> tuple[Grant, ...]:
    alive = select(emergencies).where(emergencies.c.person_id == person_id, emergencies.c.until > at)
    only_view = frozenset({VIEW})
    return tuple(Grant(one.record_id, one.until, one.level, only_view, one.id) for one in connection.execute(alive))


def _grant(row: Any) -> Grant:
    # A grant of an earlier version says nothing of what it holds: it was given for everything.
    actions = split(row.actions) if row.actions else EVERY_PERMISSION
    return Grant(row.record_id, row.until, row.level, actions, row.request_id)


def _check_language(language: str) -> None:
    if language not in ("zh", "en"):
        raise BadInput("界面语言只有中文（zh）和英文（en）。", "The languages are Chinese (zh) and English (en).")
