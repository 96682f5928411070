"""The second stage of a certificate: when no backup of the keyring can hold a destroyed key any more.

A destroyed key may still lie in a backup of the keyring that was made before. The settings say how long such backups
are kept (the horizon). After it, every record of the list is looked for once more by code that shares nothing with
the deleter; only when nothing is left is the second certificate issued. It names the first by its digest.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.audit.tables import entries
from archive_service.catalog.filing.rows import text_component_id
from archive_service.catalog.keeping.known_stores import given_up, out_of_settings
from archive_service.catalog.tables import components
from archive_service.clock import from_stamp
from archive_service.database.tables import CANONICAL
from archive_service.disposal.checking.retention_clock import RetentionClock
from archive_service.disposal.destroying.steps import Purger
from archive_service.disposal.tables import certificates, disposal_lists, final_certificates
from archive_service.errors import NotFound
from archive_service.people.model import Person
from archive_service.people.policy import Action, require
from archive_service.vault import Vault

VERSION = 1


@dataclass(frozen=True)
class Horizon:
    """Issues the second certificates; ``days`` is how long backups of the keyring are kept.

    ``oldest`` tells when the oldest one that lies there was made: the newest is kept however old it is, so where no
    backup has been made for long, days alone prove nothing.
    """

    ledger: Ledger
    vault: Vault
    purger: Purger
    days: int
    oldest: Callable[[], str | None]

    def ends(self, issued_at: str) -> datetime:
        """Return when the horizon of a certificate ends."""
        return from_stamp(issued_at) + timedelta(days=self.days)

    def issue_due(self) -> list[str]:
        """Issue what is due on the retention clock; return the lists. Something left keeps its certificate waiting.

        So does a store that is not in the settings any more: nobody can look into it.
        """
        now = from_stamp(RetentionClock(self.ledger).stamp())
        with self.ledger.read() as connection:
            if out_of_settings(connection, self.vault.stores):
                return []
            done = select(final_certificates.c.list_id)
            wanted = select(certificates, disposal_lists.c.list_no).join(
                disposal_lists, disposal_lists.c.id == certificates.c.list_id
            )
            waiting = connection.execute(wanted.where(certificates.c.list_id.not_in(done))).all()
        oldest = self.oldest()
        due = (row for row in waiting if self.ends(row.issued_at) <= now and (oldest is None or oldest > row.issued_at))
        return [str(row.list_no) for row in due if self._issue(row)]

    def _issue(self, row: Any) -> bool:
        first = json.loads(row.body)
        left = [place for item in first["items"] for place in self._left(item["record_id"])]
        if left:
            self.ledger.note(None, acts.DESTRUCTION_TROUBLE, "disposal_list", row.list_id, findings=len(left))
            return False
        with self.ledger.read() as connection:
            issued = entries.c.act == acts.CERTIFICATE_ISSUED.name, entries.c.object_id == row.list_id
            seq = connection.execute(select(entries.c.seq).where(*issued)).scalar_one()
        proof = self.ledger.proof(seq)
        with self.ledger.work(None) as work:
            gone = [asdict(one) for one in given_up(work.connection)]
            stores = {"looked_into": list(self.vault.stores), "given_up": gone}
            text = json.dumps({**self._body(row, first, proof, work.at), "stores": stores}, **CANONICAL)
            digest = hashlib.sha256(text.encode()).hexdigest()
            already = select(final_certificates.c.id).where(final_certificates.c.list_id == row.list_id)
            if work.connection.execute(already).first() is not None:
                return False
            values = {"id": uuid.uuid4().hex, "list_id": row.list_id, "issued_at": work.at}
            work.insert(final_certificates, {**values, "body": text, "digest": digest})
            said = {"list_no": row.list_no, "digest": digest}
            work.act(acts.IRRECOVERABLE_CERTIFIED, "disposal_list", row.list_id, **said)
            work.commit()
        return True

    def _body(self, row: Any, first: dict[str, Any], proof: dict[str, Any], at: str) -> dict[str, Any]:
        count = len(first["items"])
        return {
            "kind": "certificate-of-irrecoverability",
            "version": VERSION,
            "list_no": row.list_no,
            "list_id": row.list_id,
            "issued_at": at,
            "certificate": {"digest": row.digest, "issued_at": row.issued_at, "proof": proof},
            "horizon_days": self.days,
            "looked_again": {"records": count, "left": 0},
            "sentence": {
                "zh": f"密钥库备份最多保留 {self.days} 天；自第一阶段证明起已满此期，凡可能含有这 {count} 件密钥的备份均已过期，"
                "并再次复查无残留：内容自任何备份均不能恢复。",
                "en": f"Backups of the keyring are kept for {self.days} days at most. That time has passed since the first"
                f" stage, so every backup that could hold a key of these {count} records has expired, and looking again"
                " found nothing left: the content cannot be recovered from any backup.",
            },
        }

    def _left(self, record_id: str) -> list[str]:
        with self.ledger.read() as connection:
            files = list(
                connection.execute(select(components.c.id).where(components.c.record_id == record_id)).scalars()
            )
        keys = sorted({*files, record_id, text_component_id(record_id), *self.vault.keys_of(record_id)})
        return [*self.vault.remains(record_id, keys), *self.purger.remains(record_id)]

    def text(self, viewer: Person, list_no: str) -> str:
        """Return the second certificate's own bytes; :class:`NotFound` while it is not issued."""
        require(viewer, Action.SEE_DISPOSAL)
        with self.ledger.read() as connection:
            wanted = select(final_certificates.c.body).join(
                disposal_lists, disposal_lists.c.id == final_certificates.c.list_id
            )
            found = connection.execute(wanted.where(disposal_lists.c.list_no == list_no.strip())).scalar_one_or_none()
        if found is None:
            raise NotFound(
                f"清册 {list_no} 还没有第二阶段证明。", f"List {list_no} has no certificate of the second stage yet."
            )
        return str(found)
