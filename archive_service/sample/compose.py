"""Fills a template's gaps and turns its small markup into the blocks of a paper.

The markup: a line with ``# `` is a heading, ``@sign`` the foot, ``@detail A B`` the findings A to B at length,
``@contents`` the case's own list, any other ``@name`` a table; every other line is a paragraph.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from archive_service.sample.model import Block, Heading, Paper, Para, Sign
from archive_service.sample.sources import Template
from archive_service.sample.story import Listed, Story, chinese_date
from archive_service.sample.tables import TABLES, contents

ENGLISH_AUTHORS = {"team": "Inspection team", "unit": "Antai Sample Group"}


def title_of(story: Story, text: str) -> str:
    """A title with its gaps filled."""
    return text.format_map(story.words)


def compose(story: Story, template: Template, title: str, body: str, listed: tuple[Listed, ...]) -> Paper:
    """Make the paper of a template, or of one of its annexes when ``title`` and ``body`` are the annex's.

    Raises:
        KeyError: a template names a gap, a date or a table that this case does not have.
    """
    day = story.day(template.at)
    author = story.author(template.author)
    if template.language == "en":
        author = ENGLISH_AUTHORS.get(template.author, author)
    own = body == template.body
    return Paper(
        title=title_of(story, title),
        issuer=author,
        document_no=story.document_no(template.author, day, template.key) if template.formal else "",
        day=day,
        case_no=story.spec.no,
        language=template.language,
        formal=template.formal and own,
        blocks=tuple(_blocks(story, body, author, day, template.language, listed)),
    )


def _blocks(
    story: Story, body: str, author: str, day: date, language: str, listed: tuple[Listed, ...]
) -> Iterator[Block]:
    words = {**story.words, "today": chinese_date(day)}
    for line in filter(None, map(str.strip, body.splitlines())):
        if line == "@sign":
            dated = f"{day.day} {day:%B} {day.year}" if language == "en" else chinese_date(day)
            yield Sign((author, dated))
        elif line == "@contents":
            yield contents(story, listed)
        elif line.startswith("@detail"):
            first, last = (int(number) for number in line.split()[1:])
            yield from _details(story, first, last)
        elif line.startswith("@"):
            yield TABLES[line[1:]](story)
        elif line.startswith("# "):
            yield Heading(line[2:].format_map(words))
        else:
            yield Para(line.format_map(words))


def _details(story: Story, first: int, last: int) -> Iterator[Block]:
    for number, finding in enumerate(story.findings[first : last + 1], 1):
        yield Para(
            f"（{number}）{finding.place}：{finding.fact}。不符合{finding.basis}。"
            f"建议{finding.measure}，责任人{finding.owner}。"
        )
