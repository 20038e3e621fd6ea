from __future__ import annotations

import json
import re

import attrs
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from applbuild.errors import ApplbuildError, KickstartError, UsageError
from applbuild.json_form import from_json, to_json
from applbuild.layout import lay_out
from applbuild.model.network import Interface, InterfaceKind, Ip, Method
from applbuild.model.plan import Needs, Package, Plan, Resolution, Selection
from applbuild.model.problem import Place
from applbuild.model.request import (
    BackendRequest,
    BootRequest,
    Firmware,
    PackageName,
    PackageSelection,
    Request,
    Script,
    Settings,
)
from applbuild.model.settings import (
    Certificate,
    Clock,
    Firewall,
    Language,
    Purpose,
    SshKey,
    TimeServer,
    User,
)
from applbuild.model.storage import DiskRequest, PartitionKind, PartitionRequest
from applbuild.units import MIB, SECTOR_BYTES, round_up

GPT_COPY_BYTES = 33 * SECTOR_BYTES
SELECTION = Selection(
    payload=BackendRequest(name="tree"),
    partition=BackendRequest(name="parted"),
    bootloader=None,
    formats=(BackendRequest(name="raw", options=(("a", "b"),)),),
)
BIOS_BOOT = PartitionRequest(kind=PartitionKind.BIOS_BOOT, reason="GRUB starts from it")
EFI = PartitionRequest(
    kind=PartitionKind.EFI_SYSTEM, mount_point="/boot/efi", reason="UEFI starts from it"
)


def root(**about):
    return PartitionRequest(**{"mount_point": "/", "size_bytes": 100 * MIB, **about})


def part(mount_point, size_mib=10, line=1, **about):
    size = None if size_mib is None else size_mib * MIB
    return PartitionRequest(
        mount_point=mount_point, size_bytes=size, place=Place("web.ks", line), **about
    )


def disk(name, size_mib):
    return DiskRequest(name=name, size_bytes=size_mib * MIB)


def planned(*parts, disks=(), needs=None, resolution=None, epoch_seconds=None, **about):
    request = Request(
        name="web", kickstart="web.ks", digest="d", partitions=parts, disks=disks, **about
    )
    return lay_out(
        request,
        needs or Needs(),
        resolution or Resolution(),
        SELECTION,
        identifier_bits={"vfat": 32},
        epoch_seconds=epoch_seconds,
    )


def identifiers(plan):
    found = [disk.identifier for disk in plan.disks]
    found += [part.identifier for disk in plan.disks for part in disk.partitions]
    return found + [text for volume in plan.volumes for text in (volume.identifier, volume.seed)]


# Any request that can be made, with and without sizes of disks; most fit their disks.

_ABOUT = (
    st.one_of(st.integers(1, 64).map(lambda mib: mib * MIB), st.integers(1, 64 * MIB)),
    st.booleans(),
    st.one_of(st.none(), st.integers(1, 128 * MIB)),
    st.sampled_from([None, "os", "data", "vdb"]),
)
_PARTS = st.lists(
    st.tuples(st.sampled_from(["/boot", "/srv", "/var", "swap"]), *_ABOUT),
    max_size=4,
    unique_by=lambda row: row[0],
)
_DISK_SIZES = st.one_of(
    st.integers(2, 1000).map(lambda mib: mib * MIB),
    st.integers(4096, 2_000_000).map(lambda sectors: sectors * SECTOR_BYTES),
)
_DISKS = st.tuples(_DISK_SIZES, _DISK_SIZES, _DISK_SIZES)
_NEEDS = st.sampled_from([(), (EFI,), (BIOS_BOOT, EFI)]).map(lambda all_: Needs(partitions=all_))


def _request(rows, root_row, root_place, sizes, table):
    rows = [*rows[:root_place], ("/", *root_row), *rows[root_place:]]
    parts = tuple(
        PartitionRequest(
            kind=PartitionKind.SWAP if title == "swap" else PartitionKind.LINUX,
            mount_point=None if title == "swap" else title,
            size_bytes=size,
            grow=grow,
            max_size_bytes=limit,
            disk=disk,
            place=Place("web.ks", line),
        )
        for line, (title, size, grow, limit, disk) in enumerate(rows, start=1)
    )
    disks = tuple(
        DiskRequest(name=name, size_bytes=size)
        for name, size in zip(("os", "data", "more"), sizes or (), strict=False)
    )
    return Request(
        name="web", kickstart="web.ks", digest="d", disks=disks, partitions=parts, table=table
    )


def _requests_with(sizes):
    tables = st.sampled_from(["gpt", "msdos"])
    return st.builds(_request, _PARTS, st.tuples(*_ABOUT), st.integers(0, 4), sizes, tables)


_REQUESTS = _requests_with(st.one_of(st.none(), _DISKS))


def laid_out(request, needs=None):
    return lay_out(request, needs or Needs(), Resolution(), SELECTION, identifier_bits={"vfat": 32})


def laid_out_or_skipped(request, needs=None):
    try:
        return laid_out(request, needs)
    except ApplbuildError:
        return assume(False)


def asked_by_title(request):
    return {part.title: part for part in request.partitions}


@given(_REQUESTS, _NEEDS)
def test_every_request_has_a_plan_or_an_error_for_its_author(request, needs):
    try:
        laid_out(request, needs)
    except KickstartError as error:
        refusal = error
    else:
        return

    assert refusal.place is not None
    assert refusal.hint


@given(_REQUESTS, _NEEDS)
def test_partitions_never_overlap_and_come_in_order(request, needs):
    for disk in laid_out_or_skipped(request, needs).disks:
        held = [p for p in disk.partitions if p.kind is not PartitionKind.EXTENDED]
        ends = [0, *(p.start_sector + p.size_sectors for p in held)]
        starts = [p.start_sector for p in held]
        assert all(end <= start for end, start in zip(ends, starts, strict=False))
        assert [p.number for p in disk.partitions] == list(range(1, len(disk.partitions) + 1))


@given(_REQUESTS, _NEEDS)
def test_partitions_start_and_end_at_whole_mebibytes(request, needs):
    for disk in laid_out_or_skipped(request, needs).disks:
        for one in disk.partitions:
            assert one.offset_bytes % MIB == 0
            assert one.size_bytes % MIB == 0
            assert one.size_bytes > 0


@given(_REQUESTS, _NEEDS)
def test_a_partition_leaves_the_table_and_a_boot_loader_the_first_mebibyte(request, needs):
    for disk in laid_out_or_skipped(request, needs).disks:
        assert all(one.offset_bytes >= MIB for one in disk.partitions)


@given(_REQUESTS, _NEEDS)
def test_a_partition_never_reaches_into_the_gpt_copy(request, needs):
    for disk in laid_out_or_skipped(request, needs).disks:
        for one in disk.partitions:
            assert one.offset_bytes + one.size_bytes <= disk.size_bytes - GPT_COPY_BYTES


@given(_REQUESTS, _NEEDS)
def test_a_disk_is_as_large_as_asked_to_the_byte(request, needs):
    plan = laid_out_or_skipped(request, needs)

    asked = {disk.name: disk.size_bytes for disk in request.disks}
    assert all(asked.get(disk.name, disk.size_bytes) == disk.size_bytes for disk in plan.disks)
    assert {disk.name for disk in plan.disks} >= set(asked)


@given(_REQUESTS, _NEEDS)
def test_a_partition_that_does_not_grow_is_as_large_as_asked_up_to_a_mebibyte(request, needs):
    plan = laid_out_or_skipped(request, needs)

    asked = asked_by_title(request)
    for disk in plan.disks:
        for one in disk.partitions:
            wanted = asked.get(one.title)
            if wanted is not None and not wanted.grow:
                assert wanted.size_bytes <= one.size_bytes < wanted.size_bytes + MIB


@given(_REQUESTS, _NEEDS)
def test_a_growing_partition_keeps_at_least_its_size_and_at_most_its_limit(request, needs):
    plan = laid_out_or_skipped(request, needs)

    asked = asked_by_title(request)
    for disk in plan.disks:
        for one in disk.partitions:
            wanted = asked.get(one.title)
            if wanted is not None and wanted.grow:
                assert one.size_bytes >= wanted.size_bytes
                if wanted.max_size_bytes is not None:
                    assert one.size_bytes <= max(
                        wanted.max_size_bytes, round_up(wanted.size_bytes, MIB)
                    )


@given(_requests_with(_DISKS), _NEEDS)
def test_growing_partitions_leave_nothing_of_the_disk_unused(request, needs):
    plan = laid_out_or_skipped(request, needs)

    asked = {part.title: part for part in request.partitions if part.grow}
    for disk in plan.disks:
        can_grow = [
            one
            for one in disk.partitions
            if one.title in asked
            and one.size_bytes + MIB <= (asked[one.title].max_size_bytes or disk.size_bytes)
        ]
        if can_grow:
            last = disk.partitions[-1]
            left = disk.size_bytes - MIB - last.offset_bytes - last.size_bytes
            assert left < MIB


@given(_REQUESTS, _NEEDS)
def test_the_same_request_gives_the_same_plan(request, needs):
    assert laid_out_or_skipped(request, needs) == laid_out(request, needs)


@given(_REQUESTS, _NEEDS)
def test_no_identifier_is_used_twice(request, needs):
    found = identifiers(laid_out_or_skipped(request, needs))

    assert len(found) == len(set(found))


@given(_REQUESTS, _NEEDS)
def test_another_seed_shares_no_identifier(request, needs):
    one = laid_out_or_skipped(attrs.evolve(request, seed="one"), needs)
    other = laid_out(attrs.evolve(request, seed="other"), needs)

    assert not set(identifiers(one)) & set(identifiers(other))


@settings(max_examples=30)
@given(_REQUESTS, _NEEDS)
def test_a_plan_survives_json(request, needs):
    plan = laid_out_or_skipped(request, needs)

    assert from_json(json.loads(json.dumps(to_json(plan))), Plan) == plan


@given(_REQUESTS, _NEEDS)
def test_every_volume_lies_exactly_on_its_partition(request, needs):
    plan = laid_out_or_skipped(request, needs)

    for volume in plan.volumes:
        one = plan.disk(volume.disk).partitions[volume.partition - 1]
        assert (volume.offset_bytes, volume.size_bytes) == (one.offset_bytes, one.size_bytes)


@given(_REQUESTS, _NEEDS)
def test_everything_but_a_bios_boot_and_an_extended_partition_is_a_volume(request, needs):
    plan = laid_out_or_skipped(request, needs)

    held = {
        f"{d.name}/{p.number}"
        for d in plan.disks
        for p in d.partitions
        if p.kind not in {PartitionKind.BIOS_BOOT, PartitionKind.EXTENDED}
    }
    assert {volume.name for volume in plan.volumes} == held


@given(_REQUESTS, _NEEDS)
def test_at_most_one_partition_of_a_disk_is_bootable(request, needs):
    for disk in laid_out_or_skipped(request, needs).disks:
        assert sum(one.is_bootable for one in disk.partitions) <= 1


@given(st.lists(st.integers(1, 50), min_size=1, max_size=4), st.integers(2, 200))
def test_the_size_that_an_error_hints_at_is_the_smallest_that_fits(sizes, size_mib):
    parts = [part(f"/{number or ''}", size) for number, size in enumerate(sizes)]

    try:
        planned(*parts, disks=(disk("os", size_mib),))
    except KickstartError as error:
        hinted = int(re.search(r"--disk os=(\d+)MiB", error.hint)[1])
        assert hinted > size_mib
        planned(*parts, disks=(disk("os", hinted),))
        with pytest.raises(KickstartError):
            planned(*parts, disks=(disk("os", hinted - 1),))


# Growing, by example.


def sizes_mib(plan, name="os"):
    return [one.size_bytes // MIB for one in plan.disk(name).partitions]


def test_growing_partitions_share_what_is_left_by_their_sizes():
    plan = planned(
        part("/", 100, grow=True), part("/srv", 300, grow=True), disks=(disk("os", 802),)
    )

    assert sizes_mib(plan) == [200, 600]


def test_what_a_limited_partition_cannot_take_goes_to_the_others():
    plan = planned(
        part("/", 100, grow=True, max_size_bytes=150 * MIB),
        part("/srv", 100, grow=True),
        disks=(disk("os", 1002),),
    )

    assert sizes_mib(plan) == [150, 850]


def test_a_growing_partition_needs_no_size():
    plan = planned(part("/", None, grow=True), disks=(disk("os", 12),))

    assert sizes_mib(plan) == [10]


def test_on_a_disk_without_a_size_nothing_grows_and_that_is_noted():
    plan = planned(part("/", 10, grow=True))

    assert plan.disks[0].size_bytes == 12 * MIB
    assert [note.message for note in plan.notes] == [
        "/ does not grow: disk sda has no size of its own (--disk sda=SIZE)"
    ]


def test_partitions_of_one_disk_do_not_grow_into_another():
    plan = planned(
        part("/", 10, grow=True, disk="os"),
        part("/srv", 10, disk="data"),
        disks=(disk("os", 102), disk("data", 52)),
    )

    assert sizes_mib(plan, "os") == [100]
    assert sizes_mib(plan, "data") == [10]


# Which disk.


def known(plan):
    return {disk.name: (disk.known_as, disk.reason) for disk in plan.disks}


def where(plan):
    return {volume.mount_point: volume.disk for volume in plan.volumes}


TWO = (disk("os", 500), disk("data", 500))


def test_a_disk_is_found_by_its_name():
    plan = planned(root(disk="data"), part("/srv", disk="os"), disks=TWO)

    assert where(plan) == {"/": "data", "/srv": "os"}


def test_a_disk_that_is_named_otherwise_is_found_by_its_position():
    plan = planned(root(disk="first"), part("/srv", disk="second"), disks=TWO)

    assert where(plan) == {"/": "os", "/srv": "data"}
    assert known(plan) == {"os": ("first", "by position"), "data": ("second", "by position")}


@pytest.mark.parametrize("name", ["sdb", "vdb", "hdb", "xvdb", "/dev/sdb"])
def test_a_lettered_disk_is_the_one_its_letter_counts_to(name):
    plan = planned(root(disk=name), disks=TWO)

    assert where(plan) == {"/": "data"}


def test_a_name_takes_no_disk_that_another_has_by_name():
    plan = planned(root(disk="data"), part("/srv", disk="sda"), disks=TWO)

    assert where(plan) == {"/": "data", "/srv": "os"}


def test_a_letter_beyond_the_disks_takes_the_first_free_one():
    plan = planned(root(disk="sda"), part("/srv", disk="sdz"), disks=TWO)

    assert where(plan) == {"/": "os", "/srv": "data"}


def test_two_names_with_one_letter_take_a_disk_each():
    plan = planned(root(disk="sda"), part("/srv", disk="vda"), disks=TWO)

    assert where(plan) == {"/": "os", "/srv": "data"}


def test_a_partition_that_names_no_disk_is_on_the_first():
    plan = planned(part("/srv", disk="os"), root(), disks=(disk("data", 500), disk("os", 500)))

    assert where(plan) == {"/srv": "os", "/": "data"}


def test_a_binding_by_position_is_noted():
    plan = planned(root(disk="sda"), disks=(disk("os", 500),))

    assert [note.message for note in plan.notes] == ["disk os: sda of the kickstart, by position"]


def test_a_disk_that_nothing_is_on_is_made_and_noted():
    plan = planned(root(disk="os"), disks=TWO)

    assert plan.disk("data").partitions == ()
    assert [note.message for note in plan.notes] == [
        "disk data has no partitions: nothing is asked to be on it"
    ]


@pytest.mark.parametrize("disks", [(), TWO])
def test_a_disk_with_partitions_is_not_said_to_be_empty(disks):
    assert planned(root(), disks=disks).disks[0].reason == ""


def test_without_disks_the_kickstarts_names_are_the_disks():
    plan = planned(root(disk="vda"), part("/srv", disk="vdb"))

    assert [disk.name for disk in plan.disks] == ["vda", "vdb"]
    assert known(plan) == {"vda": (None, ""), "vdb": (None, "")}


def test_without_any_name_there_is_one_disk():
    assert [disk.name for disk in planned(root()).disks] == ["sda"]


@given(
    st.lists(st.sampled_from(["sda", "sdb", "vda", "os", "x", "data"]), unique=True, min_size=1),
    st.lists(st.sampled_from(["os", "data", "a", "b", "c", "d"]), unique=True, min_size=6),
)
def test_no_two_names_share_a_disk(names, disks):
    parts = [part(f"/{number or ''}", disk=name) for number, name in enumerate(names)]

    plan = planned(*parts, disks=tuple(disk(name, 100) for name in disks))

    assert len(set(where(plan).values())) == len(names)


# Boot disk and table.


def test_the_boot_disk_is_the_one_that_holds_the_root():
    assert planned(part("/srv", disk="os"), root(disk="data"), disks=TWO).boot_disk == "data"


def test_a_boot_partition_decides_the_boot_disk():
    assert planned(root(disk="os"), part("/boot", disk="data"), disks=TWO).boot_disk == "data"


def test_what_backends_need_goes_before_the_rest_of_the_boot_disk_and_is_noted():
    plan = planned(root(disk="data"), disks=TWO, needs=Needs(partitions=(BIOS_BOOT, EFI)))

    assert [one.title for one in plan.disk("data").partitions] == ["bios-boot", "/boot/efi", "/"]
    assert plan.disk("os").partitions == ()
    assert "bios-boot on disk data: GRUB starts from it" in [n.message for n in plan.notes]


def test_a_partition_that_is_asked_for_is_not_added_again():
    plan = planned(
        attrs.evolve(EFI, size_bytes=100 * MIB, reason=""), root(), needs=Needs(partitions=(EFI,))
    )

    assert sizes_mib(plan, "sda") == [100, 100]


def test_a_mount_point_is_never_made_twice():
    plan = planned(
        root(disk="os"),
        attrs.evolve(EFI, disk="data", size_bytes=100 * MIB, reason=""),
        disks=TWO,
        needs=Needs(partitions=(EFI,)),
    )

    assert [volume.mount_point for volume in plan.volumes].count("/boot/efi") == 1


def test_an_msdos_disk_has_no_bios_boot_partition():
    plan = planned(root(), table="msdos", needs=Needs(partitions=(BIOS_BOOT,)))

    assert [one.title for one in plan.disks[0].partitions] == ["/"]


def test_an_msdos_disk_is_known_by_eight_digits():
    assert re.fullmatch("[0-9a-f]{8}", planned(root(), table="msdos").disks[0].identifier)


@pytest.mark.parametrize(
    ("asked", "needed", "table"),
    [(None, None, "gpt"), (None, "msdos", "msdos"), ("msdos", None, "msdos")],
)
def test_the_table_is_the_kickstarts_or_the_one_needed_or_gpt(asked, needed, table):
    assert planned(root(), table=asked, needs=Needs(table=needed)).disks[0].table == table


def test_a_table_that_what_was_chosen_cannot_work_with_is_refused():
    error = refused(KickstartError, root(), table="msdos", needs=Needs(table="gpt"))

    assert "msdos" in error.message
    assert "clearpart" in error.hint


def test_the_root_is_marked_bootable():
    assert [p.is_bootable for p in planned(root(), part("/srv")).disks[0].partitions] == [
        True,
        False,
    ]


def test_a_boot_partition_is_marked_in_place_of_the_root():
    plan = planned(root(), part("/boot"))

    assert [p.is_bootable for p in plan.disks[0].partitions] == [False, True]


@pytest.mark.parametrize(
    ("one", "filesystem"),
    [
        (root(), "ext4"),
        (root(filesystem="ext2"), "ext2"),
        (attrs.evolve(EFI, mount_point="/", size_bytes=MIB), "vfat"),
    ],
)
def test_a_partition_has_the_filesystem_asked_for_or_the_usual_one(one, filesystem):
    assert planned(one).volumes[0].filesystem == filesystem


def test_swap_is_a_volume_without_a_mount_point():
    plan = planned(root(), PartitionRequest(kind=PartitionKind.SWAP, size_bytes=MIB))

    assert (plan.volumes[1].filesystem, plan.volumes[1].mount_point) == ("swap", None)


def test_a_fat_volume_has_a_short_identifier_and_others_a_uuid():
    efi, system = planned(attrs.evolve(EFI, size_bytes=MIB), root()).volumes

    assert re.fullmatch("[0-9A-F]{4}-[0-9A-F]{4}", efi.identifier)
    assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", system.identifier)


# Everything else of a plan.


def test_the_epoch_is_the_time_of_the_newest_package():
    assert planned(root(), resolution=Resolution(newest_seconds=7)).epoch_seconds == 7


def test_a_given_epoch_replaces_it_even_when_it_is_zero():
    plan = planned(root(), resolution=Resolution(newest_seconds=7), epoch_seconds=0)

    assert plan.epoch_seconds == 0


@pytest.mark.parametrize(
    "other",
    [
        {"digest": "e"},
        {"disks": (disk("os", 300),)},
        {"disks": (disk("root", 200),)},
        {"seed": "s"},
    ],
)
def test_the_seed_follows_the_kickstart_the_disks_and_the_command_line(other):
    request = Request(
        name="web", kickstart="web.ks", digest="d", partitions=(root(),), disks=(disk("os", 200),)
    )

    assert laid_out(request).seed != laid_out(attrs.evolve(request, **other)).seed


@pytest.mark.parametrize("other", [{"name": "b"}, {"kickstart": "/elsewhere/web.ks"}])
def test_no_path_and_no_name_enters_the_seed(other):
    request = Request(name="web", kickstart="web.ks", digest="d", partitions=(root(),))

    assert laid_out(request).seed == laid_out(attrs.evolve(request, **other)).seed


def test_drivers_and_arguments_of_several_backends_are_listed_once():
    plan = planned(root(), needs=Needs(drivers=("b", "a", "b"), arguments=("quiet", "quiet")))

    assert (plan.drivers, plan.arguments) == (("b", "a"), ("quiet",))


def test_why_a_package_was_added_is_noted():
    wanted = PackageSelection(wanted=(PackageName(name="tzdata", reason="timezone UTC"),))

    assert [n.message for n in planned(root(), packages=wanted).notes] == [
        "package tzdata: timezone UTC"
    ]


def test_a_plan_with_everything_in_it_survives_json():
    plan = planned(
        root(label="root", options=("noatime",)),
        part("/boot"),
        attrs.evolve(EFI, size_bytes=MIB),
        table="msdos",
        resolution=Resolution(
            packages=(
                Package(
                    name="a", version="1", architecture="amd64", download_bytes=1, installed_bytes=2
                ),
            ),
            digest="x",
        ),
        settings=Settings(
            language=Language(locale="de_DE.UTF-8", further=("fr_FR.UTF-8",)),
            interfaces=(
                Interface(
                    kind=InterfaceKind.BOND,
                    name="bond0",
                    members=("eth0",),
                    options=(("mode", "1"),),
                    ipv4=Ip(method=Method.STATIC, address="192.0.2.1/24"),
                ),
            ),
            firewall=Firewall(services=("ssh",), place=Place("web.ks", 5)),
            clock=Clock(servers=(TimeServer(name="time.example.org"),)),
            certificates=(Certificate(name="x", text="AAAA\n"),),
            purpose=Purpose(role="x", addons=("a",)),
            users=(User(name="ö", uid=7, groups=("a", "b"), place=Place("web.ks", 3)),),
            ssh_keys=(SshKey(user="ö", key="ssh-ed25519 AAAA"),),
        ),
        boot=BootRequest(arguments=("quiet",), place=Place("web.ks", 4)),
        scripts=(Script(section="post", body="echo '\u2028'\n", place=Place("web.ks", 9)),),
        firmware=Firmware.UEFI,
    )

    assert from_json(json.loads(json.dumps(to_json(plan))), Plan) == plan


def test_a_path_lies_on_the_volume_mounted_nearest_above_it():
    plan = planned(root(), part("/srv"), part("/srv/www"), part("/sr"))

    def on(path):
        return plan.holding(path).mount_point

    assert [on("/srv/www/a"), on("/srv/wwwa"), on("/srv"), on("/srvx"), on("/"), on("/sr/a")] == [
        "/srv/www",
        "/srv",
        "/srv",
        "/",
        "/",
        "/sr",
    ]


def test_mounts_come_before_what_lies_inside_them():
    plan = planned(part("/srv/www"), part("/srv"), part("/srv-b"), root())

    order = [volume.mount_point for volume in plan.mounts]
    assert order.index("/") < order.index("/srv") < order.index("/srv/www")


# What cannot be.


def refused(kind, *parts, **about):
    with pytest.raises(kind) as caught:
        planned(*parts, **about)
    return caught.value


def test_a_system_without_a_root_is_refused():
    error = refused(KickstartError, part("/srv"))

    assert error.message == "web.ks has no partition for /"
    assert "part / " in error.hint


def test_a_partition_without_a_size_is_refused_where_it_stands():
    error = refused(KickstartError, root(), part("/srv", None, line=4))

    assert error.message == "part /srv has no size"
    assert str(error.place) == "web.ks:4"
    assert "--size" in error.hint


def test_partitions_that_do_not_fit_are_refused_with_what_is_lacking():
    error = refused(KickstartError, root(), part("/srv", 100, line=5), disks=(disk("os", 150),))

    assert error.message == (
        "the partitions of disk os need 200 MiB, which is 52.0 MiB more than its 150 MiB hold"
    )
    assert str(error.place) == "web.ks:5"
    assert error.hint == "give --disk os=202MiB or more"


def test_more_names_than_disks_are_refused_where_the_first_is_too_many():
    error = refused(
        KickstartError,
        root(disk="os"),
        part("/srv", line=6, disk="data"),
        part("/var", line=7, disk="data"),
        disks=(disk("os", 500),),
    )

    assert error.message == (
        "--ondisk=data has no disk: 2 disks are named in the kickstart and 1 with --disk"
    )
    assert str(error.place) == "web.ks:6"
    assert "--disk data=SIZE" in error.hint


def test_a_disk_of_half_a_sector_is_refused():
    error = refused(UsageError, root(), disks=(DiskRequest(name="os", size_bytes=200 * MIB + 7),))

    assert error.message == (
        f"--disk os: {200 * MIB + 7} bytes are no whole number of 512-byte sectors"
    )


def test_a_disk_larger_than_an_msdos_table_can_address_is_refused():
    assert refused(
        KickstartError, root(grow=True), disks=(disk("os", 3 * 1024 * 1024),), table="msdos"
    ).hint
