"""A large file goes through in constant memory, whatever its size."""

from __future__ import annotations

import multiprocessing
import resource
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from archive_service.catalog.model import NewRecord, SourceFile
from tests.support.disposal_world import PROPOSER, make_world

MIB = 1 << 20
SPAWN = multiprocessing.get_context("spawn")


def pieces(size: int) -> Iterator[bytes]:
    for number in range(size // MIB):
        yield number.to_bytes(4, "big") * (MIB // 4)


def _file(folder: Path, size: int, said: Connection) -> None:
    """File one record of a small and then one of a large file; say by how much the peak of memory grew between."""
    world = make_world(f"sqlite:///{folder / 'catalogue.db'}", folder)
    accession = replace(world.accession, max_bytes=4096 * MIB)

    def peak_after(amount: int) -> int:
        source = SourceFile("录像.bin", lambda: pieces(amount))
        new = NewRecord("Q001", "YSH05", "录像", date(2024, 3, 1), (source,))
        receipt = accession.file_record(world.person(PROPOSER), new)
        assert receipt.files[0][1] == amount
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    small = peak_after(8 * MIB)
    said.send(peak_after(size) - small)
    world.close()


@pytest.mark.slow
def test_256_mib_need_no_more_memory_than_8(tmp_path: Path) -> None:
    here, there = SPAWN.Pipe()
    process = SPAWN.Process(target=_file, args=(tmp_path, 256 * MIB, there))
    process.start()
    process.join(300)
    assert process.exitcode == 0
    assert here.recv() < 16 * MIB
