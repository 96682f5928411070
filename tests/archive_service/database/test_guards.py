"""The database itself refuses what no part of the service ever does, whoever asks in whatever way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from archive_service.audit.verify import verify
from tests.archive_service.audit.conftest import live_a_whole_life
from tests.support import postgres
from tests.support.disposal_world import World, make_world

NEVER_DELETED = (
    "access_grant",
    "access_request",
    "approval",
    "audit_checkpoint",
    "audit_entry",
    "audit_head",
    "audit_node",
    "candidate",
    "certificate",
    "component",
    "disposal_item",
    "disposal_list",
    "hold",
    "hold_record",
    "person",
    "record",
    "void_number",
)
NEVER_CHANGED = {
    "approval": "approved_at",
    "audit_checkpoint": "note",
    "audit_entry": "body",
    "audit_node": "hash",
    "certificate": "salt",
    "void_number": "reason",
}


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def full(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An archive with a row in every table; nothing that is tried on it is kept."""
    folder: Path = tmp_path_factory.mktemp("guards")
    if request.param == "sqlite":
        url = f"sqlite:///{folder / 'catalogue.db'}"
    else:
        url = postgres.fresh_address(request.getfixturevalue("postgres_server"))
    world = make_world(url, folder)
    live_a_whole_life(world, folder / "anchors" / "checkpoints.txt")
    yield world
    world.close()


def refused(engine: Engine, sql: str, **values: Any) -> str:
    """Run a statement, expect a refusal, undo everything, and return what was said."""
    with engine.connect() as connection, pytest.raises(DBAPIError) as fault:
        connection.execute(text(sql), values)
    return str(fault.value)


@pytest.mark.parametrize("table", NEVER_DELETED)
def test_no_row_is_deleted(full: World, table: str):
    assert f"{table} may not be" in refused(full.engine, f"DELETE FROM {table}")


@pytest.mark.parametrize("table", NEVER_DELETED)
def test_no_table_is_emptied(full: World, table: str):
    if full.engine.dialect.name == "postgresql":
        assert "may not be" in refused(full.engine, f"TRUNCATE {table} CASCADE")
    else:
        assert "may not be" in refused(full.engine, f"DELETE FROM {table} WHERE 1 = 1")


@pytest.mark.parametrize("table", sorted(NEVER_CHANGED))
def test_what_is_written_once_is_not_changed(full: World, table: str):
    column = NEVER_CHANGED[table]
    assert f"{table} may not be" in refused(full.engine, f"UPDATE {table} SET {column} = {column}")


@pytest.mark.parametrize(
    ("table", "key"), [("audit_entry", "seq"), ("audit_checkpoint", "size"), ("certificate", "id"), ("record", "id")]
)
def test_no_row_is_replaced_by_another(full: World, table: str, key: str):
    """An INSERT OR REPLACE deletes without saying so; PostgreSQL knows only the update that is refused."""
    with full.engine.connect() as connection:
        columns = connection.execute(text(f"SELECT * FROM {table} LIMIT 1")).keys()
    names = ", ".join(columns)
    row = f"SELECT {names} FROM {table} ORDER BY {key} LIMIT 1"
    if full.engine.dialect.name == "sqlite":
        said = refused(full.engine, f"INSERT OR REPLACE INTO {table} ({names}) {row}")
        assert "may not be" in said
    elif table != "record":
        conflict = f"ON CONFLICT ({key}) DO UPDATE SET {key} = EXCLUDED.{key}"
        assert "may not be" in refused(full.engine, f"INSERT INTO {table} ({names}) {row} {conflict}")


@pytest.mark.parametrize("change", ["size = size - 1", "size = 0", "id = 1 + 1"])
def test_the_log_does_not_become_shorter(full: World, change: str):
    refused(full.engine, f"UPDATE audit_head SET {change}")


def test_the_log_has_one_head(full: World):
    refused(full.engine, "INSERT INTO audit_head (id, size, peaks, note) SELECT 2, size, peaks, note FROM audit_head")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE record SET status = 'destroyed' WHERE status = 'archived'",
        "UPDATE record SET status = 'archived' WHERE status = 'destroyed'",
        "UPDATE record SET status = 'destroying' WHERE status = 'destroyed'",
    ],
)
def test_a_record_is_destroyed_in_order_and_does_not_come_back(full: World, change: str):
    assert "record may not be" in refused(full.engine, change)


def test_nobody_holds_a_grant_that_they_gave(full: World):
    refused(full.engine, "UPDATE access_grant SET granted_by = person_id")


def test_nobody_decides_on_their_own_request(full: World):
    refused(full.engine, "UPDATE access_request SET decided_by = person_id")


def test_after_all_that_was_tried_the_archive_is_sound(full: World):
    anchor_file = full.folder / "anchors" / "checkpoints.txt"
    assert verify(full.engine, full.ledger.signer.verifier, anchor_file).findings == []
