"""Packages into an empty tree, with the system's own rpm in the guest's room.

What rpm itself needs is laid out first, as bare files, so that there is a system in
which it and scriptlets can run; then rpm installs everything in one transaction,
those packages again among it. So nothing of a package runs outside of the guest's
room, and the database is of the version that the system has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import attrs

from applbuild import KickstartError, Progress, Run, ToolError, Tree, write_file

_FIRST = ("filesystem", "setup", "glibc", "bash", "coreutils", "rpm")
"""Where they are chosen, they and what they require are laid out first."""
_QUERY = "N %{NAME}\\n[R %{REQUIRENAME}\\n][P %{PROVIDENAME}\\n][F %{FILENAMES}\\n]"
_LAY_OUT = """
set -e
for file do
    rpm2archive - <"$file" | tar --extract --gzip --keep-directory-symlink
done
"""
_SHOWN = "/run/packages"
# Plugins guard and log the transactions of a running system; that of rpm 4.20 and newer which
# gives scriptlets namespaces (rpm-plugin-unshare(8)) may not do so in the guest's room.
_NO_PLUGINS = "/run/no-plugins"
# kernel-install(8): kernels are installed once settings and storage are known.
_ENVIRONMENT = {"KERNEL_INSTALL_BYPASS": "1"}
# As Anaconda writes it down, so that updates follow.
_LANGUAGES = "/etc/rpm/macros.image-language-conf"
_BATCH = 100


@attrs.frozen(kw_only=True)
class Relations:
    """What decides which package another one needs."""

    file: Path
    name: str
    requires: tuple[str, ...]
    provides: tuple[str, ...]
    """Its files among them."""


def install(
    files: Iterable[Path],
    tree: Tree,
    run: Run,
    progress: Progress,
    *,
    has_docs: bool,
    languages: str | None,
) -> None:
    """Install the packages *files* into the empty *tree*; tell which scriptlets failed.

    Raises:
        KickstartError: the system has no rpm, or rpm refuses.
    """
    files = sorted(files, key=lambda file: file.name)
    relations = _relations(files, run)
    if "rpm" not in {item.name for item in relations}:
        raise KickstartError(
            "packages are installed by the system's own rpm, and it has none",
            hint="take -rpm out of %packages",
        )
    _lay_out(closure(_FIRST, relations), tree, run)
    folders = sorted({file.parent for file in files})
    shown = [(folder, f"{_SHOWN}/{number}") for number, folder in enumerate(folders)]
    inside = dict(shown)
    argv = ["rpm", "--install", "--nosignature", *_define("_netsharedpath", "/proc")]
    argv += _define("__plugindir", _NO_PLUGINS)
    argv += [] if has_docs else ["--excludedocs"]
    if languages is not None:
        argv += _define("_install_langs", _as_macro(languages))
        write_file(tree, _LANGUAGES, f"%_install_langs {_as_macro(languages)}\n")
    argv += [f"{inside[file.parent]}/{file.name}" for file in files]
    try:
        said = run.guest(tree, argv, environment=_ENVIRONMENT, shown=shown).stderr
    except ToolError as error:
        raise ToolError(("rpm", "--install"), error.returncode, error.tail) from None
    # A scriptlet that fails after its files are there ends no transaction of rpm.
    for line in said.splitlines():
        if "scriptlet failed" in line:
            progress.remark(line.removeprefix("warning: "), is_warning=True)
    _remove_left_out(tree, run)


def _remove_left_out(tree: Tree, run: Run) -> None:
    """Remove what was laid out first and rpm then left out: documentation, translations."""
    # FILESTATES: 2 is "not installed" (rpm's lib/rpmfi.h, rpmfileState).
    argv = ["rpm", "-qa", "--queryformat", "[%{FILESTATES} %{FILENAMES}\\n]"]
    printed = run.guest(tree, argv).stdout.splitlines()
    states = [line.partition(" ") for line in printed]
    kept = {path for state, _, path in states if state != "2"}
    for path in sorted({path for state, _, path in states if state == "2"} - kept, reverse=True):
        parent, _, name = path.rpartition("/")
        place = tree.path(parent) / name
        if place.is_dir() and not place.is_symlink():
            if not any(place.iterdir()):
                place.rmdir()
        else:
            place.unlink(missing_ok=True)


def _define(macro: str, value: str) -> list[str]:
    return ["--define", f"{macro} {value}"]


def _as_macro(languages: str) -> str:
    """Return the kickstart's list of languages as rpm's macro has it; `none` is C alone."""
    return "C" if languages in ("none", "None") else languages.replace(",", ":")


def _relations(files: list[Path], run: Run) -> tuple[Relations, ...]:
    found: list[Relations] = []
    for start in range(0, len(files), _BATCH):
        batch = files[start : start + _BATCH]
        argv = ["rpm", "-qp", "--nosignature", "--nodigest", "--queryformat", _QUERY]
        parts = f"\n{run([*argv, *batch]).stdout}".split("\nN ")[1:]
        found += map(_parse, batch, parts)
    return tuple(found)


def _parse(file: Path, text: str) -> Relations:
    name, *lines = text.splitlines()
    return Relations(
        file=file,
        name=name,
        requires=tuple(line[2:] for line in lines if line.startswith("R ")),
        provides=tuple(line[2:] for line in lines if line.startswith(("P ", "F "))),
    )


def closure(names: Iterable[str], relations: tuple[Relations, ...]) -> list[Path]:
    """Return the files of the packages *names*, as far as they are chosen, and of all they need."""
    wanted = set(names)
    providers: dict[str, list[Relations]] = defaultdict(list)
    for item in relations:
        for capability in item.provides:
            providers[capability].append(item)
    found: set[Path] = set()
    pending = [item for item in relations if item.name in wanted]
    while pending:
        item = pending.pop()
        if item.file not in found:
            found.add(item.file)
            pending += (p for need in item.requires for p in providers[need])
    return sorted(found)


def _lay_out(files: list[Path], tree: Tree, run: Run) -> None:
    # The package `filesystem` first: its links are where others have folders.
    files = sorted(files, key=lambda file: not file.name.startswith("filesystem-"))
    argv: list[str | Path] = ["bash", "-o", "pipefail", "-c", _LAY_OUT, "bash", *files]
    run(argv, directory=tree.root)
