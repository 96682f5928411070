"""Putting the answers of several compartments together by rank, never by scores: those of two indexes compare nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import heapify, heappop, heapreplace

from index.engines.base import Found


def merged(answers: Iterable[Found], keep: Callable[[str], bool]) -> list[str]:
    """Return the ids of all answers in one order that keeps the order of each.

    Of the documents that stand first in their answers the one goes next that holds more of the question, which depends
    on nothing but the question and the document itself; where that is equal, the one of the better rank.
    """
    queues = [queue for queue in (_of(answer, keep) for answer in answers) if queue]
    if len(queues) == 1:
        return [one for one, _ in queues[0]]
    heads = [(-queue[0][1], 0, number) for number, queue in enumerate(queues)]
    heapify(heads)
    ranked: dict[str, None] = {}
    while heads:
        _, place, number = heads[0]
        queue = queues[number]
        ranked[queue[place][0]] = None
        if place + 1 < len(queue):
            heapreplace(heads, (-queue[place + 1][1], place + 1, number))
        else:
            heappop(heads)
    return list(ranked)


def _of(answer: Found, keep: Callable[[str], bool]) -> list[tuple[str, float]]:
    return [(one, share) for one, share in zip(answer.ids, answer.shares, strict=True) if keep(one)]
