"""What GRUB reads: the menu it shows first, and what its own tools make the next one from."""

from __future__ import annotations

import re
import shlex
from functools import partial
from pathlib import Path

import attrs
import pytest

import applbuild_bootloader_grub
from applbuild import (
    Boot,
    Plan,
    Tree,
)
from applbuild.testing import examples

MIB = 1 << 20
HOSTILE = (
    "dyndbg=file drivers/usb/* +p",
    "init=/bin/sh;reboot",
    "a='b'",
    'c="d"',
    "$x",
    "`id`",
    "{e}",
    "back\\slash",
    "#no",
    "ünï",
    "",
    "&&",
)


plan = partial(examples.bootable_plan, applbuild_bootloader_grub, identifier_bits={"vfat": 32})


def write(decided: Plan, tree: Tree, password_hash: str | None = None) -> Boot:
    """Return what the backend says after it wrote its files."""
    return applbuild_bootloader_grub.applbuild_boot_files(
        plan=decided, tree=tree, password_hash=password_hash, run=examples.Recorder()
    )


def lines(tree: Tree, word: str) -> list[list[str]]:
    """Return the words of the lines of grub.cfg that begin with *word*, as GRUB splits them.

    Its quotes and backslashes are those of a shell (GRUB manual, "Quoting").
    """
    text = (tree.root / "boot/grub/grub.cfg").read_text(encoding="utf-8")
    found = (line.strip() for line in text.splitlines())
    return [shlex.split(line) for line in found if line.startswith(f"{word} ")]


def with_arguments(decided: Plan, *words: str) -> Plan:
    return attrs.evolve(decided, boot=attrs.evolve(decided.boot, arguments=words))


class TestMenu:
    def test_the_newest_kernel_comes_first(self, tmp_path: Path) -> None:
        tree = examples.bootable_tree(
            tmp_path, "6.1.0-9-amd64", "6.1.0-13-amd64", "5.10.0-30-amd64"
        )
        write(plan(), tree)
        assert [words[1] for words in lines(tree, "menuentry")] == [
            "Linux 6.1.0-13-amd64",
            "Linux 6.1.0-9-amd64",
            "Linux 5.10.0-30-amd64",
        ]

    @pytest.mark.parametrize(("boot", "prefix"), [(False, "/boot"), (True, "")])
    def test_paths_are_those_of_the_filesystem_with_boot(
        self, boot: bool, prefix: str, tmp_path: Path
    ) -> None:
        tree = examples.bootable_tree(tmp_path, "6.1")
        decided = plan(boot=boot)
        identifier = decided.holding("/boot").identifier
        said = write(decided, tree)
        assert [words[1] for words in lines(tree, "linux")] == [f"{prefix}/vmlinuz-6.1"]
        assert [words[1] for words in lines(tree, "initrd")] == [f"{prefix}/initrd.img-6.1"]
        (search,) = lines(tree, "search")
        assert search[1:] == ["--no-floppy", "--fs-uuid", "--set=root", identifier]
        assert said.entries[0].kernel == "/boot/vmlinuz-6.1"

    def test_root_is_found_by_its_identifier_alone(self, tmp_path: Path) -> None:
        tree, decided = examples.bootable_tree(tmp_path, "6.1"), plan(boot=True)
        write(decided, tree)
        (words,) = lines(tree, "linux")
        assert words[2:4] == [f"root=UUID={decided.holding('/').identifier}", "ro"]
        text = (tree.root / "boot/grub/grub.cfg").read_text(encoding="utf-8")
        assert not re.search(r"/dev/|loop|mapper", text)
        assert str(tmp_path) not in text

    def test_hostile_arguments_reach_the_kernel_as_they_were_typed(self, tmp_path: Path) -> None:
        tree = examples.bootable_tree(tmp_path, "6.1")
        said = write(with_arguments(plan(), *HOSTILE), tree)
        (words,) = lines(tree, "linux")
        assert words[4:] == list(HOSTILE)
        assert said.entries[0].arguments[-len(HOSTILE) :] == HOSTILE
        examples.run()(["grub-script-check", tree.root / "boot/grub/grub.cfg"])

    def test_what_backends_want_comes_before_what_the_user_wants(self, tmp_path: Path) -> None:
        tree = examples.bootable_tree(tmp_path, "6.1")
        decided = attrs.evolve(with_arguments(plan(), "quiet"), arguments=("console=ttyS0",))
        write(decided, tree)
        assert lines(tree, "linux")[0][-2:] == ["console=ttyS0", "quiet"]

    def test_a_kernel_without_an_initramfs_starts_without_one(self, tmp_path: Path) -> None:
        tree = examples.bootable_tree(tmp_path, "6.1")
        (tree.root / "boot/initrd.img-6.1").unlink()
        assert write(plan(), tree).entries[0].initrd is None
        assert not lines(tree, "initrd")

    def test_written_again_it_follows_the_kernels(self, tmp_path: Path) -> None:
        tree = examples.bootable_tree(tmp_path, "6.1", "6.2")
        write(plan(), tree)
        (tree.root / "boot/vmlinuz-6.2").unlink()
        write(plan(), tree)
        assert [words[1] for words in lines(tree, "menuentry")] == ["Linux 6.1"]

    def test_the_timeout_is_the_kickstarts(self, tmp_path: Path) -> None:
        tree, decided = examples.bootable_tree(tmp_path, "6.1"), plan()
        write(attrs.evolve(decided, boot=attrs.evolve(decided.boot, timeout_seconds=17)), tree)
        assert ["set", "timeout=17"] in lines(tree, "set")


class TestDefaultsForTheGuestsOwnTools:
    def defaults(self, tmp_path: Path, decided: Plan) -> dict[str, str]:
        """Return what a shell makes of the file, as grub-mkconfig reads it."""
        tree = examples.bootable_tree(tmp_path, "6.1")
        (tree.root / "usr/sbin").mkdir(parents=True)
        (tree.root / "usr/sbin/grub-mkconfig").touch()
        write(decided, tree)
        file = tree.root / "etc/default/grub.d/50-applbuild.cfg"
        script = '. "$1"; for n in $(sed -n "s/^\\(GRUB_[A-Z_]*\\)=.*/\\1/p" "$1"); do '
        script += 'eval "printf \'%s=%s\\0\' $n \\"\\$$n\\""; done'
        said = examples.run()(["sh", "-c", script, "sh", file]).stdout
        return dict(pair.split("=", 1) for pair in said.split("\0") if pair)

    def test_they_keep_what_the_kickstart_asked_for(self, tmp_path: Path) -> None:
        found = self.defaults(tmp_path, with_arguments(plan(), "quiet", "net.ifnames=0"))
        assert found["GRUB_CMDLINE_LINUX"] == "quiet net.ifnames=0"
        assert found["GRUB_TIMEOUT"] == "5"
        assert found["GRUB_TERMINAL"] == "console serial"

    def test_hostile_arguments_survive_an_update_of_the_menu(self, tmp_path: Path) -> None:
        """grub-mkconfig pastes the value into the line of GRUB's script, where it is split."""
        found = self.defaults(tmp_path, with_arguments(plan(), *HOSTILE))
        assert shlex.split(found["GRUB_CMDLINE_LINUX"]) == list(HOSTILE)

    def test_a_guest_without_the_tools_gets_none(self, tmp_path: Path) -> None:
        tree = examples.bootable_tree(tmp_path, "6.1")
        write(plan(), tree)
        assert not (tree.root / "etc").exists()
