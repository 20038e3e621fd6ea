"""The tables of a qcow2 image, version 3: header, cluster mapping, reference counts.

Facts are from QEMU's docs/interop/qcow2.txt; its sections are named where they
are used. All numbers are big endian.
"""

from __future__ import annotations

import struct
import sys
from array import array

import attrs

ZLIB = 0
ZSTD = 1

_ENTRY_BYTES = 8
_COPIED = 1 << 63  # "Cluster mapping": the reference count is exactly one
_COMPRESSED = 1 << 62
_SECTOR_BITS = 9

# "Header" and "Additional fields": 104 bytes of version 3, then compression_type and padding.
_HEADER = struct.Struct(">4sIQIIQIIQQIIQQQQIIB7x")
_MAGIC = b"QFI\xfb"
_VERSION = 3
_COMPRESSION_TYPE_BIT = 1 << 3  # of incompatible_features; set if and only if the type is not 0
_REFCOUNT_ORDER = 4
_REFCOUNT_BYTES = (1 << _REFCOUNT_ORDER) // 8


@attrs.frozen(kw_only=True)
class Geometry:
    """The sizes that follow from the size of the disk and of a cluster, in bytes and counts."""

    size_bytes: int
    cluster_bytes: int

    @property
    def cluster_bits(self) -> int:
        """The base 2 logarithm of the cluster size."""
        return self.cluster_bytes.bit_length() - 1

    @property
    def l2_entries(self) -> int:
        """How many clusters one L2 table maps: it is exactly one cluster of 8-byte entries."""
        return self.cluster_bytes // _ENTRY_BYTES

    @property
    def l1_entries(self) -> int:
        """How many L2 tables it takes to map the disk."""
        return -(-self.size_bytes // (self.cluster_bytes * self.l2_entries))

    @property
    def refcounts(self) -> int:
        """How many clusters one refcount block counts: it is exactly one cluster."""
        return self.cluster_bytes // _REFCOUNT_BYTES

    def clusters(self, count_bytes: int) -> int:
        """Return how many clusters hold *count_bytes*."""
        return -(-count_bytes // self.cluster_bytes)

    @property
    def l1_clusters(self) -> int:
        """How many clusters the L1 table takes."""
        return self.clusters(self.l1_entries * _ENTRY_BYTES)

    def refcount_clusters(self, others: int) -> tuple[int, int]:
        """Return the clusters of the refcount table and of its blocks beside *others*.

        They count themselves too, so the numbers grow until they agree.
        """
        table, blocks = 1, 1
        while True:
            wanted = -(-(others + table + blocks) // self.refcounts)
            if (self.clusters(wanted * _ENTRY_BYTES), wanted) == (table, blocks):
                return table, blocks
            table, blocks = self.clusters(wanted * _ENTRY_BYTES), wanted


def header(
    geometry: Geometry,
    *,
    l1_offset: int,
    refcount_offset: int,
    refcount_clusters: int,
    compression: int = ZLIB,
) -> bytes:
    """Return the first cluster: the header, and an empty list of header extensions.

    Offsets in bytes. There is no backing file, encryption or snapshot, and no
    dirty bit: the reference counts are exact.
    """
    fields = _HEADER.pack(
        _MAGIC,
        _VERSION,
        0,  # backing_file_offset
        0,  # backing_file_size
        geometry.cluster_bits,
        geometry.size_bytes,
        0,  # crypt_method
        geometry.l1_entries,
        l1_offset,
        refcount_offset,
        refcount_clusters,
        0,  # nb_snapshots
        0,  # snapshots_offset
        _COMPRESSION_TYPE_BIT if compression != ZLIB else 0,
        0,  # compatible_features
        0,  # autoclear_features
        _REFCOUNT_ORDER,
        _HEADER.size,
        compression,
    )
    return fields.ljust(geometry.cluster_bytes, b"\0")


def standard(offset: int) -> int:
    """Return the L1 or L2 entry for a cluster at *offset* that nothing else refers to."""
    return offset | _COPIED


def compressed(geometry: Geometry, offset: int, size: int) -> int:
    """Return the L2 entry for *size* bytes of compressed data at *offset*.

    "Compressed Clusters Descriptor": the offset, any byte, below bit x; from x on
    how many sectors it reaches into beyond its first.
    """
    x = 62 - (geometry.cluster_bits - 8)
    sectors = ((offset + size - 1) >> _SECTOR_BITS) - (offset >> _SECTOR_BITS)
    return offset | sectors << x | _COMPRESSED


def entries(count: int) -> array[int]:
    """Return a table of *count* entries that all say: not allocated, reads as zeros."""
    return array("Q", bytes(count * _ENTRY_BYTES))


def packed(table: array[int], geometry: Geometry) -> bytes:
    """Return *table* as it lies in the file, in whole clusters."""
    stored = table[:]
    if sys.byteorder == "little":
        stored.byteswap()
    data = stored.tobytes()
    return data.ljust(geometry.clusters(len(data)) * geometry.cluster_bytes, b"\0")


def refcount_table(geometry: Geometry, blocks: int, offset: int) -> bytes:
    """Return the refcount table whose *blocks* blocks lie one after another from *offset* on."""
    step = geometry.cluster_bytes
    return packed(array("Q", range(offset, offset + blocks * step, step)), geometry)
