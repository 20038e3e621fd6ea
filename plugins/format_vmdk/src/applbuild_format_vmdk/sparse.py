"""monolithicSparse: one file that grows, for machines that use the disk where it lies.

VMware's technical note "Virtual Disk Format 5.0", "Hosted Sparse Extents": header,
descriptor, the redundant directory with its tables, the directory with its tables,
then the grains, each on a multiple of its size. All tables exist from the beginning.
"""

from __future__ import annotations

from array import array
from itertools import groupby

from applbuild import Image, OpenDisk, copy_pieces, used_pieces
from applbuild_format_vmdk.extent import (
    DESCRIPTOR_SECTOR,
    DESCRIPTOR_SECTORS,
    GRAIN_BYTES,
    GRAIN_SECTORS,
    NEW_LINE_TEST,
    REDUNDANT_TABLE,
    SECTOR_BYTES,
    TABLE_ENTRIES,
    TABLE_SECTORS,
    Extent,
    entries,
    header,
    packed,
    sector,
)

_VERSION = 1


def write_sparse(disk: OpenDisk, image: Image, extent: Extent, descriptor: bytes) -> None:
    """Append *disk* to the empty *image*."""
    used = used_pieces(disk, GRAIN_BYTES)
    redundant = DESCRIPTOR_SECTOR + DESCRIPTOR_SECTORS
    directory = redundant + extent.directory_sectors + extent.tables * TABLE_SECTORS
    end = directory + extent.directory_sectors + extent.tables * TABLE_SECTORS
    grains = -(-end // GRAIN_SECTORS) * GRAIN_SECTORS
    sector((grains + len(used) * GRAIN_SECTORS) * SECTOR_BYTES)

    image.write(
        header(
            extent,
            version=_VERSION,
            flags=NEW_LINE_TEST | REDUNDANT_TABLE,
            redundant_directory=redundant,
            directory=directory,
            overhead=grains,
        )
    )
    image.write(descriptor)
    for start in (redundant, directory):
        _write_tables(image, extent, start, used, grains)
    image.align(GRAIN_BYTES)
    copy_pieces(disk, image, GRAIN_BYTES, used)


def _write_tables(image: Image, extent: Extent, start: int, used: array[int], grains: int) -> None:
    """Append a directory at sector *start*, and its tables; tables of zeros are left as holes."""
    first = start + extent.directory_sectors
    image.write(
        packed(array("I", range(first, first + extent.tables * TABLE_SECTORS, TABLE_SECTORS)))
    )
    place = grains
    for index, numbers in groupby(used, lambda number: number // TABLE_ENTRIES):
        table = entries(TABLE_ENTRIES)
        for number in numbers:
            table[number % TABLE_ENTRIES] = place
            place += GRAIN_SECTORS
        image.skip((first + index * TABLE_SECTORS) * SECTOR_BYTES - image.position)
        image.write(packed(table))
    image.skip((first + extent.tables * TABLE_SECTORS) * SECTOR_BYTES - image.position)
