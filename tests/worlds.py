"""The example of one server in two worlds, and what is true of it in both."""

from __future__ import annotations

from pathlib import Path

from machine import Guest

WORLDS = Path(__file__).parents[1] / "examples/worlds"
DISKS = ("--disk", "os=3000MiB", "--disk", "data=200MiB", "--format", "qcow2")
_REQUEST = r"exec 3<>/dev/tcp/127.0.0.1/80; printf 'GET / HTTP/1.0\r\n\r\n' >&3; cat <&3"


def lay_out_common_part(folder: Path) -> None:
    """Put what both kickstarts include into *folder*."""
    text = (WORLDS / "server.ks").read_text(encoding="utf-8")
    (folder / "server.ks").write_text(text, encoding="utf-8")


def assert_is_the_server(guest: Guest) -> None:
    """Check that the guest, where root is logged in, is what server.ks describes."""
    assert guest.run("hostname") == "web"
    assert guest.run("readlink /etc/localtime").endswith("zoneinfo/Etc/UTC")
    assert "LANG=en_US.UTF-8" in guest.run("cat /etc/locale.conf")
    assert "net.ifnames=0" in guest.run("cat /proc/cmdline").split()
    assert guest.run("getent passwd admin").split(":")[4].startswith("Administrator")
    assert guest.run("su admin -c 'sudo -n id -u'") == "0"
    sources = dict(
        line.split()[:2] for line in guest.run("findmnt --real -rno TARGET,SOURCE").splitlines()
    )
    assert sources["/boot"].startswith("/dev/vda")
    assert sources["/srv"].startswith("/dev/vdb")
    assert {"nodev", "nosuid"} <= set(guest.run("findmnt -no OPTIONS /srv").split(","))
    assert "Built by applbuild." in guest.run(f'bash -c "{_REQUEST}"').splitlines()
    assert guest.run("find /usr/share/man /usr/share/doc -type f ! -name copyright") == ""
    assert guest.run("systemctl --failed --no-legend") == ""
    assert guest.ssh_banner().startswith("SSH-2.0-OpenSSH")
