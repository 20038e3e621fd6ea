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
    format_size,
    hookimpl,
)

_SECTOR_BYTES = 512
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
        identifier_bits=32,
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
    used = _clamp_times(folder, plan.epoch_seconds)
    bits, cluster_sectors = next(kind for size, *kind in _KINDS if target.size_bytes >= size)
    run(
        [
            "mkfs.vfat",
            "--invariant",  # before -i: it would set the volume id to a constant of its own
            *("-i", volume.identifier.replace("-", "")),
            *("-F", str(bits), "-s", str(cluster_sectors)),
            *(("-n", volume.label) if volume.label else ()),
            *("--offset", str(target.offset_bytes // _SECTOR_BYTES)),
            *("-h", str(target.offset_bytes // _SECTOR_BYTES)),
            target.path,
            str(target.size_bytes // 1024),
        ]
    )
    _fill(folder, volume, target, used, run)
    return Made(volume=volume, used_bytes=used)


def _fill(folder: Path, volume: Volume, target: Target, used: int, run: Run) -> None:
    names = sorted(folder.iterdir())
    if not names:
        return
    inside = f"{target.path}@@{target.offset_bytes}"
    try:
        run(["mcopy", "-s", "-p", "-Q", "-m", "-i", inside, *names, "::"])
    except ToolError as error:
        if "full" not in error.tail.lower():
            raise
        raise KickstartError(
            f"{volume.mount_point} is too small: what is installed there needs "
            f"{format_size(used)}, and it has {format_size(target.size_bytes)}",
            hint=f"give part {volume.mount_point} a larger --size",
        ) from error


def _clamp_times(folder: Path, epoch_seconds: int) -> int:
    """Set every time in *folder* to the epoch, and return the bytes of its files."""
    used = 0
    for parent, _, names in os.walk(folder):
        for path in (Path(parent), *(Path(parent, name) for name in names)):
            used += path.stat().st_size if path.is_file() else 0
            os.utime(path, (epoch_seconds, epoch_seconds))
    return used
