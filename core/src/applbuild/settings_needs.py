"""Which packages and kernel arguments the settings of a kickstart need."""

from __future__ import annotations

from collections.abc import Iterator

from applbuild.model.network import is_numbered
from applbuild.model.plan import Needs
from applbuild.model.request import PackageName, Request
from applbuild.model.settings import Settings

_TIME_CLIENTS = ("chrony", "systemd-timesyncd", "ntp", "ntpsec", "openntpd")


def settings_needs(request: Request) -> Needs:
    """Return what the settings of *request* need of any system, by the family of its packages."""
    debs = tuple(PackageName(name=name, reason=why) for name, why in _debs(request))
    rpms = tuple(PackageName(name=name, reason=why) for name, why in _rpms(request))
    return Needs(packages=(("deb", debs), ("rpm", rpms)), arguments=_arguments(request.settings))


def _arguments(settings: Settings) -> tuple[str, ...]:
    # systemd.net-naming-scheme(7): the kernel's own names, as the kickstart has them.
    return ("net.ifnames=0",) if any(map(is_numbered, settings.interfaces)) else ()


def _debs(request: Request) -> Iterator[tuple[str, str]]:
    settings = request.settings
    if request.nics:
        yield "systemd-resolved|systemd", "names from the DHCP server"
    if any(not name.startswith(("C.", "POSIX")) and name != "C" for name in _locales(settings)):
        yield "locales", f"lang {settings.language.locale if settings.language else ''}"
    keyboard = settings.keyboard
    if keyboard and (keyboard.layouts or keyboard.keymap != "us"):
        yield "console-setup", f"keyboard {keyboard.keymap or keyboard.layouts[0]}"
    if settings.clock.timezone:
        yield "tzdata", f"timezone {settings.clock.timezone}"
    wanted = {package.name for package in request.packages.wanted}
    if settings.clock.servers and not wanted.intersection(_TIME_CLIENTS):
        has_nts = any(server.has_nts for server in settings.clock.servers)
        name = "chrony" if has_nts else "systemd-timesyncd"
        yield name, f"time from {settings.clock.servers[0].name}"
    if settings.firewall and settings.firewall.is_enabled:
        yield "netbase", "firewalld cannot do without /etc/protocols"
    yield from _common(settings)


def _rpms(request: Request) -> Iterator[tuple[str, str]]:
    settings = request.settings
    wanted = {package.name for package in request.packages.wanted}
    if request.nics and "systemd-networkd" not in wanted:
        # Where neither is a package of its own, systemd has networkd in it.
        yield "NetworkManager|systemd-networkd|systemd", "the network"
    for name in dict.fromkeys(name.partition("_")[0] for name in _locales(settings)):
        if name.partition(".")[0] not in {"C", "POSIX"}:
            yield f"glibc-langpack-{name}|glibc-common", f"lang {name}"
    if settings.keyboard:
        yield "kbd", "keyboard"
    if settings.clock.timezone:
        yield "tzdata", f"timezone {settings.clock.timezone}"
    if settings.clock.servers:
        yield "chrony", f"time from {settings.clock.servers[0].name}"
    if settings.authselect:
        yield "authselect", "authselect"
    if settings.first_boot and settings.first_boot.is_enabled:
        yield "initial-setup", "firstboot --enable"
    yield from _common(settings)


def _common(settings: Settings) -> Iterator[tuple[str, str]]:
    if settings.firewall and settings.firewall.is_enabled:
        yield "firewalld", "firewall --enabled"
    if any(certificate.folder is None for certificate in settings.certificates):
        yield "ca-certificates", "%certificate --type=anchor"
    if settings.has_root_ssh:
        yield "openssh-server", "rootpw --allow-ssh"


def _locales(settings: Settings) -> tuple[str, ...]:
    language = settings.language
    return (language.locale, *language.further) if language else ()
