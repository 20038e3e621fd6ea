from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from applbuild.errors import KickstartError
from applbuild.model.problem import Place
from applbuild.model.storage import PartitionKind, PartitionRequest
from applbuild.testing import examples
from applbuild.units import MIB


def part(name, size_mib=10, line=1, **about):
    return PartitionRequest(
        mount_point=name, size_bytes=size_mib * MIB, place=Place("web.ks", line), **about
    )


def msdos(*parts, size_mib=None):
    on = {"os": size_mib * MIB} if size_mib else None
    return examples.plan(examples.request(*parts, table="msdos", on=on)).disks[0]


def numbered(disk):
    return [(one.number, one.title) for one in disk.partitions]


FIVE = tuple(part(f"/{name}", line=line) for line, name in enumerate(["", *"abcd"], start=1))


def test_four_partitions_of_an_msdos_disk_are_primary():
    assert [number for number, _ in numbered(msdos(*FIVE[:4]))] == [1, 2, 3, 4]


def test_more_lie_in_an_extended_partition_after_the_first_three():
    assert numbered(msdos(*FIVE)) == [
        (1, "/"),
        (2, "/a"),
        (3, "/b"),
        (4, "extended"),
        (5, "/c"),
        (6, "/d"),
    ]


def test_a_partition_that_is_to_be_primary_is_no_logical_one():
    parts = (*FIVE[:4], part("/d", line=5, is_primary=True))

    assert numbered(msdos(*parts)) == [
        (1, "/"),
        (2, "/a"),
        (3, "/d"),
        (4, "extended"),
        (5, "/b"),
        (6, "/c"),
    ]


def test_four_that_are_to_be_primary_beside_others_are_refused():
    parts = [part(f"/{name}", line=7, is_primary=True) for name in ["", *"abc"]]

    with pytest.raises(KickstartError) as caught:
        msdos(*parts, part("/d", line=8))

    assert "holds 3 primary ones" in caught.value.message
    assert str(caught.value.place) == "web.ks:8"
    assert "GPT" in caught.value.hint


@given(st.lists(st.integers(1, 50), min_size=5, max_size=20), st.integers(0, 200))
def test_logical_partitions_fill_the_extended_one_each_after_a_mebibyte_of_its_own(sizes, spare):
    parts = [part(f"/{number or ''}", size) for number, size in enumerate(sizes)]
    whole = sum(sizes) + len(sizes) - 3 + 2

    disk = msdos(*parts, size_mib=whole + spare)

    extended = next(one for one in disk.partitions if one.kind is PartitionKind.EXTENDED)
    at = extended.offset_bytes
    for one in disk.partitions[4:]:
        assert one.offset_bytes == at + MIB
        at = one.offset_bytes + one.size_bytes
    assert at == extended.offset_bytes + extended.size_bytes
    assert at <= disk.size_bytes


def test_a_disk_without_a_size_has_room_for_what_describes_logical_partitions():
    disk = msdos(*FIVE)

    last = disk.partitions[-1]
    assert disk.size_bytes == last.offset_bytes + last.size_bytes + MIB


def test_the_last_logical_partition_can_grow():
    *others, last = FIVE
    grown = part(last.mount_point, grow=True)

    disk = msdos(*others, grown, size_mib=200)

    end = disk.partitions[-1].offset_bytes + disk.partitions[-1].size_bytes
    assert end == disk.size_bytes - MIB
