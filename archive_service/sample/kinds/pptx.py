"""Slides: a title slide, then one slide per heading; tables stay tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.oxml.ns import qn
from pptx.util import Cm, Pt

from archive_service.sample.model import Heading, Paper, Para, Sign, Table

_colour: Any = RGBColor  # half typed: its methods are not
INK, ACCENT, GREY, WHITE = (_colour.from_string(code) for code in ("1A1A1A", "1F4E79", "666666", "FFFFFF"))
BLANK, ROWS_PER_SLIDE = 6, 7


def write(path: Path, paper: Paper) -> None:
    """Write the paper as slides."""
    deck = Presentation()
    deck.slide_width, deck.slide_height = Cm(33.87), Cm(19.05)
    slide = _slide(deck, paper)
    _text(slide, [paper.title], top=5.5, size=34, colour=ACCENT)
    _text(slide, [paper.issuer, paper.dated], top=10.5, size=20, colour=INK)
    heading, texts = paper.title, list[str]()
    for block in (*paper.blocks, Heading("")):
        match block:
            case Heading(text):
                if texts:
                    _points(_slide(deck, paper), heading, texts)
                heading, texts = text, []
            case Para(text):
                texts.append(text)
            case Sign(lines):
                texts += lines
            case Table():
                _tables(deck, paper, block)
    facts = deck.core_properties
    facts.title, facts.author, facts.comments = paper.title, paper.issuer, paper.notice
    facts.created, facts.modified = paper.made, paper.made
    deck.save(str(path))


def _slide(deck: Any, paper: Paper) -> Any:
    slide = deck.slides.add_slide(deck.slide_layouts[BLANK])
    _text(slide, [paper.notice], top=17.6, size=10, colour=GREY)
    bar = slide.shapes.add_shape(1, 0, 0, Cm(33.87), Cm(0.35))
    bar.fill.solid()
    bar.fill.fore_color.rgb = ACCENT
    bar.line.fill.background()
    return slide


def _points(slide: Any, heading: str, texts: list[str]) -> None:
    _text(slide, [heading], top=1.2, size=26, colour=ACCENT)
    _text(slide, texts, top=4.0, size=18 if sum(map(len, texts)) < 330 else 15, colour=INK)


def _text(slide: Any, texts: list[str], *, top: float, size: int, colour: Any) -> None:
    frame = slide.shapes.add_textbox(Cm(2), Cm(top), Cm(29.8), Cm(1.4)).text_frame
    frame.word_wrap = True
    for number, text in enumerate(texts):
        para = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        para.line_spacing, para.space_after = 1.25, Pt(8)
        run = para.add_run()
        run.text = text
        _face(run, size, colour)


def _face(run: Any, size: int, colour: Any) -> None:
    run.font.size, run.font.color.rgb, run.font.name = Pt(size), colour, "Microsoft YaHei"
    facts = run._r.get_or_add_rPr()  # noqa: SLF001 - the library sets no East Asian type
    facts.append(facts.makeelement(qn("a:ea"), {"typeface": "Microsoft YaHei"}))


def _tables(deck: Any, paper: Paper, block: Table) -> None:
    for start in range(0, len(block.rows), ROWS_PER_SLIDE):
        rows = (block.head, *block.rows[start : start + ROWS_PER_SLIDE])
        slide = _slide(deck, paper)
        _text(slide, [block.name], top=1.2, size=24, colour=ACCENT)
        grid = slide.shapes.add_table(len(rows), len(block.head), Cm(2), Cm(3.6), Cm(29.8), Cm(1.2 * len(rows))).table
        for column, share in enumerate(block.widths):
            grid.columns[column].width = Cm(29.8 * share / sum(block.widths))
        for line, row in enumerate(rows):
            for column, value in enumerate(row):
                run = grid.cell(line, column).text_frame.paragraphs[0].add_run()
                run.text = str(value)
                _face(run, 12, WHITE if line == 0 else INK)
