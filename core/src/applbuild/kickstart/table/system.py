"""What the installed system is told about itself."""

from __future__ import annotations

from applbuild.kickstart.rules import (
    Entry,
    Fate,
    honoured,
    irrelevant,
    pending,
    removed,
    same,
)

_GRAPHICS = "the graphics of a machine are found when it starts"

_PLACE = (
    Entry(
        "lang",
        Fate.HONOURED,
        "the language of the system",
        (
            honoured("<lang>", "the locale"),
            pending("--addsupport", "further locales are not added"),
        ),
    ),
    Entry(
        "keyboard",
        Fate.HONOURED,
        "the layout of the keyboard",
        (
            honoured("<kbd>", "the keymap of the console"),
            honoured("--vckeymap", "the keymap of the console"),
            pending(
                "--xlayouts",
                "layouts of a graphical desktop are not set; the first is the keymap of the console"
                " where no other is given",
            ),
            pending("--switch", "no keys switch between layouts"),
        ),
    ),
    Entry(
        "timezone",
        Fate.HONOURED,
        "the time zone",
        (
            honoured("<timezone>", "its name, as in /usr/share/zoneinfo"),
            honoured("--utc --isUtc", "the machine's clock runs in UTC"),
            pending("--nontp", "clients of time servers stay as the packages set them up"),
            pending("--ntpservers", "time servers stay those of the packages"),
        ),
    ),
    Entry(
        "timesource",
        Fate.PENDING,
        "time servers stay those of the packages",
        (same("--ntp-server --ntp-pool --ntp-disable --nts"),),
    ),
    Entry(
        "langsupport",
        Fate.PENDING,
        "further locales are not added",
        (same("--default"),),
        era="Fedora 7",
    ),
)

_NETWORK = Entry(
    "network",
    Fate.HONOURED,
    "network interfaces and the name of the host",
    (
        honoured("--hostname", "the name of the host"),
        honoured("--bootproto", "every Ethernet gets its address by DHCP", "dhcp", "bootp"),
        pending("--bootproto", "the interface gets its address by DHCP instead"),
        honoured("--device --interfacename", "an Ethernet; every one is configured"),
        honoured("--onboot", "interfaces come up at boot", "yes", "on", "true", "1"),
        pending("--onboot", "interfaces come up at boot all the same"),
        honoured("--activate", "interfaces come up at boot"),
        irrelevant("--no-activate", "the installer's network is none of the image's"),
        irrelevant("--notksdevice", "no kickstart is fetched through an interface"),
        pending("--ip --netmask --gateway", "the interface gets its address by DHCP instead"),
        pending("--ipv6 --ipv6gateway", "IPv6 addresses come from the router"),
        pending("--nameserver --nodns", "name servers are those that DHCP names"),
        pending(
            "--ipv4-dns-search --ipv6-dns-search --ipv4-ignore-auto-dns --ipv6-ignore-auto-dns",
            "name servers and search domains are those that DHCP names",
        ),
        pending("--nodefroute", "the default route is what DHCP says"),
        pending("--noipv4 --noipv6", "both IPv4 and IPv6 stay in use"),
        pending("--mtu --ethtool --dhcpclass", "the interface is configured without it"),
        pending("--bindto", "the configuration is bound to no hardware address"),
        pending("--bondslaves --bondopts", "no bond is made"),
        pending("--teamslaves --teamconfig", "no team is made"),
        pending("--bridgeslaves --bridgeopts", "no bridge is made"),
        pending("--vlanid", "no VLAN is made"),
        pending("--essid", "no wireless network is joined"),
        pending("--wepkey --wpakey", "no wireless network is joined", is_secret=True),
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
        Fate.PENDING,
        "the firewall stays as the packages set it up",
        (
            same("--disable --disabled --enable --enabled --port --trust --service --ftp --http"),
            same("--smtp --ssh --remove-service --use-system-defaults"),
            removed("--high --medium", "Fedora 9", Fate.PENDING, "there are no such levels"),
            removed(
                "--telnet",
                "Fedora 14",
                Fate.PENDING,
                "the firewall stays as the packages set it up",
            ),
        ),
    ),
    Entry(
        "selinux",
        Fate.PENDING,
        "SELinux stays as the packages set it up",
        (same("--disabled --enforcing --permissive"),),
    ),
    Entry("skipx", Fate.PENDING, "whether a desktop starts is as the packages set it up"),
    Entry(
        "xconfig",
        Fate.PENDING,
        "whether a desktop starts, and which, is as the packages set it up",
        (
            same("--defaultdesktop --startxonboot"),
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
        Fate.IRRELEVANT,
        "no questions are asked when the image starts for the first time",
        (
            same("--disable --disabled"),
            pending("--enable --enabled --reconfig", "no questions are asked at the first start"),
        ),
    ),
    Entry(
        "rhsm",
        Fate.PENDING,
        "the system is not registered",
        (
            same("--organization --connect-to-insights --flatpak-registry-url --proxy"),
            same("--rhsm-baseurl --server-hostname"),
            same("--activation-key", is_secret=True),
        ),
        era="RHEL only",
    ),
    Entry(
        "syspurpose",
        Fate.PENDING,
        "the system's purpose is not recorded",
        (same("--addon --role --sla --usage"),),
        era="RHEL only",
    ),
)

SYSTEM = (*_PLACE, _NETWORK, *_SERVICES)
