"""Correcting a filed file, and declaring a record."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from archive_service.catalog.collecting.folders import read_chunks
from archive_service.catalog.model import SourceFile
from archive_service.cli.main import Desk, json_option, with_desk
from archive_service.cli.output import answer_json, say
from archive_service.cli.speech import Said, both, in_chinese
from archive_service.errors import BadInput


@click.command(cls=Said)
@click.argument("code")
@click.argument("path", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--reason", required=True, help=both("更正的原因。", "Why the file is corrected."))
@click.option(
    "--file",
    "name",
    help=both("要更正的文件名；只有一个文件时可不写。", "Name of the file to correct; not needed where there is one."),
)
@json_option
@with_desk
@in_chinese("给一件档案加入更正件；被更正的文件保留不动。")
def correct(desk: Desk, code: str, path: Path, reason: str, name: str | None, as_json: bool) -> None:
    """Add a file that corrects one of a record's; the corrected file stays as it is."""
    whole = desk.archive.catalogue.find(desk.person, code)
    found, _ = desk.archive.corrections.of(whole.row["id"])
    done = {one.corrected_id for one in found}
    open_ones = [one for one in whole.files if one.role != "preview" and one.id not in done]
    chosen = [one for one in open_ones if name is None or one.name == name]
    if len(chosen) != 1:
        names = "、".join(one.name for one in open_ones)
        raise BadInput(f"请用 --file 指明要更正的文件：{names}。", f"Say with --file which file is corrected: {names}.")
    source = SourceFile(path.name, partial(read_chunks, path.resolve()))
    new_id = desk.archive.corrections.correct(desk.person, code, chosen[0].id, source, reason)
    desk.archive.chores.settle_outbox()
    if as_json:
        answer_json({"code": whole.line.code, "component": new_id, "corrects": chosen[0].id})
        return
    say("已加入更正件，原文件保留。", "The correction was added; the file that it corrects is kept.")


@click.command(cls=Said)
@click.argument("code")
@click.option("--title", help=both("题名。", "Title."))
@click.option("--author", help=both("责任者。", "Responsible body or person."))
@click.option("--document-no", help=both("文号。", "Document number."))
@click.option("--note", help=both("备注。", "Note."))
@click.option("--reason", required=True, help=both("更正的原因。", "Why it is corrected."))
@json_option
@with_desk
@in_chinese("更正一件档案的著录；原来的文字保留。")
def describe(desk: Desk, code: str, reason: str, as_json: bool, **said: str | None) -> None:
    """Correct the description of a record; the words before are kept."""
    wanted = {name: value for name, value in said.items() if value is not None}
    changed = desk.archive.describing.change(desk.person, code, wanted, reason)
    if as_json:
        answer_json({"code": code, "changed": list(changed)})
    elif changed:
        say("已更正著录。", "The description is corrected.")
    else:
        say("与原来相同，没有改动。", "These are the words that stand already; nothing was changed.")


@click.command(cls=Said)
@click.argument("code")
@json_option
@with_desk
@in_chinese("固化一件档案：此后文件和著录都不再更改。")
def declare(desk: Desk, code: str, as_json: bool) -> None:
    """Declare a record: its files and its description are not changed any more."""
    desk.archive.corrections.declare(desk.person, code)
    if as_json:
        answer_json({"code": code, "declared": True})
        return
    say("已固化：此件不再接受更正。", "Declared: the record takes no correction any more.")
