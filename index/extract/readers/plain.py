"""Plain text in the encodings that Chinese offices leave behind."""

from __future__ import annotations

import codecs

from charset_normalizer import from_bytes

from index.extract.refusal import Refusal

MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
SAMPLE = 200_000


def read(data: bytes) -> str:
    """Return the text; a wrong guess would look like text and be none, so what fits strictly goes first."""
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    for encoding in _likely(data):
        try:
            return data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    if b"\x00" in data[:SAMPLE]:
        raise Refusal("不是文本文件。", "This is no text file.")
    return data.decode("gb18030", "replace")


def _likely(data: bytes) -> list[str]:
    best = from_bytes(data[:SAMPLE], cp_isolation=["gb18030", "big5", "utf_16_le", "utf_16_be"]).best()
    return ([best.encoding] if best else []) + ["gb18030", "big5"]
