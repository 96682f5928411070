"""Founding an archive and serving its pages."""

from __future__ import annotations

import errno
import os
import socket
from typing import Any

import click

from archive_service.cli.main import Desk, json_option, with_desk
from archive_service.cli.output import answer_json, echo, say, words
from archive_service.cli.speech import Said, both, in_chinese
from archive_service.errors import Unavailable
from archive_service.vault.process import forbid_core_dumps


@click.command(cls=Said)
@click.option(
    "--sample",
    is_flag=True,
    help=both(
        "以示例装入新库：虚构的企业、人员和文件。",
        "Fill the new archive with the sample: invented enterprises, people and papers.",
    ),
)
@json_option
@with_desk
@in_chinese("建立档案库：数据目录、密钥、数据库、首批人员。已有的只升级到现行结构。")
def init(desk: Desk, sample: bool, as_json: bool) -> None:
    """Found an archive: data directory, keys, database, first people. An existing one is only brought up to date."""
    from archive_service.archive import found_archive, is_founded, open_archive, upgrade_archive

    settings = desk.settings
    if is_founded(settings):
        upgrade_archive(settings)
        open_archive(settings)
        if as_json:
            answer_json({"data_dir": settings.data_dir, "founded": False, "people": []})
            return
        say(
            f"档案库已存在：{settings.data_dir}，结构为最新。",
            f"The archive exists: {settings.data_dir}; its schema is current.",
        )
        return
    tell = _say_aside if as_json else say
    tell(f"正在 {settings.data_dir} 建立档案库……", f"Founding an archive in {settings.data_dir} ...")
    if sample:
        from archive_service.sample.fill import fill_sample

        passwords = fill_sample(settings, tell)
    else:
        passwords = found_archive(settings)
    if as_json:
        people = [{"login": login, "rights": rights, "one_time_password": once} for login, rights, once in passwords]
        answer_json({"data_dir": settings.data_dir, "founded": True, "people": people})
        return
    say(
        "人员与一次性密码（只显示这一次，首次登录后须更改）：",
        "People and one-time passwords (shown only now; changed at first sign-in):",
    )
    for login, person_words, password in passwords:
        echo(f"  {login:<12} {password}   {person_words}")
    say(
        "请妥善备份密钥目录：没有根密钥，任何内容都无法再打开。",
        "Back up the key directory: without the root key nothing can ever be opened again.",
    )


def _say_aside(zh: str, en: str) -> None:
    echo(words(zh, en), err=True)


@click.command(cls=Said)
@click.option(
    "--port",
    type=int,
    envvar="PORT",
    help=both("端口；不填则用设置中的端口。", "Port; the settings' port if left out."),
)
@with_desk
@in_chinese("提供网页，并做每日检查和后台工作。")
def serve(desk: Desk, port: int | None) -> None:
    """Serve the pages, with the daily check and the background work."""
    from gunicorn.app.base import BaseApplication

    from archive_service.app import create_app
    from archive_service.archive import open_archive

    settings = desk.settings
    forbid_core_dumps()
    archive = open_archive(settings)  # every fault of settings, keys, plan and schedule is said before a port is opened
    archive.proof.must_not_be_behind()
    for warning in archive.proof.warnings():
        say(f"注意：{warning.text.zh}", f"Warning: {warning.text.en}")
    archive.close()
    chosen = port or settings.server.port
    if chosen != settings.server.port:
        settings = settings.model_copy(update={"server": settings.server.model_copy(update={"port": chosen})})
    _check_free(settings.server.host, chosen)
    address = f"{settings.server.host}:{chosen}"

    class Server(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            options: dict[str, Any] = {
                "bind": address,
                "worker_class": "gthread",
                "workers": 1,
                "threads": settings.server.threads,
                "timeout": 600,
                "graceful_timeout": 20,
                "proc_name": "archive-service",
                "control_socket_disable": True,
                "worker_tmp_dir": os.fspath(settings.data_dir),
                "post_worker_init": _start_jobs,
                "worker_exit": _stop_jobs,
            }
            for name, value in options.items():
                if name in self.cfg.settings:
                    self.cfg.set(name, value)

        def load(self) -> Any:
            return create_app(open_archive(settings))

    say(f"档案服务：http://{address}（按 Ctrl+C 停止）", f"The archive is served on http://{address} (Ctrl+C stops it)")
    echo(words("首次使用请用 init 打印的一次性密码登录。", "Sign in with the one-time passwords that init printed."))
    Server().run()


def _check_free(host: str, port: int) -> None:
    """Say clearly that an address cannot be had, before the server tries it again and again."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does: a recent end is no obstacle
        try:
            probe.bind((host, port))
        except OSError as error:
            why = {errno.EADDRINUSE: "端口已被占用", errno.EACCES: "无权使用此端口"}
            raise Unavailable(
                f"不能在 {host}:{port} 提供网页（{why.get(error.errno or 0, error.strerror)}）。可用 PORT 或 --port 换一个端口，例如 PORT={port + 80}。",
                f"The pages cannot be served on {host}:{port} ({error.strerror}). Choose another port with PORT or"
                f" --port, such as PORT={port + 80}.",
            ) from error


def _start_jobs(worker: Any) -> None:
    from archive_service.jobs.scheduler import start

    worker.scheduler = start(worker.wsgi.extensions["archive"])


def _stop_jobs(_server: Any, worker: Any) -> None:
    from archive_service.jobs.scheduler import stop

    scheduler = getattr(worker, "scheduler", None)
    if scheduler is not None:
        stop(worker.wsgi.extensions["archive"], scheduler)
