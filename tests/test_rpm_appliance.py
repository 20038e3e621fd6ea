"""The kickstart of the example for Fedora, built of a miniature distribution, and started.

With APPLBUILD_TEST_SUITE=sid (or any other of Debian's suites) in the environment that is
made of newer packages than the host's: another rpm, GRUB, systemd and kernel.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from machine import booted
from worlds import DISKS, WORLDS, assert_is_the_server, lay_out_common_part

pytestmark = [pytest.mark.boot, pytest.mark.packages, pytest.mark.timeout(1800)]

MIRROR = "http://mirror.example.org/fedora"
MAKER = Path(__file__).with_name("rpm_distribution") / "build.py"
KEPT = "repo --name=kept --baseurl=file://{folder}/releases/1/Everything/x86_64/os --install\n"


@pytest.fixture(scope="module")
def order(readable: Path) -> tuple[str, tuple[str, ...]]:
    """The kickstart, and what it is built with."""
    folder = readable / "miniature"
    folder.mkdir()
    suite = os.environ.get("APPLBUILD_TEST_SUITE")
    subprocess.run([sys.executable, MAKER, folder, *([suite] if suite else [])], check=True)
    subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
    text = (WORLDS / "fedora.ks").read_text(encoding="utf-8")
    kickstart = KEPT.replace("{folder}", str(folder)) + text.replace(MIRROR, f"file://{folder}")
    keys = f"{folder}/RPM-GPG-KEY-miniature"
    return kickstart, (*DISKS, "--payload", f"dnf,releasever=1,keys={keys}")


def build(place: Any, order: tuple[str, tuple[str, ...]]) -> Path:
    kickstart, words = order
    lay_out_common_part(place.folder)
    output: Path = place.build(kickstart, *words)
    return output


@pytest.fixture(scope="module")
def appliance(
    as_user: Any, workshop: Callable[[Any], Any], order: tuple[str, tuple[str, ...]]
) -> Path:
    return build(workshop(as_user), order)


@pytest.mark.parametrize("firmware", ["bios", "uefi"])
def test_it_starts_as_the_kickstart_says(appliance: Path, firmware: str) -> None:
    disks = [appliance / "web-os.qcow2", appliance / "web-data.qcow2"]
    with booted(disks, firmware=firmware, form="qcow2") as guest:
        guest.log_in("applbuild")
        assert_is_the_server(guest)
        packages = guest.run("rpm -qa --queryformat '%{NAME}\\n'").split()
        assert {"lighttpd", "openssh-server", "kernel"} <= set(packages)
        assert "nano" not in packages
        changed = guest.run("rpm -Va || true").splitlines()
        assert [line for line in changed if " c /etc/" not in line] == []
        assert "gpgcheck=1" in guest.run("cat /etc/yum.repos.d/kept.repo")


def test_root_makes_the_same_files(
    appliance: Path,
    as_root: Any,
    workshop: Callable[[Any], Any],
    order: tuple[str, tuple[str, ...]],
) -> None:
    again = build(workshop(as_root), order)
    assert (again / "SHA256SUMS").read_text() == (appliance / "SHA256SUMS").read_text()
