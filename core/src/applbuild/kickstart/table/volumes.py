"""What lies between partitions and filesystems: LVM, RAID, btrfs, Stratis."""

from __future__ import annotations

from applbuild.kickstart.rules import Entry, Fate, honoured, refused, removed, same

PARTITIONS = "give each mount point a `part` line of its own"
NO_LVM = "logical volumes are not made yet"
NO_LUKS = "encryption is not made yet"
NO_RAID = "RAID is not made yet"
NO_BTRFS = "btrfs volumes are not made yet"
ENCRYPTION = (
    "--encrypted --escrowcert --backuppassphrase --cipher --luks-version"
    " --pbkdf --pbkdf-memory --pbkdf-time --pbkdf-iterations"
)

VOLUMES = (
    Entry(
        "volgroup",
        Fate.REFUSED,
        NO_LVM,
        (
            same("<name> <partitions> --noformat --useexisting --reserved-space"),
            same("--reserved-percent --pesize"),
        ),
        instead=PARTITIONS,
    ),
    Entry(
        "logvol",
        Fate.REFUSED,
        NO_LVM,
        (
            same("<mntpoint> --fstype --grow --maxsize --name --noformat --percent --recommended"),
            same("--size --useexisting --vgname --fsoptions --fsprofile --label --resize"),
            same("--hibernation --thinpool --thin --poolname --chunksize --metadatasize"),
            same("--profile --cachesize --cachemode --cachepvs --mkfsoptions"),
            same(ENCRYPTION),
            same("--passphrase", is_secret=True),
            removed(
                "--bytes-per-inode",
                "Fedora 14",
                Fate.REFUSED,
                NO_LVM,
                takes_value=True,
                instead=PARTITIONS,
            ),
        ),
        instead=PARTITIONS,
    ),
    Entry(
        "raid",
        Fate.REFUSED,
        NO_RAID,
        (
            same("<mntpoint> <partitions> --device --fstype --level --noformat --spares"),
            same("--useexisting --fsoptions --fsprofile --label --mkfsoptions --chunksize"),
            same(ENCRYPTION),
            same("--passphrase", is_secret=True),
            removed(
                "--bytes-per-inode",
                "Fedora 14",
                Fate.REFUSED,
                NO_RAID,
                takes_value=True,
                instead=PARTITIONS,
            ),
        ),
        instead=PARTITIONS,
    ),
    Entry(
        "btrfs",
        Fate.REFUSED,
        NO_BTRFS,
        (
            same("<mntpoint> <devices> --noformat --useexisting --label --data --metadata"),
            same("--subvol --parent --name --mkfsoptions"),
        ),
        instead=PARTITIONS,
    ),
    Entry(
        "stratispool",
        Fate.REFUSED,
        "Stratis pools are not made",
        (
            same("<name> <blockdevs> --useexisting --encrypted --overprovisioning"),
            same("--passphrase", is_secret=True),
        ),
        instead=PARTITIONS,
    ),
    Entry(
        "stratisfs",
        Fate.REFUSED,
        "Stratis pools are not made",
        (same("<mntpoint> --size --grow --maxsize --name --poolname --useexisting"),),
        instead=PARTITIONS,
    ),
    Entry(
        "snapshot",
        Fate.REFUSED,
        NO_LVM,
        (same("<origin> --name --when"),),
        instead="take a snapshot of the finished image",
    ),
    Entry(
        "mount",
        Fate.REFUSED,
        "the output disks hold nothing that could be mounted",
        (same("<device> <mntpoint> --reformat --mkfsoptions --mountoptions"),),
        instead="write `part`",
    ),
    Entry(
        "autopart",
        Fate.HONOURED,
        "divides the first disk (its size is given with --disk) as Anaconda does: /boot of 1 GiB, "
        "swap, on 50 GiB and more /home, and / with what is left",
        (
            honoured("--type", "plain partitions", "plain"),
            refused("--type", NO_LVM, "lvm", "thinp", instead="write --type=plain"),
            refused("--type", NO_BTRFS, "btrfs", instead="write --type=plain"),
            refused("--type", "no such layout is made", instead="write --type=plain"),
            honoured("--nolvm", "plain partitions"),
            honoured("--fstype", "the filesystem of every partition but swap"),
            honoured("--noboot", "without /boot"),
            honoured("--nohome", "without /home"),
            honoured("--noswap", "without swap"),
            honoured("--hibernation", "swap that holds all of the memory besides"),
            refused(ENCRYPTION, NO_LUKS, instead="leave the encryption options out"),
            refused(
                "--passphrase --hw-passphrase",
                NO_LUKS,
                instead="leave the encryption options out",
                is_secret=True,
            ),
        ),
    ),
)
