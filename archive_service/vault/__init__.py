"""The vault: sealed objects, the keys that open them, and the capsules that describe them.

Nobody outside this package touches object files or keys; :class:`Vault` is the door.
"""

from archive_service.vault.disk import DiskFull, SyncFailed
from archive_service.vault.keyfiles import make_key_file, read_key_file
from archive_service.vault.keys.custodians import Custodian, KeyFileCustodian, PassphraseCustodian
from archive_service.vault.keys.keyring import KeyDestroyed, Keyring, Rotation
from archive_service.vault.objects.capsule import Capsule, CapsuleComponent
from archive_service.vault.objects.copies import Fault, Finding, Placement, Wanted, wanted_of
from archive_service.vault.objects.fixity import for_one_night, sample_size
from archive_service.vault.objects.spool import Spool
from archive_service.vault.stores.ballast import Ballast
from archive_service.vault.stores.folders import being_filed
from archive_service.vault.stores.local_store import LocalStore
from archive_service.vault.stores.locks import Lock
from archive_service.vault.stores.store import Store, Stored
from archive_service.vault.vault import PRIMARY, SealedObject, Small, Vault

__all__ = [
    "PRIMARY",
    "Ballast",
    "Capsule",
    "CapsuleComponent",
    "Custodian",
    "DiskFull",
    "Fault",
    "Finding",
    "KeyDestroyed",
    "KeyFileCustodian",
    "Keyring",
    "LocalStore",
    "Lock",
    "PassphraseCustodian",
    "Placement",
    "Rotation",
    "SealedObject",
    "Small",
    "Spool",
    "Store",
    "Stored",
    "SyncFailed",
    "Vault",
    "Wanted",
    "being_filed",
    "for_one_night",
    "make_key_file",
    "read_key_file",
    "sample_size",
    "wanted_of",
]
