"""Sound and video: what the file says of itself."""

from __future__ import annotations

import io

from tinytag import TinyTag

FIELDS = ("title", "artist", "album", "albumartist", "composer", "genre", "year", "comment")


def read(data: bytes) -> str:
    """Return title, people, year, comment and length, a line each; what is said in it is not written down."""
    tag = TinyTag.get(file_obj=io.BytesIO(data))
    lines = [str(value) for name in FIELDS if (value := getattr(tag, name, None))]
    if tag.duration and lines:
        lines.append(f"{int(tag.duration) // 60}:{int(tag.duration) % 60:02}")
    return "\n".join(lines)
