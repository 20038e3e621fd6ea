"""Network interfaces as values, whatever program of the system configures them."""

from __future__ import annotations

import re
from enum import Enum

import attrs

from applbuild.model.problem import Place

_NUMBERED = re.compile(r"eth[0-9]+", re.ASCII)


class InterfaceKind(Enum):
    """What an interface is: a card, or made of others."""

    ETHERNET = "ethernet"
    BOND = "bond"
    BRIDGE = "bridge"
    VLAN = "vlan"


class Method(Enum):
    """How an interface gets its addresses of one family."""

    AUTO = "auto"
    """As the network offers: DHCP for IPv4; what the router announces for IPv6."""
    DHCP = "dhcp"
    """For IPv6: DHCPv6, whatever the router announces."""
    STATIC = "static"
    OFF = "off"


@attrs.frozen(kw_only=True)
class Ip:
    """The addresses, routes and name servers of an interface, of one family."""

    method: Method = Method.AUTO
    address: str | None = None
    """With the length of its prefix: `192.0.2.7/24`."""
    gateway: str | None = None
    name_servers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    ignores_offered_dns: bool = False


@attrs.frozen(kw_only=True)
class Interface:
    """What one `network` line says of an interface."""

    kind: InterfaceKind = InterfaceKind.ETHERNET
    name: str | None = None
    """What the system calls it. With neither name nor `mac` it is every Ethernet card that no
    other interface speaks of."""
    mac: str | None = None
    ipv4: Ip = Ip()
    ipv6: Ip = Ip()
    is_started: bool = True
    """Whether it comes up at boot."""
    has_default_route: bool = True
    mtu_bytes: int | None = None
    link: tuple[tuple[str, str], ...] = ()
    """Of ethtool(8): `autoneg`, `speed`, `duplex`, `wol`."""
    dhcp_class: str | None = None
    members: tuple[str, ...] = ()
    """Names of what a bond or bridge is made of."""
    options: tuple[tuple[str, str], ...] = ()
    """Of the bond or bridge, as ip-link(8) and NetworkManager call them."""
    parent: str | None = None
    """What carries the VLAN."""
    vlan: int | None = None
    place: Place | None = None

    @property
    def title(self) -> str:
        """What tells it from the other interfaces, for names of files."""
        return self.name or (self.mac or "ethernet").replace(":", "-")

    @property
    def is_every_card(self) -> bool:
        """Whether it is every Ethernet card that no other interface speaks of."""
        return self.kind is InterfaceKind.ETHERNET and not self.name and not self.mac


def is_numbered(interface: Interface) -> bool:
    """Return whether *interface* is, or is made of, cards as the kernel numbers them: `eth0`."""
    return any(_NUMBERED.match(name) for name in cards_of(interface))


def cards_of(interface: Interface) -> tuple[str, ...]:
    """Return the names that *interface* knows devices by, which it does not make itself."""
    match interface.kind:
        case InterfaceKind.ETHERNET:
            return (interface.name,) if interface.name else ()
        case InterfaceKind.VLAN:
            return (interface.parent,) if interface.parent else ()
        case _:
            return interface.members
