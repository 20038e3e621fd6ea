"""`part`, `clearpart` and `bootloader` as values."""

from __future__ import annotations

import re
import shlex

import attrs

from applbuild.kickstart.grammar import Statement
from applbuild.kickstart.judge import fates, is_fated
from applbuild.kickstart.reading import Reading
from applbuild.kickstart.rules import Fate
from applbuild.model.request import PartitionKind, PartitionRequest, Severity
from applbuild.units import MIB

_KINDS = {
    "swap": PartitionKind.SWAP,
    "biosboot": PartitionKind.BIOS_BOOT,
    "efi": PartitionKind.EFI_SYSTEM,
}
_ESP = "/boot/efi"
_USES = ("<mntpoint>", "--fstype", "--type")


def _part(reading: Reading, statement: Statement) -> Reading:
    # A refused line makes no partition, and no further complaints.
    if Fate.REFUSED in fates(statement) or is_fated(statement, Fate.IRRELEVANT, *_USES):
        return reading
    asked, place = _partition(statement), statement.item.place
    if problem := _complaint(asked):
        return reading.problem(problem, place, hint="write --size with its size in MiB")
    if asked.max_size_bytes is not None and not asked.grow:
        message = "--maxsize has no effect without --grow"
        reading = reading.problem(message, place, Severity.NOTE)
    kept = []
    for part in reading.request.partitions:
        if asked.mount_point is None or part.mount_point != asked.mount_point:
            kept.append(part)
            continue
        message = f"the partition {asked.title} is replaced by the one at {place}"
        reading = reading.problem(message, part.place or place, Severity.NOTE)
    return reading.evolve(partitions=(*kept, asked))


def _complaint(part: PartitionRequest) -> str:
    """Return what is wrong with the size of *part*, or nothing."""
    has_usual_size = part.kind in {PartitionKind.BIOS_BOOT, PartitionKind.EFI_SYSTEM}
    if part.size_bytes is None and not part.grow and not has_usual_size:
        return f"the partition {part.title} has no size"
    if min(part.size_bytes or 0, part.max_size_bytes or 0) < 0:
        return f"the partition {part.title} has less than no size"
    return ""


def _partition(statement: Statement) -> PartitionRequest:
    data = statement.data
    filesystem = data.fstype.lower() or None
    # normpath keeps two slashes at the beginning.
    mount_point = re.sub("^/+", "/", data.mountpoint) if data.mountpoint.startswith("/") else None
    if mount_point == _ESP:
        kind = PartitionKind.EFI_SYSTEM
    else:
        kind = _KINDS.get(data.mountpoint) or _KINDS.get(filesystem or "", PartitionKind.LINUX)
    match kind:
        case PartitionKind.SWAP:
            filesystem = "swap"
        case PartitionKind.BIOS_BOOT:
            filesystem = None
        case PartitionKind.EFI_SYSTEM:
            filesystem = "vfat" if filesystem in {None, "efi"} else filesystem
    return PartitionRequest(
        kind=kind,
        mount_point=mount_point
        if kind in {PartitionKind.LINUX, PartitionKind.EFI_SYSTEM}
        else None,
        filesystem=filesystem,
        size_bytes=data.size * MIB if data.size else None,
        grow=bool(data.grow),
        max_size_bytes=data.maxSizeMB * MIB if data.maxSizeMB else None,
        label=data.label or None,
        options=tuple(option for option in data.fsopts.split(",") if option),
        disk=data.disk.removeprefix("/dev/") or None,
        place=statement.item.place,
    )


def _clearpart(reading: Reading, statement: Statement) -> Reading:
    if not is_fated(statement, Fate.HONOURED, "--disklabel"):
        return reading
    return reading.evolve(table=statement.data.disklabel.lower())


def _bootloader(reading: Reading, statement: Statement) -> Reading:
    data, place = statement.data, statement.item.place
    boot = reading.request.boot
    try:
        arguments = tuple(shlex.split(data.appendLine))
    except ValueError:
        return reading.problem("a quotation mark in --append is not closed", place)
    if data.timeout is not None:
        boot = attrs.evolve(boot, timeout_seconds=data.timeout)
    boot = attrs.evolve(
        boot,
        arguments=arguments,
        is_installed=data.location != "none" and not data.disabled,
        uses_extlinux=bool(data.extlinux),
        place=place,
    )
    return reading.evolve(boot=boot)


STORAGE = {
    "part": _part,
    "partition": _part,
    "clearpart": _clearpart,
    "bootloader": _bootloader,
}
