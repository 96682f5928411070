"""Putting the answers of several compartments together by rank, never by scores: those of two indexes compare nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from index.engines.base import Found


def merged(answers: Iterable[Found], keep: Callable[[str], bool]) -> list[str]:
    """Return the ids of all answers in one order that keeps the order of each.

    Of the documents that stand first in their answers the one goes next that holds more of the question, which depends
    on nothing but the question and the document itself; where that is equal, the one of the better rank.
    """
    queues = [queue for queue in (_of(answer, keep) for answer in answers) if queue]
    if len(queues) == 1:
        return [one for one, _ in queues[0]]
    places = [0] * len(queues)
    ranked: list[str] = []
    while True:
        heads = [
            (-queue[place][1], place, number, queue[place][0])
            for number, (queue, place) in enumerate(zip(queues, places, strict=True))
            if place < len(queue)
        ]
        if not heads:
            return list(dict.fromkeys(ranked))
        _, _, number, doc_id = min(heads)
        ranked.append(doc_id)
        places[number] += 1


def _of(answer: Found, keep: Callable[[str], bool]) -> list[tuple[str, float]]:
    return [(one, share) for one, share in zip(answer.ids, answer.shares, strict=True) if keep(one)]
