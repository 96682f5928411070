"""What a person sees, in a real browser, on the service started the way a user starts it."""

from __future__ import annotations

import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def search(page, service, words: str) -> None:
    """Search until something is found: what was just filed is indexed within a minute."""
    for _ in range(60):
        page.goto(f"{service.address}/search?q={words}")
        if page.locator(".result").count():
            return
        time.sleep(1)
    raise AssertionError(f"nothing was found for {words} within a minute")


def test_an_archivist_signs_in_browses_and_reads_a_record(page, service):
    sign_in(page, service, "zhang.dang")
    expect(page.locator("h1")).to_contain_text("张档")
    page.goto(f"{service.address}/catalogue/cases/AX2024-003")
    page.locator("main a code", has_text="KCQ").first.click()
    expect(page.locator("main")).to_contain_text("起算")


def test_search_finds_simplified_and_traditional_alike(page, service):
    sign_in(page, service, "zhang.dang")
    search(page, service, "動火作業")
    expect(page.locator(".result mark").first).to_be_visible()
    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()


def test_the_language_can_be_switched(page, service):
    sign_in(page, service, "wang.yue")
    page.click("button[value=en]")
    expect(page.locator("h1")).to_contain_text("Good day")
    page.click("button[value=zh]")
    expect(page.locator("h1")).to_contain_text("您好")


def test_a_reader_sees_no_confidential_record(page, service):
    sign_in(page, service, "wang.yue")
    search(page, service, "举报人")
    assert set(page.locator(".result .badge").all_inner_texts()) <= {"公开", "内部"}
    assert "举报人身份信息" not in page.content()


def test_an_auditor_verifies_the_log(page, service):
    sign_in(page, service, "zhao.shen")
    page.goto(f"{service.address}/audit/")
    page.locator("form[action$='/audit/verify'] button").click()
    expect(page.locator("main")).to_contain_text("相互一致")


@pytest.mark.parametrize("path", ["/", "/catalogue/", "/file", "/access/"])
def test_pages_have_no_serious_accessibility_fault(page, service, path):
    sign_in(page, service, "zhang.dang")
    page.goto(service.address + path)
    found = [fault for fault in Axe().run(page).response["violations"] if fault["impact"] in ("serious", "critical")]
    assert not found, [(fault["id"], fault["nodes"][0]["html"]) for fault in found]
