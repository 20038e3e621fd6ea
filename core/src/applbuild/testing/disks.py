"""Raw disks to test with: small recipes of what lies where, and the files made from them."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Iterator
from pathlib import Path

import attrs
from hypothesis import strategies

from applbuild.disks import data_extents
from applbuild.model.plan import Disk
from applbuild.model.result import RawDisk
from applbuild.units import MIB, SECTOR_BYTES

_BLOCK_BYTES = 64 * 1024


@attrs.frozen
class Stretch:
    """Some bytes of a disk: `random` (does not compress), `text` (does), or written `zeros`."""

    offset: int
    size: int
    kind: str = "random"

    def content(self) -> bytes:
        """Return the bytes; the same ones every time."""
        if self.kind == "zeros":
            return bytes(self.size)
        source = random.Random(self.offset * 31 + self.size)  # noqa: S311 - test data
        if self.kind == "random":
            return source.randbytes(self.size)
        words = [source.randbytes(6).hex().encode() for _ in range(64)]
        text = b" ".join(source.choices(words, k=self.size // 12 + 1))
        return text[: self.size].ljust(self.size, b".")


@attrs.frozen
class Layout:
    """A disk to make: its size in bytes, and what is written to it; the rest is a hole."""

    size_bytes: int
    stretches: tuple[Stretch, ...] = ()


LAYOUTS = {
    "empty": Layout(5 * MIB),
    "one sector": Layout(SECTOR_BYTES, (Stretch(0, SECTOR_BYTES),)),
    "one empty sector": Layout(SECTOR_BYTES),
    "first and last sector": Layout(
        3 * MIB + 512, (Stretch(0, 512), Stretch(3 * MIB, 512, "text"))
    ),
    "odd size, data at its end": Layout(MIB + 7 * 512, (Stretch(MIB + 6 * 512 + 511, 1),)),
    "does not compress": Layout(2 * MIB, (Stretch(0, 2 * MIB),)),
    "compresses well": Layout(4 * MIB, (Stretch(0, 4 * MIB, "text"),)),
    "only written zeros": Layout(2 * MIB, (Stretch(0, 2 * MIB, "zeros"),)),
    "mixed": Layout(
        9 * MIB,
        tuple(
            Stretch(index * 192 * 1024 + index * 512, 100_000, kind)
            for index, kind in enumerate(("text", "random", "zeros", "text", "random") * 8)
        ),
    ),
    "far apart": Layout(
        3 * 1024 * MIB, tuple(Stretch(index * 700 * MIB, 5000, "text") for index in range(5))
    ),
}
"""Shapes that have broken writers of disk images before."""


@strategies.composite
def layouts(draw: strategies.DrawFn) -> Layout:
    """Return any small sparse disk, in whole sectors."""
    sectors = draw(strategies.integers(1, 6 * MIB // SECTOR_BYTES))
    size = sectors * SECTOR_BYTES
    stretches = []
    for _ in range(draw(strategies.integers(0, 8))):
        offset = draw(strategies.integers(0, size - 1))
        length = draw(strategies.integers(1, min(size - offset, 300_000)))
        kind = draw(strategies.sampled_from(("random", "text", "zeros")))
        stretches.append(Stretch(offset, length, kind))
    return Layout(size, tuple(stretches))


def make_raw_disk(layout: Layout, directory: Path, name: str = "disk") -> RawDisk:
    """Return *layout* as a new sparse file in *directory*."""
    path = directory / f"{name}.raw"
    with path.open("xb") as file:
        file.truncate(layout.size_bytes)
        for stretch in layout.stretches:
            file.seek(stretch.offset)
            file.write(stretch.content())
    disk = Disk(name=name, size_bytes=layout.size_bytes, table="gpt", identifier="")
    return RawDisk(disk=disk, path=path)


def content_of(path: Path) -> str:
    """Return a digest of the size of a raw disk and of its every byte that is not zero.

    Equal for equal content, wherever the holes of the two files are; costs what
    the data costs.
    """
    digest = hashlib.sha256()
    for offset, block in _blocks(path):
        if block.strip(b"\0"):
            digest.update(b"%d:" % offset + block)
    digest.update(b"of %d" % path.stat().st_size)
    return digest.hexdigest()


def _blocks(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        done = 0
        for start, end in data_extents(file.fileno(), os.fstat(file.fileno()).st_size):
            first = max(start // _BLOCK_BYTES * _BLOCK_BYTES, done)
            for offset in range(first, end, _BLOCK_BYTES):
                yield offset, os.pread(file.fileno(), _BLOCK_BYTES, offset)
                done = offset + _BLOCK_BYTES
