"""Papers that are held to rules of their own at the door, because of the people that they could give away.

Anonymous answers may hold nothing that tells who answered, and their totals no count of so few that it does; a report made anonymous may not say who reported: that is
an item of its own, sealed. What a paper says is read in the cage and forgotten; a refusal names the kind of what was
found, never what it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from archive_service.catalog.classification.checklist import CaseKind
from archive_service.catalog.formats.signatures import HEAD, identify
from archive_service.catalog.model import SourceFile
from archive_service.catalog.records.totals import check_totals
from archive_service.errors import BadInput
from index.extract import Limits, extract
from index.personal import BANK_CARD, EMAIL, ID_CARD, MOBILE, PASSPORT, find_personal

TABLES = re.compile(r"csv|excel|spreadsheet|dbf|encrypted|CDFV2")
"""Media types of tables: one that cannot be read cannot be checked, and is not taken in."""

HEADINGS_WITHIN = 30
"""Lines of a table among which its headings are looked for."""

LONGEST_HEADING = 24

WHO = re.compile(
    r"(您的|你的|填写人|答题人|答卷人|受访人|员工|职工|本人)?"
    r"(姓名|名字|身份证(号码?)?|证件号码?|手机(号码?)?|电话(号码?)?|联系电话|联系方式|电子邮[件箱](地址)?|邮箱(地址)?|"
    r"ip(地址| address)?|工号|员工编号|职工编号|微信号?|qq号?|用户名|账号|签名|"
    r"(full |first |last |your )?name|(id|identity) (number|card)|(mobile|telephone|phone)( number)?|e-?mail( address)?|"
    r"employee (no\.?|number|id)|user ?name|signature)",
    re.IGNORECASE,
)
LABEL = re.compile(r"(姓\s*名|手\s*机(号码?)?|联系电话|身份证号码?|工\s*号|电子邮箱)\s*[:：]\s*[^\s:：_]")
MOMENT = re.compile(r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?[ T]+\d{1,2}:\d\d")
REPORTER = re.compile(
    r"举报人(的)?(姓名|电话|手机|身份证号?|住址|地址|联系方式|单位)?\s*[:：]\s*(?!匿名|保密|不详|略|[*＊×xX某]|[（(]|见|另)[^\s]"
)
TELLING = frozenset({ID_CARD, MOBILE, EMAIL, PASSPORT, BANK_CARD})

LIMITS = Limits(wall_seconds=30, cpu_seconds=20)


def check_special(kind: CaseKind, type_code: str, files: Sequence[SourceFile]) -> None:
    """Refuse files that a special type must not hold; reads nothing of the other types."""
    anonymous, totals = type_code in kind.anonymous_answers, type_code in kind.questionnaire_totals
    if not anonymous and not totals and type_code not in kind.without_reporter:
        return
    for file in files:
        text, readable, media_type = _text(file)
        table = bool(TABLES.search(media_type))
        if anonymous:
            _check_anonymous(file.name, text, readable=readable, table=table)
        elif totals:
            _check_totals(file.name, text, readable=readable, table=table)
        else:
            _check_without_reporter(file.name, text)


def _text(file: SourceFile) -> tuple[str, bool, str]:
    head = bytearray()
    for piece in file.chunks():
        head += piece
        if len(head) >= HEAD:
            break
    media_type = identify(bytes(head), file.name)
    found = extract(file.chunks(), media_type, LIMITS)
    return found.text, found.status == "ok", media_type


def _check_anonymous(name: str, text: str, *, readable: bool, table: bool) -> None:
    if table and not readable:
        raise BadInput(
            f"“{name}”无法读出内容，不能确认其中没有答卷人的身份，未归档。请另存为 CSV 或 XLSX（不加密码）再归档。",
            f"{name!r} cannot be read, so nobody can say that it does not tell who answered; it was not filed. Save it as CSV or XLSX without a password.",
        )
    heading = _heading(text)
    if heading:
        raise BadInput(
            f"匿名答卷“{name}”含有可识别答卷人的列“{heading}”，未归档。请删去此列后再归档；汇总统计请归入问卷汇总类型。",
            f"The anonymous answers {name!r} have a column that tells who answered ({heading!r}) and were not filed. Delete that column and file again.",
        )
    if LABEL.search(text) or any(one.kind in TELLING for one in find_personal(text)):
        raise BadInput(
            f"匿名答卷“{name}”含有可识别答卷人的内容（姓名、电话、证件号或邮箱），未归档。请删去后再归档。",
            f"The anonymous answers {name!r} hold something that tells who answered (a name, telephone, identity number or e-mail) and were not filed. Delete it and file again.",
        )
    if MOMENT.search(text):
        raise BadInput(
            f"匿名答卷“{name}”含有精确到分钟的时间，可据以辨认答卷人，未归档。请只保留日期。",
            f"The anonymous answers {name!r} hold times of day, by which who answered can be found out; keep the dates only.",
        )


def _check_totals(name: str, text: str, *, readable: bool, table: bool) -> None:
    if table and not readable:
        raise BadInput(
            f"“{name}”无法读出内容，不能确认其中没有少于 5 人的数，未归档。请另存为 CSV 或 XLSX（不加密码）再归档。",
            f"{name!r} cannot be read, so nobody can say that it counts no fewer than five people anywhere; it was not filed. Save it as CSV or XLSX without a password.",
        )
    if table:
        check_totals(name, text)


def _heading(text: str) -> str:
    """Return the first heading of a table that asks for who somebody is; empty if there is none."""
    for line in text.splitlines()[:HEADINGS_WITHIN]:
        cells = re.split(r"[\t,;|，；]", line)
        for cell in cells if len(cells) > 1 else ():
            bare = re.sub(r"^[\s\"'“”*\d.、]+|[\s\"'“”*：:?？]+$|[（(].*?[）)]", "", cell).strip()
            if len(bare) <= LONGEST_HEADING and WHO.fullmatch(bare):
                return bare
    return ""


def _check_without_reporter(name: str, text: str) -> None:
    if REPORTER.search(text) or any(one.kind in TELLING for one in find_personal(text)):
        raise BadInput(
            f"“{name}”含有举报人身份或个人号码，未归档。请先去除；举报人身份须另立一件（密封）归档。",
            f"{name!r} says who reported, or holds somebody's numbers, and was not filed. Take that out first; who reported is filed as an item of its own, sealed.",
        )
