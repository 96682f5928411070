"""The log for the auditor: what was done, by whom, with the proof; and the check that nothing was changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template, request, url_for

from archive_service.audit import acts, log
from archive_service.audit.notes import Checkpoint
from archive_service.people.policy import Action, require
from archive_service.web.here import archive, language, local_time, names_of, number_of, person, t, words
from archive_service.web.holdings.catalogue import Narrowing

blueprint = Blueprint("audit", __name__, url_prefix="/audit")

MOST_SHOWN = 10
"""Of a list in an entry (files, keys) so many are shown on the page."""


@blueprint.get("/")
def page() -> str:
    """Show the log, newest first."""
    require(person(), Action.SEE_AUDIT)
    narrowing = Narrowing("audit.page", _wanted())
    before = number_of(request.args.get("before", ""), "起点", "The start")
    people = _people()
    found = log.newest(archive().ledger, _looked_up(narrowing.now, people), before=before)
    return render_template(
        "audit.html",
        rows=_rows(found.rows),
        wanted=narrowing.now,
        acts=[(name, words(act.words)) for name, act in acts.ALL.items()],
        people=[(login, name) for login, (_, name) in people.items()],
        chips=narrowing.chips(_shown),
        clear_url=url_for("audit.page"),
        next_url=narrowing.url(before=str(found.next_before)) if found.next_before else None,
        first_url=narrowing.url() if before else None,
        report=None,
    )


def _wanted() -> dict[str, str]:
    names = ("act", "person", "object")
    return {name: value for name in names if (value := request.args.get(name, "").strip()) and value.isprintable()}


def _people() -> dict[str, tuple[str, str]]:
    """Return the id and the words of everybody by login; the service itself stands first."""
    everybody = archive().people.all(person())
    service = {log.THE_SERVICE: (log.THE_SERVICE, t("系统", "The service"))}
    return service | {one.login: (one.id, f"{one.name} ({one.login})") for one in everybody}


def _looked_up(wanted: Mapping[str, str], people: dict[str, tuple[str, str]]) -> log.Wanted:
    login = wanted.get("person", "")
    # A login that nobody has finds nothing, like an act that does not exist.
    return log.Wanted(
        act=wanted.get("act", ""),
        object_id=wanted.get("object", ""),
        person_id=people.get(login, (login,))[0],
    )


def _shown(name: str, value: str) -> tuple[str, str] | None:
    if name == "act":
        return t("事项", "Act"), words(acts.words_of(value))
    if name == "person":
        return t("人员", "Person"), t("系统", "The service") if value == log.THE_SERVICE else value
    return (t("对象", "Object"), value) if name == "object" else None


def _rows(rows: Any) -> list[dict[str, Any]]:
    names = names_of([row.person_id for row in rows])
    return [
        {
            "seq": row.seq,
            "url": url_for("audit.entry", seq=row.seq),
            "when": _when(row.at),
            "machine": row.at,
            "who": names.get(row.person_id, row.person_id) if row.person_id else t("系统", "The service"),
            "act": words(acts.words_of(row.act)),
            "object_type": words(acts.object_words(row.object_type)),
            "object_id": row.object_id,
            "object_url": url_for("audit.page", object=row.object_id),
            "detail": detail_of(row.body),
        }
        for row in rows
    ]


def _when(stamp: str) -> str:
    try:
        return local_time(stamp)
    except ValueError:
        return stamp  # changed by hand: the log must stay readable for whoever looks into it


def detail_of(body: str) -> str:
    """Return what an entry says besides who, when and what, in one line; never content, by the log's own rule."""
    try:
        detail = dict(json.loads(body).get("detail", {}))
    except (ValueError, TypeError, AttributeError):
        return t("（条目无法读取）", "(the entry cannot be read)")
    shown = {name: value for name, value in detail.items() if value not in (None, "", [], {})}
    mark = "；" if language() == "zh" else "; "
    return mark.join(f"{words(acts.detail_words(name))}: {_plain(value)}" for name, value in shown.items())


def _plain(value: Any) -> str:
    """Return a value in words; of a long list its beginning and how much more there is, which the exported log holds."""
    if not isinstance(value, list):
        return str(value)
    shown, left = ", ".join(map(str, value[:MOST_SHOWN])), len(value) - MOST_SHOWN
    return shown + (t(" 等，另有 %s 项", " and %s more") % left if left > 0 else "")


@blueprint.post("/verify")
def verify() -> str:
    """Check tree, checkpoints and database against each other and show what was found."""
    require(person(), Action.SEE_AUDIT)
    report = archive().proof.verify_audit()
    findings = [(finding.place, words(finding.text)) for finding in report.findings]
    at = archive().clock.stamp()
    return render_template("audit_report.html", report=report, findings=findings, at=local_time(at), machine=at)


@blueprint.get("/<int:seq>")
def entry(seq: int) -> str:
    """Show one entry with its proof."""
    require(person(), Action.SEE_AUDIT)
    row = log.entry(archive().ledger, seq)
    proof = archive().ledger.proof(seq)
    head: Checkpoint = archive().ledger.signer.verifier.open(proof["checkpoint"])
    return render_template(
        "audit_entry.html",
        row=_rows([row])[0],
        body=_indented(row.body),
        proof={
            "seq": seq,
            "leaf": proof["leaf_hash"],
            "size": head.size,
            "root": head.root.hex(),
            "checkpoint": proof["checkpoint"],
        },
        path=proof["path"],
        public_key=proof["public_key"],
        next_seq=seq + 1 if seq < head.size else None,
    )


def _indented(body: str) -> str:
    try:
        return json.dumps(json.loads(body), ensure_ascii=False, indent=2)
    except ValueError:
        return body
