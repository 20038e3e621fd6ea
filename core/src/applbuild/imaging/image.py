"""Writing an image: in order, hashed on the way, whole or not at all."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import struct
import tempfile
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from applbuild.errors import HostError
from applbuild.imaging.reading import OpenDisk, open_disk, read_into
from applbuild.model.result import Artifact, Output, RawDisk
from applbuild.progress import Progress
from applbuild.units import MIB, round_up

_BLOCK_BYTES = 4096
_COPY_BYTES = MIB
# So many parts may wait to be hashed; fewer, and hashing and copying wait for each other.
_COPIES = 4
_ZEROS = bytes(MIB)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# ioctl_ficlonerange(2): struct file_clone_range, and _IOW(0x94, 13, struct file_clone_range).
_CLONE = struct.Struct("=qQQQ")
_FICLONERANGE = 0x4020_940D


class Image:
    """A file that is written from its first byte to its last, and hashed on the way."""

    def __init__(self, file: BinaryIO, hasher: ThreadPoolExecutor) -> None:
        """Write to *file*; *hasher* is one thread, which takes the parts of a copy in order."""
        self._file = file
        self._hash = hashlib.sha256()
        self._hasher = hasher
        self._hashing: deque[tuple[Future[None], bytearray]] = deque()
        self._spare: list[bytearray] = []
        self._copied = 0
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
        One part is hashed while the next ones are copied.
        """
        self._file.flush()
        while start < end:
            buffer = self._buffer()
            view = memoryview(buffer)[: min(end - start, _COPY_BYTES)]
            read_into(disk, view, start)
            _write_at(disk, start, view, self._file.fileno(), self.position)
            if self._reserved is None:
                self._hashing.append((self._hasher.submit(self._hash.update, view), buffer))
            else:
                self._spare.append(buffer)
            self.position += len(view)
            start += len(view)
            self._copied += len(view)
            disk.progress.advance(min(self._copied, disk.data_bytes), disk.data_bytes)
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
        if self._reserved is None:
            raise ValueError("fill() without reserve()")
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

    def _buffer(self) -> bytearray:
        """Return memory for the next part of a copy, once enough has been hashed."""
        if len(self._hashing) == _COPIES:
            self._wait_for_one()
        return self._spare.pop() if self._spare else bytearray(_COPY_BYTES)

    def _wait(self) -> None:
        while self._hashing:
            self._wait_for_one()

    def _wait_for_one(self) -> None:
        done, buffer = self._hashing.popleft()
        done.result()
        self._spare.append(buffer)


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
    with _new_file(path) as file, ThreadPoolExecutor(1) as hasher:
        image = Image(file, hasher)
        with open_disk(disk, progress) as opened:
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
        start = end
    disk.progress.advance(disk.data_bytes, disk.data_bytes)


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
def _new_file(path: Path) -> Iterator[BinaryIO]:
    """Yield a file that becomes *path* at the end, and is gone if there is none."""
    temporary: Path | None = None
    try:
        # Not the final name with something added, which may be longer than a name can be.
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
