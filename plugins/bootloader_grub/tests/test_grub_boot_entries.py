"""Entries that the system's own tools write are the menu, where every GRUB reads them."""

from __future__ import annotations

import shlex
from pathlib import Path

import attrs
import pytest

import applbuild_bootloader_grub
from applbuild import Firmware, Tree, write_file
from applbuild.testing import examples
from applbuild_bootloader_grub.boot_entries import entries_menu

FEDORA, UPSTREAM, NONE = "*blscfg: blscfg\n", "*acpi: acpi\n*blscfg: blsuki\n", "*acpi: acpi\n"
IMAGE = "boot/efi/EFI/fedora/grubx64.efi"


def menu(tree: Tree, firmware: Firmware = Firmware.BIOS, *, boot: bool = True) -> list[str] | None:
    plan = examples.bootable_plan(applbuild_bootloader_grub, boot=boot, firmware=firmware)
    return entries_menu(plan, tree)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A system with a kernel and the entry that its tools wrote."""
    made = examples.bootable_tree(tmp_path, "6.1")
    write_file(made, "/boot/loader/entries/abc-6.1.conf", "title A\nlinux /vmlinuz-6.1\n")
    return made


def with_modules(tree: Tree, commands: str, platform: str = "i386-pc") -> Tree:
    write_file(tree, f"/boot/grub/{platform}/command.lst", commands)
    return tree


def with_image(tree: Tree, content: bytes) -> Tree:
    image = tree.root / IMAGE
    image.parent.mkdir(parents=True)
    image.write_bytes(content)
    return tree


def test_a_grub_that_does_not_read_them_gets_a_menu_of_its_own(tree: Tree) -> None:
    assert menu(with_modules(tree, NONE)) is None


def test_without_entries_nothing_is_to_be_read(tree: Tree) -> None:
    (tree.root / "boot/loader/entries/abc-6.1.conf").unlink()
    assert menu(with_modules(tree, FEDORA)) is None


def test_fedoras_grub_reads_them_from_the_device_with_boot(tree: Tree) -> None:
    lines = menu(with_modules(tree, FEDORA))
    assert lines is not None
    assert lines[0] == "set boot=$root"
    assert lines[-1] == "blscfg"


def test_what_fedoras_entries_refer_to_is_defined(tree: Tree) -> None:
    lines = menu(with_modules(tree, FEDORA))
    assert lines is not None
    assert "function load_video {" in lines
    (options,) = (line for line in lines if line.startswith("set kernelopts="))
    assert options.startswith("set kernelopts='root=UUID=")


def test_arguments_with_quotes_are_kept_as_they_are(tree: Tree) -> None:
    decided = examples.bootable_plan(applbuild_bootloader_grub, firmware=Firmware.BIOS)
    decided = attrs.evolve(decided, boot=attrs.evolve(decided.boot, arguments=("x='a b'",)))
    lines = entries_menu(decided, with_modules(tree, FEDORA)) or []
    (options,) = (shlex.split(line) for line in lines if line.startswith("set kernelopts="))
    assert options[1].endswith(" x='a b'")


@pytest.mark.parametrize(
    ("boot", "folder"), [(True, "/loader/entries"), (False, "/boot/loader/entries")]
)
def test_grubs_own_module_is_told_where_they_are(tree: Tree, boot: bool, folder: str) -> None:
    assert menu(with_modules(tree, UPSTREAM), boot=boot) == [f"blscfg --path {folder}"]


@pytest.mark.parametrize(
    ("image", "commands", "is_read"),
    [
        (b"..blscfg..", FEDORA, True),
        (b"..blsuki..blscfg..", UPSTREAM, True),
        (b"..", FEDORA, False),
        (b"..blsuki..blscfg..", FEDORA, False),
        (b"..blscfg..", NONE, False),
    ],
)
def test_bios_and_the_vendors_uefi_image_must_read_them_alike(
    tree: Tree, image: bytes, commands: str, is_read: bool
) -> None:
    lines = menu(with_image(with_modules(tree, commands), image), Firmware.BOTH)
    assert (lines is not None) == is_read


def test_uefi_without_an_image_of_the_vendor_reads_them_by_its_modules(tree: Tree) -> None:
    with_modules(tree, UPSTREAM, "x86_64-efi")
    assert menu(tree, Firmware.UEFI) == ["blscfg --path /loader/entries"]
