"""Totals of a questionnaire at the door: a count so small that it tells of single people may not be published with them.

A cell below five is written as "<5" or joined with another by whoever makes the totals (DOMAIN 3.4). The archive alters no
paper; it says where such a cell stands and takes the paper in once it is gone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from archive_service.errors import BadInput

FEWEST = 5
"""The smallest count that may stand in the totals; none at all (0) tells of nobody."""

TOLD = 5
"""Cells that are named in a refusal."""

_COUNT = re.compile(
    r"(选择|答题|答卷|填写|回收|有效|参与|样本)?(人数|份数|票数|户数|频数|频次|数量|人次|小计|计数|合计)|"
    r"n|counts?|numbers?|responses?|answers?|respondents?|votes?|people|persons?|frequency|totals?",
    re.IGNORECASE,
)
_BARE = re.compile(r"^[\s\"'“”*]+|[\s\"'“”*：:?？]+$|[（(].*?[）)]")
_PEOPLE = re.compile(r"(\d+)\s*(人次?|份|票|名|people|persons?|votes?|answers?|responses?)", re.IGNORECASE)
_WHOLE = re.compile(r"(\d+)(\.0+)?")


def check_totals(name: str, text: str) -> None:
    """Refuse a table of totals with a cell that counts fewer than five people."""
    small = list(_small_cells(text))
    if not small:
        return
    places = small[:TOLD]
    zh = "、".join(f"第 {line} 行第 {column} 列（{count}）" for line, column, count in places)
    en = ", ".join(f"line {line} column {column} ({count})" for line, column, count in places)
    more_zh, more_en = (f"等 {len(small)} 处", f" and {len(small) - TOLD} more") if len(small) > TOLD else ("", "")
    raise BadInput(
        f"问卷汇总“{name}”有少于 {FEWEST} 人的数：{zh}{more_zh}，可据以辨认答卷人，未归档。请改写为“<{FEWEST}”或与相邻项合并后再归档。",
        f"The totals {name!r} count fewer than {FEWEST} people in {en}{more_en}, by which who answered can be found out, and were not filed. Write <{FEWEST} there, or join it with its neighbour, and file again.",
    )


def _small_cells(text: str) -> Iterator[tuple[int, int, int]]:
    """Yield line, column and count of every cell that is too small: under a heading that counts, or with its unit."""
    counting: set[int] = set()
    for number, line in enumerate(text.splitlines(), 1):
        cells = [_BARE.sub("", cell).strip() for cell in re.split(r"[\t,;|，；]", line)]
        headings = {at for at, cell in enumerate(cells) if _COUNT.fullmatch(cell)}
        numbers = any(_WHOLE.fullmatch(cell) for cell in cells)
        if headings and not numbers:
            counting = headings  # a further table begins
        for at, cell in enumerate(cells):
            # A line that counts as a whole ("人数 | 3 | 12") has its heading in front.
            counts = at in counting or bool(headings and at > min(headings))
            found = _PEOPLE.fullmatch(cell) or (_WHOLE.fullmatch(cell) if counts else None)
            if found and 0 < int(found[1]) < FEWEST:
                yield number, at + 1, int(found[1])
