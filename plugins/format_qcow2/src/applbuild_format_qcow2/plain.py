"""qcow2 without compression: all tables first, which can be told from which clusters are used."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from itertools import groupby

from applbuild import Image, OpenDisk, copy_pieces, used_pieces
from applbuild_format_qcow2 import tables
from applbuild_format_qcow2.tables import Geometry


def write_plain(disk: OpenDisk, image: Image, geometry: Geometry) -> None:
    """Append *disk* to the empty *image*: header, refcounts, L1, L2 tables, data."""
    used = used_pieces(disk, geometry.cluster_bytes)
    l2_tables = sum(1 for _ in groupby(used, lambda number: number // geometry.l2_entries))
    others = 1 + geometry.l1_clusters + l2_tables + len(used)
    table_clusters, blocks = geometry.refcount_clusters(others)

    refcount_offset = geometry.cluster_bytes
    blocks_offset = refcount_offset + table_clusters * geometry.cluster_bytes
    l1_offset = blocks_offset + blocks * geometry.cluster_bytes
    l2_offset = l1_offset + geometry.l1_clusters * geometry.cluster_bytes
    data_offset = l2_offset + l2_tables * geometry.cluster_bytes

    image.write(
        tables.header(
            geometry,
            l1_offset=l1_offset,
            refcount_offset=refcount_offset,
            refcount_clusters=table_clusters,
        )
    )
    image.write(tables.refcount_table(geometry, blocks, blocks_offset))
    # Nothing is shared: every cluster of the file counts one.
    image.write(tables.packed(array("H", [1]) * (others + table_clusters + blocks), geometry))
    image.write(_l1_table(used, geometry, l2_offset))
    for table in _l2_tables(used, geometry, data_offset):
        image.write(tables.packed(table, geometry))
    copy_pieces(disk, image, geometry.cluster_bytes, used)


def _l1_table(used: array[int], geometry: Geometry, offset: int) -> bytes:
    table = tables.entries(geometry.l1_entries)
    for index, _ in groupby(used, lambda number: number // geometry.l2_entries):
        table[index] = tables.standard(offset)
        offset += geometry.cluster_bytes
    return tables.packed(table, geometry)


def _l2_tables(used: array[int], geometry: Geometry, offset: int) -> Iterator[array[int]]:
    """Yield the L2 tables that map anything; the clusters lie in order from *offset* on."""
    for _, numbers in groupby(used, lambda number: number // geometry.l2_entries):
        table = tables.entries(geometry.l2_entries)
        for number in numbers:
            table[number % geometry.l2_entries] = tables.standard(offset)
            offset += geometry.cluster_bytes
        yield table
