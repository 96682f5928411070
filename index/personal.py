"""Personal data in running text: what kind, and exactly where.

A number counts by its own arithmetic (check digit, date of birth, issuer), not by the words around it. Words decide
only where the shape alone would not: a passport of another country, an old identity number of fifteen digits, and the
serial numbers of things that look like telephones. Written with spaces, dashes or full-width digits it is the same number.
Names of people are not looked for: no arithmetic tells them, and guessing would cry wolf.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import NamedTuple

ID_CARD = "ID_CARD"
MOBILE = "MOBILE"
BANK_CARD = "BANK_CARD"
PASSPORT = "PASSPORT"
USCC = "USCC"
PLATE = "PLATE"
ADDRESS = "ADDRESS"
EMAIL = "EMAIL"
KINDS = (ID_CARD, BANK_CARD, PASSPORT, MOBILE, EMAIL, ADDRESS, PLATE, USCC)
"""All kinds, what tells most about a person first; of two that claim the same characters the earlier one has them."""

OF_A_PERSON = frozenset(KINDS) - {USCC, PLATE}
"""Kinds that name a person; a credit code names an enterprise, a plate a vehicle."""

LONGEST = 2_000_000
"""Characters that are looked through; what stands behind them is not read."""


class Found(NamedTuple):
    """Personal data: its kind, and where it stands (``text[start:end]``)."""

    kind: str
    start: int
    end: int


_PLAIN = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | dict.fromkeys(map(ord, "‐‑‒–—−﹣"), "-")
_PLAIN |= dict.fromkeys(map(ord, "\u3000\u00a0\u2007\u202f"), " ") | dict.fromkeys(map(ord, "・•‧⋅"), "·")

_ALONE = r"(?<![0-9A-Za-z_])(?<![0-9A-Za-z][.-])"
"""Nothing before it that would make it a part of something longer."""
_ENDS = r"(?![0-9A-Za-z_])(?![.-]\d)(?! ?[元万亿吨])"
_APART = r"(?<!\d )"

_THING = re.compile(
    r"(?:(?:编|单|序|流水|序列|订单|工单|合同|发票|票据|凭证|设备|批|型|件|案|档|文|证书|资产|项目|图|册|运单|备案)[号码]{1,2}"
    r"|编码|标准|条码|serial|order|no\.|№)[^\n，。；,;、]{0,4}$",
    re.IGNORECASE,
)
"""Words right before a number that make it the number of a thing."""
_PERSONAL = re.compile(
    r"(?:证件|身份|手机|电话|联系|护照|微信|卡号|账号|帐号|账户|phone|mobile)[^\n，。；,;、]{0,8}$", re.IGNORECASE
)
_REACH = 14
"""Characters before a number in which a word speaks for it."""


def find_personal(text: str) -> list[Found]:
    """Return all personal data of a text in reading order; no two overlap."""
    plain = text[:LONGEST].translate(_PLAIN)
    claims = [found for kind in KINDS for found in _FINDERS[kind](plain)]
    held = bytearray(len(plain))
    taken: list[Found] = []
    for claim in claims:  # in the order of the kinds
        if not any(held[claim.start : claim.end]):
            held[claim.start : claim.end] = b"\1" * (claim.end - claim.start)
            taken.append(claim)
    return sorted(taken, key=lambda found: found.start)


def _before(text: str, start: int) -> str:
    return text[max(0, start - _REACH) : start]


def _of_a_thing(text: str, start: int) -> bool:
    """Say whether the words before a number make it the number of a thing."""
    before = _before(text, start)
    if before.endswith("第"):
        return True
    return bool(_THING.search(before)) and not _PERSONAL.search(before)


# ------------------------------------------------------------------------------------------- resident identity number

_ID = re.compile(rf"{_ALONE}(\d{{6}})([ -]?)(\d{{8}})\2(\d{{3}}[\dXx]){_ENDS}")
_OLD_ID = re.compile(rf"{_ALONE}\d{{15}}{_ENDS}")
_OLD_ID_WORDS = re.compile(r"身份证[^\n，。；,;]{0,8}$")
_PROVINCES = frozenset(
    str(number)
    for first, last in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83))
    for number in range(first, last + 1)
)
_ID_WEIGHTS = tuple(2 ** (17 - place) % 11 for place in range(17))


def valid_id_number(number: str) -> bool:
    """Say whether eighteen characters are a resident identity number: province, birthday, check digit (GB 11643)."""
    if len(number) != 18 or number[:2] not in _PROVINCES or not _a_day(number[6:14]):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _ID_WEIGHTS, strict=True))
    return "10X98765432"[total % 11] == number[17].upper()


def _a_day(digits: str) -> bool:
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return 1900 <= day.year <= 2099


def _id_cards(text: str) -> Iterator[Found]:
    for match in _ID.finditer(text):
        if valid_id_number(match[1] + match[3] + match[4]):
            yield Found(ID_CARD, *match.span())
    for match in _OLD_ID.finditer(text):
        number = match.group()
        fits = number[:2] in _PROVINCES and _a_day("19" + number[6:12])
        if fits and _OLD_ID_WORDS.search(_before(text, match.start())):
            yield Found(ID_CARD, *match.span())


# ------------------------------------------------------------------------------------------------------------ bank card

_CARD = re.compile(
    rf"{_ALONE}(?:{_APART}(?:\d{{4}}(?P<gap>[ -])(?:\d{{4}}(?P=gap)){{2,3}}\d{{1,4}}|\d{{6}} \d{{9,13}})(?! \d)|\d{{15,19}}){_ENDS}"
)
_ISSUERS = re.compile(
    r"62\d{14,17}|4\d{15}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|35\d{14}|3[47]\d{13}"
    r"|60\d{14,17}|95(?:58|59|95|50|51|53|55)\d{12,15}|(?:68|69|84|87|90|94|98|99)\d{14,17}"
)
_SURE_ISSUERS = re.compile(r"62|4|5[1-5]|35|3[47]|955[89]|60")
_CARD_WORDS = re.compile(
    r"(?:卡号|银行卡|储蓄卡|信用卡|借记卡|账户|帐户|账号|帐号|card|account)[^\n，。；,;]{0,8}$", re.IGNORECASE
)


def valid_card_number(number: str) -> bool:
    """Say whether digits are the number of a payment card: length and beginning of an issuer, check digit (Luhn)."""
    if not _ISSUERS.fullmatch(number):
        return False
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(number))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _bank_cards(text: str) -> Iterator[Found]:
    for match in _CARD.finditer(text):
        number = re.sub(r"\D", "", match.group())
        named = bool(_CARD_WORDS.search(_before(text, match.start())))
        if valid_card_number(number) and (
            named or (_SURE_ISSUERS.match(number) and not _of_a_thing(text, match.start()))
        ):
            yield Found(BANK_CARD, *match.span())


# ------------------------------------------------------------------------------------------------------------- passport

_OWN_PASSPORT = re.compile(rf"{_ALONE}(?:E\d{{8}}|E[A-HJ-NP-Z]\d{{7}}|[DSP]E\d{{7}}){_ENDS}")
_ANY_PASSPORT = re.compile(
    r"(?:护照|通行证|台胞证|回乡证|passport)[^\n，。；,;0-9A-Za-z]{0,10}(?:(?:号码?|number|no\.?)[\s:：]*)?"
    rf"(?P<number>[A-Z]{{1,2}}\d{{6,9}}|\d{{8,9}}){_ENDS}",
    re.IGNORECASE,
)


def _passports(text: str) -> Iterator[Found]:
    for match in _OWN_PASSPORT.finditer(text):
        if not _of_a_thing(text, match.start()):
            yield Found(PASSPORT, *match.span())
    for match in _ANY_PASSPORT.finditer(text):
        yield Found(PASSPORT, *match.span("number"))


# --------------------------------------------------------------------------------------------------------------- mobile

_MOBILE = re.compile(
    rf"{_ALONE}(?:(?:\+|00)86[ -]?|\(\+?86\) ?|86[ -])?1(?:3\d|4[014-9]|5[0-35-9]|6[2567]|7[0-8]|8\d|9\d)([ -]?)\d{{4}}\1\d{{4}}{_ENDS}"
)


def _mobiles(text: str) -> Iterator[Found]:
    for match in _MOBILE.finditer(text):
        if not _of_a_thing(text, match.start()):
            yield Found(MOBILE, *match.span())


# ------------------------------------------------------------------------------------------------ e-mail, plate, credit code

_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+/-])[A-Za-z0-9_](?:[A-Za-z0-9._%+-]{0,62}[A-Za-z0-9_+])?"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,6}(?P<top>[A-Za-z]{2,24})(?![A-Za-z0-9@])"
)
_FILE_ENDINGS = frozenset(
    {"png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "json", "html", "pdf", "doc", "docx", "txt"}
)

_PLATE = re.compile(
    r"(?<![0-9A-Za-z])[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z][· -]?"
    r"(?:[A-HJ-NP-Z0-9]{4,5}[挂学警港澳领试超]|(?=[A-HJ-NP-Z]{0,5}\d)[A-HJ-NP-Z0-9]{5,6})(?![0-9A-Za-z])(?!-\d)"
)

_USCC_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC = re.compile(rf"(?<![0-9A-Za-z])(?<![0-9A-Za-z]-)[159ANY][1-9]\d{{6}}[{_USCC_LETTERS}]{{10}}(?![0-9A-Za-z])")


def valid_credit_code(code: str) -> bool:
    """Say whether eighteen characters are a unified social credit code: region and check character (GB 32100)."""
    if len(code) != 18 or code[2:4] not in _PROVINCES | {"10"} or any(one not in _USCC_LETTERS for one in code):
        return False
    total = sum(_USCC_LETTERS.index(one) * pow(3, place, 31) for place, one in enumerate(code[:17]))
    return _USCC_LETTERS[(31 - total % 31) % 31] == code[17]


def _emails(text: str) -> Iterator[Found]:
    for match in _EMAIL.finditer(text):
        if match["top"].lower() not in _FILE_ENDINGS and ".." not in match.group():
            yield Found(EMAIL, *match.span())


def _plates(text: str) -> Iterator[Found]:
    for match in _PLATE.finditer(text):
        yield Found(PLATE, *match.span())


def _credit_codes(text: str) -> Iterator[Found]:
    for match in _USCC.finditer(text):
        if valid_credit_code(match.group()):
            yield Found(USCC, *match.span())


# -------------------------------------------------------------------------------------------------------------- address

_HAN = "\u4e00-\u9fff"
_PROVINCE = (
    "(?:(?:北京|天津|上海|重庆)市?|(?:河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州"
    "|云南|陕西|甘肃|青海|台湾)省?|内蒙古(?:自治区)?|广西(?:壮族自治区)?|西藏(?:自治区)?|宁夏(?:回族自治区)?|新疆(?:维吾尔自治区)?)"
)
_SIDE = f"(?:(?![住址位在为至往]|于(?![都洪]))[{_HAN}])"
_AREA = f"(?:{_SIDE}{{1,7}}?(?:自治州|自治县|地区|市|州|盟|区|县|旗|镇|乡|街道|开发区))"
_WAY = (
    f"(?:[{_HAN}0-9]{{1,10}}?(?:大道|大街|胡同|公路|路|街|道|巷|弄|里|村|社区|小区|花园|家园|公寓|苑|园|庄|屯|坊|组))"
)
_PART = "(?:[东西南北中一二三四五六七八九十0-9]{1,3}段)?"
_HOUSE = r"\d{1,5}(?:[-之]\d{1,4})?(?:号院|号楼|号|弄|栋|幢|座|单元|室|层|楼|组|户)"
_REST = rf"(?:[{_HAN}A-Za-z0-9]{{0,10}}?(?:[A-Za-z]座|{_HOUSE}))*(?:-?\d{{2,5}}室?(?![0-9.年月]))?"
_EDGE = rf"(?:(?<=^)|(?<=[^{_HAN}0-9A-Za-z])|(?<=[址住在于往至为]))"
_NAMED = r"(?:(?<=[址住在][:： ])|(?<=[址住在于])|(?<=[址住所][为在])|(?<=户籍地)|(?<=户籍地[:： ])|(?<=[址住]是))"
_ADDRESS = re.compile(
    rf"(?:{_PROVINCE}{_AREA}{{0,4}}|{_EDGE}{_AREA}{{2,4}}|{_NAMED}(?![为是在：: ]){_AREA}?)(?:{_WAY}){{1,3}}{_PART}{_HOUSE}{_REST}",
    re.MULTILINE,
)


def _addresses(text: str) -> Iterator[Found]:
    """Yield addresses: an area, a way in it, and a number on it; without the number it may be any place."""
    for match in _ADDRESS.finditer(text):
        yield Found(ADDRESS, *match.span())


_FINDERS: dict[str, Callable[[str], Iterator[Found]]] = {
    ID_CARD: _id_cards,
    BANK_CARD: _bank_cards,
    PASSPORT: _passports,
    MOBILE: _mobiles,
    EMAIL: _emails,
    ADDRESS: _addresses,
    PLATE: _plates,
    USCC: _credit_codes,
}
