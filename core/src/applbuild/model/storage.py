"""Disks and partitions as the user asked for them."""

from __future__ import annotations

from enum import Enum

import attrs

from applbuild.model.problem import Place


class PartitionKind(Enum):
    """What a partition is for; the partition table says so too."""

    LINUX = "linux"
    SWAP = "swap"
    BIOS_BOOT = "bios-boot"
    EFI_SYSTEM = "efi-system"
    EXTENDED = "extended"
    """Of an msdos table: it holds the logical partitions, which follow it in the plan."""


class SwapSize(Enum):
    """How the size of swap is worked out where the kickstart gives none."""

    RECOMMENDED = "recommended"
    HIBERNATION = "hibernation"


@attrs.frozen(kw_only=True)
class DiskRequest:
    """A disk named on the command line; its size is None where only a name was given."""

    name: str
    size_bytes: int | None = None


@attrs.frozen(kw_only=True)
class PartitionRequest:
    """One `part` line, or a partition that a backend needs (then `reason` says why)."""

    kind: PartitionKind = PartitionKind.LINUX
    mount_point: str | None = None
    filesystem: str | None = None
    size_bytes: int | None = None
    grow: bool = False
    max_size_bytes: int | None = None
    percent: int | None = None
    """Its size as a share of what the partitions with a size of their own leave of the disk."""
    swap_size: SwapSize | None = None
    """How its size is worked out, before it is laid out."""
    bytes_per_inode: int | None = None
    """How much of it there is for each inode, in a filesystem with a number of them."""
    is_primary: bool = False
    """Whether it must not be a logical one where the table has such."""
    label: str | None = None
    options: tuple[str, ...] = ()
    disk: str | None = None
    place: Place | None = None
    reason: str = ""

    @property
    def title(self) -> str:
        """How messages call this partition."""
        return self.mount_point or self.kind.value


@attrs.frozen(kw_only=True)
class AutomaticLayout:
    """The `autopart` line: which partitions are to be there, besides /."""

    filesystem: str | None = None
    has_boot: bool = True
    has_home: bool = True
    """Where the disk is large enough."""
    swap_size: SwapSize | None = SwapSize.RECOMMENDED
    """None for no swap."""
    place: Place | None = None
