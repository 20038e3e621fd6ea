from __future__ import annotations

import pytest

from applbuild.model.network import InterfaceKind, Method
from applbuild.model.problem import Severity


@pytest.fixture
def interfaces(understand):
    """Returns the interfaces of a kickstart."""
    return lambda text: understand(text).request.settings.interfaces


def test_dhcp_on_an_ethernet_is_honoured_without_a_word(understand):
    reading = understand("network --bootproto=dhcp --device=link --onboot=on --activate\n")

    assert reading.request.problems == ()


@pytest.mark.parametrize("device", ["", " --device=link", " --device=bootif", " --device=ibft"])
def test_a_device_that_only_an_installer_could_find_is_every_card(interfaces, device):
    (it,) = interfaces(f"network --bootproto=dhcp{device}\n")

    assert it.is_every_card


@pytest.mark.parametrize("device", ["", " --device=link"])
def test_a_static_address_without_a_name_is_that_of_the_first_card(interfaces, device):
    line = f"network --bootproto=static --ip=192.0.2.7 --netmask=255.255.255.0{device}\n"

    assert [it.name for it in interfaces(line)] == ["eth0"]


def test_a_hardware_address_names_a_card(interfaces):
    (it,) = interfaces("network --device=52:54:00:AB:CD:EF\n")

    assert (it.name, it.mac) == (None, "52:54:00:ab:cd:ef")


def test_a_hostname_alone_is_about_no_interface(interfaces):
    assert interfaces("network --hostname=x\n") == ()


def test_a_static_interface_has_all_that_its_line_says(interfaces):
    (it,) = interfaces(
        "network --device=eth1 --bootproto=static --ip=192.0.2.7 --netmask=255.255.255.0"
        " --gateway=192.0.2.1 --nameserver=192.0.2.3,2001:db8::3 --ipv6=2001:db8::7/56"
        " --ipv6gateway=fe80::1 --ipv4-dns-search=a.example,b.example --mtu=1400"
        " --onboot=no --nodefroute\n"
    )

    assert it.name == "eth1"
    assert (it.ipv4.method, it.ipv4.address) == (Method.STATIC, "192.0.2.7/24")
    assert (it.ipv4.gateway, it.ipv4.name_servers) == ("192.0.2.1", ("192.0.2.3",))
    assert it.ipv4.search == ("a.example", "b.example")
    assert (it.ipv6.method, it.ipv6.address) == (Method.STATIC, "2001:db8::7/56")
    assert (it.ipv6.gateway, it.ipv6.name_servers) == ("fe80::1", ("2001:db8::3",))
    assert (it.mtu_bytes, it.is_started, it.has_default_route) == (1400, False, False)


@pytest.mark.parametrize(
    ("options", "method"),
    [
        ("", Method.AUTO),
        ("--ipv6=auto", Method.AUTO),
        ("--ipv6=dhcp", Method.DHCP),
        ("--noipv6", Method.OFF),
        ("--ipv6=2001:db8::1", Method.STATIC),
    ],
)
def test_ipv6_is_as_the_router_says_unless_the_line_says_otherwise(interfaces, options, method):
    (it,) = interfaces(f"network --device=eth0 {options}\n")

    assert it.ipv6.method is method


def test_an_ipv6_address_without_a_prefix_is_in_a_network_of_64_bits(interfaces):
    (it,) = interfaces("network --device=eth0 --ipv6=2001:db8::1\n")

    assert it.ipv6.address == "2001:db8::1/64"


def test_nodns_ignores_what_either_family_is_offered(interfaces):
    (it,) = interfaces("network --device=eth0 --nodns\n")

    assert (it.ipv4.ignores_offered_dns, it.ipv6.ignores_offered_dns) == (True, True)


@pytest.mark.parametrize(
    ("written", "options"),
    [
        ("mode=active-backup,primary=eth1", [("mode", "active-backup"), ("primary", "eth1")]),
        ("mode=1;arp_ip_target=192.0.2.1,192.0.2.2",
         [("mode", "1"), ("arp_ip_target", "192.0.2.1,192.0.2.2")]),
    ],
)  # fmt: skip
def test_a_bond_has_members_and_options(interfaces, written, options):
    (it,) = interfaces(f"network --device=bond0 --bondslaves=eth0,eth1 '--bondopts={written}'\n")

    assert (it.kind, it.name, it.members) == (InterfaceKind.BOND, "bond0", ("eth0", "eth1"))
    assert list(it.options) == options


def test_a_bond_with_a_vlan_has_its_addresses_on_the_vlan(interfaces):
    bond, vlan = interfaces(
        "network --device=bond0 --bondslaves=eth0,eth1 --vlanid=7 --bootproto=static"
        " --ip=192.0.2.7 --netmask=255.255.255.0\n"
    )

    assert (bond.kind, bond.ipv4.method) == (InterfaceKind.BOND, Method.OFF)
    assert (vlan.name, vlan.parent, vlan.vlan) == ("bond0.7", "bond0", 7)
    assert vlan.ipv4.address == "192.0.2.7/24"


def test_a_vlan_may_have_a_name_of_its_own(interfaces):
    (it,) = interfaces("network --device=eth0 --vlanid=7 --interfacename=backbone\n")

    assert (it.name, it.parent) == ("backbone", "eth0")


def test_a_bridge_has_members_and_options(interfaces):
    (it,) = interfaces("network --device=br0 --bridgeslaves=eth0 --bridgeopts=stp=yes,priority=9\n")

    assert (it.kind, it.members) == (InterfaceKind.BRIDGE, ("eth0",))
    assert it.options == (("stp", "true"), ("priority", "9"))


def test_settings_of_a_card_are_those_of_ethtool(interfaces):
    (it,) = interfaces("network --device=eth0 --ethtool='autoneg off speed 100 duplex full'\n")

    assert it.link == (("autoneg", "off"), ("speed", "100"), ("duplex", "full"))


def test_a_later_line_for_a_device_replaces_the_earlier_and_says_so(understand, told):
    reading = understand("network --device=eth0 --mtu=1400\nnetwork --device=eth0 --mtu=1300\n")

    assert [it.mtu_bytes for it in reading.request.settings.interfaces] == [1300]
    (note,) = told(reading, Severity.NOTE)
    assert note == "1: `network` for eth0 is replaced by the one at web.ks:2"


def test_names_by_place_are_told_to_be_those_of_some_machines(understand, told):
    assert "ens3" in told(understand("network --device=ens3\n"), Severity.NOTE)[0]
    assert told(understand("network --device=eth0\n"), Severity.NOTE) == []


def test_names_that_no_machine_has_together_are_a_warning(understand, told):
    reading = understand("network --device=ens3\nnetwork --device=eth1\n")

    assert told(reading, Severity.WARNING)[0].startswith("2: no machine has both eth1 and ens3")


def test_an_address_beside_dhcp_is_told_to_have_no_effect(understand, told):
    reading = understand("network --device=eth0 --bootproto=dhcp --gateway=192.0.2.1\n")

    assert told(reading, Severity.NOTE) == ["1: --gateway of `network` has no effect with DHCP"]


def test_a_team_is_refused_and_what_to_write_instead_is_told(understand):
    reading = understand("network --device=team0 --teamslaves=\"p1'{}'\"\n")

    (problem,) = reading.request.problems
    assert problem.severity is Severity.ERROR
    assert "--bondslaves" in problem.hint


@pytest.mark.parametrize(
    "options",
    [
        "--bootproto=static",
        "--bootproto=static --ip=192.0.2.7",
        "--bootproto=static --ip=192.0.2.700 --netmask=255.255.255.0",
        "--bootproto=static --ip=192.0.2.7 --netmask=255.0.255.0",
        "--nameserver=resolver",
        "--ipv6=nonsense",
        "--mtu=large",
        "--mtu=1",
        "--device='a b'",
        "--device=a/b",
        "--device=averylonginterface",
        "--vlanid=5000",
        "--ethtool='-K eth0 gro off'",
        "--ethtool='speed'",
        "--bondslaves='a b' --device=bond0",
        "--bondslaves=eth0 --device=bond0 --bondopts='mode=1 x'",
        "--bridgeslaves=eth0 --device=br0 --bridgeopts=stp=perhaps",
        "--device=eth0 --ipv4-dns-search='a b'",
    ],
)
def test_what_no_network_could_have_is_an_error(understand, told, options):
    reading = understand(f"network {options}\n")

    assert len(told(reading, Severity.ERROR)) == 1
    assert reading.request.settings.interfaces == ()
