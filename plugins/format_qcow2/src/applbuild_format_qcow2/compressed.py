"""qcow2 with compressed clusters: packed byte to byte in the order of the disk, tables behind.

Where a cluster ends up depends on how well all before it compress, so only the
header, at the very start, has to wait for the end.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable

from applbuild import Image, OpenDisk, map_pieces
from applbuild_format_qcow2 import tables
from applbuild_format_qcow2.tables import Geometry

# What has to start on a cluster boundary (L2 tables, clusters that do not compress) is kept
# back up to this much and written together, so that the room lost in front of it is, too.
_KEPT_BYTES = 16 << 20

Compress = Callable[[memoryview], bytes]


def write_compressed(
    disk: OpenDisk, image: Image, geometry: Geometry, compression: int, compress: Compress
) -> None:
    """Append *disk* to the empty *image*; *compression* is the type that *compress* makes."""
    image.reserve(geometry.cluster_bytes)
    packing = _Packing(image, geometry)
    for number, data in map_pieces(disk, geometry.cluster_bytes, _choose(geometry, compress)):
        packing.add(number, data)
    l1 = packing.finish()

    l1_offset = image.position
    image.write(tables.packed(l1, geometry))
    refcount_offset = image.position
    used = refcount_offset // geometry.cluster_bytes
    table_clusters, blocks = geometry.refcount_clusters(used)
    blocks_offset = refcount_offset + table_clusters * geometry.cluster_bytes
    image.write(tables.refcount_table(geometry, blocks, blocks_offset))
    counts = packing.counts
    counts.extend([1] * (used + table_clusters + blocks - len(counts)))
    image.write(tables.packed(counts, geometry))
    image.fill(
        tables.header(
            geometry,
            l1_offset=l1_offset,
            refcount_offset=refcount_offset,
            refcount_clusters=table_clusters,
            compression=compression,
        )
    )


def _choose(geometry: Geometry, compress: Compress) -> Compress:
    """Return *compress*, but for clusters that do not become smaller: they stay as they are."""

    def smaller(cluster: memoryview) -> bytes:
        data = compress(cluster)
        # QEMU's reader takes at most one cluster of compressed data, less a byte.
        return data if len(data) < geometry.cluster_bytes else bytes(cluster)

    return smaller


class _Packing:
    """Where each cluster goes: the image so far, and the tables that describe it."""

    def __init__(self, image: Image, geometry: Geometry) -> None:
        self._image = image
        self._geometry = geometry
        self._l1 = tables.entries(geometry.l1_entries)
        self._l2: dict[int, array[int]] = {}
        self._kept: list[tuple[int, bytes]] = []
        self.counts = array("H", [1])
        """References to each cluster of the file; the header's is the first."""

    def add(self, number: int, data: bytes) -> None:
        """Place *data*, cluster *number* of the disk; numbers only grow."""
        index = number // self._geometry.l2_entries
        if index not in self._l2:
            self._l2[index] = tables.entries(self._geometry.l2_entries)
        if len(data) == self._geometry.cluster_bytes:
            self._kept.append((number, data))
        else:
            self._map(number, tables.compressed(self._geometry, self._image.position, len(data)))
            self._count(self._image.position, len(data))
            self._image.write(data)
        if (len(self._kept) + len(self._l2)) * self._geometry.cluster_bytes > _KEPT_BYTES:
            self._write_kept(unfinished=index)

    def finish(self) -> array[int]:
        """Write all that was kept back and return the L1 table."""
        self._write_kept()
        return self._l1

    def _map(self, number: int, entry: int) -> None:
        index, place = divmod(number, self._geometry.l2_entries)
        self._l2[index][place] = entry

    def _count(self, offset: int, size: int) -> None:
        """Count one more reference to every cluster of the file that the bytes lie in.

        "Cluster mapping": compressed data may reach into the next cluster; then both count.
        """
        first = offset // self._geometry.cluster_bytes
        last = (offset + size - 1) // self._geometry.cluster_bytes
        self.counts.extend([0] * (last + 1 - len(self.counts)))
        for cluster in range(first, last + 1):
            self.counts[cluster] += 1

    def _write_kept(self, unfinished: int | None = None) -> None:
        """Write the clusters kept back, then every L2 table but the *unfinished* one."""
        self._image.align(self._geometry.cluster_bytes)
        for number, data in self._kept:
            self._map(number, tables.standard(self._append(data)))
        self._kept.clear()
        for index in [index for index in self._l2 if index != unfinished]:
            table = tables.packed(self._l2.pop(index), self._geometry)
            self._l1[index] = tables.standard(self._append(table))

    def _append(self, cluster: bytes) -> int:
        offset = self._image.position
        self._count(offset, len(cluster))
        self._image.write(cluster)
        return offset
