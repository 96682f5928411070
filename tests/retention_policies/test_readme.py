from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import retention_policies
from retention_policies import Action, FactKind, Trigger
from retention_policies.reading import LEVELS
from tests.retention_policies.cases import RULES

README = (Path(retention_policies.__file__).parent / "README.md").read_text(encoding="utf-8")
EXAMPLE = README.split("```toml\n")[1].split("```")[0]


@pytest.mark.parametrize("word", [*Trigger, *Action, *FactKind, *LEVELS, "other_levels", "any", "all", "otherwise"])
def test_every_word_of_the_language_is_explained(word: str) -> None:
    assert f"`{word}`" in README or word in README.split("```toml")[3] or f"[rule.{word}]" in README


def test_its_first_example_is_the_rule_as_it_is_shipped() -> None:
    table = tomllib.loads(EXAMPLE)["rule"][0]
    rule = RULES[table["code"]]
    assert (table["title"]["zh"], table["reason"]["zh"]) == (rule.title.zh, rule.reason.zh)
    assert rule.terms is not None
    assert (table["period"], table["trigger"], table["action"]) == (rule.terms.period.words, rule.trigger, rule.action)
    assert (table["level"], tuple(table["basis"]), tuple(table["sections"])) == (rule.level, rule.basis, rule.sections)
