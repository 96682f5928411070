"""Words of custody: what a round looks at, kinds of damage, limits, and what alarms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archive_service.errors import BadInput, Text

ROUND_ITEMS: dict[str, Text] = {
    "fire": Text("防火（灭火器、报警、电源、无火种）", "Fire: extinguishers, alarm, mains, nothing that burns"),
    "theft": Text("防盗（门窗、锁、监控、钥匙登记）", "Theft: doors, windows, locks, cameras, keys"),
    "damp": Text("防潮防水（渗漏、积水、除湿）", "Damp and water: leaks, puddles, dehumidifier"),
    "dust": Text("防尘（清洁、密封）", "Dust: clean and closed"),
    "pests": Text("防虫防鼠（虫迹、药剂）", "Pests: traces, repellents"),
    "light": Text("防光（遮光、照明）", "Light: blinds and lamps"),
    "order": Text("架位有序（缺盒、错位）", "Order: no box missing or misplaced"),
}

DAMAGE_KINDS: dict[str, Text] = {
    "mould": Text("霉变", "Mould"),
    "insects": Text("虫蛀", "Insects"),
    "water": Text("水浸", "Water"),
    "torn": Text("破损", "Torn"),
    "faded": Text("褪色", "Faded"),
    "lost": Text("缺失", "Missing"),
    "carrier": Text("载体损坏", "Carrier damaged"),
    "other": Text("其他", "Other"),
}

ALARM_WORDS: dict[str, Text] = {
    "warm": Text("温度过高", "too warm"),
    "cold": Text("温度过低", "too cold"),
    "damp": Text("湿度过高", "too damp"),
    "dry": Text("湿度过低", "too dry"),
}

USUAL_LIMITS = ("14", "24", "45", "60")
"""Coldest and warmest in °C, driest and dampest in %: the usual limits for a store of paper (JGJ 25)."""

WIDTHS = (20, 30, 40, 50)
"""Millimetres of the spine of a box (DOMAIN.md 8)."""

_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{0,15}")
_DECIMAL = re.compile(r"-?\d{1,3}(?:[.,]\d)?")


@dataclass(frozen=True)
class Limits:
    """What a room must keep within, in tenths of a degree and of a per cent."""

    coldest: int
    warmest: int
    driest: int
    dampest: int

    def alarm(self, temperature: int, humidity: int) -> str:
        """Return what is beyond the limits, parted by spaces; empty for nothing."""
        said = {
            "cold": temperature < self.coldest,
            "warm": temperature > self.warmest,
            "dry": humidity < self.driest,
            "damp": humidity > self.dampest,
        }
        return " ".join(name for name, beyond in said.items() if beyond)


def limits_of(row: Any) -> Limits:
    """Return the limits of a row of ``storage_room``."""
    return Limits(row.coldest, row.warmest, row.driest, row.dampest)


def tenths(text: str, what: Text, least: int, most: int) -> int:
    """Read a measurement with at most one decimal and return it in tenths."""
    plain = text.strip().replace("，", ".").replace(",", ".").removesuffix("%").removesuffix("℃").strip()
    if not _DECIMAL.fullmatch(plain) or not least * 10 <= round(float(plain) * 10) <= most * 10:
        raise BadInput(
            f"“{what.zh}”应为 {least} 至 {most} 的数，最多一位小数。",
            f"{what.en} must be a number from {least} to {most} with one decimal at most.",
        )
    return round(float(plain) * 10)


def code_of(text: str, what: Text) -> str:
    """Read the code of a room or shelf as people type it."""
    code = "".join(text.split()).upper()
    if not _CODE.fullmatch(code):
        raise BadInput(
            f"“{what.zh}”用大写字母、数字和“-”，最多 16 位，如 A-03-2。",
            f"{what.en} has capital letters, digits and '-', 16 at most, such as A-03-2.",
        )
    return code


def whole(text: str, what: Text, least: int, most: int) -> int:
    """Read a whole number within bounds."""
    plain = text.strip()
    if not (plain.isascii() and plain.isdigit() and len(plain) < 7 and least <= int(plain) <= most):
        raise BadInput(
            f"“{what.zh}”应为 {least} 至 {most} 的整数。", f"{what.en} must be a whole number from {least} to {most}."
        )
    return int(plain)


def words(text: str, what: Text, least: int, most: int) -> str:
    """Read a sentence that a person must give."""
    plain = " ".join(text.split())
    if not least <= len(plain) <= most:
        raise BadInput(
            f"请填写“{what.zh}”（{least} 至 {most} 字）。",
            f"Please give {what.en.lower()} ({least} to {most} characters).",
        )
    return plain


def answers_of(said: Mapping[str, str]) -> dict[str, list[str]]:
    """Read the answers of a round: every item must be looked at; what is not in order needs a word on it."""
    answers: dict[str, list[str]] = {}
    for name, title in ROUND_ITEMS.items():
        state, note = said.get(name, ""), " ".join(said.get(f"{name}-note", "").split())[:500]
        if state not in ("ok", "fault"):
            raise BadInput(f"“{title.zh}”还没有选。", f"Nothing was chosen for {title.en!r}.")
        if state == "fault" and len(note) < 2:
            raise BadInput(
                f"“{title.zh}”有问题，请写明情况。", f"{title.en!r} is not in order: please say what is wrong."
            )
        answers[name] = [state, note]
    return answers
