"""What the kickstart leaves to be worked out: an automatic layout, the size of swap."""

from __future__ import annotations

import attrs

from applbuild.errors import KickstartError
from applbuild.model.request import Request
from applbuild.model.storage import AutomaticLayout, PartitionKind, PartitionRequest, SwapSize
from applbuild.units import GIB, MIB, round_up

# Of a new installation by Anaconda (default_partitioning of anaconda.conf, and its platforms).
_BOOT_BYTES = GIB
_ROOT_BYTES = GIB
_MOST_ROOT_BYTES = 70 * GIB
_HOME_BYTES = 500 * MIB
_HOME_FROM_BYTES = 50 * GIB
_WHY = "autopart"


def settle(request: Request) -> Request:
    """Return *request*, its disks and memory known, with partitions and swap sizes worked out.

    Backends look at partitions, so this comes before they are asked; the rest
    is `lay_out`.

    Raises:
        KickstartError: there is no disk to divide.
    """
    if request.automatic is not None:
        partitions = (*_automatic(request, request.automatic), *request.partitions)
        request = attrs.evolve(request, partitions=partitions, automatic=None)
    if request.has_boot_partition and all(p.mount_point != "/boot" for p in request.partitions):
        boot = PartitionRequest(
            mount_point="/boot", size_bytes=_BOOT_BYTES, reason="reqpart --add-boot"
        )
        request = attrs.evolve(request, partitions=(boot, *request.partitions))
    space = sum(disk.size_bytes or 0 for disk in request.disks) or None
    return attrs.evolve(
        request,
        partitions=tuple(
            attrs.evolve(
                part,
                size_bytes=swap_bytes(request.memory_bytes, part.swap_size, space),
                swap_size=None,
            )
            if part.swap_size is not None
            else part
            for part in request.partitions
        ),
    )


def _automatic(request: Request, asked: AutomaticLayout) -> tuple[PartitionRequest, ...]:
    """Return the partitions of `autopart --type=plain`; / is the last, so that it can grow."""
    if not request.disks or request.disks[0].size_bytes is None:
        raise KickstartError(
            "autopart divides a disk, and none has a size",
            place=asked.place,
            hint="give one with --disk sda=SIZE, e.g. --disk sda=10GiB",
        )
    has_home = asked.has_home and request.disks[0].size_bytes >= _HOME_FROM_BYTES
    parts = []
    if asked.has_boot:
        parts.append(PartitionRequest(mount_point="/boot", size_bytes=_BOOT_BYTES))
    if asked.swap_size is not None:
        parts.append(PartitionRequest(kind=PartitionKind.SWAP, swap_size=asked.swap_size))
    if has_home:
        parts.append(PartitionRequest(mount_point="/home", size_bytes=_HOME_BYTES, grow=True))
    parts.append(
        PartitionRequest(
            mount_point="/",
            size_bytes=_ROOT_BYTES,
            grow=True,
            max_size_bytes=_MOST_ROOT_BYTES if has_home else None,
        )
    )
    return tuple(
        attrs.evolve(
            part,
            filesystem=None if part.kind is PartitionKind.SWAP else asked.filesystem,
            reason=_WHY,
            place=asked.place,
        )
        for part in parts
    )


def swap_bytes(memory_bytes: int, rule: SwapSize, disk_bytes: int | None) -> int:
    """Return how much swap a machine with *memory_bytes* wants, in whole MiB.

    As Anaconda's suggest_swap_size (pyanaconda/core/storage.py): a share of the
    memory, more of it for hibernation, and otherwise at most a tenth of the disks.
    """
    if memory_bytes < 2 * GIB:
        size = 2 * memory_bytes
    elif memory_bytes < 8 * GIB:
        size = memory_bytes
    elif memory_bytes < 64 * GIB:
        size = memory_bytes // 2
    else:
        size = 32 * GIB
    if rule is SwapSize.HIBERNATION and memory_bytes <= 64 * GIB:
        size += memory_bytes
    elif rule is SwapSize.RECOMMENDED and disk_bytes is not None:
        size = min(size, disk_bytes // 10)
    return round_up(size, MIB)
