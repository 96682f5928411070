"""A file that is here already is told of to those who may see the other one, and to nobody else."""

from __future__ import annotations

import hashlib

from archive_service.catalog.collecting.duplicates import already_filed, same_elsewhere
from tests.support.disposal_world import PROPOSER, World

TEXT = "两次交来的同一份文件"
DIGEST = hashlib.sha256(TEXT.encode()).hexdigest()


def test_a_twin_is_told_only_to_those_who_may_see_it(world: World) -> None:
    archivist, reader = world.person(PROPOSER), world.person("wang.yue")
    assert already_filed(world.ledger, archivist, [DIGEST]) == {}
    world.file("KCQ03", text=TEXT, level="PI")
    assert already_filed(world.ledger, archivist, [DIGEST]) == {}
    assert already_filed(world.ledger, reader, [DIGEST]) == {}
    receipt = world.file(text=TEXT)
    assert already_filed(world.ledger, archivist, [DIGEST, "0" * 64]) == {DIGEST: receipt.archival_code}
    assert already_filed(world.ledger, reader, [DIGEST]) == {DIGEST: receipt.archival_code}
    # A receipt tells of the others only, and of no sealed one.
    assert same_elsewhere(world.ledger, archivist, [receipt]) == {}
    again = world.file(text=TEXT)
    assert same_elsewhere(world.ledger, archivist, [receipt, again]) == {
        receipt.record_id: again.archival_code,
        again.record_id: receipt.archival_code,
    }
