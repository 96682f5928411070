"""What is said before something that cannot be undone: what, how many, which copies, who approved it, what still stops it."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup, escape

from archive_service.disposal.listing.views import ListView
from archive_service.web.desk.shown import counts, on_list, to_destroy
from archive_service.web.desk.words import approvals_of, code_of, joined, size_words
from archive_service.web.here import local_time, t

Names = Mapping[str, str]
MOST_NAMED = 8
"""Codes that are named one by one before an order; the table above names all of them."""


def what_goes(view: ListView, names: Names) -> list[tuple[str, str | Markup]]:
    """Say before the order what is destroyed, how many, which copies, who approved it and what still stops it."""
    gone = to_destroy(view)
    codes = [item.record["code"] for item in gone]
    files, size = sum(item.files for item in gone), size_words(sum(item.size for item in gone))
    kept = len(on_list(view)) - len(gone)
    facts: list[tuple[str, str | Markup]] = [
        (t("销毁什么", "What"), _named(view.fonds_no, codes)),
        (
            t("多少", "How many"),
            t(f"{len(gone)} 件，{files} 个文件，{size}", f"{len(gone)} records, {files} files, {size}"),
        ),
        (
            t("哪些副本", "Which copies"),
            t(
                "每件的全部密钥；库中所有版本的封存文件与封装说明；提取的文字；索引中的词",
                "all keys of each record; every version of its sealed objects and its capsule in the store; extracted"
                " text; its terms in the index",
            ),
        ),
        (t("批准人", "Approved by"), _approved_by(view, names)),
        (
            t("何时还能停止", "What still stops it"),
            t(
                "逐件执行，每件先隐藏、清索引，再销毁密钥。密钥销毁之前设置冻结，这一件就停下并恢复；此后不能恢复。",
                "Items are carried out one by one: hidden, index purged, key destroyed. A hold placed before its key goes"
                " stops an item and brings it back; after that nothing does.",
            ),
        ),
        (
            t("留下什么", "What stays"),
            t(
                "档号、类别、日期、鉴定与批准记录、文件摘要、审计条目和销毁证明；公开与内部级另留题名",
                "code, class, dates, the decisions, hashes, log entries and the certificate; titles of open levels too",
            ),
        ),
    ]
    if kept:
        facts.insert(2, (t("其余", "The others"), t(f"{kept} 件不销毁", f"{kept} records are not destroyed")))
    return facts


def _named(fonds_no: str, codes: list[str]) -> Markup:
    """Name what is destroyed: each record of a short list, first and last of a long one."""
    if len(codes) <= MOST_NAMED:
        said = escape(t("、", ", ")).join(code_of(code) for code in codes)
    else:
        said = escape(t("{} 至 {}", "{} to {}")).format(code_of(codes[0]), code_of(codes[-1]))
    return escape(t("全宗 {}：{}", "Fonds {}: {}")).format(fonds_no, said)


def what_is_approved(view: ListView, names: Names) -> list[tuple[str, str]]:
    """Say before an approval what it approves and what follows from it."""
    gone = to_destroy(view)
    size = size_words(sum(item.size for item in gone))
    given = len(view.approvals)
    last = given + 1 >= approvals_of(view.row)
    return [
        (t("鉴定意见", "Opinions"), counts(view)),
        (t("将销毁", "To be destroyed"), t(f"{len(gone)} 件，{size}", f"{len(gone)} records, {size}") if gone else ""),
        (t("已批准", "Approved so far"), _approved_by(view, names)),
        (
            t("批准之后", "What follows"),
            t(
                "这是所需的最后一份批准：续存、转永久、暂缓等意见立即执行；销毁进入冷静期。",
                "This is the last approval needed: opinions that keep records take effect at once; destruction begins to"
                " cool off.",
            )
            if last
            else t(
                "还需另一位审批人批准，此前什么也不执行。", "Another approver is needed; until then nothing happens."
            ),
        ),
    ]


def _approved_by(view: ListView, names: Names) -> str:
    given = [f"{names.get(one.approver_id, '')}（{local_time(one.approved_at)}）" for one in view.approvals]
    if given:
        return t(joined(given), joined(given).replace("（", " (").replace("）", ")"))
    return t("尚无", "nobody yet")
