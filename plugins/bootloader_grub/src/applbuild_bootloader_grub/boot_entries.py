"""Menus of entries that the system's own tools write, and GRUB reads when it starts.

Entries: the Boot Loader Specification (uapi-group.org), type 1. There are two GRUBs that
read them: those of Fedora and its kin, by a module `blscfg`, and GRUB 2.14, by `blsuki`;
both call the command `blscfg`.
"""

from __future__ import annotations

from applbuild import Plan, Tree, command_line
from applbuild_bootloader_grub.places import BIOS, efi_system, folder, inside_boot_volume, platforms
from applbuild_bootloader_grub.vendor import vendor_image

_ENTRIES = "/boot/loader/entries"
_FEDORA, _GRUB = "blscfg", "blsuki"


def entries_menu(plan: Plan, tree: Tree) -> list[str] | None:
    """Return the lines of grub.cfg that show the system's entries.

    None where there are no entries, or where a GRUB of the plan does not read them.
    """
    if not any(tree.path(_ENTRIES).glob("*.conf")):
        return None
    modules = {_module(plan, tree, platform) for platform in platforms(plan)}
    if modules == {_GRUB}:
        return [f"blscfg --path {inside_boot_volume(plan, _ENTRIES)}"]
    if modules == {_FEDORA}:
        # It looks in /loader/entries, then in /boot/loader/entries, of this device; each entry
        # begins with load_video, and those of RHEL 8 take their arguments from kernelopts.
        arguments = " ".join(command_line(plan, tree)).replace("'", "'\\''")
        return [
            "set boot=$root",
            f"set kernelopts='{arguments}'",
            "function load_video {",
            "    true",
            "}",
            "blscfg",
        ]
    return None


def _module(plan: Plan, tree: Tree, platform: str) -> str | None:
    """Return the module by which GRUB for *platform* reads entries, if it does."""
    image = None if platform == BIOS else vendor_image(tree, efi_system(plan), plan.architecture)
    if image is not None:
        content = image.read_bytes()
        return next((name for name in (_GRUB, _FEDORA) if name.encode() in content), None)
    commands = tree.path(f"{folder(tree)}/{platform}") / "command.lst"
    rows = commands.read_text(encoding="ascii").splitlines() if commands.is_file() else []
    found = [
        module
        for command, _, module in (row.partition(": ") for row in rows)
        if command.lstrip("*") == "blscfg"
    ]
    return found[0] if found else None
