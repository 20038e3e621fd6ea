"""Making one volume in a build's room, for tests: what goes in, and what must stay outside."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import attrs

from applbuild import Made, Plan, Target, Volume, data_extents
from applbuild.backends import Backends
from applbuild.room import OUTPUT, WORK
from applbuild.testing import examples
from applbuild.testing.trees import (
    Entry,
    Keeps,
    entries,
    label_as_a_host_does,
    noise,
    sample_labels,
    write_sample,
)

_PIECE_BYTES = 4096

Content = Literal["sample", "nothing"] | int
"""What a volume is filled with: the sample, or so many bytes in one file."""


@attrs.frozen(kw_only=True)
class Order:
    """One volume to make in a room, from what, and as which file of the room's OUTPUT."""

    volume: Volume
    plan: Plan
    keeps: Keeps
    content: Content
    file: str
    is_labelled: bool = False
    """Whether the system's policy has SELinux labels for what is in it."""
    is_of_labelling_host: bool = False
    """Whether the kernel that builds labels files, too."""


@attrs.frozen(kw_only=True)
class Outcome:
    """What making a volume came to."""

    source: Mapping[str, Entry]
    """What it was filled from."""
    labels: Mapping[str, str]
    """The SELinux contexts that it was to set, by the same names."""
    made: Made
    outside_before: str
    """Digest of the disk outside of the target."""
    outside_after: str


def make_in_room(send: object, order: Order) -> Outcome:
    """Fill a folder, make the volume of *order* from it on a new disk, and cut it out."""
    del send
    volume, plan, backends = order.volume, order.plan, Backends()
    tree = examples.tree(plan, WORK)
    folder = tree.folder(volume)
    if order.content == "sample":
        write_sample(folder, order.keeps)
    elif isinstance(order.content, int):
        (folder / "large").write_bytes(noise(order.content))
    source, own = entries(folder), backends.info("filesystem", volume.filesystem).own_folders
    labels = sample_labels(source, own) if order.is_labelled else {}
    if order.is_of_labelling_host:
        label_as_a_host_does(folder)
    paths = {name: "/" if name == "." else f"/{name}" for name in labels}
    of_volume = tuple((paths[name], context) for name, context in sorted(labels.items()))
    tree = attrs.evolve(tree, labels=((volume.name, of_volume),))
    disk = examples.raw_disk(plan.disk(volume.disk), WORK)
    target = Target(path=disk.path, offset_bytes=volume.offset_bytes, size_bytes=volume.size_bytes)
    _write_canaries(target, disk.disk.size_bytes)
    before = _outside(target)
    made = backends.call(
        "applbuild_make_filesystem",
        "filesystem",
        volume.filesystem,
        volume=volume,
        tree=tree,
        target=target,
        plan=plan,
        run=examples.run(plan.epoch_seconds),
        progress=examples.progress(),
    )
    after = _outside(target)
    _cut_out(target, OUTPUT / order.file)
    return Outcome(
        source=source, labels=labels, made=made, outside_before=before, outside_after=after
    )


def _write_canaries(target: Target, disk_bytes: int) -> None:
    end = target.offset_bytes + target.size_bytes
    with target.path.open("r+b") as file:
        for offset in (0, target.offset_bytes - _PIECE_BYTES, end, disk_bytes - _PIECE_BYTES):
            file.seek(offset)
            file.write(noise(_PIECE_BYTES))


def _outside(target: Target) -> str:
    """Return a digest of the size of the target's file and of the data around the target."""
    known = hashlib.sha256()
    inside = range(target.offset_bytes, target.offset_bytes + target.size_bytes)
    with target.path.open("rb") as file:
        size = file.seek(0, 2)
        known.update(str(size).encode())
        for start, end in data_extents(file.fileno(), size):
            at = start
            while at < end:
                if at in inside:
                    at = inside.stop
                    continue
                file.seek(at)
                piece = file.read(min(_PIECE_BYTES - at % _PIECE_BYTES, end - at))
                if piece.strip(b"\0"):
                    known.update(f"@{at}:".encode() + piece)
                at += len(piece)
    return known.hexdigest()


def _cut_out(target: Target, image: Path) -> None:
    """Copy the target's bytes into the new file *image*, holes staying holes."""
    end_of_target = target.offset_bytes + target.size_bytes
    with target.path.open("rb") as source, image.open("xb") as copy:
        copy.truncate(target.size_bytes)
        for start, end in data_extents(source.fileno(), end_of_target):
            first = max(start, target.offset_bytes)
            if first >= end:
                continue
            source.seek(first)
            copy.seek(first - target.offset_bytes)
            copy.write(source.read(end - first))
