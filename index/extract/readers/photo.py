"""Photographs: what the camera wrote into them."""

from __future__ import annotations

import io

from PIL import ExifTags, Image

from index.extract.readers.scanned import Scanned

Image.MAX_IMAGE_PIXELS = None  # the head alone is read, never the pixels
TAGS = (
    "ImageDescription",
    "Artist",
    "Copyright",
    "Make",
    "Model",
    "DateTime",
    "DateTimeOriginal",
    "XPTitle",
    "XPComment",
)
TEXTS = ("Description", "Title", "Comment", "comment", "Author")


def read(data: bytes) -> Scanned:
    """Return size, time, place and words of a picture, a line each; the words in the picture itself are read later."""
    with Image.open(io.BytesIO(data)) as picture:
        exif = picture.getexif()
        named = {ExifTags.TAGS.get(tag, ""): value for tag, value in {**exif, **exif.get_ifd(0x8769)}.items()}
        place = exif.get_ifd(0x8825)
        lines = [_words(named[tag]) for tag in TAGS if tag in named]
        lines += [_words(picture.info[name]) for name in TEXTS if name in picture.info]
        if 2 in place and 4 in place:
            lines.append(f"GPS {_degrees(place[2])} {place.get(1, '')} {_degrees(place[4])} {place.get(3, '')}")
        frames = getattr(picture, "n_frames", 1) if picture.format == "TIFF" else 1
    return Scanned.of("\n".join(line for line in lines if line.strip()), frames)


def _words(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-16-le" if b"\x00" in value else "utf-8", "replace")
    return str(value).replace("\x00", "").strip()


def _degrees(parts: tuple[float, ...]) -> str:
    return f"{sum(float(part) / 60**step for step, part in enumerate(parts)):.5f}"
