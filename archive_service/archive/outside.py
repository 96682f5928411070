"""Checkpoints of the log in stores that lock them against everybody: written, and held against the log."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from sqlalchemy import func, select

from archive_service.audit.ledger import Ledger
from archive_service.audit.tables import checkpoints, head
from archive_service.audit.verify import Finding
from archive_service.errors import ArchiveError, Damaged, Text
from archive_service.vault import Vault

log = logging.getLogger("archive_service.anchors")

LOOKED_AT = 50
"""So many of the last checkpoints a verification holds against what lies in the stores; earlier ones follow from them."""


def keep(ledger: Ledger, vault: Vault) -> int:
    """Write the last kept checkpoint into every store that takes anchors; how many were new.

    A store that is away gets the then last one when it is back: that covers all that it missed.
    """
    if not vault.anchors():
        return 0
    with ledger.read() as connection:
        last = connection.execute(select(checkpoints).order_by(checkpoints.c.size.desc()).limit(1)).first()
    new = 0
    for place, anchors in vault.anchors().items() if last else ():
        try:
            new += anchors.keep(last.size, last.note, ledger.clock.now()) if last else 0
        except ArchiveError as error:
            log.warning("anchors in %s: %s", place, error.text.en)
    return new


def read(ledger: Ledger, vault: Vault) -> Mapping[str, Sequence[str]]:
    """Return what lies in the stores beside the last checkpoints, and beyond them; a store that is away tells nothing."""
    if not vault.anchors():
        return {}
    with ledger.read() as connection:
        some = select(checkpoints.c.size).order_by(checkpoints.c.size.desc()).limit(LOOKED_AT).subquery()
        oldest = connection.execute(select(func.min(some.c.size))).scalar() or 1
    found = {}
    for place, anchors in vault.anchors().items():
        try:
            notes = anchors.beyond(oldest - 1)
        except ArchiveError:
            continue
        if notes:
            found[f"{place}:anchors"] = notes
    return found


def findings(ledger: Ledger, vault: Vault) -> list[Finding]:
    """Say which stores should hold a checkpoint by now and hold none of the last ones, or cannot be asked."""
    found = []
    with ledger.read() as connection:
        sizes = list(
            connection.execute(
                select(checkpoints.c.size).order_by(checkpoints.c.size.desc()).limit(LOOKED_AT)
            ).scalars()
        )
    for place, anchors in vault.anchors().items() if len(sizes) > 1 else ():
        try:
            if not anchors.beyond(sizes[-1] - 1):
                found.append(Finding(f"{place}:anchors", NONE_THERE))
        except ArchiveError as error:
            found.append(Finding(f"{place}:anchors", error.text))
    return found


NONE_THERE = Text(
    "此存储应存有审计检查点，却没有最近的检查点；后台每五分钟补写，若仍没有请查看服务日志中的原因与凭据权限",
    "this store should hold checkpoints of the log and has none of the last ones; the background work writes them every "
    "five minutes. If there are still none, see the reason in the service's log and the rights of the credentials",
)


def must_not_be_behind(ledger: Ledger, vault: Vault) -> None:
    """Raise ``Damaged`` if a store holds a checkpoint, rightly signed, of a longer log than this one."""
    if not vault.anchors():
        return
    with ledger.read() as connection:
        size = connection.execute(select(head.c.size)).scalar_one_or_none() or 0
    for place, notes in ((place, _beyond(vault, place, size)) for place in vault.anchors()):
        for note in notes:
            try:
                seen = ledger.signer.verifier.open(note).size
            except Damaged:
                continue  # the whole verification names it
            if seen > size:
                raise Damaged(
                    f"审计日志只有 {size} 条，存储 {place} 中的检查点却见过 {seen} 条：数据库被退回到了较早的状态。"
                    "为免已销毁的内容重现，不予启动。请改用 backup restore 恢复。",
                    f"The audit log has {size} entries, a checkpoint in the store {place} saw {seen}: the database was wound "
                    "back. So that nothing destroyed comes back, the service does not start. Use backup restore.",
                )


def _beyond(vault: Vault, place: str, size: int) -> Sequence[str]:
    try:
        return vault.anchors()[place].beyond(size)
    except ArchiveError:
        return ()
