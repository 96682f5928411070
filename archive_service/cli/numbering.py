"""Numbering: schemes and their versions, and the codes that come next."""

from __future__ import annotations

from typing import Any

import click

from archive_service.catalog.dates import parse_date
from archive_service.catalog.numbering import read_scheme
from archive_service.catalog.schemes import NewScheme, Sample, as_told, read_restart
from archive_service.cli.main import Desk, json_option, with_desk
from archive_service.cli.output import answer_json, say, show_table, words
from archive_service.cli.speech import SaidGroup, both, in_chinese


@click.group(cls=SaidGroup)
@in_chinese("档号：编号方案及其版本、接下来的档号。")
def numbering() -> None:
    """Archival codes: schemes and their versions, the codes that come next."""


@numbering.command()
@json_option
@with_desk
@in_chinese("列出编号方案及其各版本。")
def schemes(desk: Desk, as_json: bool) -> None:
    """List the numbering schemes with their versions."""
    kept = desk.archive.schemes.every(desk.person)
    if as_json:
        answer_json([as_told(one) for one in kept])
        return
    show_table(
        [
            words("方案", "Scheme"),
            words("版本", "Version"),
            words("样式", "Pattern"),
            words("启用", "Starts"),
            words("现行", "In force"),
        ],
        [
            [one.name, version.scheme.version, version.scheme.pattern, version.starts_on, "*" if version.holds else ""]
            for one in kept
            for version in one.versions
        ],
    )


PATTERN = both(
    "样式，如 {fonds}-{category}·{year}-{retention}-{problem}-{item:4}。",
    "Pattern, such as {fonds}-{category}·{year}-{retention}-{problem}-{item:4}.",
)
RESTART = both(
    "件号在它变化时重新起编（可重复）；不给则按件号之外的各部分。",
    "Part for each value of which items count anew (may be repeated); by default all but the item number.",
)


@numbering.command()
@click.argument("name")
@click.option("--pattern", required=True, help=PATTERN)
@click.option("--restart", multiple=True, help=RESTART)
@click.option("--name-zh", required=True, help=both("中文名称。", "Name in Chinese."))
@click.option("--name-en", required=True, help=both("英文名称。", "Name in English."))
@click.option(
    "--starts", required=True, help=both("启用日期，如 2027-01-01。", "Day on which it starts, such as 2027-01-01.")
)
@json_option
@with_desk
@in_chinese("建立编号方案，或为已有方案建立新版本；已用过的版本不变。")
def make(desk: Desk, name: str, as_json: bool, **said: Any) -> None:
    """Make a numbering scheme, or a new version of one; versions that have numbered stay as they are."""
    new = NewScheme(
        name=name,
        name_zh=said["name_zh"],
        name_en=said["name_en"],
        pattern=said["pattern"],
        restart=read_restart(said["restart"]),
        starts_on=parse_date(said["starts"]),
    )
    made = desk.archive.schemes.make(desk.person, new)
    if as_json:
        answer_json({"name": made.name, "version": made.version, "starts_on": new.starts_on})
        return
    say(f"已保存 {made.name} 版本 {made.version}。", f"Version {made.version} of {made.name} is saved.")


@numbering.command(name="next")
@click.argument("type_code")
@click.option("--fonds", required=True, help=both("全宗号，如 Q001。", "Fonds number, such as Q001."))
@click.option("--year", type=int, help=both("年度；不给则为今年。", "Year; this year if left out."))
@click.option("--retention", default="D30", show_default=True, help=both("保管期限代码。", "Retention code."))
@click.option(
    "--pattern", help=both("试用此样式；不给则用现行方案。", "Try this pattern; by default the scheme in force.")
)
@click.option("--restart", multiple=True, help=RESTART)
@json_option
@with_desk
@in_chinese("显示一个类型接下来的十个档号；不占号。")
def next_codes(desk: Desk, type_code: str, as_json: bool, **said: Any) -> None:
    """Show the next ten codes of a record type; none is taken."""
    keeper = desk.archive.schemes
    scheme = keeper.in_force(desk.archive.schedules.plan.type(type_code).scheme)
    if said["pattern"]:
        scheme = read_scheme(scheme.name, said["pattern"], read_restart(said["restart"]))
    year = said["year"] or desk.archive.clock.today().year
    codes = keeper.next_codes(desk.person, scheme, Sample(said["fonds"], type_code, year, said["retention"]))
    if as_json:
        answer_json({"scheme": scheme.name, "version": scheme.version, "codes": codes})
        return
    for code in codes:
        click.echo(code)
