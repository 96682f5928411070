"""The certificate of destruction: what was destroyed, by whose decision, with proofs that stand on their own."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from archive_service.audit import acts, merkle
from archive_service.audit.ledger import Ledger
from archive_service.audit.notes import Verifier
from archive_service.audit.tables import entries
from archive_service.catalog.tables import components, fonds
from archive_service.database.tables import CANONICAL
from archive_service.disposal.lists import Item, ListView, load_list
from archive_service.disposal.model import ListState, Step
from archive_service.disposal.tables import certificates, lists
from archive_service.errors import ArchiveError, NotFound
from archive_service.people.model import Person
from archive_service.people.policy import Action, require
from archive_service.people.tables import people

METHOD_ZH = "销毁内容密钥（AES-256），删除全部封存文件与索引条目，另行查验无残留"
METHOD_EN = "content keys (AES-256) destroyed, all sealed objects and index entries deleted, looked for again"
STEPS = (acts.DESTRUCTION_BEGUN, acts.INDEX_PURGED, acts.KEY_DESTROYED, acts.OBJECTS_DELETED, acts.RECORD_DESTROYED)
PROVED = (acts.KEY_DESTROYED.name, acts.RECORD_DESTROYED.name)


@dataclass(frozen=True)
class Certificates:
    """Issues certificates, once for each list, and shows them."""

    ledger: Ledger

    def issue(self, list_no: str) -> None:
        """Issue the certificate of a list whose items are all finished, and close the list. Can be repeated."""
        with self.ledger.read() as connection:
            view = load_list(connection, list_no)
            if view.row.state != ListState.ORDERED:
                return
            body = self._body(connection, view)
        for item in body["items"]:
            for step in item["steps"]:
                if step["act"] in PROVED:
                    step["proof"] = self.ledger.proof(step["seq"])
        with self.ledger.work(None) as work:
            closed = {"state": ListState.CLOSED, "closed_at": work.at}
            if not work.update(lists, view.row.id, closed, lists.c.state == ListState.ORDERED):
                return
            body["issued_at"] = work.at
            row = {"id": uuid.uuid4().hex, "list_id": view.row.id, "body": json.dumps(body, **CANONICAL)}
            work.insert(certificates, {**row, "issued_at": work.at})
            work.act(acts.CERTIFICATE_ISSUED, "disposal_list", view.row.id, list_no=list_no)
            work.act(acts.LIST_CLOSED, "disposal_list", view.row.id, list_no=list_no)
            work.commit()

    def _body(self, connection: Connection, view: ListView) -> dict[str, Any]:
        names = {row.id: row.name for row in connection.execute(select(people.c.id, people.c.name))}
        numbers = {row.id: row.fonds_no for row in connection.execute(select(fonds))}
        return {
            "kind": "certificate-of-destruction",
            "version": 1,
            "list_no": view.row.list_no,
            "list_digest": view.row.digest,
            "fonds": sorted({numbers[item.record["fonds_id"]] for item in view.items}),
            "proposer": names[view.row.proposer],
            "appraisers": sorted({names[item.row.appraiser] for item in view.items if item.row.appraiser}),
            "approvers": [{"name": names[one.approver], "at": one.approved_at} for one in view.approvals],
            "ordered_by": names[view.row.ordered_by],
            "ordered_at": view.row.ordered_at,
            "method": {"zh": METHOD_ZH, "en": METHOD_EN},
            "items": [_item(connection, item) for item in view.items],
        }

    def body(self, actor: Person, list_no: str) -> dict[str, Any]:
        """Return a certificate's content."""
        require(actor, Action.SEE_DISPOSAL)
        with self.ledger.read() as connection:
            found = connection.execute(
                select(certificates.c.body)
                .join(lists, lists.c.id == certificates.c.list_id)
                .where(lists.c.list_no == list_no)
            ).scalar_one_or_none()
        if found is None:
            raise NotFound(f"清册 {list_no} 还没有销毁证明。", f"List {list_no} has no certificate yet.")
        certificate: dict[str, Any] = json.loads(found)
        return certificate


def _item(connection: Connection, item: Item) -> dict[str, Any]:
    record = item.record
    files = connection.execute(
        select(components).where(components.c.record_id == record["id"]).order_by(components.c.position)
    ).all()
    said = connection.execute(
        select(entries)
        .where(
            entries.c.object_type == "record",
            entries.c.object_id == record["id"],
            entries.c.act.in_([act.name for act in STEPS]),
        )
        .order_by(entries.c.seq)
    ).all()
    destroyed = item.row.step == Step.DONE
    return {
        "code": record["code"],
        "record_id": record["id"],
        "title": record["title"],
        "document_date": record["document_date"].isoformat(),
        "period": record["period"],
        "opinion": item.row.opinion,
        "reason": item.row.reason,
        "result": item.row.step,
        "sentence": {"zh": item.sentence_zh, "en": item.sentence_en},
        "components": [
            {"role": file.role, "media_type": file.media_type, "sealed_size": file.sealed_size, "sealed_sha256": file.sealed_sha256}
            for file in files
        ],
        "steps": [{"act": entry.act, "at": entry.at, "seq": entry.seq} for entry in said] if destroyed else [],
    }


def verify_certificate(body: dict[str, Any], verifier: Verifier) -> list[str]:
    """Check every proof of a certificate from its own content and the public key alone; return what is wrong."""
    faults: list[str] = []
    for item in body["items"]:
        proofs = [step["proof"] for step in item["steps"] if "proof" in step]
        if item["result"] == Step.DONE and len(proofs) != len(PROVED):
            faults.append(f"{item['code']}: a proof is missing")
        faults += [f"{item['code']}: {fault}" for proof in proofs for fault in _proof_faults(proof, item, verifier)]
    return faults


def _proof_faults(proof: dict[str, Any], item: dict[str, Any], verifier: Verifier) -> Sequence[str]:
    try:
        checkpoint = verifier.open(proof["checkpoint"])
        leaf = merkle.leaf_hash(proof["leaf"].encode())
        path = [bytes.fromhex(value) for value in proof["path"]]
        root = merkle.root_from_inclusion(proof["seq"] - 1, checkpoint.size, leaf, path)
    except (ArchiveError, ValueError, KeyError) as error:
        return [str(error)]
    if root != checkpoint.root:
        return ["the proof does not lead to the signed root"]
    if json.loads(proof["leaf"])["object"] != ["record", item["record_id"]]:
        return ["the proved entry is about another record"]
    return []
