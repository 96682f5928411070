"""Rows of the catalogue. The parts of an archival code stand in columns; the rendered code is frozen."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from archive_service.database.tables import ID, STAMP, metadata, vouched_table

plan_versions = vouched_table(
    "plan_version",
    Column("kind", String(16), nullable=False),
    Column("code", String(64), nullable=False),
    Column("version", String(32), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("loaded_at", STAMP, nullable=False),
    UniqueConstraint("kind", "code", "version"),
    CheckConstraint("kind IN ('plan', 'schedule')", name="kind"),
)

plan_drafts = vouched_table(
    "plan_draft",
    Column("base", String(32), nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(12), nullable=False),
    Column("hands", Text, nullable=False),
    Column("made_at", STAMP, nullable=False),
    Column("made_by", ID, ForeignKey("person.id"), nullable=False),
    Column("decided_at", STAMP),
    Column("decided_by", ID, ForeignKey("person.id")),
    CheckConstraint("state IN ('open', 'published', 'discarded')", name="state"),
    CheckConstraint("decided_by IS NULL OR decided_by <> made_by", name="two_people"),
    CheckConstraint("state <> 'published' OR decided_by IS NOT NULL", name="published_by"),
)

fonds = vouched_table(
    "fonds",
    Column("fonds_no", String(4), nullable=False, unique=True),
    Column("name_zh", String(200), nullable=False),
    Column("name_en", String(200), nullable=False),
    Column("kind", String(16), nullable=False),
    CheckConstraint("kind IN ('state', 'enterprise')", name="kind"),
)

case_files = vouched_table(
    "case_file",
    Column("case_no", String(32), nullable=False, unique=True),
    Column("fonds_id", ID, ForeignKey("fonds.id"), nullable=False),
    Column("title", String(300), nullable=False),
    Column("enterprise", String(200), nullable=False, index=True),
    Column("year", Integer, nullable=False),
    Column("created_at", STAMP, nullable=False),
    Column("created_by", ID, ForeignKey("person.id"), nullable=False),
)

case_events = vouched_table(
    "case_event",
    Column("case_id", ID, ForeignKey("case_file.id"), nullable=False, index=True),
    Column("trigger", String(32), nullable=False),
    Column("on_date", Date, nullable=False),
    Column("recorded_at", STAMP, nullable=False),
    Column("recorded_by", ID, ForeignKey("person.id"), nullable=False),
    Column("revoked_at", STAMP),
    Column("revoked_by", ID, ForeignKey("person.id")),
    Column("revoked_reason", String(500)),
    Column("exception", String(500)),
)

sequences = vouched_table(
    "number_sequence",
    Column("scheme", String(32), nullable=False),
    Column("scope", String(200), nullable=False),
    Column("last_no", Integer, nullable=False),
    UniqueConstraint("scheme", "scope"),
)

void_numbers = vouched_table(
    "void_number",
    Column("scheme", String(32), nullable=False),
    Column("scope", String(200), nullable=False),
    Column("number", Integer, nullable=False),
    Column("code", String(200), nullable=False, unique=True),
    Column("reason", String(500), nullable=False),
    Column("voided_at", STAMP, nullable=False),
    Column("voided_by", ID, ForeignKey("person.id"), nullable=False),
)

RESERVED, USED, VOID = "reserved", "used", "void"

reserved_numbers = vouched_table(
    "reserved_number",
    Column("scheme", String(32), nullable=False),
    Column("scope", String(200), nullable=False),
    Column("number", Integer, nullable=False),
    Column("code", String(200), nullable=False, unique=True),
    Column("block", ID, nullable=False, index=True),
    Column("purpose", String(200), nullable=False),
    Column("expires_on", Date, nullable=False),
    Column("state", String(8), nullable=False),
    Column("reserved_at", STAMP, nullable=False),
    Column("reserved_by", ID, ForeignKey("person.id"), nullable=False),
    UniqueConstraint("scheme", "scope", "number"),
    CheckConstraint("state IN ('reserved', 'used', 'void')", name="state"),
    Index(None, "state", "expires_on"),
)

PROPOSED, DONE, STRUCK = "proposed", "done", "struck"

renumberings = vouched_table(
    # A record's former code stands here, so that it is still found by what was printed on its paper.
    "renumbering",
    Column("record_id", ID, ForeignKey("record.id"), nullable=False, index=True),
    Column("old_code", String(200), nullable=False, index=True),
    Column("year", Integer),
    Column("given_code", String(200)),
    Column("new_code", String(200)),
    Column("reason", String(500), nullable=False),
    Column("state", String(8), nullable=False),
    Column("proposed_at", STAMP, nullable=False),
    Column("proposed_by", ID, ForeignKey("person.id"), nullable=False),
    Column("decided_at", STAMP),
    Column("decided_by", ID, ForeignKey("person.id")),
    CheckConstraint("state IN ('proposed', 'done', 'struck')", name="state"),
    CheckConstraint("(state = 'done') = (new_code IS NOT NULL)", name="done_has_code"),
    CheckConstraint("state <> 'done' OR decided_by IS NOT NULL", name="decided"),
    CheckConstraint("state <> 'done' OR decided_by <> proposed_by", name="two_people"),
)

numbering_schemes = vouched_table(
    # Versions made by people at the pages; what a plan says of a scheme is the first version of it.
    "numbering_scheme",
    Column("name", String(32), nullable=False),
    Column("version", Integer, nullable=False),
    Column("name_zh", String(200), nullable=False),
    Column("name_en", String(200), nullable=False),
    Column("pattern", String(200), nullable=False),
    Column("restart", String(100), nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("made_at", STAMP, nullable=False),
    Column("made_by", ID, ForeignKey("person.id"), nullable=False),
    UniqueConstraint("name", "version"),
)

case_file_numbers = vouched_table(
    "case_file_number",
    Column("scheme", String(32), nullable=False),
    Column("scope", String(200), nullable=False),
    Column("number", Integer, nullable=False),
    Column("case_id", ID, ForeignKey("case_file.id"), nullable=False),
    Column("allotted_at", STAMP, nullable=False),
    UniqueConstraint("scheme", "scope", "number"),
    UniqueConstraint("scheme", "scope", "case_id"),
)

ARCHIVED = "archived"
DESTROYING = "destroying"
DESTROYED = "destroyed"

records = vouched_table(
    "record",
    Column("code", String(200), nullable=False, unique=True),
    Column("description_level", String(8), nullable=False),
    Column("fonds_id", ID, ForeignKey("fonds.id"), nullable=False),
    Column("case_id", ID, ForeignKey("case_file.id")),
    Column("class_code", String(16), nullable=False),
    Column("type_code", String(16), nullable=False),
    Column("plan_version", String(32), nullable=False),
    Column("scheme", String(32), nullable=False),
    Column("scope", String(200), nullable=False),
    Column("number", Integer, nullable=False),
    Column("category", String(64), nullable=False),
    Column("year", Integer, nullable=False),
    Column("retention_code", String(8), nullable=False),
    Column("problem_code", String(16), nullable=False),
    Column("level", String(8), nullable=False),
    Column("title", String(500)),
    Column("author", String(200)),
    Column("document_no", String(100)),
    Column("note", Text),
    Column("sealed_description", LargeBinary),
    Column("document_date", Date, nullable=False),
    Column("facts", Text, nullable=False),
    Column("rule_code", String(16), nullable=False),
    Column("schedule_version", String(32), nullable=False),
    Column("extension_years", Integer, nullable=False),
    Column("period_override", String(8)),
    Column("period", String(8), nullable=False),
    Column("trigger_date", Date),
    Column("due_on", Date),
    Column("retention_zh", String(500), nullable=False),
    Column("retention_en", String(500), nullable=False),
    Column("status", String(16), nullable=False),
    Column("filed_at", STAMP, nullable=False),
    Column("filed_by", ID, ForeignKey("person.id"), nullable=False),
    Column("request_key", String(64), unique=True),
    Column("destroyed_at", STAMP),
    UniqueConstraint("scheme", "scope", "number"),
    CheckConstraint("status IN ('archived', 'destroying', 'destroyed')", name="status"),
    CheckConstraint("level IN ('PUB', 'INT', 'TS', 'PI', 'SEAL')", name="level"),
    CheckConstraint(
        "level IN ('PUB', 'INT') OR (title IS NULL AND author IS NULL AND document_no IS NULL AND note IS NULL)",
        name="confidential_is_sealed",
    ),
    Index(None, "status", "due_on"),
    Index(None, "filed_at"),
    # What a list is narrowed to, in the order in which lists stand: a page is read from where it begins.
    Index(None, "fonds_id", "code"),
    Index(None, "class_code", "code"),
    Index(None, "type_code", "code"),
    Index(None, "case_id", "code"),
    Index(None, "year", "code"),
    Index(None, "level", "code"),
    # What is counted and jumped through without reading the records themselves.
    Index(None, "class_code", "level", "status"),
    Index(None, "type_code", "level", "status"),
    Index(None, "level", "year", "status"),
    # What says the same of itself.
    Index(None, "document_date", "level"),
    Index(None, "document_no"),
)

record_parents = vouched_table(
    # A table of its own: a new column of ``record`` would change the digest of every row that the log vouches for.
    "record_parent",
    Column("record_id", ID, ForeignKey("record.id"), nullable=False, unique=True),
    Column("parent_id", ID, ForeignKey("record.id"), nullable=False, index=True),
    Column("linked_at", STAMP, nullable=False),
    Column("linked_by", ID, ForeignKey("person.id"), nullable=False),
    CheckConstraint("record_id <> parent_id", name="not_itself"),
)

components = vouched_table(
    "component",
    Column("record_id", ID, ForeignKey("record.id"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("role", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("file_name", String(500)),
    Column("media_type", String(200), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), index=True),
    Column("sealed_size", BigInteger, nullable=False),
    Column("sealed_sha256", String(64), nullable=False),
    Column("created_at", STAMP, nullable=False),
    Column("puid", String(16), index=True),
    Column("format_name", String(200)),
    UniqueConstraint("record_id", "role", "position"),
    CheckConstraint("role IN ('original', 'attachment', 'text', 'preview')", name="role"),
)

corrections = vouched_table(
    "correction",
    Column("record_id", ID, ForeignKey("record.id"), nullable=False, index=True),
    Column("component_id", ID, ForeignKey("component.id"), nullable=False, unique=True),
    Column("corrected_id", ID, ForeignKey("component.id"), nullable=False, unique=True),
    Column("reason", String(500)),
    Column("sealed_reason", LargeBinary),
    Column("corrected_at", STAMP, nullable=False),
    Column("corrected_by", ID, ForeignKey("person.id"), nullable=False),
    CheckConstraint("component_id <> corrected_id", name="not_itself"),
    CheckConstraint("reason IS NULL OR sealed_reason IS NULL", name="one_reason"),
)

declarations = vouched_table(
    "record_declaration",
    Column("record_id", ID, ForeignKey("record.id"), nullable=False, unique=True),
    Column("declared_at", STAMP, nullable=False),
    Column("declared_by", ID, ForeignKey("person.id"), nullable=False),
)

description_changes = vouched_table(
    "description_change",
    Column("record_id", ID, ForeignKey("record.id"), nullable=False, index=True),
    Column("said", Text),
    Column("sealed_said", LargeBinary),
    Column("changed_at", STAMP, nullable=False),
    Column("changed_by", ID, ForeignKey("person.id"), nullable=False),
    CheckConstraint("(said IS NULL) <> (sealed_said IS NULL)", name="said_once"),
)
"""The words that stood before, by field, with the reason, as JSON; those of a confidential record are sealed with it."""

saved_views = vouched_table(
    "saved_view",
    Column("person_id", ID, ForeignKey("person.id"), nullable=False),
    Column("name", String(60), nullable=False),
    Column("query", String(500), nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("saved_at", STAMP, nullable=False),
    Column("removed_at", STAMP),
    Index(None, "person_id"),
)
"""What a list was narrowed to, under a name; it holds no record, and shows each what that person may see."""

outbox = Table(
    "outbox",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("topic", String(16), nullable=False),
    Column("record_id", ID, nullable=False),
    Column("created_at", STAMP, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("not_before", STAMP, nullable=False),
    Column("trouble", String(500)),
    Index(None, "topic", "not_before"),
)

class_changes = vouched_table(
    # What a record was before stands here; its code keeps what it was numbered as.
    "class_change",
    Column("record_id", ID, ForeignKey("record.id"), nullable=False, index=True),
    Column("old_type", String(16), nullable=False),
    Column("new_type", String(16), nullable=False),
    Column("old_rule", String(16), nullable=False),
    Column("new_rule", String(16), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("changed_at", STAMP, nullable=False),
    Column("changed_by", ID, ForeignKey("person.id"), nullable=False),
)

copies = Table(
    "stored_copy",
    metadata,
    Column("place", String(32), primary_key=True),
    Column("name", String(120), primary_key=True),
    Column("record_id", ID, nullable=False, index=True),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("state", String(12), nullable=False),
    Column("checked_at", String(27), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("not_before", STAMP, nullable=False),
    Column("trouble", String(500)),
    Column("locked_until", Date),
    Column("locked_held", Boolean, nullable=False, server_default=false()),
    Column("format", Integer),
    CheckConstraint("state IN ('wanted', 'written', 'good', 'missing', 'damaged')", name="state"),
    Index(None, "place", "checked_at"),
    Index(None, "state", "not_before"),
    Index(None, "place", "format"),
)
"""What must lie where, and how it was found when it was last looked at: a working table, made again from capsules.

``checked_at`` is empty until a copy has been read back, so that what was never read stands first in the order of time. ``locked_until`` and ``locked_held`` are what a store that keeps locks has confirmed.
``format`` is that of a capsule's content, so that those of an earlier version can be written again.
"""

copy_history = Table(
    "copy_history",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("record_id", ID, nullable=False, index=True),
    Column("place", String(32), nullable=False),
    Column("name", String(120), nullable=False),
    Column("what", String(12), nullable=False),
    Column("detail", String(40), nullable=False),
    Column("at", STAMP, nullable=False),
    Column("last_at", STAMP, nullable=False),
    Column("times", Integer, nullable=False),
    CheckConstraint("what IN ('copied', 'checked', 'locked', 'held', 'lifted')", name="what"),
    Index(None, "place", "name"),
)
"""What was done with each copy and is too frequent for the log. Damage, repair and destruction stand in the log itself.

Good readings that follow each other are one row: the first, the last, and how many.
"""

scan_states = Table(
    "scan_state",
    metadata,
    Column("record_id", ID, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("pages", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("files", String(64), nullable=False),
    Column("reason_zh", String(500), nullable=False),
    Column("reason_en", String(500), nullable=False),
    Column("at", STAMP, nullable=False),
)
"""How far the words in a record's pictures are recognised; ``files`` tells of which files, empty until they are read."""

index_states = Table(
    "index_state",
    metadata,
    Column("record_id", ID, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("reason_zh", String(500), nullable=False),
    Column("reason_en", String(500), nullable=False),
    Column("analysis", String(32), nullable=False),
    Column("at", STAMP, nullable=False),
)
