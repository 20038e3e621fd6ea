"""Partition tables, written to a plain file by libparted, with the plan's identifiers."""

from __future__ import annotations

import _ped
import parted

from applbuild import BackendInfo, Disk, Partition, PartitionKind, RawDisk, hookimpl
from applbuild_partition_parted.identifiers import set_identifiers

_FLAGS = {
    PartitionKind.SWAP: "swap",
    PartitionKind.BIOS_BOOT: "bios_grub",
    PartitionKind.EFI_SYSTEM: "esp",
}
# What libparted takes the partition's type from where no flag says it.
_TYPES = {PartitionKind.SWAP: "linux-swap(v1)", PartitionKind.EFI_SYSTEM: "fat32"}


@hookimpl
def applbuild_info() -> BackendInfo:
    """Return what this backend is."""
    return BackendInfo(summary="GPT and msdos tables, by libparted", api=1)


@hookimpl
def applbuild_write_table(disk: RawDisk) -> RawDisk:
    """Write the table that `disk.disk` describes; nothing but the table changes."""
    plan = disk.disk
    device = parted.getDevice(str(disk.path))
    table = parted.freshDisk(device, plan.table)
    for partition in plan.partitions:
        _add(table, plan, partition)
    table.commitToDevice()
    del table, device  # libparted writes on closing; the identifiers come after it
    set_identifiers(disk.path, plan)
    return disk


def _add(table: parted.Disk, plan: Disk, partition: Partition) -> None:
    device = table.device
    geometry = parted.Geometry(
        device=device, start=partition.start_sector, length=partition.size_sectors
    )
    is_extended = partition.kind is PartitionKind.EXTENDED
    holder = table.getExtendedPartition() if plan.table == "msdos" else None
    made = parted.Partition(
        disk=table,
        type=_ped.PARTITION_EXTENDED
        if is_extended
        else _ped.PARTITION_LOGICAL
        if holder is not None
        else _ped.PARTITION_NORMAL,
        geometry=geometry,
        fs=None
        if is_extended
        else parted.FileSystem(type=_TYPES.get(partition.kind, "ext2"), geometry=geometry),
    )
    table.addPartition(partition=made, constraint=parted.Constraint(exactGeom=geometry))
    flags = [_FLAGS[partition.kind]] if partition.kind in _FLAGS else []
    if plan.table == "msdos" and partition.is_bootable:
        flags.append("boot")
    for flag in flags:
        number = _ped.partition_flag_get_by_name(flag)
        if made.isFlagAvailable(number):
            made.setFlag(number)
    if plan.table == "gpt":
        made.set_name(partition.title)
