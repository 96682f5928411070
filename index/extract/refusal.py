"""What a reader says when it will not read a document."""

from __future__ import annotations


class Refusal(Exception):
    """The document is not read, for a reason that a person can understand."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en
