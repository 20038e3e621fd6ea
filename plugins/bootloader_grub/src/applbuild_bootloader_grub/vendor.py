"""The UEFI image that the distribution built and signed, where the system has one.

Its packages put shim and GRUB into EFI/VENDOR, and shim once more where firmware
looks that was told nothing. That GRUB reads the grub.cfg beside it, which only has
to lead to the one in /boot.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from applbuild import Plan, Tree, write_file
from applbuild_bootloader_grub.places import EFI_FILE, folder, inside_boot_volume

_GRUB = {"x86_64": "grubx64.efi", "aarch64": "grubaa64.efi"}


def vendor_image(tree: Tree, efi_system: str, architecture: str) -> Path | None:
    """Return the distribution's GRUB below the mount point *efi_system*, if there is one."""
    found = sorted(tree.path(f"{efi_system}/EFI").glob(f"*/{_GRUB[architecture]}"))
    return next((file for file in found if file.parent.name != "BOOT"), None)


def start_vendor_image(plan: Plan, tree: Tree, efi_system: str) -> bool:
    """Have firmware start the distribution's GRUB; return whether there is one."""
    image = vendor_image(tree, efi_system, plan.architecture)
    if image is None:
        return False
    boot = plan.holding("/boot").identifier
    lines = (
        "# Written by applbuild: the menu is in /boot.",
        f"search --no-floppy --fs-uuid --set=dev {boot}",
        f"set prefix=($dev){inside_boot_volume(plan, folder(tree))}",
        "export prefix",
        "configfile $prefix/grub.cfg",
        "",
    )
    write_file(tree, f"{efi_system}/EFI/{image.parent.name}/grub.cfg", "\n".join(lines))
    first = tree.path(f"{efi_system}/EFI/BOOT/{EFI_FILE[plan.architecture]}")
    if not first.exists():  # no shim: GRUB itself is what firmware starts
        first.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(image, first)
    return True
