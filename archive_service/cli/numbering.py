"""Numbering: schemes and their versions, the codes that come next, reserved and void numbers, old codes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from archive_service.catalog.codes.scheme import read_scheme
from archive_service.catalog.collecting.legacy_tables import LARGEST_TABLE, judged, read_table, read_words
from archive_service.catalog.dates import parse_date
from archive_service.catalog.numbering.schemes import NewScheme, Sample, as_told, read_restart
from archive_service.catalog.numbering.void_ledger import Wanted
from archive_service.cli.main import Desk, json_option, with_desk
from archive_service.cli.output import FOUND_WRONG, answer_json, language, say, show_table, words
from archive_service.cli.speech import SaidGroup, both, in_chinese
from archive_service.people.policy import Action, require
from archive_service.search.doctor import continuity


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


@numbering.command()
@click.argument("type_code")
@click.option("--fonds", required=True, help=both("全宗号，如 Q001。", "Fonds number, such as Q001."))
@click.option("--year", type=int, help=both("年度；不给则为今年。", "Year; this year if left out."))
@click.option("--retention", default="D30", show_default=True, help=both("保管期限代码。", "Retention code."))
@click.option("--case", "case_no", help=both("案卷编号（按卷编号时）。", "Case file (where numbering is by file)."))
@click.option("--count", type=int, required=True, help=both("数量。", "How many."))
@click.option("--purpose", required=True, help=both("用途，如盒号。", "For which papers: a box, for example."))
@click.option(
    "--until", required=True, help=both("到期日；未用的此后进入作废登记。", "Day after which unused ones become void.")
)
@click.option(
    "--key",
    help=both(
        "请求标识：以同一标识重复运行，返回原来的一段，不再占号。",
        "Request key: repeated with the same key, the first block is returned and no number taken.",
    ),
)
@json_option
@with_desk
@in_chinese("为随后归档的纸质文件预留一段件号。")
def reserve(desk: Desk, type_code: str, as_json: bool, **said: Any) -> None:
    """Reserve the next numbers of a record type for papers that are filed later."""
    wanted = Wanted(
        fonds_no=said["fonds"],
        type_code=type_code,
        year=said["year"] or desk.archive.clock.today().year,
        retention=said["retention"],
        count=said["count"],
        purpose=said["purpose"],
        expires_on=parse_date(said["until"]),
        case_no=said["case_no"],
        key=said["key"],
    )
    codes = desk.archive.void_ledger.reserve(desk.person, wanted)
    if as_json:
        answer_json({"codes": codes, "expires_on": wanted.expires_on})
        return
    for code in codes:
        click.echo(code)


@numbering.command()
@click.argument("code")
@click.option("--reason", required=True, help=both("原因。", "Reason."))
@json_option
@with_desk
@in_chinese("作废一个没有档案的件号，永不再用。")
def void(desk: Desk, code: str, reason: str, as_json: bool) -> None:
    """Withdraw a number that no record bears, for good."""
    withdrawn = desk.archive.void_ledger.withdraw(desk.person, code, reason)
    if as_json:
        answer_json({"code": withdrawn, "reason": reason})
        return
    say(f"已作废：{withdrawn}。", f"Withdrawn: {withdrawn}.")


@numbering.command()
@json_option
@with_desk
@in_chinese("列出作废登记。")
def voids(desk: Desk, as_json: bool) -> None:
    """List the void ledger."""
    keeper = desk.archive.void_ledger
    rows: list[Any] = []
    while page := keeper.voided(desk.person, rows[-1].code if rows else ""):
        rows += page
    if as_json:
        answer_json([{"code": row.code, "reason": row.reason, "at": row.voided_at} for row in rows])
        return
    show_table(
        [words("档号", "Code"), words("原因", "Reason"), words("时间", "When")],
        [[row.code, row.reason, row.voided_at] for row in rows],
    )


@numbering.command()
@click.argument("code")
@click.option("--reason", required=True, help=both("原因。", "Reason."))
@click.option("--year", type=int, help=both("正确的年度。", "The right archival year."))
@click.option(
    "--given", default="", help=both("应有的档号；不给则取下一个。", "The code it should bear; else the next.")
)
@json_option
@with_desk
@in_chinese("提出更正一件已归档档案的档号；由另一人在网页上办理，原号进入作废登记。")
def correct(desk: Desk, code: str, reason: str, year: int | None, given: str, as_json: bool) -> None:
    """Propose that a filed record gets another number; another person carries it out at the pages, the old one is void then."""
    would_be = desk.archive.renumbering.propose(desk.person, code, reason, year, given)
    if as_json:
        answer_json({"code": code, "would_be": would_be})
        return
    say(
        f"已提出，待另一人在网页上办理；目前将得 {would_be}。",
        f"Proposed; another person carries it out at the pages. It would get {would_be} now.",
    )


@numbering.command()
@json_option
@with_desk
@in_chinese("列出待办的改号。")
def corrections(desk: Desk, as_json: bool) -> None:
    """List the corrections of codes that wait for a second person."""
    waiting = desk.archive.renumbering.waiting(desk.person)
    if as_json:
        answer_json([{"old": one.old_code, "would_be": one.new_code, "reason": one.reason} for one in waiting])
        return
    show_table(
        [words("原号", "Old code"), words("将得", "Would get"), words("原因", "Reason")],
        [[one.old_code, one.new_code or words("不能办理", "cannot be done"), one.reason] for one in waiting],
    )


@numbering.command()
@json_option
@with_desk
@in_chinese("核对件号的连续性：缺号且不在作废登记中的，逐个列出，退出码为 1。")
def gaps(desk: Desk, as_json: bool) -> None:
    """Name every number that is missing and not in the void ledger; exit code 1 if there is one."""
    require(desk.person, Action.VOID_NUMBER)
    missing = [finding.place for finding in continuity(desk.archive.ledger)]
    if as_json:
        answer_json({"missing": missing})
    else:
        for code in missing:
            click.echo(code)
        say(f"缺 {len(missing)} 个号。", f"{len(missing)} numbers are missing.")
    if missing:
        raise SystemExit(FOUND_WRONG)


@numbering.command()
@click.argument("table", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--map", "mappings", multiple=True, help=both("词=码 的对照（可重复）。", "word=CODE (may be repeated)."))
@json_option
@with_desk
@in_chinese("为旧档号（每行一个，或带“档号”列的 CSV、XLSX）给出建议；什么也不改，采用与否在网页上逐个决定。")
def legacy(desk: Desk, table: Path, mappings: tuple[str, ...], as_json: bool) -> None:
    """Propose for old codes (one a line, or CSV or XLSX with a column "code"); nothing is changed: they are taken one by one at the pages."""
    require(desk.person, Action.KEEP_CASES)
    with table.open("rb") as file:
        read = read_table(table.name, file.read(LARGEST_TABLE + 1))
    found = judged(desk.archive.ledger, desk.archive.schedules, read, read_words("\n".join(mappings)))
    if as_json:
        answer_json(
            [
                {
                    "line": one.number,
                    "typed": one.typed,
                    "state": one.state._asdict(),
                    "proposals": [
                        {"code": p.code, "scheme": p.scheme, "changes": [change._asdict() for change in p.changes]}
                        for p in one.proposals
                    ],
                }
                for one in found
            ]
        )
        return
    said = language()
    show_table(
        [
            words("行", "Line"),
            words("旧档号", "Old code"),
            words("建议", "Proposal"),
            words("说明", "What was changed"),
        ],
        [
            [
                one.number,
                one.typed,
                one.proposals[0].code if one.proposals else "",
                "; ".join(change.in_language(said) for change in one.proposals[0].changes)
                or one.state.in_language(said)
                if one.proposals
                else one.state.in_language(said),
            ]
            for one in found
        ],
    )


@numbering.command()
@click.argument("codes", nargs=-1, required=True)
@click.option("--class", "type_code", required=True, help=both("改为的类型，如 YSH04。", "Type that they belong to."))
@click.option("--reason", required=True, help=both("原因。", "Reason."))
@json_option
@with_desk
@in_chinese("改类：档号照旧，到期日重算，从不缩短。")
def reclassify(desk: Desk, codes: tuple[str, ...], type_code: str, reason: str, as_json: bool) -> None:
    """Put records into another class: codes stay, due dates are computed anew and never shortened."""
    done = desk.archive.reclassifying.change_all(desk.person, codes, type_code, reason)
    if as_json:
        told = [{**one.__dict__, "fault": one.fault._asdict() if one.fault else None} for one in done]
        answer_json(told)
    else:
        for one in done:
            kept = words("（期限照旧）", " (the period stays)") if one.period_stays else ""
            click.echo(
                f"{one.code}: {one.fault.in_language(language()) if one.fault else f'{one.old} → {one.new}{kept}'}"
            )
    if any(one.fault for one in done):
        raise SystemExit(FOUND_WRONG)
