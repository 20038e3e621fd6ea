"""The kickstart's settings, put into force in the installed system."""

from __future__ import annotations

from applbuild.configure.accounts import set_accounts
from applbuild.configure.identity import set_identity, write_fstab
from applbuild.configure.locale import set_locale
from applbuild.configure.network import set_network
from applbuild.configure.services import make_host_keys_at_first_boot, set_services
from applbuild.model.plan import Plan
from applbuild.model.request import Secrets
from applbuild.model.result import Tree
from applbuild.run import Run


def configure(plan: Plan, secrets: Secrets, tree: Tree, run: Run) -> Tree:
    """Return *tree* with every setting of *plan* in it.

    Raises:
        KickstartError: the system lacks what a setting needs, with the setting's place.
    """
    write_fstab(plan, tree)
    set_identity(plan, tree)
    set_locale(plan, tree, run)
    set_network(plan, tree, run)
    set_accounts(plan, secrets, tree, run)
    make_host_keys_at_first_boot(tree, run)
    set_services(plan, tree, run)
    return tree
