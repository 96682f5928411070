"""Word papers in the manner of Chinese offices: red head, centred title, indented body, thin tables."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

from docx import Document
from docx.document import Document as Doc
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Length, Pt, RGBColor
from docx.table import _Cell, _Row
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from archive_service.sample.model import Block, Heading, Paper, Para, Sign, Table

BODY, HEAD, TITLE = "仿宋", "黑体", "宋体"
RED, GREY = RGBColor(0xC0, 0x1F, 0x1F), RGBColor(0x66, 0x66, 0x66)
LINE_CM = 15.6


def write(path: Path, paper: Paper) -> None:
    """Write the paper as DOCX."""
    path.write_bytes(content(paper))


def content(paper: Paper) -> bytes:
    """The paper as the bytes of a DOCX file."""
    doc = Document()
    _page(doc, paper)
    if paper.formal:
        _red_head(doc, paper)
    title = doc.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    title.paragraph_format.space_before, title.paragraph_format.space_after = Pt(10), Pt(10)
    _run(title, paper.title, 18, TITLE).bold = True
    notice = doc.add_paragraph()
    notice.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _run(notice, paper.notice, 9, BODY).font.color.rgb = GREY
    for block in paper.blocks:
        _block(doc, block, paper.language)
    _properties(doc, paper)
    out = BytesIO()
    doc.save(out)
    return out.getvalue()


def _page(doc: Doc, paper: Paper) -> None:
    normal = doc.styles["Normal"]
    normal.font.name, normal.font.size = "Times New Roman", Pt(12)
    normal.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), BODY)
    section = doc.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin, section.right_margin = Cm(2.8), Cm(2.6)
    section.top_margin, section.bottom_margin = Cm(2.8), Cm(2.5)
    head = section.header.paragraphs[0]
    head.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    mark = "Invented sample" if paper.language == "en" else "虚构示例"
    _run(head, f"{paper.case_no}  {mark}", 9, BODY).font.color.rgb = GREY
    foot = section.footer.paragraphs[0]
    foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _run(foot, "— ", 9, BODY)
    _field(foot, "PAGE")
    _run(foot, " —", 9, BODY)


def _red_head(doc: Doc, paper: Paper) -> None:
    issuer = doc.add_paragraph()
    issuer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    # A long name is set smaller, as offices do, so that the head stays on one line.
    run = _run(issuer, paper.issuer, 30 if len(paper.issuer) <= 13 else 22, TITLE)
    run.bold, run.font.color.rgb = True, RED
    number = doc.add_paragraph()
    number.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _run(number, paper.document_no or paper.case_no, 12, BODY)
    borders = OxmlElement("w:pBdr")
    bottom = OxmlElement("w:bottom")
    for key, value in (("val", "single"), ("sz", "14"), ("space", "6"), ("color", "C01F1F")):
        bottom.set(qn(f"w:{key}"), value)
    borders.append(bottom)
    _xml(number).get_or_add_pPr().append(borders)


def _block(doc: Doc, block: Block, language: str) -> None:
    match block:
        case Heading(text):
            heading = doc.add_heading(level=2)
            heading.paragraph_format.space_before, heading.paragraph_format.space_after = Pt(10), Pt(4)
            run = _run(heading, text, 13, HEAD)
            run.font.color.rgb, run.font.name = RGBColor(0, 0, 0), "Arial"
        case Para(text):
            para = doc.add_paragraph()
            para.paragraph_format.line_spacing, para.paragraph_format.space_after = 1.5, Pt(3)
            if language != "en":
                para.paragraph_format.first_line_indent = Pt(24)
            _run(para, text, 12, BODY)
        case Table():
            _table(doc, block)
        case Sign(lines):
            doc.add_paragraph()
            for line in lines:
                para = doc.add_paragraph()
                para.alignment = WD_ALIGN_PARAGRAPH.RIGHT
                _run(para, line, 12, BODY)


def _table(doc: Doc, block: Table) -> None:
    caption = doc.add_paragraph()
    caption.alignment = WD_ALIGN_PARAGRAPH.CENTER
    caption.paragraph_format.space_before, caption.paragraph_format.keep_with_next = Pt(8), True
    _run(caption, block.name, 11, HEAD)
    table = doc.add_table(rows=1, cols=len(block.head))
    table.style, table.alignment = "Table Grid", WD_TABLE_ALIGNMENT.CENTER
    widths: list[Length] = [Cm(LINE_CM * share / sum(block.widths)) for share in block.widths]
    head = table.rows[0]
    _cells(head, block.head, widths, HEAD)
    _repeat(head)
    for row in block.rows:
        _cells(table.add_row(), tuple(str(cell) for cell in row), widths, BODY)
    doc.add_paragraph()


def _cells(row: _Row, texts: tuple[str, ...], widths: list[Length], font: str) -> None:
    for cell, text, width in zip(row.cells, texts, widths, strict=True):
        cell.width = width
        _run(cell.paragraphs[0], text, 10, font)
        if font == HEAD:
            _shade(cell)


def _shade(cell: _Cell) -> None:
    shade = OxmlElement("w:shd")
    shade.set(qn("w:val"), "clear")
    shade.set(qn("w:fill"), "EDEDED")
    _xml(cell).get_or_add_tcPr().append(shade)


def _repeat(row: _Row) -> None:
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    _xml(row).get_or_add_trPr().append(mark)


def _run(paragraph: Paragraph, text: str, size: float, font: str) -> Run:
    run = paragraph.add_run(text)
    run.font.size = Pt(size)
    _xml(run).get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
    return run


def _field(paragraph: Paragraph, code: str) -> None:
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), code)
    _xml(paragraph).append(field)


def _xml(part: Paragraph | Run | _Cell | _Row) -> Any:
    return part._element  # noqa: SLF001 - the library offers no other way to borders, shades and East Asian type


def _properties(doc: Doc, paper: Paper) -> None:
    facts = doc.core_properties
    facts.title, facts.author, facts.subject = paper.title, paper.issuer, paper.case_no
    facts.comments, facts.created, facts.modified = paper.notice, paper.made, paper.made
