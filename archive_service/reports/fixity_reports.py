"""存储完整性检测报告: what was read again, when and by which method, what was found, and how it was made good."""

from __future__ import annotations

from archive_service.catalog.keeping.fixity_report import Figures, Incident, StoreFigures
from archive_service.clock import Clock, from_stamp
from archive_service.config import FixityTable
from archive_service.errors import Text
from archive_service.reports.register import Cell, Column, Kind, Register

COLUMNS = (
    Column(Text("存储", "Store"), 10),
    Column(Text("时间", "When"), 9, Kind.DATE),
    Column(Text("事项", "What"), 26),
    Column(Text("档号", "Archival code"), 18, Kind.CODE),
    Column(Text("结果", "Result"), 37),
)
FAULTS = {"missing": Text("副本缺失", "Copy missing"), "damaged": Text("副本损坏", "Copy damaged")}


def fixity_report(found: Figures, settings: FixityTable, unit: Text, clock: Clock, language: str) -> Register:
    """Return the report of a span of days as a register: a row for each store, then one for each damage."""

    def say(zh: str, en: str) -> str:
        return zh if language == "zh" else en

    fields = [
        (say("期间", "From and to"), f"{found.first.isoformat()} – {found.last.isoformat()}"),
        (say("检测次数", "Checks"), say(f"每夜 {found.nights} 次，全检 {found.whole} 次", _runs(found))),
        (say("读检副本", "Copies read"), f"{found.copies:,}"),
        (say("其中抽检", "of these by lot"), f"{found.sampled:,}"),
        (say("读检字节", "Bytes read"), f"{found.bytes:,}"),
        (say("发现缺损", "Faulty copies found"), str(len(found.incidents))),
        (say("尚未修复", "not made good yet"), str(found.open)),
    ]
    rows = [_store(one, settings.days, clock, language) for one in found.stores]
    rows += [_incident(one, clock, language) for one in found.incidents]
    return Register(
        title=say("存储完整性检测报告", "Fixity report"),
        unit=unit.in_language(language),
        drawn_up_on=clock.today().isoformat(),
        fields=fields,
        columns=COLUMNS,
        rows=rows,
        signatures=[say("检测人", "Drawn up by"), say("审核人", "Reviewed by")],
        note=_method(found, settings, language),
        language=language,
    )


def _runs(found: Figures) -> str:
    return f"{found.nights} nightly, {found.whole} of everything"


def _store(one: StoreFigures, days: int, clock: Clock, language: str) -> tuple[Cell, ...]:
    away = Text("", "") if one.reachable else Text("。存储当前不可用", ". The store cannot be reached now")
    what = Text(f"在库副本 {one.held:,} 份，{one.bytes:,} 字节", f"{one.held:,} copies held, {one.bytes:,} bytes")
    result = Text(
        f"{days} 天内读检 {one.recent:,}（{_share(one)}），逾期 {one.overdue:,}，未读过 {one.never:,}，"
        f"缺损 {one.faulty:,}；每夜抽检 {one.sample:,}{away.zh}",
        f"read within {days} days {one.recent:,} ({_share(one)}), overdue {one.overdue:,}, never read {one.never:,}, "
        f"faulty {one.faulty:,}; nightly sample {one.sample:,}{away.en}",
    )
    oldest = _day(one.oldest, clock) or Text("尚无", "none yet").in_language(language)
    return one.name, oldest, what.in_language(language), "", result.in_language(language)


def _share(one: StoreFigures) -> str:
    return f"{one.recent / one.held:.1%}" if one.held else "–"


def _incident(one: Incident, clock: Clock, language: str) -> tuple[Cell, ...]:
    fault = FAULTS.get(one.fault, Text("副本缺损", "Copy faulty")).in_language(language)
    if one.repaired_at:
        day = _day(one.repaired_at, clock)
        done = Text(f"已于 {day} 由完好的副本修复", f"made good on {day} from a good copy")
    else:
        done = Text(
            "尚未修复：见“存储”页所列原因，无完好副本时请由备份的存储介质找回",
            "not made good: the page Stores says why; where no good copy is left, bring one back from a backup of the medium",
        )
    return one.place, _day(one.at, clock), fault, one.code, done.in_language(language)


def _method(found: Figures, settings: FixityTable, language: str) -> str:
    away = Text("", "")
    if found.away:
        stores = ", ".join(sorted(found.away))
        away = Text(
            f"期间曾不可用的存储：{stores}，其副本顺延读检。", f" Stores that were away at times, read later: {stores}."
        )
    method = Text(
        "方法：将副本从头至尾读出，计算所存字节的 SHA-256，与目录所记（并由审计日志佐证）的摘要比对。"
        f"轮检：按上次读检的先后，{settings.days} 天内把每份副本至少读检一次。"
        f"抽检：每夜随机抽取；若有 {settings.damaged_share:.2%} 的副本损坏，以 {settings.confidence:.0%} 的把握当夜至少遇见一份"
        "（不放回抽样，超几何分布）。“时间”一栏：存储行为最早一次读检之日，缺损行为发现之日。"
        "缺损的副本只由摘要相符的副本修复，发现与修复均记入审计日志。",
        "Method: a copy is read from end to end and the SHA-256 of the stored bytes is held against the catalogue's, which the "
        f"audit log vouches for. In turn: what was read longest ago comes first, every copy within {settings.days} days. By "
        f"lot: a random sample each night that meets at least one damaged copy with {settings.confidence:.0%} confidence if "
        f'{settings.damaged_share:.2%} of the copies are damaged (drawn without repetition, hypergeometric). "When" is the '
        "oldest reading for a store and the day of the finding for damage. A faulty copy is made good only from one with "
        "the right hash; finding and repair stand in the audit log.",
    )
    return method.in_language(language) + away.in_language(language)


def _day(stamp: str, clock: Clock) -> str:
    return from_stamp(stamp).astimezone(clock.zone).date().isoformat() if stamp else ""
