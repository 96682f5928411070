"""Documents that carry scripts, filed and then looked at in every way there is: in a real browser, nothing of them runs."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Service, sign_in

pytestmark = pytest.mark.browser

SHOUT = "window.top.ran = true; alert(1)"
DOCUMENTS = {
    "script.html": f"<html><script>{SHOUT}</script><body onload='{SHOUT}'><img src=x onerror='{SHOUT}'>文</body></html>",
    "picture.svg": f'<svg xmlns="http://www.w3.org/2000/svg" onload="{SHOUT}"><script>{SHOUT}</script></svg>',
    "page.xhtml": f'<html xmlns="http://www.w3.org/1999/xhtml"><body><script>{SHOUT}</script></body></html>',
    "<img src=x onerror=alert(1)>.txt": f"<script>{SHOUT}</script>",
    "pretends.png": f"<html><script>{SHOUT}</script></html>",
}


def test_nothing_that_was_filed_runs_in_the_browser_of_a_reader(page: Page, service: Service):
    ran: list[str] = []
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    sign_in(page, service, "zhang.dang")
    for name, body in DOCUMENTS.items():
        page.goto(f"{service.address}/file")
        token = page.locator("main input[name=csrf_token]").first.input_value()
        files = {"name": name, "mimeType": "text/html", "buffer": body.encode()}
        form = {
            "csrf_token": token,
            "fonds": "Q001",
            "type": "KCQ03",
            "title": name,
            "date": "2024-03-01",
            "level": "INT",
        }
        case = page.locator("#case option").nth(1).get_attribute("value") or ""
        answer = page.request.post(f"{service.address}/file", multipart={**form, "case": case, "files": files})
        assert answer.ok, answer.text()[:500]
        record = answer.url.removesuffix("/receipt")
        page.goto(record)
        addresses = page.locator("main a[href*='/read/'], main a[href*='/file/']").evaluate_all(
            "all => all.map(one => one.href)"
        )
        assert addresses
        for address in [*addresses, f"{record}?read=1"]:
            _look(page, address)
            assert page.evaluate("() => window.ran") is None, address
    assert ran == []


def _look(page: Page, address: str) -> None:
    if "/file/" in address:
        with page.expect_download() as saved:
            page.evaluate("address => { window.location = address }", address)
        saved.value.cancel()
        return
    page.goto(address)
    page.wait_for_load_state("networkidle")
    for picture in page.locator("main img").evaluate_all("all => all.map(one => one.src)"):
        page.goto(picture)
