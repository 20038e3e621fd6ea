"""NetworkManager: a keyfile for each connection (nm-settings-keyfile(5), nm-settings(5))."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from applbuild.identity import derive_uuid
from applbuild.model.network import Interface, InterfaceKind, Ip, Method
from applbuild.model.result import Tree
from applbuild.tree import exists, write_file

_FOLDER = "/etc/NetworkManager/system-connections"
_UNMANAGED = "NetworkManager/conf.d/10-globally-managed-devices.conf"
_ONLY_THESE = """\
# Written by applbuild: no other card comes up than those of the kickstart.
[main]
no-auto-default=*
"""
_METHODS = {
    Method.AUTO: "auto",
    Method.DHCP: "dhcp",
    Method.STATIC: "manual",
    Method.OFF: "disabled",
}
_Sections = dict[str, dict[str, str]]


def write_keyfiles(
    interfaces: tuple[Interface, ...], trusted: tuple[str, ...], seed: str, tree: Tree
) -> None:
    """Write a connection for each of *interfaces* and their members; no other card comes up.

    Interfaces that the firewall has *trusted* say so: NetworkManager tells firewalld the zone.
    """
    masters = {name: it for it in interfaces for name in it.members}
    known = {it.name for it in interfaces}
    for interface in interfaces:
        master = masters.get(interface.name or "")
        sections = _connection(interface, master)
        if interface.name in trusted:
            sections["connection"]["zone"] = "trusted"
        _write(interface.title, sections, seed, tree)
        for name in interface.members:
            if name not in known:
                card = Interface(name=name, is_started=interface.is_started)
                _write(name, _connection(card, interface), seed, tree)
    if not any(it.is_every_card for it in interfaces):
        write_file(tree, "/etc/NetworkManager/conf.d/50-applbuild.conf", _ONLY_THESE)
    if exists(tree, f"/usr/lib/{_UNMANAGED}"):
        # Ubuntu's NetworkManager leaves cards alone unless a file of this name says otherwise.
        write_file(tree, f"/etc/{_UNMANAGED}", "")


def _write(title: str, sections: _Sections, seed: str, tree: Tree) -> None:
    head = {"id": title, "uuid": derive_uuid(seed, f"connection {title}")}
    sections["connection"] = {**head, **sections["connection"]}
    text = "\n".join(_lines(sections))
    # NetworkManager reads no connection that others than root may read.
    write_file(tree, f"{_FOLDER}/{title}.nmconnection", f"{text}\n", mode=0o600)


def _lines(sections: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    for name, values in sections.items():
        if values or name in {"ipv4", "ipv6"}:
            yield f"[{name}]"
            yield from (f"{key}={value}" for key, value in values.items())
            yield ""


def _connection(interface: Interface, master: Interface | None) -> _Sections:
    sections: _Sections = {
        "connection": _head(interface, master),
        "ethernet": _ethernet(interface),
    }
    match interface.kind:
        case InterfaceKind.VLAN:
            sections["vlan"] = {"id": str(interface.vlan), "parent": str(interface.parent)}
        case InterfaceKind.BOND | InterfaceKind.BRIDGE:
            sections[interface.kind.value] = dict(interface.options)
        case InterfaceKind.ETHERNET:
            pass
    if master is None:
        sections["ipv4"] = _family(interface.ipv4, interface)
        sections["ipv6"] = _family(interface.ipv6, interface)
        if interface.dhcp_class:
            sections["ipv4"]["dhcp-vendor-class-identifier"] = interface.dhcp_class
    return sections


def _head(interface: Interface, master: Interface | None) -> dict[str, str]:
    connection = {"type": interface.kind.value}
    if interface.name:
        connection["interface-name"] = interface.name
    if interface.is_every_card:
        # nm-settings(5): 3 is "multiple"; the cards that have a connection of their own keep it.
        connection |= {"multi-connect": "3", "autoconnect-priority": "-100"}
    if not interface.is_started:
        connection["autoconnect"] = "false"
    if master is not None:
        connection |= {"master": str(master.name), "slave-type": master.kind.value}
    elif interface.members:
        connection["autoconnect-slaves"] = "1"
    return connection


def _ethernet(interface: Interface) -> dict[str, str]:
    values = {}
    if interface.mac:
        values["mac-address"] = interface.mac.upper()
    if interface.mtu_bytes:
        values["mtu"] = str(interface.mtu_bytes)
    link = dict(interface.link)
    if "autoneg" in link:
        values["auto-negotiate"] = "true" if link["autoneg"] == "on" else "false"
    values |= {name: link[name] for name in ("speed", "duplex") if name in link}
    if "wol" in link:
        values["wake-on-lan"] = str(_wake_on_lan(link["wol"]))
    return values


def _wake_on_lan(letters: str) -> int:
    """Return NetworkManager's flags (NMSettingWiredWakeOnLan) for the letters of ethtool(8)."""
    flags = {"p": 0x2, "u": 0x4, "m": 0x8, "b": 0x10, "a": 0x20, "g": 0x40}
    return sum(flag for letter, flag in flags.items() if letter in letters)


def _family(ip: Ip, interface: Interface) -> dict[str, str]:
    values = {"method": _METHODS[ip.method]}
    if ip.address:
        gateway = f",{ip.gateway}" if ip.gateway and interface.has_default_route else ""
        values["address1"] = f"{ip.address}{gateway}"
    if ip.method is not Method.OFF:
        values |= {"dns": ";".join((*ip.name_servers, ""))} if ip.name_servers else {}
        values |= {"dns-search": ";".join((*ip.search, ""))} if ip.search else {}
        values |= {"ignore-auto-dns": "true"} if ip.ignores_offered_dns else {}
        values |= {} if interface.has_default_route else {"never-default": "true"}
    return values
