"""Recovery shares: the root key split so that any three of five people can bring it back together, on paper.

The split is SLIP-39 (https://github.com/satoshilabs/slips/blob/master/slip-0039.md): Shamir's scheme over
bytes with a checksum in every share and a digest over the secret, written as 33 words from a list in
which the first four letters of a word are enough. Fewer shares than the threshold tell nothing at all
about the key. Any tool that knows SLIP-39 puts the shares together, without this service.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from archive_service.errors import BadInput
from archive_service.vault.keys.custodians import ROOT_BYTES


@dataclass(frozen=True)
class Share:
    """One share, as it is printed: number ``number`` of ``of``, of which ``threshold`` together give root key ``root``."""

    install_id: str
    root: int
    number: int
    of: int
    threshold: int
    words: str = field(repr=False)

    def qr_svg(self) -> str:
        """Return the words as a QR code (SVG, error correction M), for a printed sheet."""
        import segno

        out = io.BytesIO()
        segno.make(self.words.upper(), error="m", micro=False).save(out, kind="svg", xmldecl=False, scale=4)
        return out.getvalue().decode()


def split(root: bytes, install_id: str, n: int, threshold: int = 3, of: int = 5) -> list[Share]:
    """Split a root key; every call makes another set, and shares of different sets do not go together."""
    import shamir_mnemonic  # type: ignore[import-untyped]

    if not 2 <= threshold <= of <= 16:
        raise BadInput(
            "份数须为 2 至 16，且不少于所需份数。", "There are 2 to 16 shares, and no fewer than are needed."
        )
    (group,) = shamir_mnemonic.generate_mnemonics(1, [(threshold, of)], root)
    return [Share(install_id, n, number, of, threshold, words) for number, words in enumerate(group, start=1)]


def combine(words: Iterable[str]) -> bytes:
    """Bring the root key back from its shares, more of them than needed being no fault.

    ``BadInput`` for a mistyped share (saying which of those given), too few, or shares of different sets.
    """
    import shamir_mnemonic

    found: dict[int, Any] = {}
    for position, text in enumerate(words, start=1):
        try:
            share = shamir_mnemonic.Share.from_mnemonic(" ".join(text.lower().split()))
        except shamir_mnemonic.MnemonicError:
            raise BadInput(
                f"第 {position} 份有误：请核对每个词。", f"Share {position} is mistyped: compare each of its words."
            ) from None
        found[share.index] = share
    needed = next((share.member_threshold for share in found.values()), 2)
    if len(found) < needed:
        raise BadInput(
            f"需要 {needed} 份不同的恢复份，只有 {len(found)} 份。",
            f"{needed} different shares are needed, there are {len(found)}.",
        )
    try:
        root = shamir_mnemonic.combine_mnemonics([share.mnemonic() for share in list(found.values())[:needed]])
    except shamir_mnemonic.MnemonicError:
        root = b""
    if len(root) != ROOT_BYTES:
        raise BadInput("这些恢复份不属于同一套。", "These shares do not belong together.")
    return bytes(root)
