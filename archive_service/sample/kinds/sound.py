"""A short tone melody as WAV: stands for the recording of a talk without anybody's voice in it."""

from __future__ import annotations

import math
import struct
import wave
from pathlib import Path
from random import Random

RATE = 8000
SCALE = (262, 294, 330, 392, 440, 523)


def write(path: Path, dice: Random, comment: str) -> None:
    """Write about four seconds of mono 16-bit sound at 8 kHz; ``comment`` goes into the file's INFO part."""
    notes = [dice.choice(SCALE) for _ in range(11)] + [SCALE[0]]
    samples = [value for note in notes for value in _note(note, 0.33)]
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    _comment(path, comment)


def _note(pitch: int, seconds: float) -> list[int]:
    count = int(RATE * seconds)
    return [
        int(9000 * math.sin(2 * math.pi * pitch * n / RATE) * math.exp(-3 * n / count) * min(1, n / 80))
        for n in range(count)
    ]


def _comment(path: Path, comment: str) -> None:
    """Append a RIFF INFO list (the standard module cannot) and correct the size in the head."""
    text = comment.encode("utf-8") + b"\0"
    text += b"\0" * (len(text) % 2)
    info = b"INFOICMT" + struct.pack("<I", len(text)) + text
    data = path.read_bytes() + b"LIST" + struct.pack("<I", len(info)) + info
    path.write_bytes(data[:4] + struct.pack("<I", len(data) - 8) + data[8:])
