"""Accounts, language, network and services as values."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from applbuild.kickstart.grammar import Statement
from applbuild.kickstart.reading import Reading
from applbuild.model.problem import Severity
from applbuild.model.request import Group, Service, SshKey, User

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}\$?", re.ASCII)
_GROUP = re.compile(rf"({_NAME.pattern})\s*(?:\((\d+)\))?", re.ASCII)
_KEYMAP = re.compile(r"[A-Za-z0-9_.+-]+", re.ASCII)
_LOCALE = re.compile(r"[A-Za-z0-9_.@-]+", re.ASCII)
_ZONE = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,252}[A-Za-z0-9])?\.?", re.ASCII)
_MAX_ID = 2**32 - 2
_MADE_OF_OTHERS = ("--bondslaves", "--teamslaves", "--bridgeslaves", "--vlanid")
_WHICHEVER = ("", "link", "bootif", "ibft")


def _rootpw(reading: Reading, statement: Statement) -> Reading:
    is_locked = bool(statement.data.lock)
    return reading.settings(root=User(name="root", is_locked=is_locked, place=statement.item.place))


def _user(reading: Reading, statement: Statement) -> Reading:
    data, place = statement.data, statement.item.place
    if complaint := _account_complaint(data):
        return reading.problem(complaint, place)
    if data.name == "root":
        message = "the account root is in every system"
        return reading.problem(message, place, hint="write `rootpw`")
    groups = [_GROUP.fullmatch(group) for group in data.groups]
    user = User(
        name=data.name,
        uid=data.uid,
        gid=data.gid,
        groups=tuple(group[1] for group in groups if group),
        home=data.homedir or None,
        shell=data.shell or None,
        full_name=data.gecos,
        is_locked=bool(data.lock),
        place=place,
    )
    others = reading.request.settings.users
    kept = tuple(other for other in others if other.name != user.name)
    if len(kept) < len(others):
        message = f"the account {user.name} is described before; this line replaces it"
        reading = reading.problem(message, place, Severity.NOTE)
    # `--groups=staff(70)` says the number of a group, too.
    known = {group.name for group in reading.request.settings.groups}
    numbered = tuple(
        Group(name=group[1], gid=int(group[2]), place=place)
        for group in groups
        if group and group[2] and group[1] not in known
    )
    return reading.settings(
        users=(*kept, user), groups=(*reading.request.settings.groups, *numbered)
    )


def _account_complaint(data: Any) -> str:
    """Return what is wrong with a user or group, or nothing; it goes into /etc/passwd as it is."""
    if not _NAME.fullmatch(data.name):
        return f"{data.name!r} cannot be the name of an account or a group"
    for group in getattr(data, "groups", ()):
        if not _GROUP.fullmatch(group):
            return f"{group!r} cannot be the name of a group of {data.name}"
    for field in ("uid", "gid"):
        number = getattr(data, field, None)
        if number is not None and not 0 <= number <= _MAX_ID:
            return f"{number} cannot be the {field} of {data.name}"
    for field in ("gecos", "homedir", "shell"):
        if ":" in (getattr(data, field, None) or ""):
            return f"a colon cannot be in the {field} of {data.name}"
    return ""


def _group(reading: Reading, statement: Statement) -> Reading:
    data, place = statement.data, statement.item.place
    if complaint := _account_complaint(data):
        return reading.problem(complaint, place)
    group = Group(name=data.name, gid=data.gid, place=place)
    kept = (other for other in reading.request.settings.groups if other.name != group.name)
    return reading.settings(groups=(*kept, group))


def _sshkey(reading: Reading, statement: Statement) -> Reading:
    data = statement.data
    key = SshKey(user=data.username, key=data.key, place=statement.item.place)
    return reading.settings(ssh_keys=(*reading.request.settings.ssh_keys, key))


def _lang(reading: Reading, statement: Statement) -> Reading:
    language = statement.data.lang
    if not _LOCALE.fullmatch(language):
        return reading.problem(f"{language!r} is no locale", statement.item.place)
    return reading.settings(language=language)


def _keyboard(reading: Reading, statement: Statement) -> Reading:
    # Anaconda derives the console's keymap from the first layout, too; a variant
    # ("cz (qwerty)") has no keymap of its own name.
    layouts = [layout.partition("(")[0].strip() for layout in statement.data.x_layouts]
    named = [given.value for given in statement.given if given.name in {"<kbd>", "--vckeymap"}]
    keymap = (named[-1:] or layouts[:1] or [""])[0]
    if not _KEYMAP.fullmatch(keymap):
        return reading.problem(f"{keymap!r} is no keymap", statement.item.place)
    return reading.settings(keyboard=keymap)


def _timezone(reading: Reading, statement: Statement) -> Reading:
    data = statement.data
    reading = reading.settings(is_clock_utc=bool(data.isUtc))
    if not data.timezone:
        return reading
    if not _ZONE.fullmatch(data.timezone):
        return reading.problem(f"{data.timezone!r} is no time zone", statement.item.place)
    return reading.settings(timezone=data.timezone)


def _network(reading: Reading, statement: Statement) -> Reading:
    hostname = statement.data.hostname
    if not hostname:
        return reading
    if not _HOST.fullmatch(hostname):
        return reading.problem(f"{hostname!r} cannot be a host's name", statement.item.place)
    return reading.settings(hostname=hostname)


def count_interfaces(statements: Iterable[Statement]) -> int:
    """Return how many network interfaces the `network` lines among *statements* speak of."""
    devices: set[str] = set()
    for statement in statements:
        if statement.item.name != "network" or statement.data is None:
            continue
        for given in statement.given:
            if given.name in _MADE_OF_OTHERS[:3]:
                devices.update(given.value.split(","))
        if not any(statement.has(name) for name in _MADE_OF_OTHERS):
            devices.add(statement.data.device)
    return max(1, len(devices.difference(_WHICHEVER)))


def _services(reading: Reading, statement: Statement) -> Reading:
    data, place = statement.data, statement.item.place
    services = {service.name: service for service in reading.request.settings.services}
    for names, is_enabled in ((data.disabled, False), (data.enabled, True)):
        for name in names:
            services.pop(name, None)
            services[name] = Service(name=name, is_enabled=is_enabled, place=place)
    return reading.settings(services=tuple(services.values()))


SYSTEM = {
    "rootpw": _rootpw,
    "user": _user,
    "group": _group,
    "sshkey": _sshkey,
    "lang": _lang,
    "keyboard": _keyboard,
    "timezone": _timezone,
    "network": _network,
    "services": _services,
}
