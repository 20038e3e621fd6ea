"""What the installed system is told about itself."""

from __future__ import annotations

from applbuild.kickstart.rules import (
    Entry,
    Fate,
    Word,
    honoured,
    removed,
    same,
)
from applbuild.kickstart.table.network import NETWORK

_GRAPHICS = "the graphics of a machine are found when it starts"

_PLACE = (
    Entry(
        "lang",
        Fate.HONOURED,
        "the language of the system",
        (
            honoured("<lang>", "the locale"),
            honoured("--addsupport", "further locales that are there, too"),
        ),
    ),
    Entry(
        "keyboard",
        Fate.HONOURED,
        "the layout of the keyboard",
        (
            honoured("<kbd>", "the keymap of the console; the layout of a desktop follows from it"),
            honoured("--vckeymap", "the keymap of the console"),
            honoured(
                "--xlayouts",
                "the layouts of a graphical desktop; without a keymap, that of the console follows"
                " from the first",
            ),
            honoured("--switch", "the keys that switch between layouts"),
        ),
    ),
    Entry(
        "timezone",
        Fate.HONOURED,
        "the time zone",
        (
            honoured("<timezone>", "its name, as in /usr/share/zoneinfo"),
            honoured("--utc --isUtc", "the machine's clock runs in UTC"),
            honoured("--nontp", "no time server is asked"),
            honoured("--ntpservers", "the time servers, of chrony or systemd-timesyncd"),
        ),
    ),
    Entry(
        "timesource",
        Fate.HONOURED,
        "where the time comes from, for chrony or systemd-timesyncd",
        (
            honoured("--ntp-server", "a time server"),
            honoured("--ntp-pool", "a name that stands for several"),
            honoured("--ntp-disable", "no time server is asked"),
            honoured("--nts", "it proves who it is; this needs chrony"),
        ),
    ),
    Entry(
        "langsupport",
        Fate.HONOURED,
        "further locales that are there, too",
        (
            honoured("<arguments>", "a locale"),
            removed("--default", "Fedora 7", Fate.HONOURED, "a locale", takes_value=True),
        ),
        era="Fedora 7",
    ),
)

_SERVICES = (
    Entry(
        "services",
        Fate.HONOURED,
        "what starts with the system",
        (
            honoured("--enabled", "turned on"),
            honoured("--disabled", "turned off"),
        ),
    ),
    Entry(
        "firewall",
        Fate.HONOURED,
        "the firewall, by firewalld; without a line it stays as the packages set it up",
        (
            honoured("--enable --enabled", "on; ssh stays reachable unless it is removed"),
            honoured("--disable --disabled", "off"),
            honoured("--service", "what may be reached, by its name"),
            honoured("--ssh --ftp --http --smtp", "the service of this name may be reached"),
            honoured("--port", "a port that may be reached, as `8080:tcp`"),
            honoured("--remove-service", "what may not be reached, by its name"),
            honoured("--trust", "an interface from which everything may be reached"),
            honoured("--use-system-defaults", "it stays as the packages set it up"),
            removed("--high --medium", "Fedora 9", Fate.HONOURED, "on, as with --enabled"),
            removed("--telnet", "Fedora 14", Fate.HONOURED, "port 23 may be reached"),
        ),
    ),
    Entry(
        "selinux",
        Fate.HONOURED,
        "the mode of SELinux, where the system has a policy; all files are labelled",
        (
            honoured("--enforcing", "it forbids"),
            honoured("--permissive", "it only warns"),
            honoured("--disabled", "it is off, and no file is labelled"),
        ),
    ),
    Entry("skipx", Fate.HONOURED, "the system starts without a graphical desktop"),
    Entry(
        "xconfig",
        Fate.HONOURED,
        "the graphical desktop",
        (
            honoured("--startxonboot", "the system starts with it"),
            honoured(
                "--defaultdesktop",
                "which one sessions have, where the system knows /etc/sysconfig/desktop",
            ),
            removed("--server", "Fedora Core 6", Fate.IRRELEVANT, _GRAPHICS, takes_value=True),
            removed(
                "--card --hsync --monitor --vsync",
                "Fedora 9",
                Fate.IRRELEVANT,
                _GRAPHICS,
                takes_value=True,
            ),
            removed(
                "--depth --driver --resolution --videoram",
                "Fedora 14",
                Fate.IRRELEVANT,
                _GRAPHICS,
                takes_value=True,
            ),
            removed(
                "--noprobe",
                "Fedora 9",
                Fate.IRRELEVANT,
                _GRAPHICS,
            ),
        ),
    ),
    Entry(
        "firstboot",
        Fate.HONOURED,
        "whether initial-setup asks questions at the first start; without a line nobody is asked",
        (
            honoured("--enable --enabled", "it asks what the kickstart does not say"),
            honoured("--reconfig", "it asks everything"),
            honoured("--disable --disabled", "it asks nothing"),
        ),
    ),
    Entry(
        "rhsm",
        Fate.IRRELEVANT,
        "the system is not registered: a registration belongs to one machine, and an image is for"
        " many",
        (
            same("--organization --connect-to-insights --flatpak-registry-url --proxy"),
            same("--rhsm-baseurl --server-hostname"),
            same("--activation-key", is_secret=True),
        ),
        instead="register each machine when it starts, by a unit that %post writes",
        era="RHEL only",
    ),
    Entry(
        "syspurpose",
        Fate.HONOURED,
        "what the system is for, as subscription-manager reads it",
        (
            Word("--role", Fate.HONOURED, "its role", takes_value=True),
            Word("--sla", Fate.HONOURED, "its service level", takes_value=True),
            Word("--usage", Fate.HONOURED, "how it is used", takes_value=True),
            Word("--addon", Fate.HONOURED, "a product on top of it", takes_value=True),
        ),
        era="RHEL only",
    ),
)

SYSTEM = (*_PLACE, NETWORK, *_SERVICES)
