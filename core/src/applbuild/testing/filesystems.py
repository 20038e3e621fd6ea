"""What every filesystem keeps, as tests to inherit."""

from __future__ import annotations

import filecmp
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from applbuild import BackendInfo, KickstartError, PartitionRequest, Plan, namespace
from applbuild.backends import Backends
from applbuild.room import OUTPUT, Bind, Room
from applbuild.testing import examples
from applbuild.testing.contract import BackendConformance
from applbuild.testing.trees import LABEL, Entry, Keeps
from applbuild.testing.volumes import Content, Order, Outcome, make_in_room

_MIB = 1024 * 1024
_FAR_BYTES = 3 * 1024 * 1024 * _MIB
_UNITS = {unit: 1024**power for power, unit in enumerate(("B", "KiB", "MiB", "GiB"))}
_SIZE = re.compile(r"([\d.]+) (B|KiB|MiB|GiB)\b")


class FilesystemConformance(BackendConformance, ABC):
    """What every filesystem keeps, besides what every backend does.

    The inheriting class gives `backend`, `name`, `check` and `read_back`, and
    where they differ `keeps`, `size_bytes` and `mount_point` (None for what holds
    no files, as swap). Filesystems are made in a build's room, as in a build: an
    ordinary user's tests have files of every owner.
    """

    role = "filesystem"
    keeps: ClassVar[Keeps] = Keeps()
    mount_point: ClassVar[str | None] = "/srv"
    size_bytes: ClassVar[int] = 32 * _MIB
    """Of the volume that the sample is put into."""
    small_bytes: ClassVar[int] = 16 * _MIB
    """Of the volume that its content does not fit into."""

    @abstractmethod
    def check(self, image: Path) -> None:
        """Raise unless *image*, exactly the bytes of one filesystem, is without fault.

        The tool must be another than the one that made it, and change nothing.
        """

    def read_back(self, image: Path, folder: Path) -> Mapping[str, Entry]:
        """Return all that is in the filesystem *image*, itself as `.`, by path.

        *folder* is empty and may be used. Fields that `keeps` denies are ignored.
        """
        raise NotImplementedError

    @pytest.fixture(scope="class")
    @classmethod
    def outcomes(
        cls, tmp_path_factory: pytest.TempPathFactory
    ) -> tuple[Path, Mapping[str, Outcome]]:
        """Make the same volume twice, once without content and once without labels."""
        folder = tmp_path_factory.mktemp("filesystem")
        plan = cls._plan(cls.size_bytes)
        return folder, {
            "first": cls._make(plan, "sample", folder / "first", is_labelled=True),
            "second": cls._make(
                plan,
                "sample",
                folder / "second",
                seconds_later=1,
                is_labelled=True,
                is_of_labelling_host=True,
            ),
            "empty": cls._make(plan, "nothing", folder / "empty"),
            "bare": cls._make(plan, "sample", folder / "bare"),
            "host": cls._make(plan, "sample", folder / "host", is_of_labelling_host=True),
        }

    @pytest.fixture(scope="class")
    @classmethod
    def found(
        cls,
        outcomes: tuple[Path, Mapping[str, Outcome]],
        tmp_path_factory: pytest.TempPathFactory,
    ) -> tuple[Mapping[str, Entry], Mapping[str, Entry]]:
        """Give what was put into the first volume, and what a reader finds in it."""
        folder, made = outcomes
        if cls.mount_point is None:
            pytest.skip("it holds no files")
        found = cls().read_back(folder / "first", tmp_path_factory.mktemp("found"))
        return made["first"].source, cls._without_own(found)

    def test_two_runs_give_the_same_bytes(self, outcomes: tuple[Path, Any]) -> None:
        """From equal trees made anew, more than a second apart, whether or not the host labels."""
        folder, _ = outcomes
        assert filecmp.cmp(folder / "first", folder / "second", shallow=False)
        assert filecmp.cmp(folder / "bare", folder / "host", shallow=False)

    def test_only_the_targets_bytes_change(self, outcomes: tuple[Path, Any]) -> None:
        """What is on the disk before and after it stays, and the disk keeps its size."""
        for outcome in outcomes[1].values():
            assert outcome.outside_before == outcome.outside_after

    def test_an_independent_check_finds_no_fault(self, outcomes: tuple[Path, Any]) -> None:
        """With content and without."""
        for name in outcomes[1]:
            self.check(outcomes[0] / name)

    def test_it_is_found_by_the_plans_identifier(self, outcomes: tuple[Path, Any]) -> None:
        """blkid, which fills /dev/disk/by-uuid, sees its kind, identifier and label."""
        folder, made = outcomes
        volume = made["first"].made.volume
        said = examples.run()(["blkid", "-p", "-o", "export", folder / "first"]).stdout
        facts = dict(line.split("=", 1) for line in said.splitlines())
        assert facts["TYPE"] == self.name
        assert facts["UUID"] == volume.identifier
        assert facts["LABEL"] == volume.label

    def test_it_says_what_it_made(self, outcomes: tuple[Path, Any]) -> None:
        """The volume it was asked for, and how much of it is used."""
        for outcome in outcomes[1].values():
            assert outcome.made.volume.size_bytes == self.size_bytes
            assert 0 <= outcome.made.used_bytes <= self.size_bytes

    def test_everything_is_there(self, found: tuple[Any, Any]) -> None:
        """Every name of the source, no other, and each file's content."""
        _same(*found, lambda entry: (entry.kind, entry.content), "file", "folder")

    def test_links_are_kept(self, found: tuple[Any, Any]) -> None:
        """To where they led, also if that is nowhere."""
        self._require(self.keeps.links)
        _same(*found, lambda entry: (entry.kind, entry.content), "link")

    def test_owners_are_kept(self, found: tuple[Any, Any]) -> None:
        """User and group of every entry."""
        self._require(self.keeps.owners)
        _same(*_inside(found), lambda entry: entry.owner)

    def test_modes_are_kept(self, found: tuple[Any, Any]) -> None:
        """With set-user-id, set-group-id and sticky bits."""
        self._require(self.keeps.modes)
        _same(*_inside(found), lambda entry: f"{entry.mode:o}", "file", "folder")

    def test_the_uppermost_folder_is_as_it_was(self, found: tuple[Any, Any]) -> None:
        """It is what users see at the mount point: /tmp is not writable to all otherwise."""
        self._require(self.keeps.modes or self.keeps.owners)
        source, read = (tree["."] for tree in found)
        assert not self.keeps.owners or read.owner == source.owner
        assert not self.keeps.modes or f"{read.mode:o}" == f"{source.mode:o}"

    def test_names_of_one_file_stay_names_of_one_file(self, found: tuple[Any, Any]) -> None:
        """Hard links are not copied apart."""
        self._require(self.keeps.hard_links)
        _same(*found, lambda entry: entry.same_as, "file")

    def test_attributes_and_capabilities_are_kept(self, found: tuple[Any, Any]) -> None:
        """To the byte; a program without its capabilities fails much later."""
        self._require(self.keeps.attributes)
        _same(*found, lambda entry: tuple(pair for pair in entry.attributes if pair[0] != LABEL))

    def test_labels_are_set(self, outcomes: tuple[Path, Any], tmp_path: Path) -> None:
        """Of every name the SELinux context that the tree has for it, of any other name none."""
        self._require(self.mount_point is not None)
        assert self._info().sets_labels is self.keeps.attributes
        self._require(self.keeps.attributes)
        for name in ("first", "bare", "host"):
            (tmp_path / name).mkdir()
            found = self.read_back(outcomes[0] / name, tmp_path / name)
            labels = {path: dict(entry.attributes).get(LABEL) for path, entry in found.items()}
            expected = {
                path: f"{context}\0".encode() for path, context in outcomes[1][name].labels.items()
            }
            assert {path: label for path, label in labels.items() if label} == expected

    def test_modification_times_are_kept_up_to_the_epoch(self, found: tuple[Any, Any]) -> None:
        """A file of 2001 stays one; what was modified during the build was so at the epoch."""
        self._require(self.keeps.times)
        _same(*found, lambda entry: min(entry.modified_seconds, examples.EPOCH_SECONDS), "file")

    def test_no_time_is_later_than_the_epoch(self, found: tuple[Any, Any]) -> None:
        """Neither of modification nor any other that is stored."""
        for name, entry in found[1].items():
            newest = max(entry.modified_seconds, *entry.times, 0)
            assert newest <= examples.EPOCH_SECONDS, name

    def test_an_empty_folder_makes_an_empty_filesystem(
        self, outcomes: tuple[Path, Any], tmp_path: Path
    ) -> None:
        """A mount point that nothing is installed into is no error."""
        self._require(self.mount_point is not None)
        found = self._without_own(self.read_back(outcomes[0] / "empty", tmp_path))
        assert set(found) == {"."}

    def test_terabytes_into_a_disk_it_is_made_no_worse(self, tmp_path: Path) -> None:
        """Offsets beyond 2 TiB are no other than those below."""
        image = tmp_path / "far"
        made = self._make(self._plan(self.size_bytes, _FAR_BYTES), "sample", image)
        assert made.outside_before == made.outside_after
        self.check(image)
        if self.mount_point is not None:
            (tmp_path / "found").mkdir()
            found = self._without_own(self.read_back(image, tmp_path / "found"))
            assert found.keys() == made.source.keys()

    @pytest.mark.parametrize("excess_bytes", [-8 * 1024, 0, 8 * _MIB])
    def test_content_that_does_not_fit_is_told_in_numbers(
        self, excess_bytes: int, tmp_path: Path
    ) -> None:
        """The mount point, what it needs and what it has; also where only its own tables lack."""
        self._require(self.mount_point is not None)
        plan = self._plan(self.small_bytes)
        with pytest.raises(KickstartError) as caught:
            self._make(plan, self.small_bytes + excess_bytes, tmp_path / "full")
        message = caught.value.message
        assert str(self.mount_point) in message
        needs, has = (float(number) * _UNITS[unit] for number, unit in _SIZE.findall(message)[:2])
        assert needs > has, message

    @classmethod
    def _plan(cls, size_bytes: int, before_bytes: int = _MIB) -> Plan:
        """Return a plan with the volume on a disk that has *before_bytes* and more around it."""
        root = PartitionRequest(mount_point="/", size_bytes=before_bytes)
        asked = PartitionRequest(
            mount_point=cls.mount_point, filesystem=cls.name, size_bytes=size_bytes, label="DATA1"
        )
        bits = cls._info().identifier_bits
        return examples.plan(
            examples.request(root, asked, on={"disk": before_bytes + size_bytes + 8 * _MIB}),
            identifier_bits={cls.name: bits},
        )

    @classmethod
    def _make(
        cls,
        plan: Plan,
        content: Content,
        image: Path,
        *,
        seconds_later: int = 0,
        **about: bool,
    ) -> Outcome:
        """Make the plan's second volume in a room; *image* becomes a copy of its bytes."""
        time.sleep(seconds_later)
        order = Order(
            volume=plan.volumes[1],
            plan=plan,
            keeps=cls.keeps,
            content=content,
            file=image.name,
            **about,
        )
        room = Room(binds=(Bind(image.parent, OUTPUT, is_writable=True),), work_bytes=1024 * _MIB)
        outcome: Outcome = namespace.call(make_in_room, order, room=room)
        return outcome

    @classmethod
    def _without_own(cls, found: Mapping[str, Entry]) -> dict[str, Entry]:
        own = cls._info().own_folders
        return {name: entry for name, entry in found.items() if name not in own}

    @classmethod
    def _info(cls) -> BackendInfo:
        return Backends().info(cls.role, cls.name)

    @staticmethod
    def _require(has_it: bool) -> None:
        if not has_it:
            pytest.skip("this filesystem cannot, as its class says")


def _inside(trees: tuple[Any, Any]) -> tuple[dict[str, Entry], dict[str, Entry]]:
    """Return both trees without the uppermost folder."""
    source, found = ({name: e for name, e in tree.items() if name != "."} for tree in trees)
    return source, found


def _same(
    source: Mapping[str, Entry],
    found: Mapping[str, Entry],
    aspect: Callable[[Entry], Any],
    *kinds: str,
) -> None:
    """Assert that entries of *kinds* (of all, without any) have the same *aspect* on both sides."""

    def seen(tree: Mapping[str, Entry], name: str) -> Any:
        entry = tree.get(name)
        return aspect(entry) if entry and (not kinds or entry.kind in kinds) else None

    pairs = {name: (seen(source, name), seen(found, name)) for name in {*source, *found}}
    differing = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    assert not differing, f"name: (put in, found): {differing}"
