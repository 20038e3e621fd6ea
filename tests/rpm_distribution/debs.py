"""Debian's packages: from the host's own archives, and what an RPM has of their files."""

from __future__ import annotations

import os
import re
import subprocess
import tarfile
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from commands import run

Table = dict[str, Any]
_ALSO = (
    *(
        "linux-image-cloud-amd64",
        "attr",
        "cpio",
        "diffutils",
        "dosfstools",
        "e2fsprogs",
        "findutils",
        "grep",
        "gzip",
    ),
    *("hostname", "kbd", "kmod", "less", "nano", "ncurses-base", "openssl", "sed", "sudo", "tar"),
    *("tzdata", "zstd"),
)
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def fetch(table: Table, work: Path, suite: str | None) -> dict[str, Path]:
    """Return the Debian packages that are needed, by name, with all they depend on."""
    apt = _private_apt(work / "apt", suite)
    named = [deb for about in table["packages"].values() for deb in about.get("debs", ())]
    # What a pattern means comes as a dependency.
    wanted = [deb for deb in named if "*" not in deb]
    listed = run(*apt, "--print-uris", "install", *wanted, *_ALSO)
    rows = [line.split() for line in listed.splitlines()]
    chosen = [unquote(row[1]).split("_") for row in rows]
    names = [
        f"{name}={version}" for name, version, _ in chosen if not is_any(name, table["left_out"])
    ]
    (work / "debs").mkdir()
    run(*apt, "download", *names, cwd=work / "debs")
    return {file.name.split("_")[0]: file for file in sorted((work / "debs").iterdir())}


def _private_apt(state: Path, suite: str | None) -> list[object]:
    """Return an apt-get that believes nothing to be installed, for *suite* or the host's own."""
    for part in ("lists", "archives"):
        (state / part / "partial").mkdir(parents=True)
    (state / "status").touch()
    apt: list[object] = ["apt-get", "-qq", "-o", f"Dir::State::status={state}/status"]
    apt += ["-o", f"Dir::Cache={state}", "-o", "APT::Install-Recommends=false"]
    apt += ["-o", "APT::Sandbox::User=root"]  # its own user cannot write here
    if suite is None:
        return apt
    known = run("apt-get", "indextargets", "--format", "$(SITE)", "Label: Debian").split()
    sources = state / "sources.list"
    sources.write_text(f"deb [signed-by={_KEYRING}] {known[0]} {suite} main\n", encoding="utf-8")
    apt += ["-o", f"Dir::Etc::SourceList={sources}", "-o", "Dir::Etc::SourceParts=-"]
    apt += ["-o", f"Dir::State::Lists={state}/lists"]
    run(*apt, "update")
    return apt


def is_any(name: str, patterns: list[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def unpack(deb: Path, about: Table, drop: list[str], root: Path) -> None:
    """Unpack what the RPM has of *deb*: below /usr what was beside it, and without Perl."""
    keep, drop = about.get("keep", ["*"]), [*drop, *about.get("drop", [])]
    with (
        subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as process,
        tarfile.open(fileobj=process.stdout, mode="r|") as archive,
    ):
        archive.extraction_filter = lambda member, _: member  # Debian's own; as it is
        for member in archive:
            path = _place(member.name, about)
            is_needed = not member.isdir() and is_any(path, keep) and not is_any(path, drop)
            if not is_needed:
                continue
            member.name = path.lstrip("/")
            if member.islnk():
                member.linkname = _place(member.linkname, about).lstrip("/")
            if (member.uname, member.gname) != ("root", "root"):
                about["owners"].setdefault(path, (member.uname, member.gname))
            archive.extract(member, root, set_attrs=False)
            if member.isreg():
                _finish(root / member.name, member)


def _place(name: str, about: Table) -> str:
    """Return the path of an archive's member in the RPM."""
    path = re.sub(
        r"^/(bin|sbin|lib|lib32|lib64|libx32)(?=/)",
        r"/usr/\1",
        "/" + name.removeprefix("./").lstrip("/"),
    )
    for old, new in about.get("moved", {}).items():
        found = re.fullmatch(re.escape(old).replace(r"\*", "(.*)"), path)
        if found:
            return new.replace("*", found[1]) if "*" in old else new
    return path


def _finish(file: Path, member: tarfile.TarInfo) -> None:
    with file.open("rb") as content:
        first = content.readline(80)
    if member.mode & 0o111 and first.startswith(b"#!") and re.search(rb"perl|python", first):
        file.unlink()  # a distribution without them is a third of the size
        return
    file.chmod(member.mode)
    os.utime(file, (member.mtime, member.mtime))
