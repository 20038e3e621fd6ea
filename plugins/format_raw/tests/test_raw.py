"""Raw images: the kit's promises, and that holes stay holes."""

from __future__ import annotations

from pathlib import Path

import applbuild_format_raw
from applbuild.testing.disks import Layout, Stretch, make_raw_disk
from applbuild.testing.formats import FormatConformance

MIB = 1 << 20
GIB = 1 << 30


class TestRaw(FormatConformance):
    backend = applbuild_format_raw
    name = "raw"
    qemu_format = "raw"
    # A checksum covers the holes too: 0.7 s for each GiB.
    large_bytes = 4 * GIB

    def test_holes_stay_holes(self, tmp_path: Path) -> None:
        disk = make_raw_disk(Layout(GIB, (Stretch(500 * MIB, MIB, "text"),)), tmp_path)
        image = self.convert(disk, tmp_path / "out").path
        assert image.stat().st_blocks <= disk.path.stat().st_blocks
        assert image.stat().st_size == GIB
