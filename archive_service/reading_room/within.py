"""Finding words inside one record, with the page where it has pages; for those who may read it, and in the log.

Who may read and not copy gets the places and a few letters around them, not the text in portions.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from archive_service.catalog.records.browse import Catalogue, Component, Whole
from archive_service.errors import BadInput
from archive_service.people.model import Person
from archive_service.people.policy import Action, Thing, can, require
from index.extract.kinds import PAGED, PDF
from index.extract.runner import Limits, run
from index.extract.scans import apart
from index.within import Place, places_in

MOST, MOST_UNCOPIED, FEW_LETTERS = 200, 40, 6
LONGEST = 100
MOST_BYTES = 20_000_000


@dataclass(frozen=True)
class Spot:
    """One place: the file and the page where they are known, what is around, and whether a machine read it."""

    file: Component | None
    page: int | None
    place: Place
    recognised: bool = False


@dataclass(frozen=True)
class Within:
    """All places, and whether there are more than are shown."""

    whole: Whole
    spots: list[Spot]
    more: bool


@dataclass(frozen=True)
class Finder:
    """Looks through the files of one record."""

    catalogue: Catalogue
    limits: Limits

    def find(self, actor: Person, code: str, words: str) -> Within:
        """Return where words stand in a record; without words, nothing is opened."""
        if len(words) > LONGEST:
            raise BadInput(f"查找的字词最多 {LONGEST} 字。", f"Look for at most {LONGEST} characters.")
        whole = self.catalogue.find(actor, code)
        thing, at = Thing(level=whole.row["level"], record_id=whole.row["id"]), self.catalogue.ledger.clock.stamp()
        require(actor, Action.READ_RECORD, thing, at=at)
        if not words.strip():
            return Within(whole, [], more=False)
        copies = can(actor, Action.PRINT_RECORD, thing, at=at).allowed
        most = MOST if copies else MOST_UNCOPIED
        spots = self._spots(actor, whole, words, most + 1)
        shown = spots[:most] if copies else [_short(one) for one in spots[:most]]
        return Within(whole, shown, more=len(spots) > most)

    def _spots(self, actor: Person, whole: Whole, words: str, most: int) -> list[Spot]:
        spots: list[Spot] = []
        paged = [one for one in whole.files if one.media_type == PDF]
        for file in paged:
            for number, text in enumerate(self._pages(actor, whole, file), 1):
                found = places_in(text, words, most - len(spots))
                spots += [Spot(file, number, one) for one in found]
        if whole.text is not None and len(spots) < most:
            _, chunks = self.catalogue.open_component(actor, whole.row["id"], whole.text.id, "find")
            letters, seen = apart(_read(chunks))
            if len(paged) < len(whole.files):
                alone = whole.files[0] if len(whole.files) == 1 else None
                spots += [Spot(alone, None, one) for one in places_in(letters, words, most - len(spots))]
            spots += [Spot(None, None, one, True) for one in places_in(seen, words, most - len(spots))]
        return spots

    def _pages(self, actor: Person, whole: Whole, file: Component) -> list[str]:
        _, chunks = self.catalogue.open_component(actor, whole.row["id"], file.id, "find")
        found = run(chunks, PAGED, self.limits)
        try:
            pages = json.loads(found.text) if found.status == "ok" else []
        except ValueError:
            pages = []
        return [one for one in pages if isinstance(one, str)] if isinstance(pages, list) else []


def _short(spot: Spot) -> Spot:
    before, words, after = spot.place
    return Spot(spot.file, spot.page, Place(before[-FEW_LETTERS:], words, after[:FEW_LETTERS]), spot.recognised)


def _read(chunks: Iterable[bytes]) -> str:
    data = bytearray()
    for chunk in chunks:
        data += chunk
        if len(data) > MOST_BYTES:
            break
    return data[:MOST_BYTES].decode("utf-8", "replace")
