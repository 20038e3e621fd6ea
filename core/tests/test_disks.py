from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from applbuild.disks import create, data_bytes, data_extents, place
from applbuild.model.plan import Disk
from applbuild.model.result import RawDisk

BLOCK = 4096
SIZE = 256 * BLOCK
_WRITES = st.lists(
    st.tuples(st.integers(0, SIZE - 1), st.integers(1, 5 * BLOCK), st.integers(1, 255)), max_size=6
)
_FEW = settings(max_examples=40)


def a_disk(size_bytes=SIZE, name="os"):
    return Disk(name=name, size_bytes=size_bytes, table="gpt", identifier="x")


def written(path, writes, size=SIZE):
    """Make *path* a sparse file of *size* with runs of bytes, and return what it holds."""
    content = bytearray(size)
    with path.open("wb") as file:
        file.truncate(size)
        for offset, length, byte in writes:
            run = bytes([byte]) * min(length, size - offset)
            file.seek(offset)
            file.write(run)
            content[offset : offset + len(run)] = run
    return bytes(content)


def extents(path, size=None):
    with path.open("rb") as file:
        return list(data_extents(file.fileno(), path.stat().st_size if size is None else size))


def test_a_new_disk_has_its_size_and_takes_no_room(tmp_path):
    raw = create(a_disk(8 << 40), tmp_path)

    assert raw.path == tmp_path / "os.raw"
    assert raw.path.stat().st_size == 8 << 40
    assert raw.path.stat().st_blocks == 0


def test_a_disk_never_replaces_a_file(tmp_path):
    (tmp_path / "os.raw").write_text("precious", encoding="utf-8")

    with pytest.raises(FileExistsError):
        create(a_disk(), tmp_path)

    assert (tmp_path / "os.raw").read_text(encoding="utf-8") == "precious"


@given(_WRITES)
@_FEW
def test_every_byte_that_was_written_lies_in_an_extent(tmp_path_factory, writes):
    path = tmp_path_factory.mktemp("disk") / "disk"
    content = bytearray(written(path, writes))

    for start, end in extents(path):
        content[start:end] = bytes(end - start)

    assert content == bytes(SIZE)


@given(_WRITES)
@_FEW
def test_extents_are_apart_in_order_and_inside_of_the_disk(tmp_path_factory, writes):
    path = tmp_path_factory.mktemp("disk") / "disk"
    written(path, writes)

    found = extents(path)

    edges = [edge for extent in found for edge in extent]
    assert edges == sorted(set(edges))
    assert all(0 <= edge <= SIZE for edge in edges)


@given(_WRITES)
@_FEW
def test_cost_follows_the_data(tmp_path_factory, writes):
    path = tmp_path_factory.mktemp("disk") / "disk"
    written(path, writes)

    touched = {
        block
        for offset, length, _ in writes
        for block in range(offset // BLOCK, -(-min(offset + length, SIZE) // BLOCK))
    }
    assert data_bytes(path) == len(touched) * BLOCK


def test_an_empty_disk_has_no_extent(tmp_path):
    written(tmp_path / "disk", [])

    assert extents(tmp_path / "disk") == []
    assert data_bytes(tmp_path / "disk") == 0


def test_a_file_of_no_bytes_has_no_extent(tmp_path):
    (tmp_path / "disk").touch()

    assert extents(tmp_path / "disk") == []


def test_a_last_block_that_is_not_full_ends_with_the_disk(tmp_path):
    written(tmp_path / "disk", [(SIZE, 1, 7)], size=SIZE + 1)

    assert extents(tmp_path / "disk") == [(SIZE, SIZE + 1)]


def test_only_the_part_asked_about_is_answered(tmp_path):
    written(tmp_path / "disk", [(0, 3 * BLOCK, 1), (9 * BLOCK, BLOCK, 1)])

    assert extents(tmp_path / "disk", 2 * BLOCK) == [(0, 2 * BLOCK)]
    assert extents(tmp_path / "disk", 5 * BLOCK) == [(0, 3 * BLOCK)]


def test_a_disk_of_many_tebibytes_is_looked_through_at_once(tmp_path):
    size = 8 << 40
    path = create(a_disk(size), tmp_path).path
    with path.open("r+b") as file:
        file.seek(size - BLOCK)
        file.write(b"x" * BLOCK)

    assert extents(path) == [(size - BLOCK, size)]


@given(_WRITES, st.integers(0, 64).map(lambda blocks: blocks * BLOCK))
@_FEW
def test_content_arrives_at_its_place_and_nowhere_else(tmp_path_factory, writes, offset):
    folder = tmp_path_factory.mktemp("disk")
    content = written(folder / "content", writes)
    raw = create(a_disk(SIZE + 128 * BLOCK), folder)

    place(folder / "content", raw, offset)

    found = raw.path.read_bytes()
    assert found[offset : offset + SIZE] == content
    assert found[:offset] == bytes(offset)
    assert found[offset + SIZE :] == bytes(128 * BLOCK - offset)


@given(_WRITES)
@_FEW
def test_what_was_a_hole_stays_one(tmp_path_factory, writes):
    folder = tmp_path_factory.mktemp("disk")
    written(folder / "content", writes)
    raw = create(a_disk(), folder)

    place(folder / "content", raw, 0)

    assert data_bytes(raw.path) == data_bytes(folder / "content")


def test_what_lies_before_and_behind_the_place_stays(tmp_path):
    written(tmp_path / "content", [(0, BLOCK, 2)], size=BLOCK)
    before = written(tmp_path / "os.raw", [(0, SIZE, 1)])

    place(tmp_path / "content", RawDisk(disk=a_disk(), path=tmp_path / "os.raw"), 3 * BLOCK)

    expected = before[: 3 * BLOCK] + b"\2" * BLOCK + before[4 * BLOCK :]
    assert (tmp_path / "os.raw").read_bytes() == expected
