"""A kickstart written for Fedora and a miniature distribution: built, started, the same twice."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from machine import booted

pytestmark = [pytest.mark.boot, pytest.mark.packages, pytest.mark.timeout(1800)]

MAKER = Path(__file__).with_name("rpm_distribution") / "build.py"
KICKSTART = """
url --url=file://{folder}/releases/$releasever/Everything/$basearch/os
repo --name=kept --baseurl=file://{folder}/releases/1/Everything/x86_64/os --install
lang en_US.UTF-8
timezone Etc/UTC --utc
rootpw applbuild
network --hostname=web
services --enabled=sshd
part /boot --size=300 --ondisk=os
part /     --size=1500 --grow --ondisk=os
part /srv  --size=100 --grow --ondisk=data --label=data
bootloader --timeout=1
%packages --excludedocs
@^minimal-environment
-nano
%end
%post
echo "Built by applbuild." > /srv/README
%end
"""


@pytest.fixture(scope="module")
def order(readable: Path) -> tuple[str, tuple[str, ...]]:
    """The kickstart, and what it is built with."""
    folder = readable / "miniature"
    folder.mkdir()
    subprocess.run([sys.executable, MAKER, folder], check=True)
    subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
    words = ("--disk", "os=3000MiB", "--disk", "data=200MiB", "--format", "qcow2")
    payload = f"dnf,releasever=1,keys={folder}/RPM-GPG-KEY-miniature"
    return KICKSTART.replace("{folder}", str(folder)), (*words, "--payload", payload)


@pytest.fixture(scope="module")
def appliance(
    as_user: Any, workshop: Callable[[Any], Any], order: tuple[str, tuple[str, ...]]
) -> Path:
    kickstart, words = order
    output: Path = workshop(as_user).build(kickstart, *words)
    return output


@pytest.mark.parametrize("firmware", ["bios", "uefi"])
def test_it_starts_as_the_kickstart_says(appliance: Path, firmware: str) -> None:
    disks = [appliance / "web-os.qcow2", appliance / "web-data.qcow2"]
    with booted(disks, firmware=firmware, form="qcow2") as guest:
        guest.log_in("applbuild")
        packages = guest.run("rpm -qa --queryformat '%{NAME}\\n'").split()
        assert {"lighttpd", "openssh-server", "kernel"} <= set(packages)
        assert "nano" not in packages
        mounts = dict(
            line.split()[:2] for line in guest.run("findmnt --real -rno TARGET,SOURCE").splitlines()
        )
        assert mounts["/boot"].startswith("/dev/vda")
        assert mounts["/srv"].startswith("/dev/vdb")
        changed = guest.run("rpm -Va || true").splitlines()
        assert [line for line in changed if " c /etc/" not in line] == []
        assert guest.run("cat /srv/README") == "Built by applbuild."
        assert guest.run("find /usr/share/man /usr/share/doc -type f | wc -l") == "0"
        assert "gpgcheck=1" in guest.run("cat /etc/yum.repos.d/kept.repo")
        assert guest.run("systemctl --failed --no-legend") == ""
        assert guest.ssh_banner().startswith("SSH-2.0-OpenSSH")


def test_root_makes_the_same_files(
    appliance: Path,
    as_root: Any,
    workshop: Callable[[Any], Any],
    order: tuple[str, tuple[str, ...]],
) -> None:
    kickstart, words = order
    again = workshop(as_root).build(kickstart, *words)
    assert (again / "SHA256SUMS").read_text() == (appliance / "SHA256SUMS").read_text()
