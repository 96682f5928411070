"""The tree is that of RFC 6962: published vectors, every small tree, and what a wrong proof must not do."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive_service.audit import merkle

# The reference leaves and roots that the Certificate Transparency project published with RFC 6962.
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LARGEST = 70


class Grown:
    """A tree with all that is stored of it, grown leaf by leaf."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.peaks: list[bytes] = []
        self.stored: dict[merkle.Node, bytes] = {}
        self.roots = [merkle.root([])]
        for size, leaf in enumerate(leaves):
            self.peaks, completed = merkle.append(size, self.peaks, leaf)
            self.stored.update(completed)
            self.roots.append(merkle.root(self.peaks))


def by_definition(leaves: list[bytes]) -> bytes:
    """Compute the tree hash straight from its definition (RFC 6962, 2.1)."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + by_definition(leaves[:split]) + by_definition(leaves[split:])).digest()


@pytest.fixture(scope="module")
def grown() -> Grown:
    return Grown([merkle.leaf_hash(str(number).encode()) for number in range(LARGEST)])


def test_the_empty_tree_has_the_hash_of_nothing():
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("size", range(1, 9))
def test_the_published_roots_come_out(size: int):
    assert Grown([merkle.leaf_hash(leaf) for leaf in LEAVES[:size]]).roots[size].hex() == ROOTS[size - 1]


@given(st.lists(st.binary(max_size=8), max_size=40))
def test_growing_leaf_by_leaf_gives_the_tree_of_the_definition(leaves: list[bytes]):
    grown = Grown([merkle.leaf_hash(leaf) for leaf in leaves])
    assert grown.roots[-1] == by_definition(leaves)
    assert len(grown.peaks) == len(leaves).bit_count()


def test_every_leaf_of_every_tree_up_to_seventy_is_proved(grown: Grown):
    for size in range(1, LARGEST + 1):
        for index in range(size):
            path = merkle.inclusion_proof(index, size, grown.stored.__getitem__)
            leaf = grown.stored[0, index]
            assert merkle.root_from_inclusion(index, size, leaf, path) == grown.roots[size], (index, size)
            assert len(path) <= (size - 1).bit_length()


def test_a_proof_proves_no_other_leaf_place_or_size(grown: Grown):
    for size in range(2, 34):
        for index in range(size):
            path = merkle.inclusion_proof(index, size, grown.stored.__getitem__)
            leaf, root = grown.stored[0, index], grown.roots[size]
            other = (index + 1) % size
            assert merkle.root_from_inclusion(index, size, grown.stored[0, other], path) != root
            assert _leads_to(other, size, leaf, path) != root
            assert _leads_to(index, size, leaf, [*path, bytes(32)]) != root
            assert _leads_to(index, size, leaf, path[:-1]) != root
            for place in range(len(path)):
                bent = [*path]
                bent[place] = bytes(32)
                assert merkle.root_from_inclusion(index, size, leaf, bent) != root


def _leads_to(index: int, size: int, leaf: bytes, path: list[bytes]) -> bytes | None:
    try:
        return merkle.root_from_inclusion(index, size, leaf, path)
    except ValueError:
        return None


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 3), (5, 3)])
def test_a_leaf_that_is_not_in_the_tree_has_no_proof(grown: Grown, index: int, size: int):
    with pytest.raises(ValueError, match="is not in a tree"):
        merkle.inclusion_proof(index, size, grown.stored.__getitem__)
    with pytest.raises(ValueError, match="is not in a tree"):
        merkle.root_from_inclusion(index, size, bytes(32), [])


def test_every_tree_up_to_seventy_is_proved_to_continue_every_smaller_one(grown: Grown):
    for new in range(1, LARGEST + 1):
        for old in range(1, new + 1):
            path = merkle.consistency_proof(old, new, grown.stored.__getitem__)
            assert merkle.is_consistent(old, new, grown.roots[old], grown.roots[new], path), (old, new)
            if old < new:
                assert not merkle.is_consistent(old, new, bytes(32), grown.roots[new], path)
                assert not merkle.is_consistent(old, new, grown.roots[old], bytes(32), path)


def test_a_forked_log_is_not_proved_to_continue_the_old_one():
    leaves = [merkle.leaf_hash(bytes([number])) for number in range(20)]
    forked = [*leaves]
    forked[7] = merkle.leaf_hash(b"something else")
    honest, fork = Grown(leaves), Grown(forked)
    path = merkle.consistency_proof(10, 20, fork.stored.__getitem__)
    assert merkle.is_consistent(10, 20, fork.roots[10], fork.roots[20], path)
    assert not merkle.is_consistent(10, 20, honest.roots[10], fork.roots[20], path)


@pytest.mark.corpus
@pytest.mark.parametrize("kind", ["inclusion", "consistency"])
def test_the_conformance_vectors_of_the_transparency_project_come_out(corpus: Path, kind: str):
    files = sorted((corpus / "vectors" / "merkle_rfc6962" / kind).rglob("*.json"))
    assert len(files) > 50
    for file in files:
        vector = json.loads(file.read_text(encoding="utf-8"))
        accepted = _inclusion(vector) if kind == "inclusion" else _consistency(vector)
        assert accepted is not vector["wantErr"], f"{file}: {vector['desc']}"


def _inclusion(vector: dict[str, Any]) -> bool:
    leaf = _bytes(vector["leafHash"])
    if len(leaf) != 32:
        return False
    path = [_bytes(step) for step in vector["proof"] or []]
    return _leads_to(vector["leafIdx"], vector["treeSize"], leaf, path) == _bytes(vector["root"])


def _consistency(vector: dict[str, Any]) -> bool:
    path = [_bytes(step) for step in vector["proof"] or []]
    roots = _bytes(vector["root1"]), _bytes(vector["root2"])
    return merkle.is_consistent(vector["size1"], vector["size2"], *roots, path)


def _bytes(text: str | None) -> bytes:
    return base64.b64decode(text or "")
