"""The whole of it: disks, then sizes, then places and identifiers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from applbuild.errors import KickstartError
from applbuild.identity import seed_of
from applbuild.layout.partitions import fill
from applbuild.layout.shelves import Shelf, boot_disk_of, shelve, with_needed
from applbuild.model.plan import Needs, Note, Plan, Resolution, Selection
from applbuild.model.request import Request


def lay_out(
    request: Request,
    needs: Needs,
    resolution: Resolution,
    selection: Selection,
    *,
    identifier_bits: Mapping[str, int],
    epoch_seconds: int | None = None,
) -> Plan:
    """Return the plan of *request* (settled): every sector, identifier and name decided.

    *identifier_bits* says by filesystem how long its identifier is;
    *epoch_seconds* replaces the time of the newest package.

    Raises:
        KickstartError: the partitions do not fit, or what they ask contradicts itself.
        UsageError: the disks of the command line cannot be.
    """
    seed = _seed(request)
    shelves = shelve(request)
    boot_disk = boot_disk_of(shelves, request)
    table = _table(request, needs)
    shelves = with_needed(shelves, boot_disk, needs, table)
    disks, volumes = [], []
    for shelf in shelves:
        disk, held = fill(shelf, table, seed, identifier_bits)
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
        notes=tuple(Note(message=text) for text in _notes(request, shelves)),
    )


def _seed(request: Request) -> str:
    if request.seed is not None:
        return seed_of(request.seed)
    disks = (f"{disk.name}={disk.size_bytes}" for disk in request.disks)
    return seed_of(request.digest, *disks)


def _notes(request: Request, shelves: tuple[Shelf, ...]) -> Iterator[str]:
    for shelf in shelves:
        if shelf.known_as:
            yield f"disk {shelf.name}: {shelf.known_as} of the kickstart, {shelf.reason}"
        if not shelf.partitions:
            yield f"disk {shelf.name} has no partitions: {shelf.reason}"
        yield from _partition_notes(shelf)
    for name in request.packages.wanted:
        if name.reason:
            yield f"package {name.name}: {name.reason}"


def _partition_notes(shelf: Shelf) -> Iterator[str]:
    for part in shelf.partitions:
        if part.reason:
            yield f"{part.title} on disk {shelf.name}: {part.reason}"
        if part.grow and shelf.size_bytes is None:
            yield (
                f"{part.title} does not grow: disk {shelf.name} has no size of its own "
                f"(--disk {shelf.name}=SIZE)"
            )


def _table(request: Request, needs: Needs) -> str:
    """Return the kind of partition table: as asked for, else as needed, else GPT."""
    if request.table and needs.table and request.table != needs.table:
        raise KickstartError(
            f"the kickstart asks for a partition table of kind {request.table}; what was chosen "
            f"to make this image works with {needs.table} alone",
            hint="leave clearpart --disklabel out, or choose other backends",
        )
    return request.table or needs.table or "gpt"
