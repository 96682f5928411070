"""The papers of a transfer (DOMAIN 2.6): 移交清册 lists what goes, 交接文据 is signed by both sides and bears the digest."""

from __future__ import annotations

from dataclasses import dataclass

from archive_service.audit import acts
from archive_service.audit.ledger import Ledger
from archive_service.catalog.descriptions import describe
from archive_service.catalog.model import Description
from archive_service.catalog.records.browse import Catalogue
from archive_service.disposal.transfer.transfers import Transfers
from archive_service.disposal.transfer.views import PackageView, SentRecord
from archive_service.disposal.transfer_custody import NATURES, PACKAGE_WORDS, PackageState
from archive_service.errors import Text
from archive_service.people.model import LEVEL_WORDS, OPEN_LEVELS, Person
from archive_service.reports.catalogues import AUTHOR, CODE, DATE, DOCUMENT_NO, LEVEL, NOTE, NUMBER, PERIOD, TITLE
from archive_service.reports.register import Column, Kind, Register

SUBJECT = Column(Text("项目", "Item"), 20)
CONTENT = Column(Text("内容", "Content"), 60)
OF_SENDER = Column(Text("移交单位", "Sender"), 40)
OF_RECEIVER = Column(Text("接收单位", "Receiver"), 40)
CHECKS = (
    Text("准确性检验", "Accuracy checked"),
    Text("完整性检验", "Completeness checked"),
    Text("可用性检验", "Usability checked"),
    Text("安全性检验", "Security checked"),
    Text("载体外观检验", "Carrier looked at"),
)
DIGEST = Text("数字摘要（SHA-256，tagmanifest-sha256.txt）", "Digest (SHA-256 of tagmanifest-sha256.txt)")
FINDING_AIDS = Text("移交清册、文件目录.XML、ead.xml（种）", "Transfer list, 文件目录.XML, ead.xml (kinds)")
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
        view = self.transfers.view(actor, package_no)
        rows = [self._line(item, language) for item in view.items]
        name = Text("移交清册", "Transfer list")
        columns = (NUMBER, CODE, DOCUMENT_NO, AUTHOR, TITLE, DATE, LEVEL, PERIOD, NOTE)
        signed = (Text("移交人", "Handed over by"), Text("接收人", "Received by"))
        return self._written(actor, view, name, columns, rows, signed, language)

    def deed(self, actor: Person, package_no: str, language: str) -> Register:
        """Draw up 交接文据 with the figures of the package and its digest, for both sides to sign."""
        view = self.transfers.view(actor, package_no)
        row = view.row
        dates = sorted(item.record["document_date"].isoformat() for item in view.items)
        classes = sorted({item.record["class_code"] for item in view.items})
        told: list[tuple[Text, str, int | str]] = [
            (Text("移出单位", "Sender"), self.unit.in_language(language), ""),
            (Text("接收单位", "Receiver"), row.receiver, ""),
            (Text("交接性质", "Nature"), NATURES[row.nature].in_language(language), ""),
            (Text("档案所属年度", "Years covered"), f"{dates[0]} – {dates[-1]}", ""),
            (Text("档案类别", "Classes"), "、".join(classes), ""),
            (Text("数量（件）", "Records"), "", len(view.items)),
            (Text("包内文件（个）", "Files in the package"), "", row.payload_files or ""),
            (Text("数据量（字节）", "Volume (bytes)"), "", row.payload_bytes or ""),
            (Text("检索工具", "Finding aids"), FINDING_AIDS.in_language(language), 3),
            (DIGEST, row.digest or "", ""),
            (Text("回执编号", "Receipt no."), row.receipt_no or "", ""),
            (Text("交接日期", "Date of handover"), row.received_on.isoformat() if row.received_on else "", ""),
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

    def form(self, actor: Person, package_no: str, language: str) -> Register:
        """Draw up 电子档案移交与接收登记表 with 数字摘要: what both sides checked, for both to fill in and sign."""
        view = self.transfers.view(actor, package_no)
        row = view.row
        volume = f"{row.payload_bytes / 10**9:.3f} GB" if row.digest else ""
        told: list[tuple[Text, str, str]] = [
            (Text("交接工作名称", "Name of the handover"), f"{row.receiver} {row.package_no}", ""),
            (Text("内容描述", "Content"), f"{view.list_no}：{view.codes[0]} – {view.codes[-1]}", ""),
            (Text("移交电子档案数量", "Records / files"), f"{len(view.items)} / {row.payload_files or ''}", ""),
            (Text("移交数据量", "Volume"), volume, ""),
            (Text("载体起止顺序号", "Carriers"), "1 – 1", ""),
            (Text("移交载体类型、规格", "Kind of carrier"), Text("在线", "online").in_language(language), ""),
            *((check, "", "") for check in CHECKS),
            (Text("载体（包）编号", "Package no."), row.package_no, ""),
            (DIGEST, row.digest or "", ""),
            (Text("实际容量（字节）", "Actual size (bytes)"), str(row.payload_bytes or ""), ""),
            (Text("填表人", "Filled in by"), "", ""),
            (Text("审核人", "Reviewed by"), "", ""),
        ]
        rows: list[tuple[str | int, ...]] = [(one.in_language(language), ours, theirs) for one, ours, theirs in told]
        signed = (Text("移交单位（印章）", "Sender (seal)"), Text("接收单位（印章）", "Receiver (seal)"))
        name = Text("电子档案移交与接收登记表", "Register of an electronic transfer")
        return self._written(actor, view, name, (SUBJECT, OF_SENDER, OF_RECEIVER), rows, signed, language)

    def _line(self, item: SentRecord, language: str) -> tuple[str | int, ...]:
        record = item.record
        said = describe(self.catalogue.vault, record) if item.visible else Description(title="")
        level = "" if record["level"] in OPEN_LEVELS else LEVEL_WORDS[record["level"]].in_language(language)
        words = (said.document_no, said.author, said.title)
        day = record["document_date"].isoformat()
        return (item.position, record["code"], *words, day, level, record["period"], said.note)

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
