"""The addresses for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

from apiflask import APIBlueprint, HTTPError, Schema
from apiflask.fields import Date, File, Integer, List, String
from apiflask.validators import Length, Range
from flask import Response, current_app, g, request
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import HTTPException

from archive_service.api import problems
from archive_service.archive import Archive
from archive_service.catalog.collecting.duplicates import same_elsewhere
from archive_service.catalog.model import NewRecord, SourceFile
from archive_service.catalog.records.browse import Line
from archive_service.disposal.holds.holds import NewHold
from archive_service.errors import ArchiveError, BadInput, Forbidden, NotFound, Text
from archive_service.people.model import Person
from archive_service.people.policy import Action, require
from archive_service.people.tokens import AUDIT, DISPOSE, FILE, READ

blueprint = APIBlueprint("api", __name__, url_prefix="/api/v1", tag="Archive")
blueprint.register_error_handler(ArchiveError, problems.of_ours)
blueprint.register_error_handler(HTTPError, problems.of_http)
blueprint.register_error_handler(Exception, problems.of_unknown)

PIECE = 1024 * 1024
NO_TOKEN = Text("需要有效的 API 令牌。", "A valid API token is needed.")

NO_FACTOR = Text(
    "您的角色须有第二因素：请先在网页的“登录安全”中添加。",
    "Your role needs a second factor: add one at the pages, under sign-in security, first.",
)


class Asked(Schema):
    """What a search asks for."""

    q = String(required=True, validate=Length(1, 500))
    limit = Integer(load_default=20, validate=Range(1, 100))
    offset = Integer(load_default=0, validate=Range(0, 100_000))


class Filed(Schema):
    """A record to be filed."""

    fonds = String(required=True, validate=Length(1, 4))
    type = String(required=True, validate=Length(1, 16))
    title = String(required=True, validate=Length(1, 500))
    date = Date(required=True)
    case = String(validate=Length(0, 32))
    level = String(validate=Length(0, 4))
    author = String(load_default="", validate=Length(0, 200))
    document_no = String(load_default="", validate=Length(0, 100))
    note = String(load_default="", validate=Length(0, 2000))
    key = String(validate=Length(1, 64))
    facts = String(
        load_default="",
        validate=Length(0, 4000),
        metadata={"description": 'What the retention rule of the type asks for: a JSON object, such as {"deaths": 0}.'},
    )
    files = List(File(), required=True, validate=Length(1, 100))  # type: ignore[no-untyped-call]


class Happened(Schema):
    """An event of a case file."""

    trigger = String(required=True, validate=Length(1, 32))
    on = Date(required=True)
    exception = String(load_default="", validate=Length(0, 500))


class Corrected(Schema):
    """The right date of an event, and why the one that stands is wrong."""

    on = Date(required=True)
    reason = String(required=True, validate=Length(1, 500))


class Revoked(Schema):
    """Why an event is taken back."""

    reason = String(required=True, validate=Length(1, 500))


class Held(Schema):
    """A hold to be placed."""

    mandate = String(required=True, validate=Length(1, 200))
    reason = String(required=True, validate=Length(1, 500))
    review_on = Date(required=True)
    codes = List(String(validate=Length(1, 200)), load_default=[])
    cases = List(String(validate=Length(1, 32)), load_default=[])


@blueprint.errorhandler(HTTPException)
def _http(error: HTTPException) -> Response:
    return problems.problem(error.code or 500, error.name, problems.NOT_READ)


@blueprint.before_request
def _enter() -> Response | None:
    """Let nobody in without a token that is alive."""
    g.person = None
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    found = _archive().tokens.person(token.strip()) if kind.lower() == "bearer" else None
    if found is None:
        refused = problems.problem(401, "Unauthorized", NO_TOKEN)
        refused.headers["WWW-Authenticate"] = "Bearer"
        return refused
    if _archive().factors.missing(found[0]):
        return problems.problem(403, "Not allowed", NO_FACTOR)
    g.person, g.scopes = found
    return None


def _archive() -> Archive:
    return cast("Archive", current_app.extensions["archive"])


def _person(scope: str) -> Person:
    """Return whose token this is, if it is good for this scope."""
    if scope not in g.scopes:
        raise Forbidden(f"此令牌不含范围“{scope}”。", f"This token does not have the scope {scope!r}.")
    return cast("Person", g.person)


def _line(line: Line) -> dict[str, Any]:
    return {
        "code": line.code,
        "title": line.title,
        "type": line.type_code,
        "level": line.level,
        "date": line.document_date,
        "period": line.period,
        "due_on": line.due_on or None,
        "status": line.status,
        "case": line.case_no or None,
    }


@blueprint.get("/search")
@blueprint.input(Asked, location="query")
@blueprint.doc(security="token", summary="Search titles and texts")
def search(query_data: dict[str, Any]) -> dict[str, Any]:
    """Return what was found, as far as the person of the token may see it."""
    asked = query_data
    found = _archive().search.find(_person(READ), asked["q"], limit=asked["limit"], offset=asked["offset"])
    return {"total": found.total, "hits": [_line(hit.line) for hit in found.hits]}


@blueprint.get("/records/<code>")
@blueprint.doc(security="token", summary="Show a record")
def record(code: str) -> dict[str, Any]:
    """Return a record by its archival code, with its files; no content is in it."""
    whole = _archive().catalogue.find(_person(READ), code)
    files = [
        {"name": one.name, "media_type": one.media_type, "size": one.size, "sha256": one.sha256} for one in whole.files
    ]
    return {**_line(whole.line), "files": files}


@blueprint.get("/records/<code>/retention")
@blueprint.doc(security="token", summary="Explain how long a record is kept")
def explain(code: str) -> dict[str, Any]:
    """Decide anew and return the verdict with its sentence in both languages."""
    decision, whole = _archive().explain(_person(READ), code)
    return {
        "code": whole.line.code,
        "state": decision.state.value,
        "sentence": {"zh": decision.sentence.zh, "en": decision.sentence.en},
        "holds": [hold.reference for hold in decision.holds],
    }


@blueprint.post("/records")
@blueprint.input(Filed, location="form_and_files")
@blueprint.doc(security="token", summary="File a record")
def file(form_and_files_data: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """File a record and return its receipt; with the same ``key`` again, the first receipt."""
    said = form_and_files_data
    actor = _person(FILE)
    key = f"api {actor.id[:8]} {said['key']}"[:64] if said.get("key") else None
    new = NewRecord(
        fonds_no=said["fonds"],
        type_code=said["type"],
        title=said["title"],
        document_date=said["date"],
        files=tuple(_source(one) for one in said["files"]),
        case_no=said.get("case") or None,
        level=said.get("level") or None,
        author=said["author"],
        document_no=said["document_no"],
        note=said["note"],
        facts=_facts(said["facts"]),
        key=key,
    )
    receipt = _archive().accession.file_record(actor, new)
    files = [{"name": name, "size": size, "sha256": digest} for name, size, digest in receipt.files]
    answer = {"code": receipt.archival_code, "record_id": receipt.record_id, "files": files, "seq": receipt.seq}
    more = {"leaf_hash": receipt.leaf_hash, "checkpoint": receipt.checkpoint, "repeated": receipt.repeated}
    more["same_content_as"] = same_elsewhere(_archive().ledger, actor, [receipt]).get(receipt.record_id)
    return {**answer, **more}, 200 if receipt.repeated else 201


def _facts(text: str) -> dict[str, bool | int | str]:
    """Read the answers to a retention rule's questions; the service says which of them it does not know."""
    try:
        said = json.loads(text) if text else {}
    except (ValueError, RecursionError) as error:
        raise _no_facts() from error
    if not isinstance(said, dict) or not all(isinstance(one, bool | int | str) for one in said.values()):
        raise _no_facts()
    return said


def _no_facts() -> BadInput:
    return BadInput(
        '“facts” 应为 JSON 对象，如 {"deaths": 0}，值为整数、真假或文字。',
        'The facts are a JSON object, such as {"deaths": 0}; values are whole numbers, true or false, or text.',
    )


def _source(given: FileStorage) -> SourceFile:
    if not given.filename:
        raise BadInput("文件须有文件名。", "A file needs a name.")

    def chunks() -> Iterator[bytes]:
        given.stream.seek(0)
        while piece := given.stream.read(PIECE):
            yield piece

    return SourceFile(given.filename, chunks)


@blueprint.post("/cases/<case_no>/events")
@blueprint.input(Happened)
@blueprint.doc(security="token", summary="Record an event of a case file")
def event(case_no: str, json_data: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Record that something happened to a case file; the clocks it starts run from then."""
    said = json_data
    _archive().cases.record_event(_person(FILE), case_no, said["trigger"], said["on"], said["exception"])
    return {"case": case_no, "trigger": said["trigger"], "on": said["on"].isoformat()}, 201


@blueprint.get("/cases/<case_no>/events")
@blueprint.doc(security="token", summary="List the events of a case file, revoked ones too")
def events(case_no: str) -> dict[str, Any]:
    """Return what happened to a case file, with what was corrected and why."""
    return {"case": case_no, "events": _events(case_no)}


@blueprint.post("/cases/<case_no>/events/<event_id>/correction")
@blueprint.input(Corrected)
@blueprint.doc(security="token", summary="Correct the date of an event")
def correct_event(case_no: str, event_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
    """Give an event another date; the old one stays to be seen with the reason, and every clock moves at once."""
    actor = _person(FILE)
    _archive().cases.correct_event(actor, _event_of(case_no, event_id), json_data["on"], json_data["reason"])
    return {"case": case_no, "events": _events(case_no)}


@blueprint.post("/cases/<case_no>/events/<event_id>/revocation")
@blueprint.input(Revoked)
@blueprint.doc(security="token", summary="Take an event back")
def revoke_event(case_no: str, event_id: str, json_data: dict[str, Any]) -> dict[str, Any]:
    """Take an event back that did not happen; clocks that it started stop or move."""
    actor = _person(FILE)
    _archive().cases.revoke_event(actor, _event_of(case_no, event_id), json_data["reason"])
    return {"case": case_no, "events": _events(case_no)}


def _event_of(case_no: str, event_id: str) -> str:
    """Return an event's id if it is of that case file: nobody corrects another's by a slip in the address."""
    if event_id not in [one["id"] for one in _events(case_no)]:
        raise NotFound("此案卷没有这一事件。", "This case file has no such event.")
    return event_id


def _events(case_no: str) -> list[dict[str, Any]]:
    require(_person(FILE), Action.KEEP_CASES)
    found = _archive().cases.events(_archive().cases.case(case_no).id)
    return [
        {
            "id": one.id,
            "trigger": one.trigger,
            "on": one.on_date.isoformat(),
            "recorded_at": one.recorded_at,
            "revoked_at": one.revoked_at,
            "revoked_reason": one.revoked_reason,
        }
        for one in found
    ]


@blueprint.get("/holds")
@blueprint.doc(security="token", summary="List the holds that stand")
def holds() -> dict[str, Any]:
    """Return the holds that stand."""
    found = _archive().holds.all(_person(DISPOSE), standing_only=True)
    return {"holds": [{"hold_no": one.hold_no, "review_on": one.review_on.isoformat()} for one in found]}


@blueprint.post("/holds")
@blueprint.input(Held)
@blueprint.doc(security="token", summary="Place a hold")
def place_hold(json_data: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Place a hold on records and case files."""
    said = json_data
    cases = tuple(said["cases"])
    new = NewHold(said["mandate"], said["reason"], said["review_on"], codes=tuple(said["codes"]), case_nos=cases)
    return {"hold_no": _archive().holds.place(_person(DISPOSE), new).hold_no}, 201


@blueprint.get("/disposal-lists")
@blueprint.doc(security="token", summary="List the disposal lists")
def disposal_lists() -> dict[str, Any]:
    """Return the disposal lists with their states; approving and ordering need a person at a page."""
    found = _archive().disposal.all(_person(DISPOSE))
    return {"lists": [{"list_no": one.row.list_no, "state": one.state, "items": one.items} for one in found]}


@blueprint.post("/audit/verify")
@blueprint.doc(security="token", summary="Verify the log")
def verify() -> dict[str, Any]:
    """Check tree, checkpoints and database against each other."""
    require(_person(AUDIT), Action.SEE_AUDIT)
    report = _archive().proof.verify_audit()
    findings = [{"place": one.place, "zh": one.text.zh, "en": one.text.en} for one in report.findings]
    return {"sound": report.sound, "entries": report.entries, "rows": report.rows, "findings": findings}
