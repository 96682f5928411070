"""Scenario 19 and beyond: whoever edits, deletes, adds or winds back is found, and the place is named."""

from __future__ import annotations

import json
import random
import shutil
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import String

from archive_service.audit import anchors, merkle
from archive_service.audit.notes import Signer
from archive_service.audit.verify import behind_its_anchors
from archive_service.database.engine import open_engine
from archive_service.database.tables import metadata, vouched_tables
from tests.archive_service.audit.conftest import SIGNER, Copy, Dba, Full

NAMES = sorted(table.name for table in vouched_tables())
SEED = 20260302

ON_SQLITE = pytest.mark.parametrize("kept_full", ["sqlite"], indirect=True)
"""PostgreSQL keeps every column to its type and every text to UTF-8; SQLite takes what comes."""


def other(value: Any) -> Any:
    """Return a value of the same kind that differs by as little as can be."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 100_003
    if isinstance(value, date):
        return value + timedelta(days=1)
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1]) + value[1:] if value else b"x"
    return (chr(ord(value[0]) ^ 1) + value[1:]) if value else "x"


def first_row(dba: Dba, table: str) -> dict[str, Any]:
    columns = next(one for one in vouched_tables() if one.name == table).columns.keys()
    rows = dba(f"SELECT {', '.join(columns)} FROM {table} ORDER BY id LIMIT 1")
    assert rows, f"the full archive has no row in {table}"
    return dict(zip(columns, rows[0], strict=True))


def test_the_archive_that_nobody_touched_is_sound(full: Full):
    report = full.copy().verify()
    assert report.sound, report.findings
    assert report.rows > 40
    assert report.checkpoints == 7  # three kept, three anchored, the head


@pytest.mark.parametrize("table", NAMES)
def test_a_change_of_any_column_of_a_row_names_the_row(full: Full, table: str):
    copy = full.copy()
    row = first_row(copy.dba, table)
    for column, value in row.items():
        if value is None or column == "id":
            continue
        copy.dba(f"UPDATE {table} SET {column} = ? WHERE id = ?", other(value), row["id"])
        assert copy.places() == {f"{table}/{row['id']}"}, column
        copy.dba(f"UPDATE {table} SET {column} = ? WHERE id = ?", value, row["id"])
    assert copy.verify().sound


@pytest.mark.parametrize("table", NAMES)
def test_an_empty_column_that_is_filled_names_the_row(full: Full, table: str):
    copy = full.copy()
    row = first_row(copy.dba, table)
    types = {column.name: column.type.python_type for column in next(t for t in vouched_tables() if t.name == table).c}
    fillings = {int: 1, str: "x", bytes: b"x", date: date(2026, 1, 1), bool: True}
    for column in (name for name, value in row.items() if value is None):
        filling = fillings[types[column]]
        copy.dba(f"UPDATE {table} SET {column} = ? WHERE id = ?", filling, row["id"])
        assert copy.places() == {f"{table}/{row['id']}"}, column
        copy.dba(f"UPDATE {table} SET {column} = NULL WHERE id = ?", row["id"])


@pytest.mark.parametrize("table", NAMES)
def test_a_row_that_was_deleted_is_named(full: Full, table: str):
    copy = full.copy()
    row = first_row(copy.dba, table)
    copy.dba(f"DELETE FROM {table} WHERE id = ?", row["id"])
    assert copy.places() == {f"{table}/{row['id']}"}


@pytest.mark.parametrize("table", NAMES)
def test_a_row_that_was_added_is_named(full: Full, table: str):
    copy = full.copy()
    row = first_row(copy.dba, table)
    added = {**row, "id": "f" * 32}
    _drop_unique_indexes(copy, table)
    names = ", ".join(added)
    copy.dba(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(added))})", *added.values())
    assert copy.places() == {f"{table}/{'f' * 32}"}


def _drop_unique_indexes(copy: Copy, table: str) -> None:
    if copy.url.startswith("sqlite"):
        # Constraints of a table cannot be dropped in SQLite: the table is written anew without them.
        columns = ", ".join(next(t for t in vouched_tables() if t.name == table).columns.keys())
        copy.dba(f"CREATE TABLE bare AS SELECT {columns} FROM {table}")
        copy.dba("PRAGMA foreign_keys = OFF")
        copy.dba(f"DROP TABLE {table}")
        copy.dba(f"ALTER TABLE bare RENAME TO {table}")
        return
    named = "SELECT conname FROM pg_constraint WHERE conrelid = ?::regclass AND contype = 'u'"
    for (name,) in copy.dba(named, table):
        copy.dba(f"ALTER TABLE {table} DROP CONSTRAINT {name} CASCADE")
    indexes = "SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = ?::regclass AND indisunique AND NOT indisprimary"
    for (name,) in copy.dba(indexes, table):
        copy.dba(f"DROP INDEX {name}")


def test_two_rows_whose_contents_were_swapped_are_both_named(full: Full):
    copy = full.copy()
    (one, name_one), (two, name_two) = copy.dba("SELECT id, name FROM person ORDER BY id LIMIT 2")
    copy.dba("UPDATE person SET name = ? WHERE id = ?", name_two, one)
    copy.dba("UPDATE person SET name = ? WHERE id = ?", name_one, two)
    assert copy.places() == {f"person/{one}", f"person/{two}"}


def test_a_row_that_is_put_back_to_an_earlier_state_is_named(full: Full):
    copy = full.copy()
    (item,) = copy.dba("SELECT id FROM disposal_item ORDER BY id LIMIT 1")[0]
    copy.dba("UPDATE disposal_item SET step = 'begun' WHERE id = ?", item)
    assert copy.places() == {f"disposal_item/{item}"}


# ------------------------------------------------------------------------------------------------- the log itself


@pytest.mark.parametrize("column", ["at", "person_id", "act", "object_type", "object_id", "body", "leaf_hash"])
def test_a_change_of_any_column_of_an_entry_names_the_entry_first(full: Full, column: str):
    copy = full.copy()
    (seq, value) = copy.dba(f"SELECT seq, {column} FROM audit_entry WHERE person_id IS NOT NULL ORDER BY seq")[3]
    copy.dba(f"UPDATE audit_entry SET {column} = ? WHERE seq = ?", other(value), seq)
    entries = [one.place for one in copy.verify().findings if one.place.startswith("audit_entry")]
    assert entries
    assert set(entries) == {f"audit_entry seq={seq}"}


def test_an_entry_rewritten_with_its_hash_still_does_not_fit_the_tree(full: Full):
    copy = full.copy()
    body = copy.dba("SELECT body FROM audit_entry WHERE seq = 9")[0][0].replace('"v":1', '"v":2')
    copy.dba("UPDATE audit_entry SET body = ?, leaf_hash = ? WHERE seq = 9", body, merkle.leaf_hash(body.encode()))
    places = copy.places()
    assert "audit_node level=0 position=8" in places
    assert "audit_head id=1" in places
    assert any(place.startswith("checkpoints.txt") for place in places)


@pytest.mark.parametrize("seq", [1, 2, 17, 40])
def test_an_entry_that_was_deleted_is_named_and_no_other_is_blamed(full: Full, seq: int):
    copy = full.copy()
    copy.dba("DELETE FROM audit_entry WHERE seq = ?", seq)
    places = copy.places()
    assert f"audit_entry seq={seq}" in places
    assert not [place for place in places if place.startswith("audit_node")]
    assert [place for place in places if place.startswith("audit_entry")] == [f"audit_entry seq={seq}"]


def test_two_entries_that_changed_places_are_both_named(full: Full):
    copy = full.copy()
    for old, new in ((11, -1), (12, 11), (-1, 12)):
        copy.dba("UPDATE audit_entry SET seq = ? WHERE seq = ?", new, old)
    assert {"audit_entry seq=11", "audit_entry seq=12"} <= copy.places()


@pytest.mark.parametrize("seq", [0, -5, 10**6])
def test_an_entry_that_was_added_is_named(full: Full, seq: int):
    copy = full.copy()
    columns = "at, person_id, act, object_type, object_id, body, leaf_hash"
    copy.dba(f"INSERT INTO audit_entry (seq, {columns}) SELECT {seq}, {columns} FROM audit_entry WHERE seq = 5")
    assert f"audit_entry seq={seq}" in copy.places()


def test_an_entry_added_at_the_end_is_named_by_the_head(full: Full):
    copy = full.copy()
    columns = "at, person_id, act, object_type, object_id, body, leaf_hash"
    last = copy.dba("SELECT max(seq) FROM audit_entry")[0][0] + 1
    copy.dba(f"INSERT INTO audit_entry (seq, {columns}) SELECT {last}, {columns} FROM audit_entry WHERE seq = 5")
    assert {f"audit_entry seq={last}", "audit_head id=1"} <= copy.places()


def test_every_node_that_is_changed_deleted_or_added_is_named(full: Full):
    copy = full.copy()
    drawn = random.Random(SEED).sample(copy.dba("SELECT level, position, hash FROM audit_node"), 8)
    where = "WHERE level = ? AND position = ?"
    for level, position, value in drawn:
        place = f"audit_node level={level} position={position}"
        copy.dba(f"UPDATE audit_node SET hash = ? {where}", other(bytes(value)), level, position)
        assert copy.places() == {place}
        copy.dba(f"DELETE FROM audit_node {where}", level, position)
        assert copy.places() == {place}
        copy.dba("INSERT INTO audit_node (level, position, hash) VALUES (?, ?, ?)", level, position, value)
    for level, position in ((0, 10**6), (0, -1), (30, 0), (-1, 0)):
        copy.dba("INSERT INTO audit_node (level, position, hash) VALUES (?, ?, ?)", level, position, bytes(32))
        assert copy.places() == {f"audit_node level={level} position={position}"}
        copy.dba(f"DELETE FROM audit_node {where}", level, position)
    assert copy.verify().sound


@pytest.mark.parametrize("column", ["id", "size", "peaks", "note"])
def test_a_change_of_the_head_is_named(full: Full, column: str):
    copy = full.copy()
    (value,) = copy.dba(f"SELECT {column} FROM audit_head")[0]
    copy.dba(f"UPDATE audit_head SET {column} = ?", other(value))
    assert {place.partition(" ")[0] for place in copy.places()} == {"audit_head"}


def test_a_head_that_is_missing_or_doubled_is_named(full: Full):
    copy = full.copy()
    copy.dba("INSERT INTO audit_head (id, size, peaks, note) SELECT 2, size, peaks, note FROM audit_head")
    assert copy.places() == {"audit_head id=2"}
    copy.dba("DELETE FROM audit_head")
    assert copy.places() == {"audit_head id=1"}


@pytest.mark.parametrize("column", ["size", "at", "note"])
def test_a_change_of_a_kept_checkpoint_names_it(full: Full, column: str):
    copy = full.copy()
    size, value = copy.dba(f"SELECT size, {column} FROM audit_checkpoint ORDER BY size")[1]
    copy.dba(f"UPDATE audit_checkpoint SET {column} = ? WHERE size = ?", other(value), size)
    named = other(size) if column == "size" else size
    assert f"audit_checkpoint size={named}" in copy.places()


def test_checkpoints_that_were_deleted_are_named_by_the_anchors(full: Full):
    copy = full.copy()
    sizes = [row[0] for row in copy.dba("SELECT size FROM audit_checkpoint")]
    copy.dba("DELETE FROM audit_checkpoint WHERE size = ?", sizes[1])
    assert copy.places() == {f"audit_checkpoint size={sizes[1]}"}
    copy.dba("DELETE FROM audit_checkpoint")
    assert copy.places() == {f"audit_checkpoint size={size}" for size in sizes}


def test_checkpoints_whose_notes_were_swapped_are_named(full: Full):
    copy = full.copy()
    (one, note_one), (two, note_two) = copy.dba("SELECT size, note FROM audit_checkpoint ORDER BY size LIMIT 2")
    copy.dba("UPDATE audit_checkpoint SET note = ? WHERE size = ?", note_two, one)
    copy.dba("UPDATE audit_checkpoint SET note = ? WHERE size = ?", note_one, two)
    assert {f"audit_checkpoint size={one}", f"audit_checkpoint size={two}"} <= copy.places()


def test_notes_signed_with_another_key_are_named(full: Full):
    copy = full.copy()
    forger = Signer(SIGNER.verifier.origin, bytes(32))
    for size, note in copy.dba("SELECT size, note FROM audit_checkpoint"):
        forged = forger.sign(size, SIGNER.verifier.open(note).root)
        copy.dba("UPDATE audit_checkpoint SET note = ? WHERE size = ?", forged, size)
    sizes = [row[0] for row in copy.dba("SELECT size FROM audit_checkpoint")]
    assert copy.places() >= {f"audit_checkpoint size={size}" for size in sizes}


def _cut_tail(copy: Copy, size: int, signer: Signer) -> None:
    """Cut the log after ``size`` entries as somebody with a signing key would: nodes, head and checkpoints too."""
    leaves = [bytes(row[0]) for row in copy.dba(f"SELECT leaf_hash FROM audit_entry WHERE seq <= {size} ORDER BY seq")]
    peaks: list[bytes] = []
    for place, leaf in enumerate(leaves):
        peaks, _ = merkle.append(place, peaks, leaf)
    copy.dba("DELETE FROM audit_entry WHERE seq > ?", size)
    copy.dba("DELETE FROM audit_checkpoint WHERE size > ?", size)
    for level in range(32):
        copy.dba("DELETE FROM audit_node WHERE level = ? AND position >= ?", level, size >> level)
    note = signer.sign(size, merkle.root(peaks))
    copy.dba("UPDATE audit_head SET size = ?, peaks = ?, note = ?", size, b"".join(peaks), note)


def test_a_tail_cut_by_somebody_with_the_very_key_is_noticed_by_the_anchors(full: Full):
    copy = full.copy()
    last = copy.dba("SELECT max(size) FROM audit_checkpoint")[0][0]
    _cut_tail(copy, last - 3, SIGNER)
    places = copy.places()
    assert "checkpoints.txt #3" in places
    assert f"audit_checkpoint size={last}" in places


def test_a_tail_cut_without_the_key_is_noticed_at_the_head(full: Full):
    copy = full.copy()
    _cut_tail(copy, 30, Signer(SIGNER.verifier.origin, bytes(32)))
    assert "audit_head id=1" in copy.places()


def test_a_second_history_signed_with_the_very_key_is_noticed_by_the_anchors(full: Full):
    copy = full.copy()
    last = copy.dba("SELECT max(seq) FROM audit_entry")[0][0]
    peaks: list[bytes] = []
    nodes = {}
    for seq, body in copy.dba("SELECT seq, body FROM audit_entry ORDER BY seq"):
        said = json.loads(body)
        if seq == 20:
            said["detail"] = {"nothing": "happened"}
        rewritten = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        leaf = merkle.leaf_hash(rewritten.encode())
        peaks, completed = merkle.append(seq - 1, peaks, leaf)
        nodes.update(completed)
        copy.dba("UPDATE audit_entry SET body = ?, leaf_hash = ? WHERE seq = ?", rewritten, leaf, seq)
        copy.dba("UPDATE audit_checkpoint SET note = ? WHERE size = ?", SIGNER.sign(seq, merkle.root(peaks)), seq)
    for (level, position), value in nodes.items():
        copy.dba("UPDATE audit_node SET hash = ? WHERE level = ? AND position = ?", value, level, position)
    note = SIGNER.sign(last, merkle.root(peaks))
    copy.dba("UPDATE audit_head SET peaks = ?, note = ?", b"".join(peaks), note)
    # The first anchor was kept before the change, the others saw the true history.
    assert copy.places() == {"checkpoints.txt #2", "checkpoints.txt #3"}


def test_a_database_that_was_wound_back_whole_is_noticed_by_the_anchors(full: Full):
    old, now = full.copy(), full.copy()
    anchors.append(now.anchor_file, SIGNER.sign(10**4, bytes(32)))  # what the archive went on to
    shutil.copy(now.anchor_file, old.anchor_file)
    report = old.verify()
    assert "checkpoints.txt #4" in {finding.place for finding in report.findings}
    engine = open_engine(old.url)
    said = behind_its_anchors(engine, SIGNER.verifier, old.anchor_file)
    engine.dispose()
    assert said is not None
    assert "10000" in said.en


def test_a_database_that_is_up_to_its_anchors_may_go_on(full: Full):
    copy = full.copy()
    engine = open_engine(copy.url)
    assert behind_its_anchors(engine, SIGNER.verifier, copy.anchor_file) is None
    engine.dispose()


def test_anchors_that_were_changed_or_removed_are_noticed(full: Full):
    copy = full.copy()
    text = copy.anchor_file.read_text(encoding="utf-8")
    copy.anchor_file.write_text(text.replace("archive-service", "archive-servicE", 1), encoding="utf-8")
    assert "checkpoints.txt #1" in copy.places()
    copy.anchor_file.unlink()
    assert copy.places() == {"checkpoints.txt"}


# ------------------------------------------------------------------------------------------------- strange values


STRANGE = [b"\xff\xfe\x00", "\ufffd" * 3, 1.5, "2026-13-45", "", "' OR 1=1", 10**18]


@ON_SQLITE
def test_whatever_lies_in_a_row_is_a_finding_and_never_a_failure(full: Full):
    copy = full.copy()
    for table in NAMES:
        row = first_row(copy.dba, table)
        for column, value in row.items():
            for strange in STRANGE:
                if column == "id" or strange == value:
                    continue
                try:
                    copy.dba(f"UPDATE {table} SET {column} = ? WHERE id = ?", strange, row["id"])
                except Exception:
                    continue  # a unique or NOT NULL column refuses it by itself
        assert f"{table}/{row['id']}" in copy.places()
    for column in ("at", "act", "body", "leaf_hash", "object_id"):
        for strange in STRANGE:
            copy.dba(f"UPDATE audit_entry SET {column} = ? WHERE seq = 6", strange)
            assert "audit_entry seq=6" in copy.places()
    for table, column in (("audit_head", "peaks"), ("audit_head", "note"), ("audit_checkpoint", "note")):
        copy.dba(f"UPDATE {table} SET {column} = ?", b"\xff\x00")
    assert not copy.verify().sound


@ON_SQLITE
def test_text_that_is_no_utf8_is_a_finding(full: Full):
    copy = full.copy()
    (person,) = copy.dba("SELECT id FROM person LIMIT 1")[0]
    copy.dba("UPDATE person SET name = CAST(x'e5bca0ff' AS TEXT) WHERE id = ?", person)
    assert copy.places() == {f"person/{person}"}


@ON_SQLITE
def test_bytes_that_spell_the_text_they_replace_are_a_finding(full: Full):
    copy = full.copy()
    (component, digest) = copy.dba("SELECT id, sealed_sha256 FROM component LIMIT 1")[0]
    copy.dba("UPDATE component SET sealed_sha256 = ? WHERE id = ?", bytes.fromhex(digest), component)
    assert copy.places() == {f"component/{component}"}


@ON_SQLITE
def test_a_date_with_something_after_it_is_not_that_date(full: Full):
    copy = full.copy()
    (record, due) = copy.dba("SELECT id, due_on FROM record WHERE due_on IS NOT NULL LIMIT 1")[0]
    copy.dba("UPDATE record SET due_on = ? WHERE id = ?", f"{due} ", record)
    assert copy.places() == {f"record/{record}"}


def test_a_table_that_is_gone_is_a_finding(full: Full):
    copy = full.copy()
    copy.dba("DROP TABLE certificate")
    assert copy.places() == {"database"}


def test_random_bytes_anywhere_in_any_row_are_found(full: Full):
    """One random character of one random text in any table of the log or of the archive, many times."""
    copy = full.copy()
    drawn = random.Random(SEED)
    keys = {"audit_entry": "seq", "audit_checkpoint": "size", "audit_head": "id"}
    for _ in range(120):
        table = drawn.choice([*NAMES, *keys])
        key = keys.get(table, "id")
        columns = [c for c in _text_columns(table) if c != key]
        column = drawn.choice(columns)
        rows = copy.dba(f"SELECT {key}, {column} FROM {table} WHERE {column} <> ''")
        if not rows:
            continue
        name, value = drawn.choice(rows)
        place = drawn.randrange(len(value))
        bent = value[:place] + chr(ord(value[place]) ^ drawn.choice((1, 2, 4))) + value[place + 1 :]
        if "\0" in bent:
            continue
        copy.dba(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", bent, name)
        wanted = f"{table}/{name}" if table in NAMES else f"{table} {key}={name}"
        assert wanted in copy.places(), (wanted, column, place)
        copy.dba(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", value, name)
    assert copy.verify().sound


def _text_columns(table: str) -> list[str]:
    return [column.name for column in metadata.tables[table].columns if isinstance(column.type, String)]
