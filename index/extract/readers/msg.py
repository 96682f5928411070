"""Outlook messages: their words in the code page that the message names, since old ones hold no Unicode."""

from __future__ import annotations

import codecs
import io
import struct

import olefile
from oxmsg import Message

from index.extract.readers import html, plain

MOST_ATTACHMENTS = 200
SUBJECT, SENDER, SENDER_ADDRESS, BODY = "0037", "0C1A", "5D01", "1000"
NAME, ADDRESS, LONG_NAME, SHORT_NAME = "3001", "39FE", "3707", "3704"
PROPERTIES = "__properties_version1.0"
CODE_PAGES = (0x3FDE, 0x3FFD)
"""The code page of the message for the net, and the one for its own words."""


def _code_page(name: str) -> codecs.CodecInfo | None:
    """Find the code pages that Outlook calls windows-950, windows-936 and the like."""
    system, _, number = name.replace("_", "-").partition("-")
    return codecs.lookup(f"cp{number}") if system == "windows" and number.isdigit() and len(number) == 3 else None


codecs.register(_code_page)


def read(data: bytes) -> str:
    """Return heads, body and the names of the attachments."""
    with olefile.OleFileIO(io.BytesIO(data)) as package:
        words = _Words(package)
        folders = dict.fromkeys(entry[0] for entry in package.listdir() if len(entry) > 1)
        people = [words.joined(one, NAME, ADDRESS) for one in folders if one.startswith("__recip_version1.0_#")]
        files = [one for one in folders if one.startswith("__attach_version1.0_#")][:MOST_ATTACHMENTS]
        names = [words.of(LONG_NAME, one) or words.of(SHORT_NAME, one) for one in files]
        message = Message.load(io.BytesIO(data))
        body = words.of(BODY) or (html.read(message.html_body.encode()) if message.html_body else "")
        sent = str(message.sent_date or "")
        heads = [words.of(SUBJECT), f"{words.of(SENDER)} {words.of(SENDER_ADDRESS)}".strip(), "; ".join(people), sent]
    return "\n".join(line for line in [*heads, body, *names] if line.strip())


class _Words:
    """The words of a message, each read as Unicode or in its code page."""

    def __init__(self, package: olefile.OleFileIO) -> None:
        self._package = package
        self._page = _page_of(package)

    def of(self, name: str, folder: str = "") -> str:
        """Return one of the words; nothing where there is none."""
        for kind in ("001F", "001E"):
            path = [*filter(None, [folder]), f"__substg1.0_{name}{kind}"]
            if self._package.exists(path):
                found: bytes = self._package.openstream(path).read()
                return (found.decode("utf-16-le", "replace") if kind == "001F" else self._decoded(found)).strip("\x00")
        return ""

    def joined(self, folder: str, *names: str) -> str:
        """Return several words of one folder."""
        return " ".join(filter(None, (self.of(name, folder) for name in names)))

    def _decoded(self, found: bytes) -> str:
        try:
            return found.decode(self._page)
        except (UnicodeDecodeError, LookupError):
            return plain.read(found)


def _page_of(package: olefile.OleFileIO) -> str:
    """Return the code page of a message's words; its properties are entries of 16 bytes behind a head of 32."""
    properties = package.openstream(PROPERTIES).read() if package.exists(PROPERTIES) else b""
    told: dict[int, int] = {}
    for at in range(32, len(properties) - 15, 16):
        kind, name, _, value = struct.unpack_from("<HHII", properties, at)
        if kind == 3:
            told[name] = value
    number = next((told[name] for name in CODE_PAGES if told.get(name)), 65001)
    return {65001: "utf-8", 54936: "gb18030", 936: "gb18030", 1200: "utf-8"}.get(number, f"cp{number}")
