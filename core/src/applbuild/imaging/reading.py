"""Reading a raw disk in pieces, on every core at once."""

from __future__ import annotations

import os
import threading
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar

import attrs

from applbuild.disks import data_extents
from applbuild.errors import BackendError, HostError
from applbuild.model.result import RawDisk
from applbuild.progress import Progress
from applbuild.units import MIB, SECTOR_BYTES

T = TypeVar("T")

# Large enough that handing a batch to a thread costs little beside changing it; small enough
# that all batches under way, on any number of cores, stay far below 200 MiB.
_BATCH_BYTES = MIB // 2
_WAITING_BYTES = 48 * MIB
_MOST_THREADS = 32

_PROBE_BYTES = 4096


@attrs.frozen(kw_only=True)
class OpenDisk:
    """A raw disk, open for reading."""

    path: Path
    descriptor: int
    size_bytes: int
    """Of the disk: whole sectors of 512 bytes."""
    data_bytes: int
    """How much of it the file system has data for."""
    progress: Progress
    pool: ThreadPoolExecutor
    threads: int

    def extents(self) -> Iterator[tuple[int, int]]:
        """Yield (start, end) in bytes of each run that may hold data, in order."""
        return data_extents(self.descriptor, self.size_bytes)


@contextmanager
def open_disk(disk: RawDisk, progress: Progress) -> Iterator[OpenDisk]:
    """Yield *disk*, open; at the end its threads have ended and it is what it was.

    Raises:
        BackendError: the disk is not whole sectors.
        HostError: the file cannot be read, has another size, or was written to meanwhile.
    """
    size = disk.disk.size_bytes
    if size % SECTOR_BYTES:
        raise BackendError(f"disk {disk.disk.name} is not whole sectors: {size} bytes")
    threads = min(len(os.sched_getaffinity(0)), _MOST_THREADS)
    with _open(disk.path) as file, ThreadPoolExecutor(threads) as pool:
        before = os.fstat(file.fileno())
        if before.st_size != size:
            raise HostError(f"{disk.path} has {before.st_size} bytes instead of {size}")
        opened = OpenDisk(
            path=disk.path,
            descriptor=file.fileno(),
            size_bytes=size,
            data_bytes=sum(end - start for start, end in data_extents(file.fileno(), size)),
            progress=progress,
            pool=pool,
            threads=threads,
        )
        try:
            yield opened
        finally:
            # What nobody waits for any more is not begun.
            pool.shutdown(cancel_futures=True)
        after = os.fstat(file.fileno())
        if (after.st_size, after.st_mtime_ns) != (size, before.st_mtime_ns):
            raise _changed(disk.path)


def map_pieces(
    disk: OpenDisk, piece_bytes: int, change: Callable[[memoryview], T]
) -> Iterator[tuple[int, T]]:
    """Yield (number, change(content)) of each piece that is not all zeros, in order.

    The disk is cut into pieces of *piece_bytes*, numbered from 0; what the last one
    lacks reads as zeros. *change* is called on every core at once, and must depend on
    the content alone; it must not keep the memory it is given, which is used again.

    Raises:
        HostError: the disk cannot be read.
    """
    batch = max(1, _BATCH_BYTES // piece_bytes)
    zeros = bytes(piece_bytes)
    own = threading.local()

    def change_batch(first: int, end: int) -> list[tuple[int, T]]:
        if not hasattr(own, "buffer"):
            own.buffer = bytearray(batch * piece_bytes)
        view = memoryview(own.buffer)[: (end - first) * piece_bytes]
        read_into(disk, view, first * piece_bytes)
        return [
            (number, change(view[start : start + piece_bytes]))
            for number, start in zip(
                range(first, end), range(0, len(view), piece_bytes), strict=True
            )
            if not own.buffer.startswith(zeros, start)
        ]

    waiting: deque[Future[list[tuple[int, T]]]] = deque()
    most = min(4 * disk.threads, max(2, _WAITING_BYTES // (batch * piece_bytes)))
    done = 0
    for first, end in _runs(disk, piece_bytes):
        for start in range(first, end, batch):
            stop = min(start + batch, end)
            if len(waiting) == most:
                yield from waiting.popleft().result()
            waiting.append(disk.pool.submit(change_batch, start, stop))
            done += (stop - start) * piece_bytes
            disk.progress.advance(min(done, disk.data_bytes), disk.data_bytes)
    while waiting:
        yield from waiting.popleft().result()


def used_pieces(disk: OpenDisk, piece_bytes: int) -> array[int]:
    """Return the numbers of the pieces that `map_pieces` will yield, in order.

    Costs little beside it: the first bytes of a piece usually tell.

    Raises:
        HostError: the disk cannot be read.
    """
    zeros = bytes(piece_bytes)

    def is_used(number: int) -> bool:
        start = number * piece_bytes
        size = min(piece_bytes, disk.size_bytes - start)
        if not zeros.startswith(_read(disk, start, min(size, _PROBE_BYTES))):
            return True
        return not zeros.startswith(_read(disk, start, size))

    return array("Q", (n for run in _runs(disk, piece_bytes) for n in range(*run) if is_used(n)))


def read_into(disk: OpenDisk, view: memoryview, offset: int) -> None:
    """Fill *view* from *offset* of the disk on, with zeros behind its end."""
    size = min(len(view), disk.size_bytes - offset)
    done = 0
    try:
        while done < size:
            got = os.preadv(disk.descriptor, [view[done:size]], offset + done)
            if not got:
                raise _changed(disk.path)
            done += got
    except OSError as error:
        raise _not_read(disk.path, error) from error
    view[size:] = bytes(len(view) - size)


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise _not_read(path, error) from error


def _runs(disk: OpenDisk, piece_bytes: int) -> Iterator[tuple[int, int]]:
    """Yield (first, end) of each run of pieces that may hold data; no piece comes twice."""
    done = 0
    for start, end in disk.extents():
        first, last = max(start // piece_bytes, done), -(-end // piece_bytes)
        if first < last:
            yield first, last
            done = last


def _read(disk: OpenDisk, offset: int, count: int) -> bytes:
    try:
        data = os.pread(disk.descriptor, count, offset)
    except OSError as error:
        raise _not_read(disk.path, error) from error
    if len(data) != count:
        raise _changed(disk.path)
    return data


def _not_read(path: Path, error: OSError) -> HostError:
    return HostError(f"{path} cannot be read: {error.strerror}")


def _changed(path: Path) -> HostError:
    return HostError(f"{path} changed while it was read", hint="nothing else may write to it")
