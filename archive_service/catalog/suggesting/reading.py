"""What a paper says of itself: title, date, responsible body, document number, markings, personal data.

Only proposals come out of here, each with the words it was read from. What cannot be told is left out: an empty field
asks for a human eye, a wrong one hides from it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from pathlib import PurePath

from archive_service.catalog.dates import parse_date
from archive_service.catalog.model import STATE_SECRET_STAMP, STRICTNESS
from archive_service.errors import BadInput
from index.personal import ADDRESS, BANK_CARD, EMAIL, ID_CARD, MOBILE, PASSPORT, find_personal

LONGEST = 300_000
"""Characters of a text that are read; what describes a paper stands at its beginning and at its end."""

HEAD_LINES = 14
TAIL_LINES = 12


@dataclass(frozen=True)
class Proposed:
    """A value for a field, and the words of the paper (or its name) that it was read from."""

    value: str
    source: str


@dataclass(frozen=True)
class Paper:
    """What could be read of a paper; ``None`` where it does not say."""

    title: Proposed | None = None
    date: Proposed | None = None
    author: Proposed | None = None
    document_no: Proposed | None = None
    level: Proposed | None = None
    state_secret: str = ""
    """The stamp of a state secret, if there is one: such a paper must not come in."""
    personal: Mapping[str, int] = field(default_factory=dict)
    """How often each kind of personal data occurs."""


def read_paper(text: str, name: str, today: date) -> Paper:
    """Read what a paper says of itself; ``name`` is its file name or path, ``today`` bounds its date."""
    text = unicodedata.normalize("NFC", text[:LONGEST])
    lines = [line for line in (_bare(line) for line in text.splitlines()) if line]
    head = lines[:HEAD_LINES]
    number = _document_no(head)
    day = _day(lines, name, today)
    personal = dict(Counter(found.kind for found in find_personal(text)))
    stamp = next((found.group() for line in (*head, *lines[-3:]) if (found := STATE_SECRET_STAMP.search(line))), "")
    return Paper(
        title=_better(_title(head), _title_of_name(name), head),
        date=day,
        author=_author(lines, day),
        document_no=number,
        level=_level(lines, personal),
        state_secret=stamp,
        personal=personal,
    )


def _bare(line: str) -> str:
    """Return a line without the marks of a heading or a list, and with single spaces."""
    return " ".join(re.sub(r"^[#>*\s]+|[*\s]+$", "", line).split())


# ---------------------------------------------------------------------------------------------------- document number

_NUMBER = re.compile(
    r"(?P<body>[\u4e00-\u9fffA-Za-z]{1,24})\s*[〔［\[（(【](?P<year>(?:19|20)\d{2})[〕］\])）】]\s*第?(?P<no>\d{1,5})\s*号"
)
_CITED = re.compile(r"[《》“”]|根据|依据|按照|参照")
_NUMBER_WORDS = re.compile(r"^(?:文号|发文字号|文件编号|编号)[:：\s]*")


def _document_no(head: Sequence[str]) -> Proposed | None:
    """Return the number of this paper, which stands on a line of its own; one that is cited stands in a sentence."""
    for line in head:
        found = _NUMBER.search(_NUMBER_WORDS.sub("", line))
        if found and len(line) - len(found.group()) <= 16 and not _CITED.search(line):
            return Proposed(f"{found['body']}〔{found['year']}〕{int(found['no'])}号", line)
    return None


# --------------------------------------------------------------------------------------------------------------- title

_KINDS_OF_PAPER = (
    "决议|决定|命令|公报|公告|通告|意见书|意见|通知书|通知|通报|报告书|报告|请示|批复|议案|函|会议纪要|纪要|记录表|记录|方案|计划书|计划|"
    "总结|规定|办法|细则|制度|规程|标准|预案|清单|台账|登记表|签到表|统计表|报表|汇总表|评分表|申请表|审批表|表|名单|汇报|底稿|声明|"
    "建议书|建议|简报|材料|分析|对比|问卷|答卷|样卷|议程|说明|目录|清册|文据|承诺书|责任书|复制件|合同|协议|证明|教材|课件|案例|评估"
)
"""How the titles of papers end in Chinese."""
_ENDS_AS_PAPER = re.compile(rf"(?:{_KINDS_OF_PAPER})(?:[（(〔][^）)〕]{{1,20}}[）)〕])?$")
_PAPER_AND_SUBJECT = re.compile(
    rf"^[^:：]{{0,30}}(?:{_KINDS_OF_PAPER}|报道|推广)(?:[（(][^）)]{{1,12}}[）)])?[:：][^:：]{{2,50}}$"
)
_SENTENCE = re.compile(r"[。；！？;]|，.*，")
_LABEL = re.compile(
    r"^(?:第[一二三四五六七八九十\d]+[章节条]|[一二三四五六七八九十]+[、.]|[（(][一二三四五六七八九十\d]+[)）]|\d+[、.)]|附件\d*[:：]?$|页 |第 ?\d+ ?页)"
)
_TITLE_WORDS = re.compile(r"^(?:题名|标题|文件名称|名称|主题|Title|Subject)\s*[:：]\s*", re.IGNORECASE)
_SHORT, _LONG = 4, 90


def _title(head: Sequence[str]) -> Proposed | None:
    """Return the heading of a paper: the line that is built as a title, among the first ones."""
    best, points = "", 0
    for place, line in enumerate(head):
        named = _TITLE_WORDS.match(line)
        value = line[named.end() :] if named else line
        if not named and value.startswith("关于") and not _ENDS_AS_PAPER.search(value) and place + 1 < len(head):
            longer = value + head[place + 1]
            value = longer if _ENDS_AS_PAPER.search(longer) and len(longer) <= _LONG else value
        score = 20 if named else _as_title(value, place)
        if score > points:
            best, points = value, score
    return Proposed(best[:500], best[:500]) if points >= 4 else None


def _as_title(line: str, place: int) -> int:
    """Return how much a line looks like the title of a paper."""
    if not _SHORT <= len(line) <= _LONG or _SENTENCE.search(line) or _LABEL.match(line) or _NUMBER.search(line):
        return 0
    if line.endswith((":", "：")) or _date_in(line):
        return 0
    points = max(0, 5 - place)
    points += 6 if _ENDS_AS_PAPER.search(line) else 0
    points += 4 if line.startswith("关于") else 0
    points += 3 if re.search(r"(?:记录|报告|方案|意见|通知|分析|材料|答卷|声明)[:：（(]", line) else 0
    points -= (
        5
        if re.search(r"[:：]", line) and not re.match(r"[^:：]{4,14}(?:记录|材料|结果|报告|案例|）)[:：]", line)
        else 0
    )
    return points - (3 if _ORGAN.search(line) and len(line) <= 24 else 0)


def _letters(words: str) -> str:
    return "".join(re.findall(r"\w", words)).lower()


def _better(read: Proposed | None, named: Proposed | None, head: Sequence[str]) -> Proposed | None:
    """Return the better of the title in the paper and that of its file name: one that holds the other says more.

    A line of the head that reads as the file name does is the title beyond doubt, punctuation and all.
    """
    if named:
        same = [line for line in (*head, *map(_joined, pairwise(head))) if _letters(line) == _letters(named.value)]
        if same:
            return Proposed(same[0][:500], same[0])
    if read and named and _letters(read.value) in _letters(named.value):
        return named
    return read or named


def _joined(two: tuple[str, str]) -> str:
    """Join two lines of one sentence: English words keep their space."""
    return (" " if two[0][-1].isascii() and two[1][0].isascii() else "").join(two)


def _title_of_name(name: str) -> Proposed | None:
    """Return a title from a file's name, if that says something; numbers in front are places in a list."""
    stem = PurePath(name.replace("\\", "/")).stem
    words = re.sub(r"^[\d\s._-]+|[\s._-]+$", "", stem.replace("_", " "))
    words = re.sub(r"^[A-Z]{3}\d{2}[\s._-]+", "", words)
    meant = len(words) >= _SHORT and re.search(r"[\u4e00-\u9fff]{3}|[A-Za-z]{3,}\s[A-Za-z]", words)
    return Proposed(words[:500], stem) if meant else None


# ---------------------------------------------------------------------------------------------------------------- date

_WRITTEN = re.compile(
    r"(?:19|20)\d{2} ?年 ?\d{1,2} ?月 ?\d{1,2} ?[日号]|[〇○零一二三四五六七八九]{4}年[一二三四五六七八九十]{1,2}月[一二三四五六七八九十]{1,3}[日号]"
    r"|(?<!\d)(?:19|20)\d{2}([-./])\d{1,2}\1\d{1,2}(?![\d.-])|\b\d{1,2} [A-Z][a-z]{2,8} (?:19|20)\d{2}\b"
    r"|\b[A-Z][a-z]{2,8} \d{1,2}, (?:19|20)\d{2}\b"
)
_IN_NAME = re.compile(r"(?<!\d)((?:19|20)\d{2})[-._年]?(0[1-9]|1[0-2])[-._月]?(0[1-9]|[12]\d|3[01])(?!\d)")
_DATE_WORDS = re.compile(r"(?:日期|时间|date)\s*[:：]", re.IGNORECASE)


def _date_in(line: str) -> tuple[date, str] | None:
    """Return the first date of a line, and how it is written there."""
    for found in _WRITTEN.finditer(line):
        with suppress(BadInput):
            return parse_date(found.group()), found.group()
    return None


def _day(lines: Sequence[str], name: str, today: date) -> Proposed | None:
    """Return the date of a paper: under its end, else where it is labelled at its head, else in the file's name."""
    for line, source in _places_of_date(lines):
        found = _date_in(line)
        if found and found[0] <= today:
            return Proposed(found[0].isoformat(), source)
    found_in_name = _IN_NAME.search(PurePath(name.replace("\\", "/")).name)
    if found_in_name:
        with suppress(BadInput):
            day = parse_date("-".join(found_in_name.groups()))
            return Proposed(day.isoformat(), found_in_name.group()) if day <= today else None
    return None


def _places_of_date(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the lines where a paper's own date may stand, the surest first."""
    for line in reversed(lines[-TAIL_LINES:]):
        found = _date_in(line)
        if found and len(line) - len(found[1]) <= 24 and not re.search(r"[。；;]", line):
            yield line, line
    for line in lines[:HEAD_LINES]:
        found = _date_in(line)
        if found and (len(line) - len(found[1]) <= 40 or _DATE_WORDS.search(line)) and not _CITED.search(line):
            yield line, line[:80]


# ---------------------------------------------------------------------------------------------------- responsible body

_ORGAN = re.compile(
    r"(?:公司|集团|局|厅|部|委员会|安委会|办公室|巡察组|检查组|工作组|小组|中心|研究院|学院|医院|厂|矿|站|队|政府|支队|大队|协会|组)$"
)
_AUTHOR_WORDS = re.compile(
    r"^(?:责任者|发文机关|发文单位|编制单位|填报单位|印发单位|编制人|作者|From)\s*[:：]\s*(?P<who>[^，。；;]{2,60})",
    re.IGNORECASE,
)
_HEAD_OF_ORGAN = re.compile(r"^(?P<who>[\u4e00-\u9fff（）()]{3,40}?)文件$")


def _author(lines: Sequence[str], day: Proposed | None) -> Proposed | None:
    """Return who answers for a paper: named as such, else above the date at its end, else at its head."""
    for line in lines[:HEAD_LINES]:
        found = _AUTHOR_WORDS.match(line) or _HEAD_OF_ORGAN.match(line)
        if found and found["who"] != "本":
            return Proposed(found["who"].strip(), line)
    found_at = _signed(lines[-TAIL_LINES:], day)
    if found_at:
        return Proposed(found_at, found_at)
    for line in lines[:4]:
        who = re.split(r"\s*[·|]\s*", line)[0]
        if 4 <= len(who) <= 40 and _ORGAN.search(who) and not _SENTENCE.search(line):
            return Proposed(who, line)
    return None


def _signed(tail: Sequence[str], day: Proposed | None) -> str:
    """Return the body that stands beside or above the date at the end."""
    for place in range(len(tail) - 1, -1, -1):
        written = _date_in(tail[place])
        if day is None or tail[place] != day.source or written is None:
            continue
        beside = re.sub(r"[·\s,，]+$", "", tail[place].split(written[1])[0])
        for who in (beside, tail[place - 1] if place else ""):
            if 3 <= len(who) <= 40 and _ORGAN.search(who):
                return who
    return ""


# --------------------------------------------------------------------------------------------------------------- level

_MARKS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("SEAL", re.compile(r"举报人(?:身份|姓名|信息)(?:登记|密封)|(?:密封|封存)(?:件|保管)[，。 ]*(?:仅|须|不得)")),
    (
        "TS",
        re.compile(
            r"(?:核心|普通)商密|商密[★☆]|(?:属于?|系|标注为?|列为|定为|[（(])(?:普通|核心)?商业秘密|^(?!.*[不未无非])[^。]{0,10}商业秘密[^。]{0,10}$|commercial(?:ly)? (?:secret|confidential|in confidence)|trade secret",
            re.IGNORECASE,
        ),
    ),
    (
        "PI",
        re.compile(
            r"(?:本件|本表|本决定|本卷)?(?:含|涉及|载有)[^。；]{0,12}(?:个人信息|个人隐私|隐私)|personal (?:data|information) inside",
            re.IGNORECASE,
        ),
    ),
    ("INT", re.compile(r"内部(?:资料|文件|使用|材料|参考)|仅供内部|internal use|for internal", re.IGNORECASE)),
)
_NEGATED = re.compile(r"(?:不|未|无|没有|非)[^，。；]{0,6}$")
_OF_A_PERSON = (ID_CARD, BANK_CARD, PASSPORT, MOBILE, EMAIL, ADDRESS)
_TELLING = frozenset({ID_CARD, BANK_CARD, PASSPORT})
_MANY = 3
"""So many telephones, addresses or e-mails make a list of people; one is a contact at the foot of a letter."""


def _level(lines: Sequence[str], personal: Mapping[str, int]) -> Proposed | None:
    """Return the strictest level that markings or personal data ask for."""
    found: list[Proposed] = []
    for line in lines:
        for level, pattern in _MARKS:
            mark = pattern.search(line)
            if mark and not _NEGATED.search(line[: mark.start()]):
                found.append(Proposed(level, mark.group()))
    kinds = [kind for kind in _OF_A_PERSON if personal.get(kind)]
    if _TELLING & set(kinds) or sum(personal[kind] for kind in kinds) >= _MANY:
        found.append(Proposed("PI", " ".join(f"{kind}×{personal[kind]}" for kind in kinds)))
    return max(found, key=lambda one: STRICTNESS[one.value], default=None)
