"""A running service with the sample archive, and a real browser to look at it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent.parent
QUIET = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NEW_PASSWORD = "纸短情长 the long road"


@dataclass(frozen=True)
class Service:
    """A service that was started as a user starts it: its address and everybody's one-time password."""

    address: str
    passwords: dict[str, str]
    folder: Path


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Found a sample archive with the command line and serve it."""
    folder = tmp_path_factory.mktemp("示例 archive")
    config = folder / "config.toml"
    # Recognising words in the pictures of the sample would take a core from the tests for minutes.
    config.write_text("[disposal]\ncooling_off_days = 0\n\n[extraction]\nocr = false\n", encoding="utf-8")
    command = [sys.executable, "-m", "archive_service", "--config", str(config)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "ARCHIVE_LANG": "zh"}
    done = subprocess.run([*command, "init", "--sample"], capture_output=True, text=True, env=environment, timeout=180)
    assert done.returncode == 0, done.stderr
    passwords = dict(re.findall(r"^  (\S+)\s+(\w{4}-\w{4}-\w{4}-\w{4})", done.stdout, re.MULTILINE))
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    process = subprocess.Popen(
        [*command, "serve", "--port", str(port)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(f"{address}/healthz", process)
        yield Service(address, passwords, folder)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(40)


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(120):
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            assert process.poll() is None, "the service ended at once"
            time.sleep(0.5)
    raise AssertionError("the service did not answer within a minute")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser that this machine has."""
    names = [os.environ.get("ARCHIVE_TEST_BROWSER", ""), "chromium", "chromium-browser", "google-chrome"]
    path = next((found for name in names if name and (found := shutil.which(name))), None)
    if path is None:
        reason = "no Chromium or Chrome is installed"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    arguments = QUIET + (["--no-sandbox"] if os.geteuid() == 0 else [])
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=arguments)
        yield found
        found.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page; an error of a script or of the content policy fails the test."""
    context = browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if "Content Security Policy" in said.text else None)
    yield page
    context.close()
    assert not faults


def sign_in(page: Page, service: Service, login: str) -> None:
    """Sign in; the first time the one-time password is exchanged for one's own."""
    page.goto(f"{service.address}/people/sign-in")
    mark = service.folder / f"{login}.changed"
    first = not mark.exists()
    page.fill("#login", login)
    page.fill("#password", service.passwords[login] if first else NEW_PASSWORD)
    page.click("main button.primary")
    if first:
        page.fill("#current", service.passwords[login])
        page.fill("#new", NEW_PASSWORD)
        page.fill("#again", NEW_PASSWORD)
        page.click("main button.primary")
        mark.touch()
        if page.locator("#login").count():
            sign_in(page, service, login)
