"""The identifiers of a partition table, which libparted draws at random, set to the plan's."""

from __future__ import annotations

import struct
import uuid
import zlib
from pathlib import Path
from typing import BinaryIO

from applbuild import Disk

_SECTOR_BYTES = 512
_SIGNATURE_OFFSET = 440  # of an msdos disk: four bytes after the boot code
# UEFI specification 2.10, table 5-5, GPT Header: where the fields lie that change.
_HEADER_CRC = 16
_MY_LBA = 24
_ALTERNATE_LBA = 32
_DISK_GUID = 56
_ENTRIES = struct.Struct("<QIII")  # at 72: first LBA, count, bytes of each, CRC of all
_ENTRIES_OFFSET = 72
_ENTRIES_CRC = 88
# Table 5-6, GPT Partition Entry.
_UNIQUE_GUID = 16


def set_identifiers(path: Path, disk: Disk) -> None:
    """Write the identifiers of *disk* into the table at *path*, with the checksums they change."""
    with path.open("r+b") as file:
        if disk.table == "msdos":
            file.seek(_SIGNATURE_OFFSET)
            file.write(int(disk.identifier, 16).to_bytes(4, "little"))
            return
        backup = _rewrite(file, 1, disk)
        _rewrite(file, backup, disk)


def _rewrite(file: BinaryIO, lba: int, disk: Disk) -> int:
    """Set the identifiers of the GPT whose header is at *lba*; return where the other copy is."""
    file.seek(lba * _SECTOR_BYTES)
    header = bytearray(file.read(_SECTOR_BYTES))
    size = struct.unpack_from("<I", header, 12)[0]
    first, count, each, _ = _ENTRIES.unpack_from(header, _ENTRIES_OFFSET)
    file.seek(first * _SECTOR_BYTES)
    entries = bytearray(file.read(count * each))
    for partition in disk.partitions:
        start = (partition.number - 1) * each + _UNIQUE_GUID
        entries[start : start + 16] = uuid.UUID(partition.identifier).bytes_le
    file.seek(first * _SECTOR_BYTES)
    file.write(entries)
    header[_DISK_GUID : _DISK_GUID + 16] = uuid.UUID(disk.identifier).bytes_le
    struct.pack_into("<I", header, _ENTRIES_CRC, zlib.crc32(entries))
    struct.pack_into("<I", header, _HEADER_CRC, 0)
    struct.pack_into("<I", header, _HEADER_CRC, zlib.crc32(header[:size]))
    file.seek(lba * _SECTOR_BYTES)
    file.write(header)
    alternate: int = struct.unpack_from("<Q", header, _ALTERNATE_LBA)[0]
    return alternate
