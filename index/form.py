"""How words and phrases are joined in a question: all of them, or any, with brackets in brackets."""

from __future__ import annotations

from dataclasses import dataclass, field

DEEPEST = 30
"""Brackets within brackets; deeper ones are read as if they were not there."""


@dataclass(frozen=True)
class Word:
    """A word, which its synonyms stand for too."""

    text: str


@dataclass(frozen=True)
class Phrase:
    """Words side by side."""

    text: str


@dataclass(frozen=True)
class Every:
    """All of some parts."""

    parts: tuple[Form, ...]


@dataclass(frozen=True)
class Either:
    """Any of some parts."""

    parts: tuple[Form, ...]


Form = Word | Phrase | Every | Either


@dataclass
class _Level:
    """One bracket: what is done with, and what is being read since the last OR."""

    done: list[Form] = field(default_factory=list)
    now: list[Form] = field(default_factory=list)

    def close(self) -> Form | None:
        """Return what the bracket asks for; nothing when it is empty."""
        self.turn()
        if len(self.done) < 2:
            return self.done[0] if self.done else None
        return Either(tuple(self.done))

    def turn(self) -> None:
        """Begin the next alternative."""
        if self.now:
            self.done.append(self.now[0] if len(self.now) == 1 else Every(tuple(self.now)))
        self.now = []


class Forming:
    """Puts a question together as it is read."""

    def __init__(self) -> None:
        self._levels = [_Level()]
        self._beyond = 0

    def take(self, part: Form) -> None:
        """Take a word or phrase."""
        self._levels[-1].now.append(part)

    def either(self) -> None:
        """What comes is an alternative to what stands before it in its bracket."""
        self._levels[-1].turn()

    def bracket(self, step: int) -> None:
        """Go one bracket in or out."""
        if step > 0 and len(self._levels) < DEEPEST:
            self._levels.append(_Level())
        elif step > 0:
            self._beyond += 1
        elif self._beyond:
            self._beyond -= 1
        elif len(self._levels) > 1:
            self._close()

    def formed(self) -> Form | None:
        """Return the whole; brackets that were not closed are closed."""
        while len(self._levels) > 1:
            self._close()
        return self._levels[0].close()

    def _close(self) -> None:
        closed = self._levels.pop().close()
        if closed is not None:
            self._levels[-1].now.append(closed)
