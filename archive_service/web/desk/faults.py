"""A fault on the page of a list: at which form it stands, and which item lies on the desk then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import request

from archive_service.errors import NotFound


@dataclass(frozen=True)
class Fault:
    """What went wrong with which form, and what had been typed into it; passwords are never given back."""

    form: str
    sentence: str
    typed: Mapping[str, str]


def at_its_form(
    fault: Fault, forms: set[str], items: list[dict[str, Any]], left: list[int], at_desk: dict[str, Any] | None
) -> bool:
    """Say whether the form that a fault belongs to still stands on the page; else it is said at the top."""
    if fault.form not in forms:
        return False
    if fault.form == "appraise":
        return at_desk is not None and bool(at_desk["waits"]) and bool(at_desk["visible"])
    if fault.form == "strike":
        wanted = fault.typed.get("position", "")
        return at_desk is None and any(item["waits"] and str(item["position"]) == wanted for item in items)
    return fault.form != "rest" or bool(left)


def chosen(items: list[dict[str, Any]], left: list[int], forms: set[str], fault: Fault | None) -> dict[str, Any] | None:
    """Return the item on the desk: the one asked for, or for an appraiser the first without an opinion."""
    wanted = request.args.get("item", "")
    if fault and fault.form == "appraise":
        wanted = fault.typed.get("position", "")
    if not wanted and "appraise" in forms and left and "table" not in request.args and fault is None:
        wanted = str(left[0])
    found = next((item for item in items if str(item["position"]) == wanted), None)
    if wanted and found is None:
        raise NotFound(f"清册中没有第 {wanted} 项。", f"The list has no item {wanted}.")
    return found
