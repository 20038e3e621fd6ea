"""`lang`, `keyboard`, `timezone` and `timesource` as values."""

from __future__ import annotations

import re

import attrs

from applbuild.kickstart.grammar import Statement
from applbuild.kickstart.reading import Reading
from applbuild.model.problem import Place, Severity
from applbuild.model.settings import Keyboard, Language, TimeServer

_KEYMAP = re.compile(r"[A-Za-z0-9_.+-]+", re.ASCII)
_LAYOUT = re.compile(r"[A-Za-z0-9_-]+( *\([A-Za-z0-9_+-]+\))?", re.ASCII)
_SWITCH = re.compile(r"[A-Za-z0-9_]+:[A-Za-z0-9_]+", re.ASCII)
_LOCALE = re.compile(r"[A-Za-z0-9_.@-]+", re.ASCII)
_ZONE = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*", re.ASCII)
_SERVER = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.:-]*[A-Za-z0-9])?\.?", re.ASCII)
_BUILT_IN = ("C", "POSIX", "C.UTF-8", "C.utf8")


def _lang(reading: Reading, statement: Statement) -> Reading:
    names = (statement.data.lang, *statement.data.addsupport)
    for name in names:
        if not _LOCALE.fullmatch(name):
            return reading.problem(f"{name!r} is no locale", statement.item.place)
    locale, *further = dict.fromkeys(map(_with_encoding, names))
    language = Language(locale=locale, further=tuple(further), place=statement.item.place)
    return reading.settings(language=language)


def _with_encoding(name: str) -> str:
    """Return *name* in the encoding that Anaconda's systems have where it names none: UTF-8."""
    if "." in name or name in _BUILT_IN:
        return name
    language, at, modifier = name.partition("@")
    return f"{language}.UTF-8{at}{modifier}"


def _langsupport(reading: Reading, statement: Statement) -> Reading:
    """Have the locales there that the line names; it stood below `lang`, which says the first."""
    place, language = statement.item.place, reading.request.settings.language
    names = [given.value for given in statement.given]
    for name in names:
        if not _LOCALE.fullmatch(name):
            return reading.problem(f"{name!r} is no locale", place)
    if not names:
        return reading.problem("`langsupport` names no further locale", place, Severity.NOTE)
    if language is None:
        message = "`langsupport` has no effect without `lang` above it"
        return reading.problem(message, place, Severity.WARNING, "write `lang`")
    every = dict.fromkeys([language.locale, *language.further, *map(_with_encoding, names)])
    return reading.settings(language=attrs.evolve(language, further=tuple(every)[1:]))


def _keyboard(reading: Reading, statement: Statement) -> Reading:
    data, place = statement.data, statement.item.place
    named = [given.value for given in statement.given if given.name in {"<kbd>", "--vckeymap"}]
    keymap = named[-1] if named else None
    layouts = tuple(layout.strip() for layout in data.x_layouts)
    for pattern, kind, values in (
        (_KEYMAP, "keymap", named),
        (_LAYOUT, "layout of a keyboard", layouts),
        (_SWITCH, "way to switch layouts", data.switch_options),
    ):
        for value in values:
            if not pattern.fullmatch(value):
                return reading.problem(f"{value!r} is no {kind}", place)
    keyboard = Keyboard(
        keymap=keymap, layouts=layouts, switches=tuple(data.switch_options), place=place
    )
    return reading.settings(keyboard=keyboard)


def _timezone(reading: Reading, statement: Statement) -> Reading:
    data, place = statement.data, statement.item.place
    clock = attrs.evolve(reading.request.settings.clock, is_utc=bool(data.isUtc), place=place)
    if data.timezone:
        if not _ZONE.fullmatch(data.timezone):
            return reading.problem(f"{data.timezone!r} is no time zone", place)
        clock = attrs.evolve(clock, timezone=data.timezone)
    if data.nontp:
        clock = attrs.evolve(clock, is_synchronised=False)
    reading = reading.settings(clock=clock)
    for server in data.ntpservers:
        reading = _time_server(reading, TimeServer(name=server, place=place), place)
    return reading


def _timesource(reading: Reading, statement: Statement) -> Reading:
    data, place = statement.data, statement.item.place
    if data.ntp_disable:
        clock = attrs.evolve(reading.request.settings.clock, is_synchronised=False)
        return reading.settings(clock=clock)
    server = TimeServer(
        name=data.ntp_server or data.ntp_pool,
        is_pool=bool(data.ntp_pool),
        has_nts=bool(data.nts),
        place=place,
    )
    return _time_server(reading, server, place)


def _time_server(reading: Reading, server: TimeServer, place: Place) -> Reading:
    if not _SERVER.fullmatch(server.name):
        message = f"{server.name!r} cannot be the name of a time server"
        return reading.problem(message, place)
    clock = reading.request.settings.clock
    kept = tuple(other for other in clock.servers if other.name != server.name)
    # Of `--nontp` and a server the last counts.
    clock = attrs.evolve(clock, servers=(*kept, server), is_synchronised=None)
    return reading.settings(clock=clock)


REGION = {
    "lang": _lang,
    "langsupport": _langsupport,
    "keyboard": _keyboard,
    "timezone": _timezone,
    "timesource": _timesource,
}
