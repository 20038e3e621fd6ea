from __future__ import annotations

import pytest

from applbuild.errors import KickstartError
from applbuild.model.problem import Severity
from applbuild.model.storage import PartitionKind, SwapSize

MIB = 1024 * 1024


def part(understand, line):
    reading = understand(f"{line}\n")
    errors = [p for p in reading.request.problems if p.severity is Severity.ERROR]
    assert errors == []
    (part,) = reading.request.partitions
    return part


def test_a_part_line_is_a_partition_with_all_it_says(understand):
    found = part(
        understand,
        "part /srv --size=100 --grow --maxsize=900 --fstype=ext4 --label=data"
        " --fsoptions=noatime,nodev --ondisk=/dev/sdb --asprimary",
    )

    assert found.kind is PartitionKind.LINUX
    assert (found.mount_point, found.filesystem, found.label) == ("/srv", "ext4", "data")
    assert (found.size_bytes, found.grow, found.max_size_bytes) == (100 * MIB, True, 900 * MIB)
    assert (found.options, found.disk) == (("noatime", "nodev"), "sdb")
    assert str(found.place) == "web.ks:1"


@pytest.mark.parametrize(
    ("line", "kind", "mount_point", "filesystem"),
    [
        ("part swap --size=1", PartitionKind.SWAP, None, "swap"),
        ("part swap --fstype=swap --size=1", PartitionKind.SWAP, None, "swap"),
        ("part biosboot --fstype=biosboot --size=1", PartitionKind.BIOS_BOOT, None, None),
        ("part /boot/efi --fstype=efi --size=1", PartitionKind.EFI_SYSTEM, "/boot/efi", "vfat"),
        ("part /boot/efi --size=1", PartitionKind.EFI_SYSTEM, "/boot/efi", "vfat"),
        ("part /boot/efi --fstype=vfat --size=1", PartitionKind.EFI_SYSTEM, "/boot/efi", "vfat"),
        ("partition //srv/ --size=1", PartitionKind.LINUX, "/srv", None),
        ("part / --size=1 --fstype EXT4", PartitionKind.LINUX, "/", "ext4"),
    ],
)
def test_the_kind_of_a_partition_follows_from_what_it_is_for(
    understand, line, kind, mount_point, filesystem
):
    found = part(understand, line)

    assert (found.kind, found.mount_point, found.filesystem) == (kind, mount_point, filesystem)


def test_the_last_part_line_for_a_mount_point_wins_and_that_is_told(understand, told):
    reading = understand(
        "part / --size=1\npart swap --size=2\npart swap --size=3\npart / --size=4\n"
    )

    assert [(p.title, p.size_bytes) for p in reading.request.partitions] == [
        ("swap", 2 * MIB),
        ("swap", 3 * MIB),
        ("/", 4 * MIB),
    ]
    assert told(reading, Severity.NOTE) == ["1: the partition / is replaced by the one at web.ks:4"]


@pytest.mark.parametrize(
    "line",
    [
        "part pv.01 --size=1",
        "part raid.01 --size=1",
        "part btrfs.01 --size=1",
        "part / --onpart=sda1",
        "part / --size=1 --noformat",
        "part / --size=1 --encrypted --passphrase=hunter2",
        "part / --start=1 --end=20",
        "part nowhere --size=1",
        "raid / --level=1 --device=md0 raid.1 raid.2",
        "volgroup vg pv.01",
        "logvol / --vgname=vg --name=root --size=1",
        "btrfs none --label=x btrfs.01",
        "autopart --type=lvm",
        "autopart --type=thinp",
        "autopart --type=btrfs",
        "autopart --encrypted --passphrase=hunter2",
        "part / --size=1 --mkfsoptions=-q",
        "part / --size=1 --fsprofile=news",
        "clearpart --disklabel=mac",
        "mount /dev/sda1 /",
        "ostreesetup --osname=x --url=http://mirror.example.org/ --ref=x",
        "ostreecontainer --url=registry.example.org/x",
        "nfs --server=x --dir=/y",
        "rescue",
    ],
)
def test_what_would_give_other_disks_is_refused_once_with_what_to_write(understand, line):
    reading = understand(f"\n{line}\n")

    (problem,) = [p for p in reading.request.problems if p.severity is Severity.ERROR]
    assert "is refused" in problem.message
    assert problem.hint
    assert str(problem.place) == "web.ks:2"
    assert reading.request.partitions == ()


@pytest.mark.parametrize("line", ["part /", "part swap", "part / --size=-5", "part / --size=0"])
def test_a_partition_without_a_size_is_an_error(understand, told, line):
    assert told(understand(f"{line}\n"), Severity.ERROR)[0].startswith("1: the partition ")


def test_a_prep_partition_does_not_apply(understand, told):
    reading = understand("part prepboot --fstype=prepboot --size=4\n")

    assert reading.request.partitions == ()
    assert "POWER" in told(reading, Severity.NOTE)[0]


def test_maxsize_without_grow_is_noted(understand, told):
    reading = understand("part / --size=1 --maxsize=2\n")

    assert told(reading, Severity.NOTE) == ["1: --maxsize has no effect without --grow"]


@pytest.mark.parametrize("table", ["gpt", "msdos"])
def test_the_partition_table_is_that_of_clearpart(understand, table):
    assert understand(f"clearpart --all --disklabel={table}\n").request.table == table


def test_clearing_disks_does_not_apply(understand, told):
    reading = understand("zerombr\nclearpart --all --initlabel\n")

    assert reading.request.table is None
    assert told(reading, Severity.NOTE) == [
        "2: `clearpart` does not apply to an image: the output disks are made new and empty"
    ]


def test_the_boot_loader_is_as_its_line_says(understand):
    boot = understand("bootloader --append=\"quiet a='b c'\" --timeout=0\n").request.boot

    assert boot.arguments == ("quiet", "a=b c")
    assert (boot.timeout_seconds, boot.is_installed, boot.uses_extlinux) == (0, True, False)


@pytest.mark.parametrize("option", ["--location=none", "--disabled"])
def test_a_boot_loader_can_be_left_out(understand, option):
    assert understand(f"bootloader {option}\n").request.boot.is_installed is False


def test_extlinux_can_be_asked_for(understand):
    assert understand("bootloader --extlinux\n").request.boot.uses_extlinux is True


@pytest.mark.parametrize("place", ["partition", "boot"])
def test_boot_code_in_a_partition_is_told_to_go_to_the_start_of_the_disk(understand, told, place):
    reading = understand(f"bootloader --location={place}\n")

    (note,) = told(reading, Severity.NOTE)
    assert "start of the disk" in note
    assert reading.request.boot.is_installed


@pytest.mark.parametrize(
    ("options", "disk"),
    [("--boot-drive=/dev/sdb", "sdb"), ("--driveorder=vdb,vda", "vdb"), ("", None)],
)
def test_the_disk_to_start_from_is_the_boot_drive_or_the_first_of_the_order(
    understand, options, disk
):
    assert understand(f"bootloader {options}\n").request.boot.disk == disk


def test_code_for_a_bios_can_be_left_out(understand):
    boot = understand("bootloader --nombr\n").request.boot

    assert (boot.is_installed, boot.has_boot_code) == (True, False)


def test_an_unclosed_quotation_mark_in_append_is_an_error(understand, told):
    assert told(understand('bootloader --append="a=\'b"\n'), Severity.ERROR)


def test_a_boot_loader_at_no_known_place_is_a_syntax_error(understand):
    with pytest.raises(KickstartError, match="location"):
        understand("bootloader --location=moon\n")


@pytest.mark.parametrize(
    ("option", "rule"),
    [("--recommended", SwapSize.RECOMMENDED), ("--hibernation", SwapSize.HIBERNATION)],
)
def test_the_size_of_swap_can_be_left_to_be_worked_out(understand, option, rule):
    found = part(understand, f"part swap {option}")

    assert (found.swap_size, found.size_bytes) == (rule, None)


def test_only_swap_has_a_recommended_size(understand, told):
    reading = understand("part / --recommended --size=10\n")

    assert told(reading, Severity.ERROR) == ["1: only swap has a recommended size, and / is none"]


def test_a_size_beside_a_recommended_one_is_told_to_have_no_effect(understand, told):
    reading = understand("part swap --size=10 --grow --recommended\n")

    assert reading.request.partitions[0].grow is False
    assert "decides the size" in told(reading, Severity.NOTE)[0]


def test_a_share_of_the_disk_is_kept_and_noted_as_never_an_option_of_part(understand, told):
    reading = understand("part /srv --percent=40 --fstype=ext4\n")

    assert reading.request.partitions[0].percent == 40
    assert "never an option" in told(reading, Severity.NOTE)[0]


@pytest.mark.parametrize("value", ["0", "101", "x", "-5", "9999999999999999999"])
def test_a_share_that_is_none_is_an_error(understand, told, value):
    assert told(understand(f"part / --percent={value}\n"), Severity.ERROR)


@pytest.mark.parametrize("other", ["--size=10", "--grow"])
def test_a_share_and_another_size_contradict_each_other(understand, told, other):
    (error,) = told(understand(f"part / --percent=10 {other}\n"), Severity.ERROR)

    assert "--percent and another size" in error


def test_autopart_is_a_layout_to_be_worked_out(understand):
    reading = understand("autopart --type=plain --fstype=ext3 --nohome --noboot --noswap\n")

    layout = reading.request.automatic
    assert (layout.filesystem, layout.has_boot, layout.has_home) == ("ext3", False, False)
    assert layout.swap_size is None
    assert reading.request.problems == ()


def test_autopart_without_a_type_is_told_to_be_plain(understand, told):
    reading = understand("autopart\n")

    assert reading.request.automatic.swap_size is SwapSize.RECOMMENDED
    assert "plain partitions" in told(reading, Severity.NOTE)[0]


def test_a_boot_partition_can_be_required(understand):
    assert understand("reqpart --add-boot\n").request.has_boot_partition
    assert not understand("reqpart\n").request.has_boot_partition


def test_disks_that_are_named_without_patterns_are_kept_in_order(understand):
    reading = understand(
        "ignoredisk --only-use=/dev/vdb,vd*\nclearpart --all --drives=vda,vdb --disklabel=gpt\n"
    )

    assert reading.request.disk_names == ("vdb", "vda")


def test_a_disk_can_be_said_not_to_be_used(understand):
    assert understand("ignoredisk --drives=sdb,sdc\n").request.ignored_disks == ("sdb", "sdc")


def test_autopart_after_a_partition_is_an_error(understand, told):
    reading = understand("part / --size=100\nautopart --type=plain\n")

    assert told(reading, Severity.ERROR) == ["2: autopart and the partition /: which of them?"]


def test_an_old_line_says_how_many_inodes_there_are(understand):
    (part,) = understand("part / --size=9 --bytes-per-inode=4096\n").request.partitions

    assert part.bytes_per_inode == 4096


@pytest.mark.parametrize("value", ["0", "1023", "-1", "x", "67108865", "9" * 30])
def test_a_number_of_inodes_that_no_filesystem_has_is_an_error(understand, told, value):
    (error,) = told(understand(f"part / --size=9 --bytes-per-inode={value}\n"), Severity.ERROR)

    assert "write a number from 1024 to 67108864" in error
