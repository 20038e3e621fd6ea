"""The header of a sparse VMDK extent, and the sizes of its tables.

Facts are from VMware's technical note "Virtual Disk Format 5.0", section "Hosted
Sparse Extents", unless another source is named. Numbers are little endian,
offsets and sizes in sectors of 512 bytes.
"""

from __future__ import annotations

import struct
import sys
from array import array

import attrs

from applbuild import UsageError

SECTOR_BYTES = 512
GRAIN_SECTORS = 128  # "Grain": the default, and what every reader was tried with
GRAIN_BYTES = GRAIN_SECTORS * SECTOR_BYTES
TABLE_ENTRIES = 512  # numGTEsPerGT: "for virtual disks is 512"
TABLE_SECTORS = TABLE_ENTRIES * 4 // SECTOR_BYTES
DESCRIPTOR_SECTOR = 1
DESCRIPTOR_SECTORS = 20  # as VMware and QEMU reserve; VirtualBox rewrites the text in place

# "Hosted Sparse Extent Header", packed; pad[433] brings it to a sector.
_HEADER = struct.Struct("<4sIIQQQQIQQQB4sH433x")
_MAGIC = b"KDMV"
_LINE_ENDS = b"\n \r\n"  # show whether the file went through a transfer in text mode

NEW_LINE_TEST = 1 << 0
REDUNDANT_TABLE = 1 << 1
COMPRESSED = 1 << 16
MARKERS = 1 << 17
DEFLATE = 1  # compressAlgorithm


@attrs.frozen(kw_only=True)
class Extent:
    """What follows from the size of the disk: it is one extent."""

    size_bytes: int

    @property
    def capacity(self) -> int:
        """Sectors of the disk.

        "Should be a multiple of the grain size"; where it is not, QEMU and open-vmdk
        write the true size too, and all readers go by it.
        """
        return self.size_bytes // SECTOR_BYTES

    @property
    def tables(self) -> int:
        """How many grain tables it takes to map the disk."""
        return -(-self.capacity // (GRAIN_SECTORS * TABLE_ENTRIES))

    @property
    def directory_sectors(self) -> int:
        """Sectors of the grain directory: four bytes for each table."""
        return -(-self.tables * 4 // SECTOR_BYTES)


def header(
    extent: Extent,
    *,
    version: int,
    flags: int,
    redundant_directory: int,
    directory: int,
    overhead: int,
    compression: int = 0,
) -> bytes:
    """Return the header sector; *directory* and *redundant_directory* are where those lie."""
    return _HEADER.pack(
        _MAGIC,
        version,
        flags,
        extent.capacity,
        GRAIN_SECTORS,
        DESCRIPTOR_SECTOR,
        DESCRIPTOR_SECTORS,
        TABLE_ENTRIES,
        redundant_directory,
        directory,
        overhead,
        0,  # uncleanShutdown
        _LINE_ENDS,
        compression,
    )


def entries(count: int) -> array[int]:
    """Return a table of *count* entries that all say: not there, reads as zeros."""
    return array("I", bytes(count * 4))


def packed(table: array[int]) -> bytes:
    """Return *table* as it lies in the file, in whole sectors."""
    stored = table[:]
    if sys.byteorder == "big":
        stored.byteswap()
    data = stored.tobytes()
    return data.ljust(-(-len(data) // SECTOR_BYTES) * SECTOR_BYTES, b"\0")


def sector(position: int) -> int:
    """Return the sector that starts at *position* bytes, for a table's entry of 32 bits.

    Raises:
        UsageError: it is beyond 2 TiB.
    """
    number = position // SECTOR_BYTES
    if number >> 32:
        raise UsageError(
            "a vmdk file cannot be larger than 2 TiB", hint="use --format qcow2 for this disk"
        )
    return number
