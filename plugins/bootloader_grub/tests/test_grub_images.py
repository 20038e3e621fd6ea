"""GRUB's images and where they go, what GRUB needs of others, and that it keeps the contract."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

import applbuild_bootloader_grub
from applbuild import (
    ApplbuildError,
    Boot,
    Claim,
    Firmware,
    PartitionKind,
    PartitionRequest,
    Plan,
    Run,
    Tree,
)
from applbuild.model.request import BootRequest
from applbuild.testing import examples
from applbuild.testing.contract import BackendConformance

MIB = 1 << 20


class TestContract(BackendConformance):
    backend = applbuild_bootloader_grub
    role = "bootloader"
    name = "grub"


plan = partial(examples.bootable_plan, applbuild_bootloader_grub, identifier_bits={"vfat": 32})


def write(decided: Plan, tree: Tree, run: Run | None = None) -> Boot:
    """Return what the backend says after it wrote its files."""
    return applbuild_bootloader_grub.applbuild_boot_files(
        plan=decided, tree=tree, password_hash=None, run=run or examples.Recorder()
    )


class TestImages:
    @pytest.mark.parametrize(
        ("boot", "prefix"), [(False, "(,gpt3)/boot/grub"), (True, "(,gpt3)/grub")]
    )
    def test_each_starts_from_the_partition_with_boot_on_its_own_disk(
        self, boot: bool, prefix: str, tmp_path: Path
    ) -> None:
        run = examples.Recorder()
        write(plan(boot=boot), examples.bootable_tree(tmp_path), run)
        argv = {words[words.index("-O") + 1]: words for words in run.seen}
        assert set(argv) == {"i386-pc", "x86_64-efi"}
        for words in argv.values():
            assert words[words.index("-p") + 1] == prefix

    @pytest.mark.parametrize(
        ("firmware", "platforms"),
        [(Firmware.BIOS, {"i386-pc"}), (Firmware.UEFI, {"x86_64-efi"})],
    )
    def test_only_what_the_firmware_starts_is_made(
        self, firmware: Firmware, platforms: set[str], tmp_path: Path
    ) -> None:
        tree = examples.bootable_tree(tmp_path)
        write(plan(firmware=firmware), tree)
        found = {item.name for item in (tree.root / "boot/grub").iterdir() if item.is_dir()}
        assert found == platforms

    def test_they_are_really_made_and_twice_the_same(self, tmp_path: Path) -> None:
        made = []
        for name in ("first", "second"):
            (tmp_path / name).mkdir()
            tree = examples.bootable_tree(tmp_path / name, "6.1")
            write(plan(boot=True), tree, examples.run())
            made.append(
                [
                    (tree.root / "boot/grub/i386-pc/core.img").read_bytes(),
                    (tree.root / "boot/efi/EFI/BOOT/BOOTX64.EFI").read_bytes(),
                ]
            )
        assert made[0] == made[1]
        assert made[0][1].startswith(b"MZ")

    def test_uefis_goes_to_its_partition_wherever_that_is_mounted(self, tmp_path: Path) -> None:
        request = examples.request(
            PartitionRequest(mount_point="/", size_bytes=64 * MIB),
            PartitionRequest(kind=PartitionKind.EFI_SYSTEM, mount_point="/efi"),
            firmware=Firmware.UEFI,
        )
        tree = examples.bootable_tree(tmp_path)
        write(examples.plan(request, identifier_bits={"vfat": 32}), tree, examples.run())
        assert (tree.root / "efi/EFI/BOOT/BOOTX64.EFI").is_file()

    def test_where_another_disk_is_started_the_one_with_boot_is_looked_for(
        self, tmp_path: Path
    ) -> None:
        request = examples.request(
            PartitionRequest(mount_point="/", size_bytes=64 * MIB, disk="sdb"),
            PartitionRequest(mount_point="/srv", size_bytes=64 * MIB, disk="sda"),
            boot=BootRequest(disk="sda"),
        )
        needs = applbuild_bootloader_grub.applbuild_needs(request=request)
        decided = examples.plan(request, needs=needs, identifier_bits={"vfat": 32})
        run, tree = examples.Recorder(), examples.bootable_tree(tmp_path)
        write(decided, tree, run)
        uuid = decided.holding("/").identifier
        for words in run.seen:
            assert words[words.index("-p") + 1] == "/boot/grub"
            assert "search_fs_uuid" in words
            assert Path(words[words.index("-c") + 1]).read_text(encoding="ascii") == (
                f"search.fs_uuid {uuid} root\nset prefix=($root)/boot/grub\n"
            )
        assert len(run.seen) == 2

    def test_a_filesystem_that_grub_cannot_read_is_an_error_for_people(
        self, tmp_path: Path
    ) -> None:
        root = PartitionRequest(mount_point="/", filesystem="bcachefs", size_bytes=64 * MIB)
        with pytest.raises(ApplbuildError, match="bcachefs"):
            write(examples.plan(examples.request(root)), examples.bootable_tree(tmp_path))

    @pytest.mark.parametrize("path", ["boot/grub", "boot/grub/grub.cfg", "boot/efi/EFI"])
    def test_links_of_the_system_lead_nowhere_outside_it(self, path: str, tmp_path: Path) -> None:
        """A %post can make them, and this runs after it: with the output and cache in reach."""
        tree, outside = examples.bootable_tree(tmp_path, "6.1"), tmp_path / "outside"
        outside.mkdir()
        link = tree.root / path
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(outside / "file" if path.endswith(".cfg") else outside)
        write(plan(), tree, examples.run())
        assert not list(outside.iterdir())


class TestNeeds:
    def needs(self, firmware: Firmware) -> object:
        request = examples.request(firmware=firmware)
        return applbuild_bootloader_grub.applbuild_needs(request=request)

    @pytest.mark.parametrize(
        ("firmware", "kinds"),
        [
            (Firmware.BIOS, [PartitionKind.BIOS_BOOT]),
            (Firmware.UEFI, [PartitionKind.EFI_SYSTEM]),
            (Firmware.BOTH, [PartitionKind.BIOS_BOOT, PartitionKind.EFI_SYSTEM]),
        ],
    )
    def test_it_wants_the_partitions_that_its_firmware_starts(
        self, firmware: Firmware, kinds: list[PartitionKind]
    ) -> None:
        wanted = self.needs(firmware).partitions
        assert [part.kind for part in wanted] == kinds
        assert all(part.reason for part in wanted)

    def test_it_wants_its_own_packages_in_the_guest(self) -> None:
        names = [name.name for name in self.needs(Firmware.BOTH).of_family("deb")]
        assert names == ["grub2-common", "grub-pc-bin", "grub-efi-amd64-bin"]

    def test_it_would_do_for_any_kickstart(self) -> None:
        assert applbuild_bootloader_grub.applbuild_claim() is Claim.WEAK
