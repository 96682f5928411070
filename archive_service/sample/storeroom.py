"""The storeroom of the sample: the papers of the oldest inspections lie in boxes, and the room is cared for."""

from __future__ import annotations

from collections import defaultdict

from archive_service.archive import Archive
from archive_service.catalog.records.browse import Filters
from archive_service.custody.model import ROUND_ITEMS, USUAL_LIMITS
from archive_service.people.model import OPEN_LEVELS, Person

ROOM = "K1"
UNTIL = 2015
"""Inspections up to this year are kept on paper too."""

WHY = "示例：原件装盒上架"


def furnish(archive: Archive, archivist: Person) -> int:
    """Set up the room and put the papers of old inspections into boxes by fonds, year and period; return how many lie there."""
    names = ("coldest", "warmest", "driest", "dampest")
    limits = dict(zip(names, USUAL_LIMITS, strict=True))
    archive.places.open_room(archivist, {"code": ROOM, "name": "档案库房（示例）", **limits})
    for shelf in ("A-01", "A-02"):
        archive.places.add_shelf(archivist, ROOM, shelf, "40")
    put = _fill_boxes(archive, archivist)
    archive.care.read_climate(archivist, ROOM, {"temperature": "20.5", "humidity": "52"})
    round_of_today = {"made_on": archive.clock.today().isoformat(), **dict.fromkeys(ROUND_ITEMS, "ok")}
    archive.care.walk(archivist, ROOM, round_of_today | {"damp": "fault", "damp-note": "东墙踢脚处有潮痕，已报修。"})
    return put


def _fill_boxes(archive: Archive, archivist: Person) -> int:
    """Fill one box for each fonds, year and period, the two shelves in turn."""
    lying = defaultdict(list)
    for case in archive.cases.all_cases():
        if case.year <= UNTIL:
            for line in archive.catalogue.records(archivist, Filters(case_no=case.case_no)):
                if line.level in OPEN_LEVELS and line.period:  # confidential papers have a cabinet of their own
                    lying[line.code.partition("-")[0], line.year, line.period].append(line.code)
    shelves = [shelf.id for shelf in archive.places.shelves(archivist, ROOM)]
    put = 0
    for turn, ((fonds_no, year, period), codes) in enumerate(sorted(lying.items())):
        said = {"fonds": fonds_no, "year": str(year), "period": period, "shelf": shelves[turn % len(shelves)]}
        box = archive.places.make_box(archivist, said)
        put += archive.places.put(archivist, box, sorted(codes), WHY)
    return put
