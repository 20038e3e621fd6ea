"""GRUB's boot code on plain files: what changes, and that nothing else does.

The offsets are those of grub-core/boot/i386/pc/boot.S and diskboot.S of GRUB 2.06.
"""

from __future__ import annotations

import struct
from pathlib import Path

import attrs
import pytest

import applbuild_bootloader_grub
from applbuild import (
    Firmware,
    KickstartError,
    PartitionKind,
    PartitionRequest,
    Plan,
    RawDisk,
    Tree,
)
from applbuild.testing import examples
from applbuild.testing.trees import noise

MIB, SECTOR = 1 << 20, 512
BOOT = noise(SECTOR)
CORE = noise(MIB // 16)[:-100]  # no whole number of sectors


def plan(table: str = "gpt", *, boot_on: str = "os") -> Plan:
    """Return a plan for two disks with / on `os` and /boot on *boot_on*."""
    request = examples.request(
        PartitionRequest(mount_point="/", size_bytes=4 * MIB, disk="os"),
        PartitionRequest(mount_point="/boot", size_bytes=4 * MIB, disk=boot_on),
        PartitionRequest(mount_point="/srv", size_bytes=4 * MIB, disk="data"),
        on={"os": 16 * MIB, "data": 16 * MIB},
        table=table,
        firmware=Firmware.BIOS,
    )
    return examples.plan(request, needs=applbuild_bootloader_grub.applbuild_needs(request=request))


def system(folder: Path) -> Tree:
    """Return a tree in which GRUB's images lie ready."""
    images = folder / "root/boot/grub/i386-pc"
    images.mkdir(parents=True)
    (images / "boot.img").write_bytes(BOOT)
    (images / "core.img").write_bytes(CORE)
    return Tree(root=folder / "root", folders=())


def install(decided: Plan, folder: Path) -> dict[str, tuple[bytes, bytes]]:
    """Return every disk before and after; before, each is full of noise."""
    disks = tuple(examples.raw_disk(disk, folder) for disk in decided.disks)
    before = noise(16 * MIB)
    for disk in disks:
        disk.path.write_bytes(before)
    made = applbuild_bootloader_grub.applbuild_install_boot_code(
        plan=decided, disks=disks, tree=system(folder)
    )
    assert made == disks
    return {disk.disk.name: (before, disk.path.read_bytes()) for disk in disks}


def place_of(decided: Plan, name: str) -> int:
    """Return the first sector for core.img: of the biosboot partition, or after the first."""
    kinds = {part.kind: part.start_sector for part in decided.disk(name).partitions}
    return kinds.get(PartitionKind.BIOS_BOOT, 1)


@pytest.mark.parametrize("table", ["gpt", "msdos"])
class TestBootDisk:
    def test_the_first_sector_is_boot_img_that_loads_core_img(
        self, table: str, tmp_path: Path
    ) -> None:
        decided = plan(table)
        _, after = install(decided, tmp_path)["os"]
        assert struct.unpack_from("<Q", after, 0x5C)[0] == place_of(decided, "os")
        assert after[0x64] == 0xFF
        assert after[0x66:0x68] == b"\x90\x90"
        patched = {*range(0x5C, 0x65), 0x66, 0x67}
        assert all(after[at] == BOOT[at] for at in range(440) if at not in patched)

    def test_the_disk_signature_and_the_table_stay(self, table: str, tmp_path: Path) -> None:
        before, after = install(plan(table), tmp_path)["os"]
        assert after[440:SECTOR] == before[440:SECTOR]

    def test_core_img_knows_where_the_rest_of_it_lies(self, table: str, tmp_path: Path) -> None:
        decided = plan(table)
        _, after = install(decided, tmp_path)["os"]
        start = place_of(decided, "os") * SECTOR
        found = after[start : start + len(CORE)]
        assert struct.unpack_from("<Q", found, 0x1F4)[0] == place_of(decided, "os") + 1
        assert found[:0x1F4] + found[0x1FC:] == CORE[:0x1F4] + CORE[0x1FC:]

    def test_nothing_else_of_the_disk_changes(self, table: str, tmp_path: Path) -> None:
        decided = plan(table)
        before, after = install(decided, tmp_path)["os"]
        start = place_of(decided, "os") * SECTOR
        assert after[SECTOR:start] == before[SECTOR:start]
        assert after[start + len(CORE) :] == before[start + len(CORE) :]

    def test_the_other_disk_does_not_change(self, table: str, tmp_path: Path) -> None:
        before, after = install(plan(table), tmp_path)["data"]
        assert after == before

    def test_it_goes_to_the_disk_with_boot_also_if_that_is_the_second(
        self, table: str, tmp_path: Path
    ) -> None:
        decided = plan(table, boot_on="data")
        disks = install(decided, tmp_path)
        assert disks["os"][0] == disks["os"][1]
        assert struct.unpack_from("<Q", disks["data"][1], 0x5C)[0] == place_of(decided, "data")

    def test_twice_is_as_good_as_once(self, table: str, tmp_path: Path) -> None:
        decided = plan(table)
        after = install(decided, tmp_path)["os"][1]
        disks = tuple(
            RawDisk(disk=disk, path=tmp_path / f"{disk.name}.raw") for disk in decided.disks
        )
        applbuild_bootloader_grub.applbuild_install_boot_code(
            plan=decided, disks=disks, tree=Tree(root=tmp_path / "root", folders=())
        )
        assert disks[0].path.read_bytes() == after

    def test_a_place_that_is_too_small_is_refused(self, table: str, tmp_path: Path) -> None:
        decided = plan(table)
        first, *rest = decided.disks[0].partitions
        smaller = attrs.evolve(first, start_sector=64, size_sectors=64)
        disk = attrs.evolve(decided.disks[0], partitions=(smaller, *rest))
        with pytest.raises(KickstartError, match=f"{len(CORE)} bytes; disk os has"):
            install(attrs.evolve(decided, disks=(disk, decided.disks[1])), tmp_path)


def test_uefi_alone_needs_no_boot_code(tmp_path: Path) -> None:
    disks = install(attrs.evolve(plan(), firmware=Firmware.UEFI), tmp_path)
    assert all(before == after for before, after in disks.values())


def test_a_gpt_without_biosboot_is_refused_with_the_line_to_add(tmp_path: Path) -> None:
    decided = plan()
    disk = attrs.evolve(decided.disks[0], partitions=decided.disks[0].partitions[1:])
    with pytest.raises(KickstartError) as caught:
        install(attrs.evolve(decided, disks=(disk, decided.disks[1])), tmp_path)
    assert "part biosboot" in caught.value.hint
    assert "--ondisk=os" in caught.value.hint


def test_the_real_images_have_what_is_patched_where_it_is_patched(tmp_path: Path) -> None:
    """The length of the rest is grub-mkimage's; with the start it makes a whole block list."""
    (tmp_path / "root/boot/efi").mkdir(parents=True)
    tree, decided = Tree(root=tmp_path / "root", folders=()), plan()
    applbuild_bootloader_grub.applbuild_boot_files(
        plan=decided, tree=tree, password_hash=None, run=examples.run()
    )
    core = (tree.root / "boot/grub/i386-pc/core.img").read_bytes()
    start, sectors = struct.unpack_from("<QH", core, 0x1F4)
    assert start == 2  # what grub-mkimage expects before it is patched: right after the first
    assert (sectors + 1) * SECTOR == -(-len(core) // SECTOR) * SECTOR
    boot = (tree.root / "boot/grub/i386-pc/boot.img").read_bytes()
    assert len(boot) == SECTOR
    assert struct.unpack_from("<Q", boot, 0x5C)[0] == 1
