"""Values for tests of backends: small, whole, and decided the way a build decides them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs

from applbuild import (
    Appliance,
    Artifact,
    Boot,
    BootEntry,
    Disk,
    Firmware,
    Needs,
    PartitionKind,
    PartitionRequest,
    Plan,
    Ran,
    RawDisk,
    Request,
    Resolution,
    Run,
    Tree,
    disks,
    steps,
)
from applbuild.layout import lay_out
from applbuild.model.plan import Selection
from applbuild.model.request import BackendRequest
from applbuild.model.storage import DiskRequest
from applbuild.progress import silent as progress
from applbuild.run import Argument, built_environment
from applbuild.tree import make_tree
from applbuild.units import GIB, MIB

__all__ = [
    "EPOCH_SECONDS",
    "HOSTILE_NAMES",
    "TWO_DISKS",
    "Recorder",
    "appliance",
    "bootable_plan",
    "bootable_tree",
    "plan",
    "progress",
    "raw_disk",
    "request",
    "run",
    "tree",
]

EPOCH_SECONDS = 1_700_000_000
"""The newest time in an example: 2023-11-14 22:13:20 UTC."""
HOSTILE_NAMES = (
    "a&b <c> \"d\" 'e'",
    "päivää 日本 💾",
    "$HOME `id` $(id) \\ ;|*?",
    "a,b=c,,d",
    "]]> <!-- %s {0}",
)
"""Names that the command lets through, and that text formats stumble over."""
TWO_DISKS = {"os": 4 * GIB, "data": 1 * GIB}
_SYSTEM = (
    PartitionRequest(mount_point="/boot", size_bytes=256 * MIB, disk="os"),
    PartitionRequest(kind=PartitionKind.SWAP, size_bytes=128 * MIB, disk="os"),
    PartitionRequest(mount_point="/", size_bytes=GIB, grow=True, disk="os"),
    PartitionRequest(mount_point="/srv", size_bytes=512 * MIB, grow=True, disk="data"),
)


def request(
    *partitions: PartitionRequest, on: Mapping[str, int] | None = None, **changes: Any
) -> Request:
    """Return a request for *partitions*; without any, for a system on one disk, data on another.

    *on* are the disks and their sizes in bytes, *changes* any other fields.
    """
    sizes = TWO_DISKS if on is None and not partitions else on or {}
    values = {
        "name": "web",
        "kickstart": "web.ks",
        "digest": hashlib.sha256(b"web.ks").hexdigest(),
        "partitions": partitions or _SYSTEM,
        "disks": tuple(DiskRequest(name=name, size_bytes=size) for name, size in sizes.items()),
    }
    return Request(**{**values, **changes})


def plan(
    asked: Request | None = None,
    *,
    needs: Needs | None = None,
    resolution: Resolution | None = None,
    identifier_bits: Mapping[str, int] | None = None,
    **changes: Any,
) -> Plan:
    """Return the plan of *asked* (an example of its own without it), with *changes* made to it.

    *identifier_bits* is what filesystems say of themselves, by name.
    """
    nobody = BackendRequest(name="nobody")
    decided = lay_out(
        asked or request(),
        needs or Needs(),
        resolution or Resolution(newest_seconds=EPOCH_SECONDS),
        Selection(payload=nobody, partition=nobody, bootloader=nobody, formats=(nobody,)),
        identifier_bits=identifier_bits or {},
    )
    return attrs.evolve(decided, **changes)


def bootable_plan(
    loader: ModuleType, *, boot: bool = False, firmware: Firmware = Firmware.BOTH, **changes: Any
) -> Plan:
    """Return the plan of a small system that the boot loader backend *loader* is to start.

    With *boot* it has a /boot of its own; *changes* are as for `plan`.
    """
    wanted = [PartitionRequest(mount_point="/", size_bytes=64 * MIB)]
    if boot:
        wanted.insert(0, PartitionRequest(mount_point="/boot", size_bytes=64 * MIB))
    asked = request(*wanted, firmware=firmware)
    needs = loader.applbuild_needs(request=asked)
    return plan(asked, needs=needs, **changes)


def bootable_tree(folder: Path, *versions: str) -> Tree:
    """Return a system in *folder* with (empty) kernels of *versions*, an initramfs beside each."""
    root = folder / "root"
    (root / "boot/efi").mkdir(parents=True)
    for version in versions:
        (root / f"boot/vmlinuz-{version}").touch()
        (root / f"boot/initrd.img-{version}").touch()
    return Tree(root=root, folders=())


def raw_disk(disk: Disk, folder: Path) -> RawDisk:
    """Return *disk* as a new sparse file in *folder*, all zeros."""
    return disks.create(disk, folder)


def tree(decided: Plan, folder: Path) -> Tree:
    """Return an empty tree in *folder*, with a folder for each volume of the plan.

    They are not bound together: what is written below `root` is no part of them.
    """
    root = folder / "root"
    root.mkdir()
    return make_tree(decided, root, folder)


class Recorder(Run):
    """Runs nothing, and remembers in `seen` what it was to run, in the guest or on the host."""

    def __init__(self) -> None:
        super().__init__(environment=built_environment(EPOCH_SECONDS))
        # A Run is frozen: what is remembered goes around that.
        object.__setattr__(self, "seen", [])

    seen: list[list[str]]

    def __call__(self, argv: Sequence[Argument], **_: Any) -> Ran:
        """Remember *argv*; it printed nothing."""
        self.seen.append([str(word) for word in argv])
        return Ran(stdout="", stderr="")

    def guest(self, tree: Tree, argv: Sequence[Argument], **_: Any) -> Ran:
        """Remember *argv* behind the word `guest`; it printed nothing."""
        del tree
        self.seen.append(["guest", *(str(word) for word in argv)])
        return Ran(stdout="", stderr="")


def run(epoch_seconds: int = EPOCH_SECONDS) -> Run:
    """Return what runs commands, with the environment that a build gives them."""
    return Run(environment=built_environment(epoch_seconds))


def appliance(
    decided: Plan | None = None,
    *,
    formats: tuple[str, ...] = ("image",),
    described: str | None = None,
    **machine: Any,
) -> Appliance:
    """Return what a build of *decided* hands to a descriptor; no file of it is there.

    Every disk has a file `<appliance>-<disk>.<format>` in each of *formats*; the
    document is to name those of *described* (else the first). *machine* are
    fields of the machine to be other than the plan says.
    """
    decided = decided or plan()
    artifacts = tuple(_artifact(decided, disk, name) for name in formats for disk in decided.disks)
    boot = Boot(
        entries=(
            BootEntry(
                title="Linux 6.1.0-1",
                kernel="/boot/vmlinuz-6.1.0-1",
                initrd="/boot/initrd.img-6.1.0-1",
                arguments=(f"root=UUID={decided.holding('/').identifier}", "ro"),
            ),
        )
    )
    selection = attrs.evolve(
        decided.selection, formats=tuple(BackendRequest(name=name) for name in formats)
    )
    made = steps.assemble(attrs.evolve(decided, selection=selection), artifacts, boot)
    return attrs.evolve(
        made,
        machine=attrs.evolve(made.machine, **machine),
        described=described or formats[0],
    )


def _artifact(decided: Plan, disk: Disk, kind: str) -> Artifact:
    name = f"{decided.name}-{disk.name}.{kind}"
    return Artifact(
        disk=disk.name,
        format=kind,
        path=Path("/applbuild/output", name),
        size_bytes=len(name),
        sha256=hashlib.sha256(name.encode()).hexdigest(),
        virtual_bytes=disk.size_bytes,
    )
