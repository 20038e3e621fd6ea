"""The demo's appliance, started; the guest itself says what it found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from machine import Guest, booted

pytestmark = [pytest.mark.boot, pytest.mark.packages, pytest.mark.timeout(1200)]

# /boot lies on the second disk, and the script installs a second kernel.
SPLIT = """
part / --size=1500 --grow --ondisk=one
part /boot --size=300 --ondisk=two
rootpw applbuild
bootloader --timeout=1
%packages
linux-image-cloud-amd64
%end
%post --erroronfail
set -e
apt-get update
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends linux-image-amd64
rm -rf /var/lib/apt/lists/*
apt-get clean
%end
"""


# The kernel and the system lie in logical partitions, as %pre asks for them.
LOGICAL = """
%include /tmp/disk.ks
clearpart --all --disklabel=msdos
rootpw applbuild
bootloader --timeout=1
%pre
disk=$(list-harddrives | cut -d' ' -f1)
for name in /srv /opt /home /boot; do
    echo "part $name --size=200 --ondisk=$disk"
done > /tmp/disk.ks
echo "part swap --recommended --ondisk=$disk" >> /tmp/disk.ks
echo "part / --percent=100 --ondisk=$disk" >> /tmp/disk.ks
%end
%packages
linux-image-cloud-amd64
%end
"""


# The machine starts from the first disk, and the system lies on the second.
APART = """
part /srv --size=100 --grow --ondisk=sda
part / --size=1500 --grow --ondisk=sdb
rootpw applbuild
bootloader --timeout=1 --driveorder=sda,sdb
%packages
linux-image-cloud-amd64
%end
"""


@pytest.fixture(scope="module")
def apart(as_user: Any, workshop: Callable[[Any], Any]) -> Path:
    """An appliance that starts from a disk without /boot."""
    disks = ("--disk", "data=500MiB", "--disk", "os=2500MiB")
    output: Path = workshop(as_user).build(APART, *disks, "--format", "qcow2")
    return output


@pytest.fixture(scope="module")
def split(as_user: Any, workshop: Callable[[Any], Any]) -> Path:
    """An appliance with /boot on its second disk."""
    disks = ("--disk", "one=3000MiB", "--disk", "two=500MiB")
    output: Path = workshop(as_user).build(SPLIT, *disks, "--format", "qcow2", "--script-network")
    return output


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


def test_the_guests_own_update_of_initramfs_and_boot_loader_still_starts(demo: Path) -> None:
    disks = [demo / f"web-{name}.qcow2" for name in ("os", "data")]
    size = "wc -c < /boot/initrd.img-$(uname -r)"
    with booted(disks, firmware="bios", form="qcow2") as guest:
        guest.log_in("applbuild")
        before = int(guest.run(size))
        # Debian's hook only brings a configuration up to date that is there.
        guest.run("true > /boot/grub/grub.cfg")
        # What the installation of a kernel does.
        guest.run(
            "run-parts --arg=$(uname -r) --arg=/boot/vmlinuz-$(uname -r) /etc/kernel/postinst.d"
            " 2>&1",
            900,
        )
        # It follows the choice of drivers that was made when the appliance was built.
        assert abs(int(guest.run(size)) - before) < 1_000_000
        assert "console=ttyS0,115200" in guest.run("cat /boot/grub/grub.cfg")
        guest.console.sendline("sync; systemctl reboot")
        look_at(guest)


def test_boot_on_the_second_disk_starts_from_there_and_offers_the_kernel_of_the_script(
    split: Path,
) -> None:
    # The machine starts from the disk that holds /boot, as the descriptor lists it.
    disks = [split / "web-two.qcow2", split / "web-one.qcow2"]
    with booted(disks, firmware="bios", form="qcow2") as guest:
        guest.log_in("applbuild")
        assert guest.run("findmnt -no SOURCE /boot").startswith("/dev/vda")
        assert guest.run("findmnt -no SOURCE /").startswith("/dev/vdb")
        assert guest.run("ls /boot/vmlinuz-* | wc -l") == "2"
        assert guest.run("grep -c ^menuentry /boot/grub/grub.cfg") == "2"


def test_a_system_in_logical_partitions_starts(as_user: Any, workshop: Any) -> None:
    words = ("--disk", "only=3000MiB", "--format", "qcow2")
    output = workshop(as_user).build(LOGICAL, *words)
    with booted([output / "web-only.qcow2"], firmware="bios", form="qcow2") as guest:
        guest.log_in("applbuild")
        assert guest.run("findmnt -no SOURCE /boot") == "/dev/vda5"
        assert guest.run("swapon --show --noheadings | cut -d' ' -f1") == "/dev/vda6"
        assert guest.run("findmnt -no SOURCE /") == "/dev/vda7"
        assert guest.run("findmnt -no SOURCE /srv") == "/dev/vda1"
        assert guest.run("systemctl --failed --no-legend") == ""


@pytest.mark.parametrize("firmware", ["bios", "uefi"])
def test_a_disk_without_boot_starts_the_system_of_another(apart: Path, firmware: str) -> None:
    disks = [apart / "web-data.qcow2", apart / "web-os.qcow2"]
    with booted(disks, firmware=firmware, form="qcow2") as guest:
        guest.log_in("applbuild")
        assert guest.run("findmnt -no SOURCE /").startswith("/dev/vdb")
        assert guest.run("findmnt -no SOURCE /srv").startswith("/dev/vda")
        assert guest.run("systemctl --failed --no-legend") == ""
