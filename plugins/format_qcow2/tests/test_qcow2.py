"""qcow2 images: the kit's promises for every option, other readers, and what the format is."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from random import Random
from threading import Barrier

import pytest
from dissect.hypervisor.disk.qcow2 import QCow2

import applbuild_format_qcow2
from applbuild import Output, write_image
from applbuild.progress import silent
from applbuild.testing.disks import LAYOUTS, Layout, Stretch, content_of, make_raw_disk
from applbuild.testing.formats import FormatConformance, convert_disk
from applbuild_format_qcow2 import Options, compressors, tables
from applbuild_format_qcow2.compressed import write_compressed
from applbuild_format_qcow2.plain import write_plain
from applbuild_format_qcow2.tables import Geometry

MIB = 1 << 20
TIB = 1 << 40


class Qcow2Conformance(FormatConformance):
    """The kit, with QEMU's own check of tables and counts for every image that is read."""

    backend = applbuild_format_qcow2
    name = "qcow2"
    qemu_format = "qcow2"

    def decode(self, image: Path, raw: Path) -> None:
        check(image)
        super().decode(image, raw)


class TestZlib(Qcow2Conformance):
    options = Options()


class TestZlibFast(Qcow2Conformance):
    options = Options(level="fast")


class TestZlibSmallInLargeClusters(Qcow2Conformance):
    options = Options(level="small", cluster_size="2M")


class TestZstd(Qcow2Conformance):
    options = Options(compression="zstd", level="fast", cluster_size="128K")


class TestPlain(Qcow2Conformance):
    options = Options(compression="none")


def check(image: Path) -> None:
    """Fail unless every reference count and table entry of *image* is right."""
    done = subprocess.run(
        ["qemu-img", "check", "-f", "qcow2", image], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No errors were found" in done.stdout


def convert(layout: Layout, directory: Path, **options: str) -> tuple[Path, Path]:
    """Return the raw disk of *layout* and the image made of it."""
    disk = make_raw_disk(layout, directory)
    asked = Options(**options)  # type: ignore[arg-type]  # the values are checked by the kit
    artifact = convert_disk("qcow2", disk, directory, options=asked)
    return disk.path, artifact.path


def read_with_dissect(image: Path, raw: Path) -> None:
    """Write the disk inside *image* to *raw*, by a reader written in Python, from the spec."""
    with image.open("rb") as stored, raw.open("wb") as file, QCow2(stored).open() as disk:
        shutil.copyfileobj(disk, file, 4 * MIB)


@pytest.mark.parametrize(
    "options", [{}, {"level": "fast"}, {"level": "small"}, {"cluster_size": "1M"}]
)
@pytest.mark.parametrize("name", ["mixed", "does not compress", "odd size, data at its end"])
def test_dissect_reads_what_zlib_made(name: str, options: dict[str, str], tmp_path: Path) -> None:
    """It inflates with a window of 4 KiB, so it fails on anything that reaches further back."""
    raw, image = convert(LAYOUTS[name], tmp_path, **options)
    read_with_dissect(image, tmp_path / "decoded")
    assert content_of(tmp_path / "decoded") == content_of(raw)


def test_dissect_reads_a_plain_image(tmp_path: Path) -> None:
    raw, image = convert(LAYOUTS["mixed"], tmp_path, compression="none")
    read_with_dissect(image, tmp_path / "decoded")
    assert content_of(tmp_path / "decoded") == content_of(raw)


@pytest.mark.parametrize("compression", ["none", "zlib"])
def test_seven_zip_reads_it(compression: str, tmp_path: Path) -> None:
    raw, image = convert(LAYOUTS["mixed"], tmp_path, compression=compression)
    argv = ["7zz", "e", "-so", "-tqcow", image]
    decoded = subprocess.run(argv, capture_output=True, check=True).stdout
    assert decoded == raw.read_bytes()


@pytest.mark.parametrize("compression", ["none", "zlib", "zstd"])
def test_both_ends_of_8_tib_are_found_again(compression: str, tmp_path: Path) -> None:
    """The first level table spans several clusters here."""
    last = Stretch(8 * TIB - 512, 512)
    layout = Layout(8 * TIB, (Stretch(0, 5000, "text"), last))
    _, image = convert(layout, tmp_path, compression=compression)
    check(image)
    argv = ["qemu-io", "-r", "-f", "qcow2", "-c", f"read -v {last.offset} 512", image]
    shown = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    rows = re.findall(r"^[0-9a-f]+:  ((?:[0-9a-f]{2} ){16})", shown, re.MULTILINE)
    assert bytes.fromhex("".join(rows)) == last.content()
    assert image.stat().st_size < 2 * MIB


def test_refcounts_count_themselves_exactly() -> None:
    geometry = Geometry(size_bytes=8 * TIB, cluster_bytes=65536)
    for others in (1, 32765, 32766, 32767, 65530, 10**6, 300_000_000):
        table, blocks = geometry.refcount_clusters(others)
        clusters = others + table + blocks
        assert (blocks - 1) * 32768 < clusters <= blocks * 32768
        assert (table - 1) * 8192 < blocks <= table * 8192


@pytest.mark.parametrize("compression", ["none", "zlib"])
def test_an_image_of_many_refcount_blocks_is_right(compression: str, tmp_path: Path) -> None:
    """One block counts 2 GiB of image; in clusters of 512 bytes, 128 KiB."""
    layout = Layout(9 * MIB, (Stretch(0, 8 * MIB, "random"), Stretch(8 * MIB, MIB, "text")))
    disk = make_raw_disk(layout, tmp_path)
    geometry = Geometry(size_bytes=layout.size_bytes, cluster_bytes=512)
    write = partial(write_plain, geometry=geometry)
    if compression == "zlib":
        compress = compressors.zlib("fast")
        write = partial(
            write_compressed, geometry=geometry, compression=tables.ZLIB, compress=compress
        )
    output = Output(format="qcow2", options=Options(), name="small", seed="")
    artifact = write_image(
        disk, output, tmp_path, silent(), extension="qcow2", variant="", write=write
    )
    check(artifact.path)
    read_with_dissect(artifact.path, tmp_path / "decoded")
    assert content_of(tmp_path / "decoded") == content_of(disk.path)


def test_no_room_is_lost_between_compressed_clusters(tmp_path: Path) -> None:
    """Beside the compressed data there are only the header, four tables and one gap."""
    layout = Layout(64 * MIB, (Stretch(0, 64 * MIB, "text"),))
    _, image = convert(layout, tmp_path)
    blobs = sum(size for _, size in compressed_sectors(image))
    # Sizes are known in sectors only, which two neighbours may share.
    assert image.stat().st_size < blobs + 6 * 65536


@pytest.mark.parametrize("level", ["fast", "balanced", "small"])
def test_the_same_cluster_is_the_same_bytes_wherever_its_thread_has_its_stack(
    level: compressors.Level,
) -> None:
    # Short ones, whose first bytes come again, show best what a hash table began with.
    random = Random(1)  # noqa: S311
    starts = (random.randbytes(4) for _ in range(20_000))
    clusters = [start + random.randbytes(40) + start + bytes(100) for start in starts]
    compress, together = compressors.zlib(level), Barrier(2)

    def compress_all() -> list[bytes]:
        together.wait()  # two threads that live at once have two stacks
        return [compress(memoryview(cluster)) for cluster in clusters]

    with ThreadPoolExecutor(2) as pool:
        one, other = [pool.submit(compress_all) for _ in range(2)]
        assert one.result() == other.result()


def test_clusters_that_do_not_compress_cost_no_gap_each(tmp_path: Path) -> None:
    stretches = tuple(
        Stretch(index * 65536, 65536, "random" if index % 2 else "text") for index in range(512)
    )
    _, image = convert(Layout(32 * MIB, stretches), tmp_path)
    check(image)
    blobs = sum(size for _, size in compressed_sectors(image))
    assert image.stat().st_size < 256 * 65536 + blobs + 7 * 65536


def test_the_header_is_version_3_without_any_optional_feature(tmp_path: Path) -> None:
    for compression, kind in (("none", 0), ("zlib", 0), ("zstd", 1)):
        (tmp_path / compression).mkdir()
        _, image = convert(LAYOUTS["one sector"], tmp_path / compression, compression=compression)
        header = image.read_bytes()[:112]
        assert header[:8] == b"QFI\xfb\0\0\0\3"
        incompatible, compatible, autoclear = struct.unpack(">QQQ", header[72:96])
        assert (incompatible, compatible, autoclear) == (8 * kind, 0, 0)
        assert header[104] == kind


def compressed_sectors(image: Path) -> list[tuple[int, int]]:
    """Return (number, bytes of whole sectors) of each compressed cluster, from the tables."""
    data = image.read_bytes()
    l1_size, l1_offset = struct.unpack(">IQ", data[36:48])
    found = []
    for (l1,) in struct.iter_unpack(">Q", data[l1_offset : l1_offset + 8 * l1_size]):
        start = l1 & 0x00FF_FFFF_FFFF_FE00
        table = data[start : start + 65536] if start else b""
        for number, (entry,) in enumerate(struct.iter_unpack(">Q", table)):
            if entry >> 62 & 1:
                found.append((number, ((entry >> 54 & 0xFF) + 1) * 512))
    return found


def entry_position(image: Path, number: int) -> int:
    """Return where in the file the L2 entry of cluster *number* lies."""
    data = image.read_bytes()
    (l1_offset,) = struct.unpack(">Q", data[40:48])
    (l1,) = struct.unpack(">Q", data[l1_offset : l1_offset + 8])
    return (l1 & 0x00FF_FFFF_FFFF_FE00) + 8 * number


def patch(image: Path, position: int, data: bytes) -> None:
    with image.open("r+b") as file:
        file.seek(position)
        file.write(data)


class TestTheCheckersCheck:
    """A checker that cannot fail proves nothing: break an image, and it must say so."""

    layout = Layout(2 * MIB, (Stretch(0, 2 * MIB, "text"),))

    def decode(self, image: Path, raw: Path) -> bool:
        """Return whether qemu-img could read all of *image*."""
        argv = ["qemu-img", "convert", "-f", "qcow2", "-O", "raw", image, raw]
        return subprocess.run(argv, capture_output=True, check=False).returncode == 0

    def test_a_flipped_bit_in_compressed_data(self, tmp_path: Path) -> None:
        raw, image = convert(self.layout, tmp_path)
        position = 65536 + 1000
        patch(image, position, bytes([image.read_bytes()[position] ^ 0x10]))
        decoded = tmp_path / "decoded"
        assert not self.decode(image, decoded) or content_of(decoded) != content_of(raw)

    def test_a_reference_count_that_is_off_by_one(self, tmp_path: Path) -> None:
        _, image = convert(self.layout, tmp_path)
        data = image.read_bytes()
        (table,) = struct.unpack(">Q", data[48:56])
        (block,) = struct.unpack(">Q", data[table : table + 8])
        (count,) = struct.unpack(">H", data[block + 2 : block + 4])
        patch(image, block + 2, struct.pack(">H", count + 1))
        with pytest.raises(AssertionError):
            check(image)

    def test_too_few_sectors_for_compressed_data(self, tmp_path: Path) -> None:
        raw, image = convert(self.layout, tmp_path)
        position = entry_position(image, 0)
        (entry,) = struct.unpack(">Q", image.read_bytes()[position : position + 8])
        patch(image, position, struct.pack(">Q", entry & ~(0xFF << 54)))
        decoded = tmp_path / "decoded"
        assert not self.decode(image, decoded) or content_of(decoded) != content_of(raw)

    def test_an_entry_that_points_elsewhere(self, tmp_path: Path) -> None:
        _, image = convert(self.layout, tmp_path, compression="none")
        first, second = entry_position(image, 0), entry_position(image, 1)
        patch(image, first, image.read_bytes()[second : second + 8])
        with pytest.raises(AssertionError):
            check(image)

    def test_an_image_cut_short(self, tmp_path: Path) -> None:
        _, image = convert(self.layout, tmp_path)
        with image.open("r+b") as file:
            file.truncate(image.stat().st_size - 65536)
        with pytest.raises(AssertionError):
            check(image)
