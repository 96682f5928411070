"""What the administrator of the system does to keys and stores, and the log hears of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from archive_service.archive.proof import Proof
from archive_service.archive.services import Services
from archive_service.audit import acts
from archive_service.catalog.keeping import known_stores
from archive_service.people.model import Person
from archive_service.people.policy import Action, require
from archive_service.vault import Drill, Rotation, Share, change_root_key, drill
from archive_service.vault.configured import found_store


@dataclass(frozen=True)
class Administering:
    """Acts on keys and stores, each allowed, done and logged."""

    services: Services

    def take_store_into_use(self, actor: Person, name: str) -> str:
        """Turn an empty place that the settings name into a store of this installation; return where it lies."""
        require(actor, Action.RUN_SYSTEM)
        with self.services.ledger.read() as connection:
            known_stores.require_nothing_there(connection, name)
        place = found_store(self.services.settings, name, self.services.install_id).place
        self.services.ledger.note(actor.id, acts.STORE_FOUNDED, "store", name)
        Proof(self.services).keep_checkpoint()  # a catalogue made again must know it: only the log tells
        return place

    def give_store_up(self, actor: Person, name: str, reason: str) -> None:
        """Say that a store, taken out of the settings, is gone for good; destruction does not wait for it any more."""
        known_stores.give_up(self.services.ledger, actor, name, reason, self.services.vault.stores)
        Proof(self.services).keep_checkpoint()  # a catalogue made again must know it: only the log tells

    def change_root_key(
        self, actor: Person, kind: str, passphrase: str = "", on_batch: Callable[[int], object] | None = None
    ) -> Rotation:
        """Wrap every key anew under a new root key; ``kind`` and ``passphrase`` say who keeps it."""
        require(actor, Action.RUN_SYSTEM)
        rotation = change_root_key(self.services.settings, self.services.keyring, kind, passphrase, on_batch)
        self.services.ledger.note(
            actor.id, acts.KEYS_ROTATED, "archive", "keys", custodian=kind, keys=rotation.rewrapped
        )
        return rotation

    def recovery_shares(self, actor: Person, threshold: int, of: int) -> list[Share]:
        """Split the root key into recovery shares; those made before stay good until the root key is changed."""
        require(actor, Action.RUN_SYSTEM)
        shares = self.services.keyring.split_root(threshold, of)
        self.services.ledger.note(actor.id, acts.SHARES_MADE, "archive", "keys", number=of, needed=threshold)
        return shares

    def drill(self, actor: Person, words: list[str]) -> Drill:
        """Show that shares open the keyring, without the custodian; the log holds that it was tried and went well."""
        require(actor, Action.RUN_SYSTEM)
        done = drill(self.services.keyring_file, self.services.install_id, words, self.services.clock)
        self.services.ledger.note(actor.id, acts.SHARES_DRILLED, "archive", "keys", keys=done.keys_opened)
        return done
