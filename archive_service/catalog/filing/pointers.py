"""Pointers: that a paper exists which must not come in, and where it is kept, without a word of what it says.

State secrets are kept under the secrecy rules and never here (Archives Law art. 20). So that a case file is still
whole on its shelf list, a pointer is filed in their place: a record like any other, whose only file says where to ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from archive_service.catalog.model import NewRecord, SourceFile
from archive_service.catalog.names import one_line
from archive_service.errors import BadInput


@dataclass(frozen=True)
class Pointer:
    """All that may be said of a paper that is not here: its entry in the secrecy register, and who keeps it."""

    fonds_no: str
    type_code: str
    document_date: date
    register_no: str
    kept_by: str
    case_no: str | None = None
    parent: str | None = None
    key: str | None = None


def record_of(pointer: Pointer) -> NewRecord:
    """Return the record that stands for the paper; ``BadInput`` if register number or keeper is missing."""
    number = one_line(pointer.register_no, "保密登记号", "The number in the secrecy register", 60)
    keeper = one_line(pointer.kept_by, "保管部门", "The department that keeps it", 100)
    if not number or not keeper:
        raise BadInput(
            "请填写保密登记号和保管部门。", "Give the number in the secrecy register and the department that keeps it."
        )
    said = (
        "线索登记 Pointer\n\n"
        "原件涉及国家秘密，按保密规定另行保管，本库不存其任何内容。\n"
        "The original holds a state secret, is kept under the secrecy rules, and no word of it is in this archive.\n\n"
        f"保密登记号 Number in the secrecy register: {number}\n"
        f"保管部门 Kept by: {keeper}\n"
        f"文件日期 Document date: {pointer.document_date.isoformat()}\n"
    )
    return NewRecord(
        fonds_no=pointer.fonds_no,
        case_no=pointer.case_no,
        type_code=pointer.type_code,
        title=f"涉密文件线索（登记号 {number}）",
        document_date=pointer.document_date,
        note=f"原件存：{keeper}",
        parent=pointer.parent,
        files=(SourceFile("线索登记.txt", lambda: [said.encode()]),),
        key=pointer.key,
    )
