"""Notices: to those concerned, in their language, without a word of what they are about; by mail through a real server."""

from __future__ import annotations

import socket
from datetime import timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from typing import Any

from aiosmtpd.controller import Controller

from archive_service.clock import to_stamp
from archive_service.jobs.mail import send_notices
from archive_service.reading_room.deciding import remind_deciders
from tests.archive_service.web.conftest import House
from tests.archive_service.web.test_pages import file_one


class Box:
    def __init__(self) -> None:
        self.got: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.got.append((envelope.rcpt_tos, message_from_bytes(envelope.content)))
        return "250 OK"


def test_notices_reach_those_concerned_and_hold_no_confidential_word(house: House):
    code = file_one(house.client("lin"), "不可外传的配方题名", level="TS")
    reader, approver = house.client("wang"), house.client("zhao")
    assert approver.post("/notices/address", data={"address": "not an address"}).status_code == 422
    assert approver.post("/notices/address", data={"address": "zhao@example.org"}).status_code == 303
    reader.post("/access/", data={"code": code, "purpose": "核对机密用途", "days": "3"})
    archive = house.archive
    request = archive.requests.mine(archive.people.by_login("wang"))[0].id
    number = request[:8].upper()
    assert f"Request for access {number} waits for your decision." in approver.get("/notices/").text
    assert number not in reader.get("/notices/").text
    for login in ("lin", "zhao"):
        archive.reading_room.grant(archive.people.by_login(login), request)
    assert f"您的查阅申请 {number} 已获批准。" in reader.get("/notices/").text
    box = Box()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port, ready_timeout=30)
    controller.start()
    try:
        mail = archive.settings.mail.model_copy(update={"host": "127.0.0.1", "port": port})
        sending = type("Sending", (), {"settings": archive.settings.model_copy(update={"mail": mail})})()
        sending.notices = archive.notices
        assert send_notices(sending) >= 1
        assert send_notices(sending) == 0
    finally:
        controller.stop()
    to, message = box.got[0]
    assert to == ["zhao@example.org"]
    said = str(make_header(decode_header(message["Subject"]))) + message.get_payload(decode=True).decode()
    assert number in said
    for word in ("配方", "机密用途", code):
        assert word not in said
    assert approver.post("/notices/read").status_code == 303
    assert archive.notices.unread(archive.people.by_login("zhao")) == 0


def test_an_overdue_request_is_told_of_once(house: House):
    archive = house.archive
    archive.reading_room.ask(archive.people.by_login("wang"), "Q001-NONE", "核对", 3)
    before = archive.notices.unread(archive.people.by_login("lin"))
    later = to_stamp(archive.clock.now() + timedelta(days=9))
    assert remind_deciders(archive.ledger, later) >= 1
    assert archive.notices.unread(archive.people.by_login("lin")) > before
    assert remind_deciders(archive.ledger, later) == 0


def test_a_change_of_role_tells_of_the_leave_that_ends_with_it(house: House):
    code, archive = file_one(house.client("lin"), "另一份配方", level="TS"), house.archive
    request = archive.reading_room.ask(archive.people.by_login("wang"), code, "核对", 3)
    for login in ("lin", "zhao"):
        archive.reading_room.grant(archive.people.by_login(login), request)
    security, wang = archive.people.by_login("security"), archive.people.by_login("wang")
    archive.people.set_rights(security, "wang", roles=frozenset({"appraiser"}), clearance=wang.clearance)
    told = [(row.kind, row.about) for row in archive.notices.of(archive.people.by_login("wang"))]
    assert ("access_revoked", request) in told
    archive.people.set_rights(security, "wang", roles=wang.roles, clearance=wang.clearance)
