"""Where the software comes from, and what of it is installed."""

from __future__ import annotations

from applbuild.kickstart.rules import Entry, Fate, honoured, irrelevant, removed, same

_OSTREE = "images of a file tree in a repository of trees or containers are not made"
_ELSEWHERE = "packages come from `url` and `repo`, else from this host's own sources"
_URL = "write `url --url=` with the address of the packages"

_TRANSFER = (
    honoured("--mirrorlist --metalink", "where their mirrors are listed"),
    honoured("--proxy", "what they are fetched through"),
    honoured("--noverifyssl", "the server need not prove who it is"),
    honoured("--sslcacert --sslclientcert --sslclientkey", "who server and client are"),
)

# Options of packages and their sources are handed on: a payload says which it honours
# (BackendInfo.kickstart_options), and a build which of them the chosen payload does not.
SOFTWARE = (
    Entry(
        "url",
        Fate.HONOURED,
        "the packages of the distribution",
        (honoured("--url", "their address"), *_TRANSFER),
    ),
    Entry(
        "repo",
        Fate.HONOURED,
        "further packages",
        (
            honoured("--name", "how messages call them"),
            honoured("--baseurl", "their address"),
            *_TRANSFER,
            honoured("--cost", "which source is preferred"),
            honoured("--excludepkgs --includepkgs", "which of its packages are used"),
            honoured("--install", "the installed system knows this source"),
            removed(
                "--ignoregroups",
                "Fedora 40",
                Fate.HONOURED,
                "its groups are not used",
                takes_value=True,
            ),
            removed(
                "--priority",
                "never an option of an installer's `repo`",
                Fate.HONOURED,
                "the lower, the more it is preferred (dnf.conf)",
                takes_value=True,
            ),
        ),
    ),
    Entry(
        "liveimg",
        Fate.HONOURED,
        "a ready tree is taken instead of packages",
        (
            honoured("--url", "the directory or the tar"),
            honoured("--checksum", "the SHA-256 of the tar"),
            irrelevant("--proxy --noverifyssl", "it is a file of this host; nothing is fetched"),
        ),
    ),
    Entry(
        "ostreesetup",
        Fate.REFUSED,
        _OSTREE,
        (same("--osname --remote --url --ref --nogpg"),),
        instead=_URL,
    ),
    Entry(
        "ostreecontainer",
        Fate.REFUSED,
        _OSTREE,
        (same("--stateroot --url --transport --remote --no-signature-verification"),),
        instead=_URL,
    ),
    Entry(
        "bootc",
        Fate.REFUSED,
        _OSTREE,
        (same("--stateroot --source-imgref --target-imgref --bootloader --composefs"),),
        instead=_URL,
    ),
    Entry(
        "nfs",
        Fate.REFUSED,
        "packages are not read from NFS",
        (same("--server --dir --opts"),),
        instead=_URL,
    ),
    Entry(
        "harddrive",
        Fate.IRRELEVANT,
        f"no disk with packages is there; {_ELSEWHERE}",
        (
            same("--dir --partition"),
            removed("--biospart", "Fedora 33", Fate.IRRELEVANT, _ELSEWHERE, takes_value=True),
        ),
    ),
    Entry("cdrom hmc", Fate.IRRELEVANT, f"no medium is read; {_ELSEWHERE}"),
    Entry(
        "module",
        Fate.HONOURED,
        "which stream of a module packages are taken from",
        (
            honoured("--name", "the module", takes_value=True),
            honoured("--stream", "its stream; without it the usual one", takes_value=True),
            honoured("--disable", "none of its packages is used"),
        ),
        era="Fedora 45",
    ),
    Entry("method", Fate.REFUSED, "it says nothing by itself", instead=_URL, era="Fedora 40"),
    Entry(
        "%packages",
        Fate.HONOURED,
        "what is installed",
        (
            honoured("--excludedocs", "documentation is left out"),
            honoured("--nocore", "the group @core is not added"),
            honoured("--ignoremissing", "a name that no source has is left out"),
            honoured(
                "--exclude-weakdeps --excludeWeakdeps",
                "packages that are only recommended are left out",
            ),
            honoured("--inst-langs --instLangs", "translations of these languages alone"),
            honoured("--default", "the first environment of the sources is installed"),
            honoured("--multilib", "packages of every architecture that the machine runs"),
            honoured("--ignorebroken", "packages that contradict others are left out"),
            honoured("--timeout --retries", "how long, and how often, downloads are tried"),
            removed("--nobase", "Fedora 22", Fate.IRRELEVANT, "the group @base is never added"),
            removed(
                "--ignoredeps --resolvedeps",
                "Fedora 9",
                Fate.IRRELEVANT,
                "dependencies are always installed",
            ),
            honoured("--nodefaults --optional", "which packages of a group are installed"),
        ),
    ),
)
