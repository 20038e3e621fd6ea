"""Disks, partitions, filesystems and the boot loader."""

from __future__ import annotations

from applbuild.kickstart.rules import (
    Entry,
    Fate,
    Word,
    honoured,
    irrelevant,
    refused,
    removed,
    same,
)
from applbuild.kickstart.table.volumes import (
    ENCRYPTION,
    NO_BTRFS,
    NO_LUKS,
    NO_LVM,
    NO_RAID,
    PARTITIONS,
)

_EMPTY = "the output disks are made new and empty"
_ATTACHED = "it describes disks of the installing machine; the output disks are files"
_OTHER_MACHINES = "only POWER and Apple machines start from it"


def _encryption() -> tuple[Word, ...]:
    instead = "leave the encryption options out"
    return (
        refused(ENCRYPTION, NO_LUKS, instead=instead),
        refused("--passphrase --hw-passphrase", NO_LUKS, instead=instead, is_secret=True),
    )


_PART = Entry(
    "part partition",
    Fate.HONOURED,
    "makes a partition on an output disk",
    (
        honoured("<mntpoint>", "where it is mounted; the last line for a path wins", "/*"),
        honoured("<mntpoint>", "swap space", "swap"),
        honoured("<mntpoint>", "the partition GRUB starts from on a BIOS with GPT", "biosboot"),
        irrelevant("<mntpoint>", _OTHER_MACHINES, "prepboot"),
        irrelevant("<mntpoint>", _OTHER_MACHINES, "appleboot"),
        refused("<mntpoint>", NO_LVM, "pv.*", instead=PARTITIONS),
        refused("<mntpoint>", NO_RAID, "raid.*", instead=PARTITIONS),
        refused("<mntpoint>", NO_BTRFS, "btrfs.*", instead=PARTITIONS),
        refused("<mntpoint>", "this is no mount point", instead="write a path, swap or biosboot"),
        honoured("--size", "its size in MiB"),
        honoured("--grow", "it takes the space that is left on its disk"),
        honoured("--maxsize", "the size in MiB up to which it grows"),
        irrelevant(
            "--fstype --type",
            _OTHER_MACHINES,
            "prepboot",
            "appleboot",
            "PPC PReP Boot",
        ),
        refused("--fstype --type", NO_LVM, "lvmpv", "physical volume (LVM)", instead=PARTITIONS),
        refused("--fstype --type", NO_RAID, "mdmember", "software RAID", instead=PARTITIONS),
        honoured("--fstype --type", "the filesystem backend that makes it"),
        honoured("--fsoptions", "its mount options in /etc/fstab"),
        honoured("--label", "the name of its filesystem"),
        honoured("--ondisk --ondrive", "the disk it lies on: by name, else by position"),
        honoured("--asprimary", "of more than four on an msdos table, it is no logical one"),
        refused(
            "--onpart --usepart",
            "the output disks have no partitions yet",
            instead="write --size, and --ondisk where there are several disks",
        ),
        refused("--onbiosdisk", "the output disks have no BIOS numbers", instead="write --ondisk"),
        refused("--noformat", "there is no older filesystem to keep", instead="leave it out"),
        refused("--resize", "there is no older partition to resize", instead="write --size"),
        honoured("--recommended", "swap as large as an installer makes it for this memory"),
        honoured("--hibernation", "swap that holds all of the memory besides"),
        refused(
            "--fsprofile --mkfsoptions",
            "the options of a filesystem are chosen so that every host makes the same one",
            instead="leave it out",
        ),
        *_encryption(),
        removed(
            "--percent",
            "never an option of an installer's `part`",
            Fate.HONOURED,
            "a share of what the partitions with a size leave of the disk",
            takes_value=True,
        ),
        removed("--active", "Fedora 34", Fate.IRRELEVANT, "the disk with /boot boots"),
        removed(
            "--bytes-per-inode",
            "Fedora 14",
            Fate.HONOURED,
            "how many inodes it has, where its filesystem has a number of them",
            takes_value=True,
        ),
        removed(
            "--start --end",
            "Fedora 14",
            Fate.REFUSED,
            "partitions are placed by their sizes",
            takes_value=True,
            instead="write --size",
        ),
    ),
)

_BOOTLOADER = Entry(
    "bootloader",
    Fate.HONOURED,
    "the boot loader",
    (
        honoured("--append", "arguments of the kernel"),
        honoured("--timeout", "seconds that the menu waits"),
        honoured("--location", "boot code goes to the start of the disk that boots", "mbr"),
        honoured("--location", "no boot loader is installed", "none"),
        irrelevant(
            "--location",
            "no other boot loader is there to start one in a partition, so boot code goes to the "
            "start of the disk",
        ),
        honoured("--disabled", "no boot loader is installed"),
        honoured(
            "--extlinux",
            "a boot loader plugin that is made for it is chosen; a build without one says so",
        ),
        honoured(
            "--password",
            "who does not know it (user `root`) cannot change what is started; kept as a hash only",
            is_secret=True,
        ),
        honoured("--iscrypted", "the password is a hash made by grub-mkpasswd-pbkdf2"),
        refused(
            "--md5pass",
            "GRUB 2 takes no such hash",
            instead="write --iscrypted --password=grub.pbkdf2...",
            is_secret=True,
        ),
        honoured("--boot-drive", "the disk that gets the boot code and is the first to boot"),
        honoured("--driveorder", "its first disk is the one that --boot-drive would name"),
        irrelevant("--default", "no installer heeds it; the newest kernel is the default"),
        refused(
            "--sdboot",
            "systemd-boot is not installed",
            instead="leave it out; GRUB takes its place",
        ),
        honoured("--nombr", "no code for a BIOS is written; the image starts by UEFI"),
        irrelevant("--leavebootorder", "the boot order lies in the firmware of a machine"),
        removed("--upgrade", "Fedora 34", Fate.IRRELEVANT, "there is no older boot loader"),
        removed("--lba32", "Fedora 14", Fate.IRRELEVANT, "it is about disks of the 1990s"),
        removed(
            "--linear --nolinear --useLilo",
            "Fedora Core 4",
            Fate.IRRELEVANT,
            "it is about LILO, or disks of the 1990s",
        ),
        removed(
            "--hvargs",
            "RHEL 6",
            Fate.IRRELEVANT,
            "no hypervisor is started before the kernel",
            takes_value=True,
        ),
    ),
)

_CLEARPART = Entry(
    "clearpart",
    Fate.IRRELEVANT,
    _EMPTY,
    (
        honoured("--disklabel", "the kind of partition table", "gpt", "msdos"),
        refused("--disklabel", "no such partition table is made", instead="write gpt or msdos"),
        honoured("--drives", "its first disk is the usual one, where no other is named"),
        same("--all --initlabel --linux --none --list --cdl"),
    ),
)

_ATTACHMENTS = (
    Entry("zerombr", Fate.HONOURED, "every output disk gets a new partition table"),
    Entry(
        "reqpart",
        Fate.HONOURED,
        "the partitions that the firmware starts from are always made",
        (honoured("--add-boot", "makes a /boot of 1 GiB where no line does"),),
    ),
    Entry(
        "ignoredisk",
        Fate.IRRELEVANT,
        "there are no disks but the output disks",
        (
            honoured("--only-use", "its first disk is the usual one, where no other is named"),
            honoured("--drives", "a partition on such a disk is an error"),
            removed("--interactive", "Fedora 34", Fate.IRRELEVANT, "nobody is asked"),
        ),
    ),
    Entry(
        "iscsi",
        Fate.IRRELEVANT,
        _ATTACHED,
        (
            same("--target --ipaddr --port --user --reverse-user --iface"),
            same("--password --reverse-password", is_secret=True),
        ),
    ),
    Entry("iscsiname", Fate.IRRELEVANT, _ATTACHED, (same("<iqn>"),)),
    Entry("fcoe", Fate.IRRELEVANT, _ATTACHED, (same("--nic --dcb --autovlan"),)),
    Entry(
        "zfcp",
        Fate.IRRELEVANT,
        _ATTACHED,
        (
            same("--devnum --wwpn --fcplun"),
            removed(
                "--scsiid --scsilun", "Fedora 14", Fate.IRRELEVANT, _ATTACHED, takes_value=True
            ),
        ),
    ),
    Entry(
        "zipl",
        Fate.IRRELEVANT,
        "only IBM Z machines start with it",
        (same("--secure-boot --force-secure-boot --no-secure-boot"),),
    ),
    Entry("dmraid multipath", Fate.IRRELEVANT, _ATTACHED, era="Fedora 34"),
    Entry("nvdimm", Fate.IRRELEVANT, _ATTACHED, era="Fedora 45"),
    Entry(
        "lilo",
        Fate.REFUSED,
        "LILO is not installed",
        (same("--password --md5pass", is_secret=True),),
        instead="write `bootloader`, which has the same options",
        era="Fedora Core 4",
    ),
    Entry("lilocheck", Fate.IRRELEVANT, "there is no older boot loader", era="Fedora Core 4"),
)

STORAGE = (_PART, _BOOTLOADER, _CLEARPART, *_ATTACHMENTS)
