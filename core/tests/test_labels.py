"""Labels come from the system's own tool, which is asked about everything in a few commands."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest

from applbuild import BackendInfo, PartitionRequest, Plan, ToolError, Tree
from applbuild.labels import label
from applbuild.run import Ran
from applbuild.testing import examples
from applbuild.units import MIB

GENERATOR = "/usr/lib/systemd/system-generators/selinux-autorelabel-generator.sh"
ODD = ("new\nline", ' le"ad', "-n", "latin-\udce9", "<<none>>")
INFOS = {
    "ext4": BackendInfo(summary="", api=1, sets_labels=True, own_folders=("lost+found",)),
    "vfat": BackendInfo(summary="", api=1, sets_labels=False),
    "oldfs": BackendInfo(summary="", api=1),
}


@attrs.define
class Guest:
    """A system whose matchpathcon has a label for everything; it remembers what it was asked."""

    tree: Tree
    asked: list[tuple[str, ...]] = attrs.Factory(list)
    remarks: list[tuple[str, bool]] = attrs.Factory(list)
    code: int = 0
    left_out: int = 0

    def guest(self, _tree: Tree, argv: Sequence[str], *, is_checked: bool) -> Ran:
        """Be a Run."""
        assert not is_checked
        assert argv[:4] == ["/usr/sbin/matchpathcon", "-N", "-n", "-m"]
        kind, *paths = argv[4:]
        self.asked.append(tuple(paths))
        known = ["<<none>>" if "/mnt/" in path else f"u:r:{kind}:{path!r}" for path in paths]
        lines = known[self.left_out :]
        return Ran(stdout="".join(f"{x}\n" for x in lines), stderr="why", returncode=self.code)

    def remark(self, message: str, *, is_warning: bool = False) -> None:
        """Be a Progress."""
        self.remarks.append((message, is_warning))

    def info(self, _role: str, name: str) -> BackendInfo:
        """Be the Backends."""
        return INFOS[name]


@pytest.fixture
def plan() -> Plan:
    return planned()


def planned(filesystem: str = "ext4") -> Plan:
    root = PartitionRequest(mount_point="/", size_bytes=64 * MIB)
    boot = PartitionRequest(mount_point="/boot", size_bytes=64 * MIB)
    other = PartitionRequest(mount_point="/boot/efi", size_bytes=64 * MIB, filesystem=filesystem)
    return examples.plan(examples.request(root, boot, other, on={"os": 400 * MIB}))


@pytest.fixture
def system(tmp_path: Path) -> Callable[..., Guest]:
    """Makes the system of a plan."""

    def make(plan: Plan, *without: str) -> Guest:
        tree = examples.tree(plan, tmp_path)
        files = {
            "/etc/selinux/config": "SELINUX=enforcing\nSELINUXTYPE=targeted\n",
            "/etc/selinux/targeted/contexts/files/file_contexts": "",
            "/usr/sbin/matchpathcon": "",
            GENERATOR: "",
        }
        for path, text in files.items():
            if path not in without:
                tree.path(path).parent.mkdir(parents=True, exist_ok=True)
                tree.path(path).write_text(text, encoding="utf-8")
        return Guest(tree)

    return make


def at(plan: Plan, guest: Guest, path: str) -> Path:
    """Return where a file of the system lies in its volume's folder."""
    volume = plan.holding(path)
    return guest.tree.folder(volume) / os.path.relpath(path, str(volume.mount_point))


def labels(plan: Plan, guest: Guest, mount_point: str) -> dict[str, str]:
    stand_in: Any = guest
    done = label(plan, guest.tree, stand_in, stand_in, stand_in)
    return dict(done.labels_of(plan.holding(mount_point)))


def test_each_file_is_asked_for_by_its_path_in_the_system_and_its_kind(plan, system):
    guest = system(plan)
    (at(plan, guest, "/") / "boot").mkdir()
    at(plan, guest, "/usr").mkdir()
    at(plan, guest, "/usr/tool").touch()
    at(plan, guest, "/bin").symlink_to("usr")
    os.mkfifo(at(plan, guest, "/pipe"))
    at(plan, guest, "/boot/vmlinuz").touch()
    assert labels(plan, guest, "/") == {
        "/": "u:r:dir:'/'",
        "/bin": "u:r:lnk_file:'/bin'",
        "/boot": "u:r:dir:'/boot'",
        "/lost+found": "u:r:dir:'/lost+found'",
        "/pipe": "u:r:pipe:'/pipe'",
        "/usr": "u:r:dir:'/usr'",
        "/usr/tool": "u:r:file:'/usr/tool'",
    }
    assert labels(plan, guest, "/boot") == {
        "/": "u:r:dir:'/boot'",
        "/lost+found": "u:r:dir:'/boot/lost+found'",
        "/vmlinuz": "u:r:file:'/boot/vmlinuz'",
    }


def test_names_are_what_they_are(plan, system):
    guest = system(plan)
    for name in ODD:
        (at(plan, guest, "/") / name).touch()
    found = labels(plan, guest, "/")
    assert {f"/{name}": f"u:r:file:{f'/{name}'!r}" for name in ODD}.items() <= found.items()


def test_the_names_of_one_file_have_the_label_of_the_first(plan, system):
    guest = system(plan)
    (at(plan, guest, "/") / "b").touch()
    (at(plan, guest, "/") / "a").hardlink_to(at(plan, guest, "/b"))
    found = labels(plan, guest, "/")
    assert found["/a"] == found["/b"] == "u:r:file:'/a'"


def test_what_the_policy_has_no_label_for_gets_none(plan, system):
    guest = system(plan)
    at(plan, guest, "/mnt/x").parent.mkdir()
    at(plan, guest, "/mnt/x").touch()
    found = labels(plan, guest, "/")
    assert "/mnt" in found
    assert "/mnt/x" not in found


def test_thousands_of_files_take_a_few_commands_that_are_not_too_long(plan, system):
    guest = system(plan)
    for number in range(4000):
        (at(plan, guest, "/") / f"{number:0200}").touch()
    assert len(labels(plan, guest, "/")) == 4000 + 2
    assert len(guest.asked) < 20
    assert max(sum(map(len, paths)) for paths in guest.asked) < 500_000


@pytest.mark.parametrize("filesystem", ["vfat", "oldfs"])
def test_a_filesystem_that_sets_no_labels_gets_none(system, filesystem):
    plan = planned(filesystem)
    guest = system(plan)
    assert labels(plan, guest, "/boot/efi") == {}
    assert "/" in labels(plan, guest, "/boot")


def test_one_that_could_hold_labels_is_labelled_at_the_first_start(system):
    plan = planned("oldfs")
    guest = system(plan)
    labels(plan, guest, "/")
    message, is_warning = guest.remarks[0]
    assert is_warning
    assert "/boot/efi" in message
    assert "when it first starts" in message
    assert guest.tree.path("/.autorelabel").is_file()


def test_fat_is_nothing_to_warn_of(system):
    plan = planned("vfat")
    guest = system(plan)
    labels(plan, guest, "/")
    assert [is_warning for _, is_warning in guest.remarks] == [False]
    assert not guest.tree.path("/.autorelabel").exists()


def test_a_system_without_the_tool_labels_itself_when_it_first_starts(plan, system):
    guest = system(plan, "/usr/sbin/matchpathcon")
    assert labels(plan, guest, "/") == {}
    ((message, is_warning),) = guest.remarks
    assert is_warning
    assert "labels every file when it first starts" in message
    assert guest.tree.path("/.autorelabel").is_file()


def test_one_that_cannot_do_that_either_is_told_what_to_install(plan, system):
    guest = system(plan, "/usr/sbin/matchpathcon", GENERATOR)
    labels(plan, guest, "/")
    assert "add policycoreutils to %packages" in guest.remarks[0][0]


def test_a_system_without_a_policy_is_left_as_it_is(plan, system):
    guest = system(plan, "/etc/selinux/config")
    assert labels(plan, guest, "/") == {}
    assert guest.asked == guest.remarks == []
    assert not guest.tree.path("/.autorelabel").exists()


@pytest.mark.parametrize("fault", [{"code": 1}, {"left_out": 1}])
def test_a_tool_that_fails_or_leaves_a_file_out_ends_the_build(plan, system, fault):
    guest = attrs.evolve(system(plan), **fault)
    with pytest.raises(ToolError, match="matchpathcon"):
        labels(plan, guest, "/")
