"""The sample is made once for all tests here: they only read it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pylibmagic  # noqa: F401 - brings the library that `import magic` loads afterwards
import pytest

from archive_service.sample import Sample, make_sample
from tests.archive_service.sample.reading import text_of


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return make_sample(tmp_path_factory.mktemp("papers") / "sample", seed=7)


@pytest.fixture(scope="session")
def texts(sample: Sample) -> Mapping[Path, str]:
    files = (
        path for path in sorted(sample.folder.rglob("*")) if path.is_file() and not path.name.startswith("manifest")
    )
    return {path: text_of(path) for path in files}
