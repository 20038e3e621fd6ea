"""Time zone, and where the time comes from."""

from __future__ import annotations

import re

from applbuild.configure.services import disable, enable, has_unit
from applbuild.errors import KickstartError
from applbuild.model.plan import Plan
from applbuild.model.result import Tree
from applbuild.model.settings import Clock, TimeServer
from applbuild.run import Run
from applbuild.tree import exists, link, remove, write_file

_UTC = ("UTC", "Etc/UTC")
_CHRONY = (("/etc/chrony/chrony.conf", "chrony.service"), ("/etc/chrony.conf", "chronyd.service"))
_TIMESYNCD = "systemd-timesyncd.service"
_CLIENTS = (
    *(unit for _, unit in _CHRONY),
    _TIMESYNCD,
    *("ntpd.service", "ntpsec.service", "ntp.service", "openntpd.service"),
)
_SOURCE = re.compile(r"\s*(server|pool|peer)\s")


def set_clock(plan: Plan, tree: Tree, run: Run) -> None:
    """Set the time zone and the time servers.

    Raises:
        KickstartError: the system does not know the zone, or cannot ask the servers.
    """
    clock = plan.settings.clock
    if clock.timezone:
        _set_timezone(clock.timezone, clock, tree)
        # hwclock(8), "The Adjtime File": the third line says what the hardware clock keeps.
        kept = "UTC" if clock.is_utc else "LOCAL"
        write_file(tree, "/etc/adjtime", f"0.0 0 0.0\n0\n{kept}\n")
    if clock.is_synchronised is False:
        disable(tree, run, *(unit for unit in _CLIENTS if has_unit(tree, unit)))
    elif clock.servers:
        enable(tree, run, _set_servers(clock.servers, tree))


def _set_timezone(timezone: str, clock: Clock, tree: Tree) -> None:
    if not exists(tree, f"/usr/share/zoneinfo/{timezone}"):
        if timezone in _UTC:
            remove(tree, "/etc/localtime")  # without it the time is UTC (localtime(5))
            return
        raise KickstartError(
            f"timezone {timezone}: the installed system does not know it",
            place=clock.place,
            hint="names are those of /usr/share/zoneinfo, e.g. Europe/Berlin; package tzdata",
        )
    link(tree, "/etc/localtime", f"../usr/share/zoneinfo/{timezone}")
    if exists(tree, "/etc/debian_version"):
        write_file(tree, "/etc/timezone", f"{timezone}\n")


def _set_servers(servers: tuple[TimeServer, ...], tree: Tree) -> str:
    """Have the system's client ask *servers* and no others; return its unit."""
    for path, unit in _CHRONY:
        if exists(tree, path):
            _set_chrony(path, servers, tree)
            return unit
    first = servers[0]
    if not has_unit(tree, _TIMESYNCD):
        message = f"the installed system cannot ask the time server {first.name}"
        raise KickstartError(message, place=first.place, hint="add chrony to %packages")
    for server in servers:
        if server.has_nts:
            message = f"systemd-timesyncd cannot ask {server.name} by NTS"
            raise KickstartError(message, place=server.place, hint="add chrony to %packages")
    names = " ".join(server.name for server in servers)
    text = f"# Written by applbuild; see timesyncd.conf(5).\n[Time]\nNTP={names}\n"
    write_file(tree, "/etc/systemd/timesyncd.conf.d/50-applbuild.conf", text)
    return _TIMESYNCD


def _set_chrony(path: str, servers: tuple[TimeServer, ...], tree: Tree) -> None:
    # chrony.conf(5): there is no way to say that other servers no longer count.
    lines = tree.path(path).read_text(encoding="utf-8").splitlines()
    kept = [f"# {line}" if _SOURCE.match(line) else line for line in lines]
    kept.append("# The time servers of the kickstart:")
    for server in servers:
        kind, nts = "pool" if server.is_pool else "server", " nts" if server.has_nts else ""
        kept.append(f"{kind} {server.name} iburst{nts}")
    write_file(tree, path, "\n".join(kept) + "\n")
