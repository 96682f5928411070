"""The certificate of a destruction 销毁证明: what was destroyed, by whose decision, with proofs that stand on their own.

A list closes and its certificate is issued in one transaction. The certificate holds neither content nor a
confidential title; each proof leads from an entry of the audit log to a checkpoint signed with the log's key.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, select

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.audit.tables import entries
from archive_service.catalog.keeping.known_stores import given_up
from archive_service.catalog.tables import components, fonds, records
from archive_service.database.tables import CANONICAL
from archive_service.disposal.destroying.papers import on_certificate
from archive_service.disposal.listing.freezing import items_of
from archive_service.disposal.listing.group import CAPACITY_WORDS, group_of
from archive_service.disposal.listing.supervising import BEFORE, supervisions_of
from archive_service.disposal.model import OPINION_WORDS, STEP_WORDS, ListState, Opinion, Step
from archive_service.disposal.tables import approvals, candidates, certificates, disposal_lists
from archive_service.errors import NotFound, Text
from archive_service.people.model import OPEN_LEVELS, Person
from archive_service.people.policy import Action, require
from archive_service.people.tables import people

VERSION = 1
METHOD = Text(
    "销毁该件全部密钥，删除所有版本的封存文件与封装说明，清除并合并索引，再由独立程序复查无残留",
    "all keys of the record destroyed, every version of its sealed objects and its capsule deleted, index purged and merged, then looked for again by independent code",
)
STEPS = tuple(
    act.name
    for act in (
        acts.DESTRUCTION_BEGUN,
        acts.INDEX_PURGED,
        acts.KEY_CLAIMED,
        acts.KEY_DESTROYED,
        acts.OBJECTS_DELETED,
        acts.RECORD_DESTROYED,
    )
)
DESCRIBED = ("title", "author", "document_no")
"""Words of a record that its certificate bears; of a confidential one none."""

PROVED_STEPS = (acts.KEY_DESTROYED.name, acts.RECORD_DESTROYED.name)
PROVED_DECISIONS = (acts.LIST_APPROVED.name, acts.LIST_ORDERED.name)


@dataclass(frozen=True)
class Certificates:
    """Issues the certificate of a list, once, and shows it."""

    ledger: Ledger

    def close(self, list_no: str, stores: Collection[str]) -> None:
        """Close an ordered list whose items are all finished; if anything was destroyed, issue its certificate.

        ``stores`` are those that were looked into. The certificate names them, and those that were given up before.

        Two processes may come here at once: the list's state lets one of them write.
        """
        with self.ledger.read() as connection:
            row = connection.execute(select(disposal_lists).where(disposal_lists.c.list_no == list_no)).one()
            body = _body(connection, row, stores)
        for said in [*body["decisions"], *(step for item in body["items"] for step in item["steps"])]:
            if said["act"] in PROVED_STEPS + PROVED_DECISIONS:
                said["proof"] = self.ledger.proof(said["seq"])
        with self.ledger.work(None) as work:
            closed = {"state": ListState.CLOSED, "closed_at": work.at}
            if not work.update(disposal_lists, row.id, closed, disposal_lists.c.state == ListState.ORDERED):
                return
            if body["items"]:
                text = json.dumps({**body, "issued_at": work.at}, **CANONICAL)
                digest = hashlib.sha256(text.encode()).hexdigest()
                work.insert(
                    certificates,
                    {"id": uuid.uuid4().hex, "list_id": row.id, "issued_at": work.at, "body": text, "digest": digest},
                )
                work.act(acts.CERTIFICATE_ISSUED, "disposal_list", row.id, list_no=list_no, digest=digest)
            work.act(acts.LIST_CLOSED, "disposal_list", row.id, list_no=list_no)
            work.commit()

    def body(self, viewer: Person, list_no: str) -> dict[str, Any]:
        """Return a certificate as it was issued."""
        body: dict[str, Any] = json.loads(self.text(viewer, list_no))
        return body

    def text(self, viewer: Person, list_no: str) -> str:
        """Return the certificate's own bytes, for saving: its digest stands in the audit log."""
        require(viewer, Action.SEE_DISPOSAL)
        with self.ledger.read() as connection:
            wanted = select(certificates.c.body).join(disposal_lists, disposal_lists.c.id == certificates.c.list_id)
            found = connection.execute(wanted.where(disposal_lists.c.list_no == list_no.strip())).scalar_one_or_none()
        if found is None:
            raise NotFound(f"清册 {list_no} 还没有销毁证明。", f"List {list_no} has no certificate yet.")
        return str(found)


def _body(connection: Connection, row: Any, stores: Collection[str]) -> dict[str, Any]:
    names = {person.id: person.name for person in connection.execute(select(people.c.id, people.c.name))}
    one_fonds = connection.execute(select(fonds).where(fonds.c.id == row.fonds_id)).one()
    items = items_of(connection, row.id)
    destroyed = [item for item in items if item.step == Step.DESTROYED]
    papers = on_certificate(connection, row.id, names)
    given = connection.execute(
        select(approvals)
        .where(approvals.c.list_id == row.id, approvals.c.round == row.round)
        .order_by(approvals.c.approved_at, approvals.c.id)
    ).all()
    return {
        "kind": "certificate-of-destruction",
        "version": VERSION,
        "list_no": row.list_no,
        "list_id": row.id,
        "list_digest": row.digest,
        "fonds": {"fonds_no": one_fonds.fonds_no, "zh": one_fonds.name_zh, "en": one_fonds.name_en},
        "proposer": {"id": row.proposer_id, "name": names[row.proposer_id], "at": row.drawn_up_at},
        "appraisers": [{"id": one, "name": names[one]} for one in sorted({item.appraiser_id for item in destroyed})],
        "appraisal_group": _group(connection, row, destroyed, names),
        "approvers": [{"id": one.approver_id, "name": names[one.approver_id], "at": one.approved_at} for one in given],
        "supervisors": [
            {"id": one.supervisor_id, "name": names[one.supervisor_id], "at": one.signed_at}
            for one in supervisions_of(connection, row)
            if one.phase == BEFORE
        ],
        "orderer": {"id": row.ordered_by, "name": names[row.ordered_by], "at": row.ordered_at},
        "method": METHOD._asdict(),
        "stores": {"looked_into": list(stores), "given_up": [asdict(one) for one in given_up(connection)]},
        "decisions": _decisions(connection, row),
        "items": [{**_item(connection, item), "paper": papers.get(item.id)} for item in destroyed],
        "kept": [_kept(connection, item) for item in items if item.step not in (Step.DESTROYED, Step.STRUCK)],
    }


def _group(connection: Connection, row: Any, items: Sequence[Any], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the members of the appraisal group, each with what he said to what was destroyed; empty without a group."""
    group = group_of(connection, row.id)
    said: dict[str, list[dict[str, Any]]] = {one: [] for one in group.members}
    for item in items:
        for vote in group.votes.get(item.id, ()):
            words = {"position": item.position, "agrees": vote.agrees, "reason": vote.reason, "at": vote.given_at}
            said[vote.member_id].append(words)
        if item.appraiser_id in said:
            own = {"position": item.position, "agrees": True, "reason": item.reason, "at": item.appraised_at}
            said[item.appraiser_id].append(own)
    return [
        {"id": one, "name": names[one], "capacity": {"code": code, **CAPACITY_WORDS[code]._asdict()}, "said": said[one]}
        for one, code in group.members.items()
    ]


def _decisions(connection: Connection, row: Any) -> list[dict[str, Any]]:
    """Return the approvals and the order that counted: those of the list's last round."""
    found = connection.execute(
        select(entries)
        .where(
            entries.c.object_type == "disposal_list", entries.c.object_id == row.id, entries.c.act.in_(PROVED_DECISIONS)
        )
        .order_by(entries.c.seq)
    )
    return [_said(entry) for entry in found if json.loads(entry.body)["detail"]["round"] == row.round]


def _item(connection: Connection, item: Any) -> dict[str, Any]:
    record = connection.execute(select(records).where(records.c.id == item.record_id)).one()
    candidate = connection.execute(select(candidates).where(candidates.c.id == item.candidate_id)).one()
    files = connection.execute(
        select(components).where(components.c.record_id == record.id).order_by(components.c.role, components.c.position)
    ).all()
    return {
        "position": item.position,
        "code": record.code,
        "record_id": record.id,
        "level": record.level,
        **{name: getattr(record, name) if record.level in OPEN_LEVELS else None for name in DESCRIBED},
        "type_code": record.type_code,
        "document_date": record.document_date.isoformat(),
        "period": candidate.period,
        "due_on": candidate.due_on.isoformat(),
        "rule": {"code": candidate.rule_code, "schedule": candidate.schedule_version},
        "sentence": {"zh": candidate.sentence_zh, "en": candidate.sentence_en},
        "opinion": {"code": item.opinion, **OPINION_WORDS[Opinion(item.opinion)]._asdict(), "reason": item.reason},
        "size": sum(file.size for file in files),
        "components": [
            {
                "id": file.id,
                "role": file.role,
                "media_type": file.media_type,
                "size": file.size,
                "sealed_size": file.sealed_size,
                "sealed_sha256": file.sealed_sha256,
            }
            for file in files
        ],
        "steps": _steps(connection, record.id),
    }


def _steps(connection: Connection, record_id: str) -> list[dict[str, Any]]:
    """Return the entries of the destruction that went through: of each act the last one."""
    found = connection.execute(
        select(entries)
        .where(entries.c.object_type == "record", entries.c.object_id == record_id, entries.c.act.in_(STEPS))
        .order_by(entries.c.seq)
    )
    last = {entry.act: entry for entry in found}
    return [_said(last[act]) for act in STEPS if act in last]


def _said(entry: Any) -> dict[str, Any]:
    return {"act": entry.act, "at": entry.at, "seq": entry.seq, **_words(entry.act)}


def _words(act: str) -> Mapping[str, str]:
    return acts.words_of(act)._asdict()


def _kept(connection: Connection, item: Any) -> dict[str, Any]:
    """Return what the list decided to keep, or what a hold stopped at the last moment."""
    code = connection.execute(select(records.c.code).where(records.c.id == item.record_id)).scalar_one()
    words = STEP_WORDS[Step(item.step)]
    return {
        "position": item.position,
        "code": code,
        "opinion": item.opinion,
        "result": {"code": item.step, **words._asdict()},
    }
