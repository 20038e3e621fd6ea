"""How the system greets people: a desktop, questions at the first start, and what those read."""

from __future__ import annotations

from applbuild.configure.assignments import assign
from applbuild.configure.guest_tools import ask
from applbuild.configure.services import disable, enable, has_unit
from applbuild.errors import KickstartError
from applbuild.model.plan import Plan
from applbuild.model.result import Tree
from applbuild.model.settings import Secrets
from applbuild.progress import Progress
from applbuild.run import Run
from applbuild.tree import exists, write_file

_SESSIONS = "/etc/sysconfig/desktop"
_MANAGER = "display-manager.service"
# initial-setup had three units, one for each way to ask, before it had one.
_QUESTIONS = (
    "initial-setup.service",
    "initial-setup-graphical.service",
    "initial-setup-text.service",
)
_ANSWERS = "/root/anaconda-ks.cfg"


def set_desktop(plan: Plan, tree: Tree, run: Run, progress: Progress) -> None:
    """Have the system start with a graphical desktop or without, as the kickstart says."""
    desktop = plan.settings.desktop
    if desktop.is_started is not None:
        target = "graphical.target" if desktop.is_started else "multi-user.target"
        said = "xconfig --startxonboot" if desktop.is_started else "skipx"
        ask(tree, run, ["systemctl", "--quiet", "set-default", target], said, desktop.place)
        has_manager = has_unit(tree, _MANAGER) or exists(tree, "/etc/X11/default-display-manager")
        if desktop.is_started and not has_manager:
            message = f"{said}: the installed system has no display manager (gdm, sddm, lightdm)"
            progress.remark(message, is_warning=True)
    if desktop.session and exists(tree, "/etc/sysconfig"):
        assign(tree, _SESSIONS, {"PREFERRED": desktop.session, "DESKTOP": desktop.session})
    elif desktop.session:
        message = f"xconfig --defaultdesktop={desktop.session}: the system has no {_SESSIONS}"
        progress.remark(message, is_warning=True)


def set_first_boot(plan: Plan, secrets: Secrets, tree: Tree, run: Run) -> None:
    """Have initial-setup ask its questions at the first start, or not; write what it reads.

    Raises:
        KickstartError: it is to ask, and is not there.
    """
    asked = plan.settings.first_boot
    units = [unit for unit in _QUESTIONS if has_unit(tree, unit)]
    if asked is not None and asked.is_enabled:
        if not units:
            message = "firstboot: the installed system has no initial-setup, which would ask"
            raise KickstartError(
                message, place=asked.place, hint="add initial-setup, or write firstboot --disabled"
            )
        enable(tree, run, units[0])
        if asked.is_reconfiguration:
            write_file(tree, "/etc/reconfigSys", "")
    elif units:
        disable(tree, run, *units)
    if secrets.addons or (asked is not None and asked.is_enabled):
        # Of what Anaconda would have written, this is what initial-setup reads.
        text = f"# What initial-setup reads of the kickstart.\n{secrets.addons}"
        write_file(tree, _ANSWERS, text, mode=0o600)
