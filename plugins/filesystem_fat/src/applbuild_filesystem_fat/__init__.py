"""FAT filesystems, made by dosfstools and filled by mtools, without a mount."""

from __future__ import annotations

import os
from pathlib import Path

from applbuild import (
    BackendInfo,
    KickstartError,
    Made,
    Plan,
    Run,
    Target,
    Tool,
    ToolError,
    Tree,
    Volume,
    format_shortage,
    hookimpl,
)
from applbuild_filesystem_fat.content import refuse_foreign

_SECTOR_BYTES = 512
_MOST_HIDDEN = 2**32 - 1
_MIB = 1024 * 1024
# From which size on: the kind of FAT and its sectors in a cluster. mkfs.vfat would choose by the
# size of the whole file. The kind follows from the count of clusters: FAT16 has at least 4085 of
# them, FAT32 65525 (Microsoft, "FAT: General Overview of On-Disk Format" 1.03, "FAT Type
# Determination").
_KINDS = (
    (8192 * _MIB, 32, 16),
    (260 * _MIB, 32, 8),
    (34 * _MIB, 32, 1),
    (5 * _MIB, 16, 2),
    (0, 12, 4),
)


@hookimpl
def applbuild_info() -> BackendInfo:
    """Return what this backend is."""
    return BackendInfo(
        summary="FAT, by dosfstools and mtools, filled without a mount",
        api=1,
        tools=(
            Tool("mkfs.vfat", deb="dosfstools", rpm="dosfstools"),
            Tool("mcopy", deb="mtools", rpm="mtools"),
        ),
        label_bytes=11,  # "FAT: General Overview" 1.03, BS_VolLab
        identifier_bits=32,
        sets_labels=False,
    )


@hookimpl
def applbuild_make_filesystem(
    volume: Volume, tree: Tree, target: Target, plan: Plan, run: Run
) -> Made:
    """Make *volume* at *target* from its folder of *tree*.

    Raises:
        KickstartError: the content does not fit.
    """
    folder = tree.folder(volume)
    refuse_foreign(folder, str(volume.mount_point))
    _clamp_times(folder, plan.epoch_seconds)
    bits, cluster_sectors = next(kind for size, *kind in _KINDS if target.size_bytes >= size)
    needed = _clusters_bytes(folder, cluster_sectors * _SECTOR_BYTES)
    empty = [
        "mkfs.vfat",
        "--invariant",  # before -i: it would set the volume id to a constant of its own
        *("-i", volume.identifier.replace("-", "")),
        *("-F", str(bits), "-s", str(cluster_sectors)),
        *(("-n", volume.label) if volume.label else ()),
        *("--offset", str(target.offset_bytes // _SECTOR_BYTES)),
        # The sectors before the partition: 32 bits, and only read by boot code of old.
        *("-h", str(min(target.offset_bytes // _SECTOR_BYTES, _MOST_HIDDEN))),
        target.path,
        str(target.size_bytes // 1024),
    ]
    run(empty)
    names = sorted(folder.iterdir())
    inside = f"{target.path}@@{target.offset_bytes}"
    try:
        if names:
            run(["mcopy", "-s", "-p", "-Q", "-m", "-i", inside, *names, "::"])
    except ToolError as error:
        if "No directory slots" in error.tail:
            raise KickstartError(
                f"{volume.mount_point}: the uppermost folder of a small FAT holds fewer names",
                hint=f"give part {volume.mount_point} a --size of 34 or more",
            ) from None
        if "full" not in error.tail.lower():
            raise
        run(empty)  # which tells how much it would have held
        free = _free_bytes(inside, run)
        needed = max(needed, free + cluster_sectors * _SECTOR_BYTES)
        raise KickstartError(
            f"{volume.mount_point} is too small: what is installed there "
            f"{format_shortage(needed, free)}",
            hint=f"give part {volume.mount_point} a larger --size",
        ) from None
    return Made(volume=volume, used_bytes=needed)


def _free_bytes(inside: str, run: Run) -> int:
    """Return what mdir(1) says is free, the last line of what it prints."""
    line = run(["mdir", "-i", inside, "::"]).stdout.strip().splitlines()[-1]
    return int("".join(letter for letter in line if letter.isdecimal()))


def _clusters_bytes(folder: Path, cluster_bytes: int) -> int:
    """Return what *folder* takes up in whole clusters."""
    sizes = (path.stat().st_size if path.is_file() else 1 for path in folder.rglob("*"))
    return sum(-(-size // cluster_bytes) for size in sizes) * cluster_bytes


def _clamp_times(folder: Path, epoch_seconds: int) -> None:
    """Set every time in *folder* to the epoch."""
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (epoch_seconds, epoch_seconds), follow_symlinks=False)
