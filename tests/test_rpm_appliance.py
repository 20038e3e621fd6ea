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
from machine import Guest, booted
from worlds import DISKS, WORLDS, assert_is_the_server, lay_out_common_part

pytestmark = [pytest.mark.boot, pytest.mark.packages, pytest.mark.timeout(1800)]

MIRROR = "http://mirror.example.org/fedora"
MAKER = Path(__file__).with_name("rpm_distribution") / "build.py"
ADDED = """
repo --name=kept --baseurl=file://{folder}/releases/1/Everything/x86_64/os --install
selinux --enforcing
%post
touch "/srv/a name"
%end
"""
TYPES = {
    "/": "root_t",
    "/usr/sbin/sshd": "sshd_exec_t",
    "/etc/shadow": "shadow_t",
    "/etc/os-release": "etc_t",
    "/boot": "boot_t",
    "/boot/grub2/grub.cfg": "boot_t",
    "/boot/efi": "dosfs_t",
    "/lost+found": "lost_found_t",
    "/boot/lost+found": "lost_found_t",
    "/srv/a name": "var_t",
}
"""The SELinux types of some files, of every filesystem and kind."""


@pytest.fixture(scope="module")
def order(readable: Path) -> tuple[str, tuple[str, ...]]:
    """The kickstart, and what it is built with."""
    folder = readable / "miniature"
    folder.mkdir()
    suite = os.environ.get("APPLBUILD_TEST_SUITE")
    subprocess.run([sys.executable, MAKER, folder, *([suite] if suite else [])], check=True)
    subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
    text = (WORLDS / "fedora.ks").read_text(encoding="utf-8")
    kickstart = text.replace(MIRROR, f"file://{folder}") + ADDED.replace("{folder}", str(folder))
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


def types(guest: Guest) -> dict[str, str]:
    """Return what the guest's kernel has as the types of the files in TYPES."""
    names = " ".join(f"'{path}'" for path in TYPES)
    contexts = guest.run(f"stat --format=%C {names}").splitlines()
    return dict(zip(TYPES, (context.split(":")[2] for context in contexts), strict=True))


def mislabelled(guest: Guest) -> list[str]:
    """Return the files of the image that the guest's own tool would label otherwise.

    What the machine itself has made or written since it started is not the image's.
    """
    # `restorecon -R` leaves out what is mounted there, but not what lies in it by name.
    listed = guest.run("restorecon -RnvF -e /dev -e /proc -e /run -e /sys / /boot /srv", 300)
    paths = [line.split(" from ")[0].split(" ", 2)[2] for line in listed.splitlines()]
    names = " ".join(f"'{path}'" for path in dict.fromkeys(paths)) or "/none"
    old = guest.run(f"find {names} -maxdepth 0 ! -newermt '1 day ago' 2>/dev/null || true")
    return old.splitlines()


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
        assert guest.run("getenforce") == "Enforcing"
        assert types(guest) == TYPES
        assert mislabelled(guest) == []
        # What the tool says means something: a wrong label is told.
        guest.run("chcon -t tmp_t '/srv/a name'")
        assert mislabelled(guest) == ["/srv/a name"]


def test_root_makes_the_same_files(
    appliance: Path,
    as_root: Any,
    workshop: Callable[[Any], Any],
    order: tuple[str, tuple[str, ...]],
) -> None:
    again = build(workshop(as_root), order)
    assert (again / "SHA256SUMS").read_text() == (appliance / "SHA256SUMS").read_text()
