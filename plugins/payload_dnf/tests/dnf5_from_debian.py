"""A real dnf 5 on a Debian that has none: from a newer release, in a folder of its own.

Nothing is installed: the packages are only unpacked, and started with their own libraries.
"""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path

RELEASE = "forky"
"""Debian 14, the first with dnf 5: a release settles, and stays, where `sid` always moves."""
_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_SOURCES = """\
Types: deb
URIs: {uri}
Suites: {release}
Components: main
Signed-By: {keyring}
"""
_WRAPPER = """\
#!/bin/sh
export RPM_CONFIGDIR={root}/usr/lib/rpm
exec {loader} --library-path {loader.parent} {root}/usr/bin/dnf5 "$@"
"""


def unpack(folder: Path) -> Path:
    """Return a folder with the command `dnf5`, made below *folder* from this host's own mirror."""
    root = folder / "root"
    for deb in _download(folder):
        _run("dpkg-deb", "-x", deb, root)
    loader = next(root.glob("usr/lib/*-linux-gnu*/ld-linux*.so.*"))
    command = folder / "bin/dnf5"
    command.parent.mkdir()
    command.write_text(_WRAPPER.format(root=root, loader=loader))
    command.chmod(0o755)
    return command.parent


def _download(folder: Path) -> list[Path]:
    """Return dnf5 and all that it needs, as packages, verified by apt."""
    sources = folder / "debian.sources"
    sources.write_text(_SOURCES.format(uri=_mirror(), release=RELEASE, keyring=_KEYRING))
    for name in ("state/lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    (folder / "status").touch()
    about = {
        "Dir::State": folder / "state",
        "Dir::State::status": folder / "status",  # nothing is installed, so all is downloaded
        "Dir::Cache": folder / "cache",
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": "/dev/null",
        "APT::Sandbox::User": "",
        "APT::Install-Recommends": "false",
        "APT::Update::Error-Mode": "any",
        "Acquire::Retries": "3",
    }
    words = ["apt-get", "--quiet", *(f"--option={name}={value}" for name, value in about.items())]
    _run(*words, "update")
    _run(*words, "--yes", "--download-only", "install", "dnf5")
    return sorted((folder / "cache/archives").glob("*.deb"))


def _mirror() -> str:
    """Return the address that this host is configured to get Debian itself from."""
    codename = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    listed = _run("apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(REPO_URI)")
    pairs = [line.rsplit(" ", 1) for line in listed.splitlines()]
    return next(uri for target, uri in pairs if target == f"{codename} main")


def _run(*argv: object) -> str:
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"dnf 5 cannot be had from Debian {RELEASE}: {done.stderr}"
    return done.stdout
