"""Transfer 移交: from an approved list to a package, its handing over, its receipt, and the list that removes ours."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, render_template, request, url_for
from flask import redirect as to_page
from werkzeug.wrappers import Response as AnyResponse

from archive_service.catalog.dates import parse_date
from archive_service.disposal.transfer.receipt_note import LARGEST
from archive_service.disposal.transfer_custody import NATURES, PackageState
from archive_service.errors import ArchiveError, BadInput, Forbidden, NotFound
from archive_service.people.policy import Action, require
from archive_service.vault.configured import outlet
from archive_service.web.desk import transfers_shown as shown
from archive_service.web.desk.faults import Fault
from archive_service.web.desk.words import joined, timeline_of
from archive_service.web.errors import note_refusal, status_of
from archive_service.web.here import archive, done, in_place, language, may, person, t, words
from archive_service.web.holdings.reports import handed_out
from archive_service.web.second import SecondWanted, second_again, sign_again

blueprint = Blueprint("transfers", __name__, url_prefix="/disposal/transfers")

Answer = AnyResponse | tuple[str, int]
DOWNLOAD = "@download"
"""Stands for the browser among the targets; no name of a target can look like it."""


@blueprint.get("/")
def page() -> str:
    """Show every package, and the lists that wait to be put into one."""
    return _page()


def _page(fault: Fault | None = None) -> str:
    found = archive().transfers.all(person())
    return render_template(
        "transfers.html",
        section="disposal",
        rows=[shown.line(view) for view in found],
        waiting=archive().transfers.waiting(person()),
        natures=[(key, words(text)) for key, text in NATURES.items()],
        keys=shown.keys(archive().receiver_keys.all(person())),
        receivers=sorted({view.row.receiver for view in found}),
        acts=may(Action.TRANSFER),
        fault=fault,
    )


@blueprint.post("/")
def prepare() -> Answer:
    """Freeze what a list decided to hand over into a package."""

    def act() -> AnyResponse:
        form = request.form
        made = archive().transfers.prepare(
            person(), form.get("list_no", ""), form.get("receiver", ""), form.get("nature", "transfer")
        )
        done(f"移交包 {made.package_no} 已编定：{made.items} 件。", f"Package {made.package_no}: {made.items} records.")
        if made.left_out:
            named = joined(list(made.left_out))
            done(f"未列入（密封或不在库）：{named}。", f"Left out (sealed off, or not in the archive): {named}.")
        if made.to_sign:
            named = joined(list(made.to_sign))
            done(
                f"四性检测待人工签认（不影响移交）：{named}。",
                f"The four-property check waits for a signature (this holds nothing up): {named}.",
            )
        return _to(made.package_no)

    return _do(None, "prepare", act)


# ------------------------------------------------------------------------------------------------- receivers' keys


@blueprint.post("/keys")
def propose_key() -> Answer:
    """Enter a receiver's public key; another person confirms it."""

    def act() -> AnyResponse:
        sign_again()
        archive().receiver_keys.propose(person(), request.form.get("receiver", ""), request.form.get("vkey", ""))
        done("公钥已登记，待另一人确认。", "The key is entered; another person confirms it now.")
        return to_page(url_for("transfers.page"), 303)

    return _do(None, "key", act)


@blueprint.post("/keys/<key_id>/confirm")
def confirm_key(key_id: str) -> Answer:
    """Confirm a key that another entered."""

    def act() -> AnyResponse:
        sign_again()
        archive().receiver_keys.confirm(person(), key_id, request.form.get("vkey", ""))
        done("公钥已确认：由它签名的回执从此有效。", "The key is confirmed: receipts that it signs are believed now.")
        return to_page(url_for("transfers.page"), 303)

    return _do(None, f"key-{key_id}", act)


@blueprint.post("/keys/<key_id>/retire")
def retire_key(key_id: str) -> AnyResponse:
    """Believe nothing more that a key signs."""
    archive().receiver_keys.retire(person(), key_id)
    done("公钥已停用。", "The key is retired.")
    return to_page(url_for("transfers.page"), 303)


# ------------------------------------------------------------------------------------------------- one package


@blueprint.get("/<package_no>")
def one(package_no: str) -> str:
    """Show a package: where it stands, what comes next and who may do it, what it holds, what was done."""
    return _one(package_no)


def _one(package_no: str, fault: Fault | None = None) -> str:
    view = archive().transfers.view(person(), package_no)
    names, forms = shown.names_in(view), shown.forms(view)
    return render_template(
        "transfer.html",
        section="disposal",
        row=view.row,
        badge=shown.badge(view.row.state),
        sentence=shown.sentence(view, names),
        steps=shown.way(view, names),
        turn=shown.turn(view),
        facts=shown.facts(view, names),
        items=[shown.item(one) for one in view.items],
        forms=forms,
        targets=[(name, name) for name in sorted(archive().settings.transfer_targets)]
        + [(DOWNLOAD, t("下载到本机（一个 tar 文件）", "Download to this computer (one tar file)"))],
        fault=fault,
        fault_above=fault is not None and fault.form not in forms,
        today=archive().clock.today().isoformat(),
        written=view.row.state != PackageState.PREPARED,
        history=timeline_of(view.done),
    )


@blueprint.post("/<package_no>/write")
def write(package_no: str) -> Answer:
    """Write a package to a target, or into the browser; it is handed over from then on."""

    def act() -> AnyResponse:
        sign_again()
        target, recipient = request.form.get("target", ""), request.form.get("recipient", "").strip()
        writing = archive().transfer_writing
        if target == DOWNLOAD:
            name, pieces = writing.download(person(), package_no, recipient)
            head = {"Content-Disposition": f'attachment; filename="{name}"'}
            return Response(pieces, mimetype="application/octet-stream", headers=head)
        made = writing.write(person(), package_no, outlet(archive().settings, target), recipient)
        done(f"已交出：{made.place}", f"Handed over: {made.place}")
        return _to(package_no)

    return _do(package_no, "write", act)


@blueprint.post("/<package_no>/receipt")
def receipt(package_no: str) -> Answer:
    """Enter what a receipt on paper says; another person confirms it from the paper."""

    def act() -> AnyResponse:
        require(person(), Action.TRANSFER)
        sign_again()
        form, receipts = request.form, archive().transfer_receipts
        on = parse_date(form.get("received_on", ""))
        receipts.tell(person(), package_no, form.get("receipt_no", ""), on, form.get("digest", ""))
        done("回执已登记，待另一人照原件确认。", "Entered; another person confirms it from the paper now.")
        return _to(package_no)

    return _do(package_no, "receipt", act)


@blueprint.post("/<package_no>/confirm")
def confirm(package_no: str) -> Answer:
    """Confirm, from the paper itself, a receipt that another entered; custody moves."""

    def act() -> AnyResponse:
        sign_again()
        form = request.form
        archive().transfer_receipts.confirm(person(), package_no, form.get("receipt_no", ""), form.get("digest", ""))
        done("回执已确认，移交完成。", "The receipt is confirmed; custody has moved.")
        return _to(package_no)

    return _do(package_no, "confirm", act)


@blueprint.post("/<package_no>/strike")
def strike(package_no: str) -> Answer:
    """Take back the entry of a receipt that is not confirmed yet."""

    def act() -> AnyResponse:
        archive().transfer_receipts.strike(person(), package_no)
        done("已撤销回执登记。", "The entry of the receipt is taken back.")
        return _to(package_no)

    return _do(package_no, "strike", act)


@blueprint.post("/<package_no>/signed")
def signed(package_no: str) -> Answer:
    """Take in a receipt that a registered key of the receiver signed; custody moves."""

    def act() -> AnyResponse:
        require(person(), Action.TRANSFER)
        given = request.files.get("file")
        raw = given.read(LARGEST + 1) if given else b""
        try:
            note = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise BadInput("回执文件须为 UTF-8 文本。", "A signed receipt is text in UTF-8.") from error
        moved = archive().transfer_receipts.take_signed(person(), note)
        done(f"签名回执有效，移交包 {moved} 移交完成。", f"The signed receipt is sound; custody of {moved} has moved.")
        return _to(moved)

    return _do(package_no, "signed", act)


@blueprint.post("/<package_no>/return")
def take_back(package_no: str) -> Answer:
    """Note that the receiver returned the package; custody stays here."""

    def act() -> AnyResponse:
        archive().transfers.take_back(person(), package_no, request.form.get("reason", ""))
        done(
            "已登记退回；档案仍归本馆保管，可另行编包。", "Noted as returned; custody stays here, another can be made."
        )
        return _to(package_no)

    return _do(package_no, "return", act)


@blueprint.post("/<package_no>/removal")
def removal(package_no: str) -> Answer:
    """Draw up the separate list of what was transferred and is still kept here."""

    def act() -> AnyResponse:
        years = archive().settings.disposal.keep_after_transfer_years
        drawn = archive().transfers.open_removal(person(), package_no, years, archive().disposal)
        done(f"清册 {drawn.list_no} 已编制：{drawn.items} 件。", f"List {drawn.list_no}: {drawn.items} records.")
        return to_page(url_for("disposal_list.page", list_no=drawn.list_no), 303)

    return _do(package_no, "removal", act)


@blueprint.get("/<package_no>/<paper>.<form>")
@second_again
def papers(package_no: str, paper: str, form: str) -> Response:
    """Hand out the transfer list 移交清册 the deed 交接文据 or the form 登记表; the log notes who took it."""
    made = archive().transfer_papers
    drawn = {"list": made.register, "deed": made.deed, "form": made.form}
    if paper not in drawn or form not in ("pdf", "xlsx"):
        raise NotFound("没有这种文件。", "There is no such paper.")
    return handed_out(drawn[paper](person(), package_no, language()), form)


def _do(package_no: str | None, form: str, act: Callable[[], AnyResponse]) -> Answer:
    """Do something; a fault is said at its form with what was typed, by a script there or by the page again."""
    try:
        return act()
    except ArchiveError as error:
        if in_place() or isinstance(error, SecondWanted) or not may(Action.SEE_DISPOSAL):
            raise
        if package_no is not None:
            archive().transfers.view(person(), package_no)  # an unknown package is a page of its own
        if isinstance(error, Forbidden):
            note_refusal()
        typed = {name: value for name, value in request.form.items() if name not in ("password", "csrf_token")}
        fault = Fault(form, words(error.text), typed)
        return _page(fault) if package_no is None else _one(package_no, fault), status_of(error)


def _to(package_no: str) -> AnyResponse:
    return to_page(url_for("transfers.one", package_no=package_no), 303)
