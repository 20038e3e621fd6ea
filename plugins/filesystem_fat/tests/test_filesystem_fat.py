"""FAT passes the kit at every size that has a kind of its own; mtools reads back."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import attrs

import applbuild_filesystem_fat
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
