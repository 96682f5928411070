"""Descriptions are corrected with a reason, never lose what stood before, and stay where something holds them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from archive_service.catalog.records.browse import Catalogue, Filters
from archive_service.catalog.records.describing import Describing, Edit, mark_of
from archive_service.catalog.records.saved_views import SavedViews
from archive_service.catalog.tables import description_changes, outbox
from archive_service.disposal.holds.holds import NewHold
from archive_service.disposal.standing import standing
from archive_service.errors import BadInput, Conflict, NotFound
from tests.support.disposal_world import APPROVERS, PROPOSER, World

WHY = "原著录有误，只有本件才有的原因"


def describing(world: World) -> Describing:
    catalogue = Catalogue(world.ledger, world.vault, world.schedules)
    return Describing(world.ledger, world.vault, catalogue, standing)


@pytest.mark.parametrize(("type_code", "level"), [("YSH05", "INT"), ("KCQ02", "TS")])
def test_words_are_corrected_and_what_stood_before_is_kept_sealed_like_them(
    world: World, type_code: str, level: str
) -> None:
    receipt = world.file(type_code, level=level, title="旧题名甲")
    desk, actor = describing(world), world.person(PROPOSER)
    assert desk.change(actor, receipt.archival_code, {"title": " 新题名乙 ", "author": "示例组"}, WHY) == (
        "author",
        "title",
    )
    assert desk.change(actor, receipt.archival_code, {"title": "新题名乙"}, WHY) == ()
    whole = desk.catalogue.find(actor, receipt.archival_code)
    assert (whole.description.title, whole.description.author) == ("新题名乙", "示例组")
    [told] = desk.history(receipt.record_id)
    assert (told.before, told.reason) == ({"title": "旧题名甲", "author": ""}, WHY)
    with world.ledger.read() as connection:
        row = connection.execute(select(description_changes)).one()
        waiting = set(
            connection.execute(select(outbox.c.topic).where(outbox.c.record_id == receipt.record_id)).scalars()
        )
    assert (row.said is None) is (level == "TS")
    assert waiting == {"capsule", "index"}
    for wanted, why in (
        ({"title": ""}, WHY),
        ({"author": ""}, WHY),
        ({"title": "机密★10年"}, WHY),
        ({"note": "x"}, " "),
    ):
        with pytest.raises(BadInput):
            desk.change(actor, receipt.archival_code, wanted, why)
    with pytest.raises(NotFound):
        desk.change(replace(actor, clearance=frozenset({"PUB"})), receipt.archival_code, {"title": "看不见"}, WHY)


def test_many_are_corrected_as_the_preview_said_and_what_is_held_declared_or_hidden_stays(desk: World) -> None:
    codes = [desk.file(title=f"{n}号记录（示列）", author="旧组").archival_code for n in range(4)]
    hidden = desk.file("KCQ02", level="TS", title="藏（示列）").archival_code
    actor, service = desk.person(PROPOSER), describing(desk)
    reader = replace(actor, clearance=frozenset({"PUB", "INT"}))
    desk.holds.place(desk.person(APPROVERS[0]), NewHold("函1号", "未结", date(2099, 1, 1), codes=(codes[0],)))
    edit = Edit("title", "示例", piece="示列")
    chosen = service.codes_of(reader, Filters(class_code="YSH"))
    assert chosen == codes
    planned = service.plan(reader, [*codes, hidden], edit)
    assert [(one.code, one.changes) for one in planned] == [(code, code != codes[0]) for code in codes]
    assert "hold" in planned[0].refused.en
    with pytest.raises(BadInput):
        service.plan(reader, codes, Edit("title", "都一样"))
    service.change(actor, codes[1], {"title": "一号记录（示列）"}, WHY)
    with pytest.raises(Conflict):
        service.change_all(reader, codes, edit, WHY, mark_of(planned))
    planned = service.plan(reader, codes, edit)
    done = service.change_all(reader, codes, edit, WHY, mark_of(planned))
    assert [one.changes for one in done] == [False, True, True, True]
    again = service.plan(reader, codes, edit)
    assert [one.changes for one in again] == [False] * 4, "made again, there is nothing left to do"
    assert desk.acts("record:described") == 4
    titles = [line.title for line in service.catalogue.by_codes(actor, [*codes, hidden])]
    assert [title.count("示列") for title in titles] == [1, 0, 0, 0, 1] or sorted(t.count("示列") for t in titles) == [
        0,
        0,
        0,
        1,
        1,
    ]


def test_a_view_is_ones_own_unless_it_is_shared(desk: World) -> None:
    views, mine, other = SavedViews(desk.ledger), desk.person(PROPOSER), desk.person(APPROVERS[0])
    views.save(mine, "待查", {"year": "2014", "class": ""}, shared=False)
    views.save(mine, "待查", {"year": "2015"}, shared=False)
    [kept] = views.of(mine)
    assert (kept.name, kept.narrowed, views.of(other)) == ("待查", {"year": "2015"}, [])
    views.save(mine, "待查", {"year": "2015"}, shared=True)
    [seen] = views.of(other)
    with pytest.raises(NotFound):
        views.remove(other, seen.id)
    with pytest.raises(BadInput):
        views.save(mine, "空", {}, shared=False)
    views.remove(mine, seen.id)
    assert views.of(other) == []
