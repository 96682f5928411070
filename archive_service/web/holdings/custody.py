"""The storerooms: what is due, rooms with their climate and rounds, shelves, boxes and what lies in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from archive_service.audit import acts
from archive_service.custody.care import Due
from archive_service.custody.model import ALARM_WORDS, DAMAGE_KINDS, ROUND_ITEMS, USUAL_LIMITS, WIDTHS
from archive_service.errors import NotFound
from archive_service.people.policy import Action, require
from archive_service.reports.box_papers import box_label, box_note
from archive_service.reports.labels import labels, spines
from archive_service.reports.pdf import as_pdf
from archive_service.reports.xlsx import as_xlsx
from archive_service.web.here import archive, done, language, local_time, names_of, person, t, words
from archive_service.web.holdings.catalogue import fonds_options

blueprint = Blueprint("custody", __name__, url_prefix="/custody")

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("/")
def page() -> str:
    """Show what is due, and all rooms."""
    rooms = archive().places.rooms(person())
    today = archive().clock.today()
    due = archive().care.calendar(person())
    return render_template(
        "custody.html",
        due=[{**_due(one), "late": one.on < today or one.kind == "alarm", "on": one.on.isoformat()} for one in due],
        rooms=[{"code": room.code, "name": room.name, "limits": _limits(room)} for room in rooms],
        usual=dict(zip(("coldest", "warmest", "driest", "dampest"), USUAL_LIMITS, strict=True)),
    )


@blueprint.post("/rooms")
def open_room() -> AnyResponse:
    """Open a room."""
    code = archive().places.open_room(person(), request.form)
    done(f"已设立库房 {code}。", f"Storeroom {code} is open.")
    return redirect(url_for("custody.room", code=code), 303)


@blueprint.get("/rooms/<code>")
def room(code: str) -> str:
    """Show a room: climate, rounds, damage, shelves and boxes, with the forms to enter them."""
    found = archive().places.room(person(), code)
    care, places = archive().care, archive().places
    readings, rounds = care.readings(person(), code), care.rounds(person(), code)
    damages = care.damages(person(), code)
    names = names_of([*(one.read_by for one in readings), *(one.made_by for one in rounds)])
    shelves = places.shelves(person(), code)
    return render_template(
        "custody_room.html",
        room=found,
        limits=_limits(found),
        typed={name: _tenths(getattr(found, name)) for name in ("coldest", "warmest", "driest", "dampest")},
        readings=[_reading(one, names) for one in readings],
        rounds=[_round(one, names) for one in rounds],
        damages=[_damage(one) for one in damages],
        shelves=[(one.id, one.code, one.boxes, one.holds) for one in shelves],
        free=[(one.id, f"{one.code}（{one.boxes}/{one.holds}）") for one in shelves if one.boxes < one.holds],
        boxes=places.boxes(person(), code),
        items=[(name, words(text)) for name, text in ROUND_ITEMS.items()],
        kinds=[(name, words(text)) for name, text in DAMAGE_KINDS.items()],
        fonds=fonds_options(),
        widths=[(str(one), f"{one} mm") for one in WIDTHS],
        today=archive().clock.today().isoformat(),
    )


@blueprint.post("/rooms/<code>/<deed>")
def enter(code: str, deed: str) -> AnyResponse:
    """Enter what was done in a room: a reading, a round, damage, limits, a shelf, a box."""
    doing = ENTERED.get(deed)
    if doing is None:
        require(person(), Action.KEEP_STORE)
        raise NotFound("没有这样的登记。", "There is nothing of this kind to enter.")
    doing(code, request.form)
    return redirect(url_for("custody.room", code=code), 303)


def _enter_reading(code: str, form: Mapping[str, str]) -> None:
    alarm = archive().care.read_climate(person(), code, form)
    done(
        "已登记" + (f"；超限：{_alarm(alarm)}。" if alarm else "。"),
        "Entered" + (f"; beyond the limits: {_alarm(alarm)}." if alarm else "."),
    )


def _enter_round(code: str, form: Mapping[str, str]) -> None:
    faults = archive().care.walk(person(), code, form)
    done(f"检查已登记，{faults} 项有问题。", f"The round is entered; {faults} not in order.")


def _enter_damage(code: str, form: Mapping[str, str]) -> None:
    archive().care.report_damage(person(), code, form)
    done("损坏已登记。", "The damage is entered.")


def _enter_limits(code: str, form: Mapping[str, str]) -> None:
    archive().places.set_limits(person(), code, form)
    done("限值已更改。", "The limits are changed.")


def _enter_shelf(code: str, form: Mapping[str, str]) -> None:
    archive().places.add_shelf(person(), code, form.get("shelf", ""), form.get("holds", ""))
    done("已增设架位。", "The shelf is set up.")


def _enter_box(code: str, form: Mapping[str, str]) -> None:
    del code
    box_no = archive().places.make_box(person(), form)
    done(f"已设立档案盒 {box_no}。", f"Box {box_no} is set up.")


ENTERED = {
    "readings": _enter_reading,
    "rounds": _enter_round,
    "damages": _enter_damage,
    "limits": _enter_limits,
    "shelves": _enter_shelf,
    "boxes": _enter_box,
}


@blueprint.post("/damages/<damage_id>")
def repair(damage_id: str) -> AnyResponse:
    """Enter that damage was repaired."""
    archive().care.repair(person(), damage_id, request.form.get("repair", ""))
    done("修复已登记。", "The repair is entered.")
    return redirect(url_for("custody.page"), 303)


@blueprint.get("/boxes/<box_no>")
def box(box_no: str) -> str:
    """Show a box: what lies in it and where it has been."""
    found = archive().places.box(person(), box_no)
    moves = archive().places.history(person(), found.id)
    names = names_of([one.moved_by for one in moves])
    shelves = archive().places.shelves(person())
    return render_template(
        "custody_box.html",
        box=found,
        lying=archive().places.contents(person(), box_no),
        moves=[
            {
                "when": local_time(one.moved_at),
                "machine": one.moved_at,
                "sentence": f"{one.came_from} → {one.went_to}{t('：', ': ')}{one.reason}",
                "who": names.get(one.moved_by, ""),
            }
            for one in moves
        ],
        shelves=[
            (one.id, f"{one.room} {one.code}") for one in shelves if one.boxes < one.holds and one.id != found.shelf_id
        ],
    )


@blueprint.post("/boxes/<box_no>/<deed>")
def handle(box_no: str, deed: str) -> AnyResponse:
    """Put papers in, take one out, carry the box elsewhere, or write its note."""
    places, form = archive().places, request.form
    places.box(person(), box_no)
    if deed == "put":
        moved = places.put(person(), box_no, form.get("codes", "").splitlines(), form.get("reason", ""))
        done(f"已放入 {moved} 件。", f"{moved} put in.")
    elif deed == "take":
        places.take_out(person(), form.get("code", ""), form.get("reason", ""))
        done("已取出。", "Taken out.")
    elif deed == "move":
        places.move_box(person(), box_no, form.get("shelf", ""), form.get("reason", ""))
        done("已移动。", "Moved.")
    elif deed == "note":
        places.note_box(person(), box_no, form.get("note", ""))
        done("备考表已保存。", "The note is kept.")
    else:
        raise NotFound("没有这样的操作。", "There is nothing of this kind to do.")
    return redirect(url_for("custody.box", box_no=box_no), 303)


@blueprint.get("/boxes/<box_no>/<paper>.<form>")
def printed(box_no: str, paper: str, form: str) -> Response:
    """Hand out the spine, the label or the note of a box; the log notes who took which."""
    found, lying = archive().places.box(person(), box_no), archive().places.contents(person(), box_no)
    settings = archive().settings.archive
    if (paper, form) not in {("spine", "pdf"), ("label", "pdf"), ("note", "pdf"), ("note", "xlsx")}:
        raise NotFound("没有这种打印件。", "There is no such paper.")
    if paper == "note":
        register = box_note(
            found, lying, t(settings.name_zh, settings.name_en), archive().clock.today().isoformat(), language()
        )
        data = as_pdf(register) if form == "pdf" else as_xlsx(register)
    else:
        name = dict(fonds_options()).get(found.fonds_no, "").partition(" ")[2]
        label = box_label(found, lying, name, language())
        data = (spines if paper == "spine" else labels)([label], box_no)
    archive().ledger.note(person().id, acts.REGISTER_WRITTEN, "register", f"box-{paper}", rows=len(lying))
    response = Response(data, mimetype="application/pdf" if form == "pdf" else XLSX)
    response.headers["Content-Disposition"] = (
        f"attachment; filename*=UTF-8''{quote(f'{box_no}-{paper}.{form}', safe='')}"
    )
    return response


def _limits(room: Any) -> str:
    return f"{_tenths(room.coldest)} – {_tenths(room.warmest)} ℃ · {_tenths(room.driest)} – {_tenths(room.dampest)} %"


def _tenths(value: int) -> str:
    return f"{value / 10:g}"


def _alarm(alarm: str) -> str:
    return t("、", ", ").join(words(ALARM_WORDS[one]) for one in alarm.split())


def _due(one: Due) -> dict[str, str]:
    kinds = {
        "alarm": ("failed", t("温湿度超限", "Climate beyond limits")),
        "reading": ("queued", t("登记温湿度", "Read the climate")),
        "round": ("queued", t("库房检查", "Walk through the room")),
        "repair": ("due", t("修复", "Repair")),
    }
    badge, what = kinds[one.kind]
    more = _alarm(one.what) if one.kind == "alarm" else words(DAMAGE_KINDS[one.what]) if one.kind == "repair" else ""
    return {"badge": badge, "what": what, "more": more, "room": one.room}


def _reading(one: Any, names: Mapping[str, str]) -> dict[str, str]:
    return {
        "when": local_time(one.read_at),
        "temperature": _tenths(one.temperature),
        "humidity": _tenths(one.humidity),
        "alarm": _alarm(one.alarm),
        "remedy": one.remedy,
        "who": names.get(one.read_by, ""),
    }


def _round(one: Any, names: Mapping[str, str]) -> dict[str, Any]:
    answers = json.loads(one.answers)
    wrong = [
        (words(ROUND_ITEMS[name]), note)
        for name, (state, note) in answers.items()
        if state == "fault" and name in ROUND_ITEMS
    ]
    return {"on": one.made_on.isoformat(), "wrong": wrong, "who": names.get(one.made_by, "")}


def _damage(one: Any) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": words(DAMAGE_KINDS.get(one.kind, DAMAGE_KINDS["other"])),
        "what": one.what,
        "by": one.repair_by.isoformat(),
        "reported": local_time(one.reported_at),
        "repaired": local_time(one.repaired_at),
        "repair": one.repair or "",
    }
