"""What the user asked for, in the user's terms."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from urllib.parse import unquote, urlsplit

import attrs

from applbuild.model.problem import Place, Problem
from applbuild.model.settings import Settings
from applbuild.model.storage import AutomaticLayout, DiskRequest, PartitionRequest


@attrs.frozen(kw_only=True)
class Source:
    """Where software comes from: one `url`, `repo` or `liveimg` line."""

    command: str
    url: str
    name: str | None = None
    options: tuple[tuple[str, str], ...] = ()
    place: Place | None = None

    @property
    def local_path(self) -> Path | None:
        """The file or folder of this host that it names, if it does."""
        return _local(self.url)

    @property
    def local_paths(self) -> tuple[Path, ...]:
        """Every file or folder of this host that it names: what it is, and certificates.

        Of an address with variables ($releasever) it is the folder above them.
        """
        said = (self.url, *(value for _, value in self.options))
        values = (
            text.partition("$")[0].rpartition("/")[0] if "$" in text else text for text in said
        )
        paths = (_local(value) for value in values)
        return tuple(path for path in paths if path and path.is_absolute() and path.name)


def _local(url: str) -> Path | None:
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


@attrs.frozen(kw_only=True)
class PackageName:
    """A name, glob or @group of `%packages`, or one that a backend needs.

    `a|b` in an added name means the first that the archive has.
    """

    name: str
    place: Place | None = None
    reason: str = ""
    options: tuple[str, ...] = ()
    """Of a @group: `--nodefaults`, `--optional`."""


@attrs.frozen(kw_only=True)
class ModuleStream:
    """A `module` line: which stream of a module packages are taken from."""

    name: str
    stream: str = ""
    """Empty for the usual one."""
    is_disabled: bool = False
    place: Place | None = None


@attrs.frozen(kw_only=True)
class PackageSelection:
    """The `%packages` section: what to install, what to leave out, and how."""

    wanted: tuple[PackageName, ...] = ()
    unwanted: tuple[PackageName, ...] = ()
    modules: tuple[ModuleStream, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    place: Place | None = None


@attrs.frozen(kw_only=True)
class BootRequest:
    """The `bootloader` line."""

    arguments: tuple[str, ...] = ()
    timeout_seconds: int = 5
    is_installed: bool = True
    has_boot_code: bool = True
    """Whether code for a BIOS is written to the disk."""
    disk: str | None = None
    """The disk that the machine is to start from, as the kickstart names it."""
    uses_extlinux: bool = False
    place: Place | None = None


@attrs.frozen(kw_only=True)
class Script:
    """One script section of the kickstart."""

    section: str
    body: str
    interpreter: str = "/bin/sh"
    is_in_guest: bool = True
    is_fatal: bool = False
    log: str | None = None
    """The file that its output goes to: in the system, or outside of it as the script runs."""
    place: Place


class Firmware(Enum):
    """What starts the machine."""

    BIOS = "bios"
    UEFI = "uefi"
    BOTH = "both"

    @property
    def has_bios(self) -> bool:
        """Whether the image must start on a BIOS."""
        return self is not Firmware.UEFI

    @property
    def has_uefi(self) -> bool:
        """Whether the image must start on UEFI."""
        return self is not Firmware.BIOS


@attrs.frozen(kw_only=True)
class BackendRequest:
    """A backend as the user typed it: `vmdk,subformat=streamOptimized`."""

    name: str
    options: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return ",".join([self.name, *(f"{key}={value}" for key, value in self.options)])


@attrs.frozen(kw_only=True)
class Request:
    """Everything the kickstart and the command line ask for."""

    name: str
    kickstart: str
    digest: str
    """SHA-256 of the normalised kickstart text; with the disks it makes the seed."""
    architecture: str = "x86_64"
    disks: tuple[DiskRequest, ...] = ()
    disk_names: tuple[str, ...] = ()
    """Disks that the kickstart names besides those of partitions, in order."""
    ignored_disks: tuple[str, ...] = ()
    partitions: tuple[PartitionRequest, ...] = ()
    automatic: AutomaticLayout | None = None
    """Partitions to be worked out, before they are laid out."""
    has_boot_partition: bool = False
    """Whether a /boot is to be there though no line asks for it."""
    table: str | None = None
    sources: tuple[Source, ...] = ()
    packages: PackageSelection = PackageSelection()
    settings: Settings = attrs.field(factory=Settings)
    boot: BootRequest = BootRequest()
    scripts: tuple[Script, ...] = ()
    has_script_network: bool = False
    firmware: Firmware = Firmware.BOTH
    memory_bytes: int = 1024 * 1024 * 1024
    vcpus: int = 1
    nics: int = 1
    seed: str | None = None
    problems: tuple[Problem, ...] = ()
    """What reading the kickstart had to say."""
