"""How good suggestions are: types (first, among the first three) and what papers say of themselves, on held-out papers.

Use: python scripts/bench/suggestions.py [SEED]

The papers of the sample archive are written by its maker and read in the sandbox, as at filing. Each inspection is held
out in turn: what is known are the plan and the titles filed with the other inspections. The code of the type, which the
sample writes into file names, is taken away first. The sample's titles are kinder than life; compare runs, not archives.
A harder set stands in papers_zh.tsv: written by hand, with the names that scanners and colleagues give to files, and
without the name of the type in its text. It is closer to what an archivist gets on a bad day; nothing is tuned on it.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from archive_service.catalog.classification.plan import SHIPPED, load_plan
from archive_service.catalog.collecting.manifest import find_manifest, read_manifest
from archive_service.catalog.formats.signatures import identify
from archive_service.catalog.suggesting.reading import read_paper
from archive_service.catalog.suggesting.suggestions import known_of_plan, parts_of, with_filed
from archive_service.sample.fill import SEED
from archive_service.sample.maker import make_sample
from index.extract import extract
from index.likeness import Likeness
from retention_policies import default_schedule_path, load_schedule

CODE = re.compile(r"[A-Z]{3}\d{2}-?")
FIELDS = ("title", "date", "author", "document_no")


def papers(folder: Path, seed: int) -> list[dict[str, Any]]:
    sample = make_sample(folder, seed)
    questions = list(load_schedule(default_schedule_path()).facts.values())
    names = {one.code: one.name for one in sample.enterprises}
    found = []
    for case in sample.cases:
        for row in read_manifest(find_manifest(case.folder), questions):
            path = case.folder / row.files[0]
            data = path.read_bytes()
            media = identify(data, path.name)
            text = extract([data], media).text
            said = {"case": case.case_no, "enterprise": names[case.enterprise], "path": row.files[0]}
            found.append({**row.values, **said, "text": text, "media": media.partition("/")[0]})
    return found


def types(found: list[dict[str, Any]], *, learnt: bool) -> None:
    plan = load_plan(SHIPPED, load_schedule(default_schedule_path()))
    first = third = 0
    start = time.perf_counter()
    for case in sorted({one["case"] for one in found}):
        known = known_of_plan(plan, plan.types)
        others = [one for one in found if one["case"] != case]
        titles: dict[str, list[str]] = {}
        for one in others if learnt else ():
            titles.setdefault(one["class"], []).append(one["title"])
        common = "\n".join([*plan.name, *({one["enterprise"] for one in others} if learnt else ())])
        like = Likeness(with_filed(known, titles), common)
        for one in found:
            if one["case"] == case:
                name = CODE.sub("", one["path"])
                title = read_paper(one["text"], name, date.max).title
                ranked = like.rank(parts_of(name, one["text"], one["media"], title))
                first += ranked[0].kind == one["class"] if ranked else 0
                third += one["class"] in [each.kind for each in ranked]
    count, seconds = len(found), time.perf_counter() - start
    what = "plan and other inspections" if learnt else "plan alone"
    print(f"{what:<28} top-1 {first / count:.3f}  top-3 {third / count:.3f}  ({seconds / count * 1000:.0f} ms each)")


def hard(found: list[dict[str, Any]]) -> None:
    """Rank the papers that were written by hand: with the plan alone, and with the sample's titles learnt."""
    lines = (Path(__file__).parent / "papers_zh.tsv").read_text(encoding="utf-8").splitlines()
    papers_by_hand = [line.split("\t") for line in lines if line and not line.startswith("#")]
    plan = load_plan(SHIPPED, load_schedule(default_schedule_path()))
    titles: dict[str, list[str]] = {}
    for one in found:
        titles.setdefault(one["class"], []).append(one["title"])
    common = "\n".join([*plan.name, *{one["enterprise"] for one in found}])
    for what, learnt in (("by hand: plan alone", {}), ("by hand: plan and the sample", titles)):
        like = Likeness(with_filed(known_of_plan(plan, plan.types), learnt), common)
        first = third = nothing = 0
        missed = []
        for code, name, text in papers_by_hand:
            said = text.replace("\\n", "\n")
            title = read_paper(said, name, date.max).title
            ranked = [each.kind for each in like.rank(parts_of(name, said, "text", title))]
            first += ranked[:1] == [code]
            third += code in ranked
            nothing += not ranked
            if code not in ranked:
                missed.append(code)
        count = len(papers_by_hand)
        print(
            f"{what:<28} top-1 {first / count:.3f}  top-3 {third / count:.3f}  ({count} papers, {nothing} without any)"
        )
    print(f"{'':<28} not among three: {' '.join(missed)}")


def fields(found: list[dict[str, Any]]) -> None:
    right: Counter[str] = Counter()
    given: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    for one in found:
        paper = read_paper(one["text"], CODE.sub("", one["path"]), date.max)
        for name in FIELDS:
            proposed = getattr(paper, name)
            wanted[name] += bool(one[name])
            given[name] += proposed is not None
            right[name] += proposed is not None and proposed.value == one[name]
    for name in FIELDS:
        print(f"{name:<28} precision {right[name] / given[name]:.3f}  recall {right[name] / wanted[name]:.3f}")


def main() -> None:
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else SEED
    with tempfile.TemporaryDirectory() as folder:
        found = papers(Path(folder) / "papers", seed)
    print(f"{len(found)} papers of {len({one['case'] for one in found})} inspections, seed {seed}")
    types(found, learnt=False)
    types(found, learnt=True)
    hard(found)
    fields(found)


if __name__ == "__main__":
    main()
