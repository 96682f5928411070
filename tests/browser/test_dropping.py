"""Files sent from a real browser: a connection that breaks in the middle, a look at what was found, and the filing."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def test_an_upload_outlives_a_broken_connection_and_is_filed_after_a_look(page, service, tmp_path):
    sign_in(page, service, "zhang.dang")
    folder = tmp_path / "现场"
    (folder / "二车间").mkdir(parents=True)
    (folder / "大文件.txt").write_bytes("现场检查记录。".encode() * 450_000)
    (folder / "二车间" / "记录.txt").write_text("灭火器压力不足。", encoding="utf-8")
    broken = []

    def break_once(route):
        if broken:
            route.continue_()
        else:
            broken.append(route.request.url)
            route.abort()

    page.route(re.compile(r"offset=4194304"), break_once)
    page.goto(f"{service.address}/file/drop")
    page.set_input_files("#folder", folder)
    page.get_by_role("button", name="上传").click()
    expect(page.get_by_role("heading", name="找到的文件")).to_be_visible(timeout=30_000)
    assert broken
    expect(page.locator("table.rows")).to_contain_text("现场/二车间/记录.txt")
    page.select_option("#fonds", "Q001")
    page.select_option("#type", "KCQ03")
    page.fill("#date", "2024-03-01")
    page.get_by_role("button", name="先看档号").click()
    expect(page.locator("table.rows code, table.rows .code").first).to_contain_text("KCQ")
    page.get_by_role("button", name="归档所选").click()
    expect(page.locator("main")).to_contain_text("新归档 2 件", timeout=30_000)
