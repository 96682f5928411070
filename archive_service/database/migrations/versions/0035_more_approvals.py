"""How many people must approve a list, fixed when it is submitted; never fewer than two, and none missing when it counts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"

GIVEN = (
    "(SELECT count(DISTINCT a.approver_id) FROM approval a WHERE a.list_id = NEW.id AND a.round = NEW.round"
    " AND a.digest = NEW.digest AND a.approver_id <> NEW.proposer_id)"
)
TOO_FEW = (
    "(NEW.state <> OLD.state AND (NEW.state IN ('approved', 'ordered') OR (OLD.state = 'submitted' AND NEW.state ="
    f" 'closed')) AND {GIVEN} < COALESCE(NEW.approvals_needed, 2))"
    " OR (NEW.approvals_needed IS DISTINCT FROM OLD.approvals_needed AND (NEW.approvals_needed IS NULL"
    " OR NEW.approvals_needed < 2 OR OLD.state <> 'drawn_up' OR NEW.state <> 'submitted'))"
)


def upgrade() -> None:
    op.add_column("disposal_list", sa.Column("approvals_needed", sa.Integer(), nullable=True))
    name, refusal = "guard_disposal_list_too_few", "this row of disposal_list may not be changed or deleted so"
    if op.get_bind().dialect.name == "postgresql":
        body = f"BEGIN IF {TOO_FEW} THEN RAISE EXCEPTION '{refusal}'; END IF; RETURN NEW; END"
        op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
        op.execute(f"CREATE TRIGGER {name} BEFORE UPDATE ON disposal_list FOR EACH ROW EXECUTE FUNCTION {name}()")
    else:
        op.execute(
            f"CREATE TRIGGER {name} BEFORE UPDATE ON disposal_list FOR EACH ROW WHEN {TOO_FEW} "
            f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
        )
