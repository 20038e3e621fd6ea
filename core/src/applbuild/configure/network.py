"""The network of the installed system: DHCP on every Ethernet, unless told otherwise."""

from __future__ import annotations

from applbuild.configure.services import enable
from applbuild.model.plan import Plan
from applbuild.model.result import Tree
from applbuild.run import Run
from applbuild.tree import exists, write_file

_NETWORKD = "/usr/lib/systemd/systemd-networkd"
# Kind=!* leaves out bridges, bonds and whatever else is not a card (systemd.network(5)).
_DHCP = """\
# Written by applbuild: every Ethernet card asks for its address.
[Match]
Type=ether
Kind=!*

[Network]
DHCP=yes

[DHCPv4]
UseDomains=yes
"""


def set_network(plan: Plan, tree: Tree, run: Run) -> None:
    """Have every Ethernet card ask for its address, by what the system has for it.

    NetworkManager does so by itself; systemd-networkd is told to.
    """
    if not plan.nics or exists(tree, "/usr/sbin/NetworkManager"):
        return
    if exists(tree, _NETWORKD):
        write_file(tree, "/etc/systemd/network/80-dhcp.network", _DHCP)
        enable(tree, run, "systemd-networkd.service")
        if exists(tree, "/usr/lib/systemd/system/systemd-resolved.service"):
            enable(tree, run, "systemd-resolved.service")
