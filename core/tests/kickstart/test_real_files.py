"""Files as people have them: every era, several files, and nothing edited before they are read."""

from __future__ import annotations

import pytest

from applbuild.errors import KickstartError, ProblemsError
from applbuild.kickstart import account, read
from applbuild.layout import settle
from applbuild.selection import refuse
from applbuild.testing import examples
from applbuild.units import MIB

# An appliance of 2008: no %end, removed commands, several files.
APPLIANCE_2008 = """\
install
lang en_US.UTF-8
keyboard us
timezone --utc UTC
auth --useshadow --enablemd5
selinux --enforcing
firewall --disabled
zerombr yes
bootloader --location=mbr --driveorder=sda --append="console=ttyS0"
%include disk.ks
%packages --nobase --ignoremissing
%include packages.ks

%post
echo "one" > /etc/motd
%post --nochroot
ls
"""
PLAIN_DISK = """\
clearpart --all --drives=sda --initlabel
part /boot --fstype ext3 --size=100 --ondisk=sda
part / --fstype ext3 --size=20000 --ondisk=sda --bytes-per-inode=4096
part swap --fstype swap --size=512 --ondisk=sda
"""
LVM_DISK = """\
clearpart --all
part /boot --fstype ext3 --size=100 --ondisk=sda
part pv.2 --size=1 --grow --ondisk=sda
volgroup VolGroup00 --pesize=32768 pv.2
logvol / --fstype ext3 --name=LogVol00 --vgname=VolGroup00 --size=1024 --grow
"""
# A live system of 2010, whose disk is one file system; the line for / comes twice.
LIVE_2010 = """\
lang en_US.UTF-8
keyboard us
timezone US/Eastern
auth --useshadow --passalgo=sha512
xconfig --startxonboot
part / --size 4096 --fstype ext4
part / --size 7680 --fstype ext4
services --enabled=NetworkManager --disabled=sshd
repo --name=released --mirrorlist=http://mirror.example.org/list
%packages
@base-x
-a*
%end
%post
cat >> /etc/rc.d/init.d/live << EOF
%include-looks-like-one
EOF
%end
"""
# A cloud image of 2020: Anaconda, GPT, its own partitions for the firmware, the last one grows.
CLOUD_2020 = """\
text
url --url=http://mirror.example.org/os
lang en_US.UTF-8
keyboard --vckeymap=us
timezone UTC --utc --nontp
rootpw --lock
network --bootproto=dhcp --activate --onboot=on
bootloader --append="console=ttyS0,115200n8" --location=mbr --timeout=1 --boot-drive=vda
zerombr
clearpart --all --initlabel --disklabel=gpt
ignoredisk --only-use=vda
part biosboot --size=1 --fstype=biosboot --asprimary
part /boot/efi --size=100 --fstype=efi --asprimary
part /boot --size=500 --fstype=ext4 --asprimary --label=boot
part / --size=3072 --fstype=ext4 --grow --asprimary
poweroff
%packages --excludedocs --instLangs=en --nocore
@core
%end
%post --erroronfail --log=/root/post.log
true
%end
"""


COMMANDS = {"lang", "part", "auth", "%post", "%packages", "bootloader", "text"}


def planned(path, **disks):
    request = read(path).request
    refuse(request.problems)
    request = settle(
        examples.request(
            *request.partitions,
            on=disks,
            table=request.table,
            boot=request.boot,
            disk_names=request.disk_names,
        )
    )
    return examples.plan(request)


def sizes(plan):
    return {
        (disk.name, one.title): one.size_bytes // MIB
        for disk in plan.disks
        for one in disk.partitions
    }


@pytest.fixture
def appliance(write):
    """Writes the appliance of 2008 with a disk."""

    def appliance(disk):
        others = {"disk.ks": disk, "packages.ks": "vim\n-emacs\n"}
        return write(APPLIANCE_2008, **others)

    return appliance


def test_an_appliance_of_2008_is_planned_as_it_stands(appliance):
    plan = planned(appliance(PLAIN_DISK))

    assert sizes(plan) == {("sda", "/boot"): 100, ("sda", "/"): 20000, ("sda", "swap"): 512}
    assert {volume.filesystem for volume in plan.volumes} == {"ext3", "swap"}
    assert plan.boot_disk == "sda"


def test_its_packages_and_scripts_are_read_through_its_includes(appliance):
    request = read(appliance(PLAIN_DISK)).request

    assert [name.name for name in request.packages.wanted] == ["vim"]
    assert [(script.body, script.is_in_guest) for script in request.scripts] == [
        ('echo "one" > /etc/motd\n', True),
        ("ls\n", False),
    ]


def test_logical_volumes_are_refused_line_by_line_with_what_they_need(appliance):
    with pytest.raises(ProblemsError) as caught:
        planned(appliance(LVM_DISK))

    assert [str(problem.place) for problem in caught.value.problems] == [
        "disk.ks:3",
        "disk.ks:4",
        "disk.ks:5",
    ]
    assert all("logical volumes" in problem.message for problem in caught.value.problems)


def test_of_a_live_system_the_last_line_for_the_root_wins(write):
    assert sizes(planned(write(LIVE_2010))) == {("sda", "/"): 7680}


def test_a_cloud_image_is_planned_on_the_disk_it_names_and_grows_with_its_disk(write):
    path = write(CLOUD_2020)

    small, large = planned(path), planned(path, os=8192 * MIB)

    assert sizes(small)["vda", "/"] == 3072
    assert sizes(large)["os", "/"] == 8192 - 2 - 1 - 100 - 500
    assert [one.title for one in large.disks[0].partitions] == [
        "bios-boot",
        "/boot/efi",
        "/boot",
        "/",
    ]


@pytest.mark.parametrize("text", [APPLIANCE_2008, LIVE_2010, CLOUD_2020])
def test_every_line_of_a_file_is_accounted_for(write, text):
    told = account(write(text, **{"disk.ks": PLAIN_DISK, "packages.ks": "vim\n"}))

    places = {line.place.line for line in told.lines if line.place.file == "web.ks"}
    commands = {
        number
        for number, line in enumerate(text.splitlines(), start=1)
        if line.split(" ")[0]
        in {"lang", "part", "auth", "%post", "%packages", "bootloader", "text"}
    }
    assert commands <= places


@pytest.mark.parametrize("text", [APPLIANCE_2008, LIVE_2010])
def test_what_had_to_be_repaired_is_an_error_when_strict(write, text):
    path = write(text, **{"disk.ks": PLAIN_DISK, "packages.ks": "vim\n"})

    with pytest.raises(KickstartError, match=r"was removed in|has no %end"):
        read(path, is_strict=True)
