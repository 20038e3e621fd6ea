"""The kickstart's settings, put into force in the installed system."""

from __future__ import annotations

from applbuild.configure.accounts import set_accounts
from applbuild.configure.certificates import write_certificates
from applbuild.configure.clock import set_clock
from applbuild.configure.desktop import set_desktop, set_first_boot
from applbuild.configure.identity import set_identity, write_fstab
from applbuild.configure.keyboard import set_keyboard
from applbuild.configure.locale import set_language
from applbuild.configure.network import set_network
from applbuild.configure.purpose import set_purpose
from applbuild.configure.security import set_authselect, set_firewall, set_root_ssh, set_selinux
from applbuild.configure.services import make_host_keys_at_first_boot, set_services
from applbuild.model.plan import Plan
from applbuild.model.result import Tree
from applbuild.model.settings import Secrets
from applbuild.progress import Progress
from applbuild.run import Run


def configure(plan: Plan, secrets: Secrets, tree: Tree, run: Run, progress: Progress) -> Tree:
    """Return *tree* with every setting of *plan* in it.

    Raises:
        KickstartError: the system lacks what a setting needs, with the setting's place.
    """
    write_fstab(plan, tree)
    set_identity(plan, tree)
    set_language(plan, tree, run)
    set_keyboard(plan, tree, run)
    set_clock(plan, tree, run)
    set_network(plan, tree, run)
    set_authselect(plan, tree, run, progress)
    set_accounts(plan, secrets, tree, run)
    set_root_ssh(plan, tree)
    set_selinux(plan, tree, progress)
    set_firewall(plan, tree, run)
    write_certificates(plan, tree, run)
    set_purpose(plan, tree, progress)
    set_desktop(plan, tree, run, progress)
    set_first_boot(plan, secrets, tree, run)
    make_host_keys_at_first_boot(tree, run)
    # Last: the kickstart's own word on a unit counts.
    set_services(plan, tree, run, progress)
    return tree
