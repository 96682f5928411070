"""Fixity: which copies are read again when, so that damage is found before the last good copy is needed.

Two ways, side by side. The **sweep** reads everything within a set number of days: each night those that were not
read for longest. The nightly **sample** is drawn at random, so that no order hides anything; its size follows from
how sure one wishes to be.
"""

from __future__ import annotations

import math

from archive_service.errors import BadInput


def for_one_night(total: int, days: int) -> int:
    """Return how many of ``total`` objects are due each night so that all are read within ``days``."""
    if days < 1:
        raise BadInput("全面巡检周期至少一天。", "A sweep takes at least one day.")
    return -(-total // days)


def sample_size(total: int, confidence: float, damaged_share: float) -> int:
    """Return how many of ``total`` copies must be read to meet a damaged one with at least this probability.

    Drawn without repetition; assumed is that at least ``damaged_share`` of all copies (never fewer than one
    copy) are damaged. Exact (hypergeometric), not the approximation by repeated draws, which asks too many
    of a small archive: with 100,000 copies, 0.1 % damaged and 99 %, it is 4,499 copies.
    """
    if not 0 < confidence < 1 or not 0 < damaged_share <= 1:
        raise BadInput("置信度与损坏比例须在 0 与 1 之间。", "Confidence and share of damage lie between 0 and 1.")
    if total <= 0:
        return 0
    damaged = max(1, math.ceil(total * damaged_share - 1e-9))
    low, high = 1, total - damaged + 1
    while low < high:
        middle = (low + high) // 2
        # The allowance is for the last digits of the logarithms, where a probability is met exactly.
        if _missed(total, damaged, middle) <= (1 - confidence) * (1 + 1e-9):
            high = middle
        else:
            low = middle + 1
    return low


def _missed(total: int, damaged: int, size: int) -> float:
    """Return the probability that a sample meets none of the damaged copies."""
    if size > total - damaged:
        return 0.0
    good = total - damaged
    return math.exp(
        math.lgamma(good + 1) - math.lgamma(good - size + 1) - math.lgamma(total + 1) + math.lgamma(total - size + 1)
    )
