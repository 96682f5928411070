"""Whoosh in a folder."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from index.analysis import analyse
from index.engines.base import Document, Engine
from index.engines.whoosh_engine import FolderHome, WhooshEngine, schema
from index.faults import IndexDamaged
from tests.contracts.engine_suite import REGULATION, EngineContract, ask, document, fill, named
from tests.support import victim

CANARIES = ("zxqvcanary7hd", "龘靐齉爩")


def engine_at(folder: Path) -> WhooshEngine:
    return WhooshEngine(FolderHome(folder, schema))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def engine(folder: Path) -> Engine:
    return engine_at(folder)


class TestWhooshInAFolder(EngineContract):
    @pytest.fixture
    def reopened(self, folder: Path) -> Callable[[], Engine]:
        return lambda: engine_at(folder)


def traces(folder: Path, words: tuple[str, ...]) -> list[str]:
    """Look through the bytes of every file for words, their characters and pairs, in the encodings that might be used."""
    sought = {piece for word in words for piece in (word, *([] if word.isascii() else [*word, word[:2], word[1:3]]))}
    # One character is two bytes in the other encodings, which chance puts into any file.
    codes = {piece: ["utf-8", *(["utf-16-le", "utf-16-be", "gb18030"] if len(piece) > 1 else [])] for piece in sought}
    needles = {piece: [piece.encode(code) for code in codes[piece]] for piece in sought}
    return [
        f"{path.name}: {piece}"
        for path in folder.rglob("*")
        if path.is_file()
        for piece, forms in needles.items()
        if any(form in path.read_bytes() for form in forms)
    ]


def test_after_a_purge_no_byte_of_the_document_is_in_any_file(engine: WhooshEngine, folder: Path) -> None:
    """Finding 4: a deleted term stayed in segment, lexicon and counts through 31 more commits."""
    for number in range(60):
        engine.add(document(f"d{number}", f"{REGULATION}第{number}号"))
        if number == 30:
            engine.add(document("gone", f"报告 {CANARIES[0]}，{CANARIES[1]}。", title=CANARIES[0]))
        if number % 7 == 0:
            engine.commit()
    engine.commit()
    assert traces(folder, CANARIES), "the look itself would find it"
    engine.purge([named("gone")])
    assert traces(folder, CANARIES) == []
    assert engine.count() == 60


def test_after_a_purge_earlier_states_of_the_document_are_gone_too(engine: WhooshEngine, folder: Path) -> None:
    fill(engine, gone=f"第一稿 {CANARIES[0]}", other=REGULATION)
    fill(engine, gone=f"第二稿 {CANARIES[1]}")
    engine.purge([named("gone")])
    assert traces(folder, (*CANARIES, "第二稿")) == []


def test_a_purge_wipes_out_what_a_writer_left_that_was_killed(engine: WhooshEngine, folder: Path) -> None:
    fill(engine, a=REGULATION)
    (folder / "MAIN.tmp").mkdir()
    (folder / "MAIN.tmp" / "abc.run").write_text(CANARIES[0])
    (folder / "MAIN_deadbeef.seg").write_text(CANARIES[0])
    (folder / "_MAIN_99.toc.1234.5").write_text(CANARIES[0])
    engine.purge([named("never-indexed")])
    assert traces(folder, CANARIES) == []
    assert ask(engine, "巡察") == ["a"]


@pytest.mark.parametrize("call", ["write", "pwrite64", "fsync", "rename", "unlink", "openat"])
def test_a_writer_that_dies_anywhere_leaves_an_index_that_works_or_says_that_it_does_not(
    folder: Path, call: str
) -> None:
    """Real death in another process; whatever comes back is old or new, or is known to be damaged and can be cleared."""
    engine = engine_at(folder)
    fill(engine, old=REGULATION)
    program = (
        "import sys\n"
        "from tests.index.engines.test_whoosh_folder import engine_at, Path, fill, dying_at\n"
        "dying_at(sys.argv[2], int(sys.argv[3])); fill(engine_at(Path(sys.argv[1])), new='巡察演练')\n"
    )
    died = 0
    for moment in range(1, 6):
        ended_with = victim.run(program, str(folder), call, str(moment))
        died += ended_with == -signal.SIGKILL
        survivor = engine_at(folder)
        try:
            found = ask(survivor, "巡察")
        except IndexDamaged:
            survivor.clear()
            fill(survivor, old=REGULATION)
            found = ask(survivor, "巡察")
        assert sorted(found) in (["old"], ["new", "old"])
        fill(survivor, late="巡察")
        assert "late" in ask(survivor, "巡察")
        survivor.purge([named("new"), named("late")])
        if ended_with == 0:
            break
    assert died or call == "pwrite64"


def dying_at(call: str, moment: int) -> None:
    """Make this process die at the n-th file operation of a kind, before it happens."""
    import builtins
    from typing import Any

    left = [moment]

    def counted(real: Any) -> Any:
        def instead(*given: Any, **named_: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*given, **named_)

        return instead

    places: dict[str, tuple[Any, str]] = {
        "write": (builtins, "open"),
        "openat": (os, "open"),
        "fsync": (os, "fsync"),
        "rename": (os, "rename"),
        "unlink": (os, "remove"),
        "pwrite64": (os, "pwrite"),
    }
    owner, name = places[call]
    setattr(owner, name, counted(getattr(owner, name)))


def test_files_cut_short_are_told_as_damage_and_a_clear_mends_it(folder: Path) -> None:
    fill(engine_at(folder), a=REGULATION)
    for path in folder.glob("*.seg"):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    broken = engine_at(folder)
    with pytest.raises(IndexDamaged):
        ask(broken, "巡察")
    broken.clear()
    fill(broken, a=REGULATION)
    assert ask(broken, "巡察") == ["a"]


@pytest.mark.parametrize("content", [b"", b"\x00" * 200, b"not a table of contents"])
def test_a_table_of_contents_that_is_none_is_told_as_damage(folder: Path, content: bytes) -> None:
    fill(engine_at(folder), a=REGULATION)
    next(folder.glob("*.toc")).write_bytes(content)
    with pytest.raises(IndexDamaged):
        engine_at(folder).count()


def test_an_index_with_other_fields_is_told_as_damage(folder: Path) -> None:
    from whoosh import fields
    from whoosh.filedb.filestore import FileStorage

    folder.mkdir()
    FileStorage(str(folder)).create_index(fields.Schema(doc_id=fields.ID(stored=True)))
    with pytest.raises(IndexDamaged):
        engine_at(folder).count()


def test_a_folder_deleted_under_the_engine_begins_anew(folder: Path) -> None:
    engine = engine_at(folder)
    fill(engine, a=REGULATION)
    for path in folder.iterdir():
        path.unlink()
    assert engine.count() == 0
    fill(engine, b=REGULATION)
    assert ask(engine, "巡察") == ["b"]


def test_the_folder_is_for_the_service_alone(engine: Engine, folder: Path) -> None:
    assert folder.stat().st_mode & 0o777 == 0o700


def test_everything_that_a_commit_left_is_synced(engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Finding 7: Whoosh itself never syncs."""
    synced: list[int] = []
    real = os.fsync

    def watched(handle: int) -> None:
        synced.append(os.fstat(handle).st_ino)
        real(handle)

    monkeypatch.setattr(os, "fsync", watched)
    fill(engine, a=REGULATION)
    kept = [path for path in folder.iterdir() if path.suffix in (".seg", ".toc")]
    assert len(kept) >= 2
    assert {path.stat().st_ino for path in (*kept, folder)} <= set(synced)


def test_readers_go_on_while_others_write(folder: Path) -> None:
    engine = engine_at(folder)
    fill(engine, base=REGULATION)
    faults: list[BaseException] = []
    stop = threading.Event()

    def read() -> None:
        reader = engine_at(folder)
        while not stop.is_set():
            try:
                assert "base" in ask(reader, "巡察")
                assert "base" in ask(engine, "巡察")
            except BaseException as error:
                faults.append(error)
                return

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(25):
        fill(engine, **{f"d{number}": REGULATION})
        if number % 5 == 4:
            engine.purge([named(f"d{number}")])
    stop.set()
    for thread in threads:
        thread.join()
    assert faults == []
    assert engine.count() == 21


def test_two_processes_that_write_at_once_lose_nothing(folder: Path) -> None:
    program = (
        "import sys\n"
        "from tests.index.engines.test_whoosh_folder import engine_at, Path, fill, REGULATION\n"
        "e = engine_at(Path(sys.argv[1]))\n"
        "for n in range(10): fill(e, **{f'{sys.argv[2]}{n}': REGULATION})\n"
    )
    both = [victim.start(program, str(folder), name) for name in "ab"]
    assert [victim.wait(one) for one in both] == [0, 0]
    assert len(ask(engine_at(folder), "巡察")) == 20


def test_a_failed_write_changes_nothing_and_is_made_up_for(
    engine: WhooshEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(engine, a=REGULATION)

    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            fill(engine, b=REGULATION)
    engine.commit()
    assert sorted(ask(engine, "巡察")) == ["a", "b"]


def test_filters_and_counts_are_right_over_five_thousand_documents(engine: Engine) -> None:
    from index.engines.base import Scope
    from index.query import parse_query

    for number in range(5000):
        fields = {"level": "PUB" if number % 5 else "INT", "year": str(2010 + number % 10), "class": f"K{number % 3}"}
        engine.add(Document(f"{number:032x}", [], analyse("安全检查" if number % 2 else "消防检查"), fields))
    engine.commit()
    scope = Scope({"level": frozenset({"PUB"})}, {"year": "2011", "class": "K1"})
    found = engine.search(parse_query("安全"), scope)
    expected = [n for n in range(5000) if n % 2 and n % 5 and n % 10 == 1 and n % 3 == 1]
    assert [int(one, 16) for one in found.ids] == expected
    assert len(found.all_ids) == sum(1 for n in range(5000) if n % 2 and n % 5)
