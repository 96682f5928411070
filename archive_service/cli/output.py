"""How commands answer: sentences for people, JSON for programs, exit codes for scripts."""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from archive_service.errors import (
    ArchiveError,
    BadInput,
    BadSettings,
    Conflict,
    Damaged,
    Forbidden,
    NotFound,
    Text,
    Unavailable,
)

FOUND_WRONG = 1
EXIT_CODES: dict[type[ArchiveError], int] = {
    BadInput: 2,
    Forbidden: 3,
    NotFound: 4,
    Conflict: 5,
    Unavailable: 6,
    Damaged: 7,
    BadSettings: 8,
}


def language() -> str:
    """Return the language of the terminal: ``ARCHIVE_LANG`` if set, else what the system says, else Chinese."""
    wanted = os.environ.get("ARCHIVE_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG") or "zh"
    return "en" if wanted.lower().startswith("en") else "zh"


def words(zh: str, en: str) -> str:
    """Return one of two sentences, in the terminal's language."""
    return Text(zh, en).in_language(language())


def exit_code_of(error: ArchiveError) -> int:
    """Return the documented exit code of an error."""
    return next((code for kind, code in EXIT_CODES.items() if isinstance(error, kind)), 7)


def harmless(text: str) -> str:
    """Return a text with whatever would steer a terminal, or turn its line round, shown instead of obeyed.

    A title or a file name comes from outside: it may hold escape sequences or signs of writing direction.
    """
    return "".join(sign if sign in "\n\t" or not _steers(sign) else f"<{ord(sign):04X}>" for sign in text)


def _steers(sign: str) -> bool:
    return unicodedata.category(sign) in ("Cc", "Cs") or unicodedata.bidirectional(sign) in _TURNING


_TURNING = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


def echo(text: str, *, nl: bool = True, err: bool = False) -> None:
    """Write a line for people."""
    click.echo(harmless(text), nl=nl, err=err)


def say_error(error: ArchiveError, as_json: bool) -> None:
    """Say an error on the error stream, to a person or to a program."""
    if as_json:
        said = {"exit_code": exit_code_of(error), **error.text._asdict()}
        click.echo(json.dumps({"error": said}, ensure_ascii=False), err=True)
        return
    echo(words("错误：", "Error: ") + error.text.in_language(language()), err=True)


def say(zh: str, en: str) -> None:
    """Say a sentence."""
    echo(words(zh, en))


def answer_json(value: Any) -> None:
    """Answer a program."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def show_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Show rows to a person; a narrow terminal or a pipe loses nothing."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else harmless(str(cell)) for cell in row))
    Console(file=sys.stdout, width=None if sys.stdout.isatty() else 200, highlight=False, markup=False).print(table)
