"""Papers held to rules of their own at the door: anonymous answers and reports made anonymous (scenario 13)."""

from __future__ import annotations

import io

import pytest
from openpyxl import Workbook

from archive_service.catalog.classification.checklist import load_case_kind
from archive_service.catalog.filing.special import check_special
from archive_service.catalog.model import SourceFile
from archive_service.errors import BadInput
from tests.support.disposal_world import World

KIND = load_case_kind()


def check(type_code: str, name: str, data: bytes) -> None:
    check_special(KIND, type_code, (SourceFile(name, lambda: [data]),))


def workbook(*rows: tuple[str, ...]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for row in rows:
        assert book.active is not None
        book.active.append(row)
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    "headings",
    [
        "序号,姓名,答案",
        "序号;您的手机号码;答案",
        "no.,E-mail,answer",
        "序号\t工号（必填）\t答案",
        "编号,IP地址,答案",
        "no,Your name,answer",
    ],
)
def test_a_table_of_answers_with_a_column_that_tells_who_answered_is_refused(headings: str) -> None:
    with pytest.raises(BadInput, match="column that tells who answered"):
        check("KCQ07", "答卷.csv", (headings + "\n1,x,是\n").encode())


def test_a_workbook_is_looked_into_as_well() -> None:
    with pytest.raises(BadInput, match="姓名"):
        check("KCQ07", "答卷.xlsx", workbook(("问卷",), ("序号", "姓名", "第1题"), ("1", "甲", "是")))
    check("KCQ07", "答卷.xlsx", workbook(("序号", "部门类别", "第1题"), ("1", "生产", "是")))


@pytest.mark.parametrize(
    "text",
    [
        "问卷\n姓名：王小明\n第一题：是",
        "1,联系我13812345678,是\n",
        "提交 2024-03-01 10:32,是\n",
        "邮箱 a@b.example.com",
    ],
)
def test_answers_that_tell_in_another_way_are_refused(text: str) -> None:
    with pytest.raises(BadInput):
        check("KCQ07", "答卷.txt", text.encode())


def test_a_table_that_cannot_be_read_cannot_be_checked() -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        check("KCQ07", "答卷.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))


def test_plain_answers_and_other_types_pass() -> None:
    check("KCQ07", "答卷.csv", "序号,企业名称,您知道应急电话吗,2024-03-01\n1,甲厂,知道,\n".encode())
    check("KCQ03", "名单.csv", "序号,姓名\n1,王小明\n".encode())


def test_a_report_made_anonymous_may_not_say_who_reported() -> None:
    with pytest.raises(BadInput, match="sealed"):
        check("JBJ01", "登记.txt", "举报人：张三，反映三号井超员".encode())
    check("JBJ01", "登记.txt", "举报人：匿名，反映三号井超员".encode())


def test_the_door_refuses_and_burns_no_number(desk: World) -> None:
    case_no = "AX2024-001"
    desk.open_case(case_no)
    with pytest.raises(BadInput):
        desk.file("KCQ07", case_no=case_no, text="姓名：王小明\n是")
    assert desk.file("KCQ07", case_no=case_no, text="第一题：是").archival_code.endswith("-0001")


@pytest.mark.parametrize(
    "rows",
    [
        "选项,人数\n经常,42\n从不,3\n",
        "选项;答卷份数（份）;比例\n经常;42;93%\n从不;3;7%\n",
        "option\tn\noften\t42\nnever\t3\n",
        "问题,经常,从不\n第1题,42 人,3 人\n",
        "选项,经常,从不\n人数,42,3\n",
    ],
)
def test_totals_that_count_fewer_than_five_people_are_refused(rows: str) -> None:
    """Scenario 13, its second half: n = 3 does not come in; suppressed as it should be, the same table does."""
    with pytest.raises(BadInput, match=r"fewer than 5 people in line \d column \d \(3\)"):
        check("KCQ06", "汇总.csv", rows.encode())
    check("KCQ06", "汇总.csv", rows.replace("3 人", "<5").replace("3\n", "<5\n").replace(";3;7%", ";<5;—").encode())
    check("KCQ09", "汇总.csv", rows.encode())  # other tables count what they like


def test_what_is_no_count_of_people_stays_in_the_totals() -> None:
    check("KCQ06", "汇总.csv", "序号,题目,人数,得分\n1,第一题,42,3\n2,第二题,0,4\n3,合计,42,\n".encode())
    check("KCQ06", "样卷.txt", "一、您班组有 3 人以上持证吗？".encode())
    with pytest.raises(BadInput, match="column 2"):
        check("KCQ06", "汇总.xlsx", workbook(("选项", "人数"), ("经常", "42"), ("从不", "4")))
    with pytest.raises(BadInput, match="cannot be read"):
        check("KCQ06", "汇总.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
