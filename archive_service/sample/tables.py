"""The tables that papers call for with a line such as ``@findings``; all draw on the same facts of the case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from archive_service.sample import figures
from archive_service.sample.figures import ASPECTS
from archive_service.sample.model import Table
from archive_service.sample.story import Listed, Story, chinese_date

# Kinds whose very titles are confidential; the open table of contents leaves them to a list of their own.
CONTROLLED = frozenset(
    {
        "FAZ04",
        "FAZ06",
        "QDH01",
        "QDH03",
        "KCQ02",
        "KCQ04",
        "KCQ07",
        "KCQ09",
        "KCQ11",
        "KCQ13",
        "FKY03",
        "ZGL05",
        "YYJ01",
        "YYJ02",
        "YYJ08",
        "JBJ02",
        "JBJ03",
        "SXD02",
        "DAG03",
    }
)


def findings(story: Story) -> Table:
    """The list of shortcomings."""
    rows = tuple((n, f.area, f.place, f.fact, f.basis) for n, f in enumerate(story.findings, 1))
    return Table("问题清单", ("序号", "方面", "部位", "问题", "依据"), rows, (1.3, 2.6, 2.4, 5.4, 4.6))


def rectify(story: Story) -> Table:
    """Measures with owners and deadlines."""
    start = story.spec.dates["feedback"]
    rows = tuple(
        (n, f"{f.place}：{f.fact}", f.measure, f.owner, chinese_date(start + timedelta(days=20 + 10 * (n % 9))))
        for n, f in enumerate(story.findings, 1)
    )
    return Table("整改任务表", ("序号", "问题", "整改措施", "责任人", "完成期限"), rows, (1.3, 5, 4.6, 2.6, 2.4))


def progress(story: Story) -> Table:
    """The ledger at the day of the report: the last two are still under way."""
    total = len(story.findings)
    rows = tuple(
        (
            n,
            f.area,
            f.place,
            f.fact,
            f.measure,
            f.owner,
            "已完成" if n <= total - 2 else "整改中",
            100 if n <= total - 2 else 60 + n,
        )
        for n, f in enumerate(story.findings, 1)
    )
    head = ("序号", "方面", "部位", "问题", "整改措施", "责任人", "状态", "进度（%）")
    return Table("整改台账", head, rows, (1.3, 2.2, 2.2, 5, 5, 2.4, 1.6, 1.4))


def accept(story: Story) -> Table:
    """Acceptance, finding by finding; as many nearly passed as the conclusion says."""
    nearly = int(str(story.words["nearly"]))
    rows = tuple(
        (n, f"{f.place}：{f.fact}", f.proof, "基本通过" if n > len(story.findings) - nearly else "通过")
        for n, f in enumerate(story.findings, 1)
    )
    return Table("整改验收表", ("序号", "问题", "核验依据", "结论"), rows, (1.3, 6, 5, 1.8))


def proofs(story: Story) -> Table:
    """The proofs handed in."""
    rows = tuple((n, f.place, f.proof, f.owner) for n, f in enumerate(story.findings, 1))
    return Table("佐证材料目录", ("序号", "部位", "材料", "提供人"), rows, (1.3, 3, 6, 3))


def scores(story: Story) -> Table:
    """Points by the ten aspects; they add up to the score of the case."""
    dice, lost = story.dice("scores"), round(1000 - float(str(story.words["score"])) * 10)
    shares = [
        full * (3 if any(f.area[:2] == name[:2] for f in story.findings) else 1) * dice.uniform(0.8, 1.2)
        for name, full in ASPECTS
    ]
    minus = [int(lost * share / sum(shares)) for share in shares]
    minus[3] += lost - sum(minus)
    rows = tuple((name, full, minus[n] / 10, full - minus[n] / 10) for n, (name, full) in enumerate(ASPECTS))
    total = ("合计", 100, lost / 10, float(str(story.words["score"])))
    return Table("评分表", ("方面", "分值", "扣分", "得分"), (*rows, total), (4, 2, 2, 2))


def scale(_: Story) -> Table:
    """How many points each aspect may bring."""
    rows = tuple(
        (n, name, full, "查资料、看现场、问人员，每项不符合扣一至三分") for n, (name, full) in enumerate(ASPECTS, 1)
    )
    return Table("分值分配表", ("序号", "方面", "分值", "评分方法"), rows, (1.3, 4, 1.4, 7))


def programme(story: Story) -> Table:
    """The year's inspections."""
    names = ("示例化工", "石岭矿", "示例船厂", "示例建设", "示例发电")
    rows = tuple(
        (
            n,
            name,
            "全面巡察" if n < 3 else "专项巡察",
            f"{story.spec.year}年{2 * n + 1}月至{2 * n + 2}月",
            f"第{'一二三'[n % 3]}巡察组",
        )
        for n, name in enumerate(names, 1)
    )
    return Table("年度巡察安排表", ("序号", "企业", "方式", "时间", "承担单位"), rows, (1.3, 3, 2, 4, 2.4))


def schedule(story: Story) -> Table:
    """The ten days on site."""
    works = (
        "启动会、听取汇报",
        "文件审查",
        "审查复制文件",
        "现场检查：特殊作业与消防通道",
        "访谈、录音",
        "夜间突击检查",
        "座谈会、应急演练观摩",
        "匿名问卷",
        "数据分析、典型案例",
        "法律法规符合性检查、同行对比",
    )
    start = story.spec.dates["start"]
    rows = tuple(
        (n + 1, chinese_date(start + timedelta(days=n)), work, story.spec.team[n % 4]) for n, work in enumerate(works)
    )
    return Table("巡察日程表", ("天次", "日期", "工作内容", "负责人"), rows, (1.3, 3, 6, 2))


def signin(story: Story) -> Table:
    """Who signed in; invented names, yet a confidential table."""
    e = story.enterprise
    people = [(e.chief, "主要负责人"), (e.deputy, "分管安全负责人"), *((name, "部门代表") for name in e.workers)]
    people += [(name, "巡察组") for name in story.spec.team]
    rows = tuple((n, name, role, "已签到") for n, (name, role) in enumerate(people, 1))
    return Table("签到表", ("序号", "姓名", "身份", "签到"), rows, (1.3, 3, 4, 2))


def credit(story: Story) -> Table:
    """Credit added and taken."""
    day = chinese_date(story.day("decided+5"))
    rows = (
        (1, "消防通道重复性隐患", "减分", -3, day),
        (2, "动火作业票限时作废", "加分", 2, day),
        (3, "应急演练改进", "加分", 1, day),
        (4, "责任书未及时重签", "减分", -1, day),
        (5, "主动报告隐患", "加分", 1, day),
    )
    return Table("信用加减分", ("序号", "事项", "类型", "分值", "生效日期"), rows, (1.3, 5, 1.5, 1.5, 3))


def uses(story: Story) -> Table:
    """The register of use."""
    _, m1, m2, m3 = story.spec.team
    day = chinese_date(story.day("accepted+22"))
    rows = (
        (1, day, m2, "编写经验推广材料", "整改计划、验收记录", "在线阅览", "已归还", m3),
        (2, day, m1, "复核异议", "企业凭证", "到室阅览", "已归还", m3),
    )
    return Table(
        "利用登记",
        ("序号", "日期", "利用者", "目的", "题名", "方式", "归还", "经办人"),
        rows,
        (1.3, 3, 1.6, 3, 3, 2, 1.6, 1.6),
    )


def contents(story: Story, listed: tuple[Listed, ...]) -> Table:
    """The case's records that are open to the house; confidential ones are only counted."""
    seen = [entry for entry in listed if entry.class_code not in CONTROLLED]
    rows: list[tuple[str | int | float, ...]] = [
        (n, entry.class_code, entry.title, chinese_date(entry.day)) for n, entry in enumerate(seen, 1)
    ]
    hidden = len([entry for entry in listed if entry.class_code in CONTROLLED and entry.class_code != "JBJ02"])
    rows.append((len(seen) + 1, "—", f"另有控制利用文件{hidden}件，见涉密控制目录", "—"))
    return Table(f"{story.spec.no} 卷内文件目录", ("顺序号", "类型", "题名", "日期"), tuple(rows), (1, 1.6, 8, 3))


TABLES: dict[str, Callable[[Story], Table]] = {
    "findings": findings,
    "rectify": rectify,
    "progress": progress,
    "accept": accept,
    "proofs": proofs,
    "scores": scores,
    "scale": scale,
    "programme": programme,
    "schedule": schedule,
    "signin": signin,
    "answers": figures.answers,
    "totals": figures.totals,
    "stats": figures.stats,
    "hazards": figures.hazards,
    "yearly": figures.yearly,
    "quarter": figures.quarter,
    "compare": figures.compare,
    "drill": figures.drill,
    "credit": credit,
    "uses": uses,
}
