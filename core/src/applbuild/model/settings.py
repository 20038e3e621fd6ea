"""What the installed system is told about itself; and the secrets that travel beside it."""

from __future__ import annotations

import attrs

from applbuild.model.network import Interface
from applbuild.model.problem import Place


@attrs.frozen(kw_only=True)
class User:
    """One `user` line, or the root account (`rootpw`); the password is in Secrets."""

    name: str
    uid: int | None = None
    gid: int | None = None
    groups: tuple[str, ...] = ()
    home: str | None = None
    shell: str | None = None
    full_name: str = ""
    is_locked: bool = False
    place: Place | None = None


@attrs.frozen(kw_only=True)
class Group:
    """One `group` line."""

    name: str
    gid: int | None = None
    place: Place | None = None


@attrs.frozen(kw_only=True)
class SshKey:
    """One `sshkey` line: a public key that may log in as *user*."""

    user: str
    key: str
    place: Place | None = None


@attrs.frozen(kw_only=True)
class Service:
    """A unit that `services` turns on or off."""

    name: str
    is_enabled: bool
    place: Place | None = None


@attrs.frozen(kw_only=True)
class Language:
    """The `lang` line: locales as locale(7) writes them."""

    locale: str
    further: tuple[str, ...] = ()
    """Locales that are there, too."""
    place: Place | None = None


@attrs.frozen(kw_only=True)
class Keyboard:
    """The `keyboard` line. Where it names no keymap, that follows from the layouts; or these do."""

    keymap: str | None = None
    """Of the console."""
    layouts: tuple[str, ...] = ()
    """Of XKB, as setxkbmap(1) has them: `cz`, or `cz (qwerty)` with a variant."""
    switches: tuple[str, ...] = ()
    """XKB options that change the layout: `grp:alt_shift_toggle`."""
    place: Place | None = None


@attrs.frozen(kw_only=True)
class TimeServer:
    """Where the time comes from: a server, or a name that stands for many."""

    name: str
    is_pool: bool = False
    has_nts: bool = False
    place: Place | None = None


@attrs.frozen(kw_only=True)
class Clock:
    """Time zone and time servers; None leaves the system's own default."""

    timezone: str | None = None
    is_utc: bool = True
    """Whether the machine's clock runs in UTC."""
    is_synchronised: bool | None = None
    servers: tuple[TimeServer, ...] = ()
    place: Place | None = None


@attrs.frozen(kw_only=True)
class Firewall:
    """The `firewall` line."""

    is_enabled: bool = True
    services: tuple[str, ...] = ()
    closed_services: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    """`8080:tcp`"""
    trusted: tuple[str, ...] = ()
    """Interfaces from which everything is let in."""
    place: Place | None = None


@attrs.frozen(kw_only=True)
class Authselect:
    """The `authselect` line: the words that authselect(8) is run with."""

    words: tuple[str, ...]
    place: Place | None = None


@attrs.frozen(kw_only=True)
class Desktop:
    """What `skipx` and `xconfig` say; None leaves the system's own default."""

    is_started: bool | None = None
    session: str | None = None
    """`GNOME` or `KDE`."""
    place: Place | None = None


@attrs.frozen(kw_only=True)
class FirstBoot:
    """The `firstboot` line: whether the system asks questions when it starts for the first time."""

    is_enabled: bool = False
    is_reconfiguration: bool = False
    place: Place | None = None


@attrs.frozen(kw_only=True)
class Certificate:
    """One `%certificate` section."""

    name: str
    """Of its file."""
    folder: str | None = None
    """The folder of its file; None where the system keeps what it trusts."""
    text: str = attrs.field(repr=False)
    place: Place | None = None


@attrs.frozen(kw_only=True)
class Purpose:
    """The `syspurpose` line: what the system is for, as subscription-manager records it."""

    role: str | None = None
    service_level: str | None = None
    usage: str | None = None
    addons: tuple[str, ...] = ()
    place: Place | None = None


@attrs.frozen(kw_only=True)
class Settings:
    """What the installed system is told about itself; None leaves the system's own default."""

    language: Language | None = None
    keyboard: Keyboard | None = None
    clock: Clock = Clock()
    hostname: str | None = None
    interfaces: tuple[Interface, ...] = ()
    firewall: Firewall | None = None
    selinux: str | None = None
    """`enforcing`, `permissive` or `disabled`."""
    root: User = User(name="root", is_locked=True)
    has_root_ssh: bool = False
    """Whether root may log in over ssh with a password."""
    users: tuple[User, ...] = ()
    groups: tuple[Group, ...] = ()
    ssh_keys: tuple[SshKey, ...] = ()
    authselect: Authselect | None = None
    services: tuple[Service, ...] = ()
    desktop: Desktop = Desktop()
    first_boot: FirstBoot | None = None
    certificates: tuple[Certificate, ...] = ()
    purpose: Purpose | None = None


@attrs.frozen(kw_only=True)
class Secrets:
    """What nobody should read. Travels beside the Plan; never printed or stored."""

    hashes: tuple[tuple[str, str], ...] = attrs.field(default=(), repr=False)
    """crypt(5), by user name."""
    boot_hash: str | None = attrs.field(default=None, repr=False)
    """Of the boot loader's superuser: PBKDF2 with SHA-512, in GRUB's way of writing it."""
    addons: str = attrs.field(default="", repr=False)
    """The `%addon` sections that are kept, as they stand."""
