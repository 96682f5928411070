"""Tables of figures: invented by chance, the same for the same seed and case."""

from __future__ import annotations

from random import Random

from archive_service.sample.model import Table
from archive_service.sample.story import Story

ASPECTS = (
    ("安全生产责任制", 15),
    ("规章制度与操作规程", 8),
    ("安全投入", 8),
    ("隐患排查治理", 20),
    ("教育培训", 10),
    ("应急管理", 12),
    ("事故管理", 8),
    ("法律法规符合性", 8),
    ("安全文化", 6),
    ("外部评价", 5),
)
QUESTIONS = (
    "清楚本岗位安全生产责任",
    "知道应急演练任务",
    "消防通道始终畅通",
    "动火作业不办票不开工",
    "有限空间作业有人监护",
    "报告的隐患得到答复",
    "培训内容有用",
    "敢于拒绝违章指挥",
    "防护用品够用合身",
    "愿推荐家人来工作",
)
REMARKS = (
    "",
    "",
    "",
    "希望夜班也组织应急演练",
    "隐患报了以后想知道结果",
    "消防通道还是有人放东西",
    "动火作业票填写项目太多",
    "培训多讲实际案例",
    "监护人太少，忙不过来",
    "责任书一年签一次，平时没人提",
)


def _row(*cells: str | float) -> tuple[str | float, ...]:
    return cells


def answers(story: Story) -> Table:
    """Anonymous answers: points and a free remark, nothing about the person."""
    dice = story.dice("answers")
    weights = [(1, 2, 8, 30 + n % 4 * 4, 40 - n * 2) for n in range(len(QUESTIONS))]
    rows = tuple(
        (*(dice.choices((1, 2, 3, 4, 5), weight)[0] for weight in weights), dice.choice(REMARKS))
        for _ in range(min(60, int(str(story.words["valid"]))))
    )
    return Table(
        "原始答卷", (*(f"第{n}题 {text}" for n, text in enumerate(QUESTIONS, 1)), "意见"), rows, (*(1.2,) * 10, 3)
    )


def totals(story: Story) -> Table:
    """Totals per question; counts below five are merged before they are shown."""
    dice, valid = story.dice("totals"), int(str(story.words["valid"]))
    rows = []
    for n, text in enumerate(QUESTIONS, 1):
        best, good = int(valid * dice.uniform(0.42, 0.6)), int(valid * dice.uniform(0.2, 0.3))
        rows.append(
            (
                n,
                text,
                best,
                good,
                valid - best - good,
                round((best * 5 + good * 4 + (valid - best - good) * 2.6) / valid, 2),
            )
        )
    return Table(
        "问卷汇总统计",
        ("题号", "题目", "非常同意", "同意", "其他（合并）", "平均分"),
        tuple(rows),
        (1, 5, 1.6, 1.4, 2, 1.5),
    )


def stats(story: Story) -> Table:
    """Three years of the enterprise's own safety figures."""
    dice, year = story.dice("stats"), story.spec.year
    items = (
        ("动火作业票", 300, 520),
        ("有限空间作业票", 60, 160),
        ("排查隐患数", 480, 1300),
        ("整改隐患数", 470, 480),
        ("应急演练次数", 12, 40),
        ("培训人次", 1500, 5200),
        ("险肇事件", 4, 17),
        ("轻伤事故", 0, 2),
        ("百万工时伤害率", 1, 3),
        ("安全投入（万元）", 480, 1320),
    )
    rows = tuple(_row(name, *(dice.randint(low, high) for _ in range(3))) for name, low, high in items)
    return Table("安全生产数据", ("指标", f"{year - 3}年", f"{year - 2}年", f"{year - 1}年"), rows, (4, 2, 2, 2))


def _counts(dice: Random, low: int, high: int) -> tuple[int, int, int]:
    """Found, put right, come back."""
    found = dice.randint(low, high)
    return found, found - dice.randint(0, 2), dice.randint(0, 3)


def hazards(story: Story) -> Table:
    """Hazards by kind."""
    dice, kinds = (
        story.dice("hazards"),
        ("消防通道与消防设施", "动火作业", "有限空间", "临时用电", "高处作业", "设备设施", "标志标识", "管理类"),
    )
    rows = tuple((kind, *_counts(dice, 6, 60)) for kind in kinds)
    return Table("隐患分类统计", ("类别", "发现数", "整改数", "重复数"), rows, (4, 2, 2, 2))


def yearly(story: Story) -> Table:
    """The year's findings by aspect."""
    dice = story.dice("yearly")
    rows = tuple((name, *_counts(dice, 4, 28)) for name, _ in ASPECTS)
    return Table(f"{story.spec.year}年问题统计", ("方面", "发现数", "整改完成数", "重复发生数"), rows, (4, 2, 2, 2))


def quarter(story: Story) -> Table:
    """The quarter by month."""
    dice = story.dice("quarter")
    rows = tuple(
        (f"{month}月", dice.randint(1, 3), dice.randint(6, 26), dice.randint(4, 20), dice.randint(0, 4))
        for month in (4, 5, 6)
    )
    return Table("季度统计", ("月份", "巡察企业数", "发现隐患数", "整改数", "受理意见数"), rows, (2, 2, 2, 2, 2))


def compare(story: Story) -> Table:
    """Against three unnamed peers."""
    dice = story.dice("compare")
    items = (
        "人均安全投入（元）",
        "隐患整改率（%）",
        "应急演练频次（次/年）",
        "动火作业票/百万元产值",
        "责任制考核兑现率（%）",
    )
    ranges = ((3200, 15800), (88, 99), (8, 40), (2, 9), (70, 98))
    rows = tuple(_row(item, *(dice.randint(*span) for _ in range(4))) for item, span in zip(items, ranges, strict=True))
    return Table("指标对比表", ("指标", story.enterprise.short, "甲", "乙", "丙"), rows, (4, 2, 2, 2, 2))


def drill(story: Story) -> Table:
    """Minutes and points of the drill."""
    dice = story.dice("drill")
    items = ("接警与研判", "信息报告", "警戒疏散", "抢险处置", "医疗救护", "通信保障", "讲评改进")
    rows = tuple(
        (item, dice.randint(1, 12), dice.randint(6, 10), "达到" if n != 5 else "部分达到")
        for n, item in enumerate(items)
    )
    return Table("应急演练评估表", ("环节", "用时（分钟）", "得分（满分十分）", "预案要求"), rows, (3, 2, 3, 2))
