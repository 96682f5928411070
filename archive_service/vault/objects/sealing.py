"""Sealing of byte streams: Tink's AES256-GCM-HKDF-1MB streaming format, written on ``cryptography``.

Layout (https://developers.google.com/tink/streaming-aead/aes_gcm_hkdf_streaming)::

    header   = 1 byte (40) | salt, 32 bytes | nonce prefix, 7 bytes
    object   = header | segment 0 | segment 1 | ...
    file key = HKDF-SHA256(key, salt, info=context), 32 bytes
    segment  = AES-256-GCM(file key, nonce = prefix | number, 4 bytes | 1 if last else 0)

Segment *i* occupies exactly the bytes from ``i`` MiB to ``i + 1`` MiB of the object (the header counts
into segment 0), so a range is found by arithmetic alone. What looks unsafe and is not: the nonces
count up from a public prefix, but every object has its own file key through its random salt, so no
pair of key and nonce ever comes twice, even when one key seals several objects.

Every clear byte that leaves this module was authenticated first. A shortened stream fails because
the segment that is then the last one was not sealed as the last one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from archive_service.errors import BadInput, Damaged
from archive_service.vault.pieces import Source, read_into

KEY_BYTES = 32
SEGMENT_BYTES = 1 << 20
TAG_BYTES = 16
SALT_BYTES = 32
PREFIX_BYTES = 7
HEADER_BYTES = 1 + SALT_BYTES + PREFIX_BYTES
#: clear bytes in a full segment; segment 0 holds ``HEADER_BYTES`` fewer
SEGMENT_CLEAR_BYTES = SEGMENT_BYTES - TAG_BYTES
FIRST_CLEAR_BYTES = SEGMENT_CLEAR_BYTES - HEADER_BYTES
#: the segment number has four bytes: 4 PiB for one object
MAX_SEGMENTS = 1 << 32
_SMALL_BYTES = 1 << 16

Entropy = Callable[[int], bytes]


def seal(
    source: Iterable[bytes] | BinaryIO, key: bytes, context: bytes, entropy: Entropy = os.urandom
) -> Iterator[bytes]:
    """Yield the sealed form of ``source``: the header, then one piece for each segment of 1 MiB.

    ``context`` is not stored; whoever opens must give the same bytes. Memory stays at a few MiB
    whatever the length.
    """
    return _sealed(source, key, context, entropy, lambda cipher, nonce, clear: cipher.encrypt(nonce, clear, None))


def seal_in_passing(
    source: Iterable[bytes] | BinaryIO, key: bytes, context: bytes, entropy: Entropy = os.urandom
) -> Iterator[bytes]:
    """Yield what :func:`seal` yields, a fifth quicker: each piece is overwritten by the next, so use it at once.

    For a store, which writes a piece before it asks for another; the room for a segment is made once for all.
    """
    room = memoryview(b"")

    def into_room(cipher: AESGCM, nonce: bytes, clear: memoryview) -> bytes:
        nonlocal room
        need = len(clear) + TAG_BYTES
        if len(room) < need:
            room = memoryview(bytearray(SEGMENT_BYTES if need > _SMALL_BYTES + TAG_BYTES else need))
        cipher.encrypt_into(nonce, clear, None, room[:need])
        return cast("bytes", room[:need])

    return _sealed(source, key, context, entropy, into_room)


def _sealed(
    source: Iterable[bytes] | BinaryIO,
    key: bytes,
    context: bytes,
    entropy: Entropy,
    encrypt: Callable[[AESGCM, bytes, memoryview], bytes],
) -> Iterator[bytes]:
    salt, prefix = entropy(SALT_BYTES), entropy(PREFIX_BYTES)
    cipher = _cipher(key, salt, context)
    yield bytes([HEADER_BYTES]) + salt + prefix
    for number, (clear, last) in enumerate(_segments(Source(source), FIRST_CLEAR_BYTES, SEGMENT_CLEAR_BYTES)):
        if number >= MAX_SEGMENTS:
            raise BadInput("文件超过 4 PiB，无法封存。", "The file is longer than 4 PiB and cannot be sealed.")
        yield encrypt(cipher, _nonce(prefix, number, last), clear)


def unseal(source: Iterable[bytes] | BinaryIO, key: bytes, context: bytes) -> Iterator[bytes]:
    """Yield the clear bytes of a sealed stream, segment by segment, each authenticated first.

    Raises ``Damaged`` at the first segment that does not authenticate and, for a stream that was cut,
    at its end: a caller has the whole only when the iteration ended without an error.
    """
    feed = Source(source)
    header = bytearray(HEADER_BYTES)
    if feed.fill(memoryview(header)) < HEADER_BYTES:
        raise _damaged(0)
    cipher, prefix = _open_header(bytes(header), key, context)
    for number, (sealed, last) in enumerate(_segments(feed, SEGMENT_BYTES - HEADER_BYTES, SEGMENT_BYTES)):
        yield _open_segment(cipher, prefix, number, last, sealed)


def unseal_range(reader: BinaryIO, key: bytes, context: bytes, start: int, length: int) -> Iterator[bytes]:
    """Yield ``length`` clear bytes from ``start`` on (fewer at the end), reading only the segments they lie in.

    ``reader`` must be seekable. A range that reaches the end or lies behind it authenticates the last
    segment first, so that a cut object never passes for a short one.
    """
    if start < 0 or length < 0:
        raise ValueError("start and length count bytes and cannot be negative")
    size = reader.seek(0, os.SEEK_END)
    whole = clear_size(size)
    reader.seek(0)
    cipher, prefix = _open_header(reader.read(HEADER_BYTES), key, context)
    final = (size - 1) // SEGMENT_BYTES
    room = memoryview(bytearray(min(size, SEGMENT_BYTES)))
    if start + length >= whole:
        _read_segment(reader, cipher, prefix, final, final, room)
    stop = min(start + length, whole)
    if start >= stop:
        return
    for number in range(segment_of(start), segment_of(stop - 1) + 1):
        base = 0 if number == 0 else number * SEGMENT_CLEAR_BYTES - HEADER_BYTES
        clear = _read_segment(reader, cipher, prefix, number, final, room)
        yield clear[max(start - base, 0) : stop - base]


def seal_bytes(clear: bytes, key: bytes, context: bytes, entropy: Entropy = os.urandom) -> bytes:
    """Seal a value that fits one segment at once; same format as :func:`seal`, without its buffers."""
    if len(clear) > FIRST_CLEAR_BYTES:
        return b"".join(seal([clear], key, context, entropy))
    salt, prefix = entropy(SALT_BYTES), entropy(PREFIX_BYTES)
    body = _cipher(key, salt, context).encrypt(_nonce(prefix, 0, True), clear, None)
    return bytes([HEADER_BYTES]) + salt + prefix + body


def unseal_bytes(sealed: bytes, key: bytes, context: bytes) -> bytes:
    """Open a value that :func:`seal_bytes` or :func:`seal` made; all of it or ``Damaged``."""
    if len(sealed) > SEGMENT_BYTES:
        return b"".join(unseal([sealed], key, context))
    cipher, prefix = _open_header(sealed[:HEADER_BYTES], key, context)
    return _open_segment(cipher, prefix, 0, True, sealed[HEADER_BYTES:])


def sealed_size(clear: int) -> int:
    """Return how many bytes ``clear`` bytes take when sealed."""
    segments = 1 if clear == 0 else segment_of(clear - 1) + 1
    return HEADER_BYTES + clear + segments * TAG_BYTES


def clear_size(sealed: int) -> int:
    """Return how many clear bytes a sealed object of this size claims to hold; ``Damaged`` if none can have it."""
    segments = -(-sealed // SEGMENT_BYTES)
    clear = sealed - HEADER_BYTES - segments * TAG_BYTES
    if clear < 0 or sealed_size(clear) != sealed:
        raise _damaged(max(segments - 1, 0))
    return clear


def segment_of(offset: int) -> int:
    """Return the number of the segment in which the clear byte at ``offset`` lies."""
    return (offset + HEADER_BYTES) // SEGMENT_CLEAR_BYTES


def _segments(feed: Source, first: int, rest: int) -> Iterator[tuple[memoryview, bool]]:
    """Cut a stream into segments and say which one is the last.

    A full segment is last only if nothing follows, so one segment is held back in a second buffer.
    Most files are small: they are spared the making of two buffers of 1 MiB. The views are overwritten by the next step but one: use them at once.
    """
    beginning = memoryview(bytearray(_SMALL_BYTES))
    have = feed.fill(beginning)
    if have < _SMALL_BYTES:
        yield beginning[:have], True
        return
    held, spare = memoryview(bytearray(rest)), memoryview(bytearray(rest))
    held[:have] = beginning
    have += feed.fill(held[have:first])
    room = first
    while have == room:
        room = rest
        following = feed.fill(spare)
        if not following:
            break
        yield held[:have], False
        held, spare, have = spare, held, following
    yield held[:have], True


def _cipher(key: bytes, salt: bytes, context: bytes) -> AESGCM:
    if len(key) != KEY_BYTES:
        raise ValueError(f"a sealing key has {KEY_BYTES} bytes")
    return AESGCM(HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=context).derive(key))


def _open_header(header: bytes, key: bytes, context: bytes) -> tuple[AESGCM, bytes]:
    if len(header) < HEADER_BYTES or header[0] != HEADER_BYTES:
        raise _damaged(0)
    return _cipher(key, header[1 : 1 + SALT_BYTES], context), header[1 + SALT_BYTES :]


def _nonce(prefix: bytes, number: int, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + (b"\x01" if last else b"\x00")


def _open_segment(cipher: AESGCM, prefix: bytes, number: int, last: bool, sealed: bytes | memoryview) -> bytes:
    if number >= MAX_SEGMENTS:
        raise _damaged(number)
    try:
        return cipher.decrypt(_nonce(prefix, number, last), sealed, None)
    except (InvalidTag, ValueError):
        raise _damaged(number) from None


def _read_segment(reader: BinaryIO, cipher: AESGCM, prefix: bytes, number: int, final: int, room: memoryview) -> bytes:
    """Read and open one segment; ``room`` holds the sealed bytes meanwhile, as many as a segment of this object has."""
    skip = HEADER_BYTES if number == 0 else 0
    reader.seek(number * SEGMENT_BYTES + skip)
    have = read_into(reader, room[: SEGMENT_BYTES - skip])
    return _open_segment(cipher, prefix, number, number == final, room[:have])


def _damaged(segment: int) -> Damaged:
    return Damaged(
        f"封存内容第 {segment} 段未通过校验：内容被改动、截断，或不属于这里。",
        f"Segment {segment} of the sealed content does not authenticate: it was changed, cut, or belongs elsewhere.",
    )
