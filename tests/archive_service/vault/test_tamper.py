"""A short sample of the tamper campaign; the whole is run from ``scripts/trust/vault_tamper.py``."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from archive_service.vault.objects.sealing import seal


@pytest.fixture(scope="module")
def tamper() -> ModuleType:
    path = Path(__file__).parents[3] / "scripts" / "trust" / "vault_tamper.py"
    spec = importlib.util.spec_from_file_location("vault_tamper", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_sample_of_every_kind_of_tampering_is_refused(tamper: ModuleType) -> None:
    tried, accepted = tamper.campaign(2000, seed=20261123)
    assert set(tried) == {
        "flip",
        "cut",
        "swap",
        "splice",
        "left out",
        "doubled",
        "head",
        "added",
        "replay",
        "other key",
    }
    assert not accepted


def test_the_campaign_would_notice_an_object_that_opens(tamper: ModuleType) -> None:
    whole = b"".join(seal([b"abc"], bytes(32), tamper.CONTEXT))
    assert not tamper.refused(whole, bytes(32))
