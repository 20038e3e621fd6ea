"""ext2, ext3 and ext4 pass the kit; debugfs reads back what mke2fs was given."""

from __future__ import annotations

import os
import re
import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path

import attrs

import applbuild_filesystem_ext.ext2
import applbuild_filesystem_ext.ext3
import applbuild_filesystem_ext.ext4
from applbuild.testing import examples
from applbuild.testing.filesystems import FilesystemConformance
from applbuild.testing.trees import Entry, digest

KINDS = {"04": "folder", "10": "file", "12": "link"}
ENTRY = re.compile(r"/(\d+)/(\d+)/(\d+)/(\d+)/([^/]+)/\d*/\n")
TIME = re.compile(r"^ ?(?:c|a|cr)time: 0x([0-9a-f]+)", re.MULTILINE)


def debugfs(image: Path, commands: list[str], folder: Path) -> list[str]:
    """Return what each of *commands* prints."""
    script = folder / "commands"
    script.write_text("\n".join(commands), encoding="utf-8")
    # Bytes, because names are.
    argv = ["debugfs", "-f", script, image]
    printed = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    answers = re.split(r"^debugfs: .*\n", os.fsdecode(printed.stdout), flags=re.MULTILINE)[1:]
    assert len(answers) == len(commands)
    return answers


def names(image: Path, folder: Path) -> dict[str, tuple[int, int, int, int]]:
    """Return (inode, mode, user, group) of every path."""
    found = {}
    pending = {".": 2}
    while pending:
        listings = debugfs(image, [f"ls -p <{inode}>" for inode in pending.values()], folder)
        parents, pending = list(pending), {}
        for parent, listing in zip(parents, listings, strict=True):
            for inode, mode, user, group, name in ENTRY.findall(listing):
                path = name if parent == "." else f"{parent}/{name}"
                if name == "." and parent == ".":
                    path = "."
                elif name in (".", "..") or inode == "0":  # 0: a place for a name, free
                    continue
                found[path] = (int(inode), int(mode, 8), int(user), int(group))
                if mode.startswith("04") and path != ".":
                    pending[path] = int(inode)
    return found


def read_ext(image: Path, folder: Path) -> dict[str, Entry]:
    """Return all that debugfs finds in *image*."""
    found = names(image, folder)
    inodes = sorted({inode for inode, *_ in found.values()})
    stats = dict(zip(inodes, debugfs(image, [f"stat <{n}>" for n in inodes], folder), strict=True))
    lists = dict(
        zip(inodes, debugfs(image, [f"ea_list <{n}>" for n in inodes], folder), strict=True)
    )
    keys = {n: re.findall(r"^  ([a-z]+\.\S+) \(\d+\)", lists[n], re.MULTILINE) for n in inodes}
    dumps = [
        f"dump <{n}> {folder}/{n}" for n in inodes if "Type: regular" in stats[n].split("\n")[0]
    ]
    dumps += [f"ea_get -f {folder}/{n}.{key} <{n}> {key}" for n in inodes for key in keys[n]]
    slow = [n for n in inodes if "Type: symlink" in stats[n] and "Fast link" not in stats[n]]
    debugfs(image, [*dumps, *(f"dump <{n}> {folder}/{n}" for n in slow)], folder)
    first: dict[int, str] = {}
    return {
        path: Entry(
            kind=KINDS[f"{mode:06o}"[:2]],
            content=content(KINDS[f"{mode:06o}"[:2]], stats[inode], folder / str(inode)),
            mode=mode & 0o7777,
            owner=(user, group),
            same_as=first.setdefault(inode, path),
            attributes=tuple(
                (key, value(key, folder / f"{inode}.{key}")) for key in sorted(keys[inode])
            ),
            modified_seconds=int(re.findall(r"mtime: 0x([0-9a-f]+)", stats[inode])[0], 16),
            times=tuple(int(seconds, 16) for seconds in TIME.findall(stats[inode])),
        )
        for path, (inode, mode, user, group) in sorted(found.items())
    }


def value(key: str, dump: Path) -> bytes:
    """Return an attribute as the kernel has it: debugfs tells 0 for an id that an ACL lacks."""
    found = dump.read_bytes()
    if not key.startswith("system.posix_acl"):
        return found
    entries = struct.iter_unpack("<HHI", found[4:])
    has_id = (0x02, 0x08)  # ACL_USER, ACL_GROUP
    return found[:4] + b"".join(
        struct.pack("<HHI", tag, may, number if tag in has_id else 0xFFFFFFFF)
        for tag, may, number in entries
    )


def content(kind: str, stat: str, dump: Path) -> str:
    """Return what an entry holds, as the kit compares it."""
    if kind == "folder":
        return ""
    if kind == "file":
        return digest(dump.read_bytes())
    fast = re.search(r'Fast link dest: "(.*)"', stat)
    return fast[1] if fast else dump.read_text(encoding="utf-8")


class ExtConformance(FilesystemConformance):
    def check(self, image: Path) -> None:
        examples.run()(["e2fsck", "-fn", image])

    def read_back(self, image: Path, folder: Path) -> Mapping[str, Entry]:
        return read_ext(image, folder)

    def test_the_kickstart_says_how_many_inodes_there_are(self, tmp_path: Path) -> None:
        plan = self._plan(16 << 20)
        sparse, dense = (
            attrs.evolve(plan.volumes[1], bytes_per_inode=number) for number in (None, 2048)
        )
        counts = []
        for name, volume in (("sparse", sparse), ("dense", dense)):
            self._make(
                attrs.evolve(plan, volumes=(plan.volumes[0], volume)), "nothing", tmp_path / name
            )
            printed = examples.run()(["dumpe2fs", "-h", tmp_path / name]).stdout
            counts.append(int(re.findall(r"Inode count: +(\d+)", printed)[0]))
        assert counts[1] == (16 << 20) // 2048 > counts[0]

    def features(self, image: Path) -> set[str]:
        printed = examples.run()(["dumpe2fs", "-h", image]).stdout
        return set(re.findall(r"Filesystem features: +(.*)", printed)[0].split())


class TestExt2(ExtConformance):
    backend = applbuild_filesystem_ext.ext2
    name = "ext2"


class TestExt3(ExtConformance):
    backend = applbuild_filesystem_ext.ext3
    name = "ext3"


class TestExt4(ExtConformance):
    backend = applbuild_filesystem_ext.ext4
    name = "ext4"

    def test_it_has_checksums_and_nothing_that_older_guests_cannot_read(self, outcomes) -> None:
        found = self.features(outcomes[0] / "first")
        assert {"metadata_csum", "extent", "64bit", "has_journal"} <= found
        assert not found & {"orphan_file", "metadata_csum_seed", "casefold", "encrypt", "verity"}
