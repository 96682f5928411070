"""Rows of custody: rooms, shelves, boxes, what lies in them, every move, and the care of rooms and papers."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Index, Integer, String, Text, UniqueConstraint

from archive_service.database.tables import ID, STAMP, vouched_table

rooms = vouched_table(
    "storage_room",
    Column("code", String(16), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("coldest", Integer, nullable=False),
    Column("warmest", Integer, nullable=False),
    Column("driest", Integer, nullable=False),
    Column("dampest", Integer, nullable=False),
    Column("reading_days", Integer, nullable=False),
    Column("round_days", Integer, nullable=False),
    Column("opened_at", STAMP, nullable=False),
    Column("opened_by", ID, ForeignKey("person.id"), nullable=False),
    CheckConstraint("coldest < warmest AND driest < dampest", name="limits"),
)
"""Limits in tenths of a degree Celsius and tenths of a per cent of relative humidity."""

shelves = vouched_table(
    "storage_shelf",
    Column("room_id", ID, ForeignKey("storage_room.id"), nullable=False),
    Column("code", String(16), nullable=False),
    Column("holds", Integer, nullable=False),
    UniqueConstraint("room_id", "code"),
)
"""``holds``: how many boxes find room on it."""

boxes = vouched_table(
    "storage_box",
    Column("box_no", String(40), nullable=False, unique=True),
    Column("fonds_no", String(4), nullable=False),
    Column("year", Integer, nullable=False),
    Column("period", String(8), nullable=False),
    Column("number", Integer, nullable=False),
    Column("problem", String(100), nullable=False),
    Column("millimetres", Integer, nullable=False),
    Column("shelf_id", ID, ForeignKey("storage_shelf.id"), nullable=False, index=True),
    Column("note", Text, nullable=False),
    Column("made_at", STAMP, nullable=False),
    Column("made_by", ID, ForeignKey("person.id"), nullable=False),
    UniqueConstraint("fonds_no", "year", "period", "number"),
)

record_places = vouched_table(
    "record_place",
    Column("record_id", ID, ForeignKey("record.id"), nullable=False, unique=True),
    Column("box_id", ID, ForeignKey("storage_box.id")),
    Column("position", Integer, nullable=False),
    Column("pages", Integer),
    Index(None, "box_id", "position"),
)
"""Where the paper of a record lies; ``box_id`` is empty once it was taken out for good."""

moves = vouched_table(
    "custody_move",
    Column("kind", String(6), nullable=False),
    Column("object_id", ID, nullable=False),
    Column("came_from", String(100), nullable=False),
    Column("went_to", String(100), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("moved_at", STAMP, nullable=False),
    Column("moved_by", ID, ForeignKey("person.id"), nullable=False),
    CheckConstraint("kind IN ('box', 'record')", name="kind"),
    Index(None, "object_id", "moved_at"),
)

readings = vouched_table(
    "climate_reading",
    Column("room_id", ID, ForeignKey("storage_room.id"), nullable=False),
    Column("read_at", STAMP, nullable=False),
    Column("temperature", Integer, nullable=False),
    Column("humidity", Integer, nullable=False),
    Column("alarm", String(40), nullable=False),
    Column("remedy", String(500), nullable=False),
    Column("read_by", ID, ForeignKey("person.id"), nullable=False),
    Index(None, "room_id", "read_at"),
)
"""``alarm`` names what was beyond the limits of that moment: warm cold damp dry, empty for nothing."""

rounds = vouched_table(
    "inspection_round",
    Column("room_id", ID, ForeignKey("storage_room.id"), nullable=False),
    Column("made_on", Date, nullable=False),
    Column("answers", Text, nullable=False),
    Column("faults", Integer, nullable=False),
    Column("recorded_at", STAMP, nullable=False),
    Column("made_by", ID, ForeignKey("person.id"), nullable=False),
    Index(None, "room_id", "made_on"),
)

damages = vouched_table(
    "damage_report",
    Column("room_id", ID, ForeignKey("storage_room.id"), nullable=False, index=True),
    Column("box_id", ID, ForeignKey("storage_box.id")),
    Column("record_id", ID, ForeignKey("record.id"), index=True),
    Column("kind", String(16), nullable=False),
    Column("what", String(500), nullable=False),
    Column("repair_by", Date, nullable=False),
    Column("reported_at", STAMP, nullable=False),
    Column("reported_by", ID, ForeignKey("person.id"), nullable=False),
    Column("repaired_at", STAMP),
    Column("repaired_by", ID, ForeignKey("person.id")),
    Column("repair", String(500)),
)

loans = vouched_table(
    "loan",
    Column("loan_no", String(16), nullable=False, unique=True),
    Column("year", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("kind", String(6), nullable=False),
    Column("object_id", ID, nullable=False),
    Column("label", String(200), nullable=False),
    Column("borrower_id", ID, ForeignKey("person.id"), nullable=False),
    Column("unit", String(200), nullable=False),
    Column("purpose", String(500), nullable=False),
    Column("lent_at", STAMP, nullable=False),
    Column("lent_by", ID, ForeignKey("person.id"), nullable=False),
    Column("due_on", Date, nullable=False),
    Column("renewals", Integer, nullable=False),
    Column("returned_at", STAMP),
    Column("returned_by", ID, ForeignKey("person.id")),
    Column("condition", String(500)),
    CheckConstraint("kind IN ('box', 'record')", name="kind"),
    CheckConstraint("lent_by <> borrower_id", name="not_to_oneself"),
    UniqueConstraint("year", "number"),
    Index(None, "object_id", "returned_at"),
)
