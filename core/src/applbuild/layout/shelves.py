"""Which partition goes to which output disk."""

from __future__ import annotations

import re
from collections.abc import Sequence

import attrs

from applbuild.errors import KickstartError
from applbuild.model.plan import Needs
from applbuild.model.problem import Place
from applbuild.model.request import Request
from applbuild.model.storage import DiskRequest, PartitionKind, PartitionRequest

DEFAULT_DISK = "sda"


@attrs.frozen(kw_only=True)
class Shelf:
    """An output disk and the partitions that go to it, in order."""

    name: str
    size_bytes: int | None
    known_as: str | None
    reason: str
    partitions: tuple[PartitionRequest, ...] = ()


def shelve(request: Request) -> tuple[Shelf, ...]:
    """Bind the kickstart's disk names to the output disks, and each partition to one.

    Raises:
        KickstartError: a partition is to be on a disk that there is not, or may not be used.
    """
    names = _names(request)
    if not request.disks:
        names = names or request.disk_names[:1] or (DEFAULT_DISK,)
        _refuse_paths(names, request)
        asked = tuple(DiskRequest(name=name) for name in names)
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
            Shelf(
                name=disk.name,
                size_bytes=disk.size_bytes,
                known_as=name if name != disk.name else None,
                reason=why if held else "nothing is asked to be on it",
                partitions=held,
            )
        )
    return tuple(shelves)


def _names(request: Request) -> tuple[str, ...]:
    """Return the disks that the kickstart puts something on, by its own names."""
    for part in request.partitions:
        if part.disk in request.ignored_disks:
            raise KickstartError(
                f"--ondisk={part.disk}: ignoredisk says that this disk is not to be used",
                place=part.place,
                hint="name it in neither, or in only one of the two",
            )
    names = [part.disk for part in request.partitions if part.disk]
    return tuple(dict.fromkeys([*names, *([request.boot.disk] if request.boot.disk else [])]))


def _refuse_paths(names: Sequence[str], request: Request) -> None:
    """Raise KickstartError for a name that an output disk cannot have, e.g. disk/by-id/x."""
    for name in names:
        if "/" in name or not name.isprintable() or name.startswith((".", "-")):
            option, place = _namer(name, request)
            raise KickstartError(
                f"{option}={name} cannot be the name of an output disk",
                place=place,
                hint="give the disks names and sizes with --disk NAME=SIZE; the kickstart's are "
                "bound to them in their order",
            )


def _bind(
    names: Sequence[str], disks: Sequence[str], request: Request
) -> dict[str, tuple[str, str]]:
    """Return for each name of the kickstart its disk and how it was found: by name, else position.

    The position of sdb, vdb or hdb is the second; of any other name, the next that is free.
    """
    bound = {name: (name, "by name") for name in names if name in disks}
    free = {place: disk for place, disk in enumerate(disks) if disk not in bound}
    others = [name for name in names if name not in bound]
    for name in sorted(others, key=lambda name: lettered(name) is None):
        place = lettered(name)
        if place not in free:
            place = min(free, default=None)
        if place is None:
            option, where = _namer(name, request)
            raise KickstartError(
                f"{option}={name} has no disk: {len(names)} disks are named in the kickstart and "
                f"{len(disks)} with --disk",
                place=where,
                hint=f"add --disk {name}=SIZE, or give fewer {option} names",
            )
        bound[name] = (free.pop(place), "by position")
    return bound


def _namer(name: str, request: Request) -> tuple[str, Place | None]:
    """Return the option that names the disk *name*, and where."""
    part = next((part for part in request.partitions if part.disk == name), None)
    return ("--ondisk", part.place) if part else ("--boot-drive", request.boot.place)


def lettered(name: str) -> int | None:
    """Return the place that a kernel's disk name counts to: 0 for sda, 1 for vdb."""
    match = re.fullmatch(r"(?:/dev/)?(?:sd|hd|vd|xvd)([a-z])", name)
    return ord(match[1]) - ord("a") if match else None


def boot_disk_of(shelves: tuple[Shelf, ...], request: Request) -> str:
    """Return the disk that firmware starts: the kickstart's choice, else the one with /boot.

    Raises:
        KickstartError: there is no partition for /.
    """
    holders = {part.mount_point: shelf.name for shelf in shelves for part in shelf.partitions}
    if "/" not in holders:
        raise KickstartError(
            f"{request.kickstart} has no partition for /",
            hint="add a line like: part / --size=2000 --grow",
        )
    asked = request.boot.disk
    chosen = (shelf.name for shelf in shelves if asked == (shelf.known_as or shelf.name))
    return next(chosen, holders.get("/boot", holders["/"]))


def with_needed(
    shelves: tuple[Shelf, ...], boot_disk: str, needs: Needs, table: str
) -> tuple[Shelf, ...]:
    """Return the disks with the partitions that backends need, first on the boot disk."""
    added = [part for part in needs.partitions if not _has(shelves, boot_disk, part, table)]
    return tuple(
        attrs.evolve(shelf, partitions=(*added, *shelf.partitions))
        if shelf.name == boot_disk
        else shelf
        for shelf in shelves
    )


def _has(shelves: tuple[Shelf, ...], boot_disk: str, part: PartitionRequest, table: str) -> bool:
    """Return whether the kickstart has *part* already, or the table has no use for it."""
    if part.kind is PartitionKind.BIOS_BOOT:
        # It is a notion of GPT; an msdos disk has the gap before the first partition. And boot
        # code is read from the boot disk alone.
        if table != "gpt":
            return True
        shelves = tuple(shelf for shelf in shelves if shelf.name == boot_disk)
    return any(have.kind is part.kind for shelf in shelves for have in shelf.partitions)
