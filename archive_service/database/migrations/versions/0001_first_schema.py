"""The first schema, with the guards that stand in the database itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# Rows of the log and of decisions are written once. A record's row is never deleted, and it is called destroyed
# only after a destruction has begun; whoever tries otherwise, by whatever way, is stopped by the database.
NEVER_DELETED = (
    "audit_entry",
    "record",
    "component",
    "candidate",
    "disposal_list",
    "disposal_item",
    "approval",
    "certificate",
    "hold",
    "hold_record",
    "void_number",
)
NEVER_CHANGED = ("audit_entry", "approval", "certificate", "void_number")
ORDER_OF_DESTRUCTION = (
    "(NEW.status = 'destroyed' AND OLD.status = 'archived') OR (OLD.status = 'destroyed' AND NEW.status <> 'destroyed')"
)


def upgrade() -> None:
    op.create_table(
        "audit_checkpoint",
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_audit_checkpoint")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=True),
        sa.Column("act", sa.String(length=64), nullable=False),
        sa.Column("object_type", sa.String(length=32), nullable=False),
        sa.Column("object_id", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_entry")),
    )
    op.create_index(op.f("ix_audit_entry_act_seq"), "audit_entry", ["act", "seq"], unique=False)
    op.create_index(
        op.f("ix_audit_entry_object_type_object_id_seq"),
        "audit_entry",
        ["object_type", "object_id", "seq"],
        unique=False,
    )
    op.create_index(op.f("ix_audit_entry_person_id_seq"), "audit_entry", ["person_id", "seq"], unique=False)
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("peaks", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "audit_node",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("level", "position", name=op.f("pk_audit_node")),
    )
    op.create_table(
        "fonds",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("fonds_no", sa.String(length=4), nullable=False),
        sa.Column("name_zh", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint("kind IN ('state', 'enterprise')", name=op.f("ck_fonds_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fonds")),
        sa.UniqueConstraint("fonds_no", name=op.f("uq_fonds_fonds_no")),
        info={"vouched": True},
    )
    op.create_table(
        "index_state",
        sa.Column("record_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason_zh", sa.String(length=500), nullable=False),
        sa.Column("reason_en", sa.String(length=500), nullable=False),
        sa.Column("analysis", sa.String(length=32), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_index_state")),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("until", sa.String(length=27), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "number_sequence",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("scheme", sa.String(length=32), nullable=False),
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column("last_no", sa.Integer(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_sequence")),
        sa.UniqueConstraint("scheme", "scope", name=op.f("uq_number_sequence_scheme_scope")),
        info={"vouched": True},
    )
    op.create_table(
        "outbox",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("topic", sa.String(length=16), nullable=False),
        sa.Column("record_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.String(length=27), nullable=False),
        sa.Column("trouble", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_outbox")),
    )
    op.create_index(op.f("ix_outbox_topic_not_before"), "outbox", ["topic", "not_before"], unique=False)
    op.create_table(
        "person",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("roles", sa.String(length=400), nullable=False),
        sa.Column("clearance", sa.String(length=100), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("disabled_at", sa.String(length=27), nullable=True),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("login", name=op.f("uq_person_login")),
        info={"vouched": True},
    )
    op.create_table(
        "plan_version",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("loaded_at", sa.String(length=27), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint("kind IN ('plan', 'schedule')", name=op.f("ck_plan_version_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_version")),
        sa.UniqueConstraint("kind", "code", "version", name=op.f("uq_plan_version_kind_code_version")),
        info={"vouched": True},
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempt")),
    )
    op.create_index(op.f("ix_sign_in_attempt_address_at"), "sign_in_attempt", ["address", "at"], unique=False)
    op.create_index(op.f("ix_sign_in_attempt_login_at"), "sign_in_attempt", ["login", "at"], unique=False)
    op.create_table(
        "access_grant",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("request_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("record_id", sa.String(length=32), nullable=False),
        sa.Column("granted_by", sa.String(length=32), nullable=False),
        sa.Column("granted_at", sa.String(length=27), nullable=False),
        sa.Column("until", sa.String(length=27), nullable=False),
        sa.Column("revoked_at", sa.String(length=27), nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint("granted_by <> person_id", name=op.f("ck_access_grant_not_to_oneself")),
        sa.ForeignKeyConstraint(["granted_by"], ["person.id"], name=op.f("fk_access_grant_granted_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_access_grant_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_grant")),
        sa.UniqueConstraint("request_id", name=op.f("uq_access_grant_request_id")),
        info={"vouched": True},
    )
    op.create_index(
        op.f("ix_access_grant_person_id_record_id"), "access_grant", ["person_id", "record_id"], unique=False
    )
    op.create_table(
        "access_request",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("purpose", sa.String(length=500), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("asked_at", sa.String(length=27), nullable=False),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.Column("decided_at", sa.String(length=27), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint("state IN ('asked', 'granted', 'refused', 'revoked')", name=op.f("ck_access_request_state")),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> person_id", name=op.f("ck_access_request_not_by_oneself")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_access_request_decided_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_access_request_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_request")),
        info={"vouched": True},
    )
    op.create_index(op.f("ix_access_request_state_asked_at"), "access_request", ["state", "asked_at"], unique=False)
    op.create_table(
        "case_file",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_no", sa.String(length=32), nullable=False),
        sa.Column("fonds_id", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("enterprise", sa.String(length=200), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("created_by", sa.String(length=32), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_case_file_created_by")),
        sa.ForeignKeyConstraint(["fonds_id"], ["fonds.id"], name=op.f("fk_case_file_fonds_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_file")),
        sa.UniqueConstraint("case_no", name=op.f("uq_case_file_case_no")),
        info={"vouched": True},
    )
    op.create_table(
        "check_run",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("would_queue", sa.Integer(), nullable=False),
        sa.Column("queued", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("holdings", sa.Integer(), nullable=False),
        sa.Column("confirmed_by", sa.String(length=32), nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint("state IN ('done', 'stopped')", name=op.f("ck_check_run_state")),
        sa.ForeignKeyConstraint(["confirmed_by"], ["person.id"], name=op.f("fk_check_run_confirmed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_run")),
        info={"vouched": True},
    )
    op.create_index(op.f("ix_check_run_at"), "check_run", ["at"], unique=False)
    op.create_table(
        "disposal_list",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("list_no", sa.String(length=16), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("fonds_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("proposer_id", sa.String(length=32), nullable=False),
        sa.Column("drawn_up_at", sa.String(length=27), nullable=False),
        sa.Column("submitted_at", sa.String(length=27), nullable=True),
        sa.Column("submitted_by", sa.String(length=32), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("cooling_until", sa.String(length=27), nullable=True),
        sa.Column("ordered_at", sa.String(length=27), nullable=True),
        sa.Column("ordered_by", sa.String(length=32), nullable=True),
        sa.Column("closed_at", sa.String(length=27), nullable=True),
        sa.Column("reason_zh", sa.Text(), nullable=True),
        sa.Column("reason_en", sa.Text(), nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint(
            "state <> 'ordered' OR (ordered_by IS NOT NULL AND cooling_until IS NOT NULL AND cooling_until <= ordered_at)",
            name=op.f("ck_disposal_list_cooled_off"),
        ),
        sa.CheckConstraint(
            "state IN ('drawn_up', 'submitted', 'approved', 'ordered', 'closed', 'withdrawn')",
            name=op.f("ck_disposal_list_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('submitted', 'approved', 'ordered', 'closed') OR digest IS NOT NULL",
            name=op.f("ck_disposal_list_frozen"),
        ),
        sa.CheckConstraint(
            "ordered_by IS NULL OR ordered_by <> proposer_id", name=op.f("ck_disposal_list_ordered_by_another")
        ),
        sa.ForeignKeyConstraint(["fonds_id"], ["fonds.id"], name=op.f("fk_disposal_list_fonds_id")),
        sa.ForeignKeyConstraint(["ordered_by"], ["person.id"], name=op.f("fk_disposal_list_ordered_by")),
        sa.ForeignKeyConstraint(["proposer_id"], ["person.id"], name=op.f("fk_disposal_list_proposer_id")),
        sa.ForeignKeyConstraint(["submitted_by"], ["person.id"], name=op.f("fk_disposal_list_submitted_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposal_list")),
        sa.UniqueConstraint("id", "proposer_id", name=op.f("uq_disposal_list_id_proposer_id")),
        sa.UniqueConstraint("list_no", name=op.f("uq_disposal_list_list_no")),
        sa.UniqueConstraint("year", "number", name=op.f("uq_disposal_list_year_number")),
        info={"vouched": True},
    )
    op.create_index(op.f("ix_disposal_list_state"), "disposal_list", ["state"], unique=False)
    op.create_table(
        "hold",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("hold_no", sa.String(length=16), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("mandate", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("placed_at", sa.String(length=27), nullable=False),
        sa.Column("placed_by", sa.String(length=32), nullable=False),
        sa.Column("released_at", sa.String(length=27), nullable=True),
        sa.Column("released_by", sa.String(length=32), nullable=True),
        sa.Column("released_reason", sa.String(length=500), nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint("(released_at IS NULL) = (released_by IS NULL)", name=op.f("ck_hold_released_by_somebody")),
        sa.CheckConstraint("released_by IS NULL OR released_by <> placed_by", name=op.f("ck_hold_released_by_another")),
        sa.ForeignKeyConstraint(["placed_by"], ["person.id"], name=op.f("fk_hold_placed_by")),
        sa.ForeignKeyConstraint(["released_by"], ["person.id"], name=op.f("fk_hold_released_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
        sa.UniqueConstraint("hold_no", name=op.f("uq_hold_hold_no")),
        sa.UniqueConstraint("year", "number", name=op.f("uq_hold_year_number")),
        info={"vouched": True},
    )
    op.create_table(
        "session",
        sa.Column("id_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("seen_at", sa.String(length=27), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_session_person_id")),
        sa.PrimaryKeyConstraint("id_hash", name=op.f("pk_session")),
    )
    op.create_index(op.f("ix_session_person_id"), "session", ["person_id"], unique=False)
    op.create_table(
        "void_number",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("scheme", sa.String(length=32), nullable=False),
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("voided_at", sa.String(length=27), nullable=False),
        sa.Column("voided_by", sa.String(length=32), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["voided_by"], ["person.id"], name=op.f("fk_void_number_voided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_void_number")),
        sa.UniqueConstraint("code", name=op.f("uq_void_number_code")),
        info={"vouched": True},
    )
    op.create_table(
        "approval",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("list_id", sa.String(length=32), nullable=False),
        sa.Column("proposer_id", sa.String(length=32), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("approver_id", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("approved_at", sa.String(length=27), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint("approver_id <> proposer_id", name=op.f("ck_approval_approved_by_another")),
        sa.ForeignKeyConstraint(["approver_id"], ["person.id"], name=op.f("fk_approval_approver_id")),
        sa.ForeignKeyConstraint(
            ["list_id", "proposer_id"],
            ["disposal_list.id", "disposal_list.proposer_id"],
            name=op.f("fk_approval_list_id_proposer_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
        sa.UniqueConstraint("list_id", "round", "approver_id", name=op.f("uq_approval_list_id_round_approver_id")),
        info={"vouched": True},
    )
    op.create_table(
        "case_event",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("trigger", sa.String(length=32), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.String(length=27), nullable=False),
        sa.Column("recorded_by", sa.String(length=32), nullable=False),
        sa.Column("revoked_at", sa.String(length=27), nullable=True),
        sa.Column("revoked_by", sa.String(length=32), nullable=True),
        sa.Column("revoked_reason", sa.String(length=500), nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_case_event_case_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["person.id"], name=op.f("fk_case_event_recorded_by")),
        sa.ForeignKeyConstraint(["revoked_by"], ["person.id"], name=op.f("fk_case_event_revoked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_event")),
        info={"vouched": True},
    )
    op.create_index(op.f("ix_case_event_case_id"), "case_event", ["case_id"], unique=False)
    op.create_table(
        "certificate",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("list_id", sa.String(length=32), nullable=False),
        sa.Column("issued_at", sa.String(length=27), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["disposal_list.id"], name=op.f("fk_certificate_list_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
        sa.UniqueConstraint("list_id", name=op.f("uq_certificate_list_id")),
        info={"vouched": True},
    )
    op.create_table(
        "record",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("description_level", sa.String(length=8), nullable=False),
        sa.Column("fonds_id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=True),
        sa.Column("class_code", sa.String(length=16), nullable=False),
        sa.Column("type_code", sa.String(length=16), nullable=False),
        sa.Column("plan_version", sa.String(length=32), nullable=False),
        sa.Column("scheme", sa.String(length=32), nullable=False),
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("retention_code", sa.String(length=8), nullable=False),
        sa.Column("problem_code", sa.String(length=16), nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("title", sa.String(length=500), nullable=True),
        sa.Column("author", sa.String(length=200), nullable=True),
        sa.Column("document_no", sa.String(length=100), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("sealed_description", sa.LargeBinary(), nullable=True),
        sa.Column("document_date", sa.Date(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("rule_code", sa.String(length=16), nullable=False),
        sa.Column("schedule_version", sa.String(length=32), nullable=False),
        sa.Column("extension_years", sa.Integer(), nullable=False),
        sa.Column("period_override", sa.String(length=8), nullable=True),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("trigger_date", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("retention_zh", sa.String(length=500), nullable=False),
        sa.Column("retention_en", sa.String(length=500), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("filed_at", sa.String(length=27), nullable=False),
        sa.Column("filed_by", sa.String(length=32), nullable=False),
        sa.Column("request_key", sa.String(length=64), nullable=True),
        sa.Column("destroyed_at", sa.String(length=27), nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint(
            "level IN ('PUB', 'INT') OR (title IS NULL AND author IS NULL AND document_no IS NULL AND note IS NULL)",
            name=op.f("ck_record_confidential_is_sealed"),
        ),
        sa.CheckConstraint("level IN ('PUB', 'INT', 'TS', 'PI', 'SEAL')", name=op.f("ck_record_level")),
        sa.CheckConstraint("status IN ('archived', 'destroying', 'destroyed')", name=op.f("ck_record_status")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_record_case_id")),
        sa.ForeignKeyConstraint(["filed_by"], ["person.id"], name=op.f("fk_record_filed_by")),
        sa.ForeignKeyConstraint(["fonds_id"], ["fonds.id"], name=op.f("fk_record_fonds_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record")),
        sa.UniqueConstraint("code", name=op.f("uq_record_code")),
        sa.UniqueConstraint("request_key", name=op.f("uq_record_request_key")),
        sa.UniqueConstraint("scheme", "scope", "number", name=op.f("uq_record_scheme_scope_number")),
        info={"vouched": True},
    )
    op.create_index(op.f("ix_record_case_id"), "record", ["case_id"], unique=False)
    op.create_index(op.f("ix_record_filed_at"), "record", ["filed_at"], unique=False)
    op.create_index(op.f("ix_record_status_due_on"), "record", ["status", "due_on"], unique=False)
    op.create_index(op.f("ix_record_type_code_year"), "record", ["type_code", "year"], unique=False)
    op.create_table(
        "candidate",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("record_id", sa.String(length=32), nullable=False),
        sa.Column("rule_code", sa.String(length=16), nullable=False),
        sa.Column("schedule_version", sa.String(length=32), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("inputs", sa.Text(), nullable=False),
        sa.Column("sentence_zh", sa.String(length=500), nullable=False),
        sa.Column("sentence_en", sa.String(length=500), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("queued_at", sa.String(length=27), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint("period <> 'Y'", name=op.f("ck_candidate_never_permanent")),
        sa.CheckConstraint("state IN ('queued', 'listed', 'withdrawn', 'closed')", name=op.f("ck_candidate_state")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_candidate_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_candidate")),
        sa.UniqueConstraint(
            "record_id", "schedule_version", "due_on", name=op.f("uq_candidate_record_id_schedule_version_due_on")
        ),
        info={"vouched": True},
    )
    op.create_index(op.f("ix_candidate_state_due_on"), "candidate", ["state", "due_on"], unique=False)
    op.create_table(
        "component",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("record_id", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(length=500), nullable=True),
        sa.Column("media_type", sa.String(length=200), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("sealed_size", sa.BigInteger(), nullable=False),
        sa.Column("sealed_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint("role IN ('original', 'attachment', 'text', 'preview')", name=op.f("ck_component_role")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_component_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_component")),
        sa.UniqueConstraint("record_id", "role", "position", name=op.f("uq_component_record_id_role_position")),
        info={"vouched": True},
    )
    op.create_index(op.f("ix_component_record_id"), "component", ["record_id"], unique=False)
    op.create_table(
        "hold_record",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("hold_id", sa.String(length=32), nullable=False),
        sa.Column("record_id", sa.String(length=32), nullable=True),
        sa.Column("case_id", sa.String(length=32), nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint("(record_id IS NULL) <> (case_id IS NULL)", name=op.f("ck_hold_record_record_or_case")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_hold_record_case_id")),
        sa.ForeignKeyConstraint(["hold_id"], ["hold.id"], name=op.f("fk_hold_record_hold_id")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_hold_record_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold_record")),
        sa.UniqueConstraint("hold_id", "case_id", name=op.f("uq_hold_record_hold_id_case_id")),
        sa.UniqueConstraint("hold_id", "record_id", name=op.f("uq_hold_record_hold_id_record_id")),
        info={"vouched": True},
    )
    op.create_index(op.f("ix_hold_record_case_id"), "hold_record", ["case_id"], unique=False)
    op.create_index(op.f("ix_hold_record_record_id"), "hold_record", ["record_id"], unique=False)
    op.create_table(
        "disposal_item",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("list_id", sa.String(length=32), nullable=False),
        sa.Column("proposer_id", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.String(length=32), nullable=False),
        sa.Column("candidate_id", sa.String(length=32), nullable=False),
        sa.Column("opinion", sa.String(length=16), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("extension_years", sa.Integer(), nullable=False),
        sa.Column("appraiser_id", sa.String(length=32), nullable=True),
        sa.Column("appraised_at", sa.String(length=27), nullable=True),
        sa.Column("step", sa.String(length=24), nullable=False),
        sa.Column("finding_zh", sa.Text(), nullable=True),
        sa.Column("finding_en", sa.Text(), nullable=True),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.CheckConstraint(
            "(opinion = 'EXTEND' AND extension_years > 0) OR extension_years = 0",
            name=op.f("ck_disposal_item_extension"),
        ),
        sa.CheckConstraint(
            "opinion IS NULL OR (appraiser_id IS NOT NULL AND reason IS NOT NULL AND reason <> '')",
            name=op.f("ck_disposal_item_opinion_has_reason"),
        ),
        sa.CheckConstraint(
            "opinion IS NULL OR opinion IN ('EXTEND', 'PERMANENT', 'TRANSFER', 'DESTROY', 'HOLD')",
            name=op.f("ck_disposal_item_opinion"),
        ),
        sa.CheckConstraint(
            "step IN ('waiting', 'struck', 'decided', 'awaiting_transfer') OR opinion = 'DESTROY'",
            name=op.f("ck_disposal_item_destroyed_by_opinion"),
        ),
        sa.CheckConstraint(
            "step IN ('waiting', 'struck', 'decided', 'awaiting_transfer', 'begun', 'index_purged', 'key_going', 'key_destroyed', 'objects_deleted', 'destroyed', 'stopped')",
            name=op.f("ck_disposal_item_step"),
        ),
        sa.CheckConstraint(
            "appraiser_id IS NULL OR appraiser_id <> proposer_id", name=op.f("ck_disposal_item_appraised_by_another")
        ),
        sa.ForeignKeyConstraint(["appraiser_id"], ["person.id"], name=op.f("fk_disposal_item_appraiser_id")),
        sa.ForeignKeyConstraint(["candidate_id"], ["candidate.id"], name=op.f("fk_disposal_item_candidate_id")),
        sa.ForeignKeyConstraint(
            ["list_id", "proposer_id"],
            ["disposal_list.id", "disposal_list.proposer_id"],
            name=op.f("fk_disposal_item_list_id_proposer_id"),
        ),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_disposal_item_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposal_item")),
        sa.UniqueConstraint("list_id", "position", name=op.f("uq_disposal_item_list_id_position")),
        sa.UniqueConstraint("list_id", "record_id", name=op.f("uq_disposal_item_list_id_record_id")),
        info={"vouched": True},
    )
    op.create_index(op.f("ix_disposal_item_candidate_id"), "disposal_item", ["candidate_id"], unique=False)
    op.create_index(op.f("ix_disposal_item_record_id"), "disposal_item", ["record_id"], unique=False)
    op.create_index(
        "uq_disposal_item_open_record",
        "disposal_item",
        ["record_id"],
        unique=True,
        sqlite_where=sa.text("(step NOT IN ('struck', 'decided', 'awaiting_transfer', 'destroyed', 'stopped'))"),
        postgresql_where=sa.text("(step NOT IN ('struck', 'decided', 'awaiting_transfer', 'destroyed', 'stopped'))"),
    )
    add_guards()


def add_guards() -> None:
    """Add the triggers, in the words of the database in use."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    if postgresql:
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'this row of % may not be changed or deleted so', TG_TABLE_NAME; END $$"
        )
    guards = [(table, "DELETE", "TRUE") for table in NEVER_DELETED]
    guards += [(table, "UPDATE", "TRUE") for table in NEVER_CHANGED]
    guards.append(("record", "UPDATE", ORDER_OF_DESTRUCTION))
    for table, event, condition in guards:
        name = f"guard_{table}_{event.lower()}"
        if postgresql:
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN ({condition}) "
                "EXECUTE FUNCTION refuse_change()"
            )
        else:
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN {condition} "
                f"BEGIN SELECT RAISE(ABORT, 'this row of {table} may not be changed or deleted so'); END"
            )
