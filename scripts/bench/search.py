"""How fast search is: the engine alone, the whole permitted search around it, and SQLite FTS5, in the same run.

Use: python scripts/bench/search.py [PASSAGES] [FOLDER]      (20000 without a number; a FOLDER is kept and used again)

The passages are those of the Chinese laws, enlarged by mixing articles; every passage is a record of the catalogue, a
quarter of them out of sight of the one who asks. Questions: words, phrases, words with a filter, and long sentences in
the words of lay people. Every question is asked twice, the
second time counts. CORPUS in the environment names the corpus where it is not ../shared/corpus. Times are of the clock, beside processor
time: on a busy machine believe the second.
"""

from __future__ import annotations

import functools
import os
import random
import re
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import rjieba
from collections_zh import CORPUS, Collection, laws_zh
from sqlalchemy import insert, select

from archive_service.archive import Archive, found_archive, open_archive
from archive_service.catalog.model import NewRecord, SourceFile
from archive_service.catalog.tables import records
from archive_service.config import load_settings
from archive_service.people.service import NewPerson
from archive_service.search.fields import SearchFilters
from index.analysis import analyse
from index.engines.base import DOC_ID, Scope
from index.query import parse_query

LEVELS = ("PUB", "PUB", "INT", "PUB")
CLASSES = ("YSH", "KCQ", "ZBG")
SEES = frozenset({"PUB"})
CAST = (
    NewPerson("archivist", "张档", frozenset({"archivist"}), frozenset({"PUB", "INT", "TS", "PI"})),
    NewPerson("reader", "王阅", frozenset({"reader"}), SEES),
)
Words = tuple[str, str]


@functools.cache
def laws() -> Collection:
    return laws_zh(Path(os.environ.get("CORPUS", CORPUS)))


def passages(count: int) -> Iterator[Words]:
    """Give so many passages: every article once, then articles mixed by sentences, always the same."""
    own = list(laws().passages.values())
    yield from own[:count]
    chance = random.Random(7)
    sentences = [re.split(r"(?<=[。；])", text) for _, text in own]
    for number in range(len(own), count):
        mixed = [chance.choice(chance.choice(sentences)) for _ in range(chance.randint(2, 14))]
        yield f"第{number}号", "".join(mixed)


def questions() -> dict[str, list[str]]:
    """Return the questions of each kind."""
    collection = laws()
    chance = random.Random(11)
    texts = [text for _, text in collection.passages.values()]
    words, phrases = [], []
    while len(words) < 60:
        cut = [word for word in rjieba.cut(chance.choice(texts)) if re.fullmatch(r"[\u3400-\u9fff]{2,}", word)]
        if len(cut) > 4:
            words.append(" ".join(chance.sample(cut, chance.randint(1, 3))))
    while len(phrases) < 30:
        runs = re.findall(r"[\u3400-\u9fff]{5,}", chance.choice(texts))
        if runs:
            run = chance.choice(runs)
            at = chance.randrange(len(run) - 4)
            phrases.append(f'"{run[at : at + chance.randint(3, 5)]}"')
    return {
        "word": words,
        "phrase": phrases,
        "filtered": words[:30],
        "long": [text for text, _ in collection.questions][:40],
    }


def founded(folder: Path) -> Archive:
    config = folder / "config.toml"
    config.write_text("", encoding="utf-8")
    settings = load_settings(config)
    if not (settings.data_dir / "install.json").exists():
        found_archive(settings, CAST)
    return open_archive(settings)


def filled(archive: Archive, count: int) -> None:
    """Put the passages into catalogue and index beside the way of accession, which has a benchmark of its own."""
    person = archive.people.by_login("archivist")
    archive.cases.open_fonds(person, "Q001", "安泰示例集团", "Antai", "enterprise")
    content = [SourceFile("模板.txt", lambda: ["模板".encode()])]
    new = NewRecord("Q001", "GKX01", "模板", date(2014, 6, 1), tuple(content), level="PUB")
    first = archive.accession.file_record(person, new)
    archive.chores.settle_outbox()
    with archive.ledger.read() as connection:
        model = dict(connection.execute(select(records).where(records.c.id == first.record_id)).mappings().one())
    begun, cpu, terms, rows = time.perf_counter(), time.process_time(), 0, []
    compartments = archive.indexer.compartments
    for number, (title, text) in enumerate(passages(count)):
        level, year, of_class = LEVELS[number % 4], 2010 + number % 7, CLASSES[number % 3]
        one = f"{number:032x}"
        row = {**model, "id": one, "code": f"T{number:07}", "number": number + 100, "level": level, "year": year}
        rows.append({**row, "class_code": of_class, "type_code": f"{of_class}05", "title": title[:100]})
        terms += len(analyse(title)) + len(analyse(text))
        facts = {"class": of_class, "type": f"{of_class}05", "year": str(year), "level": level}
        compartments.add(level, one, title, text, facts, str(number))
        if len(rows) == 5000:
            compartments.commit()
            _inserted(archive, rows)
            rows = []
            print(f"  {number + 1} of {count}, {time.perf_counter() - begun:.0f} s", file=sys.stderr)
    compartments.commit()
    _inserted(archive, rows)
    seconds, used = time.perf_counter() - begun, time.process_time() - cpu
    print(
        f"built: {terms} terms in {seconds:.0f} s ({used:.0f} s of processor): {terms / used:,.0f} terms/s of processor"
    )


def _inserted(archive: Archive, rows: list[dict[str, object]]) -> None:
    if rows:
        with archive.ledger.work(None) as work:
            work.connection.execute(insert(records), rows)
            work.commit()


def fts5(count: int) -> sqlite3.Connection:
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE found USING fts5(text, tokenize = 'unicode61')")
    rows = ((" ".join(rjieba.cut(f"{title} {text}")),) for title, text in passages(count))
    database.executemany("INSERT INTO found VALUES (?)", rows)
    return database


def measured(name: str, asked: list[str], ask: Callable[[str], object]) -> None:
    """Ask everything twice and print the second times; in brackets processor time."""
    wall, used = [], []
    for question in asked:
        ask(question)
    for question in asked:
        begun, cpu = time.perf_counter(), time.process_time()
        ask(question)
        wall.append(1000 * (time.perf_counter() - begun))
        used.append(1000 * (time.process_time() - cpu))
    print(
        f"  {name:<34} p50 {at(wall, 50):7.1f}  p95 {at(wall, 95):7.1f} ms   ({at(used, 50):.1f} / {at(used, 95):.1f})"
    )


def at(taken: list[float], percent: int) -> float:
    return sorted(taken)[min(len(taken) - 1, len(taken) * percent // 100)]


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with tempfile.TemporaryDirectory() as made:
        folder = Path(sys.argv[2] if len(sys.argv) > 2 else made)
        folder.mkdir(parents=True, exist_ok=True)
        archive = founded(folder)
        if archive.indexer.compartments.count() < count:
            filled(archive, count)
        size = sum(path.stat().st_size for path in (archive.settings.data_dir / "index").rglob("*") if path.is_file())
        print(f"{count} passages: index {size / 1e6:.0f} MB")
        peer = fts5(count)
        reader = archive.people.by_login("reader")
        scope = Scope({"level": SEES, DOC_ID: frozenset()})
        narrow = Scope({"level": SEES, DOC_ID: frozenset()}, {"class": "KCQ", "year": "2012"})
        filters = SearchFilters(class_code="KCQ", year=2012)

        def alone(text: str, within: Scope = scope) -> object:
            query = parse_query(text)
            found = archive.indexer.compartments.search("open", query, within, strict=True)
            if len(found.all_ids) < 10 and len(query.words) > 1:
                found = archive.indexer.compartments.search("open", query, within, strict=False)
            return found

        def beside(text: str) -> object:
            words = [word for word in rjieba.cut(text.strip('"')) if re.search(r"\w", word)]
            how = " " if len(words) <= 3 else " OR "
            match = how.join(f'"{word}"' for word in words)
            return peer.execute(
                "SELECT rowid FROM found WHERE found MATCH ? ORDER BY bm25(found) LIMIT 20", (match,)
            ).fetchall()

        for kind, asked in questions().items():
            print(kind)
            filtered = kind == "filtered"
            measured("engine alone", asked, lambda text, f=filtered: alone(text, narrow if f else scope))  # type: ignore[misc]
            measured(
                "whole permitted search, 20 shown",
                asked,
                lambda text, f=filtered: archive.search.find(reader, text, filters if f else None),  # type: ignore[misc]
            )
            measured("SQLite FTS5 over dictionary words", asked, beside)
        print(f"memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
        archive.close()


if __name__ == "__main__":
    main()
