"""Where GRUB has its files, in the system and as GRUB itself names them."""

from __future__ import annotations

from pathlib import Path

from applbuild import KickstartError, PartitionKind, Plan, Tree

BIOS = "i386-pc"
EFI = {"x86_64": "x86_64-efi", "aarch64": "arm64-efi"}
# UEFI specification 2.10, section 3.5.1.1: what firmware starts when it was told nothing.
EFI_FILE = {"x86_64": "BOOTX64.EFI", "aarch64": "BOOTAA64.EFI"}

_SECOND = ("sbin/grub2-mkconfig", "bin/grub2-mkimage", "bin/grub2-editenv")

FILESYSTEM_MODULES = {
    "ext2": "ext2",
    "ext3": "ext2",
    "ext4": "ext2",
    "vfat": "fat",
    "xfs": "xfs",
    "btrfs": "btrfs",
}


def prefix(tree: Tree) -> str:
    """Return what the names of GRUB's programs begin with in the system: Fedora's say grub2."""
    is_second = any(tree.path(f"/usr/{name}").exists() for name in _SECOND)
    return "grub2" if is_second else "grub"


def folder(tree: Tree) -> str:
    """Return the folder with GRUB's files, below /boot as the system's own tools expect it."""
    return f"/boot/{prefix(tree)}"


def inside_boot_volume(plan: Plan, path: str) -> str:
    """Return the system's *path* (below /boot) as it is named on its own filesystem."""
    mount_point = str(plan.holding("/boot").mount_point)
    return path if mount_point == "/" else path.removeprefix(mount_point)


def partition_name(plan: Plan) -> str:
    """Return the partition with /boot as GRUB names it, on the disk that it started from."""
    volume = plan.holding("/boot")
    return f"{plan.disk(volume.disk).table}{volume.partition}"


def platforms(plan: Plan) -> tuple[str, ...]:
    """Return the GRUB platforms that this appliance starts on."""
    bios = (BIOS,) if plan.firmware.has_bios else ()
    efi = (EFI[plan.architecture],) if plan.firmware.has_uefi else ()
    return bios + efi


def core_image(tree: Tree) -> Path:
    """Return where the image for BIOS is kept in the system, as grub-install does it."""
    return tree.path(f"{folder(tree)}/{BIOS}/core.img")


def efi_system(plan: Plan) -> str:
    """Return where the EFI system partition is mounted.

    Raises:
        KickstartError: it is nowhere.
    """
    for volume in plan.mounts:
        disk = plan.disk(volume.disk)
        kind = next(part.kind for part in disk.partitions if part.number == volume.partition)
        if kind is PartitionKind.EFI_SYSTEM:
            return str(volume.mount_point)
    raise KickstartError(
        "no EFI system partition is mounted, and GRUB has to be put into it",
        hint="add: part /boot/efi --fstype=efi --size=64, or build with --firmware bios",
    )
