"""Which units start: those of the kickstart, and one of ours for ssh host keys."""

from __future__ import annotations

from pathlib import Path

from applbuild.configure.guest_tools import ask
from applbuild.errors import KickstartError
from applbuild.model.plan import Plan
from applbuild.model.result import Tree
from applbuild.model.settings import Service
from applbuild.progress import Progress
from applbuild.run import Run
from applbuild.tree import exists, write_file

_OWN_UNITS = "/etc/systemd/system"
_UNITS = (_OWN_UNITS, "/usr/lib/systemd/system", "/lib/systemd/system")
_SCRIPTS = "/etc/init.d"
# The script of older systems that brings interfaces up; their kickstarts turn it on.
_INTERFACES = "network"
_HOST_KEYS_UNIT = "applbuild-ssh-host-keys.service"
_HOST_KEYS = """\
# Written by applbuild: every machine made from this image has ssh host keys of its own.
[Unit]
Description=Make the ssh host keys of this machine
Before=ssh.service sshd.service ssh.socket sshd.socket
ConditionPathExistsGlob=!/etc/ssh/ssh_host_*_key

[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -A
RemainAfterExit=yes

[Install]
WantedBy=multi-user.target
"""


def enable(tree: Tree, run: Run, *units: str) -> None:
    """Have *units* start at boot."""
    run.guest(tree, ["systemctl", "--quiet", "enable", *units])


def disable(tree: Tree, run: Run, *units: str) -> None:
    """Have *units* not start at boot."""
    if units:
        run.guest(tree, ["systemctl", "--quiet", "disable", *units])


def has_unit(tree: Tree, unit: str) -> bool:
    """Return whether the system has *unit*, a template for it, or an old script of its name."""
    name = unit.partition("@")[0] + "@.service" if "@" in unit else unit
    return any(
        exists(tree, f"{folder}/{known}") for folder in _UNITS for known in (unit, name)
    ) or exists(tree, f"{_SCRIPTS}/{unit.removesuffix('.service')}")


def set_services(plan: Plan, tree: Tree, run: Run, progress: Progress) -> None:
    """Turn the units of the kickstart on and off; what is not there is off.

    Raises:
        KickstartError: the system has no unit that is to be on.
    """
    for service in plan.settings.services:
        unit = _unit(service, tree)
        verb = "enable" if service.is_enabled else "disable"
        if unit is not None:
            argv = ["systemctl", "--quiet", verb, unit]
            ask(tree, run, argv, f"services: {verb} {service.name}", service.place)
            continue
        message = f"services: the installed system has no unit {service.name}"
        if service.is_enabled and service.name == _INTERFACES:
            message += "; what sets up its network does that"
            progress.remark(f"{service.place}: {message}", is_warning=False)
            continue
        if service.is_enabled:
            hint = "add the package that brings it to %packages"
            raise KickstartError(message, place=service.place, hint=hint)
        progress.remark(f"{service.place}: {message}; it is off", is_warning=False)


def _unit(service: Service, tree: Tree) -> str | None:
    """Return the unit that is called *service*, by its own name or as an alias."""
    wanted = service.name if "." in service.name else f"{service.name}.service"
    alias = tree.path(_OWN_UNITS) / wanted
    if alias.is_symlink() and alias.readlink().name.endswith(Path(wanted).suffix):
        return alias.readlink().name  # systemctl(1) does not enable a unit by its alias
    if has_unit(tree, wanted):
        return wanted
    for folder in _UNITS:
        for name in sorted(file.name for file in tree.path(folder).glob("*.service")):
            file = tree.path(f"{folder}/{name}")  # links are the system's own
            text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
            aliases = (line for line in text.splitlines() if line.startswith("Alias="))
            if any(wanted in line.removeprefix("Alias=").split() for line in aliases):
                return name
    return None


def make_host_keys_at_first_boot(tree: Tree, run: Run) -> None:
    """Add a unit that makes ssh host keys, where there is an ssh server and nothing else does."""
    has_server = exists(tree, "/usr/sbin/sshd")
    makes_its_own = exists(tree, "/usr/lib/systemd/system/sshd-keygen.target")
    if has_server and not makes_its_own and exists(tree, "/usr/bin/ssh-keygen"):
        write_file(tree, f"/etc/systemd/system/{_HOST_KEYS_UNIT}", _HOST_KEYS)
        enable(tree, run, _HOST_KEYS_UNIT)
