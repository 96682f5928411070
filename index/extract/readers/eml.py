"""E-mail: heads that people read, the text, and the text of attachments of the kinds known here."""

from __future__ import annotations

import importlib
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

from index.extract.kinds import KINDS
from index.extract.readers import html, plain

HEADS = ("subject", "from", "to", "cc", "date")
MOST_PARTS = 200


def read(data: bytes) -> str:
    """Return heads, body and attachments; messages inside messages are read as parts of this one."""
    message = BytesParser(policy=policy.default).parsebytes(data)
    lines = [str(message[head]) for head in HEADS if message[head]]
    for number, part in enumerate(message.walk()):
        if number >= MOST_PARTS:
            break
        if not part.is_multipart():
            lines += _part(part)
    return "\n".join(line for line in lines if line.strip())


def _part(part: EmailMessage) -> list[str]:
    content = part.get_payload(decode=True)
    data = content if isinstance(content, bytes) else b""
    kind = part.get_content_type()
    name = part.get_filename() or ""
    try:
        if kind == "text/plain":
            charset = part.get_content_charset()
            return [name, data.decode(charset, "replace") if charset else plain.read(data)]
        if kind == "text/html":
            return [name, html.read(data)]
        if KINDS.get(kind, "eml") != "eml":
            return [name, importlib.import_module(f"index.extract.readers.{KINDS[kind]}").read(data)]
    except Exception:  # an attachment that cannot be read leaves its name, and the rest of the message
        return [name]
    return [name]
