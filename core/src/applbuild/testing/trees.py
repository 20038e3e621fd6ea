"""A small system with everything that filesystems stumble over, and how trees are compared."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import struct
from pathlib import Path
from typing import Literal

import attrs

OLD_SECONDS = 981_173_106
"""When one file of the sample was modified: 2001-02-03 04:05:06 UTC."""
# VFS_CAP_REVISION_2 and CAP_NET_RAW, as `setcap cap_net_raw+ep` writes it (capabilities(7)).
CAPABILITY = bytes.fromhex("0100000200200000000000000000000000000000")
# A version, then tag, permissions and id of each entry, as `setfacl -m u:8:rx` writes them on a
# folder of mode 0750 (Linux, include/uapi/linux/posix_acl_xattr.h).
ACCESS = struct.pack("<I", 2) + b"".join(
    struct.pack("<HHI", *entry)
    for entry in (
        (0x01, 7, 0xFFFFFFFF),
        (0x02, 5, 8),
        (0x04, 5, 0xFFFFFFFF),
        (0x10, 5, 0xFFFFFFFF),
        (0x20, 0, 0xFFFFFFFF),
    )
)
_MIB = 1024 * 1024
LABEL = "security.selinux"
"""The attribute that holds a SELinux context, and a NUL behind it."""
_UNKNOWN = "etc/empty"  # what the policy of the sample has no label for


@attrs.frozen(kw_only=True)
class Keeps:
    """What a filesystem can keep of a file beside its content."""

    owners: bool = True
    modes: bool = True
    links: bool = True
    hard_links: bool = True
    attributes: bool = True
    """Extended attributes, file capabilities among them."""
    times: bool = True
    """When a file was modified, to the second; the epoch where that was later."""
    any_name: bool = True
    """Names with any byte but / and NUL."""


@attrs.frozen(kw_only=True)
class Entry:
    """One name of a tree and what it stands for."""

    kind: Literal["file", "folder", "link", "other"]
    content: str = ""
    """SHA-256 of a file, the target of a link."""
    mode: int = 0
    owner: tuple[int, int] = (0, 0)
    same_as: str = ""
    """Of a file with several names: the first of them."""
    attributes: tuple[tuple[str, bytes], ...] = ()
    modified_seconds: int = 0
    times: tuple[int, ...] = ()
    """Every other time that is stored."""


def digest(content: bytes) -> str:
    """Return the SHA-256 of *content*."""
    return hashlib.sha256(content).hexdigest()


def noise(size_bytes: int) -> bytes:
    """Return bytes that no compression shortens, the same each time."""
    return hashlib.shake_128(b"applbuild").digest(size_bytes)


def entries(folder: Path) -> dict[str, Entry]:
    """Return all that is in *folder*, and itself as `.`, by path."""
    paths = [folder]
    for parent, folders, files in os.walk(folder):
        paths += [Path(parent, name) for name in (*folders, *files)]
    first: dict[int, str] = {}
    found = {}
    for path in sorted(paths):
        status, name = path.lstat(), str(path.relative_to(folder))
        kind = _kind(status.st_mode)
        found[name] = Entry(
            kind=kind,
            content=_content(path, kind),
            mode=stat.S_IMODE(status.st_mode),
            owner=(status.st_uid, status.st_gid),
            same_as=first.setdefault(status.st_ino, name) if status.st_nlink > 1 else name,
            attributes=tuple(
                (key, os.getxattr(path, key, follow_symlinks=False))
                for key in sorted(os.listxattr(path, follow_symlinks=False))
                if key != LABEL  # a host with SELinux labels every file it makes
            ),
            modified_seconds=int(status.st_mtime),
        )
    return found


def _kind(mode: int) -> Literal["file", "folder", "link", "other"]:
    if stat.S_ISLNK(mode):
        return "link"
    if stat.S_ISDIR(mode):
        return "folder"
    return "file" if stat.S_ISREG(mode) else "other"


def _content(path: Path, kind: str) -> str:
    if kind == "link":
        return os.readlink(path)  # noqa: PTH115 - a Path would lose a slash at the end
    return digest(path.read_bytes()) if kind == "file" else ""


def write_sample(folder: Path, keeps: Keeps) -> None:
    """Fill *folder* with what a filesystem that *keeps* so much must be able to hold.

    Only root (of a namespace at least) can do that: files have other owners.
    """
    for name, content in _contents().items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    with (folder / "sparse").open("wb") as sparse:
        sparse.seek(2 * _MIB)
        sparse.write(b"the end")
    os.utime(folder / "etc/motd", (OLD_SECONDS, OLD_SECONDS))
    if keeps.any_name:
        names = ("-dash", ' le"ad', "quo'te", "back\\slash", "semi;colon", "dot.", "AUX")
        for name in (*names, "new\nline", "latin-\udce9"):
            (folder / name).write_bytes(os.fsencode(name))
        (folder / "a\n\rfolder").mkdir()
        (folder / 'a\n\rfolder/"').touch()
    if keeps.links:
        (folder / "bin").symlink_to("usr/bin")
        (folder / "usr/bin/dangling").symlink_to("/nowhere/" + "long/" * 40)
    if keeps.hard_links:
        (folder / "usr/lib/tool").hardlink_to(folder / "usr/bin/tool")
    if keeps.owners:
        _give_owners(folder)
    if keeps.modes:
        _give_modes(folder)
    if keeps.attributes:
        _give_attributes(folder)


def sample_labels(source: dict[str, Entry], own: tuple[str, ...]) -> dict[str, str]:
    """Return a SELinux context for most entries of *source*, and for those named *own*."""
    first = {name: entry.same_as or name for name, entry in source.items() if name != _UNKNOWN}
    # Of many lengths: some fit into an inode beside other attributes.
    return {
        name: f"system_u:object_r:{'kit_' * (len(known) % 9)}t:s0-s0:c0.c1023"
        for name, known in {**first, **dict(zip(own, own, strict=True))}.items()
    }


def label_as_a_host_does(folder: Path) -> None:
    """Give everything in *folder* a label, as a kernel with SELinux gives what is made there."""
    for name in entries(folder):
        with contextlib.suppress(OSError):  # a kernel with SELinux knows better
            context = b"unconfined_u:object_r:user_tmp_t:s0\0"
            os.setxattr(folder / name, LABEL, context, follow_symlinks=False)


def _contents() -> dict[str, bytes]:
    return {
        "etc/motd": b"Welcome\n",
        "etc/empty": b"",
        "usr/bin/tool": b"#!/bin/sh\nexit 0\n",
        "usr/lib/noise": noise(300_000),
        "home/user/.profile": b"umask 027\n",
        "var/mail/user": b"From: nobody\n",
        "with space & \u00fcn\u00ef \u65e5\u672c.txt": b"a name for people",
        "a/b/c/d/e/f/g/h/deep": b"deep",
        **{f"many/a name to fill a folder's first block {n:03}": b"x" for n in range(300)},
    }


def _give_owners(folder: Path) -> None:
    owners = {"home/user": (1000, 1000), "home/user/.profile": (1000, 1000), "var/mail": (0, 8)}
    for name, (user, group) in {**owners, "etc/motd": (65534, 65534), ".": (33, 33)}.items():
        os.chown(folder / name, user, group)


def _give_modes(folder: Path) -> None:
    modes = {"usr/bin/tool": 0o4755, "var/mail": 0o2775, "home/user/.profile": 0o600}
    for name, mode in {**modes, "etc/empty": 0, "a": 0o1777, ".": 0o2750}.items():
        (folder / name).chmod(mode)


def _give_attributes(folder: Path) -> None:
    os.setxattr(folder / "usr/bin/tool", "security.capability", CAPABILITY)
    os.setxattr(folder / "home/user", "system.posix_acl_access", ACCESS)
    # tmpfs has attributes of users since Linux 6.6.
    with contextlib.suppress(OSError):
        os.setxattr(folder / "etc/motd", "user.note", b"two words\0and a NUL")
        os.setxattr(folder / "var/mail", "user.folder", noise(200))
        os.setxattr(folder, "user.uppermost", b"too")
