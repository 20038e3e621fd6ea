"""Request to Plan: where every partition lies and what everything is called. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import attrs

from applbuild.errors import KickstartError, UsageError
from applbuild.identity import derive_hex, derive_identifier, derive_uuid, seed_of
from applbuild.model.plan import (
    Disk,
    Needs,
    Note,
    Partition,
    Plan,
    Resolution,
    Selection,
    Volume,
)
from applbuild.model.request import DiskRequest, PartitionKind, PartitionRequest, Request
from applbuild.units import MIB, SECTOR_BYTES, format_size, round_down, round_up

ALIGNMENT_BYTES = MIB
"""Partitions start at multiples of it; it also leaves the first one room for a boot loader."""
DEFAULT_DISK = "sda"
_MSDOS_PARTITIONS = 4
_MSDOS_BYTES = 2**32 * SECTOR_BYTES  # its sectors are counted in 32 bits
_DEFAULT_SIZES = {PartitionKind.BIOS_BOOT: MIB, PartitionKind.EFI_SYSTEM: 64 * MIB}


@attrs.frozen(kw_only=True)
class _Shelf:
    """An output disk and the partitions that go to it, in order."""

    name: str
    size_bytes: int | None
    known_as: str | None
    reason: str
    partitions: tuple[PartitionRequest, ...] = ()


def lay_out(
    request: Request,
    needs: Needs,
    resolution: Resolution,
    selection: Selection,
    *,
    identifier_bits: Mapping[str, int],
    epoch_seconds: int | None = None,
) -> Plan:
    """Return the plan of *request*: every sector, identifier and name decided.

    *identifier_bits* says by filesystem how long its identifier is;
    *epoch_seconds* replaces the time of the newest package.

    Raises:
        KickstartError: the partitions do not fit, or what they ask contradicts itself.
        UsageError: the disks of the command line cannot be.
    """
    seed = _seed(request)
    shelves = _shelve(request)
    boot_disk = _boot_disk(shelves, request)
    table = request.table or needs.table or "gpt"
    shelves = _with_needed(shelves, boot_disk, needs, table)
    disks, volumes = [], []
    for shelf in shelves:
        disk, held = _fill(shelf, table, seed, identifier_bits)
        disks.append(disk)
        volumes.extend(held)
    return Plan(
        name=request.name,
        kickstart=request.kickstart,
        architecture=request.architecture,
        seed=seed,
        epoch_seconds=resolution.newest_seconds if epoch_seconds is None else epoch_seconds,
        disks=tuple(disks),
        volumes=tuple(volumes),
        boot_disk=boot_disk,
        firmware=request.firmware,
        memory_bytes=request.memory_bytes,
        vcpus=request.vcpus,
        nics=request.nics,
        settings=request.settings,
        boot=request.boot,
        scripts=request.scripts,
        has_script_network=request.has_script_network,
        packages=request.packages,
        drivers=tuple(dict.fromkeys(needs.drivers)),
        arguments=tuple(dict.fromkeys(needs.arguments)),
        resolution=resolution,
        selection=selection,
        notes=_notes(request, shelves),
    )


def _seed(request: Request) -> str:
    if request.seed is not None:
        return seed_of(request.seed)
    disks = (f"{disk.name}={disk.size_bytes}" for disk in request.disks)
    return seed_of(request.digest, *disks)


def _shelve(request: Request) -> tuple[_Shelf, ...]:
    """Bind the kickstart's disk names to the output disks, and each partition to one."""
    names = tuple(dict.fromkeys(part.disk for part in request.partitions if part.disk))
    if not request.disks:
        asked = tuple(DiskRequest(name=name) for name in names) or (DiskRequest(name=DEFAULT_DISK),)
        known: dict[str, tuple[str, str]] = {name: (name, "") for name in names}
    else:
        asked = request.disks
        known = _bind(names, [disk.name for disk in asked], request)
    back = {disk: (name, why) for name, (disk, why) in known.items()}
    first = asked[0].name
    shelves = []
    for disk in asked:
        held = tuple(
            part
            for part in request.partitions
            if (known[part.disk][0] if part.disk else first) == disk.name
        )
        name, why = back.get(disk.name, (None, ""))
        shelves.append(
            _Shelf(
                name=disk.name,
                size_bytes=disk.size_bytes,
                known_as=name if name != disk.name else None,
                reason=why if held else "nothing is asked to be on it",
                partitions=held,
            )
        )
    return tuple(shelves)


def _bind(
    names: Sequence[str], disks: Sequence[str], request: Request
) -> dict[str, tuple[str, str]]:
    """Return for each name of the kickstart its disk and how it was found: by name, else position.

    The position of sdb, vdb or hdb is the second; of any other name, the next that is free.
    """
    bound = {name: (name, "by name") for name in names if name in disks}
    free = {place: disk for place, disk in enumerate(disks) if disk not in bound}
    others = [name for name in names if name not in bound]
    for name in sorted(others, key=lambda name: _lettered(name) is None):
        place = _lettered(name)
        if place not in free:
            place = min(free, default=None)
        if place is None:
            part = next(part for part in request.partitions if part.disk == name)
            raise KickstartError(
                f"--ondisk={name} has no disk: {len(names)} disks are named in the kickstart and "
                f"{len(disks)} with --disk",
                place=part.place,
                hint=f"add --disk {name}=SIZE, or give fewer --ondisk names",
            )
        bound[name] = (free.pop(place), "by position")
    return bound


def _lettered(name: str) -> int | None:
    """Return the place that a kernel's disk name counts to: 0 for sda, 1 for vdb."""
    match = re.fullmatch(r"(?:/dev/)?(?:sd|hd|vd|xvd)([a-z])", name)
    return ord(match[1]) - ord("a") if match else None


def _boot_disk(shelves: tuple[_Shelf, ...], request: Request) -> str:
    holders = {part.mount_point: shelf.name for shelf in shelves for part in shelf.partitions}
    if "/" not in holders:
        raise KickstartError(
            f"{request.kickstart} has no partition for /",
            hint="add a line like: part / --size=2000 --grow",
        )
    return holders.get("/boot", holders["/"])


def _with_needed(
    shelves: tuple[_Shelf, ...], boot_disk: str, needs: Needs, table: str
) -> tuple[_Shelf, ...]:
    """Return the disks with the partitions that backends need, first on the boot disk."""
    added = [part for part in needs.partitions if not _has(shelves, boot_disk, part, table)]
    return tuple(
        attrs.evolve(shelf, partitions=(*added, *shelf.partitions))
        if shelf.name == boot_disk
        else shelf
        for shelf in shelves
    )


def _has(shelves: tuple[_Shelf, ...], boot_disk: str, part: PartitionRequest, table: str) -> bool:
    """Return whether the kickstart has *part* already, or the table has no use for it."""
    if part.kind is PartitionKind.BIOS_BOOT:
        # It is a notion of GPT; an msdos disk has the gap before the first partition. And boot
        # code is read from the boot disk alone.
        if table != "gpt":
            return True
        shelves = tuple(shelf for shelf in shelves if shelf.name == boot_disk)
    return any(have.kind is part.kind for shelf in shelves for have in shelf.partitions)


def _fill(
    shelf: _Shelf, table: str, seed: str, identifier_bits: Mapping[str, int]
) -> tuple[Disk, list[Volume]]:
    """Return the disk with its partitions placed, and the volumes on it."""
    sizes = _sizes(shelf)
    size_bytes = shelf.size_bytes or sum(sizes) + 2 * ALIGNMENT_BYTES
    if table == "msdos":
        _refuse_beyond_msdos(shelf, size_bytes)
    partitions, volumes, start = [], [], ALIGNMENT_BYTES
    for number, (part, size) in enumerate(zip(shelf.partitions, sizes, strict=True), start=1):
        name = f"{shelf.name}/{number}"
        partitions.append(
            Partition(
                number=number,
                kind=part.kind,
                start_sector=start // SECTOR_BYTES,
                size_sectors=size // SECTOR_BYTES,
                identifier=derive_uuid(seed, f"partition {name}"),
                is_bootable=part.mount_point in ("/boot", "/"),
                title=part.title,
                reason=part.reason,
            )
        )
        if part.kind is not PartitionKind.BIOS_BOOT:
            volumes.append(_volume(part, shelf.name, number, start, size, seed, identifier_bits))
        start += size
    disk = Disk(
        name=shelf.name,
        size_bytes=size_bytes,
        table=table,
        identifier=derive_uuid(seed, f"disk {shelf.name}")
        if table == "gpt"
        else derive_hex(seed, f"disk {shelf.name}", 8),
        partitions=tuple(partitions),
        known_as=shelf.known_as,
        reason=shelf.reason,
    )
    return _with_one_bootable(disk), volumes


def _refuse_beyond_msdos(shelf: _Shelf, size_bytes: int) -> None:
    """Raise KickstartError if an msdos table cannot describe the disk."""
    count = len(shelf.partitions)
    if count > _MSDOS_PARTITIONS:
        problem = f"has {count} partitions; an msdos table holds {_MSDOS_PARTITIONS}"
    elif size_bytes > _MSDOS_BYTES:
        problem = f"has {format_size(size_bytes)}; an msdos table reaches 2 TiB"
    else:
        return
    raise KickstartError(
        f"disk {shelf.name} {problem}",
        place=next((part.place for part in reversed(shelf.partitions) if part.place), None),
        hint="leave --disklabel=msdos away: GPT is the default",
    )


def _with_one_bootable(disk: Disk) -> Disk:
    """Return *disk* with at most one partition marked bootable: /boot before /."""
    marked = [part for part in disk.partitions if part.is_bootable]
    if len(marked) < 2:
        return disk
    keep = next(part.number for part in marked if part.title == "/boot")
    return attrs.evolve(
        disk,
        partitions=tuple(
            attrs.evolve(part, is_bootable=part.number == keep) for part in disk.partitions
        ),
    )


def _volume(
    part: PartitionRequest,
    disk: str,
    number: int,
    start: int,
    size: int,
    seed: str,
    identifier_bits: Mapping[str, int],
) -> Volume:
    filesystem = filesystem_of(part)
    purpose = f"volume {disk}/{number}"
    return Volume(
        filesystem=filesystem,
        disk=disk,
        offset_bytes=start,
        size_bytes=size,
        identifier=derive_identifier(seed, purpose, identifier_bits.get(filesystem, 128)),
        seed=derive_uuid(seed, f"{purpose} hash"),
        partition=number,
        mount_point=part.mount_point,
        label=part.label,
        options=part.options,
    )


def filesystem_of(part: PartitionRequest) -> str:
    """Return the filesystem backend that makes *part*."""
    if part.kind is PartitionKind.SWAP:
        return "swap"
    if part.kind is PartitionKind.EFI_SYSTEM:
        return "vfat"  # UEFI specification 2.10, section 13.3: the system partition is FAT
    return part.filesystem or "ext4"


def _sizes(shelf: _Shelf) -> list[int]:
    """Return the size in bytes of each partition; growing ones share what the disk has left."""
    sizes = [_asked_size(part) for part in shelf.partitions]
    if shelf.size_bytes is None:
        return sizes
    if shelf.size_bytes % SECTOR_BYTES:
        raise UsageError(
            f"--disk {shelf.name}: {shelf.size_bytes} bytes are no whole number of "
            f"{SECTOR_BYTES}-byte sectors"
        )
    # The last MiB is kept for the copy of a GPT (33 sectors, UEFI specification 5.3).
    room = round_down(shelf.size_bytes, ALIGNMENT_BYTES) - 2 * ALIGNMENT_BYTES
    left = room - sum(sizes)
    if left < 0:
        raise KickstartError(
            f"the partitions of disk {shelf.name} need {format_size(sum(sizes))}, which is "
            f"{format_size(-left)} more than its {format_size(shelf.size_bytes)} hold",
            place=next((p.place for p in reversed(shelf.partitions) if p.place), None),
            hint=f"give --disk {shelf.name}="
            f"{round_up(sum(sizes) + 2 * ALIGNMENT_BYTES, MIB) // MIB}MiB or more",
        )
    return _grown(shelf.partitions, sizes, left)


def _grown(parts: Sequence[PartitionRequest], sizes: list[int], left: int) -> list[int]:
    """Return *sizes* with *left* bytes given to growing partitions, by their sizes."""
    sizes = list(sizes)
    growing = {index for index, part in enumerate(parts) if part.grow}
    while growing and left >= ALIGNMENT_BYTES:
        total = sum(sizes[index] for index in growing)
        shares = {i: round_down(left * sizes[i] // total, ALIGNMENT_BYTES) for i in growing}
        if not any(shares.values()):
            shares[min(growing)] = round_down(left, ALIGNMENT_BYTES)
        for index in sorted(growing):
            limit = parts[index].max_size_bytes
            share = shares[index]
            if limit is not None and sizes[index] + share >= limit:
                share = max(0, round_down(limit - sizes[index], ALIGNMENT_BYTES))
                growing.discard(index)
            sizes[index] += share
            left -= share
    return sizes


def _asked_size(part: PartitionRequest) -> int:
    size = part.size_bytes or _DEFAULT_SIZES.get(part.kind)
    if size is None and part.grow:
        size = ALIGNMENT_BYTES
    if size is None:
        raise KickstartError(
            f"part {part.title} has no size",
            place=part.place,
            hint="add --size=MEBIBYTES, and --grow to use what is left of the disk",
        )
    return round_up(size, ALIGNMENT_BYTES)


def _notes(request: Request, shelves: tuple[_Shelf, ...]) -> tuple[Note, ...]:
    notes = [
        f"disk {shelf.name}: {shelf.known_as} of the kickstart, {shelf.reason}"
        for shelf in shelves
        if shelf.known_as
    ]
    notes += [
        f"disk {shelf.name} has no partitions: {shelf.reason}"
        for shelf in shelves
        if not shelf.partitions
    ]
    notes += [
        f"{part.title} on disk {shelf.name}: {part.reason}"
        for shelf in shelves
        for part in shelf.partitions
        if part.reason
    ]
    notes += [
        f"{part.title} does not grow: disk {shelf.name} has no size of its own (--disk "
        f"{shelf.name}=SIZE)"
        for shelf in shelves
        for part in shelf.partitions
        if part.grow and shelf.size_bytes is None
    ]
    notes += [
        f"package {name.name}: {name.reason}" for name in request.packages.wanted if name.reason
    ]
    return tuple(Note(message=text) for text in notes)
