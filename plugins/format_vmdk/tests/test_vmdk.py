"""VMDK images: the kit's promises for both kinds, other readers, and what products insist on."""

from __future__ import annotations

import re
import struct
import subprocess
from pathlib import Path

import pytest
from dissect.hypervisor.disk.vmdk import VMDK

import applbuild_format_vmdk
from applbuild import UsageError
from applbuild.testing.disks import LAYOUTS, Layout, Stretch, content_of, make_raw_disk
from applbuild.testing.formats import FormatConformance, convert_disk
from applbuild_format_vmdk import Options
from applbuild_format_vmdk.extent import Extent, sector

MIB = 1 << 20
TIB = 1 << 40
KINDS = ("monolithicSparse", "streamOptimized")
GRAIN = 65536


class VmdkConformance(FormatConformance):
    """The kit, with a second reader for every image that is read."""

    backend = applbuild_format_vmdk
    name = "vmdk"
    qemu_format = "vmdk"

    def decode(self, image: Path, raw: Path) -> None:
        super().decode(image, raw)
        if raw.stat().st_size < 64 * MIB:  # it is not a fast one
            again = raw.with_name("again.raw")
            read_with_dissect(image, again)
            assert content_of(again) == content_of(raw)


class TestMonolithicSparse(VmdkConformance):
    options = Options()


class TestStreamOptimized(VmdkConformance):
    options = Options(subformat="streamOptimized")


class TestStreamOptimizedFast(VmdkConformance):
    options = Options(subformat="streamOptimized", level="fast", adapter_type="ide", hwversion=21)


def convert(layout: Layout, directory: Path, **options: object) -> tuple[Path, Path]:
    """Return the raw disk of *layout* and the image made of it."""
    disk = make_raw_disk(layout, directory)
    asked = Options(**options)  # type: ignore[arg-type]  # the values are checked by the kit
    artifact = convert_disk("vmdk", disk, directory, options=asked)
    return disk.path, artifact.path


def read_with_dissect(image: Path, raw: Path) -> None:
    """Write the disk inside *image* to *raw*, by a reader written in Python."""
    with image.open("rb") as stored, raw.open("wb") as file:
        disk = VMDK(stored)
        # By sectors: its file interface fails at the end of sizes that are no whole buffers.
        for start in range(0, disk.sector_count, 8192):
            file.write(disk.read_sectors(start, min(8192, disk.sector_count - start)))


def read_with_seven_zip(image: Path) -> bytes:
    """Return the disk inside *image*, by a reader that refuses what qemu-img writes as a stream."""
    argv = ["7zz", "e", "-so", "-tvmdk", image]
    return subprocess.run(argv, capture_output=True, check=True).stdout


def sectors(image: Path, number: int, count: int = 1) -> bytes:
    return image.read_bytes()[number * 512 : (number + count) * 512]


def descriptor(image: Path) -> dict[str, str]:
    """Return the descriptor's settings, without their quotes."""
    text = sectors(image, 1, 20).rstrip(b"\0").decode()
    pairs = re.findall(r'^([\w.]+) ?= ?"?(.*?)"?$', text, re.MULTILINE)
    return dict(pairs) | {"extent": re.findall(r"^RW .*$", text, re.MULTILINE)[0]}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["mixed", "does not compress", "empty"])
def test_seven_zip_reads_it(name: str, kind: str, tmp_path: Path) -> None:
    raw, image = convert(LAYOUTS[name], tmp_path, subformat=kind)
    assert read_with_seven_zip(image) == raw.read_bytes()


@pytest.mark.parametrize("kind", KINDS)
def test_both_ends_of_8_tib_are_found_again(kind: str, tmp_path: Path) -> None:
    first, last = Stretch(0, 5000, "text"), Stretch(8 * TIB - 512, 512)
    _, image = convert(Layout(8 * TIB, (first, last)), tmp_path, subformat=kind)
    with image.open("rb") as stored:
        disk = VMDK(stored)
        assert disk.size == 8 * TIB
        assert disk.read(5000) == first.content()
        disk.seek(last.offset)
        assert disk.read(512) == last.content()
    # The tables of monolithicSparse exist from the beginning, as holes where they are empty.
    assert image.stat().st_blocks * 512 < 6 * MIB


def test_a_stream_has_the_documented_layout(tmp_path: Path) -> None:
    """Virtual Disk Format 5.0, "Stream-Optimized Compressed": every marker, in order."""
    layout = Layout(100 * MIB, (Stretch(0, 200_000, "text"), Stretch(70 * MIB, 100, "random")))
    _, image = convert(layout, tmp_path, subformat="streamOptimized")
    data = image.read_bytes()
    kinds, lbas, position = [], [], 128 * 512
    while position < len(data):
        lba, size, kind = struct.unpack_from("<QII", data, position)
        if size:
            kinds.append("grain")
            lbas.append(lba)
            position += -(-(12 + size) // 512) * 512
        else:
            kinds.append(("end", "table", "directory", "footer")[kind])
            position += 512 + lba * 512
    # 200,000 bytes lie in four grains; the disk has four tables, of which two are not empty.
    assert kinds == [*["grain"] * 4, "table", "grain", "table", "directory", "footer", "end"]
    assert lbas == sorted(lbas)
    assert position == len(data)

    head, foot = data[:512], data[-1024:-512]
    at_end = struct.pack("<Q", 0xFFFF_FFFF_FFFF_FFFF)
    assert head[56:64] == at_end
    assert head.replace(at_end, foot[56:64]) == foot
    version, flags = struct.unpack("<II", head[4:12])
    assert (version, flags) == (3, 0x30001)
    assert struct.unpack("<H", head[77:79]) == (1,)
    (directory,) = struct.unpack("<Q", foot[56:64])
    assert [bool(entry) for entry in struct.unpack_from("<4I", data, directory * 512)] == [
        True,
        False,
        True,
        False,
    ]


def test_a_growing_image_keeps_its_tables_twice(tmp_path: Path) -> None:
    """ "Hosted Sparse Extents": both copies agree, and grains start on multiples of their size."""
    _, image = convert(LAYOUTS["far apart"], tmp_path)
    data = image.read_bytes()
    version, flags = struct.unpack("<II", data[4:12])
    assert (version, flags) == (1, 3)
    redundant, directory, overhead = struct.unpack("<QQQ", data[48:72])
    count = 3 * 1024 // 32

    def tables(start: int) -> list[tuple[int, ...]]:
        places = struct.unpack_from(f"<{count}I", data, start * 512)
        assert all(places)
        return [struct.unpack_from("<512I", data, place * 512) for place in places]

    assert tables(redundant) == tables(directory)
    used = [entry for table in tables(directory) for entry in table if entry]
    assert used == [overhead + 128 * number for number in range(5)]
    assert overhead % 128 == 0
    assert len(data) == (overhead + 5 * 128) * 512


def test_grains_that_do_not_compress_fit_the_buffers_of_readers(tmp_path: Path) -> None:
    """VirtualBox and open-vmdk read marker and data into one grain and one sector."""
    for level in ("fast", "balanced", "small"):
        (tmp_path / level).mkdir()
        _, image = convert(
            LAYOUTS["does not compress"], tmp_path / level, subformat="streamOptimized", level=level
        )
        _, size = struct.unpack_from("<QI", image.read_bytes(), 128 * 512)
        assert 12 + size <= GRAIN + 512


@pytest.mark.parametrize("kind", KINDS)
def test_the_descriptor_has_what_products_insist_on(kind: str, tmp_path: Path) -> None:
    _, image = convert(LAYOUTS["mixed"], tmp_path, subformat=kind)
    settings = descriptor(image)
    assert settings["version"] == "1"
    assert settings["createType"] == kind
    assert settings["parentCID"] == "ffffffff"
    assert settings["extent"] == f'RW {9 * MIB // 512} SPARSE "image.vmdk"'
    assert settings["ddb.adapterType"] == "lsilogic"
    assert settings["ddb.virtualHWVersion"] == "14"
    assert settings["ddb.toolsVersion"] == "2147483647"
    assert settings["ddb.toolsInstallType"] == "4"
    assert re.fullmatch("[0-9a-f]{32}", settings["ddb.longContentID"])
    assert settings["ddb.longContentID"].endswith(settings["CID"])
    assert re.fullmatch("[0-9a-f-]{36}", settings["ddb.uuid.image"])
    assert settings["ddb.geometry.cylinders"] == "1"


def test_options_reach_the_descriptor(tmp_path: Path) -> None:
    _, image = convert(
        Layout(200 * MIB), tmp_path, adapter_type="ide", hwversion=21, toolsversion=12345
    )
    settings = descriptor(image)
    assert settings["ddb.adapterType"] == "ide"
    assert settings["ddb.virtualHWVersion"] == "21"
    assert settings["ddb.toolsVersion"] == "12345"
    assert settings["ddb.geometry.heads"] == "16"
    assert settings["ddb.geometry.cylinders"] == str(200 * MIB // 512 // (16 * 63))


def test_identifiers_follow_the_seed_and_the_disk(tmp_path: Path) -> None:
    """Two disks of one build differ, and so do two builds; one build is always the same."""
    made = []
    for seed, name in (("1" * 64, "os"), ("1" * 64, "data"), ("2" * 64, "os")):
        directory = tmp_path / f"{seed}{name}"
        directory.mkdir()
        disk = make_raw_disk(LAYOUTS["empty"], directory, name)
        image = convert_disk("vmdk", disk, directory, options=Options(), seed=seed).path
        settings = descriptor(image)
        made.append((settings["CID"], settings["ddb.uuid.image"]))
    assert len({cid for cid, _ in made}) == 3
    assert len({uuid for _, uuid in made}) == 3


def test_a_quote_in_the_name_does_not_end_the_extent_line(tmp_path: Path) -> None:
    disk = make_raw_disk(LAYOUTS["empty"], tmp_path)
    image = convert_disk("vmdk", disk, tmp_path, options=Options(), name='a"b\nCID=0').path
    settings = descriptor(image)
    assert settings["extent"].endswith('SPARSE "a_b_CID=0.vmdk"')
    assert settings["CID"] != "0"


def test_what_would_be_larger_than_2_tib_is_refused() -> None:
    """The tables have 32 bits for a sector."""
    assert sector(2 * TIB - 512) == 0xFFFF_FFFF
    with pytest.raises(UsageError, match="2 TiB"):
        sector(2 * TIB)
    assert Extent(size_bytes=8 * TIB).tables == 8 * TIB // (32 * MIB)


def patch(image: Path, position: int, data: bytes) -> None:
    with image.open("r+b") as file:
        file.seek(position)
        file.write(data)


def is_read_well(raw: Path, image: Path) -> bool:
    """Return whether qemu-img reads *image* to its end, and finds what *raw* has."""
    argv = ["qemu-img", "compare", "-f", "raw", "-F", "vmdk", raw, image]
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0


class TestTheReadersNotice:
    """A reader that accepts anything proves nothing: break an image, and it must fail."""

    layout = Layout(2 * MIB, (Stretch(0, 2 * MIB, "text"),))

    def test_a_flipped_bit_in_a_grain(self, tmp_path: Path) -> None:
        raw, image = convert(self.layout, tmp_path, subformat="streamOptimized")
        assert is_read_well(raw, image)
        position = 128 * 512 + 1000
        patch(image, position, bytes([image.read_bytes()[position] ^ 0x10]))
        assert not is_read_well(raw, image)

    def test_a_footer_cut_off(self, tmp_path: Path) -> None:
        raw, image = convert(self.layout, tmp_path, subformat="streamOptimized")
        with image.open("r+b") as file:
            file.truncate(image.stat().st_size - 1024)
        assert not is_read_well(raw, image)
        with pytest.raises(subprocess.CalledProcessError):
            read_with_seven_zip(image)

    def test_a_grain_under_another_number(self, tmp_path: Path) -> None:
        """7-Zip compares the marker with the table; most readers do not."""
        _, image = convert(self.layout, tmp_path, subformat="streamOptimized")
        patch(image, 128 * 512, struct.pack("<Q", 128))
        with pytest.raises(subprocess.CalledProcessError):
            read_with_seven_zip(image)

    def test_a_table_entry_that_points_elsewhere(self, tmp_path: Path) -> None:
        raw, image = convert(self.layout, tmp_path)
        assert is_read_well(raw, image)
        (directory,) = struct.unpack("<Q", image.read_bytes()[56:64])
        (table,) = struct.unpack("<I", sectors(image, directory)[:4])
        entries = sectors(image, table)
        patch(image, table * 512, entries[4:8])
        assert not is_read_well(raw, image)
