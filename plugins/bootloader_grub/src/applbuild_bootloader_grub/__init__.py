"""GRUB 2: for BIOS and UEFI from one image, installed without a mount or a device."""

from __future__ import annotations

from applbuild import (
    BackendInfo,
    Boot,
    Claim,
    Firmware,
    Needs,
    PackageName,
    PartitionKind,
    PartitionRequest,
    Plan,
    RawDisk,
    Request,
    Run,
    Tree,
    hookimpl,
)
from applbuild_bootloader_grub.boot_code import write_boot_code
from applbuild_bootloader_grub.configuration import STAND_INS, entries, write_configuration
from applbuild_bootloader_grub.images import MAKE_IMAGE, write_images

_WHY = "the boot loader, and its update when a kernel is installed"
_EFI_SYSTEM_BYTES = 64 * 1024 * 1024


@hookimpl
def applbuild_info() -> BackendInfo:
    """Return what this backend is."""
    return BackendInfo(
        summary="GRUB 2 for BIOS and UEFI",
        api=1,
        tools=(MAKE_IMAGE,),
    )


@hookimpl
def applbuild_claim() -> Claim:
    """Any kickstart can have GRUB."""
    return Claim.WEAK


@hookimpl
def applbuild_needs(request: Request) -> Needs:
    """Want GRUB's own packages in the guest, for its updates, and the partitions it starts from."""
    firmware = request.firmware
    packages = (("deb", _debs(firmware)), ("rpm", _rpms(firmware)))
    return Needs(packages=packages, partitions=_partitions(firmware))


def _debs(firmware: Firmware) -> tuple[PackageName, ...]:
    names = ["grub2-common"]
    if firmware.has_bios:
        names.append("grub-pc-bin")
    if firmware.has_uefi:
        names.append("grub-efi-amd64-bin")
    return tuple(PackageName(name=name, reason=_WHY) for name in names)


def _rpms(firmware: Firmware) -> tuple[PackageName, ...]:
    names = ["grub2-tools"]
    if firmware.has_bios:
        names += ["grub2-pc", "grub2-pc-modules"]
    if firmware.has_uefi:
        names += ["grub2-efi-x64|grub2-efi-aa64", "shim-x64|shim-aa64"]
    return tuple(PackageName(name=name, reason=_WHY) for name in names)


def _partitions(firmware: Firmware) -> tuple[PartitionRequest, ...]:
    wanted = []
    if firmware.has_bios:
        wanted.append(
            PartitionRequest(kind=PartitionKind.BIOS_BOOT, reason="GRUB starts from it on a BIOS")
        )
    if firmware.has_uefi:
        wanted.append(
            PartitionRequest(
                kind=PartitionKind.EFI_SYSTEM,
                mount_point="/boot/efi",
                filesystem="vfat",
                size_bytes=_EFI_SYSTEM_BYTES,
                options=("umask=0077",),
                reason="UEFI starts GRUB from it",
            )
        )
    return tuple(wanted)


@hookimpl
def applbuild_boot_files(plan: Plan, tree: Tree, password_hash: str | None, run: Run) -> Boot:
    """Write GRUB's modules, images and configuration into *tree*."""
    write_images(plan, tree, run)
    found = entries(plan, tree)
    write_configuration(plan, tree, found, password_hash)
    return Boot(entries=found, stand_ins=STAND_INS)


@hookimpl
def applbuild_install_boot_code(
    plan: Plan, disks: tuple[RawDisk, ...], tree: Tree
) -> tuple[RawDisk, ...]:
    """Write GRUB's boot code to the disk that a BIOS starts."""
    if plan.firmware.has_bios:
        disk = next(disk for disk in disks if disk.disk.name == plan.boot_disk)
        write_boot_code(disk, tree)
    return disks
