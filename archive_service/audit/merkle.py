"""The Merkle tree of RFC 6962 / RFC 9162, section 2.1: pure functions over 32-byte hashes.

A tree of ``n`` leaves is kept as its *peaks*: the roots of the complete subtrees that ``n``, written in
binary, consists of, largest first. Appending touches the peaks only; proofs read stored subtrees by
``(level, index)``, where level 0 holds the leaf hashes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

Node = tuple[int, int]
Lookup = Callable[[Node], bytes]


def leaf_hash(data: bytes) -> bytes:
    """Hash a leaf (RFC 6962, 2.1: one zero byte, then the data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash an inner node (RFC 6962, 2.1: a one byte, then both children)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def append(size: int, peaks: Sequence[bytes], leaf: bytes) -> tuple[list[bytes], list[tuple[Node, bytes]]]:
    """Add one leaf hash to a tree of ``size`` leaves; return the new peaks and every subtree it completed."""
    grown = [*peaks, leaf]
    level, index = 0, size
    completed: list[tuple[Node, bytes]] = [((level, index), leaf)]
    while index & 1:
        right, left = grown.pop(), grown.pop()
        level, index = level + 1, index >> 1
        joined = node_hash(left, right)
        grown.append(joined)
        completed.append(((level, index), joined))
    return grown, completed


def root(peaks: Sequence[bytes]) -> bytes:
    """Return the root of the tree with these peaks; the empty tree's root is the hash of nothing."""
    if not peaks:
        return hashlib.sha256(b"").digest()
    value = peaks[-1]
    for peak in reversed(peaks[:-1]):
        value = node_hash(peak, value)
    return value


def range_hash(start: int, end: int, lookup: Lookup) -> bytes:
    """Return the tree hash of the leaves ``start`` to ``end`` (excluded), from stored complete subtrees."""
    width = end - start
    if width & (width - 1) == 0:
        return lookup((width.bit_length() - 1, start // width))
    split = start + _largest_power_below(width)
    return node_hash(range_hash(start, split, lookup), range_hash(split, end, lookup))


def inclusion_proof(index: int, size: int, lookup: Lookup) -> list[bytes]:
    """Return the audit path of a leaf (RFC 6962, 2.1.1), from the leaf upwards."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        split = start + _largest_power_below(end - start)
        if index < split:
            path.append(range_hash(split, end, lookup))
            end = split
        else:
            path.append(range_hash(start, split, lookup))
            start = split
    return path[::-1]


def root_from_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes:
    """Return the root that an audit path leads to (RFC 9162, 2.1.3.2); a path of the wrong length is refused."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    node, last, value = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise ValueError("the audit path is too long")
        if node & 1 or node == last:
            value = node_hash(sibling, value)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise ValueError("the audit path is too short")
    return value


def consistency_proof(old: int, new: int, lookup: Lookup) -> list[bytes]:
    """Return the proof that the tree of ``new`` leaves continues the one of ``old`` leaves (RFC 6962, 2.1.2)."""
    if not 0 < old <= new:
        raise ValueError(f"no consistency proof from {old} to {new}")
    path: list[bytes] = []
    start, end, whole = 0, new, True
    while old != end:
        split = start + _largest_power_below(end - start)
        if old <= split:
            path.append(range_hash(split, end, lookup))
            end = split
        else:
            path.append(range_hash(start, split, lookup))
            start, whole = split, False
    if not whole:
        path.append(range_hash(start, end, lookup))
    return path[::-1]


def is_consistent(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Say whether a proof shows that the tree of ``new`` leaves continues the one of ``old`` (RFC 9162, 2.1.4.2)."""
    if not 0 < old <= new:
        return False  # everything continues the empty tree: that shows nothing
    if old == new:
        return not path and old_root == new_root
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    node, last = old - 1, new - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    if not steps:
        return False
    seen_old = seen_new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            seen_old, seen_new = node_hash(step, seen_old), node_hash(step, seen_new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            seen_new = node_hash(seen_new, step)
        node, last = node >> 1, last >> 1
    return last == 0 and (seen_old, seen_new) == (old_root, new_root)


def _largest_power_below(width: int) -> int:
    return 1 << ((width - 1).bit_length() - 1)
