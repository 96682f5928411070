"""One accession: what is taken in, what is refused, and that a refusal leaves nothing behind."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import event, func, select

from archive_service.catalog.filing.accession import Accession
from archive_service.catalog.filing.rows import component_id
from archive_service.catalog.model import NewRecord, Receipt, SourceFile
from archive_service.catalog.tables import components, outbox, records, sequences
from archive_service.errors import ArchiveError, BadInput, Conflict, Forbidden, NotFound
from archive_service.people.model import Person
from archive_service.vault import Capsule, Vault, Wanted
from tests.support.disposal_world import PROPOSER, World

DAY = date(2024, 3, 1)


def source(name: str, *pieces: bytes) -> SourceFile:
    return SourceFile(name, lambda: pieces)


def new(*files: SourceFile, **more: object) -> NewRecord:
    record = NewRecord("Q001", "YSH05", "整改情况月报", DAY, files or (source("a.txt", "正文".encode()),))
    return replace(record, **more)


def file(world: World, record: NewRecord) -> Receipt:
    return world.accession.file_record(world.person(PROPOSER), record)


def count(world: World, table: object) -> int:
    with world.ledger.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())  # type: ignore[arg-type]


def refused(world: World, record: NewRecord, kind: type[ArchiveError] = BadInput) -> ArchiveError:
    """File something that cannot be filed; nothing of it may be left: no object, no key, no row, no number."""
    before = [count(world, table) for table in (records, components, outbox)]
    keys, objects = world.vault._keyring.key_ids(), world.vault.record_ids()
    with pytest.raises(kind) as caught:
        file(world, record)
    assert [count(world, table) for table in (records, components, outbox)] == before
    assert (world.vault._keyring.key_ids(), world.vault.record_ids()) == (keys, objects)
    assert list((world.folder / "store" / "staging").iterdir()) == []
    with world.ledger.read() as connection:
        assert connection.execute(select(func.max(sequences.c.last_no))).scalar_one() is None
    assert caught.value.text.zh
    assert caught.value.text.en
    return caught.value


# ------------------------------------------------------------------------------------------------------------ files


@pytest.mark.parametrize("pieces", [(), (b"",), (b"", b"", b"")])
def test_an_empty_file_is_refused(desk: World, pieces: tuple[bytes, ...]) -> None:
    assert "0 bytes" in str(refused(desk, new(source("a.txt", *pieces))))


def breaking(after: bytes, error: OSError) -> Iterator[bytes]:
    yield after
    raise error


@pytest.mark.parametrize("code", [errno.EIO, errno.EACCES, errno.ENOENT, errno.EISDIR])
def test_a_file_that_cannot_be_read_is_refused_with_the_systems_words(desk: World, code: int) -> None:
    def unreadable() -> Iterable[bytes]:
        raise OSError(code, "the disk says no")

    assert "the disk says no" in str(refused(desk, new(SourceFile("a.txt", unreadable))))


def test_a_file_that_breaks_off_is_refused(desk: World) -> None:
    bad = SourceFile("a.bin", lambda: breaking(b"x" * 100_000, OSError(errno.EIO, "Input/output error")))
    assert "Input/output error" in str(refused(desk, new(bad)))


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_bad_file_among_several_leaves_nothing_of_the_others(desk: World, place: int) -> None:
    files = [source(f"{n}.txt", b"good") for n in range(3)]
    files[place] = source("bad.txt", b"")
    assert "bad.txt" in str(refused(desk, new(*files)))


def test_a_file_longer_than_allowed_is_refused_and_one_of_just_that_length_is_not(desk: World) -> None:
    most = 1 << 20
    assert "longer than allowed" in str(refused(desk, new(source("a.bin", b"x" * most, b"y"))))
    assert file(desk, new(source("a.bin", b"x" * most))).files[0][1] == most


def test_an_interrupt_in_the_middle_of_a_file_leaves_nothing(desk: World) -> None:
    def interrupted() -> Iterator[bytes]:
        yield b"begun"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        file(desk, new(source("a.txt", b"good"), SourceFile("b.txt", interrupted)))
    assert desk.vault.record_ids() == set()
    assert desk.vault._keyring.key_ids() == []


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("换\n行.txt", "换\ufffd行.txt"),
        ("\u202eتقرير.txt", "\ufffdتقرير.txt"),
        (
            "\U0001f4c1\U0001f468\u200d\U0001f469\u200d\U0001f467.txt",
            "\U0001f4c1\U0001f468\u200d\U0001f469\u200d\U0001f467.txt",
        ),
        ("..", "unnamed"),
        ("a\\b\\c.txt", "c.txt"),
        ("\udc80.txt", "\ufffd.txt"),
    ],
)
def test_an_odd_file_name_is_filed_and_shown_harmlessly(world: World, name: str, kept: str) -> None:
    receipt = file(world, new(source(name, b"content")))
    assert receipt.files[0][0] == kept
    with world.ledger.read() as connection:
        assert connection.execute(select(components.c.file_name)).scalar_one() == kept


def test_a_name_of_300_characters_is_filed_shortened(world: World) -> None:
    name = file(world, new(source("汉" * 300 + ".pdf", b"content"))).files[0][0]
    assert name.endswith("汉.pdf")
    assert len(name.encode()) <= 255


def test_two_files_of_one_name_are_both_kept(desk: World) -> None:
    receipt = file(desk, new(source("a.txt", b"one"), source("a.txt", b"two")))
    assert [b"".join(desk.vault.open(receipt.record_id, key, 1)) for key in desk.component_ids(receipt)] == [
        b"one",
        b"two",
    ]


def test_a_format_is_told_from_the_first_bytes_even_if_they_come_one_by_one(desk: World) -> None:
    pdf = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
    receipt = file(desk, new(SourceFile("图.jpg", lambda: [bytes([byte]) for byte in pdf])))
    with desk.ledger.read() as connection:
        assert connection.execute(select(components.c.media_type)).scalar_one() == "application/pdf"
    assert b"".join(desk.vault.open(receipt.record_id, component_id(receipt.record_id, 0), 1)) == pdf


# ------------------------------------------------------------------------------------------------------------ words


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"title": "  \n "}, "title"),
        ({"title": "汉" * 501}, "at most 500"),
        ({"title": "题\0名"}, "U+0000"),
        ({"author": "者" * 201}, "at most 200"),
        ({"document_no": "号" * 101}, "at most 100"),
        ({"note": "注" * 10_001}, "at most 10000"),
        ({"note": "注\x1b[31m"}, "U+001B"),
        ({"files": ()}, "at least one file"),
        ({"type_code": "XXX99"}, "XXX99"),
        ({"document_date": date(2026, 3, 3)}, "future"),
        ({"document_date": date(1899, 12, 31)}, "1899"),
        ({"year": 2100}, "2100"),
        ({"year": 0}, "0"),
        ({"level": "甲"}, "甲"),
        ({"level": "PUB"}, "may not be filed as PUB"),
        ({"facts": {"deaths": 1}}, "does not ask"),
        ({"parent": "Q001-ZY·AX·2024-D10-YSH-0001"}, "period of its own"),
    ],
)
def test_what_cannot_be_kept_is_refused_in_words(world: World, change: dict[str, object], said: str) -> None:
    assert said in str(refused(world, new(**change)))


@pytest.mark.parametrize("change", [{"fonds_no": "Q999"}, {"fonds_no": ""}, {"case_no": "AX2024-999"}])
def test_an_unknown_fonds_or_case_file_is_named(desk: World, change: dict[str, object]) -> None:
    [named] = change.values()
    assert str(named) in str(refused(desk, new(**change), NotFound))


def test_a_case_file_of_another_fonds_is_refused(desk: World) -> None:
    desk.open_case()
    assert "does not belong to fonds J001" in str(refused(desk, new(fonds_no="J001", case_no="AX2024-001")))


def test_the_document_of_today_is_taken(desk: World) -> None:
    assert file(desk, new(document_date=desk.hands.now.date())).archival_code.startswith("Q001-ZY·AX·2026-")


@pytest.mark.parametrize("field", ["level", "title", "document_no", "note", "name"])
def test_what_is_marked_as_a_state_secret_is_refused_at_the_door(desk: World, field: str) -> None:
    mark = "机密★10年"
    record = new(source(f"方案（{mark}）.pdf", b"x")) if field == "name" else new(**{field: mark})
    assert "国家秘密" in refused(desk, record).text.zh


def test_words_about_secrets_are_no_mark(desk: World) -> None:
    assert file(desk, new(title="关于做好机密文件管理和商业秘密保护的通知", level="商业秘密"))


def uncleared(world: World) -> Person:
    return replace(world.person(PROPOSER), clearance=frozenset({"PUB", "INT"}))


def test_a_person_without_clearance_for_the_level_is_refused_before_a_byte_is_read(desk: World) -> None:
    read: list[int] = []
    record = new(SourceFile("a.txt", lambda: read.append(1) or [b"x"]), level="TS")  # type: ignore[func-returns-value]
    with pytest.raises(Forbidden):
        desk.accession.file_record(uncleared(desk), record)
    assert read == []


# ---------------------------------------------------------------------------------------------------- the same key


def test_a_repeated_key_gives_the_first_receipt_and_no_second_object(world: World) -> None:
    first = file(world, new(key="form 7"))
    objects = sorted(path for path in (world.folder / "store").rglob("*") if path.is_file())
    again = file(world, new(source("other.txt", b"other"), key="form 7", title="另一题名"))
    assert again == replace(first, checkpoint=again.checkpoint, repeated=True)
    assert sorted(path for path in (world.folder / "store").rglob("*") if path.is_file()) == objects
    assert count(world, records) == 1
    assert file(world, new(key="form 8")).archival_code.endswith("-0002")


def test_a_repeated_key_reads_no_file_again(desk: World) -> None:
    file(desk, new(key="k"))
    assert file(desk, new(SourceFile("a", lambda: breaking(b"", OSError(5, "gone"))), key="k")).repeated


def test_a_key_does_not_open_a_record_that_one_may_not_file(desk: World) -> None:
    file(desk, new(key="guess me", level="TS", title="配方"))
    with pytest.raises(Conflict) as caught:
        desk.accession.file_record(uncleared(desk), new(key="guess me"))
    assert "配方" not in str(caught.value.text)


def test_the_same_key_twice_in_one_batch_files_once(desk: World) -> None:
    outcomes = desk.accession.file_records(desk.person(PROPOSER), [new(key="k"), new(key="k")])
    assert isinstance(outcomes[0], Receipt)
    assert isinstance(outcomes[1], Conflict)
    assert count(desk, records) == 1


def test_what_a_cut_off_attempt_left_is_gone_after_the_next_one_even_if_it_brings_fewer_files(
    desk: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "archive_service.catalog.filing.stowing.SMALL", 4
    )  # else they are stored together, and none at all
    files = [source(f"{n}.txt", f"file {n}".encode()) for n in range(3)]

    class Cut(BaseException):
        pass

    class CutVault(Vault):
        def discard(self, *_: object, **__: object) -> None:
            raise Cut  # as a killed process: it removes nothing

    inner = desk.accession
    cut_vault = object.__new__(CutVault)
    cut_vault.__dict__ = inner.vault.__dict__
    failing = [*files, SourceFile("d", lambda: breaking(b"x", OSError(5, "gone")))]
    with pytest.raises(Cut):
        replace(inner, vault=cut_vault).file_record(desk.person(PROPOSER), new(*failing, key="k"))
    assert len(list((desk.folder / "store" / "objects").rglob("*.sealed"))) == 3
    receipt = file(desk, new(files[0], key="k"))
    assert [path.name.split(".")[0] for path in (desk.folder / "store").rglob("*.sealed")] == desk.component_ids(
        receipt
    )
    assert desk.vault.keys_of(receipt.record_id) == desk.component_ids(receipt)


# ----------------------------------------------------------------------------------------- after the commit, and before


def test_a_capsule_that_cannot_be_written_does_not_undo_the_record(desk: World) -> None:
    class NoCapsules(Vault):
        def write_capsule(self, capsule: Capsule) -> None:  # type: ignore[override]
            raise OSError(errno.ENOSPC, "No space left on device")

        def write_capsules(self, capsules: Sequence[Capsule]) -> list[list[Wanted]]:
            raise OSError(errno.ENOSPC, "No space left on device")

    vault = object.__new__(NoCapsules)
    vault.__dict__ = desk.vault.__dict__
    receipt = replace(desk.accession, vault=vault).file_record(desk.person(PROPOSER), new())
    assert desk.content(receipt) == "正文"
    with desk.ledger.read() as connection:
        topics = set(connection.execute(select(outbox.c.topic)).scalars())
    assert topics == {"capsule", "index"}


def test_filing_leaves_a_capsule_and_asks_for_the_index_only(desk: World) -> None:
    receipt = file(desk, new())
    assert desk.vault.read_capsule(receipt.record_id).archival_code == receipt.archival_code
    with desk.ledger.read() as connection:
        assert list(connection.execute(select(outbox.c.topic)).scalars()) == ["index"]


def test_a_database_that_fails_while_writing_leaves_nothing(desk: World) -> None:
    def fail(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO component"):
            raise OSError("the database breaks")

    event.listen(desk.engine, "before_cursor_execute", fail)
    with pytest.raises(OSError, match="the database breaks"):
        file(desk, new())
    event.remove(desk.engine, "before_cursor_execute", fail)
    assert desk.vault.record_ids() == set()
    assert desk.vault._keyring.key_ids() == []
    assert file(desk, new()).archival_code.endswith("-0001")


def test_a_receipt_told_again_is_the_one_that_was_given(world: World) -> None:
    for level in ("INT", "TS"):
        receipt = file(world, new(source("甲.txt", b"1"), source("乙.txt", b"2"), level=level))
        again = world.accession.receipt(receipt.record_id)
        assert again == replace(receipt, checkpoint=again.checkpoint)


def test_nothing_confidential_is_in_the_database_in_clear(desk: World, tmp_path: Path) -> None:
    words = {"title": "配方题名", "author": "配方责任者", "document_no": "配方文号", "note": "配方备注"}
    file(desk, new(source("配方文件名.txt", "配方内容".encode()), level="TS", **words))
    desk.engine.dispose()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert "配方".encode() not in path.read_bytes(), path


def test_accession_needs_no_more_than_one_reading_of_a_file(desk: World) -> None:
    opened: list[int] = []

    def chunks() -> Iterator[bytes]:
        opened.append(1)
        yield from (b"x" * 1000 for _ in range(10))

    file(desk, new(SourceFile("a", chunks)))
    assert opened == [1]


def test_records_of_a_large_batch_are_committed_on_the_way(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive_service.catalog.filing.accession.AT_ONCE", 50_000)
    monkeypatch.setattr("archive_service.catalog.filing.accession.TOGETHER", 2)
    commits: list[int] = []
    real = Accession._committed

    def watched(self: Accession, actor: object, prepared: list[object]) -> list[Receipt]:
        commits.append(len(prepared))
        return real(self, actor, prepared)  # type: ignore[arg-type]

    monkeypatch.setattr(Accession, "_committed", watched)
    batch = [new(source("a.bin", bytes([n]) * 30_000)) for n in range(7)]
    outcomes = desk.accession.file_records(desk.person(PROPOSER), batch)
    assert [one.archival_code[-4:] for one in outcomes if isinstance(one, Receipt)] == [f"{n:04d}" for n in range(1, 8)]
    assert commits == [2, 2, 2, 1]
