"""Personal data in text: each kind at exactly its characters, and the numbers that only look like it left alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from index.personal import find_personal


def found(text: str) -> list[tuple[str, str]]:
    return [(one.kind, text[one.start : one.end]) for one in find_personal(text)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("身份证 11010519491231002x。", [("ID_CARD", "11010519491231002x")]),
        ("证件：１１０１０５ １９４９１２３１ ００２Ｘ", [("ID_CARD", "１１０１０５ １９４９１２３１ ００２Ｘ")]),
        ("身份证号码 110105491231002", [("ID_CARD", "110105491231002")]),
        ("手机+86 138 1234 5678 或13912345678/15012345678", None),
        ("卡号4111 1111 1111 1111", [("BANK_CARD", "4111 1111 1111 1111")]),
        ("passport no. AB1234567", [("PASSPORT", "AB1234567")]),
        ("护照号码：G12345678", [("PASSPORT", "G12345678")]),
        ("车牌苏E·12345学，另一辆鲁AD12345", [("PLATE", "苏E·12345学"), ("PLATE", "鲁AD12345")]),
        ("邮箱a.b-c@mail.example.com.cn。", [("EMAIL", "a.b-c@mail.example.com.cn")]),
        (
            "住址为河南省郑州市金水区农业路社区8号楼2单元1101号",
            [("ADDRESS", "河南省郑州市金水区农业路社区8号楼2单元1101号")],
        ),
        ("家住北京市朝阳区建国路88号院3号楼1203室，", [("ADDRESS", "北京市朝阳区建国路88号院3号楼1203室")]),
        ("他住幸福里小区5栋302室", [("ADDRESS", "幸福里小区5栋302室")]),
        ("位于沈阳市于洪区黄海路10号", [("ADDRESS", "沈阳市于洪区黄海路10号")]),
    ],
)
def test_personal_data_is_found_at_exactly_its_characters(text: str, wanted: list[tuple[str, str]] | None) -> None:
    assert found(text) == wanted or (wanted is None and [kind for kind, _ in found(text)] == ["MOBILE"] * 3)


@pytest.mark.parametrize(
    "text",
    [
        "身份证 110105194912310020",  # check digit
        "身份证 110105194902300021",  # 30 February
        "设备编号13812345678，订单号 13812345678",
        "金额13800138000元，共13800138000.00",
        "1381234567890 与 2024-13812345678",
        "合同编号4111111111111111",
        "整改编号E12345678",
        "粤B2-20090059，苏ICP备05012345号",
        "icon@2x.png",
        "检查组到3号楼检查，市政府令第5号，湖北省2号文件",
        "于2023年到朝阳区三里屯街道检查12号",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_a_row_of_a_register_gives_every_number_once() -> None:
    row = "张三 1 370202198803254842 17728179657 6217009150008063602 100"
    assert [kind for kind, _ in found(row)] == ["ID_CARD", "MOBILE", "BANK_CARD"]


@pytest.mark.corpus
def test_the_development_sentences_are_found_whole_and_no_hard_negative_is_flagged(corpus: Path) -> None:
    kinds = {"ID_CARD", "BANK_CARD", "PASSPORT", "MOBILE", "EMAIL", "PLATE", "USCC"}
    for line in (corpus / "pii" / "pii_zh_seed1.jsonl").read_text(encoding="utf-8").splitlines():
        one = json.loads(line)
        wanted = {tuple(span) for span in one["spans"] if span[2] in kinds}
        assert {(hit.start, hit.end, hit.kind) for hit in find_personal(one["text"])} == wanted, one["text"]


@pytest.mark.corpus
def test_laws_hold_no_personal_data(corpus: Path) -> None:
    laws = sorted((corpus / "laws_zh").rglob("*.md"))[:60]
    assert laws
    for law in laws:
        assert found(law.read_text(encoding="utf-8")) == [], law.name
