from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from archive_service.clock import Clock
from archive_service.errors import BadInput, Conflict
from archive_service.vault import Keyring
from archive_service.vault.keys.recovery import drill, recover
from archive_service.vault.keys.shares import Share, combine, split
from tests.archive_service.vault.conftest import INSTALL, ROOT_KEY

ROOT = bytes(range(32))
NEW_KEY = bytes([7]) * 32


@pytest.fixture(scope="module")
def shares() -> list[Share]:
    return split(ROOT, INSTALL, 1)


def words(shares: list[Share]) -> list[str]:
    return [share.words for share in shares]


def test_any_three_of_five_bring_the_key_back(shares: list[Share]) -> None:
    assert [(share.number, share.of, share.threshold) for share in shares] == [(n, 5, 3) for n in range(1, 6)]
    for some in itertools.permutations(shares, 3):
        assert combine(words(list(some))) == ROOT


def test_more_than_enough_is_no_fault(shares: list[Share]) -> None:
    assert combine(words(shares)) == combine([*words(shares[:3]), shares[0].words]) == ROOT


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_bring_nothing_back(shares: list[Share], count: int) -> None:
    with pytest.raises(BadInput, match="different shares are needed"):
        combine(words(shares[:count]))
    with pytest.raises(BadInput, match="different shares are needed"):
        combine(words(shares[:count]) + words(shares[:count]))


def test_shares_of_different_sets_do_not_go_together(shares: list[Share]) -> None:
    other = split(ROOT, INSTALL, 1)
    with pytest.raises(BadInput, match="belong together"):
        combine([*words(shares[:2]), other[2].words])


def test_a_mistyped_word_is_found_and_the_share_named(shares: list[Share]) -> None:
    typed = shares[1].words.split()
    typed[20] = "zero" if typed[20] != "zero" else "wolf"
    with pytest.raises(BadInput, match="Share 2"):
        combine([shares[0].words, " ".join(typed), shares[2].words])
    with pytest.raises(BadInput, match="Share 1"):
        combine(["not a share at all"])


def test_capitals_and_spaces_do_not_matter(shares: list[Share]) -> None:
    assert combine([f"  {share.words.upper()}\n".replace(" ", "  ") for share in shares[:3]]) == ROOT


def test_a_share_does_not_show_itself_in_a_log_and_prints_as_a_code(shares: list[Share]) -> None:
    assert shares[0].words not in repr(shares[0])
    assert shares[0].qr_svg().startswith("<svg")
    assert len(shares[0].words.split()) == 33


@pytest.mark.parametrize(("threshold", "of"), [(1, 5), (6, 5), (3, 17), (0, 0)])
def test_a_split_that_protects_nothing_is_refused(threshold: int, of: int) -> None:
    with pytest.raises(BadInput):
        split(ROOT, INSTALL, 1, threshold, of)


def test_the_drill_restores_the_canary_and_opens_keys_without_the_custodian(keyring: Keyring, clock: Clock) -> None:
    keys = keyring.new_keys({f"{number:032x}": "a" * 32 for number in range(7)})
    given = words(keyring.split_root())
    before = keyring.path.read_bytes()
    shown = drill(keyring.path, INSTALL, given[1:4], clock)
    assert shown.sentence == f"archive {INSTALL}, root key 1"
    assert shown.keys_opened == len(keys)
    keyring.close()
    assert keyring.path.read_bytes() == before or not keyring.rotating()


def test_a_drill_with_shares_of_an_older_root_key_fails(keyring: Keyring, clock: Clock) -> None:
    given = words(keyring.split_root())
    keyring.rotate(ROOT_KEY)
    with pytest.raises(BadInput, match="root key"):
        drill(keyring.path, INSTALL, given[:3], clock)


def test_a_lost_key_file_is_replaced_with_three_shares(keyring: Keyring, clock: Clock) -> None:
    key = keyring.new_key("c" * 32, "a" * 32)
    given = words(keyring.split_root())
    recover(keyring.path, INSTALL, given[2:], NEW_KEY, clock)
    assert Keyring(keyring.path, INSTALL, NEW_KEY, clock).key("c" * 32) == key
    with pytest.raises(BadInput):
        drill(keyring.path, INSTALL, given[2:], clock)


def test_shares_of_another_archive_open_nothing(keyring: Keyring, tmp_path: Path, clock: Clock) -> None:
    other = Keyring.create_at(tmp_path / "other.db", "2" * 32, ROOT_KEY, clock)
    with pytest.raises(BadInput, match="root key"):
        drill(keyring.path, INSTALL, words(other.split_root())[:3], clock)


def test_no_shares_are_made_while_the_root_key_changes(keyring: Keyring) -> None:
    keyring.new_keys({f"{number:032x}": "a" * 32 for number in range(7)})

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        keyring.rotate(ROOT_KEY, batch=2, on_batch=stop)
    with pytest.raises(Conflict, match="being changed"):
        keyring.split_root()
