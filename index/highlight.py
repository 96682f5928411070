"""Passages to show for a hit, cut from the original text at the moment of the answer and kept nowhere."""

from __future__ import annotations

from index.analysis import analyse, phrase_terms
from index.query import Query

WIDTH = 90
"""Characters of a passage."""

LONGEST_TEXT = 200_000

Fragment = list[tuple[str, bool]]


def fragments(text: str, query: Query, most: int = 2) -> list[Fragment]:
    """Return the passages in which most of the question stands; pieces of text, each a match or not. Not escaped."""
    text = text[:LONGEST_TEXT]
    spans = _spans(text, query)
    if not spans:
        return [[(" ".join(text[:WIDTH].split()), False)]] if text.strip() else []
    chosen: list[tuple[int, int]] = []
    weights = sorted(((_weight(spans, start), -start) for start, _ in spans), reverse=True)
    for _, negative in weights:
        left = max(0, -negative - WIDTH // 4)
        if all(left >= end or left + WIDTH <= start for start, end in chosen):
            chosen.append((left, min(len(text), left + WIDTH)))
        if len(chosen) == most:
            break
    return [_cut(text, left, right, spans) for left, right in sorted(chosen)]


def _spans(text: str, query: Query) -> list[tuple[int, int]]:
    """Find where the words of the question stand; of a Chinese word only whole occurrences count."""
    tokens = analyse(text)
    at: dict[tuple[str, int], tuple[int, int]] = {
        (token.term, token.position): (token.start, token.end) for token in tokens
    }
    places: dict[str, list[int]] = {}
    for token in tokens:
        places.setdefault(token.term, []).append(token.position)
    spans: set[tuple[int, int]] = set()
    for word in (*query.words, *query.phrases):
        chain = phrase_terms(word)
        if not chain:
            continue
        first, *rest = chain
        for position in places.get(first[0], ()):
            ends = [at.get((term, position + step - first[1])) for term, step in rest]
            if all(ends):
                last = ends[-1] if ends else at[first[0], position]
                assert last is not None
                spans.add((at[first[0], position][0], last[1]))
    return _merged(sorted(spans))


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _weight(spans: list[tuple[int, int]], start: int) -> int:
    return sum(end - left for left, end in spans if start - WIDTH // 4 <= left < start + WIDTH * 3 // 4)


def _cut(text: str, left: int, right: int, spans: list[tuple[int, int]]) -> Fragment:
    pieces: Fragment = []
    at = left
    for start, end in spans:
        if end <= left or start >= right:
            continue
        pieces.append((text[at : max(at, start)], False))
        pieces.append((text[max(at, start) : end], True))
        at = end
    pieces.append((text[at : max(at, right)], False))
    return [(" ".join(piece.split("\n")), match) for piece, match in pieces if piece]
