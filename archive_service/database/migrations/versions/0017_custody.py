"""Storerooms, shelves, boxes, the places of papers, and the care of rooms."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "custody_move",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=6), nullable=False),
        sa.Column("object_id", sa.String(length=32), nullable=False),
        sa.Column("came_from", sa.String(length=100), nullable=False),
        sa.Column("went_to", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("moved_at", sa.String(length=27), nullable=False),
        sa.Column("moved_by", sa.String(length=32), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint("kind IN ('box', 'record')", name=op.f("ck_custody_move_kind")),
        sa.ForeignKeyConstraint(["moved_by"], ["person.id"], name=op.f("fk_custody_move_moved_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody_move")),
    )
    op.create_index(op.f("ix_custody_move_object_id_moved_at"), "custody_move", ["object_id", "moved_at"], unique=False)
    op.create_table(
        "storage_room",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("coldest", sa.Integer(), nullable=False),
        sa.Column("warmest", sa.Integer(), nullable=False),
        sa.Column("driest", sa.Integer(), nullable=False),
        sa.Column("dampest", sa.Integer(), nullable=False),
        sa.Column("reading_days", sa.Integer(), nullable=False),
        sa.Column("round_days", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.String(length=27), nullable=False),
        sa.Column("opened_by", sa.String(length=32), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint("coldest < warmest AND driest < dampest", name=op.f("ck_storage_room_limits")),
        sa.ForeignKeyConstraint(["opened_by"], ["person.id"], name=op.f("fk_storage_room_opened_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_storage_room")),
        sa.UniqueConstraint("code", name=op.f("uq_storage_room_code")),
    )
    op.create_table(
        "climate_reading",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("room_id", sa.String(length=32), nullable=False),
        sa.Column("read_at", sa.String(length=27), nullable=False),
        sa.Column("temperature", sa.Integer(), nullable=False),
        sa.Column("humidity", sa.Integer(), nullable=False),
        sa.Column("alarm", sa.String(length=40), nullable=False),
        sa.Column("remedy", sa.String(length=500), nullable=False),
        sa.Column("read_by", sa.String(length=32), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["read_by"], ["person.id"], name=op.f("fk_climate_reading_read_by")),
        sa.ForeignKeyConstraint(["room_id"], ["storage_room.id"], name=op.f("fk_climate_reading_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_climate_reading")),
    )
    op.create_index(op.f("ix_climate_reading_room_id_read_at"), "climate_reading", ["room_id", "read_at"], unique=False)
    op.create_table(
        "inspection_round",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("room_id", sa.String(length=32), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.String(length=27), nullable=False),
        sa.Column("made_by", sa.String(length=32), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_inspection_round_made_by")),
        sa.ForeignKeyConstraint(["room_id"], ["storage_room.id"], name=op.f("fk_inspection_round_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_round")),
    )
    op.create_index(
        op.f("ix_inspection_round_room_id_made_on"), "inspection_round", ["room_id", "made_on"], unique=False
    )
    op.create_table(
        "storage_shelf",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("room_id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("holds", sa.Integer(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["room_id"], ["storage_room.id"], name=op.f("fk_storage_shelf_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_storage_shelf")),
        sa.UniqueConstraint("room_id", "code", name=op.f("uq_storage_shelf_room_id_code")),
    )
    op.create_table(
        "storage_box",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("box_no", sa.String(length=40), nullable=False),
        sa.Column("fonds_no", sa.String(length=4), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(length=100), nullable=False),
        sa.Column("millimetres", sa.Integer(), nullable=False),
        sa.Column("shelf_id", sa.String(length=32), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_at", sa.String(length=27), nullable=False),
        sa.Column("made_by", sa.String(length=32), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_storage_box_made_by")),
        sa.ForeignKeyConstraint(["shelf_id"], ["storage_shelf.id"], name=op.f("fk_storage_box_shelf_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_storage_box")),
        sa.UniqueConstraint("box_no", name=op.f("uq_storage_box_box_no")),
        sa.UniqueConstraint(
            "fonds_no", "year", "period", "number", name=op.f("uq_storage_box_fonds_no_year_period_number")
        ),
    )
    op.create_index(op.f("ix_storage_box_shelf_id"), "storage_box", ["shelf_id"], unique=False)
    op.create_table(
        "damage_report",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("room_id", sa.String(length=32), nullable=False),
        sa.Column("box_id", sa.String(length=32), nullable=True),
        sa.Column("record_id", sa.String(length=32), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("what", sa.String(length=500), nullable=False),
        sa.Column("repair_by", sa.Date(), nullable=False),
        sa.Column("reported_at", sa.String(length=27), nullable=False),
        sa.Column("reported_by", sa.String(length=32), nullable=False),
        sa.Column("repaired_at", sa.String(length=27), nullable=True),
        sa.Column("repaired_by", sa.String(length=32), nullable=True),
        sa.Column("repair", sa.String(length=500), nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["box_id"], ["storage_box.id"], name=op.f("fk_damage_report_box_id")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_damage_report_record_id")),
        sa.ForeignKeyConstraint(["repaired_by"], ["person.id"], name=op.f("fk_damage_report_repaired_by")),
        sa.ForeignKeyConstraint(["reported_by"], ["person.id"], name=op.f("fk_damage_report_reported_by")),
        sa.ForeignKeyConstraint(["room_id"], ["storage_room.id"], name=op.f("fk_damage_report_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_damage_report")),
    )
    op.create_index(op.f("ix_damage_report_record_id"), "damage_report", ["record_id"], unique=False)
    op.create_index(op.f("ix_damage_report_room_id"), "damage_report", ["room_id"], unique=False)
    op.create_table(
        "record_place",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("record_id", sa.String(length=32), nullable=False),
        sa.Column("box_id", sa.String(length=32), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["box_id"], ["storage_box.id"], name=op.f("fk_record_place_box_id")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_record_place_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_place")),
        sa.UniqueConstraint("record_id", name=op.f("uq_record_place_record_id")),
    )
    op.create_index(op.f("ix_record_place_box_id_position"), "record_place", ["box_id", "position"], unique=False)
