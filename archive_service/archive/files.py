"""The files that an archive is made of beside its parts: keys, plan, schedule, lists, the installation's id."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from archive_service.catalog.classification.checklist import SHIPPED as SHIPPED_CASE_KIND
from archive_service.catalog.classification.checklist import load_case_kind
from archive_service.catalog.classification.plan import SHIPPED
from archive_service.catalog.classification.schedules import read_files
from archive_service.catalog.formats.accepted import SHIPPED as SHIPPED_FORMATS
from archive_service.catalog.formats.accepted import load_formats
from archive_service.config import Settings
from archive_service.errors import ArchiveError, BadSettings
from archive_service.vault import read_key_file
from archive_service.vault.configured import one_place_twice, placement_faults
from retention_policies import default_schedule_path

KEY_NAMES = ("root", "log", "session")


def is_founded(settings: Settings) -> bool:
    """Say whether there is an archive in the data directory."""
    return _install_file(settings).is_file()


def file_faults(settings: Settings) -> list[str]:
    """Return what is wrong with the files that the settings name: keys (of a founded archive), plan, schedule, formats."""
    return _read_files(settings)[2]


def checked_files(settings: Settings) -> tuple[dict[str, bytes], tuple[Any, Any, str]]:
    """Read keys, plan and schedule, and collect the faults of all of them before saying any."""
    keys, loaded, faults = _read_files(settings)
    if faults or loaded is None:
        raise BadSettings(faults)
    return keys, loaded


def _read_files(settings: Settings) -> tuple[dict[str, bytes], tuple[Any, Any, str] | None, list[str]]:
    faults: list[str] = []
    keys: dict[str, bytes] = {}
    named = f"{settings.source}: " if settings.source else ""
    faults += placement_faults(settings)
    faults += one_place_twice(settings)
    for name in key_names(settings) if is_founded(settings) else ():
        try:
            keys[name] = read_key_file(settings.key_file(name))  # type: ignore[arg-type]
        except ArchiveError as error:
            faults.append(f"{named}[keys] {name}: {error.text.zh} {error.text.en}")
    plan, schedule = settings.chosen_file("plan", SHIPPED), settings.chosen_file("schedule", default_schedule_path())
    faults += _list_faults(settings, named)
    try:
        loaded = read_files(plan, schedule)
    except BadSettings as error:
        chosen = {str(plan): settings.catalog.plan and "plan", str(schedule): settings.catalog.schedule and "schedule"}
        return keys, None, faults + [f"{_chosen_by(fault, chosen, named)}{fault}" for fault in error.faults]
    return keys, loaded, faults


def _list_faults(settings: Settings, named: str) -> list[str]:
    """Return what is wrong with the lists of formats and of what a case file should hold."""
    faults: list[str] = []
    lists: tuple[tuple[Literal["formats", "case_kind"], Callable[[Path], object], Path], ...] = (
        ("formats", load_formats, SHIPPED_FORMATS),
        ("case_kind", load_case_kind, SHIPPED_CASE_KIND),
    )
    for key, read, shipped in lists:
        try:
            read(settings.chosen_file(key, shipped))
        except BadSettings as error:
            chosen = getattr(settings.catalog, key)
            faults += [f"{named}[catalog] {key}: {fault}" if chosen else fault for fault in error.faults]
    return faults


def _chosen_by(fault: str, chosen: dict[str, str], named: str) -> str:
    """Say which setting led to the file that a fault is about; the shipped files were chosen by none."""
    key = next((key for path, key in chosen.items() if key and fault.startswith(path)), "")
    return f"{named}[catalog] {key}: " if key else ""


def key_names(settings: Settings) -> tuple[str, ...]:
    """Return the key files that these settings need: the root key is one only where a key file keeps it."""
    return KEY_NAMES if settings.keys.custodian == "key-file" else KEY_NAMES[1:]


def install_id_of(settings: Settings) -> str:
    """Return the id of the installation, which its stores and its keyring carry."""
    return str(json.loads(_install_file(settings).read_text(encoding="utf-8"))["install"])


def _install_file(settings: Settings) -> Path:
    return settings.data_dir / "install.json"


def write_install(settings: Settings, install: str) -> None:
    """Write which installation lies in the data directory, durably."""
    aside = settings.data_dir / "install.json.new"
    with aside.open("w", encoding="utf-8") as file:
        json.dump({"install": install, "format": 1}, file)
        file.flush()
        os.fsync(file.fileno())
    aside.rename(_install_file(settings))


def origin(install: str) -> str:
    """Return the name of an installation's log, as its checkpoints bear it."""
    return f"archive-service/{install[:12]}"
