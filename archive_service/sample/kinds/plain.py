"""Plain text (UTF-8 or GB18030), Markdown and HTML."""

from __future__ import annotations

from html import escape
from pathlib import Path

from archive_service.sample.model import Block, Heading, Paper, Para, Sign, Table

STYLE = """body{max-width:46rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff;
font:16px/1.75 "Noto Sans SC","Source Han Sans SC","PingFang SC","Microsoft YaHei",system-ui}
h1{font-size:1.5rem}h2{font-size:1.15rem}.note{color:#555;font-size:.9rem;border-left:4px solid #999;padding-left:.8rem}
table{border-collapse:collapse;width:100%;font-size:.95rem}th,td{border:1px solid #aaa;padding:.3rem .5rem;text-align:left;
vertical-align:top}th{background:#eee}.sign{text-align:right}"""


def write_text(path: Path, paper: Paper, encoding: str = "utf-8") -> None:
    """Write plain text; GB18030 with the line ends of the machines that wrote it then."""
    ends = "\r\n" if encoding == "gb18030" else "\n"
    path.write_text(paper.text(), encoding=encoding, newline=ends)


def write_markdown(path: Path, paper: Paper) -> None:
    """Write Markdown with pipe tables."""
    parts = [f"# {paper.title}", f"> {paper.notice}", f"{paper.issuer} · {paper.dated} · {paper.case_no}"]
    parts += [_markdown(block) for block in paper.blocks]
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _markdown(block: Block) -> str:
    match block:
        case Heading(text):
            return f"## {text}"
        case Para(text):
            return text
        case Sign(lines):
            return "  \n".join(lines)
        case Table(name, head, rows, _):
            grid = [f"**{name}**", "", f"| {' | '.join(head)} |", "|" + " --- |" * len(head)]
            return "\n".join(grid + [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows])


def write_html(path: Path, paper: Paper) -> None:
    """Write one self-contained page."""
    language = {"en": "en", "zht": "zh-Hant"}.get(paper.language, "zh-CN")
    body = "\n".join(_html(block) for block in paper.blocks)
    path.write_text(
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(paper.title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{escape(paper.title)}</h1>\n"
        f'<p class="note">{escape(paper.notice)}</p>\n<p>{escape(paper.issuer)} {escape(paper.document_no)} '
        f"{paper.dated}</p>\n{body}\n</body>\n</html>\n",
        encoding="utf-8",
    )


def _html(block: Block) -> str:
    match block:
        case Heading(text):
            return f"<h2>{escape(text)}</h2>"
        case Para(text):
            return f"<p>{escape(text)}</p>"
        case Sign(lines):
            return f'<p class="sign">{"<br>".join(escape(line) for line in lines)}</p>'
        case Table(name, head, rows, _):
            cells = "".join(f"<th scope='col'>{escape(text)}</th>" for text in head)
            trs = ["<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows]
            return f"<table><caption>{escape(name)}</caption><thead><tr>{cells}</tr></thead><tbody>{''.join(trs)}</tbody></table>"
