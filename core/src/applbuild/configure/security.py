"""What guards the system: the firewall, SELinux, and how logins are checked."""

from __future__ import annotations

import re

from applbuild.configure.assignments import assign
from applbuild.configure.guest_tools import ask
from applbuild.configure.services import disable, enable, has_unit
from applbuild.errors import KickstartError
from applbuild.model.plan import Plan
from applbuild.model.result import Tree
from applbuild.model.settings import Firewall
from applbuild.progress import Progress
from applbuild.run import Run
from applbuild.selinux import CONFIG, policy
from applbuild.tree import exists, write_file

_OFFLINE = "/usr/bin/firewall-offline-cmd"
_UNIT = "firewalld.service"
_POLICIES = "selinux-policy-targeted (on Debian selinux-policy-default)"
_SSHD = "/etc/ssh/sshd_config"


def set_firewall(plan: Plan, tree: Tree, run: Run) -> None:
    """Turn firewalld on or off, and open what the kickstart names.

    Raises:
        KickstartError: the kickstart wants a firewall, and the system has no firewalld; or
            that knows no such service.
    """
    firewall = plan.settings.firewall
    if firewall is None:
        return
    if not exists(tree, _OFFLINE):
        if firewall.is_enabled:
            message = "firewall: the installed system has no firewalld"
            hint = "add firewalld to %packages, or write `firewall --disabled`"
            raise KickstartError(message, place=firewall.place, hint=hint)
        return
    if argv := _opened(firewall):
        ask(tree, run, [_OFFLINE, *argv], "firewall", firewall.place)
    if firewall.is_enabled:
        enable(tree, run, _UNIT)
    elif has_unit(tree, _UNIT):
        disable(tree, run, _UNIT)


def _opened(firewall: Firewall) -> list[str]:
    """Return what firewall-offline-cmd(1) is told to open, in the default zone."""
    said = {*firewall.services, *firewall.closed_services}
    # Whoever cannot reach a machine's console can still get in, as after Anaconda.
    services = firewall.services if "ssh" in said else ("ssh", *firewall.services)
    return [
        *(f"--service={name}" for name in services),
        *(f"--remove-service={name}" for name in firewall.closed_services),
        *(f"--port={port if ':' in port else f'{port}:tcp'}" for port in firewall.ports),
        *(f"--trust={name}" for name in firewall.trusted),
    ]


def set_selinux(plan: Plan, tree: Tree, progress: Progress) -> None:
    """Set the mode of SELinux, from the next start on."""
    mode = plan.settings.selinux
    if mode is None:
        return
    if exists(tree, CONFIG):
        assign(tree, CONFIG, {"SELINUX": mode})
    if mode != "disabled" and policy(tree) is None:
        message = (
            f"selinux --{mode}: the installed system has no policy: add {_POLICIES} to %packages"
        )
        progress.remark(message, is_warning=True)


def set_authselect(plan: Plan, tree: Tree, run: Run, progress: Progress) -> None:
    """Run the system's authselect with the words of the kickstart."""
    asked = plan.settings.authselect
    if asked is None:
        return
    if not exists(tree, "/usr/bin/authselect"):
        message = "authselect: the installed system has none; logins are checked as it does"
        progress.remark(f"{asked.place}: {message}", is_warning=True)
        return
    ask(tree, run, ["authselect", *asked.words], "authselect", asked.place)


def set_root_ssh(plan: Plan, tree: Tree) -> None:
    """Let root log in over ssh with a password, where the kickstart says so.

    Raises:
        KickstartError: the system has no ssh server.
    """
    if not plan.settings.has_root_ssh:
        return
    file = tree.path(_SSHD)
    if not file.is_file():
        raise KickstartError(
            "rootpw --allow-ssh: the installed system has no ssh server",
            place=plan.settings.root.place,
            hint="add openssh-server to %packages",
        )
    text = file.read_text(encoding="utf-8")
    # sshd_config(5): of each keyword the first value counts.
    if re.search(r"^Include +/etc/ssh/sshd_config\.d/", text, re.MULTILINE):
        path = "/etc/ssh/sshd_config.d/01-permitrootlogin.conf"
        write_file(tree, path, "PermitRootLogin yes\n", mode=0o600)
    else:
        write_file(tree, _SSHD, f"PermitRootLogin yes\n{text}", mode=file.stat().st_mode & 0o777)
