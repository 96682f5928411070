"""Changing the root key: a new one, kept in the same way or in another, with nothing that is sealed touched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from archive_service.config import Settings
from archive_service.errors import BadInput
from archive_service.vault.configured import coming_key_file, custodian
from archive_service.vault.disk import open_folder, sync
from archive_service.vault.keyfiles import make_key_file, read_key_file
from archive_service.vault.keys.custodians import Custodian, KeyFileCustodian, PassphraseCustodian
from archive_service.vault.keys.keyring import Keyring, Rotation


def change_root_key(
    settings: Settings,
    keyring: Keyring,
    kind: str,
    passphrase: str = "",
    on_batch: Callable[[int], object] | None = None,
) -> Rotation:
    """Wrap every key anew under a new root key that ``kind`` keeps; an interrupted change is finished.

    ``kind`` is ``key-file``, ``passphrase`` (then ``passphrase`` is the new one) or ``aws-kms`` (the key of the
    settings). The new key file stands beside the old until all is done, and then takes its place.
    """
    path = settings.key_file("root")
    if kind == "key-file":
        staged = coming_key_file(path) if settings.keys.custodian == "key-file" else path
        rotation = keyring.rotate(_from_file(staged), on_batch=on_batch)
        if staged != path and not rotation.damaged:
            _replace(staged, path)
        return rotation
    to: Custodian
    if kind == "passphrase":
        to = PassphraseCustodian(passphrase)
    else:
        keys = settings.keys.model_copy(update={"custodian": "aws-kms"})
        to = custodian(settings.model_copy(update={"keys": keys}))
    return keyring.rotate(to, on_batch=on_batch)


def recovery_custodian(settings: Settings) -> Custodian:
    """Return the custodian that a recovered keyring is given to: that of the settings; a lost key file is made anew."""
    if settings.keys.custodian != "key-file":
        return custodian(settings)
    path = settings.key_file("root")
    if path.exists():
        raise BadInput(
            f"密钥文件仍在：{path}。若确已无用，请先移走。",
            f"The key file stands still: {path}. If it is really of no use, move it away first.",
        )
    return _from_file(path)


def _from_file(path: Path) -> KeyFileCustodian:
    return KeyFileCustodian(read_key_file(path) if path.exists() else make_key_file(path))


def _replace(staged: Path, path: Path) -> None:
    staged.replace(path)
    with open_folder(path.parent) as folder:
        sync(folder)
