"""The register of use 利用登记簿, with the columns of the trade; what is not known here is left open for the pen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from archive_service.audit import acts
from archive_service.errors import Text
from archive_service.people.model import LEVEL_WORDS, PERMISSION_WORDS, Person
from archive_service.people.service import People
from archive_service.reading_room.use import Used, UseRegister
from archive_service.reports.register import Cell, Column, Kind, Register

COLUMNS = (
    Column(Text("序号", "No."), 3, Kind.NUMBER),
    Column(Text("利用日期", "Used on"), 7, Kind.DATE),
    Column(Text("利用者姓名", "User"), 6),
    Column(Text("单位/部门", "For whom"), 7),
    Column(Text("证件或介绍信", "Paper shown"), 5),
    Column(Text("联系方式", "Contact"), 5),
    Column(Text("利用目的", "Purpose"), 10),
    Column(Text("档号", "Code"), 14, Kind.CODE),
    Column(Text("题名", "Title"), 14),
    Column(Text("密级/控制", "Level"), 5),
    Column(Text("利用方式", "Manner"), 5),
    Column(Text("份数/页数", "Pages"), 4, Kind.NUMBER),
    Column(Text("批准人", "Agreed by"), 6),
    Column(Text("借出日期", "Lent on"), 5, Kind.DATE),
    Column(Text("应归还日期", "Due back"), 5, Kind.DATE),
    Column(Text("实际归还日期", "Back on"), 5, Kind.DATE),
    Column(Text("归还状况", "Condition"), 5),
    Column(Text("利用效果", "What it was good for"), 8),
    Column(Text("经办人", "Handled by"), 5),
    Column(Text("备注", "Note"), 5),
)


def use_register(
    register: UseRegister, people: People, actor: Person, first: date, last: date, unit: Text, language: str
) -> Register:
    """Draw up the register of use of a span of days; the log notes who took it."""
    lines = register.used(actor, first, last)
    ids = {one.use.person_id for one in lines} | {person for one in lines for person in one.agreed}
    names = people.names(sorted(ids))
    register.ledger.note(
        actor.id,
        acts.REGISTER_WRITTEN,
        "archive",
        "use",
        records=len(lines),
        as_of=f"{first.isoformat()}/{last.isoformat()}",
    )
    return Register(
        title="利用登记簿" if language == "zh" else "Register of use",
        unit=unit.in_language(language),
        drawn_up_on=register.ledger.clock.today().isoformat(),
        fields=[("期间" if language == "zh" else "From and to", f"{first.isoformat()} – {last.isoformat()}")],
        columns=COLUMNS,
        rows=[_row(number, one, names, language) for number, one in enumerate(lines, 1)],
        language=language,
    )


def _row(number: int, one: Used, names: Mapping[str, str], language: str) -> list[Cell]:
    request, use = one.request, one.use
    agreed = "、".join(names.get(person, "") for person in one.agreed)
    return [
        number,
        use.on.isoformat(),
        names.get(use.person_id, ""),
        (request.on_behalf or "") if request else "",
        "",
        "",
        request.purpose if request else "",
        one.line.code,
        one.line.title,
        LEVEL_WORDS[one.line.level].in_language(language),
        PERMISSION_WORDS[use.manner].in_language(language),
        len(use.pages) or "",
        agreed,
        "",
        "",
        "",
        "",
        (request.effect or "") if request else "",
        "",
        "",
    ]
