"""The machine checks of the four properties on one record that is in the archive, each with its evidence."""

from __future__ import annotations

from archive_service.catalog.formats.accepted import FormatList
from archive_service.catalog.properties.authenticity import authenticity
from archive_service.catalog.properties.integrity import integrity
from archive_service.catalog.properties.items import ITEMS, Outcome, Result, Stage
from archive_service.catalog.properties.scanner import Scanner
from archive_service.catalog.properties.security import keeping, security
from archive_service.catalog.properties.subject import Check, Subject, read_file
from archive_service.catalog.properties.usability import usability
from archive_service.errors import Text
from archive_service.vault import Vault


def check(subject: Subject, stage: Stage, vault: Vault, scanner: Scanner, formats: FormatList) -> list[Outcome]:
    """Make every check of a stage; each file is read once."""
    read = [read_file(vault, subject, file, scanner) for file in subject.files]
    made: dict[str, Check] = {
        **authenticity(subject, read),
        **integrity(subject, read),
        **usability(subject, read, formats),
        **security(subject, read, scanner),
        **keeping(subject),
    }
    nothing: Check = (Result.NA, Text("此件不是信息包。", "This is a single record, no package."))
    return [Outcome(item.number, *made.get(item.number, nothing)) for item in ITEMS.values() if stage in item.stages]


def unreadable(stage: Stage, why: Text) -> list[Outcome]:
    """Return what is to be said of a record whose entry itself cannot be read: that, and that nothing else was checked."""
    rest = Text("著录不能读出，此项未检测。", "Not checked: the entry cannot be read.")
    made: dict[str, Check] = {"U2": (Result.FAIL, why)}
    return [
        Outcome(item.number, *made.get(item.number, (Result.MANUAL, rest)))
        for item in ITEMS.values()
        if stage in item.stages
    ]
