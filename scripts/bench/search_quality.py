"""How good the first hits are, beside three plain ways of searching in the same run.

Use: python scripts/bench/search_quality.py [FOLDER OF THE CORPUS]      (../shared/corpus beside the clone without one)

Two collections: passages with their questions, and the articles of Chinese laws with questions in the words of people
who never read a law (questions_laws_zh.tsv). Ours is the whole way of a question through reading, analysis and engine; the
others are BM25 over the words of a dictionary, BM25 over pairs of characters, and SQLite FTS5 over the same words.
"""

from __future__ import annotations

import math
import re
import sqlite3
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import rjieba
from collections_zh import CORPUS, Collection, laws_zh, search_zh

from index.analysis import analyse
from index.engines.base import Document
from index.engines.whoosh_engine import FolderHome, WhooshEngine, schema
from index.query import parse_query

Ranking = Callable[[str], list[str]]
Cut = Callable[[str], list[str]]
FEW = 10
"""As the service does: where fewer hold every word, what holds some of them follows."""


def words_of(text: str) -> list[str]:
    return [word for word in rjieba.cut(text.lower()) if re.search(r"\w", word)]


def pairs_of(text: str) -> list[str]:
    found: list[str] = []
    for piece in re.findall(r"[\u3400-\u9fff]+|[a-z0-9]+", text.lower()):
        han = piece[0] >= "\u3400" and len(piece) > 1
        found += [piece[at : at + 2] for at in range(len(piece) - 1)] if han else [piece]
    return found


def bm25(collection: Collection, cut: Cut, k1: float = 1.2, b: float = 0.75) -> Ranking:
    postings: dict[str, dict[str, int]] = defaultdict(dict)
    lengths: dict[str, int] = {}
    for name, (title, text) in collection.passages.items():
        terms = cut(f"{title}\n{text}")
        lengths[name] = len(terms)
        for term, count in Counter(terms).items():
            postings[term][name] = count
    mean = sum(lengths.values()) / len(lengths)

    def ranking(question: str) -> list[str]:
        scores: dict[str, float] = defaultdict(float)
        for term in cut(question):
            holding = postings.get(term, {})
            rarity = math.log(1 + (len(lengths) - len(holding) + 0.5) / (len(holding) + 0.5))
            for name, count in holding.items():
                scores[name] += rarity * count * (k1 + 1) / (count + k1 * (1 - b + b * lengths[name] / mean))
        return sorted(scores, key=lambda name: (-scores[name], name))[:100]

    return ranking


def fts5(collection: Collection) -> Ranking:
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE passage USING fts5(name UNINDEXED, words)")
    rows = ((name, " ".join(words_of(f"{title}\n{text}"))) for name, (title, text) in collection.passages.items())
    database.executemany("INSERT INTO passage VALUES (?, ?)", rows)

    def ranking(question: str) -> list[str]:
        asked = " OR ".join('"' + word.replace('"', "") + '"' for word in words_of(question))
        found = database.execute(
            "SELECT name FROM passage WHERE passage MATCH ? ORDER BY bm25(passage) LIMIT 100", (asked,)
        )
        return [row[0] for row in found]

    return ranking


def ours(collection: Collection, folder: Path) -> Ranking:
    engine = WhooshEngine(FolderHome(folder, schema))
    names = {f"{number:032x}": name for number, name in enumerate(collection.passages)}
    for doc_id, name in names.items():
        title, text = collection.passages[name]
        engine.add(Document(doc_id, analyse(title), analyse(text), {"level": "PUB"}))
    engine.commit()

    def ranking(question: str) -> list[str]:
        query = parse_query(question)
        found = list(engine.search(query, strict=True).ids)
        if len(found) < FEW:
            found += [one for one in engine.search(query, strict=False).ids if one not in found]
        return [names[one] for one in found[:100]]

    return ranking


def measured(ranking: Ranking, collection: Collection) -> tuple[float, float, float, float]:
    """Return nDCG@10, MRR@10, recall@100 and milliseconds a question."""
    gain = first = recall = 0.0
    start = time.perf_counter()
    for question, relevant in collection.questions:
        found = ranking(question)
        right = [name in relevant for name in found]
        best = sum(1 / math.log2(place + 2) for place in range(min(10, len(relevant))))
        gain += sum(1 / math.log2(place + 2) for place, hit in enumerate(right[:10]) if hit) / best
        first += next((1 / (place + 1) for place, hit in enumerate(right[:10]) if hit), 0.0)
        recall += sum(right) / len(relevant)
    took = time.perf_counter() - start
    count = len(collection.questions)
    return gain / count, first / count, recall / count, 1000 * took / count


def main() -> None:
    corpus = Path(sys.argv[1]) if len(sys.argv) > 1 else CORPUS
    for collection in (search_zh(corpus), laws_zh(corpus)):
        print(f"{collection.name}: {len(collection.passages)} passages, {len(collection.questions)} questions")
        print(f"  {'':16}{'nDCG@10':>9}{'MRR@10':>9}{'recall@100':>12}{'ms':>8}")
        with tempfile.TemporaryDirectory() as folder:
            ways: dict[str, Ranking] = {
                "ours": ours(collection, Path(folder)),
                "words, BM25": bm25(collection, words_of),
                "pairs, BM25": bm25(collection, pairs_of),
                "SQLite FTS5": fts5(collection),
            }
            for name, ranking in ways.items():
                gain, first, recall, took = measured(ranking, collection)
                print(f"  {name:16}{gain:9.4f}{first:9.4f}{recall:12.4f}{took:8.2f}")


if __name__ == "__main__":
    main()
