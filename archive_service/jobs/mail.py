"""Sending notices by mail, to the server that the settings name."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage

from archive_service.archive import Archive

SECONDS = 20


def send_notices(archive: Archive) -> int:
    """Mail the notices that wait; return how many. Without a server in the settings nothing is sent."""
    mail = archive.settings.mail
    if not mail.host:
        return 0

    def send(message: EmailMessage) -> None:
        with smtplib.SMTP(mail.host, mail.port, timeout=SECONDS) as server:
            if mail.starttls:
                server.starttls(context=ssl.create_default_context())
            if mail.user:
                password = archive.settings.path(mail.password_file).read_text(encoding="utf-8").strip()
                server.login(mail.user, password)
            server.send_message(message)

    return archive.notices.mail(send, mail.sender)
