"""What a process gives away while it works: its log at the most talkative, what it prints, its errors, its children."""

from __future__ import annotations

import base64
import logging
import subprocess
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

TALKATIVE = ("botocore", "botocore.endpoint", "botocore.parsers", "botocore.hooks", "botocore.auth")
"""Loggers of the client of key services that are told by name to say all they can."""


class Overheard:
    """All that was said, as bytes, and the secrets that may not be among it."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self.said = bytearray()
        self.children = 0
        self.secrets: dict[str, bytes] = {}

    def hear(self, *texts: str | bytes | BaseException) -> None:
        """Take down what was printed or raised, the causes of an error and their arguments with it."""
        for text in texts:
            if isinstance(text, BaseException):
                told = "".join(traceback.format_exception(text)) + repr(_chain(text))
                self.said += told.encode("utf-8", "backslashreplace")
            else:
                self.said += text if isinstance(text, bytes) else text.encode("utf-8", "backslashreplace")

    def keep(self, name: str, secret: bytes) -> None:
        """Name a secret to look for."""
        assert len(secret) >= 8
        self.secrets[f"{name} {len(self.secrets)}"] = secret

    def given_away(self) -> list[str]:
        """Return which secrets were said, and in which form."""
        heard = bytes(self.said) + self._log.read_bytes()
        assert b"DEBUG" in heard, "nobody talked"
        small = heard.lower()
        return [
            f"{name} as {form}"
            for name, secret in self.secrets.items()
            for form, told in _forms(secret).items()
            if told in (small if form == "hex" else heard)
        ]


def _forms(secret: bytes) -> dict[str, bytes]:
    """Return how a secret may be written; in base64 also where it stands behind other bytes, its ragged ends left out."""
    forms = {"bytes": secret, "hex": secret.hex().encode(), "a literal": repr(secret)[2:-1].encode()}
    for before in range(3):
        given = bytes(before) + secret
        whole = len(given) // 3 * 3
        for name, encode in (("base64", base64.b64encode), ("base64 for addresses", base64.urlsafe_b64encode)):
            forms[f"{name}, {before}"] = encode(given[:whole])[4 if before else 0 :]
    return forms


def _chain(error: BaseException | None) -> list[Any]:
    told = []
    while error is not None:
        told.append((error.args, vars(error)))
        error = error.__cause__ or error.__context__
    return told


@contextmanager
def overhearing(folder: Path) -> Iterator[Overheard]:
    """Have everything logged that can be, and look at the environment and command line of every child as the system sees it."""
    heard = Overheard(folder / "everything.log")
    handler = logging.FileHandler(folder / "everything.log", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
    root, began = logging.getLogger(), subprocess.Popen.__init__
    level = root.level

    def begin(self: Any, *given: Any, **named: Any) -> None:
        began(self, *given, **named)
        heard.children += 1
        for what in ("environ", "cmdline"):
            heard.hear(Path(f"/proc/{self.pid}/{what}").read_bytes())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess.Popen, "__init__", begin)
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        for name in TALKATIVE:
            patch.setattr(logging.getLogger(name), "level", logging.DEBUG)
        logging.getLogger(__name__).debug("everything is heard")
        try:
            yield heard
        finally:
            root.setLevel(level)
            root.removeHandler(handler)
            handler.close()
