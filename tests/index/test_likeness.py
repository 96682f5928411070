"""Which kind a text is most like, and the words that say so."""

from __future__ import annotations

from index.likeness import Known, Likeness

KINDS = {
    "check": [Known("现场检查记录", 3), Known("On-site check record", 3)],
    "talk": [Known("访谈记录", 3), Known("Interview record", 3)],
    "plan": [Known("整改计划", 3), Known("Rectification plan", 3)],
}


def first(text: str, like: Likeness) -> tuple[str, tuple[str, ...]]:
    found = like.rank([Known(text)])[0]
    return found.kind, found.words


def test_whole_words_are_told_for_what_is_found():
    like = Likeness(KINDS)
    assert first("罐区现场检查记录", like) == ("check", ("现场检查记录",))
    assert first("Interviews of two workers", like) == ("talk", ("interview",))
    assert first("某企業整改計劃", like)[0] == "plan", "traditional characters are the same words"


def test_what_is_common_to_all_says_nothing_and_nothing_known_gives_nothing():
    assert Likeness(KINDS, common="整改计划").rank([Known("整改计划")]) == []
    assert Likeness(KINDS).rank([Known("天气晴好")]) == []


def test_what_was_filed_before_teaches():
    filed = {**KINDS, "plan": [*KINDS["plan"], Known("回头看台账", 2)]}
    assert Likeness(KINDS).rank([Known("三季度回头看台账")]) == []
    assert first("三季度回头看台账", Likeness(filed))[0] == "plan"
