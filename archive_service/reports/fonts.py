"""Where the Chinese type for PDF papers and drawn pictures comes from."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

# WenQuanYi Micro Hei (Apache-2.0 or GPL-3.0 with font exception) as packed in a small wheel.
PACKAGE, FILE = "paperang_p2_fonts_cjk", "fonts/wqy-microhei.ttc"


@cache
def chinese_font() -> Path | None:
    """The font file, or ``None`` where the package is not installed ."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / FILE
    return path if path.is_file() else None
