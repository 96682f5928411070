"""Making the catalogue again: every row from the frame and the capsules, each held against what the log says of it.

It serves an empty database (rebuild) and an older one (restore) alike: a row that the log vouches for stays, another
takes its place if it is the one that the log vouches for. Can be stopped and begun again anywhere.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from archive_service.audit import acts
from archive_service.audit.copying import Told
from archive_service.audit.ledger import Ledger
from archive_service.catalog.keeping import copy_history
from archive_service.catalog.keeping.capsules import rows_again
from archive_service.catalog.keeping.copy_rows import forget
from archive_service.catalog.keeping.frame import OF_RECORDS, Frame, from_plain
from archive_service.catalog.outbox import enqueue
from archive_service.catalog.tables import (
    ARCHIVED,
    DESTROYED,
    case_file_numbers,
    index_states,
    outbox,
    records,
    reserved_numbers,
    scan_states,
    sequences,
    void_numbers,
)
from archive_service.database.engine import writing
from archive_service.database.guards import without_guards
from archive_service.database.tables import metadata, row_digest, vouched_tables
from archive_service.errors import ArchiveError, NotFound, Text
from archive_service.people.model import OPEN_LEVELS
from archive_service.vault import KeyDestroyed, Vault, names

AT_ONCE = 500
HANDS = 16
"""Capsules that are read at the same time."""
Rows = list[Mapping[str, Any]]
Progress = Callable[[int, int], None]


@dataclass
class Regained:
    """What came back, and what did not: by place, with the reason."""

    rows: int = 0
    records: int = 0
    again: int = 0
    lost: list[tuple[str, Text]] = field(default_factory=list)


def regain(
    ledger: Ledger,
    vault: Vault,
    told: Told,
    frame: Frame | None,
    progress: Progress | None = None,
    *,
    touch_stores: bool = True,
) -> Regained:
    """Bring every row that the log knows back into the database, as far as frame and capsules hold it.

    Destructions that the log knows are carried out again first: key, objects, words. Nothing of them comes back.
    """
    done = Regained()
    _destroy_again(vault, told, touch_stores)
    order = _in_order()
    behind = order.index(records) + 1
    _framed(ledger, told, frame, order[:behind], done)
    _records(ledger, vault, told, done, progress)
    _framed(ledger, told, frame, order[behind:], done)
    _stubs(ledger, told, done)
    _numbers(ledger)
    _holds_in_stores(ledger, told)
    return done


def settle_after(ledger: Ledger) -> None:
    """Ask for every record to be indexed again, and its capsule to be written: copies and index are not backed up."""
    after = ""
    while True:
        with ledger.work(None) as work:
            wanted = select(records.c.id).where(records.c.status == ARCHIVED, records.c.id > after)
            ids = list(work.connection.execute(wanted.order_by(records.c.id).limit(AT_ONCE)).scalars())
            if not ids:
                return
            asked = outbox.c.record_id.in_(ids)
            work.connection.execute(delete(outbox).where(asked))
            work.connection.execute(delete(index_states).where(index_states.c.record_id.in_(ids)))
            work.connection.execute(delete(scan_states).where(scan_states.c.record_id.in_(ids)))
            enqueue(work, "capsule", *ids)
            enqueue(work, "index", *ids)
            work.commit()
        after = ids[-1]


def _framed(ledger: Ledger, told: Told, frame: Frame | None, tables: Iterable[Table], done: Regained) -> None:
    if frame is None:
        return
    for table in tables:
        rows: Rows = [from_plain(table, row) for row in frame.rows.get(table.name, ())]
        done.rows += _put(ledger, told, {table: rows}, done)


def _in_order() -> list[Table]:
    """Return the vouched tables, each behind those that it points to."""
    return [table for table in metadata.sorted_tables if table.info.get("vouched")]


def _destroy_again(vault: Vault, told: Told, touch_stores: bool) -> None:
    for record_id, keys in sorted(told.going.items()):
        vault.destroy_keys(record_id, sorted({*keys, *vault.keys_of(record_id), record_id}))
        if touch_stores:
            vault.delete_objects(record_id)


def _put(ledger: Ledger, told: Told, wanted: Mapping[Table, Rows], done: Regained) -> int:
    """Write those rows that the log vouches for and the database does not have; how many."""
    count = 0
    for table, rows in wanted.items():
        for some in _batched(rows, AT_ONCE):
            vouched = [row for row in some if told.rows.get(f"{table.name}/{row['id']}") == row_digest(table.name, row)]
            with writing(ledger.engine) as connection:
                with without_guards(connection, table):
                    fresh = _missing(connection, table, vouched, told, done)
                    count += _insert(connection, table, fresh, done)
                transaction = connection.get_transaction()
                assert transaction is not None
                transaction.commit()
    return count


def _missing(connection: Connection, table: Table, rows: Rows, told: Told, done: Regained) -> Rows:
    """Return the rows that are not there as they must be; what stands in their place by the same id goes."""
    ids = [row["id"] for row in rows]
    there = {row["id"]: row for row in connection.execute(select(table).where(table.c.id.in_(ids))).mappings()}
    fresh = []
    for row in rows:
        stands = there.get(row["id"])
        if stands is None:
            fresh.append(row)
        elif row_digest(table.name, stands) != told.rows[f"{table.name}/{row['id']}"]:
            _replace(connection, table, row, done)
    return fresh


def _replace(connection: Connection, table: Table, row: Mapping[str, Any], done: Regained) -> None:
    """Put a row in the place of an older state of it."""
    values = {name: value for name, value in row.items() if name != "id"}
    try:
        with connection.begin_nested():
            connection.execute(table.update().where(table.c.id == row["id"]).values(**values))
    except IntegrityError:
        why = Text("与另一行冲突", "it stands against another row")
        done.lost.append((f"{table.name}/{row['id']}", why))


def _insert(connection: Connection, table: Table, rows: Rows, done: Regained) -> int:
    if not rows:
        return 0
    try:
        with connection.begin_nested():
            connection.execute(insert(table), [dict(row) for row in rows])
        return len(rows)
    except IntegrityError:
        pass
    count = 0
    for row in rows:
        try:
            with connection.begin_nested():
                connection.execute(insert(table), dict(row))
            count += 1
        except IntegrityError:
            why = Text("所依据的另一行未能恢复", "another row that it stands on was not regained")
            done.lost.append((f"{table.name}/{row['id']}", why))
    return count


def _records(ledger: Ledger, vault: Vault, told: Told, done: Regained, progress: Progress | None) -> None:
    """Make every record again whose capsule lies in the store and which the database does not have as the log knows it."""
    ids = sorted(vault.record_ids(everywhere=True) - told.going.keys())
    late: Rows = []
    parents = metadata.tables["record_parent"]
    seen = 0
    for some in _batched(ids, AT_ONCE):
        by_table: dict[str, Rows] = {"record": [], "component": []}
        wanted = _not_there(ledger, told, some)
        with ThreadPoolExecutor(HANDS) as hands:
            found = list(hands.map(lambda record_id: _of_capsule(vault, record_id, done), wanted))
        for rows in found:
            for name in by_table:
                by_table[name] += [from_plain(metadata.tables[name], row) for row in rows.get(name, ())]
            late += [from_plain(parents, row) for row in rows.get("record_parent", ())]
        _say_stale(told, by_table, done)
        done.records += _put(ledger, told, {records: by_table["record"]}, done)
        done.rows += _put(ledger, told, {metadata.tables["component"]: by_table["component"]}, done)
        seen += len(some)
        if progress:
            progress(seen, len(ids))
    done.rows += _put(ledger, told, {parents: late}, done)


def _not_there(ledger: Ledger, told: Told, ids: Iterable[str]) -> list[str]:
    """Return those of the records of which some row is not as the log knows it."""
    wanted = list(ids)
    good: dict[str, int] = dict.fromkeys(wanted, 0)
    bad: set[str] = set()
    with ledger.read() as connection:
        for name, column in OF_RECORDS.items():
            table = metadata.tables[name]
            for row in connection.execute(select(table).where(column.in_(wanted))).mappings():
                record_id = row[column.name]
                if told.rows.get(f"{name}/{row['id']}") != row_digest(name, row):
                    bad.add(record_id)
                good[record_id] += name == "component"
    # A text kept later is a component more: a record without one may lack it, and is looked at again.
    return [record_id for record_id in wanted if record_id in bad or good[record_id] < 2]


def _of_capsule(vault: Vault, record_id: str, done: Regained) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    try:
        return rows_again(vault, record_id)
    except KeyDestroyed:
        return {}
    except NotFound:
        done.lost.append((f"record/{record_id}", Text("没有封装说明或密钥", "there is no capsule or no key of it")))
    except ArchiveError as error:
        done.lost.append((f"record/{record_id}", error.text))
    return {}


def _say_stale(told: Told, by_table: Mapping[str, Rows], done: Regained) -> None:
    why = Text("封装说明早于最后一次改动", "its capsule is older than the last change of it")
    for name, rows in by_table.items():
        for row in rows:
            place = f"{name}/{row['id']}"
            if told.rows.get(place) != row_digest(name, row):
                done.lost.append((place, why))


def _stubs(ledger: Ledger, told: Told, done: Regained) -> None:
    """Turn what an older database still calls a record, and the log calls destroyed, into its stub."""
    for record_id in sorted(told.going):
        with ledger.work(None) as work:
            row = work.connection.execute(select(records).where(records.c.id == record_id)).one_or_none()
            if row is None or row.status == DESTROYED:
                continue
            gone: dict[str, Any] = {"sealed_description": None, "note": None}
            if row.level not in OPEN_LEVELS:
                gone |= {"title": None, "author": None, "document_no": None}
            with without_guards(work.connection, records):
                work.update(records, record_id, {"status": DESTROYED, "destroyed_at": work.at, **gone})
            work.connection.execute(outbox.delete().where(outbox.c.record_id == record_id))
            work.connection.execute(index_states.delete().where(index_states.c.record_id == record_id))
            forget(work, record_id)
            work.act(acts.RECORD_KEPT_DESTROYED, "record", record_id, code=row.code)
            work.commit()
        done.again += 1


def _holds_in_stores(ledger: Ledger, told: Told) -> None:
    """Put back what was done with holds in the stores: what was set there and is released by now has to be lifted there."""
    heard = [
        (at, names.parse(name).record_id, place, name, on)
        for at, place, name, on in told.mirrored
        if names.is_name(name)
    ]
    heard = [one for one in heard if one[1] not in told.going]
    if heard:
        with ledger.work(None) as work:
            count = copy_history.remember(work, heard)
            if count:
                work.act(acts.COPY_HISTORY_REGAINED, "archive", "copies", entries=count)
                work.commit()


def _numbers(ledger: Ledger) -> None:
    """No number is issued twice: every sequence stands at least where the highest number of its scope stands."""
    with ledger.work(None) as work:
        highest: dict[tuple[str, str], int] = {}
        for table in (records, void_numbers, reserved_numbers, case_file_numbers):
            wanted = select(table.c.scheme, table.c.scope, func.max(table.c.number)).group_by(
                table.c.scheme, table.c.scope
            )
            for row in work.connection.execute(wanted):
                highest[row.scheme, row.scope] = max(row[2], highest.get((row.scheme, row.scope), 0))
        changed = 0
        for row in work.connection.execute(select(sequences)).all():
            most = highest.pop((row.scheme, row.scope), 0)
            if most > row.last_no:
                changed += work.update(sequences, row.id, {"last_no": most})
        for (scheme, scope), most in highest.items():
            work.insert(sequences, {"id": uuid.uuid4().hex, "scheme": scheme, "scope": scope, "last_no": most})
            changed += 1
        if changed:
            work.act(acts.NUMBERS_KEPT, "archive", "numbers", number=changed)
            work.commit()


def _batched(many: Sequence[Any], most: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(many), most):
        yield many[start : start + most]


def not_regained(ledger: Ledger, told: Told) -> list[str]:
    """Return the places of all rows that the log knows and the database lacks or holds otherwise."""
    left = dict(told.rows)
    with ledger.read() as connection:
        for table in vouched_tables():
            for row in connection.execute(select(table)).mappings():
                place = f"{table.name}/{row['id']}"
                if left.get(place) == row_digest(table.name, row):
                    del left[place]
    return sorted(left)
