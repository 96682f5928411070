"""Forms in a real browser: a fault stands beside the form and nothing typed is lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_a_fault_is_said_in_the_form_and_what_was_typed_stays(page, service):
    sign_in(page, service, "zhang.dang")
    page.goto(f"{service.address}/catalogue/cases")
    page.fill("#case_no", "AX2024-003")
    page.select_option("#fonds", "Q001")
    page.fill("#title", "又一次巡察")
    page.fill("#enterprise", "示例化工")
    page.locator("main button.primary").click()
    expect(page.locator("main .note.error")).to_contain_text("已存在")
    expect(page.locator("main .note.error")).to_be_focused()
    assert page.input_value("#title") == "又一次巡察"
    expect(page.locator("main button.primary")).to_be_enabled()


def test_what_succeeds_leads_on_to_the_new_thing(page, service):
    sign_in(page, service, "zhang.dang")
    page.goto(f"{service.address}/catalogue/cases")
    page.fill("#case_no", "AX2025-901")
    page.select_option("#fonds", "Q001")
    page.fill("#title", "浏览器里建立的案卷")
    page.fill("#enterprise", "示例化工")
    page.locator("main button.primary").click()
    expect(page.locator("h1")).to_contain_text("浏览器里建立的案卷")
    expect(page.locator(".note.ok")).to_contain_text("AX2025-901")


def test_an_ended_session_is_said_without_losing_the_form(page, service):
    sign_in(page, service, "zhang.dang")
    page.goto(f"{service.address}/catalogue/fonds")
    page.fill("#fonds_no", "Q777")
    page.fill("#name_zh", "一个全宗")
    page.check("input[value=enterprise]")
    page.context.clear_cookies()
    page.locator("main button.primary").click()
    expect(page.locator("main .note.error")).to_be_visible()
    assert page.input_value("#name_zh") == "一个全宗"
