"""Rows of people, their roles, clearance, sessions and grants."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from archive_service.database.tables import ID, STAMP, metadata, vouched_table
from archive_service.people.model import REDACTED

people = vouched_table(
    "person",
    Column("login", String(64), nullable=False, unique=True),
    Column("name", String(100), nullable=False),
    Column("roles", String(400), nullable=False),
    Column("clearance", String(100), nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("must_change", Boolean, nullable=False),
    Column("language", String(2), nullable=False),
    Column("disabled_at", STAMP),
    Column("created_at", STAMP, nullable=False),
    Column("email", String(200)),
)

grants = vouched_table(
    "access_grant",
    Column("request_id", ID, nullable=False, unique=True),
    Column("person_id", ID, ForeignKey("person.id"), nullable=False),
    Column("record_id", ID, nullable=False),
    Column("granted_by", ID, ForeignKey("person.id"), nullable=False),
    Column("granted_at", STAMP, nullable=False),
    Column("until", STAMP, nullable=False),
    Column("revoked_at", STAMP),
    Column("level", String(4)),
    Column("actions", String(40)),
    CheckConstraint("granted_by <> person_id", name="not_to_oneself"),
    Index(None, "person_id", "record_id"),
)


def shows_the_record() -> ColumnElement[bool]:
    """Return the condition of a grant that shows its record: every one but those for redacted copies alone."""
    return grants.c.actions.is_(None) | (grants.c.actions != REDACTED)


emergencies = vouched_table(
    "emergency_reading",
    Column("person_id", ID, ForeignKey("person.id"), nullable=False),
    Column("record_id", ID, nullable=False),
    Column("level", String(4), nullable=False),
    Column("code", String(200), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("opened_at", STAMP, nullable=False),
    Column("until", STAMP, nullable=False),
    Column("reviewed_at", STAMP),
    Column("reviewed_by", ID, ForeignKey("person.id")),
    Column("finding", String(500)),
    CheckConstraint("reviewed_by IS NULL OR reviewed_by <> person_id", name="not_by_oneself"),
    CheckConstraint("level <> 'SEAL'", name="never_sealed"),
    Index(None, "person_id", "record_id"),
)
"""Readings that nobody agreed to beforehand, and what was found when they were reviewed."""

sessions = Table(
    "session",
    metadata,
    Column("id_hash", String(64), primary_key=True),
    Column("person_id", ID, ForeignKey("person.id"), nullable=False, index=True),
    Column("created_at", STAMP, nullable=False),
    Column("seen_at", STAMP, nullable=False),
)

factors = vouched_table(
    "second_factor",
    Column("person_id", ID, ForeignKey("person.id"), nullable=False, index=True),
    Column("kind", String(10), nullable=False),
    Column("name", String(60), nullable=False),
    Column("sealed", LargeBinary),
    Column("data", Text),
    Column("last_step", Integer),
    Column("created_at", STAMP, nullable=False),
    Column("confirmed_at", STAMP),
    Column("removed_at", STAMP),
    CheckConstraint("kind IN ('totp', 'key', 'recovery')", name="kind"),
)

sso_links = vouched_table(
    "sso_link",
    Column("person_id", ID, ForeignKey("person.id"), nullable=False, index=True),
    Column("issuer", String(300), nullable=False),
    Column("subject", String(255)),
    Column("linked_at", STAMP, nullable=False),
    Column("removed_at", STAMP),
    UniqueConstraint("issuer", "subject"),
)
"""``subject`` is empty once a link was taken away."""

tokens = vouched_table(
    "api_token",
    Column("person_id", ID, ForeignKey("person.id"), nullable=False, index=True),
    Column("name", String(60), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("scopes", String(60), nullable=False),
    Column("created_at", STAMP, nullable=False),
    Column("until", STAMP, nullable=False),
    Column("revoked_at", STAMP),
)

notices = Table(
    "notice",
    metadata,
    Column("id", ID, primary_key=True),
    Column("person_id", ID, ForeignKey("person.id"), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("about", ID, nullable=False),
    Column("number", String(40), nullable=False),
    Column("at", STAMP, nullable=False),
    Column("read_at", STAMP),
    Column("mailed_at", STAMP),
    Column("tries", Integer, nullable=False),
    Index(None, "person_id", "at"),
    Index(None, "kind", "about"),
)

attempts = Table(
    "sign_in_attempt",
    metadata,
    Column("id", ID, primary_key=True),
    Column("login", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("at", STAMP, nullable=False),
    Index(None, "login", "at"),
    Index(None, "address", "at"),
)
