"""Groups and environments of a repository: its comps file.

Format: the DTD of comps (rpm-software-management/libcomps, docs), repomd.xml names the file.
"""

from __future__ import annotations

import gzip
import lzma
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from pathlib import Path

import attrs

from applbuild import Run

_REPOMD = "{http://linux.duke.edu/metadata/repo}"


@attrs.frozen(kw_only=True)
class Group:
    """A group: packages by how much it wants them."""

    id: str
    name: str
    packages: tuple[tuple[str, str, str], ...]
    """Type (mandatory, default, optional, conditional), name, and what the last depends on."""


@attrs.frozen(kw_only=True)
class Environment:
    """An environment: groups that belong to it, and that usually come with it."""

    id: str
    name: str
    groups: tuple[str, ...]
    usual: tuple[str, ...]
    """Optional groups that are marked as usual."""
    order: int


@attrs.frozen(kw_only=True)
class Comps:
    """All groups and environments of all repositories."""

    groups: tuple[Group, ...] = ()
    environments: tuple[Environment, ...] = ()

    def group(self, name: str) -> Group | None:
        """Return the group of this id or name."""
        return next((group for group in self.groups if name in (group.id, group.name)), None)

    def environment(self, name: str) -> Environment | None:
        """Return the environment of this id or name."""
        return next((item for item in self.environments if name in (item.id, item.name)), None)


def read_comps(folders: Iterable[Path], run: Run) -> Comps:
    """Return what the repositories cached in *folders* (each with repodata/) have of groups."""
    groups: dict[str, Group] = {}
    environments: dict[str, Environment] = {}
    for folder in folders:
        file = _comps_file(folder)
        if file is None:
            continue
        root = ET.fromstring(_text(file, run))  # noqa: S314 - expat expands nothing external
        for element in root.iter("group"):
            group = _group(element)
            groups[group.id] = _joined(groups.get(group.id), group)
        for element in root.iter("environment"):
            environment = _environment(element)
            environments.setdefault(environment.id, environment)
    return Comps(groups=tuple(groups.values()), environments=tuple(environments.values()))


def _comps_file(folder: Path) -> Path | None:
    repomd = ET.fromstring((folder / "repodata/repomd.xml").read_text(encoding="utf-8"))  # noqa: S314
    for data in repomd.iter(f"{_REPOMD}data"):
        if data.get("type", "").startswith("group"):
            location = data.find(f"{_REPOMD}location")
            file = folder / (location.get("href", "") if location is not None else "")
            if file.is_file():
                return file
    return None


def _text(file: Path, run: Run) -> str:
    if file.suffix == ".gz":
        return gzip.decompress(file.read_bytes()).decode("utf-8")
    if file.suffix == ".xz":
        return lzma.decompress(file.read_bytes()).decode("utf-8")
    if file.suffix == ".zst":
        return run(["zstd", "-dcq", file]).stdout
    return file.read_text(encoding="utf-8")


def _said(element: ET.Element, name: str) -> str:
    found = element.find(name)
    return (found.text or "").strip() if found is not None else ""


def _group(element: ET.Element) -> Group:
    rows = [
        (item.get("type", "default"), (item.text or "").strip(), item.get("requires", ""))
        for item in element.iter("packagereq")
    ]
    return Group(id=_said(element, "id"), name=_said(element, "name"), packages=tuple(rows))


def _joined(former: Group | None, group: Group) -> Group:
    """Return a group that two repositories have: with the packages of both."""
    if former is None:
        return group
    packages = tuple(dict.fromkeys((*former.packages, *group.packages)))
    return attrs.evolve(former, packages=packages)


def _environment(element: ET.Element) -> Environment:
    def ids(part: str, *, usual: bool) -> tuple[str, ...]:
        found = element.findall(f"{part}/groupid")
        chosen = (item for item in found if not usual or item.get("default") == "true")
        return tuple((item.text or "").strip() for item in chosen)

    order = _said(element, "display_order")
    return Environment(
        id=_said(element, "id"),
        name=_said(element, "name"),
        groups=ids("grouplist", usual=False),
        usual=ids("optionlist", usual=True),
        order=int(order) if order.isdecimal() else 1024,
    )
