"""Mails with one attachment, as they are saved from a mail program."""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

from archive_service.sample.model import Paper

CHINA = timezone(timedelta(hours=8))
WORD = ("application", "vnd.openxmlformats-officedocument.wordprocessingml.document")


def write(path: Path, paper: Paper, name: str, attachment: bytes) -> None:
    """Write the paper as a mail; the Word file ``attachment`` travels inside it as ``name``."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(paper.issuer, "office", "antai-sample.example")
    mail["Subject"] = paper.title
    mail["To"] = Address("第三巡察组", "inspection", "antai-sample.example")
    mail["Date"] = format_datetime(datetime.combine(paper.day, time(9, 30), CHINA))
    mail["Message-ID"] = f"<{paper.case_no.lower()}.{paper.day:%Y%m%d}@antai-sample.example>"
    mail.set_content(paper.text(), charset="utf-8", cte="base64")
    mail.add_attachment(attachment, maintype=WORD[0], subtype=WORD[1], filename=name)
    path.write_bytes(mail.as_bytes())
