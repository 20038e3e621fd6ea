"""Laws of the workspace: every backend stands alone, and the core knows none of them."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import applbuild
from applbuild.backends import ROLES

ROOT = Path(__file__).parent.parent
CORE = ROOT / "core"
PLUGINS = sorted(
    path for path in (ROOT / "plugins").iterdir() if (path / "pyproject.toml").exists()
)
EXAMPLES = sorted(path.parent for path in (ROOT / "examples/plugins").glob("*/pyproject.toml"))
MOST_LINES = 400

KNOWN_NAMES = {
    # Words of kickstarts and of fstab(5), which only happen to be names of backends too.
    ("kickstart/apply/storage.py", "swap"),
    ("kickstart/apply/storage.py", "vfat"),
    ("kickstart/table/storage.py", "swap"),
    ("configure/identity.py", "swap"),
    ("model/storage.py", "swap"),
    # Which filesystem a partition has where the kickstart does not say.
    ("layout/partitions.py", "ext4"),
    ("layout/partitions.py", "swap"),
    ("layout/partitions.py", "vfat"),
    # How the packages of this host are installed, for the hint that some are missing.
    ("host.py", "dnf"),
    # The initramfs needs no module for a FAT.
    ("guest.py", "vfat"),
    # Its function of that name, and what qemu-img calls a plain file.
    ("testing/examples.py", "tree"),
    ("testing/formats.py", "raw"),
}
"""Where the core says a backend's name; more of them need a reason as good."""


def project(folder: Path) -> dict[str, Any]:
    """Return the `project` table of a distribution."""
    with (folder / "pyproject.toml").open("rb") as file:
        table: dict[str, Any] = tomllib.load(file)["project"]
    return table


def modules(folder: Path) -> list[Path]:
    """Return the modules that a distribution installs."""
    return sorted((folder / "src").rglob("*.py"))


def imports(module: Path) -> Iterator[tuple[str, str]]:
    """Yield (module, name) of everything *module* imports; no name where it is all of it."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)


def names_of_backends() -> set[str]:
    """Return every name that users can type for a backend of this workspace."""
    groups = [project(folder)["entry-points"] for folder in PLUGINS]
    return {name for group in groups for points in group.values() for name in points}


@pytest.mark.parametrize("folder", [*PLUGINS, *EXAMPLES], ids=lambda folder: folder.name)
class TestEveryBackend:
    def test_is_called_by_the_naming_law(self, folder: Path) -> None:
        """Folder, distribution, import and entry point follow from each other."""
        role, _, family = folder.name.partition("_")
        table = project(folder)
        assert role in ROLES
        assert family.isalnum()
        assert table["name"] == f"applbuild-{role}-{family}"
        assert [path.name for path in (folder / "src").glob("[!.]*") if path.suffix == ""] == [
            f"applbuild_{role}_{family}"
        ]
        assert list(table["entry-points"]) == [f"applbuild.{role}"]
        points = table["entry-points"][f"applbuild.{role}"]
        for name, value in points.items():
            assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
            assert value.partition(".")[0] == f"applbuild_{role}_{family}"
            assert ":" not in value, "an entry point is a module"
        assert len(set(points.values())) == len(points), "one module under two names"

    def test_is_a_whole_of_its_own(self, folder: Path) -> None:
        """It says what it is, is typed, and brings its tests."""
        assert (folder / "README.md").is_file()
        assert list(folder.glob("src/*/py.typed"))
        assert list(folder.glob("tests/test_*.py"))

    def test_imports_only_what_applbuild_exports(self, folder: Path) -> None:
        """And nothing of another backend; the core's own modules may change any day."""
        own = f"applbuild_{folder.name}"
        for module in modules(folder):
            for source, name in imports(module):
                top = source.partition(".")[0]
                if top == "applbuild":
                    assert source == "applbuild", f"{module}: {source}"
                    assert name in applbuild.__all__, f"{module}: {name}"
                assert not top.startswith("applbuild_") or top == own, f"{module}: {source}"

    def test_works_with_this_version_of_the_core(self, folder: Path) -> None:
        """One number for all of the workspace; a range, so that others need not be released."""
        major, minor, _ = applbuild.__version__.split(".")
        wanted = f"applbuild>={major}.{minor},<{major}.{int(minor) + 1}"
        assert wanted in project(folder)["dependencies"]


@pytest.mark.parametrize("folder", PLUGINS, ids=lambda folder: folder.name)
def test_versions_of_the_workspace_are_equal(folder: Path) -> None:
    assert project(folder)["version"] == applbuild.__version__


def test_the_core_has_the_version_that_it_says() -> None:
    assert project(CORE)["version"] == applbuild.__version__


def test_the_development_environment_has_every_distribution_and_no_other() -> None:
    lines = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8").splitlines()
    editable = [line.removeprefix("-e ./") for line in lines if line.startswith("-e")]
    assert editable == ["core", *(f"plugins/{folder.name}" for folder in PLUGINS)]


def test_the_core_imports_no_backend() -> None:
    found = [(module, source) for module in modules(CORE) for source, _ in imports(module)]
    assert not [pair for pair in found if pair[1].startswith("applbuild_")]


def test_the_core_names_no_backend_but_where_it_is_known_to() -> None:
    names, found = names_of_backends(), set()
    for module in modules(CORE):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and node.value in names:
                found.add((str(module.relative_to(CORE / "src/applbuild")), node.value))
    assert found == KNOWN_NAMES


def test_processes_are_started_in_two_modules() -> None:
    """Everybody else is given a Run; namespace.py starts the room that it works in."""
    starting = {
        module.name
        for folder in (CORE, *PLUGINS)
        for module in modules(folder)
        for source, _ in imports(module)
        if source.partition(".")[0] in ("subprocess", "pty", "asyncio")
    }
    assert starting == {"run.py", "namespace.py"}


@pytest.mark.parametrize("folder", [CORE, *PLUGINS], ids=lambda folder: folder.name)
def test_modules_are_short_enough_to_be_read(folder: Path) -> None:
    lengths = {module: len(module.read_bytes().splitlines()) for module in modules(folder)}
    assert not {module: n for module, n in lengths.items() if n > MOST_LINES}


def test_every_test_module_has_a_name_of_its_own() -> None:
    folders = (ROOT / "tests", CORE / "tests", *(folder / "tests" for folder in PLUGINS))
    names = Counter(path.name for folder in folders for path in folder.rglob("test_*.py"))
    assert not [name for name, count in names.items() if count > 1]
