"""An index that lives in memory and rests as one piece of bytes, which the caller seals and keeps.

No file is ever written from here, not even a temporary one.
"""

from __future__ import annotations

import json
import struct

from whoosh.filedb.filestore import RamStorage

from index.faults import IndexDamaged

_LENGTH = struct.Struct(">Q")


class MemoryStorage(RamStorage):
    """Whoosh's files in memory, to be packed into one piece of bytes and unpacked again."""

    def temp_storage(self, name: str | None = None) -> MemoryStorage:
        """Return a storage for work in progress: in memory too, where Whoosh's own may use the disk."""
        del name
        return MemoryStorage()

    def pack(self) -> bytes:
        """Return all files as one piece of bytes."""
        files = {name: bytes(data) for name, data in self.files.items()}
        head = json.dumps([[name, len(data)] for name, data in files.items()]).encode()
        return _LENGTH.pack(len(head)) + head + b"".join(files.values())

    @classmethod
    def unpack(cls, packed: bytes) -> MemoryStorage:
        """Return the storage that :meth:`pack` made bytes of."""
        storage = cls()
        try:
            (length,) = _LENGTH.unpack_from(packed)
            names = json.loads(packed[_LENGTH.size : _LENGTH.size + length])
            at = _LENGTH.size + length
            for name, size in names:
                storage.files[name] = packed[at : at + size]
                at += size
            if at != len(packed):
                raise ValueError("cut short")
        except (struct.error, ValueError, TypeError) as error:
            raise IndexDamaged(
                "密封索引无法读取，需要重建。", "The sealed index cannot be read; it has to be built again."
            ) from error
        return storage
