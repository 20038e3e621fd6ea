"""`part`, `autopart`, `clearpart`, `bootloader` and their like as values."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from typing import Any

import attrs

from applbuild.kickstart.grammar import Statement
from applbuild.kickstart.judge import fates, is_fated
from applbuild.kickstart.passwords import is_boot_hash
from applbuild.kickstart.reading import Reading
from applbuild.kickstart.rules import Fate
from applbuild.model.problem import Severity
from applbuild.model.storage import AutomaticLayout, PartitionKind, PartitionRequest, SwapSize
from applbuild.units import MIB

_KINDS = {
    "swap": PartitionKind.SWAP,
    "biosboot": PartitionKind.BIOS_BOOT,
    "efi": PartitionKind.EFI_SYSTEM,
}
_ESP = "/boot/efi"
_DISK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_ALL = 100
_BYTES_PER_INODE = range(1024, 64 * MIB + 1)  # what mke2fs(8) takes
_USES = ("<mntpoint>", "--fstype", "--type")


def _part(reading: Reading, statement: Statement) -> Reading:
    # A refused line makes no partition, and no further complaints.
    if Fate.REFUSED in fates(statement) or is_fated(statement, Fate.IRRELEVANT, *_USES):
        return reading
    place = statement.item.place
    try:
        asked = _partition(statement)
    except ValueError as error:
        return reading.problem(str(error), place)
    if problem := _complaint(asked, statement):
        return reading.problem(problem, place, hint="write --size with its size in MiB")
    reading = _with_remarks(reading, asked, statement)
    kept = []
    for part in reading.request.partitions:
        if asked.mount_point is None or part.mount_point != asked.mount_point:
            kept.append(part)
            continue
        message = f"the partition {asked.title} is replaced by the one at {place}"
        reading = reading.problem(message, part.place or place, Severity.NOTE)
    return reading.evolve(partitions=(*kept, asked))


def _complaint(part: PartitionRequest, statement: Statement) -> str:
    """Return what is wrong with the size of *part*, or nothing."""
    is_swap = part.kind is PartitionKind.SWAP
    if not is_swap and (statement.has("--recommended") or statement.has("--hibernation")):
        return f"only swap has a recommended size, and {part.title} is none"
    sized = [part.size_bytes, part.percent, part.swap_size]
    has_usual_size = part.kind in {PartitionKind.BIOS_BOOT, PartitionKind.EFI_SYSTEM}
    if not any(sized) and not part.grow and not has_usual_size:
        return f"the partition {part.title} has no size"
    if part.percent is not None and (part.size_bytes or part.swap_size or part.grow):
        return f"the partition {part.title} has --percent and another size"
    if min(part.size_bytes or 0, part.max_size_bytes or 0) < 0:
        return f"the partition {part.title} has less than no size"
    return ""


def _with_remarks(reading: Reading, part: PartitionRequest, statement: Statement) -> Reading:
    place = statement.item.place
    if part.max_size_bytes is not None and not part.grow:
        message = "--maxsize has no effect without --grow"
        reading = reading.problem(message, place, Severity.NOTE)
    if part.swap_size is not None and (statement.data.size or statement.data.grow):
        message = f"--{part.swap_size.value} decides the size of swap, not --size or --grow"
        reading = reading.problem(message, place, Severity.NOTE)
    return reading


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
    swap_size = _swap_size(data) if kind is PartitionKind.SWAP else None
    return PartitionRequest(
        kind=kind,
        mount_point=mount_point
        if kind in {PartitionKind.LINUX, PartitionKind.EFI_SYSTEM}
        else None,
        filesystem=filesystem,
        size_bytes=data.size * MIB if data.size and swap_size is None else None,
        grow=bool(data.grow) and swap_size is None,
        max_size_bytes=data.maxSizeMB * MIB if data.maxSizeMB else None,
        percent=_percent(statement),
        bytes_per_inode=_bytes_per_inode(statement),
        swap_size=swap_size,
        is_primary=bool(data.primOnly),
        label=data.label or None,
        options=tuple(option for option in data.fsopts.split(",") if option),
        disk=_disk_name(data.disk) or None,
        place=statement.item.place,
    )


def _swap_size(data: Any) -> SwapSize | None:
    """Return how the size of swap is worked out; as in Anaconda, hibernation goes first."""
    if data.hibernation:
        return SwapSize.HIBERNATION
    return SwapSize.RECOMMENDED if data.recommended else None


def _percent(statement: Statement) -> int | None:
    """Return the value of --percent, which pykickstart does not know of `part`."""
    for given in statement.given:
        if given.name == "--percent":
            if not given.value.isdecimal() or not 1 <= int(given.value[:9]) <= _ALL:
                raise ValueError(f"--percent={given.value}: write a number from 1 to {_ALL}")
            return int(given.value)
    return None


def _bytes_per_inode(statement: Statement) -> int | None:
    """Return the value of --bytes-per-inode, which pykickstart no longer knows."""
    for given in statement.given:
        if given.name == "--bytes-per-inode":
            count = int(given.value) if re.fullmatch(r"[0-9]{1,12}", given.value) else 0
            if count not in _BYTES_PER_INODE:
                first, last = _BYTES_PER_INODE[0], _BYTES_PER_INODE[-1]
                message = f"write a number from {first} to {last}"
                raise ValueError(f"--bytes-per-inode={given.value}: {message}")
            return count
    return None


def _disk_name(text: str) -> str:
    return text.strip().removeprefix("/dev/")


def _automatic(reading: Reading, statement: Statement) -> Reading:
    if Fate.REFUSED in fates(statement):
        return reading
    data, place = statement.data, statement.item.place
    if reading.request.partitions:
        message = (
            f"autopart and the partition {reading.request.partitions[0].title}: which of them?"
        )
        return reading.problem(message, place, hint="leave autopart out, or every `part` line")
    if not statement.has("--type"):
        message = "autopart makes plain partitions; an installer might have made volumes"
        reading = reading.problem(message, place, Severity.NOTE, hint="--type=plain says so")
    swap_size = None if data.noswap else SwapSize.RECOMMENDED
    if data.hibernation:
        swap_size = SwapSize.HIBERNATION
    layout = AutomaticLayout(
        filesystem=data.fstype.lower() or None,
        has_boot=not data.noboot,
        has_home=not data.nohome,
        swap_size=swap_size,
        place=place,
    )
    return reading.evolve(automatic=layout)


def _reqpart(reading: Reading, statement: Statement) -> Reading:
    return reading.evolve(has_boot_partition=bool(statement.data.addBoot))


def _clearpart(reading: Reading, statement: Statement) -> Reading:
    reading = _name_disks(reading, statement.data.drives)
    if not is_fated(statement, Fate.HONOURED, "--disklabel"):
        return reading
    return reading.evolve(table=statement.data.disklabel.lower())


def _ignoredisk(reading: Reading, statement: Statement) -> Reading:
    data = statement.data
    ignored = tuple(map(_disk_name, data.ignoredisk))
    return _name_disks(reading.evolve(ignored_disks=ignored), data.onlyuse)


def _name_disks(reading: Reading, names: Iterable[str]) -> Reading:
    """Return *reading* with *names* that are such, and no patterns, as names of disks."""
    found = [name for name in map(_disk_name, names) if _DISK_NAME.fullmatch(name)]
    return reading.evolve(disk_names=tuple(dict.fromkeys([*reading.request.disk_names, *found])))


def _boot_disk(data: Any) -> str | None:
    """Return the disk that a machine starts from: the first one of its BIOS."""
    named = [data.bootDrive, *data.driveorder]
    return next((name for name in map(_disk_name, named) if name), None)


def _bootloader(reading: Reading, statement: Statement) -> Reading:
    data, place = statement.data, statement.item.place
    boot = reading.request.boot
    try:
        arguments = tuple(shlex.split(data.appendLine))
    except ValueError:
        return reading.problem("a quotation mark in --append is not closed", place)
    if data.password and data.isCrypted and not is_boot_hash(data.password):
        message = "the password of `bootloader --iscrypted` is no hash that GRUB 2 takes"
        return reading.problem(message, place, hint="make it with grub-mkpasswd-pbkdf2")
    if data.timeout is not None:
        boot = attrs.evolve(boot, timeout_seconds=data.timeout)
    boot = attrs.evolve(
        boot,
        arguments=arguments,
        is_installed=data.location != "none" and not data.disabled,
        has_boot_code=not data.nombr,
        disk=_boot_disk(data),
        uses_extlinux=bool(data.extlinux),
        place=place,
    )
    return reading.evolve(boot=boot)


STORAGE = {
    "part": _part,
    "partition": _part,
    "autopart": _automatic,
    "reqpart": _reqpart,
    "clearpart": _clearpart,
    "ignoredisk": _ignoredisk,
    "bootloader": _bootloader,
}
