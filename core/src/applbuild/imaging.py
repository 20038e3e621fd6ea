"""Disk images: a raw disk is read in pieces, changed by every core, written as one hashed file.

What writers of formats share. A backend calls `write_image` with a function that
lays its format out; that function reads the disk with `map_pieces` (and, where
tables come before the data, `used_pieces`) and appends to the `Image`. The bytes
do not depend on the number of cores, memory not on the size of the disk, and
time follows the data: what the file system knows to be a hole is not read.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import struct
import tempfile
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
from applbuild.model.result import Artifact, Output, RawDisk
from applbuild.progress import Progress
from applbuild.units import MIB, SECTOR_BYTES, round_up

T = TypeVar("T")

# Large enough that handing a batch to a thread costs little beside changing it; small enough
# that all batches under way, on any number of cores, stay far below 200 MiB.
_BATCH_BYTES = MIB // 2
_WAITING_BYTES = 48 * MIB
_MOST_THREADS = 32

_BLOCK_BYTES = 4096
_COPY_BYTES = MIB
_ZEROS = bytes(MIB)
# ioctl_ficlonerange(2): struct file_clone_range, and _IOW(0x94, 13, struct file_clone_range).
_CLONE = struct.Struct("=qQQQ")
_FICLONERANGE = 0x4020_940D
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


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


class Image:
    """A file that is written from its first byte to its last, and hashed on the way."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self._hashing: Future[None] | None = None
        self._buffers = [bytearray(_COPY_BYTES), bytearray(_COPY_BYTES)]
        self._reserved: int | None = None
        self.position = 0
        """How many bytes the file has so far."""

    def write(self, data: bytes | memoryview) -> None:
        """Append *data*."""
        self._file.write(data)
        self._passed(data)

    def skip(self, count: int) -> None:
        """Append *count* zeros; many of them take no room on a file system that knows holes."""
        if count < _BLOCK_BYTES:  # no hole can be made of them
            self.write(_ZEROS[:count])
            return
        self._file.seek(count, os.SEEK_CUR)
        while count:
            step = min(count, len(_ZEROS))
            self._passed(memoryview(_ZEROS)[:step])
            count -= step

    def align(self, step: int) -> None:
        """Append zeros up to a multiple of *step* bytes."""
        self.skip(round_up(self.position, step) - self.position)

    def copy(self, disk: OpenDisk, start: int, end: int) -> None:
        """Append the bytes from *start* to *end* of *disk*, with zeros behind its end.

        Where the file system can, both files share the blocks (ioctl_ficlonerange(2)).
        One part is hashed while the next is copied.
        """
        self._file.flush()
        while start < end:
            view = memoryview(self._buffers[0])[: min(end - start, _COPY_BYTES)]
            _read_into(disk, view, start)
            _write_at(disk, start, view, self._file.fileno(), self.position)
            self._wait()
            self._hashing = disk.pool.submit(self._hash.update, view)
            self._buffers.reverse()
            self.position += len(view)
            start += len(view)
        self._file.seek(self.position)

    def reserve(self, count: int) -> None:
        """Leave room for *count* bytes that `fill` writes when everything else is known.

        SHA-256 has to see them first, so what follows is hashed at the end, from
        the page cache; formats that can tell everything in advance do not need it.
        """
        self._reserved = self.position
        self.position += count
        self._file.seek(count, os.SEEK_CUR)

    def fill(self, data: bytes) -> None:
        """Write *data* where room was reserved; the position for appending stays."""
        assert self._reserved is not None, "reserve() comes first"  # noqa: S101 - the author's mistake
        self._file.seek(self._reserved)
        self._file.write(data)
        self._file.seek(self.position)

    def finish(self) -> str:
        """Return the SHA-256 of the whole file, in hexadecimal; nothing may follow."""
        # A hole at the end is only there once the size says so.
        self._file.truncate(self.position)
        self._wait()
        if self._reserved is not None:
            self._file.seek(self._reserved)
            while data := self._file.read(_COPY_BYTES):
                self._hash.update(data)
        self._file.flush()
        return self._hash.hexdigest()

    def _passed(self, data: bytes | memoryview) -> None:
        self._wait()
        self.position += len(data)
        if self._reserved is None:
            self._hash.update(data)

    def _wait(self) -> None:
        if self._hashing is not None:
            self._hashing.result()
            self._hashing = None


def write_image(
    disk: RawDisk,
    output: Output,
    directory: Path,
    progress: Progress,
    *,
    extension: str,
    variant: str = "",
    write: Callable[[OpenDisk, Image], None],
) -> Artifact:
    """Return *disk* as the file `<output.name>.<extension>` in *directory*, laid out by *write*.

    The file appears whole, under its name, when everything is written; on any
    failure nothing of it stays.

    Raises:
        BackendError: the disk is not whole sectors.
        HostError: the directory's file system is full or refuses; the raw disk cannot
            be read, or changed meanwhile.
    """
    path = directory / f"{output.name}.{extension}"
    with _new_file(path) as file:
        image = Image(file)
        with _opened(disk, progress) as opened:
            write(opened, image)
            sha256 = image.finish()
    return Artifact(
        disk=disk.disk.name,
        format=output.format,
        variant=variant,
        path=path,
        size_bytes=image.position,
        sha256=sha256,
        virtual_bytes=disk.disk.size_bytes,
    )


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
        _read_into(disk, view, first * piece_bytes)
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
        if not zeros.startswith(_read(disk, start, min(size, _BLOCK_BYTES))):
            return True
        return not zeros.startswith(_read(disk, start, size))

    return array("Q", (n for run in _runs(disk, piece_bytes) for n in range(*run) if is_used(n)))


def copy_pieces(disk: OpenDisk, image: Image, piece_bytes: int, numbers: array[int]) -> None:
    """Append the pieces *numbers* of *disk* to *image*, one after another, all of them whole.

    For formats that keep data as it is. *numbers* are what `used_pieces` returned.

    Raises:
        HostError: the disk cannot be read.
    """
    start = 0
    while start < len(numbers):
        end = start + 1
        while end < len(numbers) and numbers[end] - numbers[start] == end - start:
            end += 1
        image.copy(disk, numbers[start] * piece_bytes, (numbers[end - 1] + 1) * piece_bytes)
        disk.progress.advance(end * piece_bytes, len(numbers) * piece_bytes)
        start = end


def _runs(disk: OpenDisk, piece_bytes: int) -> Iterator[tuple[int, int]]:
    """Yield (first, end) of each run of pieces that may hold data; no piece comes twice."""
    done = 0
    for start, end in disk.extents():
        first, last = max(start // piece_bytes, done), -(-end // piece_bytes)
        if first < last:
            yield first, last
            done = last


def _read_into(disk: OpenDisk, view: memoryview, offset: int) -> None:
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


def _read(disk: OpenDisk, offset: int, count: int) -> bytes:
    try:
        data = os.pread(disk.descriptor, count, offset)
    except OSError as error:
        raise _not_read(disk.path, error) from error
    if len(data) != count:
        raise _changed(disk.path)
    return data


def _write_at(disk: OpenDisk, start: int, view: memoryview, target: int, offset: int) -> None:
    """Write *view*, which is what *disk* has at *start*, to *offset* of *target*."""
    size = min(len(view), disk.size_bytes - start)
    try:
        # Not copy_file_range(2): where blocks cannot be shared it copies, slower than pwrite(2).
        fcntl.ioctl(target, _FICLONERANGE, _CLONE.pack(disk.descriptor, start, size, offset))
        done = size
    except OSError:
        done = 0
    while done < len(view):
        done += os.pwrite(target, view[done:], offset + done)


@contextmanager
def _opened(disk: RawDisk, progress: Progress) -> Iterator[OpenDisk]:
    size = disk.disk.size_bytes
    if size % SECTOR_BYTES:
        raise BackendError(f"disk {disk.disk.name} is not whole sectors: {size} bytes")
    threads = min(len(os.sched_getaffinity(0)), _MOST_THREADS)
    with disk.path.open("rb") as file, ThreadPoolExecutor(threads) as pool:
        before = os.fstat(file.fileno())
        if before.st_size != size:
            raise _changed(disk.path)
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


def _not_read(path: Path, error: OSError) -> HostError:
    return HostError(f"{path} cannot be read: {error.strerror}")


def _changed(path: Path) -> HostError:
    return HostError(f"{path} changed while it was read", hint="nothing else may write to it")


@contextmanager
def _new_file(path: Path) -> Iterator[BinaryIO]:
    """Yield a file that becomes *path* at the end, and is gone if there is none."""
    temporary: Path | None = None
    try:
        # A name of its own length: with a prefix, a long but valid name would be too long.
        descriptor, name = tempfile.mkstemp(prefix=".applbuild-", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(descriptor, "w+b", buffering=MIB) as file:
            yield file
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise _not_written(path, error) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _not_written(path: Path, error: OSError) -> HostError:
    if error.errno in _FULL:
        return HostError(
            f"no space left in {path.parent} for {path.name} ({error.strerror})",
            hint="make room there, or choose another place with --output",
        )
    return HostError(f"{path} cannot be written: {error.strerror}")
