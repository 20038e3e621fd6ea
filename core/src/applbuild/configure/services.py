"""Which units start: those of the kickstart, and one of ours for ssh host keys."""

from __future__ import annotations

from applbuild.errors import KickstartError, ToolError
from applbuild.model.plan import Plan
from applbuild.model.request import Service
from applbuild.model.result import Tree
from applbuild.run import Run
from applbuild.tree import exists, write_file

_UNITS = ("/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
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


def set_services(plan: Plan, tree: Tree, run: Run) -> None:
    """Turn the units of the kickstart on and off.

    Raises:
        KickstartError: the system has no such unit, or no systemd.
    """
    for service in plan.settings.services:
        unit = _unit(service, tree)
        verb = "enable" if service.is_enabled else "disable"
        try:
            run.guest(tree, ["systemctl", "--quiet", verb, unit])
        except ToolError as error:
            raise KickstartError(
                f"services: {verb} {service.name}: {error.tail}", place=service.place
            ) from error


def _unit(service: Service, tree: Tree) -> str:
    """Return the unit that is called *service*, by its own name or as an alias."""
    wanted = service.name if "." in service.name else f"{service.name}.service"
    template = wanted.partition("@")[0] + "@.service" if "@" in wanted else wanted
    for folder in _UNITS:
        if exists(tree, f"{folder}/{wanted}") or exists(tree, f"{folder}/{template}"):
            return wanted
    for folder in _UNITS:
        for file in sorted(tree.path(folder).glob("*.service")):
            text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
            if f"Alias={wanted}" in text.splitlines():
                return file.name
    raise KickstartError(
        f"services: the installed system has no unit {wanted}",
        place=service.place,
        hint="add the package that brings it to %packages",
    )


def make_host_keys_at_first_boot(tree: Tree, run: Run) -> None:
    """Add a unit that makes ssh host keys, where there is an ssh server and nothing else does."""
    has_server = exists(tree, "/usr/sbin/sshd")
    makes_its_own = exists(tree, "/usr/lib/systemd/system/sshd-keygen.target")
    if has_server and not makes_its_own and exists(tree, "/usr/bin/ssh-keygen"):
        write_file(tree, f"/etc/systemd/system/{_HOST_KEYS_UNIT}", _HOST_KEYS)
        enable(tree, run, _HOST_KEYS_UNIT)
