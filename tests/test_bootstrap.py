"""script/bootstrap on an RPM system: real dnf and rpm, with a root and repository of their own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

SCRIPT = Path(__file__).parents[1] / "script/bootstrap"
SPEC = """\
Name: {name}
Version: 1
Release: 1
Summary: an empty package
License: none
BuildArch: noarch
%description
Empty.
%files
"""
DNF = """\
#!/bin/sh
echo "dnf $*" >>{place}/asked
exec /usr/bin/dnf --quiet --installroot={place}/root --releasever=1 --setopt=reposdir={place}/none \
    --setopt=cachedir={place}/cache --repofrompath=all,file://{place}/rpms --nogpgcheck "$@"
"""
RPM = '#!/bin/sh\nexec /usr/bin/rpm --root={place}/root "$@"\n'


@attrs.frozen
class Fedora:
    """A checkout of an ordinary user on a system that has dnf and rpm, and no apt-get."""

    place: Path
    owner: Any

    @property
    def checkout(self) -> Path:
        return self.place / "checkout"

    def bootstrap(self, person: Any) -> subprocess.CompletedProcess[str]:
        done: subprocess.CompletedProcess[str] = person.run(
            [self.checkout / "script/bootstrap"], environment={"PATH": str(self.place / "commands")}
        )
        return done

    def wanted(self) -> list[str]:
        """Return the packages that the script names for this family."""
        found = re.search(r'^fedora="([^"]*)"', SCRIPT.read_text(encoding="utf-8"), re.MULTILINE)
        assert found is not None
        return found[1].split()

    def installed(self) -> set[str]:
        argv = ["rpm", f"--root={self.place}/root", "-qa", "--queryformat", "%{NAME}\n"]
        return set(subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split())


@pytest.fixture
def fedora(desk: Callable[[Any], Path], as_user: Any) -> Fedora:
    place = desk(as_user)
    made = Fedora(place, as_user)
    _publish(made.wanted(), place)
    (place / "commands").mkdir()
    for folder in ("/usr/sbin", "/usr/bin"):
        for file in Path(folder).iterdir():
            link = place / "commands" / file.name
            if not file.name.startswith(("apt", "dpkg")) and not link.is_symlink():
                link.symlink_to(file)
    for name, text in (("dnf", DNF), ("rpm", RPM)):
        command = place / "commands" / name
        command.unlink()
        command.write_text(text.format(place=place), encoding="utf-8")
        command.chmod(0o755)
    (made.checkout / "script").mkdir(parents=True)
    shutil.copy(SCRIPT, made.checkout / "script")
    os.chown(made.checkout, as_user.uid, as_user.gid)
    (place / "asked").touch()
    return made


def _publish(names: list[str], place: Path) -> None:
    (place / "rpms").mkdir()
    for name in names:
        spec = place / f"{name}.spec"
        spec.write_text(SPEC.format(name=name), encoding="utf-8")
        defines = (("_topdir", place / "build"), ("_rpmdir", place / "rpms"))
        words = [word for key, value in defines for word in ("--define", f"{key} {value}")]
        subprocess.run(
            ["rpmbuild", "-bb", "--quiet", *words, spec], capture_output=True, check=True
        )
    subprocess.run(["createrepo_c", "--quiet", place / "rpms"], check=True)
    subprocess.run(["rpm", f"--root={place}/root", "--initdb"], check=True)


def test_an_ordinary_user_is_told_what_an_administrator_must_run(
    fedora: Fedora, as_user: Any
) -> None:
    done = fedora.bootstrap(as_user)
    assert done.returncode == 5
    assert done.stderr.splitlines()[-1].split() == ["dnf", "install", *fedora.wanted()]
    assert (fedora.place / "asked").read_text() == ""


def test_root_installs_what_is_missing_and_leaves_the_rest_to_the_checkouts_owner(
    fedora: Fedora, as_root: Any
) -> None:
    done = fedora.bootstrap(as_root)
    assert done.returncode == 0, done.stderr
    assert set(fedora.wanted()) <= fedora.installed()
    assert f"made by {fedora.owner.name}: script/bootstrap" in done.stdout
    assert not (fedora.checkout / ".venv").exists()


def test_where_nothing_is_missing_nothing_is_installed(fedora: Fedora, as_root: Any) -> None:
    fedora.bootstrap(as_root)
    before = (fedora.place / "asked").read_text()
    done = fedora.bootstrap(as_root)
    assert done.returncode == 0
    assert (fedora.place / "asked").read_text() == before
