"""A real system from this host's own archives, installed twice in the build's room."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))
import apt_room  # the room imports it by this name, too

from applbuild import namespace
from applbuild.room import CACHE, Bind, Room

pytestmark = pytest.mark.packages
GIB = 1024**3


@pytest.fixture(scope="module")
def twice(tmp_path_factory):
    """The same system, installed two times."""
    cache = tmp_path_factory.mktemp("cache")
    binds = (Bind(cache, CACHE, is_writable=True),)
    small, large = Room(binds=binds, work_bytes=GIB), Room(binds=binds, work_bytes=4 * GIB)
    resolution = namespace.call(apt_room.resolve, apt_room.request(), room=small)
    return [namespace.call(apt_room.build, resolution, room=large) for _ in range(2)]


def test_two_installations_are_the_same_in_everything(twice):
    first, second = (installed.entries for installed in twice)
    differing = {
        name: (first.get(name), second.get(name))
        for name in first | second
        if first.get(name) != second.get(name)
    }
    assert not differing


def test_the_system_is_whole(twice):
    installed = twice[0]
    names = {package.name for package in installed.resolution.packages}
    assert names >= {*apt_room.EXTRA, "systemd-sysv", "udev", "apt", "dpkg"}
    assert installed.kernels == 1
    assert installed.inside.splitlines() == [
        "/usr/bin/ping cap_net_raw=ep",
        "root mail 2775 /var/mail",
        "root shadow 2755 /usr/bin/chage",
        "root root 4755 /usr/bin/su",
    ]
    assert installed.entries["bin"].content == "usr/bin"


def test_nothing_of_the_host_or_the_day_is_left(twice):
    installed = twice[0]
    names = set(installed.entries)
    unwelcome = {
        *("etc/hostname", "var/log/dpkg.log", "var/log/apt/history.log", ".packages"),
        *("usr/sbin/policy-rc.d", "var/lib/dpkg/status-old", "var/lib/dbus/machine-id"),
    }
    assert not names & unwelcome
    assert not [name for name in names if "ssh_host_" in name or name.startswith("run/")]
    assert not [name for name in names if name.startswith("var/lib/apt/lists/") and "_" in name]
    assert installed.texts["/etc/machine-id"] == ""
    day = str(installed.resolution.newest_seconds // 86400)
    assert {line.split(":")[2] for line in installed.texts["/etc/shadow"].splitlines()} == {day}


def test_the_system_can_update_itself_from_where_it_came(twice):
    lines = twice[0].texts["/etc/apt/sources.list"].splitlines()
    assert lines
    for line in lines:
        keyring = line.partition("signed-by=/")[2].partition("]")[0]
        assert twice[0].entries[keyring].kind == "file"
        assert "@" not in line
    assert "Package: libc6\n" in twice[0].texts["/var/lib/apt/extended_states"]
    assert "Package: openssh-server\n" not in twice[0].texts["/var/lib/apt/extended_states"]


def test_a_later_initramfs_carries_the_same_drivers(twice):
    modules = twice[0].texts["/etc/initramfs-tools/modules"].split("\n")
    assert {"virtio_blk", "nvme", "xen_blkfront", "ext4"} <= set(modules)
    initramfs = [name for name in twice[0].entries if name.startswith("boot/initrd.img-")]
    assert len(initramfs) == 1


def test_modes_do_not_follow_the_caller(twice):
    assert stat.S_IMODE(twice[0].entries["."].mode) == 0o755
    assert twice[0].entries["tmp"].mode == 0o1777
