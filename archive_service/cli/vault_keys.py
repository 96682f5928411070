"""The root key: change it, split it into shares, try the shares, recover with them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO

import click

from archive_service.cli.main import Desk, json_option, with_desk
from archive_service.cli.output import answer_json, say, words
from archive_service.cli.speech import Said, both, in_chinese
from archive_service.errors import BadInput, Conflict
from archive_service.jobs import backups
from archive_service.vault import Rotation
from archive_service.vault.configured import read_passphrase

KINDS = ("key-file", "passphrase", "aws-kms")


@click.command("rotate-key", cls=Said)
@click.option(
    "--to",
    "kind",
    type=click.Choice(KINDS),
    help=both("新根密钥由谁保管；不填则照旧。", "Who keeps the new root key; as before if left out."),
)
@click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help=both("新口令短语所在文件；不填则在终端询问。", "File with the new passphrase; asked for if left out."),
)
@json_option
@with_desk
@in_chinese("更换根密钥并重新包裹全部密钥；内容不动，可中断再续（系统管理员）。请先停止服务。")
def rotate_key(desk: Desk, kind: str | None, passphrase_file: Path | None, as_json: bool) -> None:
    """Change the root key and wrap all keys anew; content is not touched, can be resumed (system administrator). Stop the service first."""
    person, kind = desk.person, kind or desk.settings.keys.custodian
    phrase = _new_passphrase(passphrase_file) if kind == "passphrase" else ""
    tell = (lambda done: click.echo(f"\r{done}", nl=False, err=True)) if sys.stderr.isatty() else None
    rotation = desk.archive.administering.change_root_key(person, kind, phrase, tell)
    # Backups of before need the old root key, which is not kept: without a new one a lost keyring would be lost for good.
    made = backups.create(desk.archive, person) if desk.settings.backup.dir else None
    _say_rotation(rotation, as_json)
    if as_json:
        return
    if made:
        say(f"已用新密钥备份密钥库：{made.name}。", f"The keyring was backed up under the new key: {made.name}.")
    else:
        say(
            "未设置 [backup] dir：请立即另行备份密钥库，此前的备份已无法用新密钥打开。",
            "No [backup] dir is set: back the keyring up now; the new key opens no backup of before.",
        )
    if kind != desk.settings.keys.custodian:
        say(
            f'请在设置文件中写 [keys] custodian = "{kind}"，再启动服务。',
            f'Now write [keys] custodian = "{kind}" into the settings file, then start the service.',
        )
    say(
        "原有恢复份已失效，请用 vault shares 重新制作。更早的密钥库备份仍须用旧密钥打开。",
        "Recovery shares made before are void: make new ones with vault shares. Older backups of the keyring still "
        "need the old key.",
    )


def _new_passphrase(path: Path | None) -> str:
    if path is not None:
        return read_passphrase(path)
    if not sys.stdin.isatty():
        raise BadInput("请用 --passphrase-file 给出新口令短语。", "Give the new passphrase with --passphrase-file.")
    asked: str = click.prompt(words("新口令短语", "New passphrase"), hide_input=True, confirmation_prompt=True)
    return asked


def _say_rotation(rotation: Rotation, as_json: bool) -> None:
    if as_json:
        answer_json({"root": rotation.root, "rewrapped": rotation.rewrapped, "damaged": list(rotation.damaged)})
        return
    say(
        f"根密钥已更换（第 {rotation.root} 号），重新包裹 {rotation.rewrapped} 个密钥。",
        f"The root key was changed (number {rotation.root}); {rotation.rewrapped} keys were wrapped anew.",
    )
    if rotation.damaged:
        say(
            f"{len(rotation.damaged)} 个密钥已损坏，未能包裹；旧根密钥予以保留。请从备份恢复后再次更换。",
            f"{len(rotation.damaged)} keys are damaged and could not be wrapped; the old root key was kept. Restore "
            "them from a backup and change the key again.",
        )


@click.command("shares", cls=Said)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--needed",
    default=3,
    type=click.IntRange(2, 16),
    show_default=True,
    help=both("需几份才能恢复。", "How many are needed to recover."),
)
@click.option(
    "--of",
    "count",
    default=5,
    type=click.IntRange(2, 16),
    show_default=True,
    help=both("共制几份。", "How many are made."),
)
@json_option
@with_desk
@in_chinese("制作根密钥的恢复份，写成可打印的网页（每份一页，含词与二维码）；打印后请删除文件（系统管理员）。")
def make_shares(desk: Desk, file: Path, needed: int, count: int, as_json: bool) -> None:
    """Make recovery shares of the root key as a page to print, a sheet each with words and QR code; delete the file after printing (system administrator)."""
    from archive_service.reports.share_sheets import share_sheets

    if needed > count:
        raise BadInput("所需份数不能多于总份数。", "No more shares can be needed than are made.")
    archive = desk.archive
    if file.exists():
        raise Conflict(f"文件已存在，不会覆盖：{file}", f"The file stands already and is not overwritten: {file}")
    shares = archive.administering.recovery_shares(desk.person, needed, count)
    name = archive.settings.archive
    page = share_sheets(shares, f"{name.name_zh} {name.name_en}", archive.clock.today().isoformat())
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "w") as out:
        out.write(page)
    if as_json:
        answer_json({"file": file, "needed": needed, "of": count})
        return
    say(
        f"已写入 {file}：{count} 份中任意 {needed} 份即可恢复。请打印、分开密封，删除此文件，再用 vault drill 演练。",
        f"Written to {file}: any {needed} of {count} recover the root key. Print it, seal the sheets apart, delete the "
        "file, and try the sheets with vault drill.",
    )


@click.command("drill", cls=Said)
@click.argument("file", type=click.File("r", encoding="utf-8"), default="-")
@json_option
@with_desk
@in_chinese("演练恢复份（每行一份，来自文件或标准输入）：不改动任何内容（系统管理员）。")
def drill_shares(desk: Desk, file: IO[str], as_json: bool) -> None:
    """Try recovery shares, one a line from a file or standard input; nothing is changed (system administrator)."""
    done = desk.archive.administering.drill(desk.person, _lines(file))
    if as_json:
        answer_json({"canary": done.sentence, "keys_opened": done.keys_opened})
        return
    say(
        f"恢复份有效：验证语“{done.sentence}”，打开 {done.keys_opened} 个密钥。",
        f"The shares are good: canary “{done.sentence}”, {done.keys_opened} keys opened.",
    )


@click.command("recover", cls=Said)
@click.argument("file", type=click.File("r", encoding="utf-8"), default="-")
@json_option
@with_desk
@in_chinese("保管方式失效时，用恢复份（每行一份）把密钥库交给设置中的保管方式。凭恢复份，无须人员。")
def recover(desk: Desk, file: IO[str], as_json: bool) -> None:
    """Give the keyring to the custodian of the settings by recovery shares, one a line, when its own is lost. The shares are the right to do so."""
    from archive_service.archive import recover_root_key

    _say_rotation(recover_root_key(desk.settings, _lines(file)), as_json)


def _lines(file: IO[str]) -> list[str]:
    return [line.strip() for line in file if line.strip()]
