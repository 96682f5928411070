"""The group of all commands, and what they share: the settings file, the person acting, the archive."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive_service.cli.output import words
from archive_service.cli.speech import Formatter, SaidGroup, both, in_chinese
from archive_service.config import Settings, read_settings
from archive_service.errors import BadInput, BadSettings

if TYPE_CHECKING:
    from archive_service.archive import Archive
    from archive_service.people.model import Person


@dataclass
class Desk:
    """What a command works with; the archive is opened only when a command needs it."""

    config: Path | None
    acting: str | None

    @cached_property
    def settings(self) -> Settings:
        """The settings, checked; when something is wrong, the files that they name are looked at too before it is said."""
        settings, faults = read_settings(self.config)
        if faults:
            from archive_service.archive import file_faults

            raise BadSettings([*faults, *file_faults(settings)])
        return settings

    @cached_property
    def archive(self) -> Archive:
        """The archive, opened and checked."""
        from archive_service.archive import open_archive  # heavy parts load only for commands that need them

        return open_archive(self.settings)

    @property
    def person(self) -> Person:
        """The person that ``--as`` names, with that person's rights."""
        if not self.acting:
            raise BadInput("请用 --as 登录名 说明由谁操作。", "Say who is acting: --as LOGIN.")
        return self.archive.people.by_login(self.acting)


click.Context.formatter_class = Formatter

COMMANDS: dict[str, tuple[str, str, str]] = {
    "init": ("setup", "建立档案库", "Found an archive"),
    "serve": ("setup", "启动网页服务", "Serve the pages"),
    "accession": ("records", "归档文件或文件夹", "File records or a folder"),
    "correct": ("corrections", "加入更正件", "Add a correction"),
    "describe": ("corrections", "更正一件的著录", "Correct a description"),
    "declare": ("corrections", "固化一件档案", "Declare a record"),
    "search": ("records", "检索", "Search"),
    "show": ("records", "显示一份档案", "Show a record"),
    "numbering": (
        "numbering",
        "档号：编号方案、预留与作废、旧档号、改类",
        "Archival codes: schemes, reserved and void numbers, old codes, classes",
    ),
    "retention": ("retention", "保管期限：检查、说明、预测", "Retention: check, explain, forecast"),
    "schedule": (
        "schedule",
        "保管期限表：换版、影响、启用",
        "Retention schedule: another version, its effect, adoption",
    ),
    "disposal": ("disposal", "处置清册", "Disposal lists"),
    "transfer": ("transfer", "移交：编包、回执、验包", "Transfer: packages, receipts, checking a package"),
    "audit": ("audit", "审计：校验、导出、检查点", "Audit: verify, export, checkpoint"),
    "vault": ("vault", "封存库：存储、副本、密钥", "Vault: stores, copies, keys"),
    "backup": ("backup", "备份、检查、恢复、演练", "Backup: create, verify, restore, drill"),
    "doctor": ("care", "检查全库是否一致", "Check that everything agrees"),
    "index": ("care", "索引：状态、重建", "Index: status, rebuild"),
    "people": ("people", "人员", "People"),
}


class Commands(SaidGroup):
    """Loads the module of a command when it is called, so that a short command starts quickly."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """Return the commands in the order of the trade."""
        return list(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        """Return one command."""
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"archive_service.cli.{COMMANDS[name][0]}")
        command: click.Command = getattr(module, name)
        return command

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading them."""
        with formatter.section(words("命令", "Commands")):
            formatter.write_dl([(name, words(zh, en)) for name, (_, zh, en) in COMMANDS.items()])


@click.command(cls=Commands)
@click.option(
    "--config",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    envvar="ARCHIVE_CONFIG",
    help=both("设置文件（TOML）。", "Settings file (TOML)."),
)
@click.option(
    "--as",
    "acting",
    metavar="PERSON",
    envvar="ARCHIVE_AS",
    help=both("由谁操作（登录名），适用其权限。", "Login of the person acting; that person's rights apply."),
)
@click.pass_context
@in_chinese("带保管期限的档案库：归档、编号、封存、检索、到期检查、处置、举证。")
def archive_service(context: click.Context, config: Path | None, acting: str | None) -> None:
    """Archives with retention rules: file, number, seal, search, check, dispose of, prove."""
    context.obj = Desk(config, acting)


def with_desk(command: Callable[..., Any]) -> Callable[..., Any]:
    """Hand a command its :class:`Desk`; ``--as`` may also stand behind the command."""

    @click.option(
        "--as", "acting_here", metavar="PERSON", help=both("由谁操作（登录名）。", "Login of the person acting.")
    )
    @click.pass_context
    @wraps(command)
    def run(context: click.Context, /, *args: Any, **kwargs: Any) -> Any:
        desk: Desk = context.obj
        acting_here = kwargs.pop("acting_here")
        if acting_here:
            desk.acting = acting_here
        return command(desk, *args, **kwargs)

    return run


json_option = click.option("--json", "as_json", is_flag=True, help=both("以 JSON 回答。", "Answer in JSON."))
