"""What a made-up system is called, what it mounts, and what it must not know."""

from __future__ import annotations

import pytest

from applbuild.configure.identity import seal, set_identity, write_fstab
from applbuild.model.storage import PartitionKind, PartitionRequest
from applbuild.testing import examples
from applbuild.units import GIB, MIB


def test_what_is_mounted_is_found_by_its_identifier_and_checked_in_order(guest):
    plan = examples.plan(
        examples.request(
            PartitionRequest(mount_point="/srv/a b", size_bytes=64 * MIB, options=("noatime",)),
            PartitionRequest(kind=PartitionKind.SWAP, size_bytes=64 * MIB),
            PartitionRequest(mount_point="/", size_bytes=64 * MIB),
            on={"os": GIB},
        )
    )

    write_fstab(plan, guest.tree)

    named = {volume.mount_point: volume.identifier for volume in plan.volumes}
    assert guest.text("/etc/fstab").splitlines()[1:] == [
        f"UUID={named['/']} / ext4 defaults 0 1",
        f"UUID={named['/srv/a b']} /srv/a\\040b ext4 noatime 0 2",
        f"UUID={named[None]} none swap defaults 0 0",
    ]


@pytest.mark.parametrize(
    ("text", "hostname", "names"),
    [
        ("text\n", "localhost", []),
        ("network --hostname=web\n", "web", ["127.0.1.1 web"]),
        ("network --hostname=a.example.org\n", "a.example.org", ["127.0.1.1 a.example.org a"]),
    ],
)
def test_the_system_knows_its_name(guest, planned, text, hostname, names):
    set_identity(planned(text), guest.tree)

    assert guest.text("/etc/hostname") == f"{hostname}\n"
    lines = guest.text("/etc/hosts").splitlines()
    assert lines[:2] == ["127.0.0.1 localhost", "::1 localhost ip6-localhost ip6-loopback"]
    assert lines[2:] == names


def test_what_every_machine_finds_out_for_itself_is_left_out(guest):
    guest.has("/etc/ssh/ssh_host_rsa_key", "/etc/ssh/ssh_host_rsa_key.pub", "/etc/ssh/moduli")
    guest.has("/var/lib/systemd/random-seed", "/root/.bash_history", "/etc/shadow-", "/etc/shadow")
    guest.write("/etc/machine-id", "0123\n")

    seal(guest.tree)

    gone = ("/etc/ssh/ssh_host_rsa_key", "/etc/ssh/ssh_host_rsa_key.pub", "/etc/shadow-")
    assert not any(map(guest.has_file, (*gone, "/root/.bash_history")))
    assert not guest.has_file("/var/lib/systemd/random-seed")
    assert guest.has_file("/etc/ssh/moduli")
    assert guest.has_file("/etc/shadow")
    assert guest.text("/etc/machine-id") == ""


def test_names_are_asked_of_resolved_where_the_system_has_it(guest):
    seal(guest.tree)
    assert not guest.has_file("/etc/resolv.conf")

    guest.has("/usr/lib/systemd/systemd-resolved")
    seal(guest.tree)
    assert (guest.root / "etc/resolv.conf").readlink().name == "stub-resolv.conf"
