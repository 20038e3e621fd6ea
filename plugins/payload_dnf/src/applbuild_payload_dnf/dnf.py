"""A private dnf, 4 or 5: it knows the repositories of one build and nothing of the host."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

from applbuild import Ran, Run
from applbuild_payload_dnf.repositories import Repository, as_text

COMMANDS = ("dnf5", "dnf-3", "dnf")
"""What the two generations are called, the newer first; `dnf` is either."""


@attrs.frozen(kw_only=True)
class Wanted:
    """What a private dnf is made for."""

    repositories: tuple[Repository, ...] = attrs.field(repr=False)
    variables: tuple[tuple[str, str], ...]
    """What stands for what in addresses: `releasever` at least."""
    settings: tuple[tuple[str, str], ...] = ()
    """Of dnf.conf(5)."""


@attrs.frozen(kw_only=True)
class Dnf:
    """The host's dnf, run with a configuration and an (empty) system of its own."""

    argv: tuple[str, ...]
    generation: int
    """4 or 5."""
    root: Path
    """The empty system; what dnf notes of modules is in it."""
    cache: Path
    """Where its repositories' indexes and packages are kept, a folder for each."""
    environment: tuple[tuple[str, str], ...]
    run: Run

    def __call__(self, *words: str, is_checked: bool = True) -> Ran:
        """Run dnf.

        Raises:
            ToolError: it did not end in 0, unless *is_checked* is false.
        """
        return self.run(
            [*self.argv, *words], environment=dict(self.environment), is_checked=is_checked
        )

    def folders(self, repository: str) -> tuple[Path, ...]:
        """Return the folders in which it keeps *repository*: NAME-HASH of its address."""
        pattern = re.compile(re.escape(repository) + "-[0-9a-f]{16}")
        return tuple(sorted(p for p in self.cache.iterdir() if pattern.fullmatch(p.name)))


@contextmanager
def private_dnf(wanted: Wanted, cache: Path, run: Run) -> Iterator[Dnf]:
    """Yield a dnf that knows *wanted*; indexes and packages stay in *cache*.

    There is a folder for each set of repositories; builds that share it wait for each other.
    """
    command, generation = _command(run)
    places = sorted((item.name, item.address) for item in wanted.repositories)
    form = f"{generation}\n{places}\n{wanted.variables}"
    kept = cache / "repositories" / hashlib.sha256(form.encode()).hexdigest()[:16]
    kept.mkdir(parents=True, exist_ok=True)
    with (
        (kept / "lock").open("w") as lock,
        tempfile.TemporaryDirectory(prefix="dnf-") as folder,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.utime(kept)  # it is in use: `trim_cache` goes by that
        # dnf's own locks hold ids of processes, which say nothing in another room.
        for stale in kept.glob("*.pid"):
            stale.unlink()
        private = Path(folder)
        words = _configure(wanted, kept, private)
        yield Dnf(
            argv=(command, *words),
            generation=generation,
            root=private / "root",
            cache=kept,
            environment=_environment(private),
            run=run,
        )


def _command(run: Run) -> tuple[str, int]:
    """Return where the newest dnf of the host lies, and its generation."""
    command = run.find(*COMMANDS)
    names = (Path(command).name, Path(command).resolve().name)
    return command, 5 if "dnf5" in names else 4


def _environment(private: Path) -> tuple[tuple[str, str], ...]:
    """Return what makes dnf leave the host's aliases and plugins alone, and its tables whole."""
    none = str(private / "none")
    return (
        ("DNF_DISABLE_ALIASES", "1"),
        ("DNF5_PLUGINS_DIR", none),
        ("LIBDNF_PLUGINS_CONFIG_DIR", none),
        # dnf5(8): it shortens what does not fit into 80 columns.
        ("DNF5_FORCE_COLUMNS", "1000"),
    )


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
        # Indexes are brought up to date once, by `refresh`.
        "metadata_expire": -1,
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
    for name, value in wanted.variables:
        (private / "variables" / name).write_text(value, encoding="utf-8")
    lines = (f"{name}={value}" for name, value in settings.items())
    configuration = private / "dnf.conf"
    configuration.write_text("\n".join(("[main]", *lines, "")), encoding="utf-8")
    words = [f"--config={configuration}", f"--installroot={private / 'root'}"]
    words += [f"--setopt={name}={settings[name]}" for name in ("cachedir", "reposdir", "varsdir")]
    return (*words, f"--releasever={dict(wanted.variables)['releasever']}")
