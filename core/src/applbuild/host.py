"""What can be known of this host before anything runs, and what it lacks."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from applbuild.errors import HostError
from applbuild.model.backend import Host, Tool
from applbuild.run import PATH

# What the core itself runs; newuidmap is needed by ordinary users only.
_ID_TOOLS = (
    Tool("newuidmap", deb="uidmap", rpm="shadow-utils"),
    Tool("newgidmap", deb="uidmap", rpm="shadow-utils"),
)


def look_around() -> Host:
    """Return what this host is."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    name = release.get("ID", "linux")
    return Host(
        architecture=platform.machine(),
        distribution=name,
        family=(name, *release.get("ID_LIKE", "").split()),
        codename=release.get("VERSION_CODENAME", ""),
        path=PATH,
    )


def require(tools: tuple[Tool, ...], host: Host) -> None:
    """Return if every tool is there.

    Raises:
        HostError: it lists all that are missing, and what to install.
    """
    wanted = dict.fromkeys(tools if os.geteuid() == 0 else (*_ID_TOOLS, *tools))
    missing = [tool for tool in wanted if not any(map(host.has, tool.commands))]
    if not missing:
        return
    is_rpm = not {"debian", "ubuntu"} & set(host.family) and host.has("dnf")
    packages = dict.fromkeys(tool.rpm if is_rpm else tool.deb for tool in missing)
    lines = [
        f"{tool.command} is missing (package {tool.rpm if is_rpm else tool.deb})"
        for tool in missing
    ]
    install = "dnf install" if is_rpm else "apt-get install"
    raise HostError("\n".join(lines), hint=f"run as root: {install} {' '.join(packages)}")


def free_memory_bytes() -> int:
    """Return how much memory can be had without swapping; MemAvailable of proc(5)."""
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0
