"""SELinux in the installed system: whether it has a policy, and what makes a kernel use it."""

from __future__ import annotations

import re

from applbuild.model.plan import Plan
from applbuild.model.result import Tree
from applbuild.tree import exists

CONFIG = "/etc/selinux/config"
_EXCLUSIVE = ("selinux", "apparmor", "smack")  # one of them at a time


def policy(tree: Tree) -> str | None:
    """Return the name of the policy in force (SELINUXTYPE); None without one, or if it is off.

    Format: selinux_config(5).
    """
    file = tree.path(CONFIG)
    if not file.is_file():
        return None
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    pairs = (line.partition("=") for line in lines)
    values = {key.strip(): value.strip() for key, _, value in pairs}
    name = values.get("SELINUXTYPE", "targeted")
    is_there = exists(tree, f"/etc/selinux/{name}/contexts/files/file_contexts")
    return name if is_there and values.get("SELINUX", "").lower() != "disabled" else None


def arguments(plan: Plan, tree: Tree) -> tuple[str, ...]:
    """Return what a kernel of *tree* must be told to have the mode that the kickstart asks for.

    Where the kernel starts with SELinux of its own accord, that is nothing but the way to
    switch it off: since Linux 6.4 `SELINUX=disabled` only keeps the policy from being loaded.
    """
    mode, own = plan.settings.selinux, _own_modules(tree)
    if mode == "disabled" and exists(tree, CONFIG) and (not own or "selinux" in own):
        return ("selinux=0",)
    if mode != "disabled" and mode is not None and policy(tree) and own != {"selinux"}:
        return ("security=selinux", "selinux=1")
    return ()


def _own_modules(tree: Tree) -> set[str]:
    """Return the security modules of which the kernels of *tree* choose one, by their build.

    Format: the kernel's security/Kconfig, CONFIG_LSM; before Linux 5.1 CONFIG_DEFAULT_SECURITY.
    """
    files = (*tree.path("/boot").glob("config-*"), *tree.path("/usr/lib/modules").glob("*/config"))
    found = set()
    for file in files:
        text = file.read_text(encoding="utf-8", errors="replace")
        listed = re.findall(r'^CONFIG_(?:LSM|DEFAULT_SECURITY)="(.*)"', text, re.MULTILINE)
        names = (name for line in listed for name in line.split(","))
        found.add(next((name for name in names if name in _EXCLUSIVE), ""))
    return found
