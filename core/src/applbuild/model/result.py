"""What the steps of a build hand on: trees, disks, and what is delivered."""

from __future__ import annotations

from pathlib import Path

import attrs

from applbuild.errors import KickstartError
from applbuild.model.plan import Disk, Plan, Volume
from applbuild.model.request import Firmware

_MOST_LINKS = 40  # as many as Linux follows (path_resolution(7))


@attrs.frozen(kw_only=True)
class Tree:
    """The installed system while it is made: one folder per filesystem, bound together at `root`.

    `root` is the whole system as its programs see it; `folders` are the parts,
    by volume, and none of them contains another.
    """

    root: Path
    folders: tuple[tuple[str, Path], ...]
    labels: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    """SELinux contexts by volume; filesystem backends set them, whatever the folders carry."""

    def folder(self, volume: Volume) -> Path:
        """Return the folder with the content of *volume*."""
        return dict(self.folders)[volume.name]

    def labels_of(self, volume: Volume) -> tuple[tuple[str, str], ...]:
        """Return the SELinux context of each path of *volume*, whose uppermost folder is `/`.

        Paths are as Python has them: bytes that are no UTF-8 are surrogates. Names of
        one file have one context.
        """
        return dict(self.labels).get(volume.name, ())

    def path(self, inside: str) -> Path:
        """Return where the system's absolute path *inside* leads on this host; it need not exist.

        The system's links are its own: one to /run means its /run, and none leads
        out of it.

        Raises:
            KickstartError: links go round in circles.
        """
        pending = [part for part in reversed(inside.split("/")) if part]
        here: list[str] = []
        links = 0
        while pending:
            part = pending.pop()
            candidate = self.root.joinpath(*here, part)
            if part == "..":
                here = here[:-1]
            elif candidate.is_symlink():
                links += 1
                if links > _MOST_LINKS:
                    raise KickstartError(f"{inside}: too many links in the installed system")
                target = str(candidate.readlink())
                here = [] if target.startswith("/") else here
                pending += (part for part in reversed(target.split("/")) if part not in ("", "."))
            elif part != ".":
                here.append(part)
        return self.root.joinpath(*here)


@attrs.frozen(kw_only=True)
class RawDisk:
    """A disk of the plan as a sparse file of exactly its size."""

    disk: Disk
    path: Path


@attrs.frozen(kw_only=True)
class Target:
    """Where a filesystem is to be made: bytes of a sparse file."""

    path: Path
    offset_bytes: int
    size_bytes: int


@attrs.frozen(kw_only=True)
class BootEntry:
    """One kernel that the appliance can start; paths as the system sees them."""

    title: str
    kernel: str
    initrd: str | None
    arguments: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Boot:
    """What a boot loader put into the tree."""

    entries: tuple[BootEntry, ...] = ()
    stand_ins: tuple[tuple[str, str], ...] = ()
    """Scripts (by path) that take the place of programs which cannot work before the system
    runs, while %post scripts run; the boot loader itself is brought up to date after them."""


@attrs.frozen(kw_only=True)
class Output:
    """A format to write, with the backend's own options class filled in."""

    format: str
    options: object
    name: str
    """The file's name without its extension."""
    seed: str
    """64 hexadecimal digits for whatever in the format is random."""


@attrs.frozen(kw_only=True)
class Artifact:
    """A delivered disk image."""

    disk: str
    format: str
    """The backend's name, e.g. `vmdk`."""
    variant: str = ""
    """What the backend made of its options, e.g. `streamOptimized`."""
    path: Path
    size_bytes: int
    """Of the file."""
    sha256: str
    virtual_bytes: int
    """Of the disk inside."""


@attrs.frozen(kw_only=True)
class MachineDisk:
    """A disk of the machine; `Appliance.artifact` has its file."""

    name: str
    size_bytes: int
    is_boot: bool


@attrs.frozen(kw_only=True)
class Machine:
    """The virtual machine: one value for every descriptor and launcher."""

    architecture: str
    vcpus: int
    memory_bytes: int
    firmware: Firmware
    disks: tuple[MachineDisk, ...]
    """In boot order: the disk that boots is the first."""
    nics: int = 1
    has_graphics: bool = True


@attrs.frozen(kw_only=True)
class Appliance:
    """What was built, for descriptors."""

    name: str
    machine: Machine
    artifacts: tuple[Artifact, ...]
    """Every file of every format."""
    described: str
    """The format (as typed after --format) that a descriptor is to name."""
    boot: Boot = Boot()
    description: str = ""

    def artifact(self, disk: str) -> Artifact:
        """Return the file of *disk* that a descriptor names."""
        return next(a for a in self.artifacts if a.disk == disk and a.format == self.described)


@attrs.frozen(kw_only=True)
class Document:
    """A file that a descriptor writes beside the images."""

    name: str
    content: str


@attrs.frozen(kw_only=True)
class Made:
    """What a filesystem backend made, and how many bytes of it are used."""

    volume: Volume
    used_bytes: int


__all__ = [
    "Appliance",
    "Artifact",
    "Boot",
    "BootEntry",
    "Document",
    "Machine",
    "MachineDisk",
    "Made",
    "Output",
    "Plan",
    "RawDisk",
    "Target",
    "Tree",
]
