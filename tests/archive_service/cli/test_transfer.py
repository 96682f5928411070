"""Transfer at the terminal: what is not there is said, and a bag from elsewhere is judged without the archive."""

from __future__ import annotations

from pathlib import Path

from archive_service.disposal.transfer.bag import FolderSink, part_of, write_bag
from tests.archive_service.cli.conftest import Terminal


def test_there_are_no_packages_at_first(terminal: Terminal) -> None:
    assert terminal.run("transfer", "list", "--as", "zhang.dang", "--json").json == []
    assert "还没有移交包" in terminal.run("transfer", "list", "--as", "zhang.dang", language="zh").out


def test_an_unknown_list_or_package_is_not_found(terminal: Terminal) -> None:
    who = ("--as", "zhang.dang")
    assert terminal.run("transfer", "prepare", "CZ1999-001", "--receiver", "市档案馆", *who).code == 4
    written = terminal.run("transfer", "write", "YJ1999-001", "--target", "nowhere", *who)
    assert (written.code, written.err.strip()) == (4, "Error: The settings name no target of transfer nowhere.")


def test_a_shell_takes_no_receipt_but_a_signed_one(terminal: Terminal, tmp_path: Path) -> None:
    assert terminal.run("transfer", "confirm", "YJ1999-001", "--as", "zhang.dang").code == 2
    note = tmp_path / "receipt.txt"
    note.write_text("YJ1999-001 received", encoding="utf-8")
    refused = terminal.run("transfer", "receipt", str(note), "--as", "zhang.dang")
    assert refused.code == 2
    assert "no signed receipt" in refused.err


def test_a_bag_is_checked_and_what_is_wrong_with_it_is_told(terminal: Terminal, tmp_path: Path) -> None:
    bag = tmp_path / "包"
    written = write_bag(FolderSink(bag), [part_of("a·%.txt", b"x")], {"Source-Organization": "示例"}, {})
    sound = terminal.run("transfer", "check", str(bag), "--json")
    assert (sound.code, sound.json["valid"], sound.json["digest"]) == (0, True, written.digest)
    (bag / "data" / "a·%.txt").write_bytes(b"y")
    faulty = terminal.run("transfer", "check", str(bag), "--json")
    assert (faulty.code, [one["en"] for one in faulty.json["faults"]]) == (
        1,
        ["data/a·%.txt does not agree with its sha256"],
    )
