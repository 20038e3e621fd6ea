"""A system with every setting, started: the guest itself says that each is in force."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from machine import Guest, booted

from applbuild.kickstart import Fate
from applbuild.kickstart.table import ENTRIES

KICKSTART = Path(__file__).with_name("settings.ks")
CARDS = 6

ANSWERS: dict[str, tuple[tuple[str, str], ...]] = {
    "lang": (
        ("localectl status | grep -o LANG=.*", "LANG=de_DE.UTF-8"),
        ("locale -a | grep -c '^[fp][rt]_..[.]utf8'", "2"),
        ("LC_ALL=de_DE.UTF-8 date -d 2026-03-01 +%B", "März"),
    ),
    "langsupport": (("locale -a | grep -c '^nl_NL[.]utf8'", "1"),),
    "keyboard": (
        ("localectl status | grep -o 'VC Keymap: .*'", "VC Keymap: de-nodeadkeys"),
        ("localectl status | grep -o 'X11 Layout: .*'", "X11 Layout: de,us"),
        ("localectl status | grep -o 'X11 Options: .*'", "X11 Options: grp:alt_shift_toggle"),
        # What the console loads: on a German keyboard the key with the code 21 is a z.
        ("zcat /etc/console-setup/cached_UTF-8_del.kmap.gz | grep -c '^keycode 21 = +U+007a'", "1"),
        ("systemctl is-active keyboard-setup", "active"),
    ),
    "timezone": (
        ("timedatectl show --value --property=Timezone", "Asia/Kathmandu"),
        ("date +%z", "+0545"),
        ("timedatectl show --value --property=LocalRTC", "no"),
    ),
    "timesource": (
        (
            "timedatectl show-timesync --value --property=SystemNTPServers",
            "10.0.2.2 pool.example.org",
        ),
        ("systemctl is-active systemd-timesyncd", "active"),
    ),
    "skipx": (("systemctl get-default", "multi-user.target"),),
    "rootpw": (("sshd -T | grep ^permitrootlogin", "permitrootlogin yes"),),
    "user": (
        ("getent passwd ada", "ada:x:1500:1600:Ada L.:/srv/people/ada:/bin/sh"),
        ("id -Gn ada", "ada adm staff2"),
        ("stat -c %U /srv/people/ada", "ada"),
        # The password as the system compares it; and one who has none.
        (
            'echo lovelace | su nobody -s /bin/sh -c "su ada -c id\\ -un" 2>/dev/null',
            "ada",
        ),
        ("getent shadow bob | cut -d: -f2", "!"),
    ),
    "group": (("getent group staff2", "staff2:x:2070:ada"),),
    "sshkey": (
        ("cut -d' ' -f3 /srv/people/ada/.ssh/authorized_keys", "ada@example.org"),
        ("stat -c '%U %a' /srv/people/ada/.ssh/authorized_keys", "ada 600"),
    ),
    "firewall": (
        ("firewall-cmd --state", "running"),
        ("firewall-cmd -q --zone=public --query-service=http && echo open", "open"),
        ("firewall-cmd -q --zone=public --query-service=imaps && echo open", "open"),
        ("firewall-cmd -q --zone=public --query-service=ssh && echo open", "open"),
        ("firewall-cmd -q --zone=public --query-service=dhcpv6-client || echo closed", "closed"),
        ("firewall-cmd --zone=public --list-ports", "8080/tcp 5353/udp"),
        ("firewall-cmd --get-zone-of-interface=br0", "trusted"),
    ),
    "services": (
        ("systemctl is-enabled ssh", "enabled"),
        ("systemctl is-active ssh", "active"),
        ("systemctl is-enabled apt-daily.timer || true", "disabled"),
    ),
    "firstboot": (("ls /etc/reconfigSys 2>/dev/null | wc -l", "0"),),
    "part": (
        ("findmnt -no OPTIONS /srv", "rw,nodev,noatime"),
        ("findmnt -no LABEL /srv", "people"),
        ("df --output=itotal /srv | tail -1 | tr -d ' '", "32768"),
        ("findmnt -no FSTYPE /boot", "ext4"),
        ("swapon --show=TYPE,SIZE --noheadings | tr -s ' '", "partition 64M"),
    ),
    "clearpart": (("lsblk -dno PTTYPE /dev/vda", "gpt"),),
    "bootloader": (
        ("grep -o 'quiet applbuild.test=yes' /proc/cmdline", "quiet applbuild.test=yes"),
        ("grep -o ' net.ifnames=0 ' /proc/cmdline", "net.ifnames=0"),
        ("grep 'set timeout' /boot/grub/grub.cfg", "set timeout=3"),
        ("stat -c %a /boot/grub/grub.cfg", "600"),
    ),
    "%packages": (("dpkg-query -W -f '${db:Status-Abbrev}' openssh-server", "ii"),),
    "%post": (("cat /srv/README", "after the settings: all.example.org"),),
    "%certificate": (
        (
            "openssl verify -CApath /etc/ssl/certs /etc/ssl/certs/ours.pem",
            "/etc/ssl/certs/ours.pem: OK",
        ),
    ),
    "%addon": (("grep -c '^kept = yes' /root/anaconda-ks.cfg", "1"),),
}
"""By command: what the guest is asked, and what it answers."""

ADDRESSES = (
    ("hostname", "all.example.org"),
    ("hostname -f", "all.example.org"),
    ("ip -br -4 addr show eth0 | tr -s ' ' | cut -d' ' -f3", "10.0.2.20/24"),
    ("ip -br -6 addr show eth0 | grep -o 'fec0::20/64'", "fec0::20/64"),
    ("ip route show default | grep -o 'via .* dev [a-z0-9]*'", "via 10.0.2.2 dev eth0"),
    ("ip -6 route show default | grep -o 'via .* dev [a-z0-9]*'", "via fec0::2 dev eth0"),
    ("resolvectl dns | grep -oE '10.0.2.3 fec0::3'", "10.0.2.3 fec0::3"),
    ("resolvectl domain | grep -o example.org", "example.org"),
    ("ip -br -4 addr show eth1 | tr -s ' ' | cut -d' ' -f3", "10.0.2.15/24"),
    ("cat /sys/class/net/eth1/mtu", "1400"),
    ("ip -br -6 addr show eth1", ""),
    ("cat /sys/class/net/bond0/bonding/mode", "active-backup 1"),
    ("cat /sys/class/net/bond0/bonding/miimon", "100"),
    ("cat /sys/class/net/bond0/bonding/primary", "eth3"),
    ("ip -br -4 addr show bond0 | tr -s ' ' | cut -d' ' -f3", "192.0.2.1/24"),
    ("ip -d link show bond0.7 | grep -oE 'id [0-9]+'", "id 7"),
    ("ip -br -4 addr show bond0.7 | tr -s ' ' | cut -d' ' -f3", "198.51.100.1/24"),
    ("ls /sys/class/net/br0/brif", "eth4"),
    ("cat /sys/class/net/br0/bridge/priority", "4096"),
    ("ip -br -4 addr show br0 | tr -s ' ' | cut -d' ' -f3", "203.0.113.1/24"),
    ("ip -br -4 addr show eth5 | tr -s ' ' | cut -d' ' -f3", ""),
)
"""What the `network` lines come to, whatever sets the interfaces up."""

NOT_USED = {
    "network": "its answers are ADDRESSES",
    "zerombr": "the disk boots: it has a table",
    "reqpart": "the disk boots: it has what the firmware starts from",
    "xconfig": "its --startxonboot is the opposite of skipx; core/tests",
    "authselect": "only Fedora's systems have it; core/tests",
    "selinux": "only a system with its policy can be in a mode; test_rpm_appliance",
    "syspurpose": "only systems with subscription-manager have it; core/tests",
    "partition": "another name of `part`",
    "url": "the host's own archives are used, so that no archive is named here",
    "repo": "the host's own archives are used, so that no archive is named here",
    "module": "only RPM repositories have modules; plugins/payload_dnf",
    "liveimg": "it takes the place of packages; plugins/payload_tree",
    "autopart": "it takes the place of `part`",
    "%pre": "it has no effect on the guest",
    "%pre-install": "it has no effect on the guest",
    "%onerror": "the build does not fail",
}
"""Honoured commands that have no answer above, and why."""


def commands() -> set[str]:
    """Return the commands and sections of the kickstart."""
    found, is_inside = set(), False
    for line in KICKSTART.read_text(encoding="utf-8").splitlines():
        word = next(iter(shlex.split(line, comments=True)), "") if not is_inside else ""
        found |= {word} - {"", "%end"}
        is_inside = (is_inside or word.startswith("%")) and line != "%end"
    return found


def test_every_honoured_command_is_in_the_kickstart_and_has_an_answer() -> None:
    honoured = {name for name, entry in ENTRIES.items() if entry.fate is Fate.HONOURED}

    assert honoured - set(ANSWERS) - set(NOT_USED) == set()
    assert set(ANSWERS) <= commands()
    assert not set(ANSWERS) & set(NOT_USED)


@pytest.fixture(scope="module")
def built(as_user: Any, workshop: Callable[[Any], Any]) -> Callable[..., Path]:
    """Builds the kickstart with further packages, and returns its disk."""

    def build(*packages: str) -> Path:
        text = KICKSTART.read_text(encoding="utf-8")
        text = text.replace("\nopenssh-server\n", "\n".join(("", "openssh-server", *packages, "")))
        words = ("--disk", "os=4000MiB", "--format", "qcow2,compression=none")
        output: Path = workshop(as_user).build(text, *words)
        return output / "web-os.qcow2"

    return build


@pytest.fixture(scope="module")
def started(built: Callable[..., Path]) -> Iterator[Guest]:
    """A machine of the kickstart as it is, with systemd-networkd."""
    with running(built()) as guest:
        yield guest


def running(disk: Path) -> Any:
    return booted([disk], firmware="bios", form="qcow2", cards=CARDS)


def settle(guest: Guest) -> None:
    """Log in, and wait until everything that starts has started."""
    guest.log_in("applbuild")
    guest.run("systemctl is-system-running --wait", 300)


def wrong_answers(guest: Guest, asked: tuple[tuple[str, str], ...]) -> list[str]:
    """Return what *guest* does not answer as expected, all of it."""
    answers = ((command, guest.run(f"{{ {command}; }} || true"), said) for command, said in asked)
    return [f"{command}: {answer!r}" for command, answer, said in answers if answer != said]


@pytest.mark.boot
@pytest.mark.packages
@pytest.mark.timeout(1200)
class TestTheGuest:
    def test_has_every_setting_in_force(self, started: Guest) -> None:
        settle(started)
        asked = tuple(pair for pairs in ANSWERS.values() for pair in pairs)

        assert wrong_answers(started, (*asked, *ADDRESSES)) == []
        assert started.run("systemctl --failed --no-legend") == ""

    def test_keeps_its_menu_locked_and_starts_unattended_after_an_update(
        self, started: Guest
    ) -> None:
        """GRUB asks for a name before anything is changed, by its own grub.cfg too."""
        started.run("update-grub", 300)
        started.console.sendline("reboot")
        started.console.expect("GNU GRUB", timeout=300)
        started.console.send("e")
        started.console.expect("username", timeout=60)
        started.console.send("\x1b")
        started.console.expect("GNU GRUB", timeout=60)
        started.console.send("\r")
        settle(started)

        assert started.run("hostname") == "all.example.org"


@pytest.mark.boot
@pytest.mark.packages
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    "packages", [("network-manager",), ("ifupdown", "isc-dhcp-client")], ids=lambda names: names[0]
)
def test_the_network_is_the_same_whatever_sets_it_up(
    built: Callable[..., Path], packages: tuple[str, ...]
) -> None:
    with running(built(*packages)) as guest:
        settle(guest)

        trusted = ("firewall-cmd --get-zone-of-interface=br0", "trusted")
        assert wrong_answers(guest, (*ADDRESSES, trusted)) == []
        assert guest.run("systemctl --failed --no-legend") == ""
