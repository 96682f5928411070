"""Containers taken apart in the cage: what is inside comes out whole, and hostile ones give nothing."""

from __future__ import annotations

import io
import stat
import zipfile
from email.message import EmailMessage

import pytest

from index.extract.parts import ContainerLimits, LeftOut, Part, pieces, take_apart
from index.extract.refusal import Refusal

LIMITS = ContainerLimits(files=20, bytes=5_000_000, ratio=100, depth=3)


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in members:
            package.writestr(name, data)
    return out.getvalue()


def taken(
    data: bytes, media_type: str = "application/zip", limits: ContainerLimits = LIMITS
) -> tuple[dict[str, bytes], list[LeftOut]]:
    found: dict[str, bytes] = {}

    def take(part: Part) -> None:
        found[part.path] = b"".join(pieces(part))

    return found, take_apart([data], media_type, limits, take)


def nested(depth: int) -> bytes:
    data = zipped(("里面.txt", b"x"))
    for _ in range(depth - 1):
        data = zipped(("内.zip", data))
    return data


def test_files_come_out_whole_with_their_folders_and_containers_within() -> None:
    found, left_out = taken(zipped(("甲/记录.txt", "现场".encode() * 9), ("乙.zip", zipped(("丙.pdf", b"%PDF-1.4")))))
    assert found == {"甲/记录.txt": "现场".encode() * 9, "乙.zip/丙.pdf": b"%PDF-1.4"}
    assert left_out == []


def test_a_mail_gives_its_text_and_its_attachments_and_the_mail_within() -> None:
    inner = EmailMessage()
    inner["Subject"] = "转发"
    inner.set_content("里面的信")
    mail = EmailMessage()
    mail["Subject"] = "整改材料"
    mail.set_content("请查收。")
    mail.add_attachment(b"%PDF-1.4 x", maintype="application", subtype="pdf", filename="../整改 报告.pdf")
    mail.add_attachment(zipped(("照片.jpg", b"jpeg")), maintype="application", subtype="zip", filename="照片.zip")
    mail.add_attachment(inner)
    found, _ = taken(mail.as_bytes(), "message/rfc822")
    assert found["正文.txt"].decode().strip() == "请查收。"
    assert found["整改 报告.pdf"] == b"%PDF-1.4 x"
    assert found["照片.zip/照片.jpg"] == b"jpeg"
    assert any(path.endswith(".eml/正文.txt") for path in found)


def test_names_that_lead_out_links_and_what_is_locked_are_left_out() -> None:
    link = zipfile.ZipInfo("链接")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    data = zipped(
        ("../../etc/x", b"1"), ("C:\\x", b"2"), ("/abs", b"3"), (link, b"/etc/passwd"), ("好.txt", b"4"), ("空", b"")
    )
    found, left_out = taken(data)
    assert found == {"好.txt": b"4"}
    assert len(left_out) == 5
    locked = bytearray(zipped(("密.txt", b"x")))
    locked[6] |= 1
    locked[locked.rindex(b"PK\1\2") + 8] |= 1
    found, left_out = taken(bytes(locked))
    assert found == {}
    assert "password" in left_out[0].en


def test_two_parts_of_one_name_both_come_out() -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        data = zipped(("a.txt", b"1"), ("a.txt", b"2"))
    assert taken(data)[0] == {"a.txt": b"1", "a (2).txt": b"2"}


def test_names_of_chinese_windows_are_read() -> None:
    info = zipfile.ZipInfo("xx.txt")
    data = zipped((info, b"1")).replace(b"xx.txt", "中.txt".encode("gb18030"))
    assert list(taken(data)[0]) == ["中.txt"]


@pytest.mark.parametrize(
    "data",
    [
        zipped(("bomb", bytes(4_000_000))),
        zipped(*((f"{number}.txt", b"x") for number in range(21))),
        nested(4),
        b"PK\3\4 no zip at all",
    ],
    ids=["ratio", "count", "depth", "broken"],
)
def test_what_exceeds_a_limit_is_refused_as_a_whole(data: bytes) -> None:
    with pytest.raises(Refusal):
        taken(data)


def test_the_total_counts_over_all_parts_and_depths() -> None:
    noise = bytes(range(256)) * 8000
    with pytest.raises(Refusal):
        taken(zipped(("a", noise), ("内.zip", zipped(("b", noise), ("c", noise)))))
