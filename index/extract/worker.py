"""The one-shot process: limits first, then the libraries, then the cage, and only then the document."""

from __future__ import annotations

import importlib
import json
import resource
import sys
from typing import Any

from index.extract.cage import close_cage
from index.extract.kinds import KINDS, OCR, PRONOM, TOOLS, UNPACK
from index.extract.refusal import Refusal

MIB = 1024 * 1024


def main(arguments: list[str]) -> None:
    """Read a document from standard input and answer with one JSON object on standard output."""
    kind, memory_mib, cpu_seconds, most = arguments[0], *map(int, arguments[1:4])
    _limit(memory_mib, cpu_seconds, memory_files=kind == PRONOM)
    reader = importlib.import_module(TOOLS.get(kind) or f"index.extract.readers.{KINDS[kind]}")
    if kind in (PRONOM, OCR):
        reader.prepare()
    held = close_cage(threads=kind == PRONOM)
    if kind == UNPACK:  # its parts go out as they come, and how it ended behind them
        reader.stream(sys.stdin.buffer, sys.stdout.buffer)
        return
    if kind == OCR:  # a page at a time, so that what was read stays when the time is up
        reader.stream(sys.stdin.buffer, sys.stdout.buffer, held)
        return
    answer = {**_answer(reader, most), "sandbox": held}
    sys.stdout.buffer.write(json.dumps(answer).encode())
    sys.stdout.buffer.flush()


def _answer(reader: Any, most: int) -> dict[str, Any]:
    try:
        stream = sys.stdin.buffer
        text = reader.answer(stream) if hasattr(reader, "answer") else reader.read(stream.read())
        scans = getattr(text, "scans", 0)
        clean = text.encode("utf-8", "replace").decode().strip()
        del text
    except Refusal as refusal:
        return {"status": "failed", "text": "", "zh": refusal.zh, "en": refusal.en}
    except MemoryError:
        return _failed(
            "解析所需内存超过限度，未提取文字。", "Parsing needed more memory than allowed; no text was extracted."
        )
    except Exception:  # whatever a hostile file makes a library raise, the answer is the same plain sentence
        return _failed(
            "文件损坏或无法解析，未提取文字。", "The file is damaged or cannot be parsed; no text was extracted."
        )
    if not clean:
        return {
            "status": "none",
            "text": "",
            "zh": "文件中没有文字。",
            "en": "There is no text in the file.",
            "scans": scans,
        }
    if len(clean) > most:
        zh, en = f"文字过长，只取前 {most} 字。", f"The text is very long; only its first {most} characters are taken."
        return {"status": "ok", "text": clean[:most], "zh": zh, "en": en, "scans": scans}
    return {"status": "ok", "text": clean, "scans": scans}


def _failed(zh: str, en: str) -> dict[str, str]:
    return {"status": "failed", "text": "", "zh": zh, "en": en}


def _limit(memory_mib: int, cpu_seconds: int, *, memory_files: bool) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory_mib * MIB, memory_mib * MIB))
    # One second more for the hard limit: at the soft one the signal says why the process ended.
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    if not memory_files:  # files without a name, in memory, fall under the same limit
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
