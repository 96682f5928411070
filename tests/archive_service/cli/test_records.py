"""Filing, searching and showing from the command line, with the rights of the person who acts."""

from __future__ import annotations

import zipfile
from email.message import EmailMessage
from typing import Any

import pytest

from tests.archive_service.cli.conftest import OPEN_WORDS, SECRET, Terminal


@pytest.fixture(scope="module")
def filed(terminal: Terminal) -> dict[str, Any]:
    return {
        "open": terminal.file("YSH05", "整改情况月报", OPEN_WORDS),
        "secret": terminal.file("GZD01", "工艺配方", SECRET, level="TS"),
    }


def test_a_receipt_names_code_hashes_and_log_entry(filed: dict[str, Any]):
    receipt = filed["open"]
    assert receipt["archival_code"].startswith("Q001-")
    assert receipt["files"][0]["name"] == "整改情况月报.txt"
    assert len(receipt["files"][0]["sha256"]) == 64
    assert receipt["seq"] > 0
    assert receipt["checkpoint"].startswith("archive-service/")


def test_a_command_repeated_with_its_key_files_nothing_twice(terminal: Terminal):
    first = terminal.file("YSH05", "重复的命令", "同一份", key="k-1")
    again = terminal.file("YSH05", "重复的命令", "同一份", key="k-1")
    assert (first["archival_code"], first["repeated"], again["repeated"]) == (again["archival_code"], False, True)


def test_search_finds_the_text_and_shows_the_place(terminal: Terminal, filed: dict[str, Any]):
    found = terminal.run("search", "动火作业", "--as", "wang.yue", "--json").json
    assert [hit["code"] for hit in found["hits"]] == [filed["open"]["archival_code"]]
    assert any(match for _, match in found["hits"][0]["snippet"])


def test_what_is_confidential_is_found_by_the_cleared_and_by_nobody_else(terminal: Terminal, filed: dict[str, Any]):
    def total(login: str) -> int:
        return terminal.run("search", SECRET, "--as", login, "--json").json["total"]

    assert total("zhang.dang") == 1
    assert total("chen.mi") == 1
    assert total("wang.yue") == 0


def test_a_record_that_one_may_not_see_is_as_if_it_were_not_there(terminal: Terminal, filed: dict[str, Any]):
    hidden = terminal.run("show", filed["secret"]["archival_code"], "--as", "wang.yue")
    nowhere = terminal.run("show", "Q001-ZY·AX·2024-Y-GZD-9999", "--as", "wang.yue")
    assert hidden.code == nowhere.code == 4
    assert "工艺配方" not in hidden.out + hidden.err


@pytest.mark.parametrize("login", ["zhao.shen", "sun.xi", "zhou.an"])
def test_auditor_and_administrators_read_no_content(terminal: Terminal, filed: dict[str, Any], login: str):
    for command in (("search", "动火作业"), ("show", filed["open"]["archival_code"])):
        ran = terminal.run(*command, "--as", login)
        assert ran.code in (3, 4)
        assert "整改情况月报" not in ran.out + ran.err


def test_show_tells_files_retention_and_history(terminal: Terminal, filed: dict[str, Any]):
    shown = terminal.run("show", filed["open"]["archival_code"], "--as", "zhang.dang", "--json").json
    assert shown["title"] == "整改情况月报"
    assert shown["files"][0]["sha256"] == filed["open"]["files"][0]["sha256"]
    assert set(shown["retention"]) == {"zh", "en"}
    assert shown["history"][0]["act"] == "Filed"


def test_show_speaks_the_language_of_the_terminal(terminal: Terminal, filed: dict[str, Any]):
    command = ("show", filed["open"]["archival_code"], "--as", "zhang.dang")
    assert "Filed" in terminal.run(*command, language="en").out
    assert "归档" in terminal.run(*command, language="zh").out


@pytest.mark.parametrize("level", ["秘密", "机密", "绝密"])
def test_a_state_secret_is_refused_at_the_door(terminal: Terminal, level: str):
    path = terminal.folder / "密件.txt"
    path.write_text("内容")
    said = ("--fonds", "Q001", "--class", "YSH05", "--title", "密件", "--date", "2024-03-01", "--level", level)
    ran = terminal.run("accession", str(path), *said, "--as", "zhang.dang")
    assert ran.code == 2
    assert "state secret" in ran.err


def test_a_pointer_to_a_state_secret_says_where_it_is_kept_and_nothing_else(terminal: Terminal):
    said = (
        "--fonds",
        "Q001",
        "--class",
        "YSH05",
        "--date",
        "2024-03-01",
        "--pointer",
        "密登 2024-7",
        "--as",
        "zhang.dang",
    )
    assert terminal.run("accession", *said).code == 2, "who keeps it must be said"
    assert terminal.run("accession", *said, "--kept-by", "保密室", "--title", "内容").code == 2
    receipt = terminal.run("accession", *said, "--kept-by", "保密室", "--json").json
    shown = terminal.run("show", receipt["archival_code"], "--as", "zhang.dang", "--json").json
    assert shown["title"] == "涉密文件线索（登记号 密登 2024-7）"
    assert shown["note"] == "原件存：保密室"
    assert [file["name"] for file in shown["files"]] == ["线索登记.txt"]


def test_an_empty_file_is_refused_and_burns_no_number(terminal: Terminal):
    before = terminal.file("YSH05", "其前", "甲")["archival_code"]
    path = terminal.folder / "空.txt"
    path.touch()
    said = ("--fonds", "Q001", "--class", "YSH05", "--title", "空", "--date", "2024-03-01")
    assert terminal.run("accession", str(path), *said, "--as", "zhang.dang").code == 2
    after = terminal.file("YSH05", "其后", "乙")["archival_code"]
    assert int(after[-4:]) == int(before[-4:]) + 1


def test_what_is_missing_of_a_record_is_named(terminal: Terminal):
    path = terminal.folder / "无题.txt"
    path.write_text("内容")
    ran = terminal.run("accession", str(path), "--fonds", "Q001", "--as", "zhang.dang")
    assert ran.code == 2
    assert "--class, --title, --date" in ran.err


def test_a_reader_may_not_file(terminal: Terminal):
    path = terminal.folder / "越权.txt"
    path.write_text("内容")
    said = ("--fonds", "Q001", "--class", "YSH05", "--title", "越权", "--date", "2024-03-01")
    assert terminal.run("accession", str(path), *said, "--as", "wang.yue").code == 3


def test_a_folder_is_filed_row_by_row_and_a_second_run_copies_nothing(terminal: Terminal):
    folder = terminal.folder / "移交"
    folder.mkdir()
    (folder / "甲.txt").write_text("甲件内容")
    (folder / "乙.txt").write_text("乙件内容")
    (folder / "manifest.csv").write_text(
        "file,class,title,date\n甲.txt,YSH05,甲,2024-03-01\n乙.txt,YSH05,乙,2024-13-01\n", encoding="utf-8"
    )
    command = ("accession", str(folder), "--fonds", "Q001", "--as", "zhang.dang", "--json")
    first, again = terminal.run(*command), terminal.run(*command)
    assert first.code == again.code == 1
    assert (first.json["filed"], first.json["repeated"], first.json["refused"]) == (1, 0, 1)
    assert (again.json["filed"], again.json["repeated"], again.json["refused"]) == (0, 1, 1)
    assert "2024-13-01" in first.json["rows"][1]["reason"]["zh"]


def test_a_folder_is_read_for_suggestions_and_nothing_is_filed(terminal: Terminal):
    folder = terminal.folder / "未归档"
    folder.mkdir()
    (folder / "扫描1.txt").write_text("罐区现场检查记录\n示例巡察组\n2024年3月1日\n", encoding="utf-8")
    said = ("accession", str(folder), "--fonds", "Q001", "--suggest", "--as", "zhang.dang")
    counted = terminal.run("search", "罐区现场检查记录", "--as", "zhang.dang", "--json").json["total"]
    [found] = terminal.run(*said, "--json").json
    assert found["types"][0]["type_code"] == "KCQ03"
    assert found["date"]["value"] == "2024-03-01"
    assert "KCQ03" in terminal.run(*said, language="zh").out
    assert terminal.run("search", "罐区现场检查记录", "--as", "zhang.dang", "--json").json["total"] == counted
    assert terminal.run(*said[:-1], "wang.yue").code != 0


def test_a_foreign_manifest_is_mapped_and_tried_before_anything_is_filed(terminal: Terminal):
    folder = terminal.folder / "外来"
    folder.mkdir()
    (folder / "甲.txt").write_text("外来的甲件")
    (folder / "manifest.csv").write_text(
        "文档,类型,文件标题,成文日期,录入员\n甲.txt,YSH05,甲,2024-03-01,王\n没有.txt,YSH05,乙,2024-03-01,王\n",
        encoding="utf-8",
    )
    command = ("accession", str(folder), "--fonds", "Q001", "--as", "zhang.dang", "--json")
    assert terminal.run(*command).code != 0
    maps = [f"--map={one}" for one in ("文档=文件", "文件标题=title", "成文日期=日期", "录入员=-")]
    tried = terminal.run(*command, "--dry-run", *maps)
    assert tried.code == 1
    assert tried.json["refused"] == 1
    assert tried.json["rows"][0]["sentence"]["zh"]
    assert "没有.txt" in tried.json["rows"][1]["reason"]["zh"]
    done = terminal.run(*command, *maps)
    assert (done.json["filed"], done.json["repeated"], done.json["refused"]) == (1, 0, 1)
    assert tried.json["rows"][0]["code"] == done.json["rows"][0]["receipt"]["archival_code"]


def test_containers_of_a_folder_are_taken_apart_into_files_of_their_record(terminal: Terminal):
    folder = terminal.folder / "打包"
    folder.mkdir()
    with zipfile.ZipFile(folder / "材料.zip", "w") as package:
        package.writestr("里面/记录.txt", "压缩包里的记录")
        package.writestr("空.txt", "")
        package.writestr("../外面.txt", "不可取出")
    mail = EmailMessage()
    mail["Subject"] = "整改回复"
    mail.set_content("正文见附件。")
    mail.add_attachment("附件的内容".encode(), maintype="text", subtype="plain", filename="附件.txt")
    (folder / "回复.eml").write_bytes(b"From: a@example.org\r\n" + mail.as_bytes())
    (folder / "manifest.csv").write_text(
        "file,class,title,date\n材料.zip,YSH05,材料,2024-03-01\n回复.eml,YSH05,回复,2024-03-01\n", encoding="utf-8"
    )
    done = terminal.run("accession", str(folder), "--fonds", "Q001", "--as", "zhang.dang", "--json", "--unpack")
    assert done.code == 0
    names = [[file["name"] for file in row["receipt"]["files"]] for row in done.json["rows"]]
    assert names[0] == ["材料.zip", "记录.txt"]
    assert (names[1][0], names[1][-1]) == ("回复.eml", "附件.txt")
    told = {one["part"]: one["reason"]["en"] for one in done.json["left_out"] if one["container"] == "材料.zip"}
    assert sorted(told) == sorted(["空.txt", "../外面.txt"])
    again = terminal.run("accession", str(folder), "--fonds", "Q001", "--as", "zhang.dang", "--json", "--unpack")
    assert (again.json["filed"], again.json["repeated"]) == (0, 2)


def test_a_file_is_corrected_and_the_record_declared(terminal: Terminal):
    paper, better = terminal.folder / "甲件.txt", terminal.folder / "甲件更正.txt"
    paper.write_text("缺页的甲件")
    better.write_text("补全的甲件")
    said = (
        "--fonds",
        "Q001",
        "--class",
        "YSH05",
        "--title",
        "甲",
        "--date",
        "2024-03-01",
        "--as",
        "zhang.dang",
        "--json",
    )
    code = terminal.run("accession", str(paper), *said).json["archival_code"]
    actor = ("--as", "zhang.dang", "--json")
    done = terminal.run("correct", code, str(better), "--reason", "缺页", *actor)
    assert done.code == 0
    assert len(terminal.run("show", code, *actor).json["files"]) == 2
    assert "the responsible body" in terminal.run("declare", code, *actor).err, "a mandatory field is missing"
    described = ("describe", code, "--author", "示例组", "--reason", "补著录", *actor)
    assert [terminal.run(*described).json["changed"] for _ in range(2)] == [["author"], []]
    assert terminal.run("declare", code, *actor).json["declared"]
    assert terminal.run(*described[:3], "别组", *described[4:]).code == 5
    assert terminal.run("correct", code, str(better), "--reason", "再改", *actor).code == 5
