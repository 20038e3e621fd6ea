"""A private dnf, 4 or 5: it knows the repositories of one build and nothing of the host."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

from applbuild import HostError, Ran, Run
from applbuild_payload_dnf.repositories import Repository, as_text

COMMANDS = ("dnf5", "dnf-3", "dnf")
"""What the two generations are called, the newer first; `dnf` is either."""
_HEADINGS = {
    "Installing:": "asked",
    "Installing group/module packages:": "asked",
    "Installing dependencies:": "dependency",
    "Installing weak dependencies:": "recommended",
}
# A row of the table that both generations print: name, architecture, version, repository, size.
_ROW = re.compile(r"(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+[\d.,]+ ?[kMGTiB]*$")
_FIELDS = ("name", "epoch", "version", "release", "arch", "repoid", "downloadsize", "installsize")
_FORMAT = "|".join(f"%{{{field}}}" for field in _FIELDS) + "\n"


@attrs.frozen(kw_only=True)
class Wanted:
    """What a private dnf is made for."""

    repositories: tuple[Repository, ...] = attrs.field(repr=False)
    releasever: str
    settings: tuple[tuple[str, str], ...] = ()
    """Of dnf.conf(5)."""


@attrs.frozen(kw_only=True)
class Dnf:
    """The host's dnf, run with a configuration and an (empty) system of its own."""

    argv: tuple[str, ...]
    cache: Path
    """Where its repositories' indexes and packages are kept, a folder for each."""
    run: Run

    def __call__(self, *words: str, is_checked: bool = True) -> Ran:
        """Run dnf.

        Raises:
            ToolError: it did not end in 0, unless *is_checked* is false.
        """
        return self.run([*self.argv, *words], is_checked=is_checked)


@attrs.frozen(kw_only=True)
class Row:
    """A package that dnf chose."""

    name: str
    architecture: str
    version: str
    """With its epoch, if that is not 0, and its release."""
    repository: str
    kind: str
    """`asked`, `dependency` or `recommended`."""

    @property
    def full_name(self) -> str:
        """How dnf knows exactly this one: name-epoch:version-release.architecture."""
        epoch = "" if ":" in self.version else "0:"
        return f"{self.name}-{epoch}{self.version}.{self.architecture}"

    @property
    def file_name(self) -> str:
        """What its file is called: name-version-release.architecture.rpm."""
        return (
            f"{self.name}-{self.version.partition(':')[2] or self.version}.{self.architecture}.rpm"
        )


@attrs.frozen(kw_only=True)
class Sizes:
    """How large a package is, in bytes."""

    download_bytes: int
    installed_bytes: int


@contextmanager
def private_dnf(wanted: Wanted, cache: Path, run: Run) -> Iterator[Dnf]:
    """Yield a dnf that knows *wanted*; indexes and packages stay in *cache*.

    There is a folder for each set of repositories; builds that share it wait for each other.
    """
    places = sorted((item.name, item.address) for item in wanted.repositories)
    key = hashlib.sha256(f"{places}\n{wanted.releasever}".encode()).hexdigest()[:16]
    kept = cache / "repositories" / key
    kept.mkdir(parents=True, exist_ok=True)
    with (
        (kept / "lock").open("w") as lock,
        tempfile.TemporaryDirectory(prefix="dnf-") as private,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.utime(kept)  # it is in use: `store.trim` goes by that
        # dnf's own locks hold ids of processes, which say nothing in another room.
        for stale in kept.glob("*.pid"):
            stale.unlink()
        words = _configure(wanted, kept, Path(private))
        yield Dnf(argv=(_command(run), *words), cache=kept, run=run)


def _command(run: Run) -> str:
    for name in COMMANDS:
        if shutil.which(name, path=dict(run.environment).get("PATH")):
            return name
    raise HostError("this host has no dnf", hint="install dnf (or dnf5)")


def _configure(wanted: Wanted, kept: Path, private: Path) -> tuple[str, ...]:
    """Write the configuration and return the words that make dnf use it and nothing else."""
    settings = {
        "cachedir": kept,
        "logdir": private,
        "persistdir": private / "persist",
        "system_cachedir": kept,
        "reposdir": private / "repositories",
        "varsdir": private / "variables",
        "pluginconfpath": private / "none",
        "plugins": 0,
        "keepcache": 1,
        "metadata_expire": 0,
        "gpgcheck": 0,
        "localpkg_gpgcheck": 0,
        "assumeyes": 0,
        "best": 1,
        "tsflags": "",
        "zchunk": 0,
        "deltarpm": 0,
        **dict(wanted.settings),
    }
    for folder in ("repositories", "variables", "root"):
        (private / folder).mkdir()
    file = private / "repositories/applbuild.repo"
    # It may hold logins; the folder is this user's alone.
    text = "\n".join(map(as_text, wanted.repositories))
    file.write_text(text, encoding="utf-8")
    lines = (f"{name}={value}" for name, value in settings.items())
    configuration = private / "dnf.conf"
    configuration.write_text("\n".join(("[main]", *lines, "")), encoding="utf-8")
    words = [f"--config={configuration}", f"--installroot={private / 'root'}"]
    words += [f"--setopt={name}={settings[name]}" for name in ("cachedir", "reposdir", "varsdir")]
    return (*words, f"--releasever={wanted.releasever}")


def choose(dnf: Dnf, names: tuple[str, ...], excluded: tuple[str, ...], *words: str) -> Ran:
    """Ask dnf what it would install for *names*; what it printed is for `rows`."""
    exclusions = [f"--exclude={name}" for name in excluded]
    return dnf(*exclusions, *words, "install", "--assumeno", "--", *names, is_checked=False)


def rows(printed: str) -> tuple[Row, ...]:
    """Return the packages of the table that dnf printed; long rows go over several lines."""
    found: list[Row] = []
    kind, pending = "", ""
    for line in printed.splitlines():
        if not line.startswith(" "):
            kind, pending = _HEADINGS.get(line.strip(), ""), ""
        elif kind:
            pending = f"{pending} {line.strip()}".strip()
            row = _ROW.fullmatch(pending)
            if row:
                name, architecture, version, repository = row.groups()
                found.append(
                    Row(
                        name=name,
                        architecture=architecture,
                        version=version.removeprefix("0:"),
                        repository=repository,
                        kind=kind,
                    )
                )
                pending = ""
    return tuple(found)


def available(dnf: Dnf) -> frozenset[str]:
    """Return the names of all packages of the repositories, whose indexes are brought up to date.

    Raises:
        ToolError: one cannot be reached.
    """
    printed = dnf("--quiet", "repoquery", "--queryformat", "%{name}\n").stdout
    return frozenset(line for line in printed.splitlines() if line)


def sizes(dnf: Dnf, chosen: tuple[Row, ...]) -> dict[str, Sizes]:
    """Return the sizes of *chosen*, by their full names."""
    query = ["--quiet", "--setopt=metadata_expire=-1", "repoquery", "--queryformat", _FORMAT]
    printed = dnf(*query, *(row.full_name for row in chosen)).stdout
    found = {}
    for line in filter(None, printed.splitlines()):
        name, epoch, version, release, arch, repository, download, installed = line.split("|")
        full = f"{name}-{epoch or 0}:{version}-{release}.{arch}@{repository}"
        found[full] = Sizes(download_bytes=int(download), installed_bytes=int(installed))
    return found


def cached_folders(dnf: Dnf) -> tuple[Path, ...]:
    """Return the folders in which dnf keeps its repositories."""
    return tuple(sorted(path.parent.parent for path in dnf.cache.glob("*/repodata/repomd.xml")))
