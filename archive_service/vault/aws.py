"""How this service speaks to servers that understand the AWS protocols, and what their refusals mean.

Every setting that changes what goes over the wire is explicit: no server is met with the habits of
whichever version of the client library happens to be installed.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from archive_service.errors import ArchiveError, BadInput, Damaged, Unavailable
from archive_service.vault.keyfiles import check_private

_TELL_ALL = ("botocore", "boto3", "urllib3")
"""The client library writes whole requests and answers into its log when that is at its most talkative: root keys on
their way to a key service among them. It is never let."""

_CREDENTIALS = frozenset(
    {
        *("AccessDenied", "AccessDeniedException", "ExpiredToken", "ExpiredTokenException", "InvalidAccessKeyId"),
        *("InvalidToken", "SignatureDoesNotMatch", "UnrecognizedClientException", "403", "401", "RequestTimeTooSkewed"),
        "InvalidClientTokenId",
    }
)


def _silence() -> None:
    """Keep the library from telling more than warnings, whatever levels are set for its loggers, now or later."""
    for name in {*_TELL_ALL, *logging.root.manager.loggerDict}:
        if name.split(".", 1)[0] in _TELL_ALL:
            logging.getLogger(name).addFilter(_only_warnings)


def _only_warnings(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING


@dataclass(frozen=True)
class AwsSettings:
    """One server and how to reach it.

    Credentials: ``access_key`` and ``secret_key``, else ``credentials_file`` (the usual INI file with a section for
    each profile; readable by its owner alone), else the library's own chain (container or instance role).
    ``checksums``: ``when_required`` sends none that a server of another make may not understand; what was
    stored is read back in any case. ``attempts`` counts the first try; timeouts are in seconds.
    """

    region: str = "us-east-1"
    endpoint: str | None = None
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    credentials_file: Path | None = None
    profile: str | None = None
    ca_file: Path | None = None
    addressing: Literal["auto", "path", "virtual"] = "auto"
    checksums: Literal["when_required", "when_supported"] = "when_required"
    attempts: int = 4
    connect_seconds: float = 10.0
    read_seconds: float = 60.0
    connections: int = 20

    def client(self, service: Literal["s3", "kms"]) -> Any:
        """Make a client; it may be shared by threads, not carried over a fork."""
        import boto3  # type: ignore[import-untyped]
        from botocore.config import Config  # type: ignore[import-untyped]

        _silence()
        config = Config(
            region_name=self.region,
            signature_version="s3v4" if service == "s3" else None,
            s3={"addressing_style": self.addressing},
            retries={"mode": "standard", "total_max_attempts": self.attempts},
            connect_timeout=self.connect_seconds,
            read_timeout=self.read_seconds,
            max_pool_connections=self.connections,
            request_checksum_calculation=self.checksums,
            response_checksum_validation=self.checksums,
            user_agent_extra="archive-service",
        )
        with telling_aws(self.endpoint or service):
            session = boto3.Session(
                botocore_session=self._session(),
                aws_access_key_id=self.access_key,
                aws_secret_access_key=self.secret_key,
                aws_session_token=self.session_token,
                profile_name=self.profile,
                region_name=self.region,
            )
            return session.client(
                service,
                endpoint_url=self.endpoint,
                config=config,
                verify=str(self.ca_file) if self.ca_file else None,
            )

    def _session(self) -> Any:
        """Return a session that knows the credentials file; children inherit nothing of it, unlike the environment."""
        from botocore.session import Session  # type: ignore[import-untyped]

        session = Session()
        if self.credentials_file is not None:
            check_private(self.credentials_file)
            session.set_config_variable("credentials_file", str(self.credentials_file))
        return session


class PerProcess:
    """A client for each process: one made before a fork shares its connections with the parent, and is left alone."""

    def __init__(self, settings: AwsSettings, service: Literal["s3", "kms"]) -> None:
        self._settings, self._service = settings, service
        self._pid, self._client = 0, None

    def __call__(self) -> Any:
        """Return this process's client."""
        if self._pid != os.getpid():
            self._client, self._pid = self._settings.client(self._service), os.getpid()
        return self._client


def code_of(fault: Exception) -> str:
    """Return the server's short name for a refusal (``NoSuchKey``, ``412``), or nothing."""
    response = getattr(fault, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


def status_of(fault: Exception) -> int:
    """Return the HTTP status of a refusal, or 0."""
    response = getattr(fault, "response", None) or {}
    return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


@contextmanager
def telling_aws(where: str) -> Iterator[None]:
    """Turn the client library's errors into sentences; no request, header or credential stands in them."""
    from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ClientError as fault:
        raise _sentence(code_of(fault), status_of(fault), where) from fault
    except (BotoCoreError, HTTPError, OSError) as fault:
        raise Unavailable(
            f"无法连接服务（{type(fault).__name__}）：{where}",
            f"Cannot reach the server ({type(fault).__name__}): {where}",
        ) from fault


def _sentence(code: str, status: int, where: str) -> ArchiveError:
    if code in _CREDENTIALS:
        return Unavailable(
            f"服务拒绝了凭据或权限（{code}）：{where}",
            f"The server refuses the credentials or the right ({code}): {where}",
        )
    if code in (
        "NoSuchBucket",
        "PermanentRedirect",
        "NotFoundException",
        "DisabledException",
        "KMSInvalidStateException",
    ):
        return Unavailable(
            f"所指定的存储桶或密钥不可用（{code}）：{where}", f"The bucket or key cannot be used ({code}): {where}"
        )
    if code in ("BadDigest", "XAmzContentSHA256Mismatch", "InvalidDigest"):
        return Damaged(
            f"传输中内容被改变，未保存：{where}", f"The content changed on its way and was not stored: {where}"
        )
    if code in ("EntityTooLarge", "InvalidArgument"):
        return BadInput(
            f"服务不接受该请求（{code}）：{where}", f"The server does not take this request ({code}): {where}"
        )
    return Unavailable(
        f"服务报错（{code or status}）：{where}", f"The server reports an error ({code or status}): {where}"
    )
