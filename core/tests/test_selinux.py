"""Whether a system has a policy, and what its kernels are told so that the mode is in force."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from applbuild import Plan, Tree, command_line, kernel_arguments
from applbuild.configure.security import set_selinux
from applbuild.model.request import BootRequest
from applbuild.model.settings import Settings
from applbuild.selinux import policy
from applbuild.testing import examples

FEDORA = 'CONFIG_LSM="lockdown,yama,integrity,selinux,bpf,landlock"\n'
DEBIAN = 'CONFIG_LSM="landlock,lockdown,yama,apparmor,selinux,bpf"\n'
OLD = 'CONFIG_DEFAULT_SECURITY_SELINUX=y\nCONFIG_DEFAULT_SECURITY="selinux"\n'
NEITHER = 'CONFIG_LSM="yama,integrity"\n'


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(root=tmp_path, folders=())


@pytest.fixture
def write(tree: Tree) -> Callable[[str, str], None]:
    """Writes a file of the system."""

    def put(path: str, text: str) -> None:
        tree.path(path).parent.mkdir(parents=True, exist_ok=True)
        tree.path(path).write_text(text, encoding="utf-8")

    return put


@pytest.fixture
def configured(write: Callable[[str, str], None]) -> Callable[..., None]:
    """Gives the system a policy, and a kernel's configuration."""

    def put(mode: str, kernel: str = "", place: str = "/boot/config-6.1") -> None:
        write("/etc/selinux/config", f"# a comment\nSELINUX={mode}\nSELINUXTYPE=targeted\n")
        write("/etc/selinux/targeted/contexts/files/file_contexts", "")
        if kernel:
            write(place, kernel)

    return put


@attrs.define
class Listener:
    """A Progress that keeps what it is told."""

    warnings: list[str] = attrs.Factory(list)

    def remark(self, message: str, *, is_warning: bool) -> None:
        assert is_warning
        self.warnings.append(message)


def warned(plan: Plan, tree: Tree) -> list[str]:
    """Return what setting the mode warns of."""
    listener: Any = Listener()
    set_selinux(plan, tree, listener)
    warnings: list[str] = listener.warnings
    return warnings


def asking(mode: str | None, append: tuple[str, ...] = ()) -> Plan:
    settings = Settings(selinux=mode)
    return examples.plan(
        examples.request(settings=settings),
        arguments=("quiet",),
        boot=BootRequest(arguments=append),
    )


def told(plan: Plan, tree: Tree) -> list[str]:
    return [word for word in kernel_arguments(plan, tree) if word != "quiet"]


@pytest.mark.parametrize("mode", ["enforcing", "permissive", "disabled"])
def test_the_mode_is_the_kickstarts(tree, configured, mode):
    configured("permissive")
    assert warned(asking(mode), tree) == []
    lines = tree.path("/etc/selinux/config").read_text(encoding="utf-8").splitlines()
    assert sorted(lines) == ["# a comment", f"SELINUX={mode}", "SELINUXTYPE=targeted"]


def test_a_mode_that_no_policy_can_have_is_told_with_what_to_install(tree):
    (warning,) = warned(asking("enforcing"), tree)
    assert "selinux-policy-targeted" in warning
    assert not tree.path("/etc/selinux/config").exists()


def test_a_configuration_alone_is_no_policy_to_enforce(tree, write):
    write("/etc/selinux/config", "SELINUX=permissive\nSELINUXTYPE=targeted\n")
    assert len(warned(asking("enforcing"), tree)) == 1


def test_nothing_is_off_without_a_word(tree):
    assert warned(asking("disabled"), tree) == warned(asking(None), tree) == []


@pytest.mark.parametrize("mode", ["enforcing", "Permissive"])
def test_a_policy_is_in_force_unless_it_is_off(tree, configured, mode):
    configured(mode)
    assert policy(tree) == "targeted"


def test_a_policy_that_is_off_is_not_in_force(tree, configured):
    configured("disabled")
    assert policy(tree) is None


def test_a_configuration_without_its_policy_is_none(tree, write):
    write("/etc/selinux/config", "SELINUX=enforcing\nSELINUXTYPE=targeted\n")
    write("/etc/selinux/mls/contexts/files/file_contexts", "")
    assert policy(tree) is None


def test_a_system_without_selinux_has_no_policy_and_its_kernel_is_told_nothing(tree):
    assert policy(tree) is None
    assert told(asking("enforcing"), tree) == told(asking("disabled"), tree) == []


@pytest.mark.parametrize("mode", ["enforcing", "permissive"])
@pytest.mark.parametrize(
    ("kernel", "words"),
    [
        (FEDORA, []),
        (OLD, []),
        (DEBIAN, ["security=selinux", "selinux=1"]),
        (NEITHER, ["security=selinux", "selinux=1"]),
        ("", ["security=selinux", "selinux=1"]),
    ],
)
def test_a_kernel_that_starts_with_another_module_is_told_to_use_selinux(
    tree, configured, mode, kernel, words
):
    configured(mode, kernel)
    assert told(asking(mode), tree) == words


@pytest.mark.parametrize(
    ("kernel", "words"),
    [(FEDORA, ["selinux=0"]), (OLD, ["selinux=0"]), ("", ["selinux=0"]), (DEBIAN, [])],
)
def test_a_kernel_that_starts_with_selinux_is_told_not_to(tree, configured, kernel, words):
    configured("disabled", kernel)
    assert told(asking("disabled"), tree) == words


def test_a_kernel_says_what_it_starts_with_before_it_is_in_boot(tree, configured):
    configured("enforcing", FEDORA, place="/usr/lib/modules/6.11/config")
    assert told(asking("enforcing"), tree) == []


def test_of_two_kernels_that_differ_each_uses_selinux(tree, configured, write):
    configured("enforcing", FEDORA)
    write("/boot/config-6.2", DEBIAN)
    assert told(asking("enforcing"), tree) == ["security=selinux", "selinux=1"]


def test_a_policy_that_the_kickstart_says_nothing_of_changes_no_command_line(tree, configured):
    configured("permissive", DEBIAN)
    assert told(asking(None), tree) == []


def test_the_kickstarts_own_words_come_last_and_win(tree, configured):
    configured("enforcing", DEBIAN)
    line = command_line(asking("enforcing", append=("security=apparmor",)), tree)
    assert line[1:] == ("ro", "quiet", "security=selinux", "selinux=1", "security=apparmor")
