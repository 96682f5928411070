"""Disposal lists, for looking. Appraising, approving and ordering need a person who has signed in to the pages."""

from __future__ import annotations

import click

from archive_service.cli.main import Desk, json_option, with_desk
from archive_service.cli.output import answer_json, language, say, show_table, words
from archive_service.disposal.model import OPINION_WORDS, STATE_WORDS, STEP_WORDS, ListState, Opinion, Step


@click.group()
def disposal() -> None:
    """Disposal lists."""


@disposal.command()
@json_option
@with_desk
def lists(desk: Desk, as_json: bool) -> None:
    """List the disposal lists, the newest first."""
    found = desk.archive.disposal.all(desk.person)
    if as_json:
        answer_json([{"list_no": row.list_no, "state": row.state, "items": row.items} for row in found])
        return
    if not found:
        say("还没有处置清册。", "There are no disposal lists yet.")
        return
    show_table(
        [words("清册", "List"), words("状态", "State"), words("件数", "Items")],
        [[row.list_no, STATE_WORDS[ListState(row.state)].in_language(language()), row.items] for row in found],
    )


@disposal.command()
@click.argument("list_no")
@json_option
@with_desk
def show(desk: Desk, list_no: str, as_json: bool) -> None:
    """Show a list with its items, opinions and approvals."""
    view = desk.archive.disposal.view(desk.person, list_no)
    if as_json:
        said = [
            {"code": item.record["code"], "opinion": item.row.opinion, "reason": item.row.reason, "step": item.row.step}
            for item in view.items
        ]
        answer_json({"list_no": list_no, "state": view.row.state, "approvals": len(view.approvals), "items": said})
        return
    click.echo(f"{list_no}  {STATE_WORDS[ListState(view.row.state)].in_language(language())}")
    rows = []
    for item in view.items:
        opinion = OPINION_WORDS[Opinion(item.row.opinion)].in_language(language()) if item.row.opinion else ""
        step = STEP_WORDS[Step(item.row.step)].in_language(language())
        rows.append([item.record["code"], opinion, item.row.reason, step])
    show_table([words("档号", "Code"), words("意见", "Opinion"), words("理由", "Reason"), words("进度", "Step")], rows)
