"""What writers of formats share: pieces in order, files whole or not at all."""

from __future__ import annotations

import hashlib
import os
import struct
import subprocess
import sys
from array import array
from pathlib import Path

import pytest

from applbuild.disks import data_bytes
from applbuild.errors import BackendError, HostError
from applbuild.imaging import Image, OpenDisk, copy_pieces, map_pieces, used_pieces, write_image
from applbuild.model.result import Artifact, Output
from applbuild.progress import silent
from applbuild.testing.disks import LAYOUTS, Layout, Stretch, content_of, make_raw_disk

MIB = 1 << 20
PIECE = 65536


def write(layout: Layout, directory: Path, function: object) -> Artifact:
    disk = make_raw_disk(layout, directory)
    output = Output(format="test", options=None, name="image", seed="")
    return write_image(disk, output, directory, silent(), extension="x", write=function)  # type: ignore[arg-type]  # a writer


def hash_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", [name for name in LAYOUTS if name != "far apart"])
@pytest.mark.parametrize("piece", [4096, PIECE, 2 * MIB])
def test_pieces_come_in_order_without_those_of_zeros(name: str, piece: int, tmp_path: Path) -> None:
    seen: list[tuple[int, bytes]] = []
    used: list[int] = []

    def collect(disk: OpenDisk, image: Image) -> None:
        used.extend(used_pieces(disk, piece))
        seen.extend(map_pieces(disk, piece, bytes))

    write(LAYOUTS[name], tmp_path, collect)
    raw = (tmp_path / "disk.raw").read_bytes()
    pieces = [raw[at : at + piece].ljust(piece, b"\0") for at in range(0, len(raw), piece)]
    assert seen == [(number, data) for number, data in enumerate(pieces) if data.strip(b"\0")]
    assert used == [number for number, _ in seen]


def test_copied_pieces_are_whole(tmp_path: Path) -> None:
    layout = Layout(3 * MIB + 512, (Stretch(0, 70_000), Stretch(MIB, 1), Stretch(3 * MIB, 512)))

    def copy(disk: OpenDisk, image: Image) -> None:
        copy_pieces(disk, image, PIECE, used_pieces(disk, PIECE))

    image = write(layout, tmp_path, copy)
    raw = (tmp_path / "disk.raw").read_bytes()
    wanted = b"".join(raw[n * PIECE : (n + 1) * PIECE] for n in (0, 1, 16, 48))
    assert image.path.read_bytes() == wanted.ljust(4 * PIECE, b"\0")
    assert image.sha256 == hash_of(image.path)


def test_what_was_reserved_is_hashed_where_it_belongs(tmp_path: Path) -> None:
    def out_of_order(disk: OpenDisk, image: Image) -> None:
        image.write(b"first ")
        image.reserve(7)
        image.write(b"third ")
        image.copy(disk, 0, 512)
        image.fill(b"second ")
        image.align(4096)
        image.skip(MIB)
        image.write(b"last")

    image = write(Layout(512, (Stretch(0, 512, "text"),)), tmp_path, out_of_order)
    data = image.path.read_bytes()
    assert data.startswith(b"first second third " + Stretch(0, 512, "text").content())
    assert data[4096:] == bytes(MIB) + b"last"
    assert image.size_bytes == len(data)
    assert image.sha256 == hash_of(image.path)


def test_a_hole_at_the_end_counts(tmp_path: Path) -> None:
    image = write(LAYOUTS["empty"], tmp_path, lambda _, image: image.skip(64 * MIB))
    assert image.path.stat().st_size == 64 * MIB
    assert data_bytes(image.path) == 0
    assert image.sha256 == hash_of(image.path)


def test_files_can_be_read_by_others_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        image = write(LAYOUTS["empty"], tmp_path, lambda _, image: image.write(b"x"))
    finally:
        os.umask(before)
    assert image.path.stat().st_mode & 0o777 == 0o644


def test_a_failure_of_the_writer_leaves_the_earlier_file(tmp_path: Path) -> None:
    (tmp_path / "image.x").write_text("earlier")

    def fail(disk: OpenDisk, image: Image) -> None:
        image.write(b"half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write(LAYOUTS["empty"], tmp_path, fail)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["disk.raw", "image.x"]
    assert (tmp_path / "image.x").read_text() == "earlier"


def test_an_error_in_a_thread_reaches_the_caller(tmp_path: Path) -> None:
    def fail(disk: OpenDisk, image: Image) -> None:
        for _ in map_pieces(disk, PIECE, lambda view: view[PIECE]):
            pass

    with pytest.raises(IndexError):
        write(LAYOUTS["does not compress"], tmp_path, fail)
    assert [path.name for path in tmp_path.iterdir()] == ["disk.raw"]


def test_half_a_sector_is_no_disk(tmp_path: Path) -> None:
    with pytest.raises(BackendError, match="whole sectors"):
        write(Layout(700), tmp_path, lambda *_: None)


def test_a_disk_that_is_not_there_is_said(tmp_path: Path) -> None:
    disk = make_raw_disk(LAYOUTS["empty"], tmp_path)
    disk.path.unlink()
    output = Output(format="test", options=None, name="image", seed="")
    with pytest.raises(HostError, match=r"disk\.raw cannot be read: No such file"):
        write_image(disk, output, tmp_path, silent(), extension="x", write=lambda *_: None)


_ON_A_FULL_FILE_SYSTEM = """
import os, sys
from pathlib import Path
from applbuild.errors import HostError
from applbuild.imaging import write_image
from applbuild.model.result import Output
from applbuild.progress import silent
from applbuild.testing.disks import Layout, make_raw_disk
here = Path(sys.argv[1])
disk = make_raw_disk(Layout(512), here.parent, "source")
output = Output(format="test", options=None, name="image", seed="")
try:
    write_image(disk, output, here, silent(), extension="x", write=lambda disk, image: [
        image.write(bytes(65536)) for _ in range(64)
    ])
except HostError as error:
    print(error, os.listdir(here))
"""


def test_a_file_system_that_is_full_is_said_and_left_empty(tmp_path: Path) -> None:
    """A real one, of one MiB, in a mount namespace of its own."""
    small = tmp_path / "small"
    small.mkdir()
    shell = 'mount -t tmpfs -o size=1m none "$1" && exec "$2" -c "$3" "$1"'
    room = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", shell, "sh"]
    done = subprocess.run(
        [*room, small, sys.executable, _ON_A_FULL_FILE_SYSTEM],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == (
        f"no space left in {small} for image.x (No space left on device)\n"
        "make room there, or choose another place with --output []\n"
    )


def write_vdi(disk: OpenDisk, image: Image) -> None:
    """What an outside author writes: VirtualBox's VDI, as docs/formats.md shows it."""
    block = MIB
    used = used_pieces(disk, block)
    blocks = -(-disk.size_bytes // block)
    places = array("I", [0xFFFFFFFF]) * blocks  # not allocated, reads as zeros
    for place, number in enumerate(used):
        places[number] = place
    data_offset = 512 + -(-len(places) * 4 // 512) * 512
    image.write(b"<<< Oracle VM VirtualBox Disk Image >>>\n".ljust(64, b"\0"))
    image.write(struct.pack("<IIIII256x", 0xBEDA107F, 0x10001, 0x180, 1, 0))
    image.write(struct.pack("<II12xI4xQ", 512, data_offset, 512, disk.size_bytes))
    image.write(struct.pack("<IIII", block, 0, blocks, len(used)))
    image.write(bytes(range(32)))  # the image's UUID, and its last change's
    image.align(512)
    image.write(places.tobytes())
    image.align(512)
    copy_pieces(disk, image, block, used)


@pytest.mark.parametrize("name", ["mixed", "empty", "odd size, data at its end", "far apart"])
def test_a_format_of_somebody_else_takes_twenty_lines(name: str, tmp_path: Path) -> None:
    image = write(LAYOUTS[name], tmp_path, write_vdi)
    decoded = tmp_path / "decoded"
    argv = ["qemu-img", "convert", "-f", "vdi", "-O", "raw", image.path, decoded]
    subprocess.run(argv, check=True)
    assert content_of(decoded) == content_of(tmp_path / "disk.raw")
