"""Compound files, the house of old Office formats and of Outlook messages: which of them it is, its streams say."""

from __future__ import annotations

import io

import olefile
import xlrd

from index.extract.readers import doc, msg, ppt, xls
from index.extract.refusal import Refusal


def read(data: bytes) -> str:
    """Return the text of whatever lives in the file; one under a password is refused with the reason."""
    with olefile.OleFileIO(io.BytesIO(data)) as package:
        if package.exists("EncryptedPackage") or package.exists("EncryptionInfo"):
            raise _locked()
        if package.exists("WordDocument"):
            return doc.read_ole(package)
        if package.exists("PowerPoint Document"):
            return ppt.read_ole(package)
        if package.exists("__properties_version1.0"):
            return msg.read(data)
        if package.exists("Workbook") or package.exists("Book"):
            try:
                return xls.read(data)
            except xlrd.XLRDError as error:
                if "encrypted" in str(error).lower():
                    raise _locked() from error
                raise
    raise Refusal("此复合文件的格式尚不能读取文字。", "No text can be read from this kind of compound file yet.")


def _locked() -> Refusal:
    return Refusal(
        "Office 文件有密码保护，未提取文字。", "The Office file is protected by a password; no text was extracted."
    )
