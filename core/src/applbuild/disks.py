"""Raw disks: sparse files, and where in them there is data."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

from applbuild.model.plan import Disk
from applbuild.model.result import RawDisk


def create(disk: Disk, directory: Path) -> RawDisk:
    """Return *disk* as a new sparse file of its size, all zeros, in *directory*."""
    path = directory / f"{disk.name}.raw"
    with path.open("xb") as file:
        file.truncate(disk.size_bytes)
    return RawDisk(disk=disk, path=path)


def data_extents(descriptor: int, size_bytes: int) -> Iterator[tuple[int, int]]:
    """Yield (start, end) in bytes of each run of *descriptor* that may hold data, in order.

    Everything outside reads as zeros. The file system is asked (SEEK_DATA,
    lseek(2)); one that does not know holes answers with the whole file.
    """
    end = 0
    while end < size_bytes:
        try:
            start = os.lseek(descriptor, end, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return
            raise
        if start >= size_bytes:
            return
        end = min(os.lseek(descriptor, start, os.SEEK_HOLE), size_bytes)
        yield start, end


def data_bytes(path: Path) -> int:
    """Return how many bytes of *path* may hold data."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        return sum(end - start for start, end in data_extents(file.fileno(), size))


def place(content: Path, disk: RawDisk, offset_bytes: int) -> None:
    """Copy the data of the file *content* into *disk* at *offset_bytes*, holes staying holes."""
    with content.open("rb") as source, disk.path.open("r+b") as target:
        size = os.fstat(source.fileno()).st_size
        for start, end in data_extents(source.fileno(), size):
            at = start
            while at < end:
                at += os.copy_file_range(
                    source.fileno(), target.fileno(), end - at, at, offset_bytes + at
                )
