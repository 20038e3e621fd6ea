"""One server in two worlds: its kickstarts differ in sources and packages, and in nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
from machine import booted
from worlds import DISKS, WORLDS, assert_is_the_server, lay_out_common_part

from applbuild import PackageSelection, Request
from applbuild.kickstart import read


def request_of(world: str) -> Request:
    return read(WORLDS / f"{world}.ks").request


def test_only_sources_and_packages_differ() -> None:
    fedora, debian = request_of("fedora"), request_of("debian")
    assert fedora.sources != debian.sources
    assert fedora.packages != debian.packages

    def rest(request: Request) -> Request:
        return attrs.evolve(
            request, name="", kickstart="", digest="", sources=(), packages=PackageSelection()
        )

    assert rest(fedora) == rest(debian)
    assert rest(fedora).settings.users


@pytest.mark.boot
@pytest.mark.packages
@pytest.mark.timeout(900)
def test_debians_is_the_server(as_user: Any, workshop: Callable[[Any], Any]) -> None:
    """Fedora's is, too: see test_rpm_appliance.py."""
    place = workshop(as_user)
    lay_out_common_part(place.folder)
    # This host's own archives stand in for the mirror.
    text = (WORLDS / "debian.ks").read_text(encoding="utf-8")
    kickstart = re.sub(r"(?m)^url .*\n", "", text)
    output: Path = place.build(kickstart, *DISKS)
    with booted(
        [output / "web-os.qcow2", output / "web-data.qcow2"], firmware="bios", form="qcow2"
    ) as guest:
        guest.log_in("applbuild")
        assert_is_the_server(guest)
