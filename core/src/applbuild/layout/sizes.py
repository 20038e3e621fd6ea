"""How large every partition of a disk becomes."""

from __future__ import annotations

from collections.abc import Sequence

from applbuild.errors import KickstartError, UsageError
from applbuild.layout.shelves import Shelf
from applbuild.model.storage import PartitionKind, PartitionRequest
from applbuild.units import MIB, SECTOR_BYTES, format_size, round_down, round_up

ALIGNMENT_BYTES = MIB
"""Partitions start at multiples of it; it also leaves the first one room for a boot loader."""
_DEFAULT_SIZES = {PartitionKind.BIOS_BOOT: MIB, PartitionKind.EFI_SYSTEM: 64 * MIB}


def sizes_of(shelf: Shelf, overhead_bytes: int) -> list[int]:
    """Return the size in bytes of each partition; growing ones share what the disk has left.

    *overhead_bytes* is what the table needs between partitions.

    Raises:
        KickstartError: they do not fit, or one has no size.
        UsageError: the disk's size is no whole number of sectors.
    """
    parts = shelf.partitions
    if shelf.size_bytes is None:
        return [_asked_size(part, shelf) for part in parts]
    if shelf.size_bytes % SECTOR_BYTES:
        raise UsageError(
            f"--disk {shelf.name}: {shelf.size_bytes} bytes are no whole number of "
            f"{SECTOR_BYTES}-byte sectors"
        )
    # The last MiB is kept for the copy of a GPT (33 sectors, UEFI specification 5.3).
    room = round_down(shelf.size_bytes, ALIGNMENT_BYTES) - 2 * ALIGNMENT_BYTES - overhead_bytes
    fixed = sum(_asked_size(part, shelf) for part in parts if part.percent is None)
    sizes = [
        _asked_size(part, shelf)
        if part.percent is None
        else max(ALIGNMENT_BYTES, round_down((room - fixed) * part.percent // 100, ALIGNMENT_BYTES))
        for part in parts
    ]
    left = room - sum(sizes)
    if left < 0:
        needed = round_up(sum(sizes) + 2 * ALIGNMENT_BYTES + overhead_bytes, MIB)
        raise KickstartError(
            f"the partitions of disk {shelf.name} need {format_size(sum(sizes))}, which is "
            f"{format_size(-left)} more than its {format_size(shelf.size_bytes)} hold",
            place=next((p.place for p in reversed(parts) if p.place), None),
            hint=f"give --disk {shelf.name}={needed // MIB}MiB or more",
        )
    return _grown(parts, sizes, left)


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


def _asked_size(part: PartitionRequest, shelf: Shelf) -> int:
    if part.percent is not None:
        raise KickstartError(
            f"part {part.title} --percent={part.percent}: disk {shelf.name} has no size of its own",
            place=part.place,
            hint=f"give it one with --disk {shelf.name}=SIZE",
        )
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
