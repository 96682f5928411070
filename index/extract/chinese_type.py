"""The Chinese type: for PDF papers, for drawn pictures, and for pages of PDF files that name a type and do not bring it."""

from __future__ import annotations

import ctypes
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pypdfium2.raw as pdfium

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


@cache
def lend_to_pdfium() -> None:
    """Let PDFium draw with the Chinese type what a file names and does not bring (宋体 of many an official PDF).

    Without it such words are blank on the page: the caged process sees no type of the machine's. For a process of its
    own, before it opens its first document; the Latin types that every reader must know PDFium has itself.
    """
    path = chinese_font()
    if path is None:
        return
    folder = ctypes.create_string_buffer(str(path.parent).encode())
    folders = (ctypes.POINTER(ctypes.c_char) * 2)()  # the second is the end of the list
    folders[0] = ctypes.cast(folder, ctypes.POINTER(ctypes.c_char))
    pdfium.FPDF_DestroyLibrary()
    pdfium.FPDF_InitLibraryWithConfig(pdfium.FPDF_LIBRARY_CONFIG(version=2, m_pUserFontPaths=folders))
    _KEPT.extend((folder, folders))  # PDFium looks into them later too


_KEPT: list[object] = []
