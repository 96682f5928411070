"""Taking a ZIP file or a mail apart in the caged process: parts go out one by one, each with its name and length.

What comes in is one line of JSON (kind, limits), then the container. What goes out is, for each part, ``P``, the lengths
of name and content, name and content; and at the end ``Z`` with what was left out and why, as JSON. A container that
tries to be more than it may be is refused as a whole: whoever reads forgets the parts that were given before.
"""

from __future__ import annotations

import io
import json
import re
import stat
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import IO, Any

from index.extract.refusal import Refusal

PIECE = 256 * 1024
SMALL = 1024 * 1024
"""Parts up to this size may be pressed as hard as they like."""

TOO_MUCH = Refusal(
    "压缩包或邮件展开后超过限度（个数、总量、压缩比或层数），疑似恶意文件，未拆开。",
    "The container unpacks to more than is allowed (number, size, ratio or depth), as hostile files do; it was not taken apart.",
)
BODY_NAMES = {"text/plain": "正文.txt", "text/html": "正文.html"}


@dataclass
class Taking:
    """One container being taken apart: the limits, what has been given out, and what was left out."""

    out: IO[bytes]
    most_files: int
    most_bytes: int
    most_ratio: int
    most_depth: int
    files: int = 0
    total: int = 0
    names: set[str] = field(default_factory=set)
    left_out: list[dict[str, str]] = field(default_factory=list)

    def leave_out(self, name: str, zh: str, en: str) -> None:
        """Note a part that is not given out."""
        self.left_out.append({"name": name[:300], "zh": zh, "en": en})

    def give(self, name: str, size: int, chunks: Iterator[bytes]) -> None:
        """Give a part out; a length that was a lie is a refusal."""
        self.files += 1
        self.total += size
        if self.files > self.most_files or self.total > self.most_bytes:
            raise TOO_MUCH
        said = self._free(name).encode()
        self.out.write(b"P" + struct.pack(">IQ", len(said), size) + said)
        given = 0
        for chunk in chunks:
            given += len(chunk)
            if given > size:
                raise TOO_MUCH
            self.out.write(chunk)
        if given != size:
            raise Refusal("压缩包已损坏，未拆开。", "The container is damaged; it was not taken apart.")

    def _free(self, name: str) -> str:
        """Return the name, or one with a number where it is taken: no part replaces another."""
        stem, dot, ending = name.rpartition(".")
        found, number = name, 1
        while found in self.names:
            number += 1
            found = f"{stem} ({number}).{ending}" if dot and stem else f"{name} ({number})"
        self.names.add(found)
        return found


def stream(source: IO[bytes], out: IO[bytes]) -> None:
    """Take apart what comes in."""
    asked = json.loads(source.readline())
    taking = Taking(out, int(asked["files"]), int(asked["bytes"]), int(asked["ratio"]), int(asked["depth"]))
    ending: dict[str, Any] = {}
    try:
        _take(taking, asked["kind"], source.read(), "", 1)
    except Refusal as refusal:
        ending = {"zh": refusal.zh, "en": refusal.en}
    except Exception:  # whatever a hostile file makes a library raise
        ending = {"zh": "文件已损坏，未拆开。", "en": "The file is damaged and was not taken apart."}
    out.write(b"Z" + json.dumps({**ending, "left_out": taking.left_out[:200]}).encode())
    out.flush()


def _take(taking: Taking, kind: str, data: bytes, place: str, depth: int) -> None:
    if depth > taking.most_depth:
        raise TOO_MUCH
    if kind == "zip":
        _take_zip(taking, data, place, depth)
    else:
        _take_mail(taking, data, place, depth)


def _take_zip(taking: Taking, data: bytes, place: str, depth: int) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        members = [one for one in package.infolist() if not one.is_dir()]
        if len(members) > taking.most_files:
            raise TOO_MUCH
        for one in members:
            if one.file_size > SMALL and one.file_size > taking.most_ratio * max(1, one.compress_size):
                raise TOO_MUCH
        if taking.total + sum(one.file_size for one in members) > taking.most_bytes:
            raise TOO_MUCH
        for one in members:
            _take_member(taking, package, one, place, depth)


def _take_member(taking: Taking, package: zipfile.ZipFile, one: zipfile.ZipInfo, place: str, depth: int) -> None:
    name = _told_name(one)
    safe = _safe(name)
    if stat.S_ISLNK(one.external_attr >> 16):
        taking.leave_out(name, "是指向别处的链接", "it is a link to somewhere else")
    elif one.flag_bits & 1:
        taking.leave_out(name, "有密码", "it has a password")
    elif not safe:
        taking.leave_out(name, "名称指向压缩包之外", "its name leads out of the container")
    elif one.file_size == 0:
        taking.leave_out(name, "是空的", "it is empty")
    elif kind := _container(safe):
        _take(taking, kind, package.read(one), f"{place}{safe}/", depth + 1)
    else:
        with package.open(one) as member:
            taking.give(place + safe, one.file_size, iter(lambda: member.read(PIECE), b""))


def _told_name(one: zipfile.ZipInfo) -> str:
    """Return a member's name; without the mark of UTF-8 it is most likely one of Chinese Windows."""
    if one.flag_bits & 0x800:
        return one.filename
    try:
        return one.orig_filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return one.filename


def _safe(name: str) -> str:
    """Return a path inside the container, or nothing for one that leads out of it."""
    path = name.replace("\\", "/")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if path.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", path) or "\0" in path or not parts:
        return ""
    return "/".join("".join(letter for letter in part if letter.isprintable()) or "_" for part in parts)[:800]


def _container(name: str) -> str:
    ending = name.rsplit(".", 1)[-1].lower()
    return {"zip": "zip", "eml": "mail"}.get(ending, "")


def _take_mail(taking: Taking, data: bytes, place: str, depth: int) -> None:
    message = BytesParser(policy=policy.default).parsebytes(data)
    for number, part in enumerate(_leaves(message), 1):
        _take_part(taking, part, number, place, depth)


def _leaves(message: EmailMessage) -> Iterator[EmailMessage]:
    """Give the parts of a mail that hold something; a mail within a mail is one part."""
    if message.get_content_type() == "message/rfc822" or not message.is_multipart():
        yield message
        return
    for part in message.iter_parts():
        yield from _leaves(part)  # type: ignore[arg-type]


def _take_part(taking: Taking, part: EmailMessage, number: int, place: str, depth: int) -> None:
    kind = part.get_content_type()
    if kind == "message/rfc822":
        inner = part.get_payload(0) if part.is_multipart() else None
        data = inner.as_bytes() if isinstance(inner, EmailMessage) else b""
        name = _plain(part.get_filename() or f"邮件 {number}.eml")
        _take(taking, "mail", data, f"{place}{name}/", depth + 1)
        return
    content = part.get_payload(decode=True)
    data = content if isinstance(content, bytes) else b""
    name = _plain(part.get_filename() or BODY_NAMES.get(kind) or f"附件 {number}")
    if not data.strip():
        return
    if inside := _container(name):
        _take(taking, inside, data, f"{place}{name}/", depth + 1)
    else:
        taking.give(place + name, len(data), iter([data]))


def _plain(name: str) -> str:
    """Return the last part of a file name that a mail gives, without what cannot be printed."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(letter for letter in last if letter.isprintable()).strip(". ")[:200] or "_"
