"""What runs in the system, and what guards it, as values."""

from __future__ import annotations

import re

import attrs
from pykickstart.constants import (
    FIRSTBOOT_RECONFIG,
    FIRSTBOOT_SKIP,
    SELINUX_DISABLED,
    SELINUX_ENFORCING,
)

from applbuild.kickstart.grammar import Statement
from applbuild.kickstart.reading import Reading
from applbuild.model.settings import Addon, Authselect, Firewall, FirstBoot, Service

_PORT = re.compile(r"[A-Za-z0-9-]+(:(tcp|udp|sctp|dccp))?", re.ASCII)
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*", re.ASCII)


def _services(reading: Reading, statement: Statement) -> Reading:
    data, place = statement.data, statement.item.place
    services = {service.name: service for service in reading.request.settings.services}
    for names, is_enabled in ((data.disabled, False), (data.enabled, True)):
        for name in names:
            services.pop(name, None)
            services[name] = Service(name=name, is_enabled=is_enabled, place=place)
    return reading.settings(services=tuple(services.values()))


def _firewall(reading: Reading, statement: Statement) -> Reading:
    data, place = statement.data, statement.item.place
    if data.use_system_defaults:
        return reading.settings(firewall=None)
    for pattern, kind, values in (
        (_PORT, "port", data.ports),
        (_WORD, "service", (*data.services, *data.remove_services)),
        (_WORD, "interface", data.trusts),
    ):
        for value in values:
            if not pattern.fullmatch(value):
                return reading.problem(f"firewall: {value!r} is no {kind}", place)
    firewall = Firewall(
        is_enabled=data.enabled is not False,
        services=tuple(dict.fromkeys(data.services)),
        closed_services=tuple(dict.fromkeys(data.remove_services)),
        ports=tuple(dict.fromkeys(data.ports)),
        trusted=tuple(dict.fromkeys(data.trusts)),
        place=place,
    )
    return reading.settings(firewall=firewall)


def _selinux(reading: Reading, statement: Statement) -> Reading:
    modes = {SELINUX_DISABLED: "disabled", SELINUX_ENFORCING: "enforcing"}
    return reading.settings(selinux=modes.get(statement.data.selinux, "permissive"))


def _skipx(reading: Reading, statement: Statement) -> Reading:
    desktop = reading.request.settings.desktop
    return reading.settings(
        desktop=attrs.evolve(desktop, is_started=False, place=statement.item.place)
    )


def _xconfig(reading: Reading, statement: Statement) -> Reading:
    data, desktop = statement.data, reading.request.settings.desktop
    desktop = attrs.evolve(
        desktop,
        is_started=True if data.startX else desktop.is_started,
        session=data.defaultdesktop or desktop.session,
        place=statement.item.place,
    )
    return reading.settings(desktop=desktop)


def _firstboot(reading: Reading, statement: Statement) -> Reading:
    answer = statement.data.firstboot
    first_boot = FirstBoot(
        is_enabled=answer != FIRSTBOOT_SKIP,
        is_reconfiguration=answer == FIRSTBOOT_RECONFIG,
        place=statement.item.place,
    )
    return reading.settings(first_boot=first_boot)


def _authselect(reading: Reading, statement: Statement) -> Reading:
    words = statement.item.args[1:]
    if not words:
        return reading
    return reading.settings(authselect=Authselect(words=words, place=statement.item.place))


def _addon(reading: Reading, statement: Statement) -> Reading:
    item = statement.item
    lines = [" ".join(item.args), *(line.text for line in item.body or ()), "%end"]
    addon = Addon(
        name=next(iter(item.args[1:]), ""),
        text="".join(f"{line}\n" for line in lines),
        place=item.place,
    )
    return reading.settings(addons=(*reading.request.settings.addons, addon))


SERVICES = {
    "services": _services,
    "firewall": _firewall,
    "selinux": _selinux,
    "skipx": _skipx,
    "xconfig": _xconfig,
    "firstboot": _firstboot,
    "authselect": _authselect,
    "%addon": _addon,
}
