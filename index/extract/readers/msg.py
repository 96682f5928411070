"""Outlook messages."""

from __future__ import annotations

import codecs
import io

from oxmsg import Message

from index.extract.readers import html

MOST_ATTACHMENTS = 200


def _code_page(name: str) -> codecs.CodecInfo | None:
    """Find the code pages that Outlook calls windows-950, windows-936 and the like."""
    system, _, number = name.replace("_", "-").partition("-")
    return codecs.lookup(f"cp{number}") if system == "windows" and number.isdigit() and len(number) == 3 else None


codecs.register(_code_page)


def read(data: bytes) -> str:
    """Return heads, body and the names of the attachments."""
    message = Message.load(io.BytesIO(data))
    recipients = "; ".join(f"{one.name} {one.email_address}".strip() for one in message.recipients)
    body = message.body or (html.read(message.html_body.encode()) if message.html_body else "")
    names = [one.file_name or "" for one in list(message.attachments)[:MOST_ATTACHMENTS]]
    lines = [message.subject, message.sender, recipients, str(message.sent_date or ""), body, *names]
    return "\n".join(line for line in lines if line and line.strip())
