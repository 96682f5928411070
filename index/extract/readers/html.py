"""HTML: what a person would read of it."""

from __future__ import annotations

import lxml.html
from lxml import etree

from index.extract.readers import plain

UNSEEN = ("script", "style", "template", "noscript", "head")


def read(data: bytes) -> str:
    """Return the visible text, a line for each block."""
    text = plain.read(data)
    # As bytes, with the encoding said: lxml refuses text that declares an encoding of its own.
    parser = lxml.html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, recover=True)
    tree = lxml.html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    title = tree.findtext(".//title") or ""
    etree.strip_elements(tree, *UNSEEN, with_tail=False)
    lines = (" ".join(piece.split()) for piece in map(str, tree.itertext()))
    return "\n".join([title, *(line for line in lines if line)])
