"""Rows of disposal. Separation of duties stands in the schema too, so that no forgotten check can undo it."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    column,
    text,
)

from archive_service.database.tables import ID, STAMP, metadata, vouched_table
from archive_service.disposal.model import FINISHED, CandidateState, ListState, Opinion, Step


def _one_of(name: str, values: type[CandidateState | ListState | Opinion | Step]) -> str:
    return f"{name} IN ({', '.join(repr(value.value) for value in values)})"


holds = vouched_table(
    "hold",
    Column("hold_no", String(16), nullable=False, unique=True),
    Column("year", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("mandate", String(200), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("review_on", Date, nullable=False),
    Column("placed_at", STAMP, nullable=False),
    Column("placed_by", ID, ForeignKey("person.id"), nullable=False),
    Column("released_at", STAMP),
    Column("released_by", ID, ForeignKey("person.id")),
    Column("released_reason", String(500)),
    UniqueConstraint("year", "number"),
    CheckConstraint("released_by IS NULL OR released_by <> placed_by", name="released_by_another"),
    CheckConstraint("(released_at IS NULL) = (released_by IS NULL)", name="released_by_somebody"),
)

hold_records = vouched_table(
    "hold_record",
    Column("hold_id", ID, ForeignKey("hold.id"), nullable=False),
    Column("record_id", ID, ForeignKey("record.id"), index=True),
    Column("case_id", ID, ForeignKey("case_file.id"), index=True),
    UniqueConstraint("hold_id", "record_id"),
    UniqueConstraint("hold_id", "case_id"),
    CheckConstraint("(record_id IS NULL) <> (case_id IS NULL)", name="record_or_case"),
)

hold_scopes = vouched_table(
    # A whole class, or a stored search whose matches are written to ``hold_record`` as they are found.
    "hold_scope",
    Column("hold_id", ID, ForeignKey("hold.id"), nullable=False),
    Column("class_code", String(16), index=True),
    Column("words", String(300)),
    UniqueConstraint("hold_id", "class_code"),
    CheckConstraint("(class_code IS NULL) <> (words IS NULL)", name="class_or_words"),
)

candidates = vouched_table(
    "candidate",
    Column("record_id", ID, ForeignKey("record.id"), nullable=False),
    Column("rule_code", String(16), nullable=False),
    Column("schedule_version", String(32), nullable=False),
    Column("due_on", Date, nullable=False),
    Column("period", String(8), nullable=False),
    Column("action", String(16), nullable=False),
    Column("inputs", Text, nullable=False),
    Column("sentence_zh", String(500), nullable=False),
    Column("sentence_en", String(500), nullable=False),
    Column("state", String(16), nullable=False),
    Column("queued_at", STAMP, nullable=False),
    UniqueConstraint("record_id", "schedule_version", "due_on"),
    CheckConstraint(_one_of("state", CandidateState), name="state"),
    CheckConstraint("period <> 'Y'", name="never_permanent"),
    Index(None, "state", "due_on"),
)

disposal_lists = vouched_table(
    "disposal_list",
    Column("list_no", String(16), nullable=False, unique=True),
    Column("year", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("fonds_id", ID, ForeignKey("fonds.id"), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("round", Integer, nullable=False),
    Column("proposer_id", ID, ForeignKey("person.id"), nullable=False),
    Column("drawn_up_at", STAMP, nullable=False),
    Column("submitted_at", STAMP),
    Column("submitted_by", ID, ForeignKey("person.id")),
    Column("digest", String(64)),
    Column("cooling_until", STAMP),
    Column("ordered_at", STAMP),
    Column("ordered_by", ID, ForeignKey("person.id")),
    Column("closed_at", STAMP),
    Column("reason_zh", Text),
    Column("reason_en", Text),
    Column("approvals_needed", Integer),
    UniqueConstraint("year", "number"),
    UniqueConstraint("id", "proposer_id"),
    CheckConstraint(_one_of("state", ListState), name="state"),
    CheckConstraint("ordered_by IS NULL OR ordered_by <> proposer_id", name="ordered_by_another"),
    CheckConstraint("state NOT IN ('submitted', 'approved', 'ordered', 'closed') OR digest IS NOT NULL", name="frozen"),
    CheckConstraint(
        "state <> 'ordered' OR (ordered_by IS NOT NULL AND cooling_until IS NOT NULL AND cooling_until <= ordered_at)",
        name="cooled_off",
    ),
)

disposal_items = vouched_table(
    "disposal_item",
    Column("list_id", ID, nullable=False),
    Column("proposer_id", ID, nullable=False),
    Column("position", Integer, nullable=False),
    Column("record_id", ID, ForeignKey("record.id"), nullable=False, index=True),
    Column("candidate_id", ID, ForeignKey("candidate.id"), nullable=False, index=True),
    Column("opinion", String(16)),
    Column("reason", String(500)),
    Column("extension_years", Integer, nullable=False),
    Column("appraiser_id", ID, ForeignKey("person.id")),
    Column("appraised_at", STAMP),
    Column("step", String(24), nullable=False),
    Column("finding_zh", Text),
    Column("finding_en", Text),
    # The proposer's copy cannot differ from the list's: without it the row could not say "not by the proposer".
    ForeignKeyConstraint(["list_id", "proposer_id"], ["disposal_list.id", "disposal_list.proposer_id"]),
    UniqueConstraint("list_id", "record_id"),
    UniqueConstraint("list_id", "position"),
    CheckConstraint(_one_of("step", Step), name="step"),
    CheckConstraint(f"opinion IS NULL OR {_one_of('opinion', Opinion)}", name="opinion"),
    CheckConstraint("appraiser_id IS NULL OR appraiser_id <> proposer_id", name="appraised_by_another"),
    CheckConstraint(
        "opinion IS NULL OR (appraiser_id IS NOT NULL AND reason IS NOT NULL AND reason <> '')",
        name="opinion_has_reason",
    ),
    CheckConstraint("(opinion = 'EXTEND' AND extension_years > 0) OR extension_years = 0", name="extension"),
    CheckConstraint(
        "step IN ('waiting', 'struck', 'decided', 'awaiting_transfer') OR opinion = 'DESTROY'",
        name="destroyed_by_opinion",
    ),
)

_OPEN = column("step").not_in([step.value for step in FINISHED])
Index(
    "uq_disposal_item_open_record", disposal_items.c.record_id, unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
)

approvals = vouched_table(
    "approval",
    Column("list_id", ID, nullable=False),
    Column("proposer_id", ID, nullable=False),
    Column("round", Integer, nullable=False),
    Column("approver_id", ID, ForeignKey("person.id"), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("approved_at", STAMP, nullable=False),
    ForeignKeyConstraint(["list_id", "proposer_id"], ["disposal_list.id", "disposal_list.proposer_id"]),
    UniqueConstraint("list_id", "round", "approver_id"),
    CheckConstraint("approver_id <> proposer_id", name="approved_by_another"),
)

supervisions = vouched_table(
    "supervision",
    Column("list_id", ID, nullable=False),
    Column("proposer_id", ID, nullable=False),
    Column("round", Integer, nullable=False),
    Column("supervisor_id", ID, ForeignKey("person.id"), nullable=False),
    Column("phase", String(8), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("signed_at", STAMP, nullable=False),
    ForeignKeyConstraint(["list_id", "proposer_id"], ["disposal_list.id", "disposal_list.proposer_id"]),
    UniqueConstraint("list_id", "round", "phase", "supervisor_id"),
    CheckConstraint("supervisor_id <> proposer_id", name="supervised_by_another"),
    CheckConstraint("phase IN ('before', 'after')", name="phase"),
)

CAPACITIES = ("leader", "archives", "business", "expert")

appraisal_members = vouched_table(
    # The appraisal group of a list; of several namings the last one counts.
    "appraisal_member",
    Column("list_id", ID, nullable=False),
    Column("proposer_id", ID, nullable=False),
    Column("naming", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("person_id", ID, ForeignKey("person.id"), nullable=False),
    Column("capacity", String(16), nullable=False),
    Column("named_at", STAMP, nullable=False),
    Column("named_by", ID, ForeignKey("person.id"), nullable=False),
    ForeignKeyConstraint(["list_id", "proposer_id"], ["disposal_list.id", "disposal_list.proposer_id"]),
    UniqueConstraint("list_id", "naming", "person_id"),
    CheckConstraint("person_id <> proposer_id", name="another"),
    CheckConstraint(f"capacity IN ({', '.join(map(repr, CAPACITIES))})", name="capacity"),
)

appraisal_votes = vouched_table(
    # What a member of the group says to an opinion; ``appraised_at`` tells to which.
    "appraisal_vote",
    Column("list_id", ID, nullable=False, index=True),
    Column("proposer_id", ID, nullable=False),
    Column("item_id", ID, ForeignKey("disposal_item.id"), nullable=False),
    Column("member_id", ID, ForeignKey("person.id"), nullable=False),
    Column("opinion", String(16), nullable=False),
    Column("extension_years", Integer, nullable=False),
    Column("appraised_at", STAMP, nullable=False),
    Column("agrees", Boolean, nullable=False),
    Column("reason", String(500)),
    Column("given_at", STAMP, nullable=False),
    ForeignKeyConstraint(["list_id", "proposer_id"], ["disposal_list.id", "disposal_list.proposer_id"]),
    UniqueConstraint("item_id", "member_id", "appraised_at"),
    CheckConstraint("member_id <> proposer_id", name="another"),
    CheckConstraint("agrees OR (reason IS NOT NULL AND reason <> '')", name="says_why"),
)

paper_destructions = vouched_table(
    # What two supervisors attest of the papers of a destroyed item.
    "paper_destruction",
    Column("list_id", ID, nullable=False, index=True),
    Column("proposer_id", ID, nullable=False),
    Column("item_id", ID, ForeignKey("disposal_item.id"), nullable=False, unique=True),
    Column("box_no", String(40), nullable=False),
    Column("done_on", Date, nullable=False),
    Column("place", String(200), nullable=False),
    Column("way", String(200), nullable=False),
    Column("first_id", ID, ForeignKey("person.id"), nullable=False),
    Column("first_at", STAMP, nullable=False),
    Column("second_id", ID, ForeignKey("person.id")),
    Column("second_at", STAMP),
    ForeignKeyConstraint(["list_id", "proposer_id"], ["disposal_list.id", "disposal_list.proposer_id"]),
    CheckConstraint(
        "first_id <> proposer_id AND (second_id IS NULL OR second_id <> proposer_id)", name="not_by_proposer"
    ),
    CheckConstraint("second_id IS NULL OR second_id <> first_id", name="two_people"),
    CheckConstraint("(second_id IS NULL) = (second_at IS NULL)", name="second"),
)

certificates = vouched_table(
    "certificate",
    Column("list_id", ID, ForeignKey("disposal_list.id"), nullable=False, unique=True),
    Column("issued_at", STAMP, nullable=False),
    Column("body", Text, nullable=False),
    Column("digest", String(64), nullable=False),
)

final_certificates = vouched_table(
    "final_certificate",
    Column("list_id", ID, ForeignKey("disposal_list.id"), nullable=False, unique=True),
    Column("issued_at", STAMP, nullable=False),
    Column("body", Text, nullable=False),
    Column("digest", String(64), nullable=False),
)

check_runs = vouched_table(
    "check_run",
    Column("as_of", Date, nullable=False),
    Column("at", STAMP, nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("would_queue", Integer, nullable=False),
    Column("queued", Integer, nullable=False),
    Column("withdrawn", Integer, nullable=False),
    Column("held", Integer, nullable=False),
    Column("holdings", Integer, nullable=False),
    Column("confirmed_by", ID, ForeignKey("person.id")),
    CheckConstraint("state IN ('done', 'stopped')", name="state"),
)

check_confirmations = vouched_table(
    "check_confirmation",
    Column("run_id", ID, ForeignKey("check_run.id"), nullable=False),
    Column("approver_id", ID, ForeignKey("person.id"), nullable=False),
    Column("shown", Integer, nullable=False),
    Column("confirmed_at", STAMP, nullable=False),
    UniqueConstraint("run_id", "approver_id"),
)

retention_clocks = vouched_table(
    # One row for each coming up of a machine; ``id`` is that of the boot.
    "retention_clock",
    Column("reading", STAMP, nullable=False),
    Column("wall", STAMP, nullable=False),
    Column("pulse", BigInteger, nullable=False),
    Column("quarantine", ID),
    Column("since", STAMP),
    CheckConstraint("(quarantine IS NULL) = (since IS NULL)", name="since"),
)

clock_acknowledgements = vouched_table(
    "clock_acknowledgement",
    Column("quarantine", ID, nullable=False),
    Column("person_id", ID, ForeignKey("person.id"), nullable=False),
    Column("acknowledged_at", STAMP, nullable=False),
    UniqueConstraint("quarantine", "person_id"),
)

schedule_changes = vouched_table(
    "schedule_change",
    Column("code", String(64), nullable=False),
    Column("version", String(32), nullable=False, index=True),
    Column("digest", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("proposer_id", ID, ForeignKey("person.id"), nullable=False),
    Column("proposed_at", STAMP, nullable=False),
    Column("reason", String(500), nullable=False),
    Column("summary", Text),
    Column("shorter", Integer),
    Column("adopted_at", STAMP),
    Column("adopted_by", ID, ForeignKey("person.id")),
    Column("closed_at", STAMP),
    UniqueConstraint("id", "proposer_id"),
    CheckConstraint("state IN ('counting', 'counted', 'recomputing', 'done', 'withdrawn')", name="state"),
    CheckConstraint("state NOT IN ('counted', 'recomputing', 'done') OR shorter IS NOT NULL", name="counted"),
)

schedule_approvals = vouched_table(
    "schedule_approval",
    Column("change_id", ID, nullable=False),
    Column("proposer_id", ID, nullable=False),
    Column("approver_id", ID, ForeignKey("person.id"), nullable=False),
    Column("approved_at", STAMP, nullable=False),
    ForeignKeyConstraint(["change_id", "proposer_id"], ["schedule_change.id", "schedule_change.proposer_id"]),
    UniqueConstraint("change_id", "approver_id"),
    CheckConstraint("approver_id <> proposer_id", name="approved_by_another"),
)

schedule_progress = Table(
    # A working table: how far counting or computing has come. What is signed stands in ``schedule_change``.
    "schedule_progress",
    metadata,
    Column("change_id", ID, primary_key=True),
    Column("reached", ID, nullable=False),
    Column("done", Integer, nullable=False),
    Column("summary", Text, nullable=False),
)

receiver_keys = vouched_table(
    "receiver_key",
    Column("receiver", String(200), nullable=False),
    Column("vkey", String(300), nullable=False, unique=True),
    Column("proposed_at", STAMP, nullable=False),
    Column("proposed_by", ID, ForeignKey("person.id"), nullable=False),
    Column("confirmed_at", STAMP),
    Column("confirmed_by", ID, ForeignKey("person.id")),
    Column("retired_at", STAMP),
    Column("retired_by", ID, ForeignKey("person.id")),
    CheckConstraint("confirmed_by IS NULL OR confirmed_by <> proposed_by", name="confirmed_by_another"),
)

transfer_packages = vouched_table(
    "transfer_package",
    Column("package_no", String(16), nullable=False, unique=True),
    Column("year", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("list_id", ID, ForeignKey("disposal_list.id"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("receiver", String(200), nullable=False),
    Column("nature", String(16), nullable=False),
    Column("prepared_at", STAMP, nullable=False),
    Column("prepared_by", ID, ForeignKey("person.id"), nullable=False),
    Column("digest", String(64)),
    Column("payload_files", Integer),
    Column("payload_bytes", BigInteger),
    Column("handed_over_at", STAMP),
    Column("handed_over_by", ID, ForeignKey("person.id")),
    Column("delivered_to", String(300)),
    Column("receipt_no", String(100)),
    Column("received_on", Date),
    Column("receipt_digest", String(64)),
    Column("receipt_by", ID, ForeignKey("person.id")),
    Column("receiver_key_id", ID, ForeignKey("receiver_key.id")),
    Column("receipt_note", Text),
    Column("confirmed_at", STAMP),
    Column("confirmed_by", ID, ForeignKey("person.id")),
    Column("returned_at", STAMP),
    Column("returned_by", ID, ForeignKey("person.id")),
    Column("returned_reason", String(500)),
    Column("removal_opened_at", STAMP),
    UniqueConstraint("year", "number"),
    CheckConstraint("state IN ('prepared', 'handed_over', 'returned', 'custody_moved')", name="state"),
    CheckConstraint("confirmed_by IS NULL OR confirmed_by <> receipt_by", name="confirmed_by_another"),
    CheckConstraint("receipt_digest IS NULL OR receipt_digest = digest", name="receipt_names_it"),
    CheckConstraint(
        "state <> 'custody_moved' OR (receipt_digest IS NOT NULL AND receipt_by IS NOT NULL AND received_on IS NOT"
        " NULL AND (confirmed_by IS NOT NULL OR (receiver_key_id IS NOT NULL AND receipt_note IS NOT NULL)))",
        name="moved_by_receipt",
    ),
    CheckConstraint("removal_opened_at IS NULL OR state = 'custody_moved'", name="removed_after_it_moved"),
)

transfer_items = vouched_table(
    "transfer_item",
    Column("package_id", ID, ForeignKey("transfer_package.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("record_id", ID, ForeignKey("record.id"), nullable=False),
    Column("candidate_id", ID, ForeignKey("candidate.id"), nullable=False),
    Column("returned", Boolean, nullable=False),
    UniqueConstraint("package_id", "record_id"),
)

_SENT = text("NOT returned")
Index(
    "uq_transfer_item_sent_record",
    transfer_items.c.record_id,
    unique=True,
    sqlite_where=_SENT,
    postgresql_where=_SENT,
)

leases = Table(
    "lease",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("until", STAMP, nullable=False),
    Column("fence", Integer, nullable=False),
)

received_packages = vouched_table(
    "received_package",
    Column("digest", String(64), nullable=False, unique=True),
    Column("package_no", String(64), nullable=False),
    Column("sender", String(200), nullable=False),
    Column("receiver", String(200), nullable=False),
    Column("year", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("receipt_no", String(16), nullable=False),
    Column("records", Integer, nullable=False),
    Column("begun_at", STAMP, nullable=False),
    Column("begun_by", ID, ForeignKey("person.id"), nullable=False),
    Column("received_at", STAMP),
    UniqueConstraint("sender", "package_no"),
    UniqueConstraint("year", "number"),
)
"""A package from elsewhere; ``received_at`` is empty until all of it is in."""

received_records = vouched_table(
    "received_record",
    Column("package_id", ID, ForeignKey("received_package.id"), nullable=False),
    Column("code_there", String(100), nullable=False),
    Column("record_id", ID, ForeignKey("record.id"), nullable=False, unique=True),
    Column("provenance", String(64), nullable=False),
    UniqueConstraint("package_id", "code_there"),
)
"""``provenance`` is the digest of what the sender says of the record, which lies with the record as a file."""
