"""Adding people, setting their rights, finding them again. People are disabled, never deleted."""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.errors import BadInput, Conflict, NotFound
from archive_service.people.model import Grant, Person, check_clearance, check_roles
from archive_service.people.policy import Action, Thing, require
from archive_service.people.tables import grants, people, sessions

LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}")
SHORTEST_PASSWORD = 12
"""Characters; length is what resists guessing (ASVS 5.0, 6.2.1 asks for 8 at least)."""


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
        with self.ledger.work(None) as work:
            if work.connection.execute(select(people.c.id).limit(1)).first():
                raise Conflict(
                    "档案库已有人员，不能再次建立。", "This archive has people already; it cannot be founded again."
                )
            for newcomer in newcomers:
                _, passwords[newcomer.login] = self._insert(work, newcomer)
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
        with self.ledger.work(actor.id) as work:
            _, password = self._insert(work, newcomer)
            work.commit()
        return password

    def _insert(self, work: Work, newcomer: NewPerson) -> tuple[str, str]:
        if not LOGIN.fullmatch(newcomer.login):
            raise BadInput(
                f"登录名“{newcomer.login}”不可用：请用 2 至 64 个小写字母、数字、点、横线，以字母或数字开头。",
                f"The login {newcomer.login!r} cannot be used: take 2 to 64 lower-case letters, digits, dots or dashes, starting with a letter or digit.",
            )
        if not newcomer.name.strip():
            raise BadInput("请填写姓名。", "Please give a name.")
        check_roles(newcomer.roles)
        check_clearance(newcomer.clearance)
        if work.connection.execute(select(people.c.id).where(people.c.login == newcomer.login)).first():
            raise Conflict(f"登录名“{newcomer.login}”已被使用。", f"The login {newcomer.login!r} is taken.")
        person_id, password = uuid.uuid4().hex, one_time_password()
        work.insert(
            people,
            {
                "id": person_id,
                "login": newcomer.login,
                "name": newcomer.name.strip(),
                "roles": _join(newcomer.roles),
                "clearance": _join(newcomer.clearance),
                "password_hash": self.hasher.hash(password),
                "must_change": True,
                "language": newcomer.language,
                "disabled_at": None,
                "created_at": work.at,
            },
        )
        work.act(
            acts.PERSON_ADDED,
            "person",
            person_id,
            login=newcomer.login,
            roles=sorted(newcomer.roles),
            clearance=sorted(newcomer.clearance),
        )
        return person_id, password

    def set_rights(self, actor: Person, login: str, *, roles: frozenset[str], clearance: frozenset[str]) -> None:
        """Set a person's roles and clearance; nobody sets their own. Grants end with a change of role."""
        subject = self.by_login(login)
        require(actor, Action.SET_RIGHTS, Thing(hands={"self": frozenset({subject.id})}))
        check_roles(roles)
        check_clearance(clearance)
        with self.ledger.work(actor.id) as work:
            work.update(people, subject.id, {"roles": _join(roles), "clearance": _join(clearance)})
            if roles != subject.roles:
                work.act(acts.PERSON_ROLES_SET, "person", subject.id, old=sorted(subject.roles), new=sorted(roles))
                self._revoke_grants(work, subject.id)
            work.act(
                acts.PERSON_CLEARANCE_SET, "person", subject.id, old=sorted(subject.clearance), new=sorted(clearance)
            )
            work.commit()

    def _revoke_grants(self, work: Work, person_id: str) -> None:
        alive = select(grants.c.id).where(grants.c.person_id == person_id, grants.c.revoked_at.is_(None))
        for grant_id in work.connection.execute(alive).scalars().all():
            work.update(grants, grant_id, {"revoked_at": work.at})

    def disable(self, actor: Person, login: str) -> None:
        """Disable a person: sign-in ends at once, the history stays readable."""
        subject = self.by_login(login)
        require(actor, Action.ADD_PERSON, Thing(hands={"self": frozenset({subject.id})}))
        with self.ledger.work(actor.id) as work:
            work.update(people, subject.id, {"disabled_at": work.at}, people.c.disabled_at.is_(None))
            work.connection.execute(sessions.delete().where(sessions.c.person_id == subject.id))
            work.act(acts.PERSON_DISABLED, "person", subject.id)
            work.commit()

    def reset_password(self, actor: Person, login: str) -> str:
        """Issue a new one-time password for somebody else and end that person's sessions."""
        subject = self.by_login(login)
        require(actor, Action.ADD_PERSON, Thing(hands={"self": frozenset({subject.id})}))
        password = one_time_password()
        self._store_password(actor.id, subject.id, password, must_change=True)
        return password

    def change_password(self, person: Person, old: str, new: str) -> None:
        """Change one's own password; the old one must be right and the new one long enough and different."""
        with self.ledger.read() as connection:
            stored = connection.execute(select(people.c.password_hash).where(people.c.id == person.id)).scalar_one()
        if not password_matches(self.hasher, stored, old):
            raise BadInput("原口令不正确。", "The present password is not right.")
        check_password(new, person.login, old)
        self._store_password(person.id, person.id, new, must_change=False)

    def _store_password(self, actor_id: str, person_id: str, password: str, *, must_change: bool) -> None:
        hashed = self.hasher.hash(password)  # slow on purpose, so before the transaction
        with self.ledger.work(actor_id) as work:
            work.update(people, person_id, {"password_hash": hashed, "must_change": must_change})
            work.connection.execute(sessions.delete().where(sessions.c.person_id == person_id))
            work.act(acts.PERSON_PASSWORD_RESET if must_change else acts.PERSON_PASSWORD_SET, "person", person_id)
            work.commit()

    def set_language(self, person: Person, language: str) -> None:
        """Remember the language that a person reads."""
        if language not in ("zh", "en"):
            raise BadInput("界面语言只有中文（zh）和英文（en）。", "The languages are Chinese (zh) and English (en).")
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
                raise NotFound(f"没有人员“{name}”。", f"There is no person {name!r}.")
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


def person_from_row(connection: Connection, row: Any, at: str) -> Person:
    """Make a person of a row, with the grants that are alive."""
    alive = select(grants.c.record_id, grants.c.until).where(
        grants.c.person_id == row.id, grants.c.revoked_at.is_(None), grants.c.until > at
    )
    return Person(
        id=row.id,
        login=row.login,
        name=row.name,
        roles=_split(row.roles),
        clearance=_split(row.clearance),
        language=row.language,
        must_change=row.must_change,
        disabled=row.disabled_at is not None,
        grants=tuple(Grant(grant.record_id, grant.until) for grant in connection.execute(alive)),
    )


def one_time_password() -> str:
    """Return a random password of 80 bits in groups that can be read out."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(4))


def check_password(new: str, login: str, old: str) -> None:
    """Refuse a password that is short, the old one, or made of the login."""
    if len(new) < SHORTEST_PASSWORD:
        raise BadInput(
            f"新口令至少 {SHORTEST_PASSWORD} 个字符。",
            f"The new password needs at least {SHORTEST_PASSWORD} characters.",
        )
    if new == old:
        raise BadInput("新口令不能与原口令相同。", "The new password must differ from the present one.")
    if login in new.lower() or len(set(new)) < 5:
        raise BadInput(
            "新口令过于简单：不要包含登录名，至少用 5 个不同的字符。",
            "The new password is too simple: leave out the login and use at least 5 different characters.",
        )


def password_matches(hasher: PasswordHasher, stored: str, given: str) -> bool:
    """Say whether a password is the stored one."""
    try:
        return hasher.verify(stored, given)
    except (VerificationError, InvalidHashError):
        return False


def _join(values: frozenset[str]) -> str:
    return ",".join(sorted(values))


def _split(text: str) -> frozenset[str]:
    return frozenset(part for part in text.split(",") if part)
