"""What payloads share: kernels of a system, and the choice of what its initramfs carries."""

from __future__ import annotations

from pathlib import Path

import pytest

from applbuild import HYPERVISOR_DRIVERS, Plan, Tree, kernels, make_initramfs
from applbuild.testing import examples

MODULES = "/etc/initramfs-tools/modules"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(root=tmp_path, folders=(("/", tmp_path),))


@pytest.fixture
def plan() -> Plan:
    return examples.plan(drivers=("nvme", "virtio_blk"))


def touch(tree: Tree, *names: str) -> None:
    for name in names:
        tree.path(name).parent.mkdir(parents=True, exist_ok=True)
        tree.path(name).touch()


def made(plan: Plan, tree: Tree, *, is_generic: bool = False) -> list[list[str]]:
    run = examples.Recorder()
    assert make_initramfs(plan, tree, run, is_generic=is_generic) == tree
    assert {words[0] for words in run.seen} <= {"guest"}
    return [words[1:] for words in run.seen]


def test_kernels_are_found_with_the_newest_first(tree: Tree) -> None:
    touch(tree, "/boot/vmlinuz-6.1.0-9-amd64", "/boot/vmlinuz-6.1.0-56-amd64", "/boot/vmlinuz")
    touch(tree, "/boot/initrd.img-6.1.0-9-amd64", "/boot/config-6.1.0-9-amd64")
    touch(tree, "/boot/vmlinuz-5.14.0-1.el9.x86_64", "/boot/initramfs-5.14.0-1.el9.x86_64.img")
    found = [(kernel.version, kernel.path, kernel.initrd) for kernel in kernels(tree)]
    assert found == [
        ("6.1.0-56-amd64", "/boot/vmlinuz-6.1.0-56-amd64", None),
        ("6.1.0-9-amd64", "/boot/vmlinuz-6.1.0-9-amd64", "/boot/initrd.img-6.1.0-9-amd64"),
        (
            "5.14.0-1.el9.x86_64",
            "/boot/vmlinuz-5.14.0-1.el9.x86_64",
            "/boot/initramfs-5.14.0-1.el9.x86_64.img",
        ),
    ]


def test_a_system_without_kernel_or_tool_is_left_alone(tree: Tree, plan: Plan) -> None:
    assert kernels(tree) == ()
    touch(tree, "/usr/sbin/mkinitramfs")
    assert made(plan, tree) == []
    tree.path("/usr/sbin/mkinitramfs").unlink()
    touch(tree, "/boot/vmlinuz-1")
    assert made(plan, tree) == []
    assert not tree.path("/etc").exists()


def test_initramfs_tools_take_the_plans_drivers_and_filesystems(tree: Tree, plan: Plan) -> None:
    touch(tree, "/boot/vmlinuz-1", "/usr/sbin/mkinitramfs")
    tree.path(MODULES).parent.mkdir(parents=True)
    tree.path(MODULES).write_text("# one module on a line\nmine")
    assert made(plan, tree) == [["update-initramfs", "-c", "-k", "all"]]
    assert tree.path("/etc/initramfs-tools/conf.d/applbuild").read_text() == "MODULES=list\n"
    lines = tree.path(MODULES).read_text().splitlines()
    assert lines[:2] == ["# one module on a line", "mine"]
    assert lines[-3:] == ["nvme", "virtio_blk", "ext4"]


def test_the_distributions_own_choice_is_left_as_it_is(tree: Tree, plan: Plan) -> None:
    touch(tree, "/boot/vmlinuz-1", "/usr/sbin/mkinitramfs")
    assert made(plan, tree, is_generic=True) == [["update-initramfs", "-c", "-k", "all"]]
    assert not tree.path("/etc").exists()


@pytest.mark.parametrize(
    ("marker", "name"), [("/etc/debian_version", "initrd.img-{}"), (None, "initramfs-{}.img")]
)
def test_dracut_makes_one_for_each_kernel(
    tree: Tree, plan: Plan, marker: str | None, name: str
) -> None:
    touch(tree, "/boot/vmlinuz-1", "/boot/vmlinuz-2", "/usr/bin/dracut", *([marker] * bool(marker)))
    assert made(plan, tree) == [
        ["dracut", "--quiet", "--force", f"/boot/{name.format(version)}", version]
        for version in ("2", "1")
    ]
    choice = tree.path("/etc/dracut.conf.d/applbuild.conf").read_text().splitlines()
    assert 'hostonly="no"' in choice
    assert 'drivers="nvme virtio_blk"' in choice
    assert 'filesystems="ext4"' in choice


def test_dracuts_own_choice_is_for_any_machine(tree: Tree, plan: Plan) -> None:
    touch(tree, "/boot/vmlinuz-1", "/usr/bin/dracut")
    made(plan, tree, is_generic=True)
    choice = tree.path("/etc/dracut.conf.d/applbuild.conf").read_text()
    assert 'hostonly="no"' in choice
    assert "drivers=" not in choice


def test_kernels_that_are_packaged_are_brought_into_boot_by_kernel_install(
    tree: Tree, plan: Plan
) -> None:
    touch(tree, "/usr/lib/modules/6.5/vmlinuz", "/usr/bin/kernel-install")
    assert made(plan, tree) == [["kernel-install", "add", "6.5", "/lib/modules/6.5/vmlinuz"]]
    assert tree.path("/etc/kernel/cmdline").read_text().startswith("root=UUID=")
    assert 'hostonly="no"' in tree.path("/etc/dracut.conf.d/applbuild.conf").read_text()


def test_kernels_that_are_in_boot_already_are_left_to_the_systems_own_tool(
    tree: Tree, plan: Plan
) -> None:
    """Debian packages its kernels elsewhere from 14 on, and brings them into /boot itself."""
    touch(tree, "/usr/lib/modules/7.2/vmlinuz", "/usr/bin/kernel-install")
    touch(tree, "/boot/vmlinuz-7.2", "/usr/sbin/mkinitramfs")
    assert made(plan, tree) == [["update-initramfs", "-c", "-k", "all"]]


def test_drivers_are_named_once() -> None:
    assert len(set(HYPERVISOR_DRIVERS)) == len(HYPERVISOR_DRIVERS)
