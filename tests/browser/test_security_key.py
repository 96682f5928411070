"""A security key (WebAuthn) in a real browser with a virtual authenticator: registered, then asked for at the door."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import NEW_PASSWORD, Service, sign_in

pytestmark = pytest.mark.browser


def test_a_key_is_registered_and_opens_the_door(page: Page, service: Service):
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "usb",
        "hasResidentKey": False,
        "hasUserVerification": False,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    local = Service(service.address.replace("127.0.0.1", "localhost"), service.passwords, service.folder)
    sign_in(page, local, "chen.mi")
    page.goto(f"{local.address}/people/security")
    page.fill("#k-name", "我的密钥")
    page.fill("#k-password", NEW_PASSWORD)
    page.click("form[data-key=create] button")
    page.get_by_text("请现在抄下或打印恢复码").wait_for()
    assert page.get_by_text("我的密钥").count() == 1
    page.goto("about:blank")  # an answer still under way would bring the cookie of the session back
    page.context.clear_cookies()
    page.goto(f"{local.address}/people/sign-in")
    page.fill("#login", "chen.mi")
    page.fill("#password", NEW_PASSWORD)
    page.click("main button.primary")
    page.wait_for_url("**/people/second**")
    page.click("form[data-key=get] button")
    page.wait_for_url(f"{local.address}/")
