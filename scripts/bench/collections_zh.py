"""The two collections that search is measured on: passages with questions, and laws with questions in lay words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
CORPUS = HERE.parents[2] / "shared" / "corpus"
ARTICLE = re.compile(r"^(第[零〇一二三四五六七八九十百千]+条(?:之[一二三四五六七八九十]+)?)[\s\u3000]", re.MULTILINE)


@dataclass(frozen=True)
class Collection:
    """Passages as id -> (title, text); questions as (text, ids of the passages that answer)."""

    name: str
    passages: dict[str, tuple[str, str]]
    questions: list[tuple[str, frozenset[str]]]


def search_zh(corpus: Path = CORPUS) -> Collection:
    """Return the development set of passages and questions."""
    passages = {one["id"]: (one["title"], one["text"]) for one in _lines(corpus / "search_zh" / "passages.jsonl")}
    asked = [(one["text"], frozenset(one["relevant"])) for one in _lines(corpus / "search_zh" / "questions.jsonl")]
    return Collection("search_zh", passages, asked)


def laws_zh(corpus: Path = CORPUS) -> Collection:
    """Return the articles of all laws in their latest version, and our questions in lay words."""
    latest: dict[str, Path] = {}
    for path in sorted((corpus / "laws_zh").rglob("*.md"), key=_date):
        latest[path.stem.split("(")[0]] = path
    passages: dict[str, tuple[str, str]] = {}
    for name, path in latest.items():
        for number, text in _articles(path.read_text(encoding="utf-8")):
            passages[f"{name}#{number}"] = (f"{name} {number}", text)
    asked = []
    for line in (HERE / "questions_laws_zh.tsv").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            question, law, piece = line.split("\t")
            answers = frozenset(
                one for one, (_, text) in passages.items() if one.startswith(f"{law}#") and piece in text
            )
            if not answers:
                raise SystemExit(f"{law}: {piece} is in no article")
            asked.append((question, answers))
    return Collection("laws_zh", passages, asked)


def _date(path: Path) -> str:
    found = re.search(r"\((\d{4}-\d\d-\d\d)\)", path.stem)
    return found[1] if found else ""


def _articles(law: str) -> Iterator[tuple[str, str]]:
    body = law.split("<!-- INFO END -->", 1)[-1]
    pieces = ARTICLE.split(re.sub(r"^#+ .*$", "", body, flags=re.MULTILINE))
    for number, text in zip(pieces[1::2], pieces[2::2], strict=True):
        yield number, text.strip()


def _lines(path: Path) -> Iterator[dict]:  # type: ignore[type-arg]
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)
