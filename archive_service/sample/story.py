"""The facts of one inspection that all of its papers share: people, dates, findings, figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from archive_service.sample.model import Enterprise, Finding
from archive_service.sample.people import FONDS
from archive_service.sample.sources import CaseSpec, enterprises

PREFIX = {"Q001": "安示安巡", "J001": "示应急巡"}
TRADITIONAL = {"示例化工": "示例化工", "示例船厂": "示例船廠"}
GRADES = ((90, "优秀"), (80, "良好"), (70, "合格"), (0, "不合格"))


@dataclass(frozen=True)
class Listed:
    """A record as the case's own table of contents shows it."""

    class_code: str
    title: str
    day: date


@dataclass(frozen=True)
class Story:
    """One inspection; ``words`` fill the gaps of its templates."""

    spec: CaseSpec
    enterprise: Enterprise
    findings: tuple[Finding, ...]
    unit: str
    team: str
    words: Mapping[str, object]
    seed: int

    def dice(self, key: str) -> Random:
        """Chance that is the same for the same seed, case and key, whatever was drawn before."""
        return _dice(self.seed, self.spec.no, key)

    def day(self, at: str) -> date:
        """The date that a template's ``at`` means in this case."""
        for sign, factor in (("+", 1), ("-", -1)):
            anchor, found, days = at.partition(sign)
            if found:
                return self.spec.dates[anchor] + timedelta(days=factor * int(days))
        return self.spec.dates[at]

    def author(self, role: str) -> str:
        """The name of an author given by role; other names stand for themselves."""
        return {"unit": self.unit, "team": self.team, "enterprise": self.enterprise.name}.get(role, role)

    def document_no(self, role: str, day: date, key: str) -> str:
        """A number in the usual form: issuing office, year in angle brackets, serial."""
        serial = self.dice(f"number {key}").randint(3, 89)
        prefix = f"{self.enterprise.short}安" if role == "enterprise" else PREFIX[self.spec.fonds]
        return f"{prefix}〔{day.year}〕{serial}号"


def tell(spec: CaseSpec, seed: int) -> Story:
    """Gather the facts of one inspection."""
    enterprise = enterprises()[spec.enterprise]
    findings = tuple(enterprise.findings[number] for number in spec.findings)
    unit = next(fonds.name_zh for fonds in FONDS if fonds.number == spec.fonds)
    ordinal = "一二三"[int(spec.no[-1]) - 1 if int(spec.no[-1]) <= 3 else 0]
    words: dict[str, object] = {
        "no": spec.no,
        "y": spec.year,
        "unit": unit,
        "team": f"{unit}第{ordinal}巡察组",
        "e": enterprise.name,
        "en": enterprise.name_en,
        "s": enterprise.short,
        "zht": TRADITIONAL.get(enterprise.short, enterprise.short),
        "place": enterprise.place,
        "trade": enterprise.trade,
        "staff": enterprise.staff,
        "chief": enterprise.chief,
        "deputy": enterprise.deputy,
        "t": enterprise.topics,
        "f": findings,
        "a": vars(enterprise.accident) if enterprise.accident else {},
        "n": len(findings),
        "d": {name: chinese_date(day) for name, day in spec.dates.items()},
        "reporter": spec.reporter,
        **dict(zip(("head", "m1", "m2", "m3"), spec.team, strict=True)),
        **dict(zip(("w1", "w2", "w3"), enterprise.workers[:3], strict=True)),
        **_figures(_dice(seed, spec.no, "figures"), len(findings)),
    }
    return Story(spec, enterprise, findings, unit, str(words["team"]), words, seed)


def chinese_date(day: date) -> str:
    """A date as Chinese papers write it."""
    return f"{day.year}年{day.month}月{day.day}日"


def _dice(seed: int, case_no: str, key: str) -> Random:
    return Random(f"{seed}/{case_no}/{key}")  # noqa: S311 - invented figures, nothing secret


def _figures(dice: Random, findings: int) -> dict[str, object]:
    score = dice.randint(716, 894) / 10
    sent, done = dice.randint(180, 260), findings - 2
    returned = sent - dice.randint(3, 12)
    nearly, before = dice.randint(1, 2), dice.randint(16, 24)
    return {
        "score": score,
        "grade": next(word for least, word in GRADES if score >= least),
        "sent": sent,
        "returned": returned,
        "valid": returned - dice.randint(2, 9),
        "done": done,
        "done_rate": round(100 * done / findings),
        "urgent": 2,
        "rest": findings - 2,
        "nearly": nearly,
        "passed": findings - nearly,
        "before": before,
        "after": before - dice.randint(9, 13),
        "util": dice.randint(72, 93),
        "local": dice.randint(60, 88),
        "share": dice.randint(35, 61),
        "safe_days": dice.randint(410, 1900),
        "self_found": findings * 5,
        "self_fixed": findings * 5 - dice.randint(4, 9),
        "files": dice.randint(140, 320),
        "sampled": dice.randint(42, 76),
        "temp": dice.randint(14, 27),
        "opinions": dice.randint(21, 46),
        "drill_score": dice.randint(76, 91),
        "quiz": dice.randint(82, 95),
        "rules": dice.randint(6, 14),
        "money": dice.randint(86, 430),
        "blamed": dice.randint(3, 9),
        "effect": "良好",
        "year_found": findings * 5 + dice.randint(3, 20),
        "year_rate": dice.randint(94, 99),
        "work_score": dice.randint(84, 93),
    }
