"""What the installed system does with the network."""

from __future__ import annotations

from applbuild.kickstart.rules import Entry, Fate, Word, honoured, irrelevant, refused

NETWORK = Entry(
    "network",
    Fate.HONOURED,
    "network interfaces and the name of the host",
    (
        honoured("--hostname", "the name of the host"),
        honoured(
            "--device",
            "every Ethernet card that no other line speaks of; with a static address the first,"
            " `eth0`",
            "",
            "link",
            "bootif",
            "ibft",
        ),
        honoured(
            "--device",
            "the card of this number; the kernel then numbers cards (`net.ifnames=0`), in the order"
            " in which it finds them",
            "eth[0-9]*",
        ),
        honoured("--device", "the card with this hardware address", "??:??:??:??:??:??"),
        honoured("--device", "the interface of this name"),
        honoured("--bootproto", "its address comes by DHCP", "dhcp", "bootp", "query"),
        honoured("--bootproto", "its address is that of --ip, and without it by DHCP", "ibft"),
        honoured("--bootproto", "its address is that of --ip"),
        honoured("--ip --netmask --gateway", "its IPv4 address, network and default route"),
        honoured(
            "--ipv6",
            "its IPv6 address, or `auto` (as the router says, and the default) or `dhcp`",
        ),
        honoured("--ipv6gateway", "its default route for IPv6"),
        honoured("--noipv4 --noipv6", "it has no addresses of this kind"),
        honoured("--nameserver", "the name servers"),
        honoured("--nodns", "name servers that the network offers are not used"),
        honoured("--ipv4-ignore-auto-dns --ipv6-ignore-auto-dns", "nor those of one kind"),
        honoured("--ipv4-dns-search --ipv6-dns-search", "where short names are looked for"),
        honoured("--nodefroute", "no default route leads through it"),
        honoured("--onboot", "whether it comes up at boot; it does unless this says `no`"),
        honoured("--activate", "it comes up at boot, unless --onboot says `no`"),
        irrelevant("--no-activate", "the network of the installer is none of the image's"),
        honoured("--mtu", "the largest packet, in bytes"),
        honoured("--ethtool", "`autoneg`, `speed`, `duplex` and `wol` of the card"),
        honoured("--dhcpclass", "the class that it tells the DHCP server"),
        irrelevant(
            "--bindto",
            "the hardware addresses of machines are not known when an image is made; a card is"
            " bound to one by `--device=ADDRESS`",
        ),
        honoured("--hostname", "the name of the host; alone on a line it is about no interface"),
        honoured("--bondslaves --bondopts", "a bond of these cards, and its options"),
        honoured("--bridgeslaves --bridgeopts", "a bridge of these interfaces, and its options"),
        honoured("--vlanid", "a VLAN on the device, or on the bond of the same line"),
        honoured("--interfacename", "the name of the VLAN; DEVICE.NUMBER without it"),
        refused(
            "--teamslaves --teamconfig",
            "distributions no longer have teams",
            instead="write --bondslaves, with --bondopts=mode=active-backup or another mode",
        ),
        irrelevant("--notksdevice", "no kickstart is fetched through an interface"),
        irrelevant("--essid", "a virtual machine has no wireless card"),
        Word(
            "--wepkey --wpakey",
            Fate.IRRELEVANT,
            "a virtual machine has no wireless card",
            is_secret=True,
        ),
    ),
)
