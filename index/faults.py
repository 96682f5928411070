"""What can go wrong in the index, said in both languages."""

from __future__ import annotations

from typing import NamedTuple


class Sentence(NamedTuple):
    """One sentence for a person, in Chinese and in English; neither is a translation of the other."""

    zh: str
    en: str


class IndexFault(Exception):
    """Base of what the index refuses or reports; ``retry`` says whether waiting may help."""

    retry = False

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.sentence = Sentence(zh, en)

    @property
    def zh(self) -> str:
        """The sentence in Chinese."""
        return self.sentence.zh

    @property
    def en(self) -> str:
        """The sentence in English."""
        return self.sentence.en


class IndexBusy(IndexFault):
    """Another process is writing and did not finish in the time allowed."""

    retry = True


class IndexDamaged(IndexFault):
    """The files of the index cannot be read; it has to be built again from the catalogue."""


class WrongKey(IndexFault):
    """The key handed in does not open the sealed index; it may have been changed by a purge."""


class BadUse(IndexFault):
    """The caller asked for something that this engine or storage does not do."""
