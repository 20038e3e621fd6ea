"""Swap space passes the kit; util-linux reads it."""

from __future__ import annotations

import struct
from pathlib import Path

import applbuild_filesystem_swap
from applbuild.testing import examples
from applbuild.testing.filesystems import FilesystemConformance


class TestSwap(FilesystemConformance):
    backend = applbuild_filesystem_swap
    name = "swap"
    mount_point = None

    def check(self, image: Path) -> None:
        examples.run()(["swaplabel", image])

    def test_all_of_it_is_used(self, outcomes) -> None:
        """last_page of union swap_header (Linux include/linux/swap.h) counts from 0."""
        header = (outcomes[0] / "first").read_bytes()[1024:1036]
        version, last_page, bad_pages = struct.unpack("<III", header)
        assert (version, bad_pages) == (1, 0)
        assert (last_page + 1) * 4096 == self.size_bytes

    def test_it_costs_one_page(self, outcomes) -> None:
        assert {outcome.made.used_bytes for outcome in outcomes[1].values()} == {4096}
