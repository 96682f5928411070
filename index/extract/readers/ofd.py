"""OFD, the Chinese fixed-layout standard (GB/T 33190): a package of pages in XML."""

from __future__ import annotations

from typing import Any

from lxml import etree

from index.extract.readers.package import open_package, parse, parts
from index.extract.refusal import Refusal

ROOT = "OFD.xml"
PAGES = (r"(.*/)?Pages?/.*\.xml", r"(.*/)?Tpls?/.*\.xml", r"(.*/)?Annots?/.*\.xml", r"(.*/)?[^/]*[Cc]ontent[^/]*\.xml")
ENCRYPTED = r"(.*/)?(Encryptions?|encryption_data)\.(xml|dat)"


def read(data: bytes) -> str:
    """Return title and texts, page by page."""
    package = open_package(data)
    if parts(package, (ENCRYPTED,)):
        raise Refusal("OFD 文件已加密，未提取文字。", "The OFD file is encrypted; no text was extracted.")
    lines = _texts(parse(package, ROOT), "Title", "Author", "Subject")
    for name in dict.fromkeys(parts(package, PAGES)):
        try:
            lines += _texts(parse(package, name), "TextCode")
        except etree.XMLSyntaxError:  # one page that cannot be read leaves the others
            continue
    return "\n".join(line for line in lines if line.strip())


def _texts(tree: Any, *names: str) -> list[str]:
    return [element.text or "" for element in tree.iter() if etree.QName(element).localname in names]
