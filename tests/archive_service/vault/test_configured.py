"""What the settings say of a bucket is what its client does."""

from __future__ import annotations

from pathlib import Path

from archive_service.config import Settings, load_settings
from archive_service.vault.configured import outlet
from archive_service.vault.stores.outlet import Outlet

BUCKET = """
[transfer_targets.city]
kind = "s3"
bucket = "archive"
endpoint = "https://s3.example"
region = "cn-north-1"
addressing = "path"
checksums = "when_supported"
attempts = 7
connect_seconds = 3
read_seconds = 9
part_mib = 64
"""


def of(settings: Settings) -> Outlet:
    found = outlet(settings, "city")
    assert isinstance(found, Outlet)
    return found


def test_every_setting_of_a_bucket_reaches_its_client(tmp_path: Path) -> None:
    path = tmp_path / "archive.toml"
    path.write_text(BUCKET)
    found = of(load_settings(path))._settings
    client = found.server.client("s3").meta
    assert (client.endpoint_url, client.region_name) == ("https://s3.example", "cn-north-1")
    assert client.config.s3["addressing_style"] == "path"
    assert client.config.request_checksum_calculation == client.config.response_checksum_validation == "when_supported"
    assert client.config.retries["total_max_attempts"] == 7
    assert (client.config.connect_timeout, client.config.read_timeout) == (3, 9)
    assert found.part_bytes == 64 << 20
