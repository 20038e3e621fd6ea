from __future__ import annotations

import pytest

from applbuild.errors import KickstartError
from applbuild.layout import settle
from applbuild.layout.automatic import swap_bytes
from applbuild.model.plan import Needs
from applbuild.model.problem import Place
from applbuild.model.request import BootRequest
from applbuild.model.storage import AutomaticLayout, PartitionKind, PartitionRequest, SwapSize
from applbuild.testing import examples
from applbuild.units import GIB, MIB


def part(mount_point, size_mib=10, **about):
    return PartitionRequest(
        mount_point=mount_point,
        size_bytes=size_mib * MIB if size_mib else None,
        place=Place("web.ks", 3),
        **about,
    )


def sizes(plan):
    return {one.title: one.size_bytes // MIB for disk in plan.disks for one in disk.partitions}


# A share of the disk.


def test_a_share_is_of_what_the_partitions_with_a_size_leave():
    plan = examples.plan(
        examples.request(
            part("/", 100), part("/srv", None, percent=25), part("/var", None, percent=50),
            on={"os": 502 * MIB},
        )
    )  # fmt: skip

    assert sizes(plan) == {"/": 100, "/srv": 100, "/var": 200}


def test_partitions_grow_into_what_the_shares_leave():
    plan = examples.plan(
        examples.request(
            part("/", 100, grow=True), part("/srv", None, percent=25), on={"os": 502 * MIB}
        )
    )

    assert sizes(plan) == {"/": 400, "/srv": 100}


def test_shares_of_more_than_all_are_refused():
    with pytest.raises(KickstartError, match="more than"):
        examples.plan(
            examples.request(
                part("/", None, percent=80), part("/srv", None, percent=30), on={"os": 500 * MIB}
            )
        )


def test_a_share_of_a_disk_without_a_size_is_refused():
    with pytest.raises(KickstartError, match="no size of its own") as caught:
        examples.plan(examples.request(part("/", None, percent=80)))

    assert caught.value.hint == "give it one with --disk sda=SIZE"
    assert str(caught.value.place) == "web.ks:3"


# Swap.


@pytest.mark.parametrize(
    ("memory_gib", "recommended_gib", "hibernation_gib"),
    [(1, 2, 3), (2, 2, 4), (4, 4, 8), (8, 4, 12), (32, 16, 48), (64, 32, 96), (128, 32, 32)],
)
def test_swap_follows_from_the_memory(memory_gib, recommended_gib, hibernation_gib):
    memory = memory_gib * GIB

    assert swap_bytes(memory, SwapSize.RECOMMENDED, None) == recommended_gib * GIB
    assert swap_bytes(memory, SwapSize.HIBERNATION, None) == hibernation_gib * GIB


def test_recommended_swap_takes_a_tenth_of_the_disks_at_most():
    assert swap_bytes(4 * GIB, SwapSize.RECOMMENDED, 10 * GIB) == GIB
    assert swap_bytes(4 * GIB, SwapSize.HIBERNATION, 10 * GIB) == 8 * GIB


def test_swap_is_as_large_as_the_memory_of_the_request_makes_it():
    swap = PartitionRequest(kind=PartitionKind.SWAP, swap_size=SwapSize.RECOMMENDED)
    request = examples.request(part("/", 100), swap, memory_bytes=3 * GIB)

    assert sizes(examples.plan(settle(request))) == {"/": 100, "swap": 3072}


# autopart and reqpart.


def automatic(size_gib, **about):
    layout = AutomaticLayout(place=Place("web.ks", 4), **about)
    request = examples.request(part("/x"), on={"os": size_gib * GIB}, automatic=layout)
    return examples.plan(settle(request))


def test_autopart_makes_boot_swap_and_a_root_that_takes_the_rest():
    found = sizes(automatic(10))

    assert [*found] == ["/boot", "swap", "/", "/x"]
    assert found["/boot"] == 1024
    assert found["swap"] == 1024
    assert found["/"] == 10 * 1024 - 2 * 1024 - 2 - 10


def test_autopart_makes_a_home_on_a_large_disk_and_bounds_the_root():
    found = sizes(automatic(200))

    assert [*found] == ["/boot", "swap", "/home", "/", "/x"]
    assert found["/"] == 70 * 1024
    assert found["/home"] > 100 * 1024


def test_what_autopart_is_told_to_leave_out_is_left_out():
    plan = automatic(200, has_boot=False, has_home=False, swap_size=None, filesystem="ext3")

    assert [*sizes(plan)] == ["/", "/x"]
    assert plan.holding("/").filesystem == "ext3"
    assert sizes(plan)["/"] > 190 * 1024


def test_autopart_without_the_size_of_a_disk_is_refused_with_what_to_give():
    request = examples.request(on={}, automatic=AutomaticLayout(place=Place("web.ks", 4)))

    with pytest.raises(KickstartError) as caught:
        settle(request)

    assert str(caught.value.place) == "web.ks:4"
    assert "--disk sda=" in caught.value.hint


@pytest.mark.parametrize("has_line", [True, False])
def test_a_required_boot_partition_is_made_where_no_line_makes_one(has_line):
    parts = [part("/boot", 300)] if has_line else []
    request = examples.request(part("/", 100), *parts, has_boot_partition=True)

    assert sizes(examples.plan(settle(request)))["/boot"] == (300 if has_line else 1024)


# Names of disks.


def disks_of(*parts, on=None, **about):
    return [disk.name for disk in examples.plan(examples.request(*parts, on=on, **about)).disks]


def test_a_disk_that_the_kickstart_only_names_is_the_usual_one():
    assert disks_of(part("/"), disk_names=("vda", "vdb")) == ["vda"]
    assert disks_of(part("/", disk="nvme0n1"), disk_names=("vda",)) == ["nvme0n1"]


def test_a_path_of_a_disk_is_no_name_but_can_be_bound_to_one():
    where = part("/", disk="disk/by-id/ata-1")

    with pytest.raises(KickstartError, match="cannot be the name") as caught:
        disks_of(where)

    assert str(caught.value.place) == "web.ks:3"
    assert "--disk NAME=SIZE" in caught.value.hint
    assert disks_of(where, on={"os": 500 * MIB}) == ["os"]


@pytest.mark.parametrize(("table", "most"), [("gpt", 128), ("msdos", 60)])
def test_more_partitions_than_a_table_is_made_with_are_refused(table, most):
    parts = [part(f"/{number or ''}") for number in range(most + 1)]

    examples.plan(examples.request(*parts[:-1], table=table))
    with pytest.raises(KickstartError, match=f"up to {most}"):
        examples.plan(examples.request(*parts, table=table))


def test_a_partition_on_a_disk_that_is_not_to_be_used_is_an_error():
    with pytest.raises(KickstartError, match="not to be used"):
        disks_of(part("/", disk="sdb"), ignored_disks=("sdb",))


@pytest.mark.parametrize("disks", [None, {"os": 500 * MIB}])
def test_the_disk_to_start_from_is_the_one_that_holds_boot(disks):
    plan = examples.plan(
        examples.request(part("/", disk="sda"), on=disks, boot=BootRequest(disk="sda"))
    )

    assert plan.boot_disk == ("os" if disks else "sda")


def test_the_disk_to_start_from_gets_what_the_boot_loader_needs_though_boot_lies_elsewhere():
    needed = PartitionRequest(kind=PartitionKind.BIOS_BOOT, reason="a BIOS starts from it")
    request = examples.request(
        part("/", disk="sdb"), part("/srv", disk="sda"), boot=BootRequest(disk="sda")
    )

    plan = examples.plan(request, needs=Needs(partitions=(needed,)))

    assert plan.boot_disk == "sda"
    assert [one.title for one in plan.disk("sda").partitions] == ["bios-boot", "/srv"]
    assert [one.title for one in plan.disk("sdb").partitions] == ["/"]
