"""Where the partitions of a disk lie, and what they are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

from applbuild.errors import KickstartError
from applbuild.identity import derive_hex, derive_identifier, derive_uuid
from applbuild.layout.shelves import Shelf
from applbuild.layout.sizes import ALIGNMENT_BYTES, sizes_of
from applbuild.model.plan import Disk, Partition, Volume
from applbuild.model.problem import Place
from applbuild.model.storage import PartitionKind, PartitionRequest
from applbuild.units import SECTOR_BYTES, format_size

_MSDOS_PARTITIONS = 4
_FIRST_LOGICAL = 5
# UEFI specification 2.10, section 5.3.2: room for 128 entries; as for msdos, the chain of
# logical partitions has no end, but tools stop to follow it (libparted at number 64).
_MOST_PARTITIONS = {"gpt": 128, "msdos": 60}
_MSDOS_BYTES = 2**32 * SECTOR_BYTES  # its sectors are counted in 32 bits


@attrs.frozen
class _Slot:
    """A partition with its number and its bytes; `part` is None for the extended one."""

    part: PartitionRequest | None
    number: int
    start: int
    size: int


def fill(
    shelf: Shelf, table: str, seed: str, identifier_bits: Mapping[str, int]
) -> tuple[Disk, list[Volume]]:
    """Return the disk with its partitions placed, and the volumes on it.

    Raises:
        KickstartError: they do not fit, or the table cannot describe them.
        UsageError: the disk's size cannot be.
    """
    if len(shelf.partitions) > _MOST_PARTITIONS.get(table, len(shelf.partitions)):
        raise KickstartError(
            f"disk {shelf.name} has {len(shelf.partitions)} partitions, and {table} tables are "
            f"made with up to {_MOST_PARTITIONS[table]}",
            place=_last_place(shelf),
            hint="put some of them on another disk, with --ondisk",
        )
    primary, logical = _divided(shelf) if table == "msdos" else (shelf.partitions, ())
    shelf = attrs.evolve(shelf, partitions=(*primary, *logical))
    # Before each logical partition lies the sector that describes it, and it is aligned, too.
    overhead = len(logical) * ALIGNMENT_BYTES
    sizes = sizes_of(shelf, overhead)
    size_bytes = shelf.size_bytes or sum(sizes) + overhead + 2 * ALIGNMENT_BYTES
    if table == "msdos" and size_bytes > _MSDOS_BYTES:
        raise _beyond_msdos(shelf, f"has {format_size(size_bytes)}; an msdos table reaches 2 TiB")
    slots = tuple(_slots(shelf.partitions, sizes, len(primary)))
    disk = Disk(
        name=shelf.name,
        size_bytes=size_bytes,
        table=table,
        identifier=derive_uuid(seed, f"disk {shelf.name}")
        if table == "gpt"
        else derive_hex(seed, f"disk {shelf.name}", 8),
        partitions=tuple(_partition(slot, shelf.name, seed) for slot in slots),
        known_as=shelf.known_as,
        reason=shelf.reason,
    )
    volumes = [
        _volume(slot, slot.part, shelf.name, seed, identifier_bits)
        for slot in slots
        if slot.part is not None and slot.part.kind is not PartitionKind.BIOS_BOOT
    ]
    return _with_one_bootable(disk), volumes


def _divided(
    shelf: Shelf,
) -> tuple[tuple[PartitionRequest, ...], tuple[PartitionRequest, ...]]:
    """Return the primary and the logical partitions of an msdos disk.

    Up to four are primary. Of more, those that ask for it and the first others
    make three, and all the rest lie inside the fourth, as blivet has it.
    """
    parts = shelf.partitions
    if len(parts) <= _MSDOS_PARTITIONS:
        return parts, ()
    asked = [part for part in parts if part.is_primary]
    most = _MSDOS_PARTITIONS - 1
    if len(asked) > most:
        raise _beyond_msdos(
            shelf,
            f"has {len(parts)} partitions, {len(asked)} of them --asprimary; beside an extended "
            f"partition an msdos table holds {most} primary ones",
        )
    others = [part for part in parts if not part.is_primary][: most - len(asked)]
    chosen = {id(part) for part in (*asked, *others)}
    return (
        tuple(part for part in parts if id(part) in chosen),
        tuple(part for part in parts if id(part) not in chosen),
    )


def _beyond_msdos(shelf: Shelf, problem: str) -> KickstartError:
    return KickstartError(
        f"disk {shelf.name} {problem}",
        place=_last_place(shelf),
        hint="leave --disklabel=msdos away: GPT is the default",
    )


def _last_place(shelf: Shelf) -> Place | None:
    return next((part.place for part in reversed(shelf.partitions) if part.place), None)


def _slots(
    parts: Sequence[PartitionRequest], sizes: Sequence[int], primaries: int
) -> Iterator[_Slot]:
    """Yield the partitions in their order; what comes after *primaries* lies in an extended one."""
    start = ALIGNMENT_BYTES
    for number, (part, size) in enumerate(zip(parts, sizes, strict=True), start=1):
        if number == primaries + 1:
            inside = sum(sizes[primaries:]) + len(sizes[primaries:]) * ALIGNMENT_BYTES
            yield _Slot(None, number, start, inside)
        if number > primaries:
            start += ALIGNMENT_BYTES
            yield _Slot(part, number - primaries + _FIRST_LOGICAL - 1, start, size)
        else:
            yield _Slot(part, number, start, size)
        start += size


def _partition(slot: _Slot, disk: str, seed: str) -> Partition:
    part = slot.part or PartitionRequest(kind=PartitionKind.EXTENDED)
    return Partition(
        number=slot.number,
        kind=part.kind,
        start_sector=slot.start // SECTOR_BYTES,
        size_sectors=slot.size // SECTOR_BYTES,
        identifier=derive_uuid(seed, f"partition {disk}/{slot.number}"),
        is_bootable=part.mount_point in ("/boot", "/"),
        title=part.title,
        reason=part.reason,
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
    slot: _Slot,
    part: PartitionRequest,
    disk: str,
    seed: str,
    identifier_bits: Mapping[str, int],
) -> Volume:
    filesystem = filesystem_of(part)
    purpose = f"volume {disk}/{slot.number}"
    return Volume(
        filesystem=filesystem,
        disk=disk,
        offset_bytes=slot.start,
        size_bytes=slot.size,
        identifier=derive_identifier(seed, purpose, identifier_bits.get(filesystem, 128)),
        seed=derive_uuid(seed, f"{purpose} hash"),
        partition=slot.number,
        mount_point=part.mount_point,
        label=part.label,
        options=part.options,
        bytes_per_inode=part.bytes_per_inode,
    )


def filesystem_of(part: PartitionRequest) -> str:
    """Return the filesystem backend that makes *part*."""
    if part.kind is PartitionKind.SWAP:
        return "swap"
    if part.kind is PartitionKind.EFI_SYSTEM:
        return "vfat"  # UEFI specification 2.10, section 13.3: the system partition is FAT
    return part.filesystem or "ext4"
