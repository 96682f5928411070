"""Files are found by what they hold."""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_index(op.f("ix_component_sha256"), "component", ["sha256"], unique=False)
