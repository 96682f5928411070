"""Judging a bag that came from elsewhere (RFC 8493, and BagIt 0.93 to 0.97): whole, unchanged, and nothing that leads out of it.

Nothing is repaired and nothing is fetched. What a careful receiver accepts although it is untidy is a warning.
"""

from __future__ import annotations

import codecs
import hashlib
import os
import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from archive_service.errors import Text

ALGORITHMS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
"""Digests that are read; a bag of ours is made with SHA-256 alone."""

PIECE = 1 << 20
LARGEST_TAG_FILE = 256 << 20
_DECLARATION = re.compile(
    r"BagIt-Version: (?P<version>\d+\.\d+)[ \t]*\r?\nTag-File-Character-Encoding: (?P<encoding>\S+)[ \t]*(\r?\n)*"
)
_LINE = re.compile(r"(?P<digest>[0-9A-Fa-f]+)[ \t]+(?P<star>\*?)(?P<path>.+)")
_OUTSIDE = re.compile(r"^([/\\~%]|[A-Za-z]:)|\\")
_LITTER = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})


@dataclass
class BagReport:
    """What was found: ``faults`` make the bag invalid, ``warnings`` do not. ``digest`` names the package (SHA-256, hex)."""

    faults: list[Text] = field(default_factory=list)
    warnings: list[Text] = field(default_factory=list)
    version: str = ""
    payload_files: int = 0
    payload_bytes: int = 0
    digest: str = ""

    @property
    def valid(self) -> bool:
        """Whether everything is there and as it was sent."""
        return not self.faults

    def fault(self, zh: str, en: str) -> None:
        """Note what makes the bag invalid."""
        self.faults.append(Text(zh, en))

    def warn(self, zh: str, en: str) -> None:
        """Note what a receiver should know of."""
        self.warnings.append(Text(zh, en))


class _Refused(Exception):
    """The check cannot go on; why stands in the report."""


def check_bag(folder: Path) -> BagReport:
    """Judge the bag in a folder; every fault that can be found is told at once."""
    report = BagReport()
    with suppress(_Refused):
        _check(folder, report)
    return report


def _check(folder: Path, report: BagReport) -> None:
    encoding = _declared(folder, report)
    there = _files(folder, report)
    payload = {name: size for name, size in there.items() if name.startswith("data/")}
    if not (folder / "data").is_dir():
        report.fault("没有 data 文件夹。", "There is no data folder.")
    report.payload_files, report.payload_bytes = len(payload), sum(payload.values())
    manifests = _manifests(folder, "manifest", encoding, report)
    tags = _manifests(folder, "tagmanifest", encoding, report)
    if not manifests:
        report.fault("没有清单文件 manifest。", "There is no manifest.")
    answered = _check_listed(folder, manifests, there, report, payload=True)
    _check_listed(folder, tags, there, report, payload=False)
    _check_all_listed(answered, payload, report)
    _check_fetch(folder, encoding, report)
    _check_info(folder, encoding, report)
    _warn_of_twins(payload, report)
    if (folder / "tagmanifest-sha256.txt").is_file():
        report.digest = _digest(folder / "tagmanifest-sha256.txt", "sha256")


def _declared(folder: Path, report: BagReport) -> str:
    """Read ``bagit.txt``: the version, and the encoding of the other tag files."""
    path = folder / "bagit.txt"
    if path.is_symlink() or not path.is_file():
        report.fault("没有 bagit.txt，这不是 BagIt 包。", "There is no bagit.txt; this is no bag.")
        raise _Refused
    try:
        found = _DECLARATION.fullmatch(path.read_bytes()[:4096].decode("utf-8"))
    except UnicodeDecodeError:
        found = None
    if found is None:
        report.fault("bagit.txt 的写法不合规定。", "bagit.txt is not written as the standard says.")
        raise _Refused
    report.version = found["version"]
    if not "0.93" <= report.version <= "1.0":
        report.fault(f"不认识 BagIt {report.version}。", f"BagIt {report.version} is not known.")
    try:
        return codecs.lookup(found["encoding"]).name
    except LookupError:
        report.fault(f"不认识编码 {found['encoding']}。", f"The encoding {found['encoding']} is not known.")
        raise _Refused from None


def _files(folder: Path, report: BagReport) -> dict[str, int]:
    """Return every file with its size; links and devices are no part of a bag and are never followed."""
    found: dict[str, int] = {}
    for place, folders, names in os.walk(folder):
        for name in [*names, *folders]:
            path = Path(place, name)
            relative = path.relative_to(folder).as_posix()
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                report.fault(
                    f"{relative} 是链接或特殊文件，不予接收。",
                    f"{relative} is a link or a special file, which is not taken in.",
                )
            elif path.is_file():
                found[relative] = path.stat().st_size
    return found


def _manifests(folder: Path, kind: str, encoding: str, report: BagReport) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for path in sorted(folder.glob(f"{kind}-*.txt")):
        algorithm = path.stem.removeprefix(f"{kind}-").lower()
        if algorithm not in ALGORITHMS:
            report.warn(
                f"不核对 {path.name}：不认识该算法。", f"{path.name} is not checked: its algorithm is not known."
            )
            continue
        found[algorithm] = _read_manifest(path, encoding, report)
    return found


def _read_manifest(path: Path, encoding: str, report: BagReport) -> dict[str, str]:
    listed: dict[str, str] = {}
    for line in _text(path, encoding, report).splitlines():
        if not line.strip():
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            report.fault(f"{path.name} 中有无法识别的行。", f"{path.name} has a line that cannot be read.")
            continue
        name, digest = _plain(found["path"], report.version), found["digest"].lower()
        if found["star"]:
            report.warn(f"{path.name} 带有 md5sum 的星号。", f"{path.name} bears the asterisk of md5sum.")
        if name != found["path"] and found["path"].startswith("./"):
            report.warn(f"{path.name} 的路径以 ./ 开头。", f"Paths in {path.name} begin with ./")
        if leads_out(name):
            report.fault(f"{path.name} 指向包外：{name}", f"{path.name} leads out of the bag: {name}")
        elif name in listed:
            same = listed[name] == digest and report.version < "1.0"
            (report.warn if same else report.fault)(f"{path.name} 重复列出 {name}", f"{path.name} lists {name} twice")
        else:
            listed[name] = digest
    return listed


def _plain(name: str, version: str) -> str:
    name = name.removeprefix("./")
    if version < "1.0":
        return name
    return re.sub("%(0[AaDd]|25)", lambda found: chr(int(found[1], 16)), name)


def leads_out(name: str) -> bool:
    """Say whether a path of a manifest could mean something outside the bag, on any system."""
    return bool(_OUTSIDE.search(name)) or any(part in ("", ".", "..") for part in name.split("/")) or "\0" in name


def _check_listed(
    folder: Path, manifests: Mapping[str, Mapping[str, str]], there: Mapping[str, int], report: BagReport, payload: bool
) -> list[set[str]]:
    """Hold every listed file against its digest; return for each manifest the files that it answers for."""
    # A sender whose file system takes two ways of writing a name for one lists it in a way that is not the file's.
    loosely = {_loose(name): name for name in there}
    answered: list[set[str]] = []
    for algorithm, listed in manifests.items():
        found: set[str] = set()
        for name, digest in listed.items():
            if payload and not name.startswith("data/"):
                report.fault(f"清单列出了 data 之外的 {name}", f"A manifest lists {name}, which is not below data")
                continue
            actual = name if name in there else loosely.get(_loose(name))
            if actual is None:
                report.fault(f"缺少 {name}", f"{name} is missing")
                continue
            found.add(actual)
            if _digest(folder / actual, algorithm) != digest:
                report.fault(f"{name} 与摘要不符（{algorithm}）", f"{name} does not agree with its {algorithm}")
            elif actual != name:
                report.warn(f"{name} 的写法与文件名不同", f"{name} is not written as the file's name is")
        answered.append(found)
    return answered


def _check_all_listed(answered: list[set[str]], payload: Mapping[str, int], report: BagReport) -> None:
    """In version 1.0 every manifest lists the whole payload; before, a file had to be in one of them."""
    sets = answered if report.version >= "1.0" else [set().union(*answered)] if answered else []
    for name in sorted(payload):
        if any(name not in found for found in sets):
            report.fault(f"{name} 不在清单中", f"{name} is in no manifest, or not in all of them")


def _loose(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _check_fetch(folder: Path, encoding: str, report: BagReport) -> None:
    path = folder / "fetch.txt"
    if not path.is_file():
        return
    report.warn("包内有 fetch.txt；不从网上取文件。", "The bag has a fetch.txt; nothing is fetched.")
    for line in _text(path, encoding, report).splitlines():
        if not line.strip():
            continue
        name = _plain(line.split(maxsplit=2)[-1].strip(), report.version)
        if leads_out(name) or not name.startswith("data/"):
            report.fault(f"fetch.txt 指向包外：{name}", f"fetch.txt leads out of the bag: {name}")


def _check_info(folder: Path, encoding: str, report: BagReport) -> None:
    path = folder / "bag-info.txt"
    if not path.is_file():
        return
    for label, value in info_lines(_text(path, encoding, report)):
        if label.lower() == "payload-oxum" and value != f"{report.payload_bytes}.{report.payload_files}":
            report.fault(
                f"Payload-Oxum 为 {value}，实有 {report.payload_bytes}.{report.payload_files}。",
                f"Payload-Oxum is {value}, there is {report.payload_bytes}.{report.payload_files}.",
            )


def info_lines(text: str) -> Iterator[tuple[str, str]]:
    """Yield label and value of a ``bag-info.txt``; a line that begins with a blank goes on with the one before."""
    joined = re.sub(r"\r?\n[ \t]+", " ", text)
    for line in joined.splitlines():
        label, colon, value = line.partition(":")
        if colon:
            yield label.strip(), value.strip()


def _warn_of_twins(payload: Mapping[str, int], report: BagReport) -> None:
    seen: dict[str, str] = {}
    for name in sorted(payload):
        twin = seen.setdefault(_loose(name), name)
        if twin != name:
            report.warn(
                f"{twin} 与 {name} 仅大小写或写法不同", f"{twin} and {name} differ in case or composition alone"
            )
        if name.rsplit("/", 1)[-1] in _LITTER:
            report.warn(f"{name} 是系统文件", f"{name} is a file of an operating system")


def _text(path: Path, encoding: str, report: BagReport) -> str:
    if path.stat().st_size > LARGEST_TAG_FILE:
        report.fault(f"{path.name} 过大。", f"{path.name} is too large.")
        raise _Refused
    try:
        return path.read_bytes().decode(encoding)
    except UnicodeDecodeError:
        report.fault(f"{path.name} 不是 {encoding} 编码。", f"{path.name} is not {encoding}.")
        raise _Refused from None


def _digest(path: Path, algorithm: str) -> str:
    made = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            made.update(piece)
    return made.hexdigest()
