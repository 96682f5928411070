"""A receipt that proves itself: a few lines naming a package and its digest, signed by the receiver (C2SP signed note).

    archive-service/transfer-receipt/v1
    package: YJ2035-001
    digest: <SHA-256 of tagmanifest-sha256.txt, hex>
    receipt: <the receiver's own number>
    received: 2035-01-05
    receiver: <name of the receiver>
    <empty line>
    — <name of the key> <signature, base64>

Any tool that signs notes with Ed25519 can make one; ``transfer receive`` makes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from archive_service.audit.notes import Signer, Verifier, open_text
from archive_service.errors import BadInput

HEAD = "archive-service/transfer-receipt/v1"
LARGEST = 8192
LABELS = ("package", "digest", "receipt", "received", "receiver")


@dataclass(frozen=True)
class ReceiptNote:
    """What a receiver's receipt says."""

    package_no: str
    digest: str
    receipt_no: str
    received_on: date
    receiver: str

    def text(self) -> str:
        """Return the lines that are signed."""
        values = (self.package_no, self.digest, self.receipt_no, self.received_on.isoformat(), self.receiver)
        lines = (f"{label}: {' '.join(value.split())}" for label, value in zip(LABELS, values, strict=True))
        return "\n".join((HEAD, *lines)) + "\n"

    def signed(self, signer: Signer) -> str:
        """Return the receipt with its signature."""
        return signer.sign_text(self.text())


def read_note(note: str) -> ReceiptNote:
    """Return what a receipt says, whoever signed it; raises :class:`BadInput` if it is none."""
    lines = note.rpartition("\n\n")[0].split("\n")
    found = [line.partition(": ") for line in lines[1:]]
    if len(note) > LARGEST or lines[0] != HEAD or tuple(label for label, _, _ in found) != LABELS:
        raise BadInput(
            "这不是签名回执文件（首行应为 " + HEAD + "）。",
            "This is no signed receipt (its first line is " + HEAD + ").",
        )
    values = [value for _, _, value in found]
    try:
        said = ReceiptNote(values[0], values[1], values[2], date.fromisoformat(values[3]), values[4])
    except ValueError as error:
        raise BadInput("回执的接收日期无法识别。", "The receipt's date cannot be read.") from error
    if said.text() != "\n".join(lines) + "\n":
        raise BadInput("回执的写法不合规定。", "The receipt is not written as it should be.")
    return said


def require_signed(note: str, verifier: Verifier) -> None:
    """Raise ``Damaged`` unless this key signed the receipt to the letter."""
    open_text(verifier, note)
