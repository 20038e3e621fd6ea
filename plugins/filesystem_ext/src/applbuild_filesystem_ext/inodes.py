"""What mke2fs -d gets wrong in the inodes of an ext filesystem, put right in place.

It copies the folder's ctime and atime, the moment of the build, and no
environment variable stops it; and it leaves the uppermost folder with a mode and
owner of its own. What debugfs does afterwards leaves traces as well. While the
filesystem has no metadata_csum, inodes can be written as they lie.

Layout: Linux kernel documentation, "ext4 Data Structures and Algorithms":
Super Block, Block Group Descriptors, Inode Table.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path

import attrs

_SUPERBLOCK_OFFSET = 1024
_INCOMPAT_64BIT = 0x80
_ATTRIBUTES_MAGIC = struct.pack("<I", 0xEA020000)
_INODES_NOT_USED = 0x1  # bg_flags: EXT4_BG_INODE_UNINIT


@attrs.frozen(kw_only=True)
class _Geometry:
    block_bytes: int
    first_data_block: int
    groups: int
    inodes_per_group: int
    inode_bytes: int
    descriptor_bytes: int
    has_group_counts: bool


def free_bytes(path: Path, offset_bytes: int) -> int:
    """Return what the filesystem at *offset_bytes* of *path* has free: s_free_blocks_count."""
    with path.open("rb") as file:
        file.seek(offset_bytes + _SUPERBLOCK_OFFSET)
        superblock = file.read(1024)
    low = struct.unpack_from("<I", superblock, 0xC)[0]
    high = struct.unpack_from("<I", superblock, 0x158)[0]
    blocks: int = high << 32 | low
    return blocks * _geometry(superblock).block_bytes


def normalise(path: Path, offset_bytes: int, uppermost: os.stat_result, epoch_seconds: int) -> None:
    """Make every inode depend on the content alone; the uppermost folder becomes *uppermost*.

    Nothing was modified after *epoch_seconds*; every file was created, changed
    and last read then.
    """
    with path.open("r+b") as file:
        file.seek(offset_bytes + _SUPERBLOCK_OFFSET)
        geometry = _geometry(file.read(1024))
        file.seek(offset_bytes + _SUPERBLOCK_OFFSET + 0x178)
        file.write(bytes(8))  # s_kbytes_written
        file.seek(offset_bytes + (geometry.first_data_block + 1) * geometry.block_bytes)
        descriptors = file.read(geometry.groups * geometry.descriptor_bytes)
        for number, (start_block, count) in enumerate(_tables(geometry, descriptors)):
            start = offset_bytes + start_block * geometry.block_bytes
            file.seek(start)
            table = bytearray(file.read(count * geometry.inode_bytes))
            if number == 0:
                _set_uppermost(table, geometry.inode_bytes, uppermost)
            _stamp(table, geometry.inode_bytes, epoch_seconds)
            file.seek(start)
            file.write(table)


def _geometry(superblock: bytes) -> _Geometry:
    inodes, log_block_size = (
        struct.unpack_from("<I", superblock, offset)[0] for offset in (0x0, 0x18)
    )
    per_group = struct.unpack_from("<I", superblock, 0x28)[0]
    is_64bit = struct.unpack_from("<I", superblock, 0x60)[0] & _INCOMPAT_64BIT
    has_counts = struct.unpack_from("<I", superblock, 0x64)[0] & 0x10  # RO_COMPAT_GDT_CSUM
    return _Geometry(
        block_bytes=1024 << log_block_size,
        first_data_block=struct.unpack_from("<I", superblock, 0x14)[0],
        groups=inodes // per_group,
        inodes_per_group=per_group,
        inode_bytes=struct.unpack_from("<H", superblock, 0x58)[0],
        descriptor_bytes=struct.unpack_from("<H", superblock, 0xFE)[0] if is_64bit else 32,
        has_group_counts=bool(has_counts),
    )


def _tables(geometry: _Geometry, descriptors: bytes) -> Iterator[tuple[int, int]]:
    """Yield for each group the first block of its inode table and how many inodes are in use."""
    for at in range(0, len(descriptors), geometry.descriptor_bytes):
        block = struct.unpack_from("<I", descriptors, at + 0x8)[0]
        unused = flags = 0
        if geometry.has_group_counts:
            flags, unused = (struct.unpack_from("<H", descriptors, at + x)[0] for x in (0x12, 0x1C))
        if geometry.descriptor_bytes > 32:
            block |= struct.unpack_from("<I", descriptors, at + 0x28)[0] << 32
            unused |= struct.unpack_from("<H", descriptors, at + 0x32)[0] << 16
        if not flags & _INODES_NOT_USED:
            yield block, geometry.inodes_per_group - unused


def _set_uppermost(table: bytearray, inode_bytes: int, folder: os.stat_result) -> None:
    """Give inode 2 the mode, owner and time of *folder*.

    i_mode is at 0x0, i_uid and i_gid at 0x2 and 0x18, their upper halves at
    0x78 and 0x7A, i_mtime at 0x10.
    """
    at = inode_bytes  # inodes count from 1
    struct.pack_into("<HH", table, at, folder.st_mode, folder.st_uid & 0xFFFF)
    struct.pack_into("<H", table, at + 0x18, folder.st_gid & 0xFFFF)
    struct.pack_into("<HH", table, at + 0x78, folder.st_uid >> 16, folder.st_gid >> 16)
    struct.pack_into("<I", table, at + 0x10, int(folder.st_mtime) & 0xFFFFFFFF)


def _stamp(table: bytearray, inode_bytes: int, epoch: int) -> None:
    """Set the times of each inode in *table* that is in use.

    i_atime, i_ctime and i_mtime follow each other at 0x8; i_extra_isize is at
    0x80, then checksum, ctime_extra, mtime_extra, atime_extra, crtime and
    crtime_extra.
    """
    for at in range(0, len(table), inode_bytes):
        if table[at : at + 2] == b"\0\0" and table[at + 0x10 : at + 0x14] == b"\0\0\0\0":
            continue  # neither a mode nor a time: free, or reserved and unused
        modified = struct.unpack_from("<I", table, at + 0x10)[0]
        fraction = struct.unpack_from("<I", table, at + 0x88)[0] if inode_bytes > 128 else 0
        if modified >= epoch:
            modified, fraction = epoch, 0
        struct.pack_into("<III", table, at + 0x8, epoch, epoch, modified)
        if inode_bytes > 128:
            struct.pack_into("<IIIII", table, at + 0x84, 0, fraction, 0, epoch, 0)
            _tidy(table, at)


def _tidy(table: bytearray, at: int) -> None:
    """Leave no trace of an attribute that the inode at *at* had once.

    Behind the fields of an inode stand 0xEA020000 and its attributes; h_magic and
    the first entry's e_name_len ("Extended Attributes").
    """
    start = at + 128 + struct.unpack_from("<H", table, at + 0x80)[0]
    if table[start : start + 8] == _ATTRIBUTES_MAGIC + bytes(4):
        struct.pack_into("<I", table, start, 0)
