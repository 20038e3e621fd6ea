"""Everything decided, nothing done: every sector, identifier and name of the appliance."""

from __future__ import annotations

import attrs

from applbuild.model.problem import Problem
from applbuild.model.request import (
    BackendRequest,
    BootRequest,
    Firmware,
    PackageName,
    PackageSelection,
    Script,
)
from applbuild.model.settings import Settings
from applbuild.model.storage import PartitionKind, PartitionRequest
from applbuild.units import SECTOR_BYTES


@attrs.frozen(kw_only=True)
class Needs:
    """What a backend wants of the rest of the build."""

    packages: tuple[tuple[str, tuple[PackageName, ...]], ...] = ()
    """Packages by family, `deb` or `rpm`."""
    drivers: tuple[str, ...] = ()
    """Kernel modules that the initramfs must carry."""
    arguments: tuple[str, ...] = ()
    """Kernel command line."""
    table: str | None = None
    """The only partition table it can work with."""
    partitions: tuple[PartitionRequest, ...] = ()
    """Partitions it needs on the disk that holds /boot, unless the kickstart has them."""
    problems: tuple[Problem, ...] = ()

    def of_family(self, family: str) -> tuple[PackageName, ...]:
        """Return the packages wanted where *family* (`deb`, `rpm`) is installed."""
        return tuple(name for kind, names in self.packages if kind == family for name in names)


@attrs.frozen(kw_only=True)
class Package:
    """One package as the archive has it; sizes in bytes."""

    name: str
    version: str
    architecture: str
    download_bytes: int
    installed_bytes: int
    url: str = ""
    sha256: str = ""
    reason: str = ""


@attrs.frozen(kw_only=True)
class Resolution:
    """The exact software that will be installed."""

    packages: tuple[Package, ...] = ()
    installed_bytes: int = 0
    newest_seconds: int = 0
    """The time of the newest part of it, in seconds since 1970."""
    digest: str = ""
    """Changes whenever the software does."""
    summary: str = ""
    """Where it comes from, in one line for people."""


@attrs.frozen(kw_only=True)
class Partition:
    """A partition; sectors are of 512 bytes."""

    number: int
    kind: PartitionKind
    start_sector: int
    size_sectors: int
    identifier: str
    """The GPT partition GUID."""
    is_bootable: bool = False
    title: str = ""
    reason: str = ""

    @property
    def offset_bytes(self) -> int:
        """Where the partition starts."""
        return self.start_sector * SECTOR_BYTES

    @property
    def size_bytes(self) -> int:
        """How large the partition is."""
        return self.size_sectors * SECTOR_BYTES


@attrs.frozen(kw_only=True)
class Disk:
    """An output disk."""

    name: str
    size_bytes: int
    table: str
    """`gpt` or `msdos`."""
    identifier: str
    """The disk GUID of a GPT; the eight hexadecimal digits of an msdos signature."""
    partitions: tuple[Partition, ...] = ()
    known_as: str | None = None
    """The kickstart's name for it (`--ondisk`), where it is another one."""
    reason: str = ""


@attrs.frozen(kw_only=True)
class Volume:
    """Bytes with a place: where one filesystem (or swap) lies, and what it is called."""

    filesystem: str
    disk: str
    offset_bytes: int
    size_bytes: int
    identifier: str
    """What the system finds it by: the UUID of /etc/fstab."""
    seed: str
    """A UUID for whatever else in it is random (directory hashes)."""
    partition: int
    mount_point: str | None = None
    label: str | None = None
    options: tuple[str, ...] = ()
    bytes_per_inode: int | None = None
    """How much of it there is for each inode; None for what is usual."""

    @property
    def name(self) -> str:
        """What tells it from every other volume of the plan."""
        return f"{self.disk}/{self.partition}"


@attrs.frozen(kw_only=True)
class Selection:
    """The backends of this build."""

    payload: BackendRequest
    partition: BackendRequest
    bootloader: BackendRequest | None
    formats: tuple[BackendRequest, ...]
    filesystems: tuple[str, ...] = ()
    descriptors: tuple[BackendRequest, ...] = ()

    @property
    def backends(self) -> tuple[tuple[str, BackendRequest], ...]:
        """Every backend with its role; options of a descriptor that the core reads are left out."""
        loader = (("bootloader", self.bootloader),) if self.bootloader else ()
        described = (
            attrs.evolve(item, options=tuple(pair for pair in item.options if pair[0] != "format"))
            for item in self.descriptors
        )
        return (
            ("payload", self.payload),
            ("partition", self.partition),
            *loader,
            *(("filesystem", BackendRequest(name=name)) for name in self.filesystems),
            *(("format", item) for item in self.formats),
            *(("descriptor", item) for item in described),
        )


@attrs.frozen(kw_only=True)
class Note:
    """Something that was decided for the user, and why."""

    message: str


@attrs.frozen(kw_only=True)
class Plan:
    """The whole appliance, decided. Compares, prints and goes through JSON."""

    name: str
    kickstart: str
    architecture: str
    seed: str
    """64 hexadecimal digits; every identifier is derived from it."""
    epoch_seconds: int
    """No time in the images is later than this."""
    disks: tuple[Disk, ...]
    volumes: tuple[Volume, ...]
    boot_disk: str
    """The disk that firmware starts: it has boot code, and /boot unless another is asked for."""
    firmware: Firmware
    memory_bytes: int
    vcpus: int
    nics: int
    settings: Settings
    boot: BootRequest
    scripts: tuple[Script, ...]
    has_script_network: bool
    packages: PackageSelection
    drivers: tuple[str, ...]
    arguments: tuple[str, ...]
    resolution: Resolution
    selection: Selection
    notes: tuple[Note, ...] = ()

    def disk(self, name: str) -> Disk:
        """Return the disk called *name*."""
        return next(disk for disk in self.disks if disk.name == name)

    @property
    def mounts(self) -> tuple[Volume, ...]:
        """The mounted volumes, parents before what lies inside them."""
        return tuple(
            sorted((v for v in self.volumes if v.mount_point), key=lambda v: str(v.mount_point))
        )

    def holding(self, path: str) -> Volume:
        """Return the volume that *path* (absolute, in the system) lies on."""
        inside = [v for v in self.mounts if _is_inside(path, str(v.mount_point))]
        return inside[-1]


def _is_inside(path: str, mount_point: str) -> bool:
    return mount_point == "/" or path == mount_point or path.startswith(f"{mount_point}/")
