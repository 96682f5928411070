"""Certificates prove themselves offline, and any change in them shows."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from archive_service.audit.notes import Signer, read_vkey
from archive_service.audit.tables import entries
from archive_service.disposal.destroying.proofs import verify_certificate
from archive_service.disposal.tables import certificates
from archive_service.errors import Forbidden, NotFound
from tests.support.disposal_world import APPROVERS, ORDERER, PROPOSER, World, make_world

Body = dict[str, Any]


def certified(world: World) -> Body:
    list_no = world.ordered(2)
    world.destruction.carry_out(list_no)
    return world.certificates.body(world.person("zhao.shen"), list_no)


@pytest.fixture
def body(world: World) -> Body:
    return certified(world)


@pytest.fixture(scope="module")
def offline(tmp_path_factory: pytest.TempPathFactory) -> Body:
    """A certificate whose archive is no longer there."""
    folder = tmp_path_factory.mktemp("offline")
    world = make_world(f"sqlite:///{folder / 'catalogue.db'}", folder)
    body = certified(world)
    world.close()
    return body


def test_a_certificate_is_sound_by_itself_and_by_the_published_key(world: World, body: Body):
    assert verify_certificate(body) == []
    assert verify_certificate(json.loads(json.dumps(body)), world.ledger.signer.verifier) == []


def test_it_says_who_did_what(world: World, body: Body):
    assert body["proposer"]["id"] == world.person(PROPOSER).id
    assert body["orderer"]["name"] == world.person(ORDERER).name
    assert {one["id"] for one in body["approvers"]} == {world.person(login).id for login in APPROVERS}
    assert body["fonds"]["fonds_no"] == "Q001"
    (item, _) = body["items"]
    assert item["title"] == "整改情况月报"
    assert "2025-01-01" in item["sentence"]["zh"]
    assert [step["act"].rsplit(":", 1)[-1] for step in item["steps"]] == [
        "begun",
        "purged",
        "claimed",
        "destroyed",
        "deleted",
        "done",
    ]


def test_it_stays_sound_while_the_log_grows(world: World, body: Body):
    world.file()
    world.check.run()
    assert verify_certificate(body, world.ledger.signer.verifier) == []


def change(path: str, value: Any) -> Callable[[Body], None]:
    def apply(body: Body) -> None:
        place: Any = body
        *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        for part in way:
            place = place[part]
        place[last] = value(place[last]) if callable(value) else value

    return apply


def leaf_says(**other: Any) -> Callable[[str], str]:
    return lambda leaf: json.dumps(
        {**json.loads(leaf), **other}, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )


CHANGES = {
    "code": change("items.0.code", "Q001-ZY·AX·2014-D10-YSH-9999"),
    "list number": change("list_no", "CZ2026-002"),
    "digest": change("list_digest", "0" * 64),
    "file hash": change("items.0.components.0.sealed_sha256", "0" * 64),
    "one file fewer": change("items.0.components", []),
    "time": change("items.0.steps.3.at", "2020-01-01T00:00:00.000000Z"),
    "record": change("items.0.record_id", "0" * 32),
    "leaf": change("items.0.steps.5.proof.leaf", leaf_says(at="2020-01-01T00:00:00.000000Z")),
    "leaf hash": change("items.0.steps.5.proof.leaf_hash", "0" * 64),
    "path": change("items.0.steps.5.proof.path.0", "0" * 64),
    "path cut": change("items.0.steps.5.proof.path", lambda path: path[:-1]),
    "checkpoint": change("items.0.steps.5.proof.checkpoint", lambda note: note.replace("\n", "\n1", 1)),
    "no proof": change("items.0.steps.3.proof", lambda _: None),
    "no steps": change("items.0.steps", []),
    "approver": change("approvers.0.id", "0" * 32),
    "approvers": change("approvers", []),
    "one approval": change("decisions", lambda decisions: decisions[1:]),
    "no decisions": change("decisions", []),
    "decider": change("decisions.0.proof.leaf", leaf_says(person="0" * 32)),
    "orderer": change("orderer.id", "0" * 32),
    "proposer approved": change("proposer.id", None),
    "proofs exchanged": lambda body: body["items"][0].update(steps=body["items"][1]["steps"]),
}


@pytest.mark.parametrize("name", CHANGES)
def test_any_change_shows(offline: Body, name: str):
    changed = copy.deepcopy(offline)
    assert verify_certificate(changed) == []
    if name == "proposer approved":
        changed["proposer"]["id"] = changed["approvers"][0]["id"]
    else:
        CHANGES[name](changed)
    assert verify_certificate(changed) != []


def test_a_certificate_signed_with_another_key_is_sound_only_to_those_who_do_not_know_ours(offline: Body):
    stranger = Signer("archive-service/test", hashlib.sha256(b"stranger").digest()).verifier
    assert verify_certificate(offline, stranger) != []


@pytest.mark.parametrize("junk", [{}, {"items": []}, {"items": None}, {"decisions": [], "items": []}, []])
def test_what_is_no_certificate_is_said_to_be_none(junk: Any):
    assert verify_certificate(junk) != []


def test_a_public_key_is_read_as_it_is_published(world: World):
    verifier = world.ledger.signer.verifier
    assert read_vkey(verifier.vkey()) == verifier
    for broken in ("", "a+b", verifier.vkey()[:-4], verifier.vkey().replace(verifier.key_id.hex(), "00000000")):
        with pytest.raises(ValueError):  # noqa: PT011
            read_vkey(broken)


def test_its_digest_stands_in_the_log(world: World, body: Body):
    text = world.certificates.text(world.person(PROPOSER), body["list_no"])
    with world.ledger.read() as connection:
        said = connection.execute(select(entries.c.body).where(entries.c.act == "certificate:issued")).scalar_one()
    assert json.loads(said)["detail"]["digest"] == hashlib.sha256(text.encode()).hexdigest()


def test_an_issued_certificate_is_neither_changed_nor_removed(world: World, body: Body):
    for statement in (certificates.update().values(body="{}"), certificates.delete()):
        with pytest.raises(DBAPIError), world.engine.begin() as connection:
            connection.execute(statement)


def test_it_is_shown_to_those_who_dispose_only_and_only_once_it_is_issued(world: World, body: Body):
    with pytest.raises(Forbidden):
        world.certificates.body(world.person("wang.yue"), body["list_no"])
    with pytest.raises(NotFound):
        world.certificates.body(world.person(PROPOSER), world.drawn_up())
