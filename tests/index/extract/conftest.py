"""Readers that misbehave, put in the place of the one for plain text inside the one-shot process."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from index.extract import Extraction, Limits, runner

Misbehave = Callable[..., Extraction]


@pytest.fixture
def misbehave(monkeypatch: pytest.MonkeyPatch) -> Misbehave:
    """Run a body of ``read(data)`` in the cage, as a parser that a hostile document has taken over would run."""

    def run(body: str, limits: Limits | None = None, data: bytes = b"x") -> Extraction:
        lines = "".join(f"    {line}\n" for line in body.splitlines())
        module = f"import sys, os, ctypes, time, socket\ndef read(data):\n{lines}"
        start = (
            "import sys, types; sys.path.insert(0, sys.argv[1]); module = types.ModuleType('bad'); "
            f"exec({module!r}, module.__dict__); sys.modules['index.extract.readers.plain'] = module; "
            "from index.extract.worker import main; main(sys.argv[2:])"
        )
        with monkeypatch.context() as patch:
            patch.setattr(runner, "START", start)
            return runner.extract([data], "text/plain", limits or Limits(memory_mib=512, wall_seconds=20))

    return run
