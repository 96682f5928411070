"""The disposal desk in a real browser: with keys alone, on a telephone, in the dark, and without a flaw that axe finds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from archive_service.disposal.holds.holds import NewHold
from archive_service.disposal.listing.lists import Appraisal
from archive_service.disposal.model import Opinion
from tests.archive_service.web.disposal_house import PASSWORD, WRONG, DisposalHouse, make_house

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


class Quiet(WSGIRequestHandler):
    """Says nothing of each request."""

    def log_request(self, *_: object, **__: object) -> None:
        """Say nothing."""


@dataclass
class Served:
    """A house that answers on this machine, with one list at each place of the way."""

    house: DisposalHouse
    address: str
    pages: dict[str, tuple[str, str]]

    def go(self, page: Page, login: str, path: str, language: str = "zh") -> None:
        """Sign in and open a page."""
        self.house.archive.people.set_language(self.house.who(login), language)
        page.goto(f"{self.address}/people/sign-in")
        page.fill("#login", login)
        page.fill("#password", PASSWORD)
        page.click("main button.primary")
        expect(page.locator("h1")).to_be_visible()
        page.goto(self.address + path)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve a house in which every page of the desk has something to show."""
    house = make_house(tmp_path_factory.mktemp("desk"))
    house.app.config["WTF_CSRF_ENABLED"] = True
    archive = house.archive
    certified = house.certified(receipts=[house.file("月报"), house.file("密件", level="TS")])
    submitted = house.submitted(2)
    hold = NewHold("纪检函〔2035〕3号", "责任追究未结", date(2036, 1, 1), codes=(house.codes[1],))
    number = archive.holds.place(house.who("qian"), hold).hold_no
    clear = house.submitted(2)
    cooled = house.cooled(2)
    drawn = house.drawn_up(
        receipts=[house.file("甲"), house.file("乙", level="TS"), house.file("丙"), house.file("丁")]
    )
    given = Appraisal(1, Opinion.EXTEND, "仍有凭证价值", 5)
    archive.disposal.appraise(house.who("zheng"), drawn, [given])
    archive.chores.settle_outbox()
    for _ in range(22):
        house.file("旧档补录")
    archive.retention_check.run()
    server = make_server("127.0.0.1", 0, house.app, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    desk = "/disposal/lists/"
    pages = {
        "queue, stopped": ("qian", "/disposal/"),
        "queue": ("zhang", "/disposal/"),
        "lists": ("qian", "/disposal/lists"),
        "desk": ("zheng", desk + drawn),
        "desk, read": ("zheng", f"{desk}{drawn}?item=3&read=1"),
        "desk, masked": ("narrow", f"{desk}{drawn}?item=2"),
        "table": ("zhang", desk + drawn),
        "blocked": ("feng", desk + submitted),
        "approve": ("feng", desk + clear),
        "order": ("li", desk + cooled),
        "closed": ("zhao", desk + certified),
        "certificate": ("zhao", f"{desk}{certified}/certificate"),
        "paper": ("zheng", f"{desk}{drawn}/paper"),
        "holds": ("qian", "/disposal/holds/"),
        "hold": ("feng", f"/disposal/holds/{number}"),
        "hold, new": ("zhang", "/disposal/holds/new?case=AX2014-001"),
    }
    yield Served(house, f"http://127.0.0.1:{server.port}", pages)
    server.shutdown()
    archive.close()


PAGES = ("queue, stopped", "queue", "lists", "desk", "desk, read", "desk, masked", "table", "blocked", "approve",
         "order", "closed", "certificate", "paper", "holds", "hold", "hold, new")  # fmt: skip


def flaws(page: Page) -> list[tuple[str, str]]:
    found = Axe().run(page).response["violations"]
    return [(fault["id"], fault["nodes"][0]["html"]) for fault in found]


def unfold(page: Page) -> None:
    page.evaluate("document.querySelectorAll('main details').forEach((part) => { part.open = true; })")


@pytest.mark.parametrize("name", PAGES)
def test_no_page_has_a_flaw(page: Page, served: Served, name: str) -> None:
    login, path = served.pages[name]
    served.go(page, login, path)
    unfold(page)
    assert flaws(page) == []


@pytest.mark.parametrize("name", PAGES)
def test_every_page_stands_on_a_telephone_in_the_dark_and_in_english(
    browser: Browser, served: Served, name: str
) -> None:
    login, path = served.pages[name]
    context = browser.new_context(viewport={"width": 360, "height": 740}, color_scheme="dark")
    page = context.new_page()
    served.go(page, login, path, "en")
    unfold(page)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    found = flaws(page)
    context.close()
    assert wide <= 0, "the page is wider than the screen"
    assert found == []


def at_rest(page: Page) -> None:
    """Wait until the page has its scripts: a key that comes before them is lost."""
    page.wait_for_function("document.readyState === 'complete'")


def test_an_item_is_appraised_with_keys_alone(page: Page, served: Served) -> None:
    receipts = [served.house.file(), served.house.file()]
    served.house.archive.chores.settle_outbox()
    list_no = served.house.drawn_up(receipts=receipts)
    served.go(page, "zheng", f"/disposal/lists/{list_no}")
    expect(page.locator("input[name=years]").first).to_be_hidden()
    page.locator("aside input[value=DESTROY]").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("aside input[value=EXTEND]")).to_be_checked()
    page.keyboard.press("Tab")
    expect(page.locator("#opinion-years")).to_be_focused()
    page.keyboard.type("5")
    page.keyboard.press("Tab")
    page.keyboard.type("仍有凭证价值")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".note.ok")).to_contain_text("第 1 件的意见已保存")
    expect(page.locator("#desk-title")).to_contain_text("2.")
    at_rest(page)
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_contain_text("在清册旁打开或收起文件")
    page.keyboard.press("Escape")
    page.keyboard.press("k")
    expect(page.locator("#desk-title")).to_contain_text("1.")
    at_rest(page)
    page.keyboard.press("j")
    expect(page.locator("#desk-title")).to_contain_text("2.")
    at_rest(page)
    page.keyboard.press("o")
    expect(page.locator(".desk .reader")).to_be_visible(timeout=15_000)
    at_rest(page)
    page.keyboard.press("o")
    expect(page.locator(".desk .reader")).to_have_count(0)
    at_rest(page)
    page.keyboard.press("2")
    expect(page.locator("#opinion-years")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    expect(page.locator("aside input[value=DESTROY]")).to_be_checked()
    page.keyboard.press("r")
    page.keyboard.type("jk1o 已无保存价值")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".note.ok")).to_contain_text("第 2 件的意见已保存")
    given = served.house.archive.disposal.view(served.house.who("zheng"), list_no).items[1].row
    assert (given.opinion, given.reason) == ("DESTROY", "jk1o 已无保存价值")
    page.goto(f"{served.address}/disposal/lists/{list_no}?table=1")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{served.address}/disposal/lists/{list_no}?item=2")


def test_a_wrong_password_is_said_at_the_form_and_the_page_stays(page: Page, served: Served) -> None:
    list_no = served.house.submitted()
    served.go(page, "feng", f"/disposal/lists/{list_no}")
    page.fill("#password", WRONG)
    page.click("text=批准此清册")
    expect(page.locator("#approve .note.error")).to_contain_text("密码不正确")
    expect(page.locator("#approve .note.error")).to_be_focused()
    page.fill("#password", PASSWORD)
    page.click("text=批准此清册")
    expect(page.locator(".note.ok")).to_contain_text("您已批准此清册")


def test_a_hold_that_names_nothing_known_keeps_what_was_typed(page: Page, served: Served) -> None:
    served.go(page, "zhang", "/disposal/holds/new?code=Q001-没有")
    page.fill("#mandate", "纪检函〔2035〕9号")
    page.fill("#reason", "审计中")
    page.click("main button.primary")
    expect(page.locator("main .note.error")).to_contain_text("没有找到：Q001-没有")
    assert page.input_value("#mandate") == "纪检函〔2035〕9号"


def test_progress_comes_by_itself_without_the_page_being_loaded_again(page: Page, served: Served) -> None:
    house = served.house
    list_no = house.cooled(2)
    house.archive.destruction.order(house.who("li"), list_no, list_no)
    served.go(page, "li", f"/disposal/lists/{list_no}")
    page.evaluate("window.loadedOnce = true")
    expect(page.locator("[data-when-finished]")).to_be_hidden()
    house.archive.chores.carry_on_destructions()
    expect(page.locator("[data-when-finished] a")).to_be_visible(timeout=15_000)
    expect(page.locator("[data-fill=step-2]")).to_have_text("已销毁")
    expect(page.locator("[role=status]").first).to_have_text("全部办完。")
    assert page.evaluate("window.loadedOnce") is True
    page.click("[data-when-finished] a")
    page.click("text=销毁证明")
    expect(page.locator("main .document h1")).to_contain_text("销毁证明")


def test_an_order_is_given_by_typing_the_number_of_the_list(page: Page, served: Served) -> None:
    list_no = served.house.cooled()
    served.go(page, "li", f"/disposal/lists/{list_no}")
    page.click("summary:has-text('下达销毁')")
    page.fill("#password", PASSWORD)
    page.fill("#confirm", "CZ")
    page.click("button.danger")
    expect(page.locator(".danger-zone .note.error")).to_contain_text(f"请输入清册号 {list_no}")
    page.fill("#confirm", list_no)
    page.click("button.danger")
    expect(page.locator(".note.ok")).to_contain_text("销毁已下达")
