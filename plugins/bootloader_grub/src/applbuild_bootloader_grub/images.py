"""GRUB's own files: its modules, and the images that firmware starts."""

from __future__ import annotations

import shutil
from pathlib import Path

from applbuild import HostError, KickstartError, Plan, Run, Tool, Tree
from applbuild_bootloader_grub.places import (
    BIOS,
    EFI_FILE,
    FILESYSTEM_MODULES,
    core_image,
    efi_system,
    folder,
    inside_boot_volume,
    partition_name,
    platforms,
    prefix,
)
from applbuild_bootloader_grub.vendor import start_vendor_image

MAKE_IMAGE = Tool("grub-mkimage", deb="grub-common", rpm="grub2-tools", others=("grub2-mkimage",))
_PACKAGES = {  # of Debian and its kin, of Fedora and its kin
    BIOS: "grub-pc-bin or grub2-pc-modules",
    "x86_64-efi": "grub-efi-amd64-bin or grub2-efi-x64-modules",
    "arm64-efi": "grub-efi-arm64-bin or grub2-efi-aa64-modules",
}
_SUFFIXES = {".mod", ".lst", ".img", ".o"}


def write_images(plan: Plan, tree: Tree, run: Run) -> None:
    """Put the modules of each platform into /boot/grub and make the images that load them."""
    for platform in platforms(plan):
        if platform != BIOS and start_vendor_image(plan, tree, efi_system(plan)):
            continue
        modules = _modules(tree, platform)
        target = tree.path(f"{folder(tree)}/{platform}")
        target.mkdir(parents=True, exist_ok=True)
        for file in sorted(modules.iterdir()):
            if file.suffix in _SUFFIXES:
                (target / file.name).unlink(missing_ok=True)
                shutil.copyfile(file, target / file.name)
        image = _efi_image(plan, tree) if platform != BIOS else core_image(tree)
        image.parent.mkdir(parents=True, exist_ok=True)
        image.unlink(missing_ok=True)
        _make_image(plan, tree, run, platform, modules, image)


def _modules(tree: Tree, platform: str) -> Path:
    """Return the folder with GRUB's modules: of the installed system, else of this host."""
    for place in (tree.path(f"/usr/lib/grub/{platform}"), Path("/usr/lib/grub", platform)):
        if (place / "normal.mod").is_file():
            return place
    raise HostError(
        f"GRUB for {platform} is neither in the installed system nor on this host",
        hint=f"install {_PACKAGES[platform]} here, or add it to %packages",
    )


def _efi_image(plan: Plan, tree: Tree) -> Path:
    return tree.path(f"{efi_system(plan)}/EFI/BOOT/{EFI_FILE[plan.architecture]}")


def _make_image(
    plan: Plan, tree: Tree, run: Run, platform: str, modules: Path, image: Path
) -> None:
    """Make an image that finds /boot/grub.

    A partition without a disk, `(,gpt2)`, is on the disk that the firmware
    started (GRUB manual, section "Device syntax"; kern/main.c): no search that a
    second disk or a floppy could lead astray. Only where the kickstart wants the
    machine to start from another disk than the one with /boot, its UUID is looked for.
    """
    filesystem = plan.holding("/boot").filesystem
    if filesystem not in FILESYSTEM_MODULES:
        raise KickstartError(
            f"GRUB does not read {filesystem}, the filesystem that holds /boot",
            hint="add: part /boot --fstype=ext4 --size=256",
        )
    built_in = ["part_gpt", "part_msdos", FILESYSTEM_MODULES[filesystem]]
    if platform == BIOS:
        built_in.append("biosdisk")
    place = inside_boot_volume(plan, folder(tree))
    search = None
    if plan.holding("/boot").disk == plan.boot_disk:
        place = f"(,{partition_name(plan)}){place}"
    else:
        search = tree.path(f"{folder(tree)}/{platform}/load.cfg")
        _write_search(plan, search, place)
        built_in.append("search_fs_uuid")
    options = [*("-O", platform), *("-p", place)]
    own = f"/usr/bin/{prefix(tree)}-mkimage"
    if tree.path(own).is_file() and modules.is_relative_to(tree.root):
        # Modules and the tool that joins them are of one version.
        run.guest(tree, [own, *options, *_files(modules, image, search, tree.root), *built_in])
    else:
        run(
            [
                run.find(*MAKE_IMAGE.commands),
                *options,
                *_files(modules, image, search, Path("/")),
                *built_in,
            ]
        )


def _files(modules: Path, image: Path, search: Path | None, root: Path) -> list[str]:
    """Return the options of grub-mkimage that name files, as a program with *root* sees them."""
    named = [("-d", modules), ("-o", image)] + ([("-c", search)] if search else [])
    return [word for option, path in named for word in (option, f"/{path.relative_to(root)}")]


def _write_search(plan: Plan, path: Path, place: str) -> None:
    """Write what the image does first, as grub-install's load.cfg: find the disk with /boot."""
    uuid = plan.holding("/boot").identifier
    path.unlink(missing_ok=True)
    path.write_text(f"search.fs_uuid {uuid} root\nset prefix=($root){place}\n", encoding="ascii")
