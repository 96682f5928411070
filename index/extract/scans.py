"""Asking a caged process to recognise the words in pictures and scanned pages, page by page, trusting none of its answers.

The models lie inside the installed packages; nothing is fetched. Where the packages are not installed, that is said.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import IO

from index.extract.kinds import OCR, PDF, PICTURES
from index.extract.runner import Limits, streaming
from index.faults import Sentence

RECOGNISED = frozenset({PDF, *PICTURES})
"""The media types in which words may stand as a picture."""

BEGINNING = "\x1e"
"""Stands in a kept text before what was recognised, so that the two are never taken for one another."""

LONGEST_LINE = 4_000_000
NEEDED = ("rapidocr", "onnxruntime", "cv2", "numpy")

NOT_INSTALLED = Sentence(
    "图像或扫描页中的文字未识别：未安装文字识别组件（pip install 'archive-service[ocr]'）。",
    "Words in pictures or scanned pages were not recognised: text recognition is not installed "
    "(pip install 'archive-service[ocr]').",
)
CUT_OFF = Sentence(
    "文字识别超出时间、内存或大小限度，只得到前面各页。",
    "Text recognition went beyond its limits of time, memory or size; only the pages before that were read.",
)
NOTHING = Sentence(
    "文字识别未完成：文件损坏、过大或超出限度。",
    "Text recognition did not finish: the file is damaged, too large, or beyond the limits.",
)


@dataclass(frozen=True)
class Recognised:
    """What was read: the text of the pages that were pictures, how many these are, and what was wrong if anything."""

    text: str = ""
    pages: int = 0
    reason: Sentence | None = None
    sandbox: tuple[str, ...] = ()


Page = Callable[[int, int], bool]
"""Told after each page how many of how many are read; false ends the reading."""


class Ended(Exception):
    """Whoever waits for the pages does not want any more."""


def available() -> bool:
    """Say whether what recognises text is installed; nothing of it is loaded."""
    return all(importlib.util.find_spec(name) is not None for name in NEEDED)


def apart(kept: str) -> tuple[str, str]:
    """Return of a kept text what the files say in letters, and what was recognised in their pictures."""
    plain, _, seen = kept.partition(BEGINNING)
    return plain.rstrip("\n"), seen.lstrip("\n")


def together(plain: str, seen: str) -> str:
    """Put both parts into one text to be kept."""
    plain, seen = plain.replace(BEGINNING, " "), seen.replace(BEGINNING, " ")
    return f"{plain}\n\n{BEGINNING}\n{seen}" if seen.strip() else plain


def recognise(chunks: Iterable[bytes], media_type: str, limits: Limits, most_pages: int, page: Page) -> Recognised:
    """Return the words of a file's pages that are pictures. What is wrong with the file is said in the answer.

    :class:`Ended` when ``page`` wants no more; faults of the source of the bytes are raised.
    """
    asked = json.dumps({"kind": media_type, "pages": most_pages}).encode() + b"\n"
    with streaming(chain([asked], chunks), OCR, limits) as answer:
        return _read(answer, limits.output_characters, page)


def _read(answer: IO[bytes], most: int, page: Page) -> Recognised:
    head = _line(answer)
    total, sandbox = (head or {}).get("pages"), (head or {}).get("sandbox")
    if not isinstance(total, int) or not isinstance(sandbox, list) or not all(isinstance(one, str) for one in sandbox):
        return Recognised(reason=_words(head) or NOTHING)
    texts: list[str] = []
    size = 0
    held = tuple(sandbox)
    while (said := _line(answer)) is not None:
        if said.get("end") is True:
            return Recognised("\n\n".join(filter(None, texts)), total, _words(said), held)
        text = said.get("text")
        if not isinstance(text, str) or len(texts) >= total or size + len(text) > most:
            break
        texts.append(text.encode("utf-8", "replace").decode().strip())
        size += len(text)
        if not page(len(texts), total):
            raise Ended
    return Recognised("\n\n".join(filter(None, texts)), total, CUT_OFF if any(texts) else NOTHING, held)


def _line(answer: IO[bytes]) -> dict[str, object] | None:
    try:
        said = json.loads(answer.readline(LONGEST_LINE))
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _words(said: dict[str, object] | None) -> Sentence | None:
    zh, en = (said or {}).get("zh"), (said or {}).get("en")
    return Sentence(zh[:500], en[:500]) if isinstance(zh, str) and isinstance(en, str) else None
