from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest

from applbuild.errors import ToolError
from applbuild.kickstart import read
from applbuild.model.result import Tree
from applbuild.run import Ran
from applbuild.testing import examples

PASSWD = f"root:x:{os.getuid()}:{os.getgid()}:root:/root:/bin/bash\ndaemon:x:1:1::/:/bin/false\n"
GROUP = "root:x:0:\nwheel:x:10:\nusers:x:100:\n"


@attrs.define
class Guest:
    """An installed system made of nothing but files, which remembers what was run in it."""

    root: Path
    ran: list[list[str]] = attrs.Factory(list)
    inputs: list[str] = attrs.Factory(list)
    remarks: list[str] = attrs.Factory(list)
    prints: dict[str, str] = attrs.Factory(dict)
    refusals: dict[str, str] = attrs.Factory(dict)

    @property
    def tree(self) -> Tree:
        return Tree(root=self.root, folders=())

    def has(self, *paths: str) -> None:
        """Put empty files into the system."""
        for path in paths:
            self.write(path, "")

    def write(self, path: str, content: str) -> None:
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")

    def text(self, path: str) -> str:
        return (self.root / path.lstrip("/")).read_text(encoding="utf-8")

    def has_file(self, path: str) -> bool:
        return (self.root / path.lstrip("/")).exists()

    def mode(self, path: str) -> int:
        return (self.root / path.lstrip("/")).stat().st_mode & 0o777

    def guest(self, _tree: Tree, argv: Sequence[str], **about: Any) -> Ran:
        """Be a Run, as far as the settings use one."""
        words = list(map(str, argv))
        self.ran.append(words)
        self.inputs += [about["input"]] if about.get("input") else []
        if words[0] in self.refusals:
            raise ToolError(tuple(words), 1, self.refusals[words[0]])
        return Ran(stdout=self.prints.get(words[0], ""), stderr="")

    def remark(self, text: str, **_about: bool) -> None:
        """Be a Progress, as far as the settings use one."""
        self.remarks.append(text)


@pytest.fixture
def guest(tmp_path: Path) -> Guest:
    """An empty system."""
    root = tmp_path / "system"
    root.mkdir()
    return Guest(root)


@pytest.fixture
def debian(guest: Guest) -> Guest:
    """A system that looks like a Debian, as far as the settings look."""
    guest.write("/etc/debian_version", "12.0\n")
    guest.write("/etc/passwd", PASSWD)
    guest.write("/etc/group", GROUP)
    guest.has(
        *("/bin/bash", "/usr/sbin/chpasswd", "/usr/sbin/locale-gen", "/usr/bin/setupcon"),
        *("/usr/share/zoneinfo/Europe/Berlin", "/usr/sbin/update-ca-certificates"),
        "/usr/lib/systemd/system/systemd-timesyncd.service",
    )
    return guest


@pytest.fixture
def fedora(guest: Guest) -> Guest:
    """A system that looks like a Fedora, as far as the settings look."""
    guest.write("/etc/passwd", PASSWD)
    guest.write("/etc/group", GROUP)
    guest.has(
        *("/etc/sysconfig/network", "/usr/bin/authselect", "/usr/bin/firewall-offline-cmd"),
        *("/bin/bash", "/usr/sbin/chpasswd", "/usr/share/zoneinfo/Europe/Berlin"),
        *("/usr/bin/update-ca-trust", "/etc/rhsm/rhsm.conf"),
        *(f"/usr/lib/systemd/system/{name}.service" for name in ("chronyd", "firewalld")),
    )
    guest.write("/etc/chrony.conf", "pool 2.fedora.pool.ntp.org iburst\ndriftfile /var/x\n")
    return guest


@pytest.fixture
def planned(tmp_path: Path) -> Callable[[str], Any]:
    """Returns the plan of a kickstart's settings."""

    def plan(text: str) -> Any:
        file = tmp_path / "web.ks"
        file.write_text(text, encoding="utf-8")
        settings = read(file).request.settings
        return examples.plan(examples.request(settings=settings))

    return plan


@pytest.fixture
def secrets(tmp_path: Path) -> Callable[[str], Any]:
    """Returns the secrets of a kickstart."""

    def secrets(text: str) -> Any:
        file = tmp_path / "web.ks"
        file.write_text(text, encoding="utf-8")
        return read(file).secrets

    return secrets
