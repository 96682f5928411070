"""Which formats the archive accepts for long keeping: a list in a TOML file, with reasons and what to convert to.

Nothing is refused for its format. What is told, at the door and on the record's page, is an ending that does not fit
the content, and a format that will not be readable for as long as the record is to be kept.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from archive_service.catalog.model import Receipt
from archive_service.errors import BadSettings, Text

SHIPPED = Path(__file__).parent / "lists" / "accepted.toml"

WORD = Annotated[str, Field(min_length=1, max_length=200)]


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    zh: WORD
    en: WORD


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    code: WORD
    name: _Said
    media_types: list[WORD] = Field(min_length=1)
    endings: list[Annotated[str, Field(pattern=r"^\.[a-z0-9]+$")]]
    puids: list[Annotated[str, Field(pattern=r"^(x-)?fmt/\d+$")]] = []
    text: bool = False
    reason: _Said
    target: _Said | None = None


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: list[_Entry] = Field(min_length=1)


@dataclass(frozen=True)
class KnownFormat:
    """A format of the list; ``target`` says what to convert to, and is missing where the format is accepted.

    ``text`` is true for formats that are plain text to the eye, so that the ending alone tells them apart.
    """

    code: str
    name: Text
    media_types: frozenset[str]
    endings: frozenset[str]
    puids: frozenset[str]
    text: bool
    reason: Text
    target: Text | None


@dataclass(frozen=True)
class Judged:
    """What is to be said of a file: the format it has, an ending that lies, and why it will not keep."""

    format: KnownFormat | None
    lie: Text | None = None
    keeping: Text | None = None

    @property
    def warnings(self) -> tuple[Text, ...]:
        """Everything that is to be told, the lie first."""
        return tuple(said for said in (self.lie, self.keeping) if said)


@dataclass(frozen=True)
class FormatList:
    """The formats that the archive knows, in the order of the file."""

    formats: Sequence[KnownFormat]

    def judge(self, name: str, media_type: str, puid: str | None = None) -> Judged:
        """Judge a file by its name and what its content was found to be; ``puid`` is PRONOM's word on it, if known."""
        ending = PurePath(name).suffix.lower()
        claimed = [one for one in self.formats if ending in one.endings]
        found = self._found(media_type, puid, claimed)
        return Judged(found, _lie(name, ending, media_type, claimed, found), _keeping(name, media_type, found))

    def warnings(self, receipt: Receipt) -> list[Text]:
        """Return what is to be said of the files that a receipt names."""
        named = zip(receipt.files, receipt.media_types, strict=True)
        return [said for (name, _, _), kind in named for said in self.judge(name, kind).warnings]

    def _found(self, media_type: str, puid: str | None, claimed: Sequence[KnownFormat]) -> KnownFormat | None:
        told = [one for one in self.formats if puid and puid in one.puids]
        told = told or [one for one in self.formats if media_type in one.media_types]
        for one in claimed:
            # What looks like text may be any kind of text; what several formats share is the one that it claims to be.
            if one in told or (one.text and told and all(other.text for other in told)):
                return one
        return told[-1] if told else None


def _lie(
    name: str, ending: str, media_type: str, claimed: Sequence[KnownFormat], found: KnownFormat | None
) -> Text | None:
    if not claimed or found in claimed:
        return None
    is_zh, is_en = (found.name.zh, found.name.en) if found else (media_type, media_type)
    return Text(
        f"“{name}”的扩展名为 {ending}，内容却不是{claimed[0].name.zh}，而是：{is_zh}。请核对是否传错或改错了名。",
        f"{name!r} ends in {ending}, but its content is not of that kind ({claimed[0].name.en}): it is {is_en}. "
        "Check whether it is the right file or was renamed by mistake.",
    )


def _keeping(name: str, media_type: str, found: KnownFormat | None) -> Text | None:
    if found is None:
        return Text(
            f"“{name}”的格式（{media_type}）不在本馆的格式清单里，能否长期可读没有把握；请一并归档一份通用格式的文件。",
            f"The format of {name!r} ({media_type}) is not on this archive's list, so nobody can say how long it will be "
            "readable; file a copy in a common format with it.",
        )
    if found.target is None:
        return None
    return Text(
        f"“{name}”是{found.name.zh}，不宜长期保存：{found.reason.zh}可接受的格式：{found.target.zh}。原件照收，不作改动。",
        f"{name!r} is of a format not accepted for long keeping ({found.name.en}): {found.reason.en} "
        f"Accepted: {found.target.en}. The original is taken in unchanged.",
    )


def load_formats(path: Path = SHIPPED) -> FormatList:
    """Read a list of formats; :class:`BadSettings` names every fault at once."""
    try:
        whole = _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise BadSettings([f"{path}: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings([f"{path}: {error}"]) from error
    except ValidationError as error:
        raise BadSettings([f"{path}: {_fault(fault['loc'], fault['msg'])}" for fault in error.errors()]) from error
    codes = [one.code for one in whole.format]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise BadSettings([f"{path}: code 重复 stands twice: {', '.join(twice)}"])
    return FormatList(tuple(_known(one) for one in whole.format))


def _fault(place: Sequence[int | str], words: str) -> str:
    where = [f"[[format]] {place[1] + 1}" if len(place) > 1 and isinstance(place[1], int) else "[[format]]"]
    return f"{' '.join([*where, *map(str, place[2:])])}: {words}"


def _known(one: _Entry) -> KnownFormat:
    return KnownFormat(
        code=one.code,
        name=Text(one.name.zh, one.name.en),
        media_types=frozenset(one.media_types),
        endings=frozenset(one.endings),
        puids=frozenset(one.puids),
        text=one.text,
        reason=Text(one.reason.zh, one.reason.en),
        target=Text(one.target.zh, one.target.en) if one.target else None,
    )
