"""Holding catalogue, keyring, store and index against each other. Changes nothing."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, select

from archive_service.audit.ledger import Ledger
from archive_service.audit.verify import Finding
from archive_service.catalog.classification.schedules import schemes_used
from archive_service.catalog.keeping.copies import Copies
from archive_service.catalog.keeping.known_stores import not_among_settings, out_of_settings
from archive_service.catalog.tables import (
    ARCHIVED,
    DESTROYED,
    RESERVED,
    case_file_numbers,
    components,
    index_states,
    outbox,
    records,
    reserved_numbers,
    sequences,
    void_numbers,
)
from archive_service.errors import ArchiveError, Conflict, Text, Unavailable
from archive_service.search.indexer import Indexer
from archive_service.search.texts import INDEXED, WITHOUT_TEXT
from archive_service.vault import PRIMARY, Fault, Vault, names
from index.extract import cage_strength


def examine(ledger: Ledger, copies: Copies, indexer: Indexer, *, contents: bool = True) -> list[Finding]:
    """Return everything that does not agree, each with what it means; ``contents``: read every file too."""
    vault = copies.vault
    return [
        *_objects(ledger, vault, contents),
        *_stores_away(copies),
        *_stores(copies),
        *_keys(ledger, vault, {one for made in indexer.compartments.generations.all for one in made.key_owners}),
        *continuity(ledger),
        *_index(ledger, indexer),
        *cage(),
    ]


def _objects(ledger: Ledger, vault: Vault, contents: bool) -> list[Finding]:
    findings: list[Finding] = []
    known: set[str] = set()
    there = vault.record_ids()  # before the catalogue is asked: what is filed meanwhile is no finding
    with ledger.read() as connection:
        states = {
            row.id: (row.status, row.code)
            for row in connection.execute(select(records.c.id, records.c.status, records.c.code))
        }
        files = connection.execute(select(components)).all()
    gone = {record_id: () for record_id, (status, _) in states.items() if status == DESTROYED}
    try:
        remains = vault.remains_of(gone) if gone else {}
    except Unavailable as error:
        remains = {}
        findings.append(Finding("store", _with(error.text, FILE_FAULTS[True])))
    findings += [
        Finding(
            states[record_id][1],
            Text(
                f"已销毁却仍有残留：{left}；请核对日志后由系统管理员清除，密钥已毁，内容无法打开",
                f"destroyed, yet something is left: {left}; its key is gone and it opens no more. Verify the log, then have "
                "it removed",
            ),
        )
        for record_id, lines in remains.items()
        for left in lines
    ]
    for file in files:
        status, code = states[file.record_id]
        known.add(file.record_id)
        if status != ARCHIVED or not contents:
            continue
        try:
            vault.check(file.record_id, file.id, file.version, file.sealed_sha256)
        except ArchiveError as error:
            findings.append(Finding(f"{code}/{file.id}", _with(error.text, FILE_FAULTS[type(error) is Unavailable])))
    orphans = [record_id for record_id in sorted(there - known) if _is_nobodys(ledger, vault, record_id)]
    findings += [Finding(f"store/{orphan}", NOBODYS) for orphan in orphans]
    return findings


FILE_FAULTS = {
    False: Text(
        "如有其他存储，运行 doctor --repair 由完好的副本修复；否则停用该盘，从该存储介质的备份中找回此对象",
        "with a further store, doctor --repair makes it good from a sound copy; without one take the disk out of use and bring "
        "this object back from a backup of the medium",
    ),
    True: Text(
        "请检查挂载、网络与凭据，恢复后再次运行 doctor",
        "look at mount, network and credentials, then run doctor again",
    ),
}
"""What to do about a file, by whether its store could not be reached."""

INDEX_UNREADABLE = Text(
    "索引可随时重建，不含原件：请运行 index rebuild",
    "the index holds no originals and can be made again at any time: run index rebuild",
)
LOG_TAMPERED = Text(
    "请停止服务，什么也不要改动，原样保存数据库与库外检查点，交审计人员核对；查明后用 backup restore 恢复",
    "stop the service, change nothing, keep the database and the anchors as they are for the auditors to compare; when it is "
    "clear what happened, bring the catalogue back with backup restore",
)


def said_what_to_do(text: Text) -> Text:
    """Return a finding of the log's verification with what to do about it."""
    return _with(text, LOG_TAMPERED)


def _with(text: Text, advice: Text) -> Text:
    return Text(f"{text.zh.rstrip('。')}。{advice.zh}", f"{text.en.rstrip('.')}. {advice.en[0].upper()}{advice.en[1:]}")


NOBODYS = Text(
    "目录中没有此对象所属的档案：或是中断的归档所留，或是目录恢复到了较早的备份。请勿删除，先核对备份与日志",
    "no record in the catalogue owns this object: an accession that was cut off has left it, or the catalogue was "
    "restored from an older backup. Delete nothing; compare backup and log first",
)
NOBODYS_KEYS = Text(
    "密钥库中有密钥不属于目录中任何档案：或是中断的归档所留，或是目录恢复到了较早的备份。请勿删除，先核对备份与日志",
    "the keyring holds keys that no record in the catalogue owns: an accession that was cut off has left them, or the "
    "catalogue was restored from an older backup. Delete nothing; compare backup and log first",
)
FAULTS = {
    Fault.MISSING: Text("副本缺失；将从完好的副本补齐", "the copy is missing; it is made again from a good one"),
    Fault.DAMAGED: Text("副本损坏；将从完好的副本修复", "the copy is damaged; it is repaired from a good one"),
    Fault.UNREACHABLE: Text(
        "存储不可用，其副本未核对；请检查挂载、网络与凭据",
        "the store cannot be reached and was not compared; look at mount, network and credentials",
    ),
    Fault.UNEXPECTED: Text(
        "此处不应有这个对象（可能已改变存放规则）；不会自动删除。请先核对存放规则；确属多余的，由系统管理员在该存储中移走",
        "this object is not expected here (the placement may have changed); it is not removed by itself. Look at the placement "
        "first; if the object is really one too many, have the system administrator take it out of that store",
    ),
}


def _stores_away(copies: Copies) -> list[Finding]:
    """Tell of stores in which copies may lie and which the settings no longer name."""
    with copies.ledger.read() as connection:
        return [Finding(name, not_among_settings([name])) for name in out_of_settings(connection, copies.vault.stores)]


def _stores(copies: Copies) -> list[Finding]:
    """Hold every store's listing against what must lie there, and tell of copies known to be faulty."""
    findings = []
    earlier = copies.earlier_capsules()
    if earlier:
        findings.append(
            Finding(
                "capsules",
                Text(
                    f"{earlier} 份封装说明是早前版本写的，不足以单凭它们重建目录；后台每分钟重写 200 份，doctor --repair 可立即全部重写",
                    f"{earlier} capsules were written by an earlier version and do not tell enough to make the catalogue again; the "
                    "background work writes 200 a minute anew, doctor --repair does it now",
                ),
            )
        )
    for row in copies.faulty():
        words = FAULTS[Fault.DAMAGED if row.state == "damaged" else Fault.MISSING]
        trouble = Text(f"（{row.trouble}）", f" ({row.trouble})") if row.trouble else Text("", "")
        findings.append(
            Finding(f"{row.code} {row.place}:{row.name}", Text(words.zh + trouble.zh, words.en + trouble.en))
        )
    known = {(row.place, row.name) for row in copies.faulty()}
    unlisted, early = copies.unlisted(), set[str]()
    for place in copies.vault.stores:
        if place == PRIMARY:
            continue  # the catalogue's own list of files is held against it elsewhere
        compared = list(copies.vault.compare(place, copies.listed(place)))
        copies.note(compared)
        for one in compared:
            if one.fault is Fault.UNEXPECTED and _record_of(one.name) in unlisted:
                early.add(_record_of(one.name))
            elif (one.place, one.name) not in known and not (one.fault is Fault.UNEXPECTED and copies.is_asked(one)):
                findings.append(Finding(f"{one.place}:{one.name}", FAULTS[one.fault]))
    if early:
        findings.append(Finding("copies", _early(len(early))))
    return findings


def _early(count: int) -> Text:
    return Text(
        f"{count} 件的副本尚未登记（目录刚刚重建）：启动服务或运行 vault replicate 后即登记，再运行 doctor",
        f"the copies of {count} records are not noted yet (the catalogue was just made again): start the service or run "
        "vault replicate, then doctor again",
    )


def _record_of(name: str) -> str:
    return names.parse(name).record_id if name else ""


def _keys(ledger: Ledger, vault: Vault, others: Collection[str]) -> list[Finding]:
    """Every file of a record in the archive has a living key, and every key a record; ``others`` own keys as well."""
    there = vault.living_keys()
    with ledger.read() as connection:
        known = set(connection.execute(select(records.c.id)).scalars())
        wanted = (
            select(components.c.id, components.c.record_id, records.c.code)
            .join(records, records.c.id == components.c.record_id)
            .where(records.c.status == ARCHIVED)
        )
        files = connection.execute(wanted).all()
    lost = Text(
        "没有能打开此文件的密钥；请从密钥库备份恢复",
        "there is no key that opens this file; restore it from a backup of the keyring",
    )
    # What is its own owner (an upload that waits, the seal of people's secrets) belongs to no record.
    strange = {owner for key_id, owner in there.items() if owner != key_id} - known - set(others)
    return [
        *(Finding(f"{row.code}/{row.id}", lost) for row in files if row.id not in there),
        *(Finding(f"keyring/{owner}", NOBODYS_KEYS) for owner in sorted(strange) if _is_nobodys(ledger, vault, owner)),
    ]


def _is_nobodys(ledger: Ledger, vault: Vault, record_id: str) -> bool:
    """Say whether no record has this id and nobody files one under it just now."""
    try:
        with vault.claim(record_id), ledger.read() as connection:
            return connection.execute(select(records.c.id).where(records.c.id == record_id)).first() is None
    except Conflict:  # being filed just now
        return False
    except (ArchiveError, ValueError):  # it cannot be claimed, so nobody says that it is being filed
        return True


def continuity(ledger: Ledger) -> list[Finding]:
    """Item numbers run from 1 without a gap unless the void ledger names it (DA/T 70-2018, continuity).

    Each class counts by its own scheme, so a missing number is named as that scheme would have written it.
    """
    findings: list[Finding] = []
    with ledger.read() as connection:
        schemes = schemes_used(connection)
        for row in connection.execute(select(sequences).order_by(sequences.c.scheme, sequences.c.scope)).all():
            waiting = _taken(connection, reserved_numbers, row, reserved_numbers.c.state == RESERVED)
            taken = waiting.union(
                *(_taken(connection, table, row) for table in (records, void_numbers, case_file_numbers))
            )
            why = Text(
                "缺号，且不在作废登记中；请查明去向，确未使用的由档案员作废并说明原因",
                "this number is missing and not in the void ledger; find out where it went, and if it was never used have an "
                "archivist void it with the reason",
            )
            scheme = schemes.get(row.scheme)
            missing = (number for number in range(1, row.last_no + 1) if number not in taken)
            # Of a scheme that no kept plan names the bare number still tells.
            written = scheme.written if scheme else "{}{}".format
            findings += [Finding(written(row.scope, number), why) for number in missing]
    return findings


def _taken(connection: Connection, table: Table, sequence: Any, *only: ColumnElement[bool]) -> set[int]:
    wanted = select(table.c.number).where(table.c.scheme == sequence.scheme, table.c.scope == sequence.scope, *only)
    return set(connection.execute(wanted).scalars())


def _index(ledger: Ledger, indexer: Indexer) -> list[Finding]:
    """Hold what the index contains against what the catalogue noted of it, state by state."""
    try:
        held = {name: indexer.compartments.marks(name) for name in indexer.compartments.names}
    except ArchiveError as error:
        return [Finding("index", _with(error.text, INDEX_UNREADABLE))]
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
    misplaced = Text(
        "索引中有不该有的档案；请运行 index rebuild",
        "the index holds a record that it must not hold; run index rebuild",
    )
    findings: list[Finding] = []
    for row in rows:
        home = indexer.compartments.name_of(row.level)
        if any(row.id in marks for name, marks in held.items() if row.status != ARCHIVED or name != home):
            findings.append(Finding(row.code, misplaced))
        settled = row.status == ARCHIVED and row.id not in waiting and row.state in (INDEXED, WITHOUT_TEXT)
        if settled and home and held[home].get(row.id) != row.analysis:
            findings.append(Finding(row.code, missing))
    return findings


def cage() -> list[Finding]:
    """Say in what the cage around the readers of foreign files is weaker on this machine than it should be."""
    strength = cage_strength()
    if strength.holds:
        return []
    return [Finding("extraction", Text(strength.sentence.zh, strength.sentence.en))]
