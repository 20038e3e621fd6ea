"""GRUB's boot code for a BIOS: what grub-install embeds, written into a plain file.

The offsets are those of grub-core/boot/i386/pc/boot.S (include/grub/i386/pc/boot.h)
and diskboot.S, as util/setup.c of GRUB 2.06 patches them.
"""

from __future__ import annotations

import struct

from applbuild import KickstartError, PartitionKind, RawDisk, Tree
from applbuild_bootloader_grub.places import BIOS, core_image, folder

_SECTOR_BYTES = 512
_CODE_BYTES = 440  # what lies before the disk signature and the partition table
_KERNEL_SECTOR = 0x5C  # GRUB_BOOT_MACHINE_KERNEL_SECTOR
_BOOT_DRIVE = 0x64  # GRUB_BOOT_MACHINE_BOOT_DRIVE; 0xFF: the drive that the BIOS names
_DRIVE_CHECK = 0x66  # GRUB_BOOT_MACHINE_DRIVE_CHECK; a jump for floppies, here to be two NOPs
_FIRST_BLOCK_LIST = 0x1F4  # in the first sector of core.img: where the rest of it lies


def write_boot_code(disk: RawDisk, tree: Tree) -> None:
    """Write boot.img into the first sector of *disk* and core.img into its place.

    Raises:
        KickstartError: there is no place, or it is too small.
    """
    boot = bytearray(tree.path(f"{folder(tree)}/{BIOS}/boot.img").read_bytes()[:_CODE_BYTES])
    core = bytearray(core_image(tree).read_bytes())
    first, sectors = _gap(disk)
    if len(core) > sectors * _SECTOR_BYTES:
        raise KickstartError(
            f"GRUB's image has {len(core)} bytes; disk {disk.disk.name} has "
            f"{sectors * _SECTOR_BYTES} for it",
            hint="give the biosboot partition --size=1 or more",
        )
    struct.pack_into("<Q", boot, _KERNEL_SECTOR, first)
    boot[_BOOT_DRIVE] = 0xFF
    boot[_DRIVE_CHECK : _DRIVE_CHECK + 2] = b"\x90\x90"
    struct.pack_into("<Q", core, _FIRST_BLOCK_LIST, first + 1)
    with disk.path.open("r+b") as file:
        file.write(boot)
        file.seek(first * _SECTOR_BYTES)
        file.write(core)


def _gap(disk: RawDisk) -> tuple[int, int]:
    """Return the first sector and the count of sectors that core.img may use."""
    partitions = disk.disk.partitions
    if disk.disk.table == "msdos":
        return 1, min(part.start_sector for part in partitions) - 1
    for part in partitions:
        if part.kind is PartitionKind.BIOS_BOOT:
            return part.start_sector, part.size_sectors
    raise KickstartError(
        f"disk {disk.disk.name} has a GPT and no biosboot partition",
        hint="add: part biosboot --size=1 --fstype=biosboot --ondisk=" + disk.disk.name,
    )
