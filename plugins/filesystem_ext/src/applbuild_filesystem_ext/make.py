"""Making an ext filesystem at an offset of a file, filled from a folder, the same bytes each time.

It is made without metadata_csum, which is faster to fill and lets the times in
the inodes be set; checksums are added afterwards.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import attrs

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
)
from applbuild_filesystem_ext.attributes import set_aside, set_attributes
from applbuild_filesystem_ext.inodes import free_bytes, normalise

_BLOCK_BYTES = 4096
_INODE_BYTES = 256
_BYTES_PER_INODE = 16384

# Spelled out, because mke2fs' own configuration is the host's. All of it is read by the GRUB
# and the kernels of the guests (e2fsprogs' ext4(5) names the kernel versions): no orphan_file,
# no metadata_csum_seed.
_FEATURES = {
    "ext2": "ext_attr,resize_inode,dir_index,filetype,sparse_super,large_file",
    "ext3": "has_journal,ext_attr,resize_inode,dir_index,filetype,sparse_super,large_file",
    "ext4": "has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,"
    "sparse_super,large_file,huge_file,dir_nlink,extra_isize,uninit_bg",
}
_CONFIGURATION = "[defaults]\n\tbase_features = none\n\tdefault_mntopts = acl,user_xattr\n"


@attrs.frozen(kw_only=True)
class Content:
    """What a folder will take up: file blocks in bytes, and inodes."""

    data_bytes: int
    inodes: int


def introduce(kind: str) -> BackendInfo:
    """Return what the backend *kind* is."""
    return BackendInfo(
        summary=f"{kind}, by mke2fs, filled without a mount",
        api=1,
        tools=tuple(
            Tool(name, deb="e2fsprogs", rpm="e2fsprogs", version_option="-V")
            for name in ("mke2fs", "debugfs", "e2fsck", "tune2fs")
        ),
        kickstart_options=("bytes-per-inode",),
        label_bytes=16,  # mke2fs(8), -L
        own_folders=("lost+found",),
        sets_labels=True,
    )


def make(kind: str, volume: Volume, tree: Tree, target: Target, plan: Plan, run: Run) -> Made:
    """Make *volume* at *target* with all of its folder, and the tree's labels.

    Raises:
        KickstartError: the content does not fit.
    """
    folder = tree.folder(volume)
    content = measure(folder)
    clock = {
        "E2FSPROGS_FAKE_TIME": str(plan.epoch_seconds),
        "E2FSCK_TIME": str(plan.epoch_seconds),
        "MKE2FS_CONFIG": str(_configuration(target)),
        "MKE2FS_SKIP_CHECK_MSG": "1",
        "MKE2FS_SKIP_PROGRESS": "1",
    }
    argv = _mke2fs(kind, volume, target, content, run)
    with set_aside(folder) as attributes:
        is_whole = _is_filled([*argv, "-d", folder, *_place(target)], content, target, clock, run)
    labels = tree.labels_of(volume)
    if not (is_whole and set_attributes(attributes, labels, target, clock, run)):
        # Made empty, it tells exactly how much it would have held.
        run([*argv, *_place(target)], environment=clock)
        raise _too_small(volume, content, free_bytes(target.path, target.offset_bytes))
    normalise(target.path, target.offset_bytes, folder.stat(), plan.epoch_seconds)
    if kind == "ext4":
        # Directories get the room that their checksums need (-D), then everything its checksum.
        place = f"{target.path}?offset={target.offset_bytes}"
        checked = run(["e2fsck", "-fyD", place], environment=clock, is_checked=False)
        if checked.returncode > 1:  # 1: errors corrected, which the rewriting of folders counts as
            raise ToolError(("e2fsck", "-fyD", place), checked.returncode, checked.stdout)
        run(["tune2fs", "-O", "metadata_csum", place], environment=clock)
    return Made(volume=volume, used_bytes=content.data_bytes)


def _is_filled(
    argv: list[str | Path], content: Content, target: Target, clock: dict[str, str], run: Run
) -> bool:
    """Make the filesystem and return whether everything went in."""
    if content.data_bytes >= target.size_bytes:
        return False
    made = run(argv, environment=clock, is_checked=False)
    if not made.returncode:
        return True
    if "Could not allocate" in made.stderr or "No free space" in made.stderr:
        return False
    raise ToolError(tuple(map(str, argv)), made.returncode, made.stderr.strip())


def _place(target: Target) -> list[str | Path]:
    return [target.path, str(target.size_bytes // _BLOCK_BYTES)]


def _mke2fs(
    kind: str, volume: Volume, target: Target, content: Content, run: Run
) -> list[str | Path]:
    """Return the command but for what fills the filesystem, and where it lies."""
    extended = [
        f"offset={target.offset_bytes}",
        f"hash_seed={volume.seed}",
        "root_owner=0:0",
        "nodiscard",
        "lazy_journal_init=1",
        # The file is sparse: what is not written reads as zeros already.
        "assume_storage_prezeroed=1" if _knows_prezeroed(run) else "lazy_itable_init=1",
    ]
    bytes_per_inode = volume.bytes_per_inode or _BYTES_PER_INODE
    inodes = max(target.size_bytes // bytes_per_inode, content.inodes * 5 // 4 + 1024)
    label = ["-L", volume.label] if volume.label else []
    return [
        "mke2fs",
        *("-t", kind),
        *("-F", "-q"),
        *("-b", str(_BLOCK_BYTES)),
        *("-I", str(_INODE_BYTES)),
        *("-N", str(inodes)),
        *("-O", _FEATURES[kind]),
        *("-U", volume.identifier),
        *label,
        *("-E", ",".join(extended)),
    ]


def _knows_prezeroed(run: Run) -> bool:
    """Return whether this mke2fs has assume_storage_prezeroed (e2fsprogs 1.47.0)."""
    printed = run(["mke2fs", "-V"], is_checked=False).stderr
    words = printed.split()
    version = words[1].split("-")[0] if len(words) > 1 else "0"
    return [int(part) for part in version.split(".")[:2] if part.isdecimal()] >= [1, 47]


def _configuration(target: Target) -> Path:
    path = target.path.with_suffix(".mke2fs.conf")
    path.write_text(_CONFIGURATION, encoding="utf-8")
    return path


def measure(folder: Path) -> Content:
    """Return what *folder* takes up in whole blocks; files with several names count once."""
    seen: set[int] = set()
    data = 0
    for parent, _, names in os.walk(folder):
        for path in (parent, *(os.path.join(parent, name) for name in names)):  # noqa: PTH118 - a hot loop
            status = os.lstat(path)
            if status.st_ino in seen and status.st_nlink > 1 and not stat.S_ISDIR(status.st_mode):
                continue
            seen.add(status.st_ino)
            size = min(status.st_size, status.st_blocks * 512) if status.st_blocks else 0
            data += -(
                -max(size, _BLOCK_BYTES if stat.S_ISDIR(status.st_mode) else 0) // _BLOCK_BYTES
            )
    return Content(data_bytes=data * _BLOCK_BYTES, inodes=len(seen))


def _too_small(volume: Volume, content: Content, free: int) -> KickstartError:
    # What mke2fs could not place may be no more than its own lists of blocks.
    needed = max(content.data_bytes, free + _BLOCK_BYTES)
    return KickstartError(
        f"{volume.mount_point} is too small: what is installed there "
        f"{format_shortage(needed, free)}",
        hint=f"give part {volume.mount_point} a larger --size (or --grow and a larger --disk)",
    )
