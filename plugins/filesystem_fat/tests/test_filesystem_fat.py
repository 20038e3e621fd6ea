"""FAT passes the kit at every size that has a kind of its own; mtools reads back."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import attrs
import pytest

import applbuild_filesystem_fat
from applbuild import KickstartError, PartitionRequest, Plan, Target, Tree
from applbuild.testing import examples
from applbuild.testing.filesystems import FilesystemConformance
from applbuild.testing.trees import Entry, Keeps, entries

MIB = 1024 * 1024
INVARIANT_DAY = (2015 - 1980) << 9 | 3 << 5 | 14  # mkfs.vfat's own for the label
FOLDER, LONG_NAME = 0x10, 0x0F


def dates(image: bytes) -> list[int]:
    """Return every date in the directories of a FAT16 (fatgen103, "FAT Directory Structure")."""
    per_cluster, reserved, fats, root_entries = struct.unpack_from("<BHBH", image, 13)
    per_fat = struct.unpack_from("<H", image, 22)[0]
    root = (reserved + fats * per_fat) * 512
    data = root + root_entries * 32
    found, pending = [], [image[root:data]]
    while pending:
        folder = pending.pop()
        for at in range(0, len(folder), 32):
            entry = folder[at : at + 32]
            if entry[0] in (0, 0xE5) or entry[11] & LONG_NAME == LONG_NAME:
                continue
            found += [struct.unpack_from("<H", entry, place)[0] for place in (16, 18, 24)]
            if entry[11] & FOLDER and not entry.startswith(b"."):
                cluster, content = struct.unpack_from("<H", entry, 26)[0], b""
                while cluster < 0xFFF8:
                    start = data + (cluster - 2) * per_cluster * 512
                    content += image[start : start + per_cluster * 512]
                    cluster = struct.unpack_from("<H", image, reserved * 512 + cluster * 2)[0]
                pending.append(content)
    return found


class FatConformance(FilesystemConformance):
    backend = applbuild_filesystem_fat
    name = "vfat"
    keeps = Keeps(
        owners=False,
        modes=False,
        links=False,
        hard_links=False,
        attributes=False,
        times=False,
        any_name=False,
    )
    bits = 0

    def check(self, image: Path) -> None:
        examples.run()(["fsck.vfat", "-n", image])

    def read_back(self, image: Path, folder: Path) -> Mapping[str, Entry]:
        listed = examples.run()(["mdir", "-b", "-i", image, "::"]).stdout
        if "::/" in listed:
            examples.run()(["mcopy", "-s", "-n", "-m", "-i", image, "::*", folder])
        found = entries(folder)
        # The uppermost folder of a FAT has no times; what is there is the scratch folder's.
        return {**found, ".": attrs.evolve(found["."], modified_seconds=0)}

    def test_its_kind_fits_its_size(self, outcomes) -> None:
        """The specification counts clusters; fsck.vfat says what it took it for."""
        said = examples.run()(["fsck.vfat", "-n", "-v", outcomes[0] / "first"]).stdout
        assert re.findall(r"(\d+) bits/entry|FATs, (\d+) bit", said)[0][1] == str(self.bits)

    def test_hidden_sectors_say_where_it_lies(self, outcomes) -> None:
        """Boot code finds its partition by them (BPB_HiddSec)."""
        folder, made = outcomes
        boot = (folder / "first").read_bytes()[:512]
        hidden = struct.unpack_from("<I", boot, 0x1C)[0]
        assert hidden * 512 == made["first"].made.volume.offset_bytes


class TestFat12(FatConformance):
    size_bytes = 4 * MIB
    small_bytes = 1 * MIB
    bits = 12


class TestFat16(FatConformance):
    size_bytes = 32 * MIB
    bits = 16

    def test_every_date_in_it_is_the_epochs(self, outcomes) -> None:
        """Also those that nobody shows: creation, and the day of the last access."""
        epoch = datetime.fromtimestamp(examples.EPOCH_SECONDS, UTC)
        day = (epoch.year - 1980) << 9 | epoch.month << 5 | epoch.day
        found = dates((outcomes[0] / "first").read_bytes())
        assert found.count(day) > 300
        assert set(found) - {day} <= {INVARIANT_DAY}


class TestFat32(FatConformance):
    size_bytes = 64 * MIB
    small_bytes = 34 * MIB
    bits = 32


class TestWhatItCannotHold:
    """It is said by name: what is quietly left out or changed is missed when the system runs."""

    def volume(self, tmp_path: Path) -> tuple[Plan, Path, Tree]:
        root = PartitionRequest(mount_point="/", size_bytes=MIB)
        asked = PartitionRequest(mount_point="/boot/efi", filesystem="vfat", size_bytes=16 * MIB)
        plan = examples.plan(
            examples.request(root, asked, on={"disk": 24 * MIB}), identifier_bits={"vfat": 32}
        )
        tree = examples.tree(plan, tmp_path)
        return plan, tree.folder(plan.volumes[1]), tree

    def make(self, plan: Plan, tree: Tree, tmp_path: Path) -> None:
        volume = plan.volumes[1]
        applbuild_filesystem_fat.applbuild_make_filesystem(
            volume=volume,
            tree=tree,
            target=Target(
                path=examples.raw_disk(plan.disks[0], tmp_path).path,
                offset_bytes=volume.offset_bytes,
                size_bytes=volume.size_bytes,
            ),
            plan=plan,
            run=examples.run(),
        )

    @pytest.mark.parametrize("target", ["secret", "nowhere"])
    def test_links_are_refused_and_never_followed(self, target: str, tmp_path: Path) -> None:
        """Where they lead is the builder's world, not the system's."""
        plan, folder, tree = self.volume(tmp_path)
        secret = tmp_path / "secret"
        secret.touch()
        os.utime(secret, (1, 1))
        (folder / "a link").symlink_to(tmp_path / target)
        with pytest.raises(KickstartError, match="a link"):
            self.make(plan, tree, tmp_path)
        assert secret.stat().st_mtime == 1

    @pytest.mark.parametrize("name", ["a:b", "what?", "trailing."])
    def test_names_that_it_would_change_are_refused(self, name: str, tmp_path: Path) -> None:
        plan, folder, tree = self.volume(tmp_path)
        (folder / name).touch()
        with pytest.raises(KickstartError, match=re.escape(name)):
            self.make(plan, tree, tmp_path)

    def test_names_that_are_one_to_it_are_refused(self, tmp_path: Path) -> None:
        plan, folder, tree = self.volume(tmp_path)
        (folder / "Readme").touch()
        (folder / "README").touch()
        with pytest.raises(KickstartError, match=r"(?i)readme"):
            self.make(plan, tree, tmp_path)

    def test_more_names_than_its_uppermost_folder_has_room_for_are_refused(
        self, tmp_path: Path
    ) -> None:
        """512 entries of a FAT16, and long names take several."""
        plan, folder, tree = self.volume(tmp_path)
        for number in range(600):
            (folder / f"file number {number}").touch()
        with pytest.raises(KickstartError, match="/boot/efi"):
            self.make(plan, tree, tmp_path)
