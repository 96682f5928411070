"""What exceptions ask: a fact that archivists answer, the confidentiality level of a paper, or its class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from retention_policies.text import Text

LEVELS: Final = ("PUB", "INT", "TS", "PI", "SEAL")
"""Confidentiality levels, open to sealed; ``PARENT`` beside them means the level of the parent."""

FactValue = bool | int | str


class FactKind(StrEnum):
    """How a fact that rules ask for is answered."""

    NUMBER = "number"
    YES_NO = "yes_no"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class FactQuestion:
    """A fact that rules of the schedule ask for; ``choices`` are the permitted answers of a choice."""

    code: str
    kind: FactKind
    title: Text
    choices: Mapping[str, Text]

    @property
    def known_of_itself(self) -> bool:
        """Whether the catalogue knows the answer without asking anybody (level, class)."""
        return self.code in (LEVEL.code, CLASS.code)


# No fact of a schedule can have these codes: a fact's code begins with a letter.
LEVEL: Final = FactQuestion(
    "@level", FactKind.CHOICE, Text("密级", "confidentiality level"), {level: Text(level, level) for level in LEVELS}
)
CLASS: Final = FactQuestion("@class", FactKind.CHOICE, Text("类别", "class"), {})


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of one fact: at least a number, yes or no, or one of some words."""

    question: FactQuestion
    at_least: int | None = None
    equals: bool | None = None
    one_of: tuple[str, ...] = ()

    @property
    def fact(self) -> str:
        """The code of the fact."""
        return self.question.code

    def holds(self, values: Mapping[str, FactValue]) -> bool | None:
        """Say whether it holds; None when the fact is missing or is no answer to this question."""
        value = values.get(self.fact)
        if self.at_least is not None:
            return value >= self.at_least if type(value) is int and value >= 0 else None
        if self.equals is not None:
            return value is self.equals if type(value) is bool else None
        if self.question is CLASS:
            return value in self.one_of if isinstance(value, str) and value else None
        return value in self.one_of if isinstance(value, str) and value in self.question.choices else None
