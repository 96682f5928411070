"""What the files themselves suggest, printed before anything is filed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click

from archive_service.catalog.collecting.import_folder import read_chunks
from archive_service.catalog.model import SourceFile
from archive_service.catalog.suggesting.reading import Proposed
from archive_service.catalog.suggesting.suggestions import Suggestions
from archive_service.cli.main import Desk
from archive_service.cli.output import answer_json, language, say, words

MANIFESTS = ("manifest.csv", "manifest.xlsx")


def show_suggestions(desk: Desk, paths: tuple[Path, ...], as_json: bool) -> None:
    """Read each file (of a folder: all that lie in it) and print what it suggests; nothing is filed."""
    if not paths:
        raise click.UsageError(words("请给出要读的文件或文件夹。", "Name the files or the folder to be read."))
    found = ((name, _suggested(desk, path, name)) for path, name in _files(paths))
    if as_json:
        answer_json([{"file": name, **_json(one)} for name, one in found])
        return
    for name, one in found:
        _print(desk, name, one)


def _files(paths: tuple[Path, ...]) -> Iterator[tuple[Path, str]]:
    for path in paths:
        if not path.is_dir():
            yield path, path.name
            continue
        inner = sorted(one for one in path.rglob("*") if one.is_file() and not one.is_symlink())
        for one in inner:
            if one.name not in MANIFESTS:
                yield one, one.relative_to(path).as_posix()


def _suggested(desk: Desk, path: Path, name: str) -> Suggestions:
    source = SourceFile(path.name, partial(read_chunks, path))
    return desk.archive.suggesting.suggest(desk.person, [source], name)


def _json(one: Suggestions) -> dict[str, Any]:
    paper = one.paper
    fields = ("title", "date", "author", "document_no", "level")
    return {
        "types": [kind.__dict__ for kind in one.types],
        **{name: _value(getattr(paper, name)) for name in fields},
        "state_secret": paper.state_secret or None,
        "personal": dict(paper.personal),
        "reason": one.reason._asdict() if one.reason else None,
    }


def _value(proposed: Proposed | None) -> dict[str, str] | None:
    return dict(proposed.__dict__) if proposed else None


def _print(desk: Desk, name: str, one: Suggestions) -> None:
    click.echo(name)
    plan = desk.archive.schedules.plan
    for kind in one.types:
        title = plan.types[kind.type_code].name
        click.echo(f"  {kind.type_code}  {title.zh if language() == 'zh' else title.en}  ({', '.join(kind.words)})")
    paper = one.paper
    rows = (
        (words("题名", "title"), paper.title),
        (words("日期", "date"), paper.date),
        (words("责任者", "author"), paper.author),
        (words("文号", "document_no"), paper.document_no),
        (words("密级", "level"), paper.level),
    )
    for what, proposed in rows:
        if proposed:
            same = proposed.source == proposed.value
            click.echo(f"  {what}: {proposed.value}" + ("" if same else f"  ({proposed.source})"))
    if paper.personal:
        click.echo("  " + words("个人信息", "personal data") + ": " + _counted(paper.personal))
    if paper.state_secret:
        say(
            f"  注意：有国家秘密标志“{paper.state_secret}”，不得入库。",
            f"  Note: it bears the stamp of a state secret ({paper.state_secret}) and must not come in.",
        )
    if one.reason:
        say(f"  未读到文字：{one.reason.zh}", f"  No text: {one.reason.en}")


def _counted(personal: Any) -> str:
    return ", ".join(f"{kind} ×{times}" for kind, times in personal.items())
