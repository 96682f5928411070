"""How well personal data is found: precision and recall per kind, over sentences with exact spans.

Use: python scripts/bench/personal.py [FILE.jsonl ...]

Without files, every ``*.jsonl`` of ../shared/corpus/pii. A line holds ``text``, ``spans`` ([start, end, kind]) and
``must_not_flag``. Found means: the same kind at exactly the same characters. Addresses, which the corpus does not have,
are measured over addresses_zh.txt beside this script: found wholly, and touched at all.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from index.personal import ADDRESS, KINDS, find_personal

ROOT = Path(__file__).resolve().parents[2]


def addresses() -> None:
    """Print how well addresses are found in sentences of our own."""
    lines = (Path(__file__).parent / "addresses_zh.txt").read_text(encoding="utf-8").splitlines()
    right = touched = wanted = given = 0
    for line in (one for one in lines if one and not one.startswith("#")):
        text, spans, at = "", set[tuple[int, int]](), 0
        for found in re.finditer(r"\[\[(.*?)\]\]", line):
            text += line[at : found.start()]
            spans.add((len(text), len(text) + len(found[1])))
            text, at = text + found[1], found.end()
        text += line[at:]
        seen = {(one.start, one.end) for one in find_personal(text) if one.kind == ADDRESS}
        right, wanted, given = right + len(seen & spans), wanted + len(spans), given + len(seen)
        touched += sum(any(begin < end_ and start < end for start, end_ in seen) for begin, end in spans)
        for begin, end in seen ^ spans:
            print("missed:" if (begin, end) in spans else "wrong: ", ADDRESS, text[begin:end], "|", text)
    precision = right / given if given else 0.0
    print(
        f"{ADDRESS} by hand: {wanted} of which {right} wholly, {touched} touched; precision {precision:.3f}  recall {right / wanted:.3f}"
    )


def main() -> None:
    addresses()
    files = [Path(name) for name in sys.argv[1:]] or sorted((ROOT.parent / "shared/corpus/pii").glob("*.jsonl"))
    lines = [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines() if line]
    if not lines:
        raise SystemExit("no sentences: name a file of them")
    right: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    flagged = 0
    start = time.perf_counter()
    for line in lines:
        found = {(one.start, one.end, one.kind) for one in find_personal(line["text"])}
        wanted = {(begin, end, kind) for begin, end, kind in line["spans"] if kind in KINDS}
        for counter, spans in ((right, found & wanted), (missed, wanted - found), (wrong, found - wanted)):
            counter.update(kind for *_, kind in spans)
        for begin, end, kind in line["must_not_flag"]:
            hits = [one for one in found if one[0] < end and one[1] > begin]
            flagged += bool(hits)
            for hit in hits:
                print("flagged:", kind, line["text"][begin:end], "as", hit[2])
        for begin, end, kind in wanted ^ found:
            print(
                "missed:" if (begin, end, kind) in wanted else "wrong: ",
                kind,
                line["text"][begin:end],
                "|",
                line["text"],
            )
    seconds = time.perf_counter() - start
    print(f"{'kind':<10} {'right':>6} {'missed':>7} {'wrong':>6} {'precision':>10} {'recall':>7}")
    for kind in KINDS:
        found_all, wanted_all = right[kind] + wrong[kind], right[kind] + missed[kind]
        precision = f"{right[kind] / found_all:.3f}" if found_all else "-"
        recall = f"{right[kind] / wanted_all:.3f}" if wanted_all else "-"
        print(f"{kind:<10} {right[kind]:>6} {missed[kind]:>7} {wrong[kind]:>6} {precision:>10} {recall:>7}")
    print(f"{len(lines)} sentences, {flagged} of the hard negatives flagged, {seconds / len(lines) * 1000:.2f} ms each")


if __name__ == "__main__":
    main()
