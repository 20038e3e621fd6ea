"""`network` as values: what each line says of an interface, and the name of the host."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address, ip_interface
from typing import Any

import attrs

from applbuild.kickstart.grammar import Statement
from applbuild.kickstart.reading import Reading
from applbuild.model.network import (
    Interface,
    InterfaceKind,
    Ip,
    Method,
    cards_of,
    is_numbered,
)
from applbuild.model.problem import Place, Severity

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,252}[A-Za-z0-9])?\.?", re.ASCII)
_MAC = re.compile(r"([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}", re.ASCII)
# IFNAMSIZ of Linux is 16, with the zero at the end.
_INTERFACE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,14}", re.ASCII)
_BRIDGE_VALUES = {"yes": "true", "on": "true", "no": "false", "off": "false"}
_OPTION = re.compile(r"[a-z0-9_-]+=[A-Za-z0-9_.:,+/-]+", re.ASCII)
_CLASS = re.compile(r"[!-~][ -~]{0,254}", re.ASCII)
_MADE_OF_OTHERS = ("--bondslaves", "--teamslaves", "--bridgeslaves", "--vlanid")
_WHICHEVER = ("", "link", "bootif", "ibft")
_CARD = InterfaceKind.ETHERNET
_OF_STATIC = ("--ip", "--netmask", "--gateway")
_FIRST = "eth0"
_LINK_VALUES = {
    "autoneg": re.compile("on|off"),
    "speed": re.compile("[0-9]{2,6}"),
    "duplex": re.compile("full|half"),
    "wol": re.compile("[pumbagsfd]+"),
}


class _NoNetworkError(ValueError):
    """A value that no network could have."""


def _network(reading: Reading, statement: Statement) -> Reading:
    data, place = statement.data, statement.item.place
    if data.hostname:
        if not _HOST.fullmatch(data.hostname):
            return reading.problem(f"{data.hostname!r} cannot be a host's name", place)
        reading = reading.settings(hostname=data.hostname)
        # As in Anaconda, such a line speaks of no interface.
        if {given.name for given in statement.given} == {"--hostname"}:
            return reading
    if data.teamslaves or data.teamconfig:
        return reading
    try:
        asked = _interfaces(data, place)
    except _NoNetworkError as nonsense:
        return reading.problem(f"network: {nonsense}", place)
    for interface in asked:
        reading = _with_interface(reading, interface)
    return _with_notes(reading, statement)


def _with_interface(reading: Reading, interface: Interface) -> Reading:
    """Return *reading* with *interface*, in the place of an earlier one for the same device."""
    kept = []
    for other in reading.request.settings.interfaces:
        if (other.name, other.mac) != (interface.name, interface.mac):
            kept.append(other)
            continue
        place = interface.place or other.place
        message = f"`network` for {other.title} is replaced by the one at {place}"
        if other.place is not None and other.place != place:
            reading = reading.problem(message, other.place, Severity.NOTE)
    return reading.settings(interfaces=(*kept, interface))


def _with_notes(reading: Reading, statement: Statement) -> Reading:
    """Say what a name means for machines that are not known yet."""
    interfaces = reading.request.settings.interfaces
    made = {interface.name for interface in interfaces if interface.kind is not _CARD}
    names = {name for interface in interfaces for name in cards_of(interface)} - made
    numbered = {
        name for interface in interfaces if is_numbered(interface) for name in cards_of(interface)
    } - made
    place, device = statement.item.place, statement.data.device
    if numbered and names - numbered:
        message = (
            f"no machine has both {min(numbered)} and {min(names - numbered)}: "
            "cards are either numbered or named by where they are"
        )
        return reading.problem(message, place, Severity.WARNING, "write eth0, eth1 ... for all")
    idle = [name for name in _OF_STATIC if statement.has(name)]
    if idle and all(it.ipv4.method is not Method.STATIC for it in interfaces if it.place == place):
        message = f"{', '.join(idle)} of `network` has no effect with DHCP"
        reading = reading.problem(message, place, Severity.NOTE, "write --bootproto=static")
    if device in names - numbered:
        message = f"only machines that call a card {device} have this interface"
        hint = "write eth0 for the first card, or link for every one"
        return reading.problem(message, place, Severity.NOTE, hint)
    return reading


def _interfaces(data: Any, place: Place) -> tuple[Interface, ...]:
    """Return what a line asks for: as a rule one interface, two for a VLAN on a bond."""
    device = data.device.strip()
    if device in _WHICHEVER:
        device = ""
    elif not _MAC.fullmatch(device) and not _INTERFACE.fullmatch(device):
        raise _NoNetworkError(f"{device!r} cannot be the name of an interface")
    whole = _addressed(data, place)
    if data.bondslaves or data.bridgeslaves:
        made = _made_of_members(data, device, place)
        if not data.vlanid:
            return (attrs.evolve(whole, kind=made.kind, name=made.name, members=made.members,
                                 options=made.options),)  # fmt: skip
        off = Ip(method=Method.OFF)
        carrier = attrs.evolve(made, ipv4=off, ipv6=off, is_started=whole.is_started)
        return carrier, _vlan(whole, data, device)
    if data.vlanid:
        return (_vlan(whole, data, device),)
    if _MAC.fullmatch(device):
        return (attrs.evolve(whole, mac=device.lower()),)
    # One address cannot be that of every card: it is the first one's.
    is_static = Method.STATIC in {whole.ipv4.method, whole.ipv6.method}
    return (attrs.evolve(whole, name=device or (_FIRST if is_static else None)),)


def _made_of_members(data: Any, device: str, place: Place) -> Interface:
    is_bond = bool(data.bondslaves)
    members = _split(data.bondslaves or data.bridgeslaves)
    options = data.bondopts if is_bond else data.bridgeopts
    for name in (device, *members):
        if not _INTERFACE.fullmatch(name):
            raise _NoNetworkError(f"{name!r} cannot be the name of an interface")
    return Interface(
        kind=InterfaceKind.BOND if is_bond else InterfaceKind.BRIDGE,
        name=device,
        members=members,
        # Options of a bond are parted by semicolons where their values have commas.
        options=tuple(
            _option(option, is_bond=is_bond)
            for option in _split(options, ";" if ";" in options else ",")
        ),
        place=place,
    )


def _option(text: str, *, is_bond: bool) -> tuple[str, str]:
    if not _OPTION.fullmatch(text):
        raise _NoNetworkError(f"{text!r} is no option of a bond or bridge")
    name, _, value = text.partition("=")
    if is_bond:
        return name, value
    value = _BRIDGE_VALUES.get(value, value)
    if not value.isdecimal() and value not in _BRIDGE_VALUES.values():
        raise _NoNetworkError(f"{text!r} is no option of a bridge")
    return name, value


def _vlan(whole: Interface, data: Any, device: str) -> Interface:
    if not data.vlanid.isdecimal() or not 0 < int(data.vlanid) < 4095:  # IEEE 802.1Q, 9.6
        raise _NoNetworkError(f"{data.vlanid!r} is no number of a VLAN")
    parent = device or _FIRST
    name = data.interfacename or f"{parent}.{data.vlanid}"
    if _MAC.fullmatch(parent) or not _INTERFACE.fullmatch(name):
        raise _NoNetworkError(f"a VLAN cannot be called {name!r}; write --interfacename")
    return attrs.evolve(
        whole, kind=InterfaceKind.VLAN, name=name, parent=parent, vlan=int(data.vlanid)
    )


def _addressed(data: Any, place: Place) -> Interface:
    """Return an interface without a name, with all that a line says of addresses."""
    servers = [_address(server) for server in _split(data.nameserver)]
    return Interface(
        ipv4=_ipv4(data, tuple(s for s in servers if ":" not in s)),
        ipv6=_ipv6(data, tuple(s for s in servers if ":" in s)),
        is_started=bool(data.onboot),
        has_default_route=not data.nodefroute,
        mtu_bytes=_mtu(data.mtu),
        link=_link(data.ethtool),
        dhcp_class=_dhcp_class(data.dhcpclass),
        place=place,
    )


def _ipv4(data: Any, servers: tuple[str, ...]) -> Ip:
    method = Method.STATIC if data.bootProto in {"static", "ibft"} and data.ip else Method.AUTO
    if data.bootProto == "static" and not (data.ip and data.netmask) and not data.noipv4:
        if not data.ipv6:
            raise _NoNetworkError("--bootproto=static needs --ip and --netmask")
        method = Method.OFF
    address = None
    if data.noipv4:
        method = Method.OFF
    elif method is Method.STATIC:
        address = _with_prefix(data.ip, data.netmask)
    gateway = _address(data.gateway) if data.gateway else None
    return Ip(
        method=method,
        address=address,
        gateway=gateway if method is Method.STATIC else None,
        name_servers=servers,
        search=_search(data.ipv4_dns_search),
        ignores_offered_dns=bool(data.nodns or data.ipv4_ignore_auto_dns),
    )


def _ipv6(data: Any, servers: tuple[str, ...]) -> Ip:
    asked = data.ipv6 or "auto"
    method = {"auto": Method.AUTO, "dhcp": Method.DHCP}.get(asked, Method.STATIC)
    if data.noipv6 or asked == "off":
        method = Method.OFF
    # As in Anaconda, an address without a prefix is in a network of 64 bits.
    address = asked if "/" in asked else f"{asked}/64"
    gateway = _address(data.ipv6gateway) if data.ipv6gateway else None
    return Ip(
        method=method,
        address=_with_prefix(*address.split("/", 1)) if method is Method.STATIC else None,
        gateway=gateway if method is Method.STATIC else None,
        name_servers=servers,
        search=_search(data.ipv6_dns_search),
        ignores_offered_dns=bool(data.nodns or data.ipv6_ignore_auto_dns),
    )


def _with_prefix(address: str, mask: str) -> str:
    try:
        return str(ip_interface(f"{address.strip()}/{mask.strip()}"))
    except ValueError:
        raise _NoNetworkError(f"{address}/{mask} is no address of a network") from None


def _address(text: str) -> str:
    try:
        return str(ip_address(text.strip()))
    except ValueError:
        raise _NoNetworkError(f"{text!r} is no address") from None


def _search(text: str | None) -> tuple[str, ...]:
    domains = _split(text or "")
    for domain in domains:
        if not _HOST.fullmatch(domain):
            raise _NoNetworkError(f"{domain!r} is no domain")
    return domains


def _mtu(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or not 68 <= int(text) <= 65535:  # RFC 791: every link carries 68
        raise _NoNetworkError(f"{text!r} is no MTU")
    return int(text)


def _dhcp_class(text: str) -> str | None:
    if text and not _CLASS.fullmatch(text):
        raise _NoNetworkError(f"{text!r} is no class of DHCP clients")
    return text or None


def _link(text: str) -> tuple[tuple[str, str], ...]:
    words = [word for word in text.split() if word not in {"-s", "--change"}]
    pairs = tuple(zip(words[::2], words[1::2], strict=False))
    for name, value in pairs:
        if name not in _LINK_VALUES or not _LINK_VALUES[name].fullmatch(value):
            raise _NoNetworkError(
                f"--ethtool: {name} {value} cannot be set; autoneg, speed, duplex, wol"
            )
    if len(words) % 2:
        raise _NoNetworkError(f"--ethtool: {words[-1]} has no value")
    return pairs


def _split(text: str, separator: str = ",") -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(separator) if part.strip())


def count_interfaces(statements: Iterable[Statement]) -> int:
    """Return how many network interfaces the `network` lines among *statements* speak of."""
    devices: set[str] = set()
    for statement in statements:
        if statement.item.name != "network" or statement.data is None:
            continue
        for given in statement.given:
            if given.name in _MADE_OF_OTHERS[:3]:
                devices.update(given.value.split(","))
        if not any(statement.has(name) for name in _MADE_OF_OTHERS):
            devices.add(statement.data.device)
    return max(1, len(devices.difference(_WHICHEVER)))


NETWORK = {"network": _network}
