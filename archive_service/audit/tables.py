"""Rows of the log: its entries, the stored subtrees of its tree, its head and its kept checkpoints."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Integer, LargeBinary, String, Table, Text

from archive_service.database.tables import ID, STAMP, metadata

entries = Table(
    "audit_entry",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", STAMP, nullable=False),
    Column("person_id", ID),
    Column("act", String(64), nullable=False),
    Column("object_type", String(32), nullable=False),
    Column("object_id", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("leaf_hash", LargeBinary(32), nullable=False),
    Index(None, "object_id", "seq"),
    Index(None, "act", "seq"),
    Index(None, "person_id", "seq"),
)

nodes = Table(
    "audit_node",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary(32), nullable=False),
)

head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", Integer, nullable=False),
    Column("peaks", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    CheckConstraint("id = 1", name="single"),
)

checkpoints = Table(
    "audit_checkpoint",
    metadata,
    Column("size", Integer, primary_key=True, autoincrement=False),
    Column("at", STAMP, nullable=False),
    Column("note", Text, nullable=False),
)
