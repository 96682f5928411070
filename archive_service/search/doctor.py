"""Holding catalogue, keyring, store and index against each other. Reads only."""

from __future__ import annotations

from sqlalchemy import select

from archive_service.audit.ledger import Ledger
from archive_service.audit.verify import Finding
from archive_service.catalog.tables import (
    ARCHIVED,
    DESTROYED,
    components,
    index_states,
    outbox,
    records,
    sequences,
    void_numbers,
)
from archive_service.errors import ArchiveError, Text
from archive_service.search.indexer import Indexer
from archive_service.search.texts import INDEXED, WITHOUT_TEXT
from archive_service.vault import Vault
from index.extract import cage_strength


def examine(ledger: Ledger, vault: Vault, indexer: Indexer) -> list[Finding]:
    """Return everything that does not agree, each with what it means."""
    return [*_objects(ledger, vault), *_continuity(ledger), *_index(ledger, indexer), *_cage()]


def _objects(ledger: Ledger, vault: Vault) -> list[Finding]:
    findings: list[Finding] = []
    known: set[str] = set()
    with ledger.read() as connection:
        states = {
            row.id: (row.status, row.code)
            for row in connection.execute(select(records.c.id, records.c.status, records.c.code))
        }
        files = connection.execute(select(components)).all()
    for record_id, (status, code) in states.items():
        if status == DESTROYED:
            findings += [
                Finding(code, Text(f"已销毁却仍有残留：{left}", f"destroyed, yet something is left: {left}"))
                for left in vault.remains(record_id)
            ]
    for file in files:
        status, code = states[file.record_id]
        known.add(file.record_id)
        if status != ARCHIVED:
            continue
        try:
            vault.check(file.record_id, file.id, file.version, file.sealed_sha256)
        except ArchiveError as error:
            findings.append(Finding(f"{code}/{file.id}", error.text))
    orphans = sorted({record_id for record_id in vault.record_ids() if record_id not in known})
    findings += [
        Finding(f"store/{orphan}", Text("目录中没有此对象所属的档案", "no record in the catalogue owns this object"))
        for orphan in orphans
    ]
    return findings


def _continuity(ledger: Ledger) -> list[Finding]:
    """Item numbers run from 1 without a gap unless the void ledger names it (DA/T 70-2018, continuity)."""
    findings: list[Finding] = []
    with ledger.read() as connection:
        rows = connection.execute(select(sequences)).all()
        for row in rows:
            taken = set(
                connection.execute(
                    select(records.c.number).where(records.c.scheme == row.scheme, records.c.scope == row.scope)
                ).scalars()
            )
            void = select(void_numbers.c.number).where(
                void_numbers.c.scheme == row.scheme, void_numbers.c.scope == row.scope
            )
            taken |= set(connection.execute(void).scalars())
            missing = sorted(set(range(1, row.last_no + 1)) - taken)
            why = Text("缺号，且不在作废登记中", "this number is missing and not in the void ledger")
            findings += [Finding(f"{row.scope}{number:04d}", why) for number in missing]
    return findings


def _index(ledger: Ledger, indexer: Indexer) -> list[Finding]:
    """Hold what the index contains against what the catalogue noted of it, state by state."""
    try:
        held = {name: indexer.compartments.marks(name) for name in indexer.compartments.names}
    except ArchiveError as error:
        return [Finding("index", error.text)]
    with ledger.read() as connection:
        waiting = set(connection.execute(select(outbox.c.record_id).where(outbox.c.topic == "index")).scalars())
        rows = connection.execute(
            select(
                records.c.id,
                records.c.code,
                records.c.level,
                records.c.status,
                index_states.c.state,
                index_states.c.analysis,
            ).outerjoin(index_states, index_states.c.record_id == records.c.id)
        ).all()
    missing = Text("索引与目录不符；请运行 index rebuild", "index and catalogue do not agree; run index rebuild")
    misplaced = Text("索引中有不该有的档案", "the index holds a record that it must not hold")
    findings: list[Finding] = []
    for row in rows:
        home = indexer.compartments.name_of(row.level)
        if any(row.id in marks for name, marks in held.items() if row.status != ARCHIVED or name != home):
            findings.append(Finding(row.code, misplaced))
        settled = row.status == ARCHIVED and row.id not in waiting and row.state in (INDEXED, WITHOUT_TEXT)
        if settled and home and held[home].get(row.id) != row.analysis:
            findings.append(Finding(row.code, missing))
    return findings


def _cage() -> list[Finding]:
    strength = cage_strength()
    if strength.holds:
        return []
    return [Finding("extraction", Text(strength.sentence.zh, strength.sentence.en))]
