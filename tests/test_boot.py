"""The demo's appliance, started; the guest itself says what it found."""

from __future__ import annotations

from pathlib import Path

import pytest
from machine import Guest, booted

pytestmark = [pytest.mark.boot, pytest.mark.packages, pytest.mark.timeout(1200)]


def look_at(guest: Guest) -> None:
    guest.log_in("applbuild")
    mounts = dict(
        line.split()[:2] for line in guest.run("findmnt --real -rno TARGET,SOURCE").splitlines()
    )
    assert mounts["/"].startswith("/dev/vda")
    assert mounts["/boot"].startswith("/dev/vda")
    assert mounts["/srv"].startswith("/dev/vdb")
    assert "/dev/vda" in guest.run("swapon --show --noheadings")
    assert guest.run("cat /srv/README") == "Built by applbuild."
    assert guest.run("hostname") == "web"
    assert guest.run("until hostname -I | grep 10.0.2; do sleep 1; done", 120).startswith(
        "10.0.2.15"
    )
    assert guest.run("until systemctl is-active ssh; do sleep 1; done", 120).endswith("active")
    assert guest.run("systemctl --failed --no-legend") == ""
    assert guest.ssh_banner().startswith("SSH-2.0-OpenSSH")


def test_the_data_disk_is_under_a_megabyte(demo: Path) -> None:
    assert (demo / "web-data.qcow2").stat().st_size < 1_000_000


@pytest.mark.parametrize("firmware", ["bios", "uefi"])
@pytest.mark.parametrize("form", ["qcow2", "vmdk"])
def test_the_demo_comes_up_with_both_disks_and_its_ssh_server(
    demo: Path, form: str, firmware: str
) -> None:
    disks = [demo / f"web-{name}.{form}" for name in ("os", "data")]
    with booted(disks, firmware=firmware, form=form) as guest:
        look_at(guest)
