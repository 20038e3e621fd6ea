"""systemd-networkd: .network, .netdev and .link files, each with a manual page of its name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from applbuild.errors import KickstartError
from applbuild.model.network import Interface, InterfaceKind, Ip, Method
from applbuild.model.result import Tree
from applbuild.tree import write_file

_FOLDER = "/etc/systemd/network"
# Kind=!* leaves out bridges, bonds and whatever else is not a card (systemd.network(5)).
_EVERY_CARD = ("Type=ether", "Kind=!*")
# The kernel's names (Documentation/networking/bonding.rst) to systemd.netdev(5); the times
# that the kernel has in milliseconds.
_BOND = {
    "mode": "Mode={}",
    "miimon": "MIIMonitorSec={}ms",
    "updelay": "UpDelaySec={}ms",
    "downdelay": "DownDelaySec={}ms",
    "arp_interval": "ARPIntervalSec={}ms",
    "arp_ip_target": "ARPIPTargets={}",
    "arp_validate": "ARPValidate={}",
    "arp_all_targets": "ARPAllTargets={}",
    "lacp_rate": "LACPTransmitRate={}",
    "xmit_hash_policy": "TransmitHashPolicy={}",
    "fail_over_mac": "FailOverMACPolicy={}",
    "primary_reselect": "PrimaryReselectPolicy={}",
    "ad_select": "AdSelect={}",
    "min_links": "MinLinks={}",
    "num_grat_arp": "GratuitousARP={}",
    "resend_igmp": "ResendIGMP={}",
    "lp_interval": "LearnPacketIntervalSec={}",
    "packets_per_slave": "PacketsPerSlave={}",
    "all_slaves_active": "AllSlavesActive={}",
}
_MODES = (
    *("balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad"),
    *("balance-tlb", "balance-alb"),
)
# NetworkManager's names, which Anaconda takes.
_BRIDGE = {
    "stp": "STP={}",
    "priority": "Priority={}",
    "forward-delay": "ForwardDelaySec={}",
    "hello-time": "HelloTimeSec={}",
    "max-age": "MaxAgeSec={}",
    "ageing-time": "AgeingTimeSec={}",
    "multicast-snooping": "MulticastSnooping={}",
}


def write_networkd(interfaces: tuple[Interface, ...], tree: Tree) -> None:
    """Write what *interfaces* are and how they get their addresses; no other card comes up.

    Raises:
        KickstartError: systemd-networkd does not know an option of a bond or bridge.
    """
    masters = {name: it for it in interfaces for name in it.members}
    vlans = {str(it.parent): [] for it in interfaces if it.parent}  # type: dict[str, list[str]]
    for it in interfaces:
        if it.parent:
            vlans[it.parent].append(str(it.name))
    known = {it.name for it in interfaces}
    off = Ip(method=Method.OFF)
    others = [Interface(name=name, ipv4=off, ipv6=off) for name in (*masters, *vlans)]
    for it in (*interfaces, *(other for other in others if other.name not in known)):
        # A later number lets a card's own file win over the one for every card.
        place = f"{_FOLDER}/{80 if it.is_every_card else 20}-{it.title}"
        lines = _network(it, masters.get(it.name or ""), vlans.get(it.name or "", ()))
        _write(f"{place}.network", lines, tree)
        if it.kind is not InterfaceKind.ETHERNET:
            _write(f"{place}.netdev", _netdev(it), tree)
        if it.link:
            _write(f"{place}.link", _link(it), tree)


def _write(path: str, lines: Iterable[str], tree: Tree) -> None:
    text = "\n".join(("# Written by applbuild.", *lines))
    write_file(tree, path, f"{text}\n")


def _match(it: Interface) -> Iterator[str]:
    yield "[Match]"
    if it.is_every_card:
        yield from _EVERY_CARD
    elif it.mac:
        yield f"PermanentMACAddress={it.mac}"
    else:
        yield f"Name={it.name}"


def _network(it: Interface, master: Interface | None, vlans: Iterable[str]) -> Iterator[str]:
    yield from _match(it)
    if it.mtu_bytes or not it.is_started:
        yield from ("", "[Link]")
        yield from [f"MTUBytes={it.mtu_bytes}"] if it.mtu_bytes else []
        yield from [] if it.is_started else ["ActivationPolicy=manual", "RequiredForOnline=no"]
    yield from ("", "[Network]")
    yield from (f"VLAN={name}" for name in vlans)
    if master is not None:
        yield f"{master.kind.value.capitalize()}={master.name}"
        if dict(master.options).get("primary") == it.name:
            yield "PrimarySlave=yes"
        return
    yield from _addresses(it)
    yield from _details(it)


def _addresses(it: Interface) -> Iterator[str]:
    four, six = it.ipv4, it.ipv6
    has_dhcp4, has_dhcp6 = four.method is Method.AUTO, six.method in {Method.AUTO, Method.DHCP}
    words = {(True, True): "yes", (True, False): "ipv4", (False, True): "ipv6"}
    yield f"DHCP={words.get((has_dhcp4, has_dhcp6), 'no')}"
    if six.method is Method.OFF:
        yield from ("LinkLocalAddressing=no", "IPv6AcceptRA=no")
    elif six.method is Method.STATIC:
        yield "IPv6AcceptRA=no"
    for ip in (four, six):
        if ip.address:
            yield f"Address={ip.address}"
        if ip.gateway and it.has_default_route:
            yield f"Gateway={ip.gateway}"
        yield from (f"DNS={server}" for server in ip.name_servers)
        if ip.search:
            yield f"Domains={' '.join(ip.search)}"


def _details(it: Interface) -> Iterator[str]:
    """Yield what is asked of DHCP and of the router, by section."""
    route = [] if it.has_default_route else ["UseGateway=no"]
    four = [*_dns(it.ipv4), *route]
    if it.ipv4.method is Method.AUTO and (it.is_every_card or not it.ipv4.ignores_offered_dns):
        four.append("UseDomains=yes")
    if it.dhcp_class:
        four.append(f"VendorClassIdentifier={it.dhcp_class}")
    if it.ipv4.method is Method.AUTO:
        yield from ("", "[DHCPv4]", *four)
    six = _dns(it.ipv6)
    if it.ipv6.method in {Method.AUTO, Method.DHCP} and (six or route):
        yield from ("", "[IPv6AcceptRA]", *six, *route)
    if it.ipv6.method is Method.DHCP:
        yield from ("", "[DHCPv6]", "WithoutRA=solicit", *six)
    elif it.ipv6.method is Method.AUTO and six:
        yield from ("", "[DHCPv6]", *six)


def _dns(ip: Ip) -> list[str]:
    return ["UseDNS=no"] if ip.ignores_offered_dns else []


def _netdev(it: Interface) -> Iterator[str]:
    yield from ("[NetDev]", f"Name={it.name}", f"Kind={it.kind.value}")
    if it.kind is InterfaceKind.VLAN:
        yield from ("", "[VLAN]", f"Id={it.vlan}")
        return
    options = [pair for pair in it.options if pair[0] != "primary"]  # said by the card itself
    if options:
        yield from ("", f"[{it.kind.value.capitalize()}]")
        yield from (_option(it, name, value) for name, value in options)


def _option(it: Interface, name: str, value: str) -> str:
    known = _BOND if it.kind is InterfaceKind.BOND else _BRIDGE
    if name not in known:
        raise KickstartError(
            f"network: systemd-networkd has no option {name} for a {it.kind.value}",
            place=it.place,
            hint=f"it knows {', '.join(known)}; add NetworkManager to %packages for others",
        )
    if name == "mode" and value.isdecimal() and int(value) < len(_MODES):
        value = _MODES[int(value)]
    return known[name].format(value.replace(",", " ") if name == "arp_ip_target" else value)


def _link(it: Interface) -> Iterator[str]:
    """Yield systemd.link(5) for the card: udev takes one file alone, so this has its defaults."""
    wol = {"p": "phy", "u": "unicast", "m": "multicast", "b": "broadcast", "a": "arp", "g": "magic"}
    link = dict(it.link)
    yield from (line.replace("Name=", "OriginalName=") for line in _match(it))
    yield from ("", "[Link]", "NamePolicy=keep kernel database onboard slot path")
    if "autoneg" in link:
        yield f"AutoNegotiation={'yes' if link['autoneg'] == 'on' else 'no'}"
    if "speed" in link:
        yield f"BitsPerSecond={link['speed']}M"
    if "duplex" in link:
        yield f"Duplex={link['duplex']}"
    if "wol" in link:
        words = " ".join(word for letter, word in wol.items() if letter in link["wol"])
        yield f"WakeOnLan={words or 'off'}"
