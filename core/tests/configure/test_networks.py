"""What each program for networks is told, on made-up systems; and what it says of that itself."""

from __future__ import annotations

import shutil
import subprocess
from configparser import ConfigParser

import pytest

from applbuild.configure.network import set_network
from applbuild.errors import KickstartError

STATIC = (
    "network --device=eth0 --bootproto=static --ip=192.0.2.7 --netmask=255.255.255.0"
    " --gateway=192.0.2.1 --nameserver=192.0.2.3,2001:db8::3 --ipv6=2001:db8::7/64"
    " --ipv6gateway=2001:db8::1 --ipv4-dns-search=a.example\n"
)
DHCP = "network --device=eth1 --nodefroute --nodns --mtu=1400 --noipv6 --dhcpclass=web\n"
OFF = "network --device=eth5 --onboot=no\n"
BOND = (
    "network --device=bond0 --bondslaves=eth2,eth3 --bondopts=mode=1,miimon=100,primary=eth3"
    " --vlanid=7 --bootproto=static --ip=198.51.100.1 --netmask=255.255.255.0\n"
)
BRIDGE = "network --device=br0 --bridgeslaves=eth4 --bridgeopts=stp=yes,forward-delay=4\n"
BY_ADDRESS = "network --device=52:54:00:ab:cd:ef\n"
ETHTOOL = "network --device=eth6 --ethtool='autoneg off speed 100 duplex full wol g'\n"
EVERYTHING = STATIC + DHCP + OFF + BOND + BRIDGE + BY_ADDRESS + ETHTOOL

KEYFILES = "/etc/NetworkManager/system-connections"
NETWORKD = "/etc/systemd/network"


@pytest.fixture
def keyfile(guest, planned):
    """Has a system with NetworkManager configured, and returns a connection of it."""
    guest.has("/usr/sbin/NetworkManager", "/usr/lib/systemd/system/NetworkManager.service")

    def read(text: str, name: str) -> ConfigParser:
        set_network(planned(text), guest.tree, guest)
        parser = ConfigParser(delimiters=("=",), interpolation=None)
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        parser.read_string(guest.text(f"{KEYFILES}/{name}.nmconnection"))
        return parser

    return read


@pytest.fixture
def networkd(guest, planned):
    """Has a system with systemd-networkd configured, and returns the lines of a file."""
    guest.has("/usr/lib/systemd/system/systemd-networkd.service")

    def read(text: str, name: str) -> list[str]:
        set_network(planned(text), guest.tree, guest)
        return guest.text(f"{NETWORKD}/{name}").splitlines()

    return read


@pytest.fixture
def ifupdown(guest, planned):
    """Has a system with ifupdown configured, and returns the lines about interfaces."""
    guest.has("/usr/sbin/ifup", "/usr/sbin/dhclient")

    def read(text: str) -> list[str]:
        set_network(planned(text), guest.tree, guest)
        return guest.text("/etc/network/interfaces").splitlines()

    return read


class TestNetworkManager:
    def test_it_is_asked_first(self, keyfile, guest):
        guest.has("/usr/sbin/ifup", "/usr/lib/systemd/system/systemd-networkd.service")

        assert keyfile(STATIC, "eth0")
        assert not guest.has_file("/etc/network/interfaces")
        assert not guest.has_file(NETWORKD)

    def test_every_card_asks_by_dhcp_without_a_line(self, keyfile, guest):
        card = keyfile("", "ethernet")

        assert card["connection"]["multi-connect"] == "3"
        assert "interface-name" not in card["connection"]
        assert (card["ipv4"]["method"], card["ipv6"]["method"]) == ("auto", "auto")
        assert not guest.has_file("/etc/NetworkManager/conf.d/50-applbuild.conf")

    def test_cards_that_no_line_names_stay_down(self, keyfile, guest):
        keyfile(STATIC, "eth0")

        text = guest.text("/etc/NetworkManager/conf.d/50-applbuild.conf")
        assert text.endswith("[main]\nno-auto-default=*\n")

    def test_only_root_reads_a_connection(self, keyfile, guest):
        keyfile(STATIC, "eth0")

        assert guest.mode(f"{KEYFILES}/eth0.nmconnection") == 0o600

    def test_a_static_address_with_all_around_it(self, keyfile):
        eth0 = keyfile(STATIC, "eth0")

        assert eth0["connection"]["interface-name"] == "eth0"
        assert dict(eth0["ipv4"]) == {
            "method": "manual",
            "address1": "192.0.2.7/24,192.0.2.1",
            "dns": "192.0.2.3;",
            "dns-search": "a.example;",
        }
        assert eth0["ipv6"]["address1"] == "2001:db8::7/64,2001:db8::1"
        assert eth0["ipv6"]["dns"] == "2001:db8::3;"

    def test_dhcp_without_route_and_name_servers(self, keyfile):
        eth1 = keyfile(DHCP, "eth1")

        assert dict(eth1["ipv4"]) == {
            "method": "auto",
            "ignore-auto-dns": "true",
            "never-default": "true",
            "dhcp-vendor-class-identifier": "web",
        }
        assert eth1["ipv6"]["method"] == "disabled"
        assert eth1["ethernet"]["mtu"] == "1400"

    def test_an_interface_that_is_not_started(self, keyfile):
        assert keyfile(OFF, "eth5")["connection"]["autoconnect"] == "false"

    def test_a_bond_its_members_and_its_vlan(self, keyfile):
        bond = keyfile(BOND, "bond0")
        member = keyfile(BOND, "eth2")
        vlan = keyfile(BOND, "bond0.7")

        assert dict(bond["bond"]) == {"mode": "1", "miimon": "100", "primary": "eth3"}
        assert bond["ipv4"]["method"] == "disabled"
        assert member["connection"]["master"] == "bond0"
        assert member["connection"]["slave-type"] == "bond"
        assert dict(vlan["vlan"]) == {"id": "7", "parent": "bond0"}
        assert vlan["ipv4"]["address1"] == "198.51.100.1/24"

    def test_a_card_by_its_hardware_address(self, keyfile):
        card = keyfile(BY_ADDRESS, "52-54-00-ab-cd-ef")

        assert card["ethernet"]["mac-address"] == "52:54:00:AB:CD:EF"
        assert "interface-name" not in card["connection"]

    def test_settings_of_a_card(self, keyfile):
        assert dict(keyfile(ETHTOOL, "eth6")["ethernet"]) == {
            "auto-negotiate": "false",
            "speed": "100",
            "duplex": "full",
            "wake-on-lan": "64",
        }

    def test_what_the_firewall_trusts_is_in_its_zone(self, keyfile):
        text = f"{BRIDGE}firewall --enabled --trust=br0\n"

        assert keyfile(text, "br0")["connection"]["zone"] == "trusted"
        assert "zone" not in keyfile(text, "eth4")["connection"]

    def test_the_same_kickstart_gives_the_same_connections(self, keyfile):
        assert keyfile(STATIC, "eth0") == keyfile(STATIC, "eth0")

    @pytest.mark.skipif(not shutil.which("nmcli"), reason="nmcli is not installed")
    def test_nmcli_reads_every_connection_and_finds_nothing_to_leave_out(self, keyfile, guest):
        keyfile(EVERYTHING, "eth0")

        files = sorted((guest.root / KEYFILES.lstrip("/")).iterdir())
        assert len(files) == 11
        for file in files:
            read = subprocess.run(
                ["nmcli", "--offline", "connection", "modify", "connection.lldp", "0"],
                input=file.read_bytes(),
                capture_output=True,
                check=False,
            )
            assert read.returncode == 0, (file.name, read.stderr)
            assert read.stderr == b"", file.name
            kept = {line for line in read.stdout.decode().splitlines() if "=" in line}
            said = {line for line in file.read_text().splitlines() if "=" in line}
            assert said - kept <= DEFAULTS, file.name


# What nmcli leaves out, because it is so anyway.
DEFAULTS = {"autoconnect-slaves=1", "mode=1", "stp=true", "auto-negotiate=false"}


class TestNetworkd:
    def test_every_card_asks_by_dhcp_without_a_line(self, networkd, guest):
        lines = networkd("", "80-ethernet.network")

        assert lines[1:4] == ["[Match]", "Type=ether", "Kind=!*"]
        assert "DHCP=yes" in lines
        assert ["systemctl", "--quiet", "enable", "systemd-networkd.service"] in guest.ran

    def test_a_static_address_with_all_around_it(self, networkd):
        lines = networkd(STATIC, "20-eth0.network")

        assert lines[1:] == [
            "[Match]",
            "Name=eth0",
            "",
            "[Network]",
            "DHCP=no",
            "IPv6AcceptRA=no",
            "Address=192.0.2.7/24",
            "Gateway=192.0.2.1",
            "DNS=192.0.2.3",
            "Domains=a.example",
            "Address=2001:db8::7/64",
            "Gateway=2001:db8::1",
            "DNS=2001:db8::3",
        ]

    def test_dhcp_without_route_and_name_servers(self, networkd):
        lines = networkd(DHCP, "20-eth1.network")

        assert {"MTUBytes=1400", "DHCP=ipv4", "UseDNS=no", "UseGateway=no"} <= set(lines)
        assert {"LinkLocalAddressing=no", "VendorClassIdentifier=web"} <= set(lines)

    def test_an_interface_that_is_not_started(self, networkd):
        assert "ActivationPolicy=manual" in networkd(OFF, "20-eth5.network")

    def test_a_bond_its_members_and_its_vlan(self, networkd):
        assert networkd(BOND, "20-bond0.netdev")[1:] == [
            "[NetDev]",
            "Name=bond0",
            "Kind=bond",
            "",
            "[Bond]",
            "Mode=active-backup",
            "MIIMonitorSec=100ms",
        ]
        assert "Bond=bond0" in networkd(BOND, "20-eth2.network")
        assert "PrimarySlave=yes" in networkd(BOND, "20-eth3.network")
        assert "VLAN=bond0.7" in networkd(BOND, "20-bond0.network")
        assert networkd(BOND, "20-bond0.7.netdev")[-2:] == ["[VLAN]", "Id=7"]
        assert "Address=198.51.100.1/24" in networkd(BOND, "20-bond0.7.network")

    def test_a_vlan_on_a_card_that_no_line_speaks_of(self, networkd):
        lines = networkd("network --device=eth0 --vlanid=7\n", "20-eth0.network")

        assert {"VLAN=eth0.7", "LinkLocalAddressing=no", "DHCP=no"} <= set(lines)

    def test_a_bridge(self, networkd):
        assert networkd(BRIDGE, "20-br0.netdev")[-2:] == ["STP=true", "ForwardDelaySec=4"]
        assert "Bridge=br0" in networkd(BRIDGE, "20-eth4.network")

    def test_settings_of_a_card(self, networkd):
        lines = networkd(ETHTOOL, "20-eth6.link")

        assert "OriginalName=eth6" in lines
        assert {"AutoNegotiation=no", "BitsPerSecond=100M", "WakeOnLan=magic"} <= set(lines)

    def test_an_option_that_it_does_not_know_is_an_error(self, networkd):
        text = "network --device=bond0 --bondslaves=eth0 --bondopts=colour=red\n"

        with pytest.raises(KickstartError, match="colour") as caught:
            networkd(text, "20-bond0.netdev")
        assert str(caught.value.place) == "web.ks:1"

    def test_name_servers_are_written_down_where_nothing_else_keeps_them(self, networkd, guest):
        networkd(STATIC, "20-eth0.network")

        assert guest.text("/etc/resolv.conf").splitlines() == [
            "search a.example",
            "nameserver 192.0.2.3",
            "nameserver 2001:db8::3",
        ]


class TestIfupdown:
    def test_it_is_asked_where_it_is_installed(self, ifupdown, guest):
        guest.has("/usr/lib/systemd/system/systemd-networkd.service")
        ifupdown("")

        assert not guest.has_file(NETWORKD)

    def test_every_card_asks_by_dhcp_without_a_line(self, ifupdown):
        lines = ifupdown("")

        assert lines[-3:] == ["auto /eth*=card /en*=card", "iface card inet dhcp",
                              "iface card inet6 auto"]  # fmt: skip

    def test_a_static_address_with_all_around_it(self, ifupdown, guest):
        guest.has("/usr/lib/systemd/system/systemd-resolved.service")
        lines = ifupdown(STATIC)

        assert lines[-7:] == [
            "auto eth0",
            "iface eth0 inet static",
            "    address 192.0.2.7/24",
            "    gateway 192.0.2.1",
            "iface eth0 inet6 static",
            "    address 2001:db8::7/64",
            "    gateway 2001:db8::1",
        ]
        said = guest.text("/etc/systemd/resolved.conf.d/50-applbuild.conf")
        assert said.endswith("DNS=192.0.2.3 2001:db8::3\nDomains=a.example\n")

    def test_an_interface_that_is_not_started(self, ifupdown):
        assert "auto eth5" not in ifupdown(OFF)
        assert "iface eth5 inet dhcp" in ifupdown(OFF)

    def test_a_card_by_its_hardware_address(self, ifupdown):
        assert "auto /mac/52:54:00:ab:cd:ef=52-54-00-ab-cd-ef" in ifupdown(BY_ADDRESS)

    def test_a_bond_and_its_vlan(self, ifupdown):
        lines = [line.strip() for line in ifupdown(BOND)]

        made = "pre-up ip link add name bond0 type bond mode 1 miimon 100 || true"
        joined = "pre-up ip link set eth3 master bond0"
        primary = "pre-up ip link set bond0 type bond primary eth3"
        assert lines.index(made) < lines.index(joined) < lines.index(primary)
        assert "pre-up ip link add link bond0 name bond0.7 type vlan id 7 || true" in lines

    def test_a_bridge_has_times_in_hundredths(self, ifupdown):
        lines = "\n".join(ifupdown(BRIDGE))

        assert "type bridge stp_state 1 forward_delay 400" in lines

    def test_without_a_dhcp_client_the_build_ends(self, guest, planned):
        guest.has("/usr/sbin/ifup")

        with pytest.raises(KickstartError, match="no DHCP client") as caught:
            set_network(planned("network --device=eth0\n"), guest.tree, guest)
        assert "%packages" in caught.value.hint

    def test_ignoring_name_servers_is_more_than_it_can(self, ifupdown):
        with pytest.raises(KickstartError, match="cannot ignore the name servers"):
            ifupdown(DHCP)

    @pytest.mark.skipif(not shutil.which("ifquery"), reason="ifupdown is not installed")
    def test_ifquery_finds_every_interface(self, ifupdown, guest):
        ifupdown(EVERYTHING.replace("--nodns", ""))

        file = guest.root / "etc/network/interfaces"
        asked = ["ifquery", "--interfaces", file, "--list", "--all"]
        read = subprocess.run(asked, capture_output=True, text=True, check=False)
        assert (read.returncode, read.stderr) == (0, "")
        assert set(read.stdout.split()) >= {"lo", "eth0", "eth1", "bond0", "bond0.7", "br0"}
        shown = subprocess.run(
            ["ifquery", "--interfaces", file, "eth0"], capture_output=True, text=True, check=True
        )
        assert "address: 192.0.2.7\n" in shown.stdout


def test_a_system_with_nothing_for_networks_is_an_error_only_where_one_was_asked_for(
    guest, planned
):
    set_network(planned("lang C\n"), guest.tree, guest)

    with pytest.raises(KickstartError, match="nothing that sets up interfaces"):
        set_network(planned(STATIC), guest.tree, guest)
