"""Help and usage errors in the language of the terminal; click itself speaks English only."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import click
from click.exceptions import BadParameter, ClickException, FileError, MissingParameter, NoSuchCommand, NoSuchOption

from archive_service.cli.output import words
from archive_service.errors import Text

_BETWEEN = " \u2016 "
_EXTRA = re.compile(r"\s*\[([^\[\]]*)\]$")
"""What click itself adds behind the help of an option."""

HEADINGS = {"Options": Text("选项", "Options"), "Commands": Text("命令", "Commands")}

PLACEHOLDERS = {"[OPTIONS]": "[选项]", "COMMAND": "命令", "[ARGS]...": "[参数]..."}
"""What click itself writes into a usage line."""

Callback = TypeVar("Callback", bound=Callable[..., Any])


def both(zh: str, en: str) -> str:
    """Return a help text in both languages, of which :class:`Formatter` shows one."""
    return zh + _BETWEEN + en


def in_chinese(zh: str) -> Callable[[Callback], Callback]:
    """Give a command its help in Chinese; the English one is its docstring."""

    def mark(callback: Callback) -> Callback:
        callback.__dict__["in_chinese"] = zh
        return callback

    return mark


class Said(click.Command):
    """A command whose help is there in both languages."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zh = getattr(self.callback, "in_chinese", "")
        if zh:
            self.help = self.short_help = both(zh, self.help or "")


class SaidGroup(click.Group, Said):
    """A group whose help, and that of its commands, is there in both languages."""

    command_class = Said


class Formatter(click.HelpFormatter):
    """Writes help in the language of the terminal."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:  # noqa: ARG002
        """Write the line that says how a command is written."""
        for said, zh in PLACEHOLDERS.items():
            args = args.replace(said, words(zh, said))
        super().write_usage(prog, args, words("用法：", "Usage: "))

    def section(self, name: str) -> AbstractContextManager[None]:  # type: ignore[override]
        """Write a heading."""
        return super().section(words(*HEADINGS.get(name, Text(name, name))))

    def write_text(self, text: str) -> None:
        """Write a paragraph."""
        super().write_text(spoken(text))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write names with what they mean."""
        super().write_dl([(name, spoken(said)) for name, said in rows], col_max, col_spacing)


def spoken(text: str) -> str:
    """Return the one of two texts that the terminal's language wants, with what click adds behind it."""
    if text == "Show this message and exit.":
        return words("显示本说明。", text)
    zh, parted, en = text.partition(_BETWEEN)
    if not parted:
        return text
    extra = _EXTRA.search(en)
    if extra:
        added = extra[1].replace("required", "必填").replace("default: ", "默认 ").replace("env var: ", "环境变量 ")
        zh += f"  [{added}]"
    return words(zh, en)


def usage_error(error: ClickException) -> Text:
    """Return what is wrong with a command line, in both languages, and how to see what is right."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "archive-service"
    return Text(
        f"{_in_chinese(error)}\n用法见 {path} --help",
        f"{error.format_message()}\nSee {path} --help",
    )


def _in_chinese(error: ClickException) -> str:
    match error:
        case NoSuchOption():
            return f"没有选项 {error.option_name}。"
        case NoSuchCommand():
            return f"没有命令 {error.command_name}。"
        case MissingParameter():
            return f"缺少 {_hint(error)}。"
        case BadParameter():
            return f"{_hint(error)} 的值不可用：{error.message}"
        case FileError():
            return f"无法打开 {error.ui_filename}：{error.message}"
    return error.format_message()


def _hint(error: BadParameter) -> str:
    hint = error.param_hint or (error.param.get_error_hint(error.ctx) if error.param and error.ctx else "")
    return hint if isinstance(hint, str) else "、".join(hint)
