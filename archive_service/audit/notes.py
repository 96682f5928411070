"""Checkpoints as C2SP signed notes: a few lines of text that anyone can check with Ed25519.

Formats: C2SP ``signed-note`` and ``tlog-checkpoint``, version 1.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from archive_service.errors import Damaged

ED25519 = b"\x01"
DASH = "\u2014 "
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_SIGNATURE = re.compile(r"\u2014 ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")


@dataclass(frozen=True)
class Checkpoint:
    """The state of the log at one moment: its origin, its number of leaves, its root."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """Return the note's text, without signatures."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True)
class Verifier:
    """Checks notes of one origin with a public key."""

    origin: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The first four bytes of the hash that names the key in a signature line."""
        return hashlib.sha256(self.origin.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def vkey(self) -> str:
        """Return the public key as C2SP writes it, to be published outside the archive."""
        return f"{self.origin}+{self.key_id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    def open(self, note: str) -> Checkpoint:
        """Return the checkpoint of a note; signatures of other keys are ignored, ours must be there and right.

        The text is taken to the letter: a number with a leading zero, a base64 with stray bits or another line end
        would mean the same, but is not what was signed.
        """
        text, separator, signatures = note.rpartition("\n\n")
        checkpoint = self._read(text) if separator else None
        if checkpoint is None or checkpoint.body() != text + "\n" or not signatures.endswith("\n"):
            raise Damaged("检查点的文字不完整。", "The checkpoint's text is not whole.")
        lines = [_SIGNATURE.fullmatch(line) for line in signatures[:-1].split("\n")]
        if not all(lines):
            raise Damaged("检查点的签名行无法读取。", "The checkpoint's signature lines cannot be read.")
        ours = [line[2] for line in lines if line and line[1] == self.origin]
        if not any(self._signed(checkpoint, encoded) for encoded in ours):
            raise Damaged(
                "检查点上没有本日志密钥的有效签名。", "The checkpoint bears no valid signature of this log's key."
            )
        return checkpoint

    def _read(self, text: str) -> Checkpoint | None:
        lines = text.split("\n")
        if len(lines) != 3 or lines[0] != self.origin or not _NUMBER.fullmatch(lines[1]):
            return None
        root = _decoded(lines[2])
        return Checkpoint(self.origin, int(lines[1]), root) if root is not None and len(root) == 32 else None

    def _signed(self, checkpoint: Checkpoint, encoded: str) -> bool:
        raw = _decoded(encoded)
        if raw is None or raw[:4] != self.key_id:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(raw[4:], checkpoint.body().encode())
        except InvalidSignature:
            return False
        return True


def open_text(verifier: Verifier, note: str) -> str:
    """Return the text of a note that is no checkpoint, if this key signed it to the letter; else :class:`Damaged`."""
    text, separator, signatures = note.rpartition("\n\n")
    lines = [_SIGNATURE.fullmatch(line) for line in signatures.removesuffix("\n").split("\n")] if separator else []
    for line in lines:
        raw = _decoded(line[2]) if line and line[1] == verifier.origin else None
        if raw is None or raw[:4] != verifier.key_id:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(verifier.public).verify(raw[4:], f"{text}\n".encode())
        except InvalidSignature:
            continue
        return f"{text}\n"
    raise Damaged("没有该密钥的有效签名。", "It bears no valid signature of this key.")


def signing_names(note: str) -> list[str]:
    """Return the names in a note's signature lines; whether they signed is another question."""
    lines = (_SIGNATURE.fullmatch(line) for line in note.rpartition("\n\n")[2].splitlines())
    return [line[1] for line in lines if line]


def read_vkey(text: str) -> Verifier:
    """Read a public key as C2SP writes it (``origin+id+key``); ``ValueError`` if it is none or its id is not the key's."""
    origin, key_id, encoded = text.strip().split("+", 2)
    raw = base64.b64decode(encoded, validate=True)
    if not raw.startswith(ED25519) or len(raw) != 33:
        raise ValueError("not an Ed25519 key")
    verifier = Verifier(origin, raw[1:])
    if verifier.key_id.hex() != key_id:
        raise ValueError("the key's id does not belong to it")
    return verifier


def _decoded(encoded: str) -> bytes | None:
    """Return what a base64 says, if it says it in the one way in which it is written."""
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if base64.b64encode(raw).decode() == encoded else None


class Signer:
    """Signs checkpoints; the seed is the 32-byte Ed25519 private key."""

    def __init__(self, origin: str, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(origin, self._key.public_key().public_bytes_raw())

    def sign(self, size: int, root: bytes) -> str:
        """Return the signed note for a tree of ``size`` leaves."""
        checkpoint = Checkpoint(self.verifier.origin, size, root)
        signature = self.verifier.key_id + self._key.sign(checkpoint.body().encode())
        return f"{checkpoint.body()}\n{DASH}{checkpoint.origin} {base64.b64encode(signature).decode()}\n"

    def sign_text(self, text: str) -> str:
        """Return the signed note of a text that cannot be mistaken for a checkpoint of this log."""
        if text.startswith(f"{self.verifier.origin}\n") or not text.endswith("\n") or "\n\n" in text:
            raise ValueError("this text is not signed with the key of the log")
        signature = self.verifier.key_id + self._key.sign(text.encode())
        return f"{text}\n{DASH}{self.verifier.origin} {base64.b64encode(signature).decode()}\n"
