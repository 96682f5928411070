"""Checking a certificate offline: from its own JSON alone, or better against the log's published key.

Needs neither database nor vault. What it proves: the log bears, under a signed root, that the keys of each record
were destroyed and its destruction completed, and that these people approved and ordered it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from archive_service.audit import merkle
from archive_service.audit.notes import Verifier, read_vkey
from archive_service.disposal.destroying.certificates import PROVED_DECISIONS, PROVED_STEPS
from archive_service.disposal.model import APPROVALS_NEEDED
from archive_service.errors import ArchiveError, Text

NOT_READABLE = Text("证明的内容不完整，无法核对", "the certificate is not whole and cannot be checked")


def verify_certificate(body: Mapping[str, Any], trusted: Verifier | None = None) -> list[Text]:
    """Return everything that is wrong with a certificate; an empty list is sound.

    ``trusted`` is the log's key from a source of one's own; without it the key in the certificate is believed,
    which shows that nothing was changed afterwards, not who signed.
    """
    try:
        return list(_faults(body, trusted))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        return [NOT_READABLE]


def _faults(body: Mapping[str, Any], trusted: Verifier | None) -> Iterator[Text]:
    # One key for everything: a certificate cannot bring a key of its own for a single proof.
    verifier = trusted or read_vkey(body["decisions"][0]["proof"]["public_key"])
    yield from _people_faults(body, verifier)
    for item in body["items"]:
        steps = {step["act"]: step for step in item["steps"]}
        for act in PROVED_STEPS:
            if act not in steps or "proof" not in steps[act]:
                yield _fault(item["code"], "缺少证明", f"the proof of {act} is missing")
                continue
            yield from _proof_faults(item["code"], steps[act], ("record", item["record_id"]), verifier)
            detail = json.loads(steps[act]["proof"]["leaf"])["detail"]
            yield from _detail_faults(body, item, act, detail)


def _detail_faults(
    body: Mapping[str, Any], item: Mapping[str, Any], act: str, detail: Mapping[str, Any]
) -> Iterator[Text]:
    """Hold what the certificate says of a record against what the proved entry says of it."""
    said = (detail["list_no"], detail["code"], detail["digest"])
    if said != (body["list_no"], item["code"], body["list_digest"]):
        yield _fault(item["code"], "日志条目属于另一清册或另一档案", "the proved entry is of another list or record")
    if "objects" in detail and detail["objects"] != [file["sealed_sha256"] for file in item["components"]]:
        yield _fault(item["code"], "文件摘要与日志不符", "the hashes of its files are not those in the log")
    if act == PROVED_STEPS[0] and not {file["id"] for file in item["components"]} <= set(detail["keys"]):
        yield _fault(
            item["code"], "日志未记载全部密钥已销毁", "the log does not say that all of its keys were destroyed"
        )


def _people_faults(body: Mapping[str, Any], verifier: Verifier) -> Iterator[Text]:
    """Check that the entries of the log, not the certificate's words, name enough different people."""
    where = body["list_no"]
    hands = {body["proposer"]["id"], *(one["id"] for one in body["appraisers"])}
    proved: dict[str, set[str]] = {act: set() for act in PROVED_DECISIONS}
    for said in body["decisions"]:
        yield from _proof_faults(where, said, ("disposal_list", body["list_id"]), verifier)
        leaf = json.loads(said["proof"]["leaf"])
        if leaf["detail"]["digest"] != body["list_digest"]:
            yield _fault(where, "批准的不是此清册的内容", "what was decided on is not what this list says")
        proved[said["act"]].add(leaf["person"])
    approved, ordered = (proved[act] for act in PROVED_DECISIONS)
    if len(approved) < APPROVALS_NEEDED or approved != {one["id"] for one in body["approvers"]} or approved & hands:
        yield _fault(where, "没有两位无关人员的批准", "it was not approved by two people who had no other hand in it")
    if ordered != {body["orderer"]["id"]} or ordered & (hands | approved):
        yield _fault(where, "下达销毁的人不符", "the one who ordered it is not who may")


def _proof_faults(where: str, said: Mapping[str, Any], about: tuple[str, str], verifier: Verifier) -> Iterator[Text]:
    """Check one proof: signature, path to the signed root, and that the entry is the one that is told of."""
    proof = said["proof"]
    try:
        checkpoint = verifier.open(proof["checkpoint"])
        leaf_hash = merkle.leaf_hash(proof["leaf"].encode())
        path = [bytes.fromhex(value) for value in proof["path"]]
        root = merkle.root_from_inclusion(proof["seq"] - 1, checkpoint.size, leaf_hash, path)
    except ArchiveError as error:
        yield _fault(where, error.text.zh, error.text.en)
        return
    except ValueError as error:
        yield _fault(where, f"证明无法读取：{error}", f"the proof cannot be read: {error}")
        return
    if root != checkpoint.root or leaf_hash.hex() != proof["leaf_hash"]:
        yield _fault(where, "证明不通向已签名的根", "the proof does not lead to the signed root")
    leaf = json.loads(proof["leaf"])
    if (leaf["seq"], leaf["at"], leaf["act"], tuple(leaf["object"])) != (said["seq"], said["at"], said["act"], about):
        yield _fault(
            where, "所证明的日志条目与证明书所述不符", "the proved entry is not the one that the certificate tells of"
        )


def _fault(where: str, zh: str, en: str) -> Text:
    return Text(f"{where}：{zh}", f"{where}: {en}")
