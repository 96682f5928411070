"""Using recovery shares: the drill that shows that they work, and the recovery itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from archive_service.clock import Clock
from archive_service.vault.keys.custodians import Custodian, RecoveredRoot
from archive_service.vault.keys.keyring import Keyring, Rotation
from archive_service.vault.keys.shares import combine


@dataclass(frozen=True)
class Drill:
    """What a drill has shown: the sentence that the canary sang, and how many keys were opened with the shares alone."""

    sentence: str
    keys_opened: int


def drill(path: Path, install_id: str, words: Iterable[str], clock: Clock, keys: int = 100) -> Drill:
    """Restore the canary from shares, and open up to ``keys`` keys; nothing is changed, no custodian is asked.

    ``BadInput`` if the shares do not give the root key that this keyring uses now.
    """
    keyring = Keyring(path, install_id, RecoveredRoot(combine(words)), clock)
    try:
        sentence = keyring.canary()
        opened = keyring.keys(keyring.key_ids()[:keys])
    finally:
        keyring.close()
    return Drill(sentence, len(opened))


def recover(path: Path, install_id: str, words: Iterable[str], to: bytes | Custodian, clock: Clock) -> Rotation:
    """Give a keyring whose custodian is lost to a new one. Make new shares afterwards: these open nothing any more."""
    keyring = Keyring(path, install_id, RecoveredRoot(combine(words)), clock)
    try:
        return keyring.rotate(to)
    finally:
        keyring.close()
