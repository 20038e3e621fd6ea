"""What becomes of attributes for which there is no room, and of those of the staging folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from applbuild import Target, ToolError
from applbuild.testing import examples
from applbuild_filesystem_ext.attributes import Attributes, set_aside, set_attributes

BLOCKS = 64
NOTE = "user.note"


@pytest.fixture
def target(tmp_path: Path) -> Target:
    """A filesystem of 256 KiB with a hundred empty files."""
    folder, image = tmp_path / "folder", tmp_path / "image"
    folder.mkdir()
    for number in range(100):
        (folder / str(number)).touch()
    argv = ["mke2fs", "-q", "-t", "ext2", "-b", "4096", "-I", "256", "-N", "128", "-d", folder]
    examples.run()([*argv, image, str(BLOCKS)])
    return Target(path=image, offset_bytes=0, size_bytes=BLOCKS * 4096)


def is_set(target: Target, values: Mapping[str, bytes]) -> bool:
    kept = {f"/{name}".encode(): {NOTE: value} for name, value in values.items()}
    attributes = Attributes(kept=kept, labelled_by_host=frozenset())
    return set_attributes(attributes, (), target, {}, examples.run())


def test_there_is_no_room_when_blocks_for_attributes_are_lacking(target: Target) -> None:
    assert is_set(target, {"7": b"a" * 3000})
    assert not is_set(target, {str(number): b"b" * 3000 for number in range(100)})


def test_an_attribute_that_no_filesystem_could_hold_is_the_tools_to_refuse(target: Target) -> None:
    with pytest.raises(ToolError, match="debugfs"):
        is_set(target, {"7": b"a" * 10_000})


def test_no_file_of_work_stays(target: Target) -> None:
    before = set(target.path.parent.iterdir())
    is_set(target, {"7": b"a"})
    assert set(target.path.parent.iterdir()) == before


def test_a_folder_has_its_attributes_again_also_when_making_the_filesystem_failed(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    os.setxattr(tmp_path / "file", NOTE, b"a")

    def fail() -> None:
        with set_aside(tmp_path) as attributes:
            assert attributes.kept == {b"/file": {NOTE: b"a"}}
            assert os.listxattr(tmp_path / "file") == []
            raise ToolError(("mke2fs",), 1, "no more room")

    with pytest.raises(ToolError, match="no more room"):
        fail()
    assert os.getxattr(tmp_path / "file", NOTE) == b"a"
