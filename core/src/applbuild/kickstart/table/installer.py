"""What speaks to the installer, and the sections that are scripts."""

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

_NO_SCREEN = "no installer is started, so there is no screen to show it on"
_NO_MACHINE = "the image starts nothing when it is finished"
_NO_INSTALLER = "no installer is started"
_NO_DEVICES = "the devices of a machine are found when it starts"

INSTALLER = (
    Entry("text graphical cmdline", Fate.IRRELEVANT, _NO_SCREEN, (same("--non-interactive"),)),
    Entry(
        "reboot poweroff shutdown halt", Fate.IRRELEVANT, _NO_MACHINE, (same("--eject --kexec"),)
    ),
    Entry(
        "eula",
        Fate.IRRELEVANT,
        "nobody is asked to agree",
        (same("--agreed --agree --accepted --accept"),),
    ),
    Entry(
        "logging",
        Fate.IRRELEVANT,
        "the log of the installer goes nowhere",
        (
            same("--host --port"),
            removed("--level", "Fedora 40", Fate.IRRELEVANT, _NO_INSTALLER, takes_value=True),
        ),
    ),
    Entry("mediacheck", Fate.IRRELEVANT, "there is no medium to check"),
    Entry("updates", Fate.IRRELEVANT, _NO_INSTALLER, (same("<url>"),)),
    Entry(
        "driverdisk",
        Fate.IRRELEVANT,
        _NO_INSTALLER,
        (
            same("<partition> --source --biospart"),
            removed("--type", "Fedora 14", Fate.IRRELEVANT, _NO_INSTALLER, takes_value=True),
        ),
    ),
    Entry(
        "rdp",
        Fate.IRRELEVANT,
        _NO_SCREEN,
        (same("--username"), same("--password", is_secret=True)),
    ),
    Entry(
        "rescue",
        Fate.REFUSED,
        "this file starts a rescue system; it installs nothing",
        (same("--nomount --romount"),),
        instead="leave it out",
    ),
    Entry("install", Fate.IRRELEVANT, "an image is always a new installation", era="Fedora 34"),
    Entry(
        "upgrade",
        Fate.REFUSED,
        "there is no older system to upgrade",
        era="Fedora 29",
        instead="leave it out",
    ),
    Entry("interactive", Fate.IRRELEVANT, "nobody is asked", era="Fedora 15"),
    Entry("autostep", Fate.IRRELEVANT, _NO_SCREEN, era="Fedora 40"),
    Entry(
        "vnc",
        Fate.IRRELEVANT,
        _NO_SCREEN,
        (same("--password", is_secret=True),),
        era="Fedora 45",
    ),
    Entry("device deviceprobe", Fate.IRRELEVANT, _NO_DEVICES, era="Fedora 34"),
    Entry("monitor", Fate.IRRELEVANT, _NO_DEVICES, era="Fedora 18"),
    Entry("mouse", Fate.IRRELEVANT, _NO_DEVICES, era="Fedora 7"),
    Entry(
        "key",
        Fate.IRRELEVANT,
        "no installation number is asked for",
        (same("--skip"), same("<arguments>", is_secret=True)),
        era="RHEL 7",
    ),
    Entry("unsupported_hardware", Fate.IRRELEVANT, _NO_INSTALLER, era="RHEL 8"),
)

_OPTIONS = (
    honoured("--interpreter", "what runs it"),
    honoured("--erroronfail", "the build ends when it fails"),
)
_OUTSIDE = (
    *_OPTIONS,
    honoured("--log --logfile", "its output is kept in this file of the build's room"),
)
_SAME_OPTIONS = (same("--interpreter --erroronfail --log --logfile"),)

SECTIONS = (
    Entry(
        "%post",
        Fate.HONOURED,
        "runs in the installed system",
        (
            *_OPTIONS,
            honoured(
                "--log --logfile",
                "its output is kept in this file of the system (with --nochroot, of the room)",
            ),
            honoured("--nochroot", "runs outside of it, in the build's room"),
        ),
    ),
    Entry(
        "%pre",
        Fate.HONOURED,
        "runs before a build (`build`, `plan --run-pre`) in a room of its own; what it writes is "
        "included",
        _OUTSIDE,
    ),
    Entry(
        "%pre-install",
        Fate.HONOURED,
        "runs in the build's room before packages are installed into /mnt/sysimage",
        _OUTSIDE,
    ),
    Entry(
        "%onerror",
        Fate.HONOURED,
        "runs in the build's room when making the system or its disks fails; what it prints is "
        "told",
        (
            honoured("--interpreter", "what runs it"),
            honoured("--log --logfile", "its output is kept in this file of the build's room"),
            irrelevant("--erroronfail", "the build has failed already"),
        ),
    ),
    Entry("%traceback", Fate.IRRELEVANT, _NO_INSTALLER, _SAME_OPTIONS),
    Entry(
        "%certificate",
        Fate.HONOURED,
        "a certificate in the system",
        (
            honoured("--filename", "the name of its file"),
            honoured("--dir", "the folder of its file"),
            honoured("--type", "the system trusts it, and knows the folder itself", "anchor"),
            refused("--type", "there is no such type", instead="write --type=anchor or --dir"),
        ),
    ),
    Entry(
        "%addon",
        Fate.IRRELEVANT,
        "no add-on of an installer is run; it is kept in /root/anaconda-ks.cfg, where those of"
        " initial-setup read it",
        (
            Word(
                "<arguments>",
                Fate.IRRELEVANT,
                "no memory is set aside for a kernel that saves what is left after a crash",
                values=("com_redhat_kdump",),
                instead="where it is wanted, write bootloader --append=crashkernel=256M, and"
                " install and enable kdump",
                is_decisive=True,
            ),
            Word(
                "<arguments>",
                Fate.REFUSED,
                "no security policy is applied, which is the work of an installer's add-on",
                values=("org_fedora_oscap", "com_redhat_oscap"),
                instead="run `oscap xccdf eval --remediate` in %post",
                is_decisive=True,
            ),
            Word(
                "<arguments>",
                Fate.IRRELEVANT,
                "a registration belongs to one machine, and an image is for many",
                values=("com_redhat_subscription_manager",),
                instead="register each machine when it starts, by a unit that %post writes",
                is_decisive=True,
            ),
            same("<arguments>"),
            same("--password --passphrase --activation-key", is_secret=True),
        ),
    ),
    Entry("%anaconda", Fate.IRRELEVANT, _NO_INSTALLER),
)
