"""streamOptimized: compressed grains in one pass, for delivery with OVF and import into vSphere.

VMware's technical note "Virtual Disk Format 5.0", "Stream-Optimized Compressed":
every block has a marker in front; tables follow their grains; a copy of the header
that knows where the directory is comes last. The header's version is 3, as vSphere
wants it (open-vmdk, vmware_vmdk.h: SPARSE_VERSION_INCOMPAT_FLAGS).
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable
from functools import partial
from itertools import groupby

from applbuild import Image, OpenDisk, map_pieces
from applbuild_format_vmdk.extent import (
    COMPRESSED,
    DEFLATE,
    GRAIN_BYTES,
    GRAIN_SECTORS,
    MARKERS,
    NEW_LINE_TEST,
    SECTOR_BYTES,
    TABLE_ENTRIES,
    Extent,
    entries,
    header,
    packed,
    sector,
)

_VERSION = 3
_FLAGS = NEW_LINE_TEST | COMPRESSED | MARKERS
_DIRECTORY_AT_END = 0xFFFF_FFFF_FFFF_FFFF  # GD_AT_END
_GRAIN_MARKER = struct.Struct("<QI")  # lba, size; the data follows without a gap
_MARKER = struct.Struct("<QII496x")  # numSectors, size 0, type
_TABLE, _DIRECTORY, _FOOTER = 1, 2, 3
_END_OF_STREAM = bytes(SECTOR_BYTES)

Compress = Callable[[memoryview], bytes | bytearray]


def write_stream(
    disk: OpenDisk, image: Image, extent: Extent, descriptor: bytes, compress: Compress
) -> None:
    """Append *disk* to the empty *image*, its grains through *compress*.

    The technote names RFC 1951 for the grains, but every reader and writer of
    them means zlib's frame around it, RFC 1950 (open-vmdk sparse.c: deflateInit).
    """
    head = partial(
        header,
        extent,
        version=_VERSION,
        flags=_FLAGS,
        redundant_directory=0,
        overhead=GRAIN_SECTORS,
        compression=DEFLATE,
    )
    image.write(head(directory=_DIRECTORY_AT_END))
    image.write(descriptor)
    image.align(GRAIN_BYTES)

    directory = entries(extent.tables)
    pieces = map_pieces(disk, GRAIN_BYTES, compress)
    for index, grains in groupby(pieces, lambda piece: piece[0] // TABLE_ENTRIES):
        table = entries(TABLE_ENTRIES)
        for number, data in grains:
            table[number % TABLE_ENTRIES] = sector(image.position)
            image.write(_grain(number, data))
        directory[index] = _write_table(image, _TABLE, table)

    place = _write_table(image, _DIRECTORY, directory)
    image.write(_MARKER.pack(1, 0, _FOOTER))
    image.write(head(directory=place))
    image.write(_END_OF_STREAM)


def _grain(number: int, data: bytes | bytearray) -> bytes:
    """Return a grain with its marker in front, in whole sectors."""
    size = _GRAIN_MARKER.size + len(data)
    marker = _GRAIN_MARKER.pack(number * GRAIN_SECTORS, len(data))
    return b"".join((marker, data, bytes(-size % SECTOR_BYTES)))


def _write_table(image: Image, kind: int, table: array[int]) -> int:
    """Append *table* after its marker and return the sector where it starts."""
    data = packed(table)
    image.write(_MARKER.pack(len(data) // SECTOR_BYTES, 0, kind))
    place = sector(image.position)
    image.write(data)
    return place
