"""Every way to keep the root key keeps the same promises."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from archive_service.clock import Clock
from archive_service.errors import ArchiveError, BadInput, Damaged, Unavailable
from archive_service.vault import Keyring
from archive_service.vault.aws import AwsSettings
from archive_service.vault.keys.custodians import Custodian, KeyFileCustodian, PassphraseCustodian, RecoveredRoot
from archive_service.vault.keys.kms import KmsCustodian
from tests.archive_service.vault.conftest import INSTALL, ROOT_KEY

ROOT, CONTEXT, OTHER_CONTEXT = bytes(range(50, 82)), b'{"root":1}', b'{"root":2}'
PHRASE = "巡察 档案 correct horse battery"
Pair = tuple[Custodian, Custodian]


def quick(phrase: str) -> PassphraseCustodian:
    """A passphrase with the least cost that is read back, so that tests do not wait."""
    return PassphraseCustodian(phrase, log_n=14)


def new_kms_key(settings: AwsSettings) -> str:
    answer = settings.client("kms").create_key(Description="tests")
    return str(answer["KeyMetadata"]["KeyId"])


@pytest.fixture(params=["key file", "passphrase", "kms"])
def pair(request: pytest.FixtureRequest) -> Pair:
    """A custodian, and another of the same kind."""
    if request.param == "key file":
        return KeyFileCustodian(bytes(32)), KeyFileCustodian(bytes([1]) * 32)
    if request.param == "passphrase":
        return quick(PHRASE), quick(PHRASE + "!")
    settings = request.getfixturevalue("key_service")
    return KmsCustodian(new_kms_key(settings), settings), KmsCustodian(new_kms_key(settings), settings)


def test_what_a_custodian_wraps_it_opens_again(pair: Pair) -> None:
    wrapped = pair[0].wrap(ROOT, CONTEXT)
    assert pair[0].unwrap(wrapped, CONTEXT) == ROOT
    assert ROOT not in wrapped


def test_the_same_root_key_is_never_wrapped_alike_twice(pair: Pair) -> None:
    assert pair[0].wrap(ROOT, CONTEXT) != pair[0].wrap(ROOT, CONTEXT)


def test_a_wrapped_root_key_is_bound_to_its_context(pair: Pair) -> None:
    with pytest.raises(BadInput):
        pair[0].unwrap(pair[0].wrap(ROOT, CONTEXT), OTHER_CONTEXT)


@pytest.mark.parametrize("noise", [b"{}", b"noise", bytes(80), b'{"key":1,"blob":2}', b"[1]"])
def test_noise_is_not_opened(pair: Pair, noise: bytes) -> None:
    with pytest.raises(BadInput):
        pair[0].unwrap(noise, CONTEXT)


def test_no_custodian_shows_what_it_holds(pair: Pair) -> None:
    shown = repr(pair[0])
    assert PHRASE not in shown
    assert repr(bytes(32)) not in shown
    assert "not-a-secret" not in shown


def test_a_keyring_is_made_and_opened_with_every_custodian(pair: Pair, tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "k.db"
    key = Keyring.create_at(path, INSTALL, pair[0], clock).new_key("c" * 32, "a" * 32)
    again = Keyring(path, INSTALL, pair[0], clock)
    assert again.key("c" * 32) == key
    assert again.custodian() == pair[0].kind
    # The stand-in for the key service calls a wrong key a missing right.
    with pytest.raises((BadInput, Unavailable)):
        Keyring(path, INSTALL, pair[1], clock)
    with pytest.raises(BadInput, match="root key"):
        Keyring(path, INSTALL, ROOT_KEY, clock)


def test_a_root_key_moves_between_custodians(pair: Pair, tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "k.db"
    keyring = Keyring.create_at(path, INSTALL, ROOT_KEY, clock)
    keys = keyring.new_keys({f"{n:032x}": "a" * 32 for n in range(30)})
    assert keyring.rotate(pair[0]).rewrapped == 30
    assert Keyring(path, INSTALL, pair[0], clock).keys(keys) == keys
    Keyring(path, INSTALL, pair[0], clock).rotate(ROOT_KEY)
    assert Keyring(path, INSTALL, ROOT_KEY, clock).keys(keys) == keys
    with pytest.raises(BadInput):
        Keyring(path, INSTALL, pair[0], clock)


def test_a_passphrase_is_the_same_however_its_letters_are_typed() -> None:
    wrapped = quick("Ａbcdefghijklmnop １２").wrap(ROOT, CONTEXT)
    assert quick("Abcdefghijklmnop 12").unwrap(wrapped, CONTEXT) == ROOT


@pytest.mark.parametrize(("phrase", "taken"), [("x" * 15, False), ("x" * 16, True), ("档" * 15, False)])
def test_a_short_passphrase_is_refused(phrase: str, taken: bool) -> None:
    if taken:
        quick(phrase)
    else:
        with pytest.raises(BadInput, match="16"):
            quick(phrase)


@pytest.mark.parametrize("log_n", [0, 13, 21, 40, True, "17", None, 17.0e300])
def test_a_stored_cost_that_was_never_written_is_not_tried(log_n: object) -> None:
    said = json.loads(quick(PHRASE).wrap(ROOT, CONTEXT))
    said["log_n"] = log_n
    with pytest.raises(Damaged):
        quick(PHRASE).unwrap(json.dumps(said).encode(), CONTEXT)


def test_the_cost_that_stands_in_the_keyring_counts_not_the_one_of_today() -> None:
    wrapped = PassphraseCustodian(PHRASE, log_n=15).wrap(ROOT, CONTEXT)
    assert PassphraseCustodian(PHRASE).unwrap(wrapped, CONTEXT) == ROOT


def test_the_key_service_is_not_asked_for_keys_of_files(key_service: AwsSettings, tmp_path: Path, clock: Clock) -> None:
    custodian = KmsCustodian(new_kms_key(key_service), key_service)
    keyring = Keyring.create_at(tmp_path / "k.db", INSTALL, custodian, clock)
    object.__setattr__(custodian, "_client", None)  # from here on every request would fail
    keys = keyring.new_keys({f"{n:032x}": "a" * 32 for n in range(5)})
    assert keyring.keys(keys) == keys


def test_a_key_service_that_is_away_is_told_as_something_to_try_again(tmp_path: Path, clock: Clock) -> None:
    away = AwsSettings(endpoint="http://127.0.0.1:9", access_key="a", secret_key="s3cret-value", attempts=1)
    with pytest.raises(Unavailable) as refusal:
        KmsCustodian("alias/root", away).wrap(ROOT, CONTEXT)
    assert "alias/root" in refusal.value.text.en
    assert "s3cret-value" not in f"{refusal.value.text} {away!r}"


@contextmanager
def refusing(status: int, code: str) -> Iterator[AwsSettings]:
    """A key service that answers every request with one refusal."""

    class Refusing(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = json.dumps({"__type": code, "message": "the request said " + PHRASE}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        endpoint = f"http://127.0.0.1:{server.server_port}"
        yield AwsSettings(endpoint=endpoint, access_key="a", secret_key="b", attempts=1)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "code", "refusal"),
    [
        (400, "DisabledException", Unavailable),
        (400, "KMSInvalidStateException", Unavailable),
        (400, "NotFoundException", Unavailable),
        (400, "AccessDeniedException", Unavailable),
        (400, "ExpiredTokenException", Unavailable),
        (400, "ThrottlingException", Unavailable),
        (500, "KMSInternalException", Unavailable),
        (400, "InvalidCiphertextException", BadInput),
        (400, "IncorrectKeyException", BadInput),
    ],
)
def test_a_key_service_that_refuses_is_told_apart_from_a_wrong_key(
    status: int, code: str, refusal: type[ArchiveError]
) -> None:
    with refusing(status, code) as settings, pytest.raises(refusal) as told:
        KmsCustodian("alias/root", settings).unwrap(b'{"blob":"AAAA","key":"k"}', CONTEXT)
    assert PHRASE not in str(told.value.text)


def test_a_custodian_that_wraps_but_cannot_open_is_found_out_before_anything_depends_on_it(
    tmp_path: Path, clock: Clock
) -> None:
    class WriteOnly(KeyFileCustodian):
        def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
            raise Unavailable("x", "no right to decrypt")

    keyring = Keyring.create_at(tmp_path / "k.db", INSTALL, ROOT_KEY, clock)
    with pytest.raises(Unavailable):
        keyring.rotate(WriteOnly(bytes(32)))
    assert not keyring.rotating()
    with pytest.raises(Unavailable):
        Keyring.create_at(tmp_path / "other.db", INSTALL, WriteOnly(bytes(32)), clock)
    assert not (tmp_path / "other.db").exists()


def test_recovered_shares_are_no_custodian(tmp_path: Path, clock: Clock) -> None:
    keyring = Keyring.create_at(tmp_path / "k.db", INSTALL, ROOT_KEY, clock)
    with pytest.raises(BadInput):
        keyring.rotate(RecoveredRoot(bytes(32)))
    assert not keyring.rotating()


def test_no_refusal_shows_a_passphrase_or_key(pair: Pair) -> None:
    wrapped = pair[0].wrap(ROOT, CONTEXT)
    acts: list[Callable[[], object]] = [
        lambda: pair[1].unwrap(b"{}", CONTEXT),
        lambda: pair[0].unwrap(wrapped, OTHER_CONTEXT),
    ]
    for act in acts:
        with pytest.raises(ArchiveError) as refusal:
            act()
        assert PHRASE not in f"{refusal.value!r} {refusal.value.text}"
