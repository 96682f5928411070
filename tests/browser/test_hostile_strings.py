"""Hundreds of hostile strings, stored wherever the service stores words, looked at in a real browser: none of them runs."""

from __future__ import annotations

import io
import json
from itertools import product

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Service, sign_in

pytestmark = pytest.mark.browser

RUN = "window.ran=1"
TAGS = (
    "<script>{0}</script>",
    "<img src=x onerror={0}>",
    "<svg onload={0}>",
    "<svg><script>{0}</script></svg>",
    "<details open ontoggle={0}>",
    "<body onload={0}>",
    "<iframe srcdoc='<script>parent.ran=1</script>'>",
    "<a href='javascript:{0}'>x</a>",
    "<math><mtext><img src=x onerror={0}>",
    "<style>@import 'javascript:{0}';</style>",
    "<video><source onerror={0}></video>",
    "<input autofocus onfocus={0}>",
    "<marquee onstart={0}>",
    "<object data='javascript:{0}'>",
    "<base href='//attacker.invalid/'>",
    "<meta http-equiv=refresh content='0;url=javascript:{0}'>",
    "<template><script>{0}</script></template>",
    "<noscript><p title='</noscript><img src=x onerror={0}>'>",
)
FRAMES = (
    "{0}",
    '">{0}',
    "'>{0}",
    "</title>{0}",
    "</textarea>{0}",
    "-->{0}",
    "</script>{0}",
    "`}}{0}",
    "<!--{0}",
    "]]>{0}",
)
OTHERS = (
    *(
        "{{7*7}}",
        "{%print(7*7)%}",
        "${7*7}",
        "#{7*7}",
        "<%= 7*7 %>",
        "javascript:window.ran=1",
        "data:text/html,<b>",
        "&lt;b&gt;",
    ),
    *(
        '" onmouseover="window.ran=1',
        "' autofocus onfocus='window.ran=1",
        "\\u003cscript\\u003e",
        "%3Cscript%3E",
        "＜script＞",
    ),
    *(
        "=cmd|' /C calc'!A0",
        "@SUM(1)",
        "../../etc/passwd",
        "'; DROP TABLE record; --",
        "\u202egnp.exe",
        "a\u200bb",
        "Ω≈ç√∫",
        "𠜎𠜱",
        "👩‍👩‍👧",
    ),
    *("null", "undefined", "NaN", "true", "[object Object]", "__proto__", "constructor", "𝒻𝓊𝓁𝓁", "ﷺ", "Z̸͓͝a̵l̶g̷o̴"),
)
STRINGS = [frame.format(tag.format(RUN)) for frame, tag in product(FRAMES, TAGS)] + list(OTHERS)
PORTION = 70
ADDRESSES = ("/catalogue/", "/search?q=window", "/reports/descriptions", "/search/saved", "/catalogue/cases", "/")


def test_no_stored_string_runs_or_breaks_a_page(page: Page, service: Service):
    assert len(STRINGS) > 200
    ran: list[str] = []
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    sign_in(page, service, "zhang.dang")
    post, token = page.request.post, _token(page, service)
    lost = []
    portions = [STRINGS[start : start + PORTION] for start in range(0, len(STRINGS), PORTION)]
    for number, portion in enumerate(
        portions
    ):  # every string stands in a note; some are titles, authors and file names
        form = {
            "csrf_token": token,
            "fonds": "Q001",
            "type": "GKX01",
            "title": portion[0][:300],
            "author": portion[1 % len(portion)][:100],
            "document_no": portion[2 % len(portion)][:90],
            "note": "\n".join(portion),
            "date": "2024-03-01",
            "level": "INT",
        }
        name = portion[3 % len(portion)].replace("/", "∕")[:80] + ".txt"
        files = {"name": name, "mimeType": "text/html", "buffer": io.BytesIO("\n".join(portion).encode()).getvalue()}
        answer = post(f"{service.address}/file", multipart={**form, "files": files})
        assert answer.ok, (number, answer.text()[:400])
        record = answer.url.removesuffix("/receipt")
        for address in (record, f"{record}?read=1", answer.url):
            _look(page, address)
        shown = page.evaluate("async address => (await (await fetch(address)).text())", record)
        seen = page.evaluate(
            "html => new DOMParser().parseFromString(html, 'text/html').body.textContent.replace(/\\s+/g, ' ')", shown
        )
        lost += [one for one in portion if " ".join(one.split()) not in seen]
    kept = {"csrf_token": token, "name": STRINGS[0][:60], "q": f"window {STRINGS[20]}"}
    assert post(f"{service.address}/search/saved", form=kept).ok
    for address in ADDRESSES:
        _look(page, f"{service.address}{address}")
    assert ran == []
    assert lost == [], json.dumps(lost[:5], ensure_ascii=False)


def _token(page: Page, service: Service) -> str:
    page.goto(f"{service.address}/file")
    return page.locator("main input[name=csrf_token]").first.input_value()


def _look(page: Page, address: str) -> None:
    page.goto(address, wait_until="load")
    assert page.evaluate("() => window.ran") is None, address
    assert (
        page.evaluate(
            "() => document.querySelectorAll('main iframe, main object, main script:not([src]), base').length"
        )
        == 0
    )
