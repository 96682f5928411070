"""The lists of a transfer package are held against their schemas: what does not fit is named with its line."""

from __future__ import annotations

import pytest

from archive_service.disposal.transfer.lists import CATALOGUE, check
from archive_service.errors import Damaged

ENTRY = "<文件><顺序号>{no}</顺序号><档号>Q1</档号><责任者/><题名>{title}</题名><日期>{on}</日期><密级>内部</密级><电子档案名称>a</电子档案名称><备注/></文件>"
GOOD = {"no": "1", "title": "月报", "on": "2024-02-29"}


def catalogue(*entries: dict[str, str]) -> bytes:
    return f"<文件目录>{''.join(ENTRY.format(**{**GOOD, **one}) for one in entries)}</文件目录>".encode()


def test_a_list_fits_its_schema_or_is_refused_with_the_reason():
    check(CATALOGUE, catalogue({}))
    external = b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x"><x/>'
    bad = [catalogue(), catalogue({"title": ""}), catalogue({"on": "2023-02-29"}), catalogue({}, {}), b"<", external]
    for body in bad:
        with pytest.raises(Damaged, match="not as its schema says"):
            check(CATALOGUE, body)
