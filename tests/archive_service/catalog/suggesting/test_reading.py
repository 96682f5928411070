"""What a paper says of itself, and what is left open where it does not say."""

from __future__ import annotations

from datetime import date

from archive_service.catalog.suggesting.reading import Paper, read_paper

TODAY = date(2026, 3, 2)

LETTER = """安泰示例集团文件
安示安巡〔2024〕055号

关于开展示例化工安全生产
考核巡察整改验收的通知

安泰示例化工有限公司：
根据《安全生产考核巡察办法》（安示〔2023〕1号）和2024年5月6日会议要求，现将有关事项通知如下。
一、验收于2024年11月20日进行。联系人张某，电话13812345678。
附件：整改清单

安泰示例集团安全委员会办公室
二〇二四年十一月十五日
抄送：巡察组。
"""


def read(text: str, name: str = "扫描0001.pdf") -> Paper:
    return read_paper(text, name, TODAY)


def value(proposed) -> str | None:
    return proposed.value if proposed else None


def test_an_official_letter_gives_title_number_body_and_the_date_under_it():
    paper = read(LETTER)
    assert value(paper.title) == "关于开展示例化工安全生产考核巡察整改验收的通知"
    assert value(paper.document_no) == "安示安巡〔2024〕55号"
    assert value(paper.date) == "2024-11-15"
    assert value(paper.author) == "安泰示例集团"
    assert paper.personal == {"MOBILE": 1}
    assert paper.level is None, "one contact at the foot of a letter makes no list of people"


def test_a_number_that_is_only_cited_is_not_the_papers_own():
    assert read("现场检查记录\n根据安示〔2023〕1号文件检查。\n2024年3月1日").document_no is None


def test_a_date_to_come_is_not_proposed_and_a_file_name_helps_out():
    assert read("通知\n2030年1月1日").date is None
    assert value(read("", "20240301-罐区现场检查记录.jpg").date) == "2024-03-01"
    assert value(read("", "03考察取证/02-KCQ03-罐区现场检查记录.jpg").title) == "罐区现场检查记录"
    assert read("", "IMG_0001.jpg").title is None


def test_the_strictest_marking_or_personal_data_proposes_the_level():
    assert value(read("情况汇报\n本汇报含经营数据，企业标注商业秘密。").level) == "TS"
    assert value(read("内部资料\n工作简报").level) == "INT"
    assert read("公开文本\n审查结论为不含商业秘密和个人信息。").level is None
    assert read("组员不得泄露企业商业秘密、员工个人信息。").level is None
    assert value(read("签到表\n张某 370202198803254842").level) == "PI"
    assert value(read("名单\n13812345678\n13912345678\n13712345678").level) == "PI"


def test_the_stamp_of_a_state_secret_is_seen():
    assert read("机密★10年\n关于某事的报告").state_secret == "机密★"
    assert read("商业秘密\n关于某事的报告").state_secret == ""
