"""The certificate of a destruction 销毁证明 with its register 销毁清册, laid out to be printed, signed and checked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from flask import Blueprint, Response, render_template

from archive_service.audit import acts
from archive_service.disposal.destroying.certificates import PROVED_STEPS
from archive_service.disposal.destroying.proofs import verify_certificate
from archive_service.errors import NotFound, Text
from archive_service.people.model import LEVEL_WORDS, OPEN_LEVELS
from archive_service.reports.destruction_register import destruction_register, members_in_words
from archive_service.web.desk.words import joined, kept_years, size_words
from archive_service.web.here import archive, language, local_time, person, t, type_name, words
from archive_service.web.holdings.catalogue import period_words
from archive_service.web.holdings.reports import handed_out

blueprint = Blueprint("certificates", __name__, url_prefix="/disposal/lists")

Body = Mapping[str, Any]


@blueprint.get("/<list_no>/certificate")
def page(list_no: str) -> str:
    """Show the certificate as it was issued, and what checking it anew finds."""
    text = archive().certificates.text(person(), list_no)
    body: dict[str, Any] = json.loads(text)
    verifier = archive().ledger.signer.verifier
    notes = _checkpoints(body)
    return render_template(
        "certificate.html",
        section="disposal",
        list_no=body["list_no"],
        fonds=f"{body['fonds']['fonds_no']} {t(body['fonds']['zh'], body['fonds']['en'])}",
        issued=local_time(body["issued_at"]),
        final=_final(list_no, body),
        opening=_opening(body),
        method=body["method"][language()],
        people=_people(body),
        stores=_stores(body),
        rows=[_row(item) for item in body["items"]],
        files=[_files(item) for item in body["items"]],
        kept=[_kept(item) for item in body["kept"]],
        list_digest=body["list_digest"],
        own_digest=hashlib.sha256(text.encode()).hexdigest(),
        proofs=list(_proofs(body, notes)),
        notes=list(enumerate(notes, 1)),
        public_key=verifier.vkey(),
        faults=[words(fault) for fault in verify_certificate(body, verifier)],
    )


def _final(list_no: str, body: Body) -> str:
    """Say whether the content is certified to be irrecoverable from backups too, or when that comes."""
    try:
        final = json.loads(archive().horizon.text(person(), list_no))
    except NotFound:
        ends = archive().horizon.ends(body["issued_at"]).astimezone(archive().clock.zone).date().isoformat()
        return t(
            f"第一阶段：已销毁。密钥库备份保留期满（{ends}）并再次复查后，另出具“任何备份均不能恢复”的第二阶段证明。",
            f"First stage: destroyed. Once backups of the keyring have expired ({ends}) and everything was looked for"
            " again, a second certificate says that no backup can bring it back.",
        )
    said = str(final["sentence"][language()])
    return t(
        f"第二阶段（{local_time(final['issued_at'])}）：{said}",
        f"Second stage ({local_time(final['issued_at'])}): {said}",
    )


@blueprint.get("/<list_no>/certificate-final.json")
def final_json(list_no: str) -> Response:
    """Hand out the second certificate's own bytes."""
    head = {"Content-Disposition": f'attachment; filename="{list_no}-final.json"'}
    return Response(archive().horizon.text(person(), list_no), mimetype="application/json", headers=head)


@blueprint.get("/<list_no>/register.<form>")
def register(list_no: str, form: str) -> Response:
    """Hand out the destruction register 销毁清册 as a file; the log notes who took it."""
    if form not in ("pdf", "xlsx"):
        raise NotFound("没有这种格式。", "There is no such form.")
    body: dict[str, Any] = json.loads(archive().certificates.text(person(), list_no))
    names = archive().settings.archive
    made = destruction_register(body, Text(names.name_zh, names.name_en), archive().clock, language())
    archive().ledger.note(person().id, acts.REGISTER_WRITTEN, "disposal_list", body["list_id"], rows=len(made.rows))
    return handed_out(made, form)


@blueprint.get("/<list_no>/certificate.json")
def json_file(list_no: str) -> Response:
    """Hand out the certificate's own bytes for a check elsewhere."""
    text = archive().certificates.text(person(), list_no)
    name = json.loads(text)["list_no"]
    head = {"Content-Disposition": f'attachment; filename="{name}.json"'}
    return Response(text, mimetype="application/json", headers=head)


def _opening(body: Body) -> str:
    count = len(body["items"])
    at = local_time(body["issued_at"])
    return t(
        f"兹证明：经鉴定、{len(body['approvers'])} 人批准并由另一人下达，清册 {body['list_no']} 所列 {count} 件档案已于 {at} 之前全部销毁，"
        "并经独立程序复查，未见残留。",
        f"This certifies that the {count} records of disposal list {body['list_no']}, appraised, approved by {len(body['approvers'])} people and"
        f" ordered by another, were destroyed by {at} and looked for again by independent code, which found nothing left.",
    )


def _stores(body: Body) -> list[tuple[str, str]]:
    """Return which stores were looked into, and which had been given up before and could not be."""
    said = body.get("stores")
    if not said:
        return []
    gone = [
        t(
            f"{one['name']}（{local_time(one['at'])}，{one['by']}：{one['reason']}）",
            f"{one['name']} ({local_time(one['at'])}, {one['by']}: {one['reason']})",
        )
        for one in said["given_up"]
    ]
    looked = [(t("已复查的存储", "Stores looked into"), joined(said["looked_into"]))]
    return looked + (
        [(t("此前已报废、未能复查的存储", "Stores given up before, not looked into"), joined(gone))] if gone else []
    )


def _people(body: Body) -> list[tuple[str, str]]:
    return [
        (t("编制", "Drawn up by"), _hand(body["proposer"])),
        (t("鉴定", "Appraised by"), joined([one["name"] for one in body["appraisers"]])),
        *((t("鉴定小组", "Appraisal group"), one) for one in members_in_words(body, language())),
        *((t("批准", "Approved by"), _hand(one)) for one in body["approvers"]),
        *((t("监销", "Supervised by"), _hand(one)) for one in body.get("supervisors", ())),
        (t("下达", "Ordered by"), _hand(body["orderer"])),
    ]


def _hand(one: Body) -> str:
    at = local_time(one["at"])
    return t(f"{one['name']}，{at}", f"{one['name']}, {at}")


def _row(item: Body) -> dict[str, Any]:
    made, gone = date.fromisoformat(item["document_date"]), _gone(item)
    mask = f"〔{type_name(item['type_code'])}〕"
    return {
        "position": item["position"],
        "code": item["code"],
        "document_no": item.get("document_no") or "",
        "author": item.get("author") or "",
        "title": item["title"] or mask,
        "date": item["document_date"],
        "level": "" if item["level"] in OPEN_LEVELS else words(LEVEL_WORDS[item["level"]]),
        "period": period_words(item["period"]),
        "kept": kept_years(made, date.fromisoformat(gone[:10])) if gone else "",
        "carrier": _carrier(len(item["components"]), size_words(item["size"])),
        "reason": item["opinion"]["reason"],
        "gone": gone,
    }


def _carrier(files: int, size: str) -> str:
    return t(f"电子，{files} 个文件，{size}", f"electronic, {files} file{'' if files == 1 else 's'}, {size}")


def _gone(item: Body) -> str:
    return next((local_time(step["at"]) for step in item["steps"] if step["act"] == PROVED_STEPS[-1]), "")


def _files(item: Body) -> dict[str, Any]:
    return {
        "code": item["code"],
        "files": [(file["media_type"], file["sealed_size"], file["sealed_sha256"]) for file in item["components"]],
        "steps": [(local_time(step["at"]), step[language()], step["seq"]) for step in item["steps"]],
    }


def _kept(item: Body) -> tuple[int, str, str]:
    return item["position"], item["code"], item["result"][language()]


def _proved(body: Body) -> Iterator[tuple[str, Body]]:
    for said in body["decisions"]:
        yield body["list_no"], said
    for item in body["items"]:
        for step in item["steps"]:
            if "proof" in step:
                yield item["code"], step


def _checkpoints(body: Body) -> list[str]:
    """Return the signed checkpoints that the proofs lead to, each once."""
    return list(dict.fromkeys(said["proof"]["checkpoint"] for _, said in _proved(body)))


def _proofs(body: Body, notes: list[str]) -> Iterator[dict[str, Any]]:
    for about, said in _proved(body):
        proof = said["proof"]
        lines = [
            f"leaf       {proof['leaf']}",
            f"leaf hash  {proof['leaf_hash']}",
            *(f"path {place:>4}  {value}" for place, value in enumerate(proof["path"], 1)),
            f"checkpoint {notes.index(proof['checkpoint']) + 1}",
        ]
        yield {
            "about": about,
            "what": said[language()],
            "at": local_time(said["at"]),
            "seq": said["seq"],
            "text": "\n".join(lines),
        }
