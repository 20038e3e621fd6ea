"""The network of the installed system, by what the system has for it.

NetworkManager where it is installed, else ifupdown, else systemd-networkd: the last
comes with systemd and need not have been meant.
"""

from __future__ import annotations

from applbuild.configure.network.ifupdown import write_interfaces
from applbuild.configure.network.keyfiles import write_keyfiles
from applbuild.configure.network.networkd import write_networkd
from applbuild.configure.services import enable, has_unit
from applbuild.errors import KickstartError
from applbuild.model.network import Interface
from applbuild.model.plan import Plan
from applbuild.model.result import Tree
from applbuild.run import Run
from applbuild.tree import exists, write_file

_EVERY_CARD = (Interface(),)
_RESOLVED = "systemd-resolved.service"


def set_network(plan: Plan, tree: Tree, run: Run) -> None:
    """Configure the interfaces of the kickstart; without any, every Ethernet card asks by DHCP.

    Raises:
        KickstartError: the system has nothing that could, or not for one of the options.
    """
    if not plan.nics:
        return
    asked = plan.settings.interfaces
    interfaces = asked or _EVERY_CARD
    if exists(tree, "/usr/sbin/NetworkManager"):
        firewall = plan.settings.firewall
        write_keyfiles(interfaces, firewall.trusted if firewall else (), plan.seed, tree)
        enable(tree, run, "NetworkManager.service")
        return
    if exists(tree, "/usr/sbin/ifup") or exists(tree, "/sbin/ifup"):
        write_interfaces(interfaces, tree)
        _set_resolver(interfaces, tree, run)
    elif has_unit(tree, "systemd-networkd.service"):
        write_networkd(interfaces, tree)
        enable(tree, run, "systemd-networkd.service")
        if has_unit(tree, _RESOLVED):
            enable(tree, run, _RESOLVED)
        else:
            _write_resolv_conf(interfaces, tree)
    elif asked:
        message = "network: the installed system has nothing that sets up interfaces"
        hint = "add NetworkManager, systemd-networkd or ifupdown to %packages"
        raise KickstartError(message, place=asked[0].place, hint=hint)


def _set_resolver(interfaces: tuple[Interface, ...], tree: Tree, run: Run) -> None:
    """Have names found with the name servers of the kickstart, which ifupdown itself cannot."""
    if not has_unit(tree, _RESOLVED):
        _write_resolv_conf(interfaces, tree)
        return
    servers, domains = _name_servers(interfaces)
    if servers or domains:
        lines = ["# Written by applbuild; see resolved.conf(5).", "[Resolve]"]
        lines += [f"DNS={' '.join(servers)}"] if servers else []
        lines += [f"Domains={' '.join(domains)}"] if domains else []
        path = "/etc/systemd/resolved.conf.d/50-applbuild.conf"
        write_file(tree, path, "\n".join(lines) + "\n")
    enable(tree, run, _RESOLVED)


def _write_resolv_conf(interfaces: tuple[Interface, ...], tree: Tree) -> None:
    servers, domains = _name_servers(interfaces)
    lines = [f"search {' '.join(domains)}"] if domains else []
    lines += [f"nameserver {server}" for server in servers]
    if lines:
        write_file(tree, "/etc/resolv.conf", "\n".join(lines) + "\n")


def _name_servers(interfaces: tuple[Interface, ...]) -> tuple[list[str], list[str]]:
    families = [family for it in interfaces for family in (it.ipv4, it.ipv6)]
    servers = dict.fromkeys(server for family in families for server in family.name_servers)
    domains = dict.fromkeys(domain for family in families for domain in family.search)
    return list(servers), list(domains)
