"""Checkpoints are C2SP signed notes, to the letter: published keys come out, and no byte can be changed."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from archive_service.audit.notes import Checkpoint, Signer, Verifier
from archive_service.errors import Damaged

SEED = bytes(range(32))
SIGNER = Signer("archive-service/test", SEED)
ROOT = bytes(range(100, 132))
NOTE = SIGNER.sign(42, ROOT)

# The example of the note format's first implementation (golang.org/x/mod/sumdb/note), and its published key.
NEUMANN_SECRET = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
NEUMANN_PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NEUMANN_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
NEUMANN_SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
# The public key of Go's checksum database, a log in the same format that is in daily use.
SUMDB = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"


def test_a_published_private_key_gives_its_published_public_key():
    assert Signer("PeterNeumann", base64.b64decode(NEUMANN_SECRET)[1:]).verifier.vkey() == NEUMANN_PUBLIC


def test_a_public_log_has_the_key_id_that_it_is_known_by():
    origin, key_id, key = SUMDB.split("+", 2)
    assert Verifier(origin, base64.b64decode(key)[1:]).key_id.hex() == key_id


def test_a_published_signature_is_the_key_id_and_ed25519_over_the_text():
    raw = base64.b64decode(NEUMANN_SIGNATURE)
    public = base64.b64decode(NEUMANN_PUBLIC.split("+", 2)[2])[1:]
    assert raw[:4].hex() == NEUMANN_PUBLIC.split("+")[1]
    Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], NEUMANN_TEXT.encode())


def test_a_checkpoint_is_origin_size_root_and_a_signature_line():
    text, _, signatures = NOTE.partition("\n\n")
    assert text.split("\n") == ["archive-service/test", "42", base64.b64encode(ROOT).decode()]
    assert signatures.startswith("\u2014 archive-service/test ")
    assert signatures.endswith("\n")
    assert signatures.count("\n") == 1
    raw = base64.b64decode(signatures.split(" ")[2])
    assert len(raw) == 4 + 64
    Ed25519PublicKey.from_public_bytes(SIGNER.verifier.public).verify(raw[4:], f"{text}\n".encode())


def test_a_note_is_opened_by_the_verifier_of_its_key():
    assert SIGNER.verifier.open(NOTE) == Checkpoint("archive-service/test", 42, ROOT)


def test_signatures_of_others_are_passed_over():
    witness = Signer("witness.example", bytes(32)).sign(42, ROOT).partition("\n\n")[2]
    text, _, ours = NOTE.partition("\n\n")
    for lines in (witness + ours, ours + witness):
        assert SIGNER.verifier.open(f"{text}\n\n{lines}").size == 42


def test_a_note_that_only_others_signed_is_refused():
    text = NOTE.partition("\n\n")[0]
    for other in (Signer("witness.example", SEED), Signer("archive-service/test", bytes(32))):
        with pytest.raises(Damaged):
            SIGNER.verifier.open(f"{text}\n\n{other.sign(42, ROOT).partition(chr(10) * 2)[2]}")


def test_a_note_of_another_log_is_refused_though_the_key_is_the_same():
    with pytest.raises(Damaged):
        SIGNER.verifier.open(Signer("archive-service/other", SEED).sign(42, ROOT))


def test_no_single_byte_of_a_note_can_be_changed_left_out_or_doubled():
    raw = NOTE.encode()
    for place in range(len(raw)):
        changed = [raw[:place] + bytes([raw[place] ^ 1 << bit]) + raw[place + 1 :] for bit in range(8)]
        for bent in (*changed, raw[:place] + raw[place + 1 :], raw[: place + 1] + raw[place:]):
            text = bent.decode("utf-8", "replace")
            with pytest.raises(Damaged):
                SIGNER.verifier.open(text)


@pytest.mark.parametrize("line_end", ["\r\n", "\x0b", "\x1c", "\u2028", "\x85"])
def test_other_line_ends_are_not_taken_for_one(line_end: str):
    with pytest.raises(Damaged):
        SIGNER.verifier.open(NOTE[:-1] + line_end)


@pytest.mark.parametrize("number", ["042", "+42", "４２", "42 ", "-42", "4_2", ""])
def test_a_size_is_written_in_one_way_only(number: str):
    with pytest.raises(Damaged):
        SIGNER.verifier.open(NOTE.replace("\n42\n", f"\n{number}\n"))


@given(st.text(max_size=200))
def test_any_text_is_refused_and_never_breaks_the_verifier(text: str):
    with pytest.raises(Damaged):
        SIGNER.verifier.open(text)


@given(st.integers(0, 2**40), st.binary(min_size=32, max_size=32))
def test_what_is_signed_is_opened(size: int, root: bytes):
    assert SIGNER.verifier.open(SIGNER.sign(size, root)) == Checkpoint("archive-service/test", size, root)
