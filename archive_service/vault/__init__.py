"""The vault: sealed objects, the keys that open them, and the capsules that describe them.

Nobody outside this package touches object files, buckets or keys, and nobody imports what lies behind this door: it is
:class:`Vault` for what goes on every day, :mod:`~archive_service.vault.configured` and
:mod:`~archive_service.vault.backups` for those who open and care for an archive. ``import-linter`` holds it.
"""

from archive_service.vault.disk import DiskFull, SyncFailed
from archive_service.vault.keyfiles import make_key_file, read_key_file
from archive_service.vault.keys.changing import change_root_key, recovery_custodian
from archive_service.vault.keys.custodians import Custodian, KeyFileCustodian, PassphraseCustodian
from archive_service.vault.keys.keyring import KeyDestroyed, Keyring, Rotation
from archive_service.vault.keys.keyring_file import told_install
from archive_service.vault.keys.recovery import Drill, drill, recover
from archive_service.vault.keys.secrets import Secrets
from archive_service.vault.keys.shares import Share
from archive_service.vault.objects.capsule import Capsule, CapsuleComponent
from archive_service.vault.objects.copies import Fault, Finding, Placement, Wanted, wanted_of
from archive_service.vault.objects.fixity import for_one_night, sample_size
from archive_service.vault.objects.spool import Spool
from archive_service.vault.stores.ballast import Ballast, free_bytes
from archive_service.vault.stores.folders import being_filed
from archive_service.vault.stores.local_store import LocalStore
from archive_service.vault.stores.locks import Lock, Locks
from archive_service.vault.stores.outlet import Outlet
from archive_service.vault.stores.store import Store, Stored
from archive_service.vault.vault import PRIMARY, SealedObject, Small, Vault
from archive_service.vault.waiting import WaitingFolder, WaitingRoom

__all__ = [
    "PRIMARY",
    "Ballast",
    "Capsule",
    "CapsuleComponent",
    "Custodian",
    "DiskFull",
    "Drill",
    "Fault",
    "Finding",
    "KeyDestroyed",
    "KeyFileCustodian",
    "Keyring",
    "LocalStore",
    "Lock",
    "Locks",
    "Outlet",
    "PassphraseCustodian",
    "Placement",
    "Rotation",
    "SealedObject",
    "Secrets",
    "Share",
    "Small",
    "Spool",
    "Store",
    "Stored",
    "SyncFailed",
    "Vault",
    "WaitingFolder",
    "WaitingRoom",
    "Wanted",
    "being_filed",
    "change_root_key",
    "drill",
    "for_one_night",
    "free_bytes",
    "make_key_file",
    "read_key_file",
    "recover",
    "recovery_custodian",
    "sample_size",
    "told_install",
    "wanted_of",
]
