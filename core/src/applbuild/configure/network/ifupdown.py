"""ifupdown: /etc/network/interfaces (interfaces(5)); what is made of cards, by ip-link(8)."""

from __future__ import annotations

from collections.abc import Iterator

from applbuild.errors import KickstartError
from applbuild.model.network import Interface, InterfaceKind, Ip, Method
from applbuild.model.result import Tree
from applbuild.tree import exists, write_file

_HEAD = """\
# Written by applbuild; see interfaces(5).
source /etc/network/interfaces.d/*

auto lo
iface lo inet loopback
"""
# Cards as the kernel numbers them, and as systemd names them by their place.
_EVERY_CARD = ("/eth*", "/en*")
_CLIENTS = ("dhclient", "dhcpcd", "udhcpc", "pump")
# NetworkManager's names, which Anaconda takes, to ip-link(8); the kernel has hundredths of seconds.
_BRIDGE = {
    "stp": ("stp_state", 1),
    "priority": ("priority", 1),
    "forward-delay": ("forward_delay", 100),
    "hello-time": ("hello_time", 100),
    "max-age": ("max_age", 100),
    "ageing-time": ("ageing_time", 100),
    "multicast-snooping": ("mcast_snooping", 1),
}
_SWITCHES = {"true": 1, "false": 0}


def write_interfaces(interfaces: tuple[Interface, ...], tree: Tree) -> None:
    """Write a stanza for each of *interfaces*; no other card comes up.

    Raises:
        KickstartError: it cannot do what an option asks.
    """
    # The first stanza that fits a card counts, so that for every card comes last.
    ordered = sorted(interfaces, key=lambda it: it.is_every_card)
    masters = {name for it in interfaces for name in it.members}
    text = "\n".join(
        "\n".join(_stanzas(it, tree)) + "\n" for it in ordered if it.name not in masters
    )
    write_file(tree, "/etc/network/interfaces", f"{_HEAD}\n{text}")


def _stanzas(it: Interface, tree: Tree) -> Iterator[str]:
    if it.ipv4.method is Method.AUTO and not _has_client(tree):
        message = f"network: the installed system has no DHCP client for {it.title}"
        raise KickstartError(message, place=it.place, hint="add isc-dhcp-client to %packages")
    name = it.name or ("card" if it.is_every_card else it.title)
    if it.is_started:
        yield f"auto {' '.join(_patterns(it, name))}"
    families = [(kind, ip) for kind, ip in (("inet", it.ipv4), ("inet6", it.ipv6))]
    used = [(kind, ip) for kind, ip in families if ip.method is not Method.OFF]
    for number, (kind, ip) in enumerate(used or [("inet", Ip(method=Method.OFF))]):
        yield f"iface {name} {kind} {_method(kind, ip)}"
        if number == 0:
            yield from (f"    {line}" for line in _device(it))
        yield from (f"    {line}" for line in _addresses(kind, ip, it))
    if it.ipv6.method is Method.OFF and used:
        # sysctl(8) would take the dot in the name of a VLAN for one of its own.
        yield "    up echo 1 > /proc/sys/net/ipv6/conf/$IFACE/disable_ipv6"


def _patterns(it: Interface, name: str) -> Iterator[str]:
    if it.is_every_card:
        yield from (f"{pattern}={name}" for pattern in _EVERY_CARD)
    elif it.mac:
        yield f"/mac/{it.mac}={name}"
    else:
        yield name


def _has_client(tree: Tree) -> bool:
    return any(
        exists(tree, f"{folder}/{name}") for folder in ("/usr/sbin", "/sbin") for name in _CLIENTS
    )


def _method(kind: str, ip: Ip) -> str:
    if ip.method is Method.OFF:
        return "manual"
    if ip.method is Method.AUTO:
        return "dhcp" if kind == "inet" else "auto"
    return str(ip.method.value)


def _addresses(kind: str, ip: Ip, it: Interface) -> Iterator[str]:
    if ip.address:
        yield f"address {ip.address}"
    if ip.gateway and it.has_default_route:
        yield f"gateway {ip.gateway}"
    if kind == "inet" and ip.method is Method.AUTO:
        if it.dhcp_class:
            yield f"vendor {it.dhcp_class}"
        if not it.has_default_route:
            yield "up ip route del default dev $IFACE || true"
        if ip.ignores_offered_dns:
            raise KickstartError(
                f"network: ifupdown cannot ignore the name servers that {it.title} is offered",
                place=it.place,
                hint="add NetworkManager to %packages, or leave --nodns out",
            )
    if kind == "inet6" and ip.method is Method.AUTO and not it.has_default_route:
        yield "pre-up echo 0 > /proc/sys/net/ipv6/conf/$IFACE/accept_ra_defrtr"


def _device(it: Interface) -> Iterator[str]:
    """Yield what makes the device, and sets it up, before it gets an address."""
    match it.kind:
        case InterfaceKind.VLAN:
            yield f"pre-up ip link set {it.parent} up"
            yield (
                f"pre-up ip link add link {it.parent} name {it.name} type vlan id {it.vlan} || true"
            )
        case InterfaceKind.BOND | InterfaceKind.BRIDGE:
            words = " ".join(_options(it))
            kind = it.kind.value
            yield f"pre-up ip link add name {it.name} type {kind} {words}".rstrip() + " || true"
            for member in it.members:
                yield f"pre-up ip link set {member} down"
                yield f"pre-up ip link set {member} master {it.name}"
                yield f"pre-up ip link set {member} up"
            for name, value in it.options:
                if name == "primary":
                    yield f"pre-up ip link set {it.name} type bond primary {value}"
        case InterfaceKind.ETHERNET:
            pass
    if it.mtu_bytes:
        yield f"pre-up ip link set $IFACE mtu {it.mtu_bytes}"
    if it.link:
        words = " ".join(f"{name} {value}" for name, value in it.link)
        yield f"pre-up ethtool -s $IFACE {words}"
    if it.kind is not InterfaceKind.ETHERNET:
        yield f"post-down ip link del {it.name}"


def _options(it: Interface) -> Iterator[str]:
    for name, value in it.options:
        if name == "primary":
            continue  # it has to be a member already
        if it.kind is InterfaceKind.BOND:
            yield f"{name} {value}"
            continue
        if name not in _BRIDGE:
            raise KickstartError(
                f"network: ip-link has no option {name} for a bridge",
                place=it.place,
                hint=f"it knows {', '.join(_BRIDGE)}",
            )
        word, factor = _BRIDGE[name]
        number = _SWITCHES[value] if value in _SWITCHES else int(value)
        yield f"{word} {number * factor}"
