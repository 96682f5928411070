"""The papers of a transfer (DOMAIN 2.6): 移交清册 lists what goes, 交接文据 is signed by both sides and bears the digest."""

from __future__ import annotations

from dataclasses import dataclass

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.catalog.browse import Catalogue, Line
from archive_service.disposal.transfer_custody import NATURES, PACKAGE_WORDS, PackageState
from archive_service.disposal.transfer_views import PackageView
from archive_service.disposal.transfers import Transfers
from archive_service.errors import Text
from archive_service.people.model import LEVEL_WORDS, Person
from archive_service.reports.catalogues import CODE, DATE, LEVEL, NUMBER, PERIOD, TITLE
from archive_service.reports.register import Column, Kind, Register

SUBJECT = Column(Text("项目", "Item"), 20)
CONTENT = Column(Text("内容", "Content"), 60)
FIGURE = Column(Text("数量", "Quantity"), 20, Kind.NUMBER)


@dataclass(frozen=True)
class TransferPapers:
    """Draws up the papers of a package for a person, in a language."""

    ledger: Ledger
    catalogue: Catalogue
    transfers: Transfers
    unit: Text

    def register(self, actor: Person, package_no: str, language: str) -> Register:
        """Draw up 移交清册; a title that the person may not see is left blank, its code stands there as in every list."""
        view, lines = self._found(actor, package_no)
        rows: list[tuple[str | int, ...]] = []
        for number, code in enumerate(view.codes, 1):
            line = lines.get(code)
            rows.append((number, code, *_words(line, language)))
        name = Text("移交清册", "Transfer list")
        columns = (NUMBER, CODE, TITLE, DATE, LEVEL, PERIOD)
        signed = (Text("移交人", "Handed over by"), Text("接收人", "Received by"))
        return self._written(actor, view, name, columns, rows, signed, language)

    def deed(self, actor: Person, package_no: str, language: str) -> Register:
        """Draw up 交接文据 with the figures of the package and its digest, for both sides to sign."""
        view, lines = self._found(actor, package_no)
        row, dates = view.row, sorted(line.document_date for line in lines.values())
        algorithm = Text("数字摘要（SHA-256，tagmanifest-sha256.txt）", "Digest (SHA-256 of tagmanifest-sha256.txt)")
        told: list[tuple[Text, str, int | str]] = [
            (Text("接收单位", "Receiver"), row.receiver, ""),
            (Text("交接性质", "Nature"), NATURES[row.nature].in_language(language), ""),
            (Text("档案起止日期", "Dates of the records"), f"{dates[0]} – {dates[-1]}" if dates else "", ""),
            (Text("档案", "Records"), Text("件", "items").in_language(language), len(view.codes)),
            (
                Text("包内文件", "Files in the package"),
                Text("个", "files").in_language(language),
                row.payload_files or "",
            ),
            (Text("数据量", "Volume"), Text("字节", "bytes").in_language(language), row.payload_bytes or ""),
            (algorithm, row.digest or "", ""),
            (Text("回执编号", "Receipt no."), row.receipt_no or "", ""),
            (Text("移出说明", "Sender's explanation"), "", ""),
            (Text("接收意见", "Receiver's opinion"), row.returned_reason or "", ""),
        ]
        rows: list[tuple[str | int, ...]] = [
            (subject.in_language(language), content, figure) for subject, content, figure in told
        ]
        name = Text("档案交接文据", "Deed of transfer")
        signed = (
            Text("移出单位负责人（盖章）", "For the sender (seal)"),
            Text("移出经办人", "Handled for the sender by"),
            Text("接收单位负责人（盖章）", "For the receiver (seal)"),
            Text("接收经办人", "Handled for the receiver by"),
        )
        return self._written(actor, view, name, (SUBJECT, CONTENT, FIGURE), rows, signed, language)

    def _found(self, actor: Person, package_no: str) -> tuple[PackageView, dict[str, Line]]:
        view = self.transfers.view(actor, package_no)
        return view, {line.code: line for line in self.catalogue.by_codes(actor, view.codes)}

    def _written(
        self,
        actor: Person,
        view: PackageView,
        name: Text,
        columns: tuple[Column, ...],
        rows: list[tuple[str | int, ...]],
        signed: tuple[Text, ...],
        language: str,
    ) -> Register:
        state = PACKAGE_WORDS[PackageState(view.row.state)].in_language(language)
        fields = [
            (Text("移交包", "Package").in_language(language), view.row.package_no),
            (Text("处置清册", "Disposal list").in_language(language), view.list_no),
            (Text("状态", "State").in_language(language), state),
        ]
        self.ledger.note(actor.id, acts.REGISTER_WRITTEN, "transfer_package", view.row.id, rows=len(rows))
        return Register(
            title=name.in_language(language),
            unit=self.unit.in_language(language),
            drawn_up_on=self.ledger.clock.today().isoformat(),
            fields=fields,
            columns=columns,
            rows=rows,
            signatures=[one.in_language(language) for one in signed],
            language=language,
        )


def _words(line: Line | None, language: str) -> tuple[str, str, str, str]:
    if line is None:
        return "", "", "", ""
    return line.title, line.document_date, LEVEL_WORDS[line.level].in_language(language), line.period
