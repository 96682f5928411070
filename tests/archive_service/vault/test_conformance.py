"""Tink reads what we seal and we read what Tink seals; the primitives give what the published vectors say."""

from __future__ import annotations

import io
import json
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import tink
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap,
    aes_key_unwrap_with_padding,
    aes_key_wrap,
    aes_key_wrap_with_padding,
)
from tink import secret_key_access, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, common_pb2, tink_pb2

from archive_service.vault.objects.sealing import (
    FIRST_CLEAR_BYTES,
    SEGMENT_BYTES,
    SEGMENT_CLEAR_BYTES,
    seal,
    unseal,
    unseal_range,
)

KEY = bytes(range(100, 132))
CONTEXT = '{"component":"c","install":"i","record":"件","version":1}'.encode()
SIZES = [
    *(0, 1, 15, 16, 17, 1000),
    # where this implementation goes from its small buffer to the large ones
    *((1 << 16) + step for step in (-1, 0, 1)),
    *(SEGMENT_BYTES + step for step in (-1, 0, 1)),
    *(n * SEGMENT_CLEAR_BYTES + FIRST_CLEAR_BYTES + step for n in (0, 1) for step in (-1, 0, 1)),
    5 * SEGMENT_BYTES + 3,
]
BLOCK = random.Random(5).randbytes(6 * SEGMENT_BYTES)


@pytest.fixture(scope="module")
def primitive() -> streaming_aead.StreamingAead:
    """Tink's own cipher with our key, made from the template AES256_GCM_HKDF_1MB."""
    streaming_aead.register()
    template = streaming_aead.streaming_aead_key_templates.AES256_GCM_HKDF_1MB
    form = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKeyFormat.FromString(template.value)
    assert (form.params.ciphertext_segment_size, form.params.hkdf_hash_type) == (SEGMENT_BYTES, common_pb2.SHA256)
    key = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(version=0, params=form.params, key_value=KEY)
    keyset = tink_pb2.Keyset(primary_key_id=1)
    keyset.key.add(
        key_data=tink_pb2.KeyData(
            type_url=template.type_url, value=key.SerializeToString(), key_material_type=tink_pb2.KeyData.SYMMETRIC
        ),
        status=tink_pb2.ENABLED,
        key_id=1,
        output_prefix_type=tink_pb2.RAW,
    )
    handle = tink.proto_keyset_format.parse(keyset.SerializeToString(), secret_key_access.TOKEN)
    return handle.primitive(streaming_aead.StreamingAead)


class Kept(io.BytesIO):
    """Keeps its bytes when it is closed."""

    kept = b""

    def close(self) -> None:
        self.kept = self.getvalue()
        super().close()


@pytest.mark.parametrize("size", SIZES)
def test_tink_opens_what_we_seal(primitive: streaming_aead.StreamingAead, size: int) -> None:
    sealed = io.BytesIO(b"".join(seal([BLOCK[:size]], KEY, CONTEXT)))
    with primitive.new_decrypting_stream(sealed, CONTEXT) as reader:
        assert reader.read() == BLOCK[:size]


@pytest.mark.parametrize("size", SIZES)
def test_we_open_what_tink_seals(primitive: streaming_aead.StreamingAead, size: int) -> None:
    kept = Kept()
    with primitive.new_encrypting_stream(kept, CONTEXT) as writer:
        writer.write(BLOCK[:size])
    assert b"".join(unseal([kept.kept], KEY, CONTEXT)) == BLOCK[:size]
    assert b"".join(unseal_range(io.BytesIO(kept.kept), KEY, CONTEXT, size // 2, 77)) == BLOCK[:size][size // 2 :][:77]


def test_tink_refuses_our_object_in_another_context(primitive: streaming_aead.StreamingAead) -> None:
    sealed = io.BytesIO(b"".join(seal([b"abc"], KEY, CONTEXT)))
    with pytest.raises(tink.TinkError), primitive.new_decrypting_stream(sealed, b"other") as reader:
        reader.read()


@pytest.mark.corpus
def test_aes_gcm_gives_what_wycheproof_says(vectors: Path) -> None:
    tried: Counter[str] = Counter()
    for group in json.loads((vectors / "aes_gcm_test.json").read_text())["testGroups"]:
        if group["tagSize"] != 128 or not 64 <= group["ivSize"] <= 1024:
            continue
        for case in group["tests"]:
            key, nonce, aad, clear, body = (bytes.fromhex(case[name]) for name in ("key", "iv", "aad", "msg", "ct"))
            sealed = body + bytes.fromhex(case["tag"])
            if case["result"] == "valid":
                assert AESGCM(key).encrypt(nonce, clear, aad) == sealed, case["tcId"]
                assert AESGCM(key).decrypt(nonce, sealed, aad) == clear, case["tcId"]
            else:
                with pytest.raises(InvalidTag):
                    AESGCM(key).decrypt(nonce, sealed, aad)
            tried[case["result"]] += 1
    assert tried["valid"] > 150
    assert tried["invalid"] > 50


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("file", "wrap", "unwrap"),
    [
        ("aes_wrap_test.json", aes_key_wrap, aes_key_unwrap),
        ("aes_kwp_test.json", aes_key_wrap_with_padding, aes_key_unwrap_with_padding),
    ],
)
def test_key_wrap_gives_what_wycheproof_says(
    vectors: Path,
    file: str,
    wrap: Callable[[bytes, bytes], bytes],
    unwrap: Callable[[bytes, bytes], bytes],
) -> None:
    tried: Counter[str] = Counter()
    for group in json.loads((vectors / file).read_text())["testGroups"]:
        for case in group["tests"]:
            key, clear, wrapped = (bytes.fromhex(case[name]) for name in ("key", "msg", "ct"))
            tried[case["result"]] += 1
            if case["result"] == "valid":
                assert wrap(key, clear) == wrapped, case["tcId"]
                assert unwrap(key, wrapped) == clear, case["tcId"]
            elif case["result"] == "invalid":
                with pytest.raises(InvalidUnwrap):
                    unwrap(key, wrapped)
    assert tried["valid"] > 30
    assert tried["invalid"] > 80


@pytest.mark.corpus
def test_hkdf_gives_what_wycheproof_says(vectors: Path) -> None:
    tried = 0
    for group in json.loads((vectors / "hkdf_sha256_test.json").read_text())["testGroups"]:
        for case in group["tests"]:
            if case["result"] != "valid":
                continue
            salt, info = bytes.fromhex(case["salt"]), bytes.fromhex(case["info"])
            derived = HKDF(algorithm=SHA256(), length=case["size"], salt=salt, info=info).derive(
                bytes.fromhex(case["ikm"])
            )
            assert derived.hex() == case["okm"], case["tcId"]
            tried += 1
    assert tried > 50
