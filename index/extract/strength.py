"""How strong the cage is on this machine: tried, not assumed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from index.extract.kinds import PROBES
from index.extract.runner import Limits, run
from index.faults import Sentence

READING = "read: "


@dataclass(frozen=True)
class CageStrength:
    """What a process that parses documents was kept from. ``layers`` names the means, ``broken`` what was not stopped."""

    layers: tuple[str, ...]
    stopped: tuple[str, ...]
    broken: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """True when network, programs, writing and other processes are all out of reach."""
        return bool(self.stopped) and all(name.startswith(READING) for name in self.broken)

    @property
    def complete(self) -> bool:
        """True when files outside cannot be read either."""
        return self.holds and not self.broken

    @property
    def sentence(self) -> Sentence:
        """What is to be told to whoever runs the service."""
        if self.complete:
            return Sentence(
                f"文字提取进程完全隔离（{len(self.stopped)} 项试探均被阻止）。",
                f"Text extraction is fully caged ({len(self.stopped)} attempts to break out were all stopped).",
            )
        if self.holds:
            return Sentence(
                "文字提取进程已隔离网络、程序与写入，但本内核没有 Landlock，不能阻止其读取服务可读的文件。",
                "Text extraction is kept from network, programs and writing, but this kernel has no Landlock: "
                "it is not kept from reading files that the service can read.",
            )
        names = "; ".join(self.broken) or "no answer"
        return Sentence(
            f"警告：本系统未能隔离文字提取进程，恶意文件可能造成危害。未被阻止：{names}",
            f"WARNING: this system does not cage text extraction; a hostile document could do harm. Not stopped: {names}",
        )


def cage_strength(outside: Iterable[Path] = ()) -> CageStrength:
    """Try to break out of the cage in a process of its own, which takes about a fifth of a second.

    ``outside`` are files that a parser must not be able to read, such as keys.
    """
    answer = run([b"\n".join(str(path).encode() for path in outside)], PROBES, Limits(wall_seconds=20))
    answers: dict[str, bool] = json.loads(answer.text) if answer.status == "ok" else {}
    return CageStrength(
        layers=answer.sandbox,
        stopped=tuple(name for name, stopped in answers.items() if stopped),
        broken=tuple(name for name, stopped in answers.items() if not stopped),
    )
