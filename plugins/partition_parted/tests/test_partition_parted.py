"""Partition tables, written by libparted and read by libblkid (partx) and GPT fdisk (sgdisk)."""

from __future__ import annotations

import codecs
import re
import shutil
import struct
import tempfile
from pathlib import Path

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import applbuild_partition_parted
from applbuild import (
    Disk,
    KickstartError,
    Partition,
    PartitionKind,
    PartitionRequest,
    Plan,
    RawDisk,
    data_extents,
)
from applbuild.testing import examples
from applbuild.testing.contract import BackendConformance
from applbuild.testing.trees import noise

MIB, SECTOR = 1 << 20, 512
TIB = MIB * MIB
# UEFI specification 2.10, table 5-7; systemd's Discoverable Partitions; GRUB manual.
GPT_TYPES = {
    PartitionKind.LINUX: "0fc63daf-8483-4772-8e79-3d69d8477de4",
    PartitionKind.SWAP: "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f",
    PartitionKind.EFI_SYSTEM: "c12a7328-f81f-11d2-ba4b-00a0c93ec93b",
    PartitionKind.BIOS_BOOT: "21686148-6449-6e6f-744e-656564454649",
}
MSDOS_TYPES = {
    PartitionKind.LINUX: "0x83",
    PartitionKind.SWAP: "0x82",
    PartitionKind.EFI_SYSTEM: "0xef",
}


def write(disk: Disk, folder: Path) -> Path:
    """Return a new file with the table of *disk*."""
    raw = examples.raw_disk(disk, folder)
    assert applbuild_partition_parted.applbuild_write_table(disk=raw) == raw
    return raw.path


def read(path: Path) -> list[dict[str, str]]:
    """Return the partitions that libblkid sees in the file *path*."""
    columns = "NR,START,SECTORS,TYPE,FLAGS,UUID,NAME,SCHEME"
    said = examples.run()(["partx", "--pairs", "--output", columns, path]).stdout
    return [
        {
            key: codecs.escape_decode(value)[0].decode()
            for key, value in re.findall(r'(\w+)="([^"]*)"', line)
        }
        for line in said.splitlines()
    ]


def signature(path: Path) -> dict[str, str]:
    """Return what blkid says of the table."""
    said = examples.run()(["blkid", "-p", "-o", "export", path]).stdout
    return dict(line.split("=", 1) for line in said.splitlines())


def faults(path: Path) -> str:
    """Return what sgdisk finds wrong with a GPT, its copy at the end included."""
    if shutil.which("sgdisk") is None:
        pytest.skip("sgdisk (package gdisk) is not installed")
    said = examples.run()(["sgdisk", "-v", path]).stdout
    return "" if "No problems found" in said else said


def system(table: str, **sizes: int) -> Plan:
    """Return a plan with a partition of every kind (three, where the table is msdos)."""
    wanted = [
        PartitionRequest(kind=PartitionKind.EFI_SYSTEM, size_bytes=34 * MIB),
        PartitionRequest(kind=PartitionKind.SWAP, size_bytes=8 * MIB),
        PartitionRequest(mount_point="/", size_bytes=16 * MIB),
    ]
    if table == "gpt":
        wanted.insert(0, PartitionRequest(kind=PartitionKind.BIOS_BOOT))
    return examples.plan(examples.request(*wanted, table=table, on=sizes or {"os": 72 * MIB}))


@st.composite
def layouts(draw: st.DrawFn) -> Disk:
    """Return any disk whose partitions start at whole MiB, with gaps or without."""
    table = draw(st.sampled_from(["gpt", "msdos"]))
    kinds = list(GPT_TYPES if table == "gpt" else MSDOS_TYPES)
    partitions, at = [], 1
    for number in range(1, draw(st.integers(0, 20 if table == "gpt" else 4)) + 1):
        at += draw(st.integers(0, 3))
        size = draw(st.integers(1, 50_000))
        partitions.append(
            Partition(
                number=number,
                kind=draw(st.sampled_from(kinds)),
                start_sector=at * MIB // SECTOR,
                size_sectors=size * MIB // SECTOR,
                identifier=str(draw(st.uuids(version=4))),
                title=draw(st.sampled_from(["/", "/srv", "swap", "/home/ünï x", "/a\"b'c\\d"])),
            )
        )
        at += size
    size = (at + 1 + draw(st.integers(0, 100))) * MIB + draw(st.integers(0, 3)) * SECTOR
    identifier = str(draw(st.uuids(version=4)))
    return Disk(
        name="disk",
        size_bytes=size,
        table=table,
        identifier=identifier if table == "gpt" else identifier[:8],
        partitions=tuple(partitions),
    )


class TestContract(BackendConformance):
    backend = applbuild_partition_parted
    role = "partition"
    name = "parted"


@given(disk=layouts())
@settings(max_examples=40, deadline=None, database=None)
def test_any_layout_is_read_as_it_was_planned(disk: Disk) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write(disk, Path(folder))
        found = read(path)
        assert path.stat().st_size == disk.size_bytes
        assert [(int(row["NR"]), int(row["START"]), int(row["SECTORS"])) for row in found] == [
            (part.number, part.start_sector, part.size_sectors) for part in disk.partitions
        ]
        types = GPT_TYPES if disk.table == "gpt" else MSDOS_TYPES
        assert [row["TYPE"] for row in found] == [types[part.kind] for part in disk.partitions]
        if disk.table == "gpt":
            assert [row["UUID"] for row in found] == [part.identifier for part in disk.partitions]
            assert [row["NAME"] for row in found] == [part.title for part in disk.partitions]
            assert not faults(path)


@pytest.mark.parametrize(("table", "kind"), [("gpt", "gpt"), ("msdos", "dos")])
def test_the_disk_has_the_plans_identifier(table: str, kind: str, tmp_path: Path) -> None:
    (disk,) = system(table).disks
    assert (
        signature(write(disk, tmp_path)).items()
        >= {
            "PTTYPE": kind,
            "PTUUID": disk.identifier,
        }.items()
    )


@pytest.mark.parametrize("table", ["gpt", "msdos"])
def test_two_runs_give_the_same_bytes(table: str, tmp_path: Path) -> None:
    (disk,) = system(table).disks
    (tmp_path / "again").mkdir()
    first, second = write(disk, tmp_path), write(disk, tmp_path / "again")
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("table", ["gpt", "msdos"])
def test_a_table_written_over_itself_is_the_same(table: str, tmp_path: Path) -> None:
    (disk,) = system(table).disks
    path = write(disk, tmp_path)
    before = path.read_bytes()
    applbuild_partition_parted.applbuild_write_table(disk=RawDisk(disk=disk, path=path))
    assert path.read_bytes() == before


@pytest.mark.parametrize("table", ["gpt", "msdos"])
def test_nothing_outside_the_table_changes(table: str, tmp_path: Path) -> None:
    (disk,) = system(table).disks
    raw = examples.raw_disk(disk, tmp_path)
    # Of an msdos disk, libparted also clears what a GPT may have left at either end.
    first, last = (34, 33) if table == "gpt" else (19, 19)
    before = noise(disk.size_bytes)
    raw.path.write_bytes(bytes(SECTOR) + before[SECTOR:])
    applbuild_partition_parted.applbuild_write_table(disk=raw)
    inside = slice(first * SECTOR, disk.size_bytes - last * SECTOR)
    assert raw.path.read_bytes()[inside] == before[inside]


def test_on_msdos_the_partition_to_start_from_is_active(tmp_path: Path) -> None:
    (disk,) = system("msdos").disks
    active = [row["NR"] for row in read(write(disk, tmp_path)) if row["FLAGS"] == "0x80"]
    assert active == ["3"]


def test_on_gpt_every_partition_has_its_identifier_in_both_copies(tmp_path: Path) -> None:
    (disk,) = system("gpt").disks
    path = write(disk, tmp_path)
    assert [row["UUID"] for row in read(path)] == [part.identifier for part in disk.partitions]
    content = path.read_bytes()
    main, copy = (content[2 * SECTOR : 34 * SECTOR], content[-33 * SECTOR : -SECTOR])
    assert main == copy
    assert struct.unpack_from("<Q", content, len(content) - SECTOR + 24)[0] == (
        disk.size_bytes // SECTOR - 1
    )


def test_a_disk_of_terabytes_costs_nothing(tmp_path: Path) -> None:
    (disk,) = system("gpt", os=8 * TIB).disks
    path = write(disk, tmp_path)
    assert not faults(path)
    with path.open("rb") as file:
        extents = list(data_extents(file.fileno(), disk.size_bytes))
    assert sum(end - start for start, end in extents) < MIB


def test_a_long_mount_point_is_cut_to_what_gpt_can_name(tmp_path: Path) -> None:
    """36 characters, in UTF-16 (UEFI specification 2.10, table 5-6)."""
    (disk,) = system("gpt").disks
    title = "/srv/" + "a long name of a folder " * 3
    part = attrs.evolve(disk.partitions[-1], title=title)
    disk = attrs.evolve(disk, partitions=(*disk.partitions[:-1], part))
    assert read(write(disk, tmp_path))[-1]["NAME"].strip() == title[:36].strip()


def test_what_msdos_cannot_reach_is_an_error_for_people(tmp_path: Path) -> None:
    """Its sectors are counted in 32 bits: 2 TiB."""
    wanted = PartitionRequest(mount_point="/", size_bytes=MIB, grow=True)
    asked = examples.request(wanted, table="msdos", on={"os": 4 * TIB})
    with pytest.raises(KickstartError, match=r"(?i)msdos.*2.*TiB"):
        write(examples.plan(asked).disks[0], tmp_path)


def logical_system() -> Plan:
    """Return a plan of six partitions on an msdos disk; / is a logical one."""
    names = ("/boot", "/a", "/b", "/c", "/d", "/")
    wanted = [PartitionRequest(mount_point=name, size_bytes=4 * MIB) for name in names]
    return examples.plan(examples.request(*wanted, table="msdos", on={"os": 40 * MIB}))


def test_logical_partitions_are_read_where_they_were_planned(tmp_path: Path) -> None:
    (disk,) = logical_system().disks
    found = read(write(disk, tmp_path))
    assert [(int(row["NR"]), int(row["START"]), int(row["SECTORS"])) for row in found] == [
        (part.number, part.start_sector, part.size_sectors) for part in disk.partitions
    ]
    assert [row["TYPE"] for row in found] == ["0x83"] * 3 + ["0x5"] + ["0x83"] * 3
    assert [row["FLAGS"] for row in found] == ["0x80"] + ["0x0"] * 6


def test_logical_partitions_written_twice_are_the_same_bytes(tmp_path: Path) -> None:
    (disk,) = logical_system().disks
    (tmp_path / "again").mkdir()
    first, second = write(disk, tmp_path), write(disk, tmp_path / "again")
    assert first.read_bytes() == second.read_bytes()


def test_the_content_of_logical_partitions_stays(tmp_path: Path) -> None:
    (disk,) = logical_system().disks
    raw = examples.raw_disk(disk, tmp_path)
    before = noise(disk.size_bytes)
    raw.path.write_bytes(bytes(SECTOR) + before[SECTOR:])
    applbuild_partition_parted.applbuild_write_table(disk=raw)
    after = raw.path.read_bytes()
    for part in disk.partitions:
        if part.kind is not PartitionKind.EXTENDED:
            inside = slice(part.offset_bytes, part.offset_bytes + part.size_bytes)
            assert after[inside] == before[inside]
