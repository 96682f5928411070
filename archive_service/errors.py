"""One small family of errors, each with a meaning for the caller and a sentence in both languages.

What went wrong is said in Chinese and in English where it happens; whoever shows it picks the
language. ``web`` alone knows HTTP status numbers, ``cli`` alone knows exit codes.
"""

from __future__ import annotations

from typing import NamedTuple


class Text(NamedTuple):
    """A sentence in both languages; neither is a translation of the other."""

    zh: str
    en: str

    def in_language(self, language: str) -> str:
        """Return the Chinese text for ``zh``, the English one for anything else."""
        return self.zh if language.startswith("zh") else self.en


class ArchiveError(Exception):
    """Base of everything that the service itself refuses or reports.

    ``retry`` says whether the same request may succeed later without a change.
    """

    retry = False

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.text = Text(zh, en)


class BadInput(ArchiveError):
    """What was given cannot be used; the sentence says what to change."""


class Forbidden(ArchiveError):
    """The person may not do this; the sentence gives the reason."""


class NotFound(ArchiveError):
    """There is no such thing, or none that this person may know of."""


class Conflict(ArchiveError):
    """The thing is not in a state in which this can be done."""


class Unavailable(ArchiveError):
    """Something outside is missing or busy; trying again later may help."""

    retry = True


class Damaged(ArchiveError):
    """Stored bytes, keys or rows are not what they must be."""


class BadSettings(ArchiveError):
    """The configuration, plan or schedule cannot be used; ``faults`` lists every reason at once."""

    def __init__(self, faults: list[str]) -> None:
        joined = "\n".join(f"  - {fault}" for fault in faults)
        super().__init__(
            f"配置有误，服务不能启动：\n{joined}", f"The configuration is wrong, the service does not start:\n{joined}"
        )
        self.faults = faults
