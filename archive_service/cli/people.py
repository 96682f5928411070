"""People: list, add, issue a new one-time password, set rights."""

from __future__ import annotations

import click

from archive_service.cli.main import Desk, json_option, with_desk
from archive_service.cli.output import answer_json, language, say, show_table, words
from archive_service.cli.speech import SaidGroup, both, in_chinese
from archive_service.people.model import ROLE_WORDS
from archive_service.people.service import NewPerson


@click.group(cls=SaidGroup)
@in_chinese("人员、角色和密级权限。")
def people() -> None:
    """People, roles and clearance."""


@people.command("list")
@json_option
@with_desk
@in_chinese("列出全部人员。")
def list_people(desk: Desk, as_json: bool) -> None:
    """List everybody."""
    everybody = desk.archive.people.all(desk.person)
    if as_json:
        answer_json(
            [
                {
                    "login": one.login,
                    "name": one.name,
                    "roles": sorted(one.roles),
                    "clearance": sorted(one.clearance),
                    "disabled": one.disabled,
                }
                for one in everybody
            ]
        )
        return
    rows = [
        [
            one.login,
            one.name,
            "、".join(ROLE_WORDS[role].in_language(language()) for role in sorted(one.roles)),
            " ".join(sorted(one.clearance)),
        ]
        for one in everybody
    ]
    show_table(
        [words("登录名", "Login"), words("姓名", "Name"), words("角色", "Roles"), words("密级", "Clearance")], rows
    )


@people.command()
@click.argument("login")
@click.argument("name")
@json_option
@with_desk
@in_chinese("增加一名没有任何权限的人员（系统管理员）；一次性密码只显示这一次。")
def add(desk: Desk, login: str, name: str, as_json: bool) -> None:
    """Add a person without rights (system administrator); prints the one-time password once."""
    password = desk.archive.people.add(desk.person, NewPerson(login, name))
    if as_json:
        answer_json({"login": login, "one_time_password": password})
        return
    say(f"已增加 {login}，一次性密码：{password}", f"Added {login}; one-time password: {password}")


@people.command()
@click.argument("login")
@click.option(
    "--role", "roles", multiple=True, help=both("角色；可给出多次。", "Role; give it several times for several roles.")
)
@click.option(
    "--clearance",
    "levels",
    multiple=True,
    help=both("密级；可给出多次。", "Level; give it several times for several levels."),
)
@json_option
@with_desk
@in_chinese("设定人员的角色和密级权限（安全保密管理员）。")
def rights(desk: Desk, login: str, roles: tuple[str, ...], levels: tuple[str, ...], as_json: bool) -> None:
    """Set a person's roles and clearance (security administrator)."""
    desk.archive.people.set_rights(desk.person, login, roles=frozenset(roles), clearance=frozenset(levels))
    if as_json:
        answer_json({"login": login, "roles": sorted(roles), "clearance": sorted(levels)})
        return
    say(f"已设定 {login} 的角色与密级。", f"Set the rights of {login}.")


@people.command()
@click.argument("login")
@json_option
@with_desk
@in_chinese("签发新的一次性密码（系统管理员）；只显示这一次。")
def password(desk: Desk, login: str, as_json: bool) -> None:
    """Issue a new one-time password (system administrator); it is printed once."""
    issued = desk.archive.people.reset_password(desk.person, login)
    if as_json:
        answer_json({"login": login, "one_time_password": issued})
        return
    say(f"{login} 的一次性密码：{issued}", f"One-time password of {login}: {issued}")
