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
from applbuild.model.problem import Severity
from applbuild.model.settings import (
    Authselect,
    Certificate,
    Firewall,
    FirstBoot,
    Purpose,
    Service,
)

_PORT = re.compile(r"[A-Za-z0-9-]+(:(tcp|udp|sctp|dccp))?", re.ASCII)
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*", re.ASCII)
_TELNET = "23:tcp"


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
    opened = [_TELNET] if statement.has("--telnet") else []
    firewall = Firewall(
        is_enabled=data.enabled is not False,
        services=tuple(dict.fromkeys(data.services)),
        closed_services=tuple(dict.fromkeys(data.remove_services)),
        ports=tuple(dict.fromkeys([*data.ports, *opened])),
        trusted=tuple(dict.fromkeys(data.trusts)),
        place=place,
    )
    return reading.settings(firewall=firewall)


def _selinux(reading: Reading, statement: Statement) -> Reading:
    modes = {SELINUX_DISABLED: "disabled", SELINUX_ENFORCING: "enforcing"}
    return reading.settings(selinux=modes.get(statement.data.selinux, "permissive"))


def _skipx(reading: Reading, statement: Statement) -> Reading:
    desktop = reading.request.settings.desktop
    if desktop.is_started:
        reading = _against(reading, "skipx", "xconfig --startxonboot", statement)
    return reading.settings(
        desktop=attrs.evolve(desktop, is_started=False, place=statement.item.place)
    )


def _against(reading: Reading, said: str, earlier: str, statement: Statement) -> Reading:
    message = f"`{said}` takes the place of the `{earlier}` before it"
    return reading.problem(message, statement.item.place, Severity.NOTE)


def _xconfig(reading: Reading, statement: Statement) -> Reading:
    data, desktop = statement.data, reading.request.settings.desktop
    if desktop.is_started is False and data.startX:
        reading = _against(reading, "xconfig --startxonboot", "skipx", statement)
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


def _certificate(reading: Reading, statement: Statement) -> Reading:
    said = {given.name: given.value for given in statement.given}
    place, name, folder = statement.item.place, said.get("--filename", ""), said.get("--dir")
    if "/" in name or name in {"", ".", ".."}:
        return reading.problem(f"{name!r} cannot be the name of a file", place)
    if "--type" in said:
        folder = None  # as in Anaconda
    elif folder is not None and not folder.startswith("/"):
        message = f"%certificate --dir={folder} is no folder of the system"
        return reading.problem(message, place, hint="write a whole path")
    text = "".join(f"{line.text}\n" for line in statement.item.body or ())
    if not text.strip():
        return reading.problem("the %certificate section is empty", place, Severity.WARNING)
    certificate = Certificate(name=name, folder=folder, text=text, place=place)
    others = (
        other
        for other in reading.request.settings.certificates
        if (other.name, other.folder) != (name, folder)
    )
    return reading.settings(certificates=(*others, certificate))


def _syspurpose(reading: Reading, statement: Statement) -> Reading:
    said = {given.name: given.value for given in statement.given}
    purpose = Purpose(
        role=said.get("--role") or None,
        service_level=said.get("--sla") or None,
        usage=said.get("--usage") or None,
        addons=tuple(it.value for it in statement.given if it.name == "--addon"),
        place=statement.item.place,
    )
    return reading.settings(purpose=purpose)


SERVICES = {
    "services": _services,
    "firewall": _firewall,
    "selinux": _selinux,
    "skipx": _skipx,
    "xconfig": _xconfig,
    "firstboot": _firstboot,
    "authselect": _authselect,
    "syspurpose": _syspurpose,
    "%certificate": _certificate,
}
