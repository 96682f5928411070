"""Second factors: codes that change with the time (TOTP), keys that sign (WebAuthn), and recovery codes on paper.

The secret of a code is sealed; of a key only its public half is kept; of a recovery code what is kept of a password.
"""

from __future__ import annotations

import hmac
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pyotp
from argon2 import PasswordHasher
from sqlalchemy import Connection, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger, Work
from archive_service.errors import BadInput, Conflict, Forbidden, NotFound
from archive_service.people.model import Person
from archive_service.people.recovery import Printed, make_codes, matching
from archive_service.people.tables import factors, sso_links
from archive_service.people.throttle import Attempt, Throttle

TOTP, KEY, RECOVERY = "totp", "key", "recovery"
STEP = 30
SLACK = 1
"""Steps of 30 seconds by which a telephone's clock may be off."""

LONGEST_NAME = 60


class Box(Protocol):
    """Where secrets are sealed; the context says whose they are."""

    def seal(self, clear: bytes, context: str) -> bytes:
        """Seal a secret."""

    def open(self, sealed: bytes, context: str) -> bytes:
        """Open a secret."""


@dataclass(frozen=True)
class Site:
    """The site as a browser names it: what a key is bound to."""

    host: str
    origin: str


@dataclass(frozen=True)
class Factors:
    """Adds, checks and takes away second factors."""

    ledger: Ledger
    box: Box
    issuer: str
    hasher: PasswordHasher
    required_of: frozenset[str] = frozenset()
    """Roles whose people must have a second factor."""

    def of(self, person: Person) -> Sequence[Any]:
        """Return a person's second factors that are in use, recovery codes left out."""
        with self.ledger.read() as connection:
            return [row for row in _living(connection, person.id) if row.kind != RECOVERY]

    def missing(self, person: Person) -> bool:
        """Say whether a person must have a second factor and has none: then nothing else opens."""
        return bool(person.roles & self.required_of) and not self.of(person)

    def left(self, person: Person) -> int:
        """Return how many recovery codes a person has left."""
        with self.ledger.read() as connection:
            return sum(row.kind == RECOVERY for row in _living(connection, person.id))

    # ------------------------------------------------------------------------------------------------- codes

    def begin_code(self, person: Person) -> tuple[str, str, str]:
        """Make the secret of a new code generator; return its id, the secret, and the address for the square to scan."""
        secret, factor_id = pyotp.random_base32(), uuid.uuid4().hex
        with self.ledger.work(person.id) as work:
            for row in work.connection.execute(select(factors).where(factors.c.person_id == person.id)).all():
                if row.kind == TOTP and row.confirmed_at is None and row.removed_at is None:
                    work.update(factors, row.id, {"removed_at": work.at})  # one that was begun and left
            sealed = self.box.seal(secret.encode(), factor_id)
            _insert(work, person, factor_id, TOTP, "", sealed=sealed)
            work.act(acts.FACTOR_BEGUN, "person", person.id)
            work.commit()
        return factor_id, secret, pyotp.TOTP(secret).provisioning_uri(name=person.login, issuer_name=self.issuer)

    def confirm_code(self, person: Person, factor_id: str, code: str, name: str) -> list[str]:
        """Take a code generator into use, after a first right code; return new recovery codes if it is the first factor."""
        printed = self._printed(person)
        with self.ledger.work(person.id) as work:
            wanted = select(factors).where(factors.c.id == factor_id, factors.c.person_id == person.id)
            row = work.connection.execute(wanted).one_or_none()
            if row is None or row.kind != TOTP or row.confirmed_at or row.removed_at:
                raise NotFound("请重新开始添加。", "Please begin anew.")
            step = self._step_of(row, code)
            if step is None:
                raise BadInput(
                    "验证码不对。请核对手机时间后输入新的六位验证码。",
                    "The code is not right. Check the time of your telephone and type a new code of six digits.",
                )
            values = {"confirmed_at": work.at, "last_step": step, "name": _name(name, "TOTP")}
            work.update(factors, factor_id, values)
            work.act(acts.FACTOR_ADDED, "person", person.id)
            _write_codes(work, person, printed)
            work.commit()
        return printed.codes if printed else []

    def _printed(self, person: Person) -> Printed | None:
        """Make recovery codes for one who adds a first factor."""
        return None if self.of(person) else make_codes(self.hasher)

    def _step_of(self, row: Any, code: str) -> int | None:
        """Return the step of time that a code belongs to, if it is right and its step was not used before."""
        typed = "".join(code.split())
        if not typed.isascii() or not typed.isdigit() or len(typed) != 6:
            return None
        totp = pyotp.TOTP(self.box.open(bytes(row.sealed), row.id).decode())
        now = int(self.ledger.clock.now().timestamp()) // STEP
        right = [
            step for step in range(now - SLACK, now + SLACK + 1) if hmac.compare_digest(totp.at(step * STEP), typed)
        ]
        return next((step for step in right if row.last_step is None or step > row.last_step), None)

    def check(self, person: Person, code: str, address: str) -> None:
        """Check a code or a recovery code; each is good once. :class:`Forbidden` if it is not right."""
        throttle, attempt = Throttle(self.ledger), Attempt.of(f"second factor of {person.id}", address, None)
        throttle.enter(attempt)
        with self.ledger.read() as connection:
            on_paper = [row for row in _living(connection, person.id) if row.kind == RECOVERY]
        found = matching(self.hasher, on_paper, code)
        with self.ledger.work(person.id) as work:
            right = any(self._takes(work, row, code, found) for row in _living(work.connection, person.id))
            if right:
                work.act(acts.FACTOR_USED, "person", person.id)
                work.commit()
        if not right:
            self.ledger.note(None, acts.FACTOR_REFUSED, "person", person.id)
            raise Forbidden("验证码不正确。", "The code is not right.")
        throttle.forget(attempt)

    def _takes(self, work: Work, row: Any, code: str, on_paper: Any) -> bool:
        if row.kind == TOTP:
            step = self._step_of(row, code)
            unused = factors.c.last_step.is_(None) | (factors.c.last_step < (step or 0))
            return step is not None and work.update(factors, row.id, {"last_step": step}, unused)
        if on_paper is not None and row.id == on_paper.id:
            return work.update(factors, row.id, {"removed_at": work.at}, factors.c.removed_at.is_(None))
        return False

    # ------------------------------------------------------------------------------------------------- keys

    def key_options(self, person: Person, site: Site) -> tuple[str, str]:
        """Return what a browser needs to make a key, as JSON, and the challenge to hold its answer against."""
        import webauthn
        from webauthn.helpers.structs import PublicKeyCredentialDescriptor

        known = [PublicKeyCredentialDescriptor(id=bytes(row.sealed)) for row in self.of(person) if row.kind == KEY]
        options = webauthn.generate_registration_options(
            rp_id=site.host,
            rp_name=self.issuer,
            user_id=bytes.fromhex(person.id),
            user_name=person.login,
            user_display_name=person.name,
            exclude_credentials=known,
        )
        return webauthn.options_to_json(options), options.challenge.hex()

    def add_key(self, person: Person, site: Site, challenge: str, answer: str, name: str) -> list[str]:
        """Take a key into use; return new recovery codes if it is the first factor."""
        import webauthn

        try:
            made = webauthn.verify_registration_response(
                credential=answer,
                expected_challenge=bytes.fromhex(challenge),
                expected_rp_id=site.host,
                expected_origin=site.origin,
            )
        except Exception as error:  # whatever is wrong with a browser's answer, nothing was added
            raise BadInput(
                "安全密钥未能登记，请重试。", "The key could not be registered; please try again."
            ) from error
        data = {"key": made.credential_public_key.hex(), "count": made.sign_count}
        printed = self._printed(person)
        with self.ledger.work(person.id) as work:
            factor_id = uuid.uuid4().hex
            label = _name(name, "WebAuthn")
            _insert(work, person, factor_id, KEY, label, data=json.dumps(data), sealed=made.credential_id)
            work.update(factors, factor_id, {"confirmed_at": work.at})
            work.act(acts.FACTOR_ADDED, "person", person.id)
            _write_codes(work, person, printed)
            work.commit()
        return printed.codes if printed else []

    def sign_options(self, person: Person, site: Site) -> tuple[str, str]:
        """Return what a browser needs to sign with one of the person's keys, and the challenge."""
        import webauthn
        from webauthn.helpers.structs import PublicKeyCredentialDescriptor

        known = [PublicKeyCredentialDescriptor(id=bytes(row.sealed)) for row in self.of(person) if row.kind == KEY]
        options = webauthn.generate_authentication_options(rp_id=site.host, allow_credentials=known)
        return webauthn.options_to_json(options), options.challenge.hex()

    def check_key(self, person: Person, site: Site, challenge: str, answer: str) -> None:
        """Check what a key signed; :class:`Forbidden` if it is not one of the person's or was copied."""
        import webauthn
        from webauthn.helpers import parse_authentication_credential_json

        try:
            given = parse_authentication_credential_json(answer)
            with self.ledger.work(person.id) as work:
                keys = [one for one in _living(work.connection, person.id) if one.kind == KEY]
                row = next(one for one in keys if bytes(one.sealed) == given.raw_id)
                data = json.loads(row.data)
                seen = webauthn.verify_authentication_response(
                    credential=given,
                    expected_challenge=bytes.fromhex(challenge),
                    expected_rp_id=site.host,
                    expected_origin=site.origin,
                    credential_public_key=bytes.fromhex(data["key"]),
                    credential_current_sign_count=data["count"],
                )
                work.update(factors, row.id, {"data": json.dumps({**data, "count": seen.new_sign_count})})
                work.act(acts.FACTOR_USED, "person", person.id)
                work.commit()
        except Exception as error:  # whatever is wrong with a browser's answer, nobody comes in with it
            self.ledger.note(None, acts.FACTOR_REFUSED, "person", person.id)
            raise Forbidden("安全密钥未通过验证。", "The key was not accepted.") from error

    # ------------------------------------------------------------------------------------------------- both

    def remove(self, person: Person, factor_id: str) -> None:
        """Take one of one's own factors away; with the last one go the recovery codes."""
        with self.ledger.work(person.id) as work:
            living = _living(work.connection, person.id)
            row = next((one for one in living if one.id == factor_id and one.kind != RECOVERY), None)
            if row is None:
                raise NotFound("没有这个第二因素。", "There is no such second factor.")
            others = [one for one in living if one.kind != RECOVERY and one.id != factor_id]
            if not others and person.roles & self.required_of:
                raise Conflict(
                    "您的角色须有第二因素；请先添加另一个，再移除这一个。",
                    "Your role needs a second factor; add another one before you remove this one.",
                )
            gone = [row] if others else living
            for one in gone:
                work.update(factors, one.id, {"removed_at": work.at})
            work.act(acts.FACTOR_REMOVED, "person", person.id)
            work.commit()

    def new_codes(self, person: Person) -> list[str]:
        """Make new recovery codes; the old ones are void."""
        if not self.of(person):
            raise Conflict("请先添加第二因素。", "Add a second factor first.")
        printed = make_codes(self.hasher)
        with self.ledger.work(person.id) as work:
            _write_codes(work, person, printed)
            work.commit()
        return printed.codes


def _living(connection: Connection, person_id: str) -> Sequence[Any]:
    wanted = select(factors).where(
        factors.c.person_id == person_id, factors.c.removed_at.is_(None), factors.c.confirmed_at.is_not(None)
    )
    return connection.execute(wanted.order_by(factors.c.created_at, factors.c.id)).all()


def remove_all(work: Work, person_id: str) -> None:
    """Take all factors of a person away, and the link to a sign-on elsewhere: the account begins anew."""
    every = select(factors.c.id).where(factors.c.person_id == person_id, factors.c.removed_at.is_(None))
    for factor_id in work.connection.execute(every).scalars().all():
        work.update(factors, factor_id, {"removed_at": work.at})
    linked = select(sso_links.c.id).where(sso_links.c.person_id == person_id, sso_links.c.subject.is_not(None))
    for link_id in work.connection.execute(linked).scalars().all():
        work.update(sso_links, link_id, {"subject": None, "removed_at": work.at})


def _insert(work: Work, person: Person, factor_id: str, kind: str, name: str, **more: Any) -> None:
    empty = {"sealed": None, "data": None, "last_step": None, "confirmed_at": None, "removed_at": None}
    row = {"id": factor_id, "person_id": person.id, "kind": kind, "name": name, "created_at": work.at}
    work.insert(factors, {**row, **empty, **more})


def _write_codes(work: Work, person: Person, printed: Printed | None) -> None:
    if printed is None:
        return
    for row in _living(work.connection, person.id):
        if row.kind == RECOVERY:
            work.update(factors, row.id, {"removed_at": work.at})
    for kept in printed.kept:
        _insert(work, person, uuid.uuid4().hex, RECOVERY, "", data=kept, confirmed_at=work.at)
    work.act(acts.RECOVERY_CODES_MADE, "person", person.id)


def _name(name: str, otherwise: str) -> str:
    plain = " ".join("".join(sign if sign.isprintable() else " " for sign in name).split())
    return plain[:LONGEST_NAME] or otherwise
