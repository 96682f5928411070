"""Lists and counts of the catalogue are read in the order of an index, however many records there are."""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"

INDEXES = (
    ("fonds_id", "code"),
    ("class_code", "code"),
    ("type_code", "code"),
    ("case_id", "code"),
    ("year", "code"),
    ("level", "code"),
    ("class_code", "level", "status"),
    ("type_code", "level", "status"),
    ("level", "year", "status"),
    ("document_date", "level"),
    ("document_no",),
)


def upgrade() -> None:
    op.drop_index(op.f("ix_record_case_id"), "record")
    op.drop_index(op.f("ix_record_type_code_year"), "record")
    for columns in INDEXES:
        op.create_index(op.f(f"ix_record_{'_'.join(columns)}"), "record", list(columns), unique=False)
    op.create_index(op.f("ix_case_file_enterprise"), "case_file", ["enterprise"], unique=False)
