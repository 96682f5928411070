"""The cast: the same people in the sample archive, in the documentation and in the tests."""

from __future__ import annotations

from archive_service.sample.model import Fonds, Person

OPEN = ("PUB", "INT")
CONFIDENTIAL = ("PUB", "INT", "TS", "PI")

FONDS = (
    Fonds("Q001", "安泰示例集团", "Antai Sample Group", "enterprise_group"),
    Fonds("J001", "示例市应急管理局", "Sample City Emergency Management Bureau", "state_body"),
)

# Only one archivist may file sealed papers; the three administrators are three people and read nothing confidential.
PEOPLE = (
    Person("zhang.dang", "张档", "Zhang Dang", ("archivist", "reader"), (*CONFIDENTIAL, "SEAL")),
    Person("li.zheng", "李整", "Li Zheng", ("archivist", "reader"), CONFIDENTIAL),
    Person("wang.yue", "王阅", "Wang Yue", ("reader",), OPEN),
    Person("chen.mi", "陈密", "Chen Mi", ("reader",), CONFIDENTIAL),
    Person("zheng.jian", "郑鉴", "Zheng Jian", ("appraiser", "reader"), CONFIDENTIAL),
    Person("wu.ding", "吴定", "Wu Ding", ("appraiser", "reader"), CONFIDENTIAL),
    Person("qian.pi", "钱批", "Qian Pi", ("approver", "reader"), CONFIDENTIAL),
    Person("feng.zhun", "冯准", "Feng Zhun", ("approver", "reader"), CONFIDENTIAL),
    Person("he.fu", "何复", "He Fu", ("approver", "reader"), CONFIDENTIAL),
    Person("zhao.shen", "赵审", "Zhao Shen", ("auditor",), OPEN),
    Person("sun.xi", "孙系", "Sun Xi", ("system_administrator",), ("PUB",)),
    Person("zhou.an", "周安", "Zhou An", ("security_administrator",), OPEN),
)
