"""`url`, `repo`, `liveimg`, `%packages` and the scripts as values."""

from __future__ import annotations

import attrs

from applbuild.kickstart.grammar import Statement
from applbuild.kickstart.items import SCRIPTS
from applbuild.kickstart.judge import is_fated
from applbuild.kickstart.reading import Reading
from applbuild.kickstart.rules import Fate
from applbuild.kickstart.words import Given
from applbuild.model.problem import Problem, Severity
from applbuild.model.request import (
    ModuleStream,
    PackageName,
    Script,
    Source,
)

_LOCATIONS = ("--url", "--baseurl")
# Where Anaconda mounts it; the kickstart that Anaconda leaves behind names its add-ons there.
_MEDIUM = ("file:///run/install/", "file:///mnt/source/")
_SPELLINGS = {"instLangs": "inst-langs", "excludeWeakdeps": "exclude-weakdeps"}
_MAX_PROBLEMS = 100
_GROUP_OPTIONS = ("--nodefaults", "--optional")


def _pair(given: Given) -> tuple[str, str]:
    """Return *given* as an option of a value; one that takes nothing says `yes`."""
    name = given.name.removeprefix("--")
    return _SPELLINGS.get(name, name), given.value or "yes"


def _source(reading: Reading, statement: Statement) -> Reading:
    options = tuple(
        _pair(given)
        for given in statement.given
        if given.name not in {*_LOCATIONS, "--name"}
        and is_fated(statement, Fate.HONOURED, given.name)
    )
    source = Source(
        command=statement.item.name,
        url=next((given.value for given in statement.given if given.name in _LOCATIONS), ""),
        name=next((given.value for given in statement.given if given.name == "--name"), None),
        options=options,
        place=statement.item.place,
    )
    if f"{source.url}/".startswith(_MEDIUM):
        message = f"`{source.command}` names the medium of an installer: it is not used"
        hint = "where its packages are wanted, name an archive that has them"
        return reading.problem(message, statement.item.place, Severity.WARNING, hint)
    kept = []
    for other in reading.request.sources:
        # `url` and `liveimg` say one place each; a later `repo` of a name is the same again.
        is_same = other.command == source.command and other.name == source.name
        if not is_same:
            kept.append(other)
            continue
        message = f"`{other.command}` is replaced by the one at {source.place}"
        reading = reading.problem(message, other.place or statement.item.place, Severity.NOTE)
    return reading.evolve(sources=(*kept, source))


def _module(reading: Reading, statement: Statement) -> Reading:
    place = statement.item.place
    said = {given.name: given.value for given in statement.given}
    unknown = [name for name in said if statement.entry.word(name) is None]
    if unknown or not said.get("--name"):
        message = f"`module` has no {unknown[0]}" if unknown else "`module` names no module"
        hint = "write: module --name=NAME --stream=STREAM"
        return reading.problem(message, place, Severity.ERROR, hint=hint)
    stream = ModuleStream(
        name=said["--name"],
        stream=said.get("--stream", ""),
        is_disabled="--disable" in said,
        place=place,
    )
    selection = reading.request.packages
    others = tuple(module for module in selection.modules if module.name != stream.name)
    return reading.evolve(packages=attrs.evolve(selection, modules=(*others, stream)))


def _packages(reading: Reading, statement: Statement) -> Reading:
    selection = reading.request.packages
    wanted = {package.name: package for package in selection.wanted}
    unwanted = {package.name: package for package in selection.unwanted}
    problems = []
    for line in statement.item.body or ():
        content = line.text.partition("#")[0].strip()
        if not content:
            continue
        is_wanted, name, options = _split(content)
        if problem := _complaint(content, name, options):
            problems.append(attrs.evolve(problem, place=line.place))
            if problem.severity is Severity.ERROR:
                continue
        # The last word on a name counts.
        chosen, other = (wanted, unwanted) if is_wanted else (unwanted, wanted)
        other.pop(name, None)
        chosen.setdefault(name, PackageName(name=name, place=line.place, options=options))
    said = dict(
        _pair(given) for given in statement.given if is_fated(statement, Fate.HONOURED, given.name)
    )
    return reading.evolve(
        packages=attrs.evolve(
            selection,
            wanted=tuple(wanted.values()),
            unwanted=tuple(unwanted.values()),
            options=tuple({**dict(selection.options), **said}.items()),
            place=statement.item.place,
        ),
        problems=(*reading.request.problems, *_first(problems)),
    )


def _first(problems: list[Problem]) -> list[Problem]:
    """Return the first of *problems*, the last of which says how many more there are."""
    if len(problems) <= _MAX_PROBLEMS:
        return problems
    last = problems[_MAX_PROBLEMS - 1]
    message = f"{last.message}; so with {len(problems) - _MAX_PROBLEMS} more lines"
    severity = Severity.ERROR if Severity.ERROR in {p.severity for p in problems} else last.severity
    return [
        *problems[: _MAX_PROBLEMS - 1],
        attrs.evolve(last, message=message, severity=severity),
    ]


def _split(content: str) -> tuple[bool, str, tuple[str, ...]]:
    """Return whether *content* adds, the name in it (`@name` for a group), and its options."""
    name = content.removeprefix("-")
    if not name.startswith("@"):
        return name == content, name, ()
    words = name.removeprefix("@").split()
    options = tuple(word for word in words if word.startswith("--"))
    return name == content, "@" + " ".join(w for w in words if w not in options), options


def _complaint(content: str, name: str, options: tuple[str, ...]) -> Problem | None:
    if name in {"", "@", "@^"} or (not name.startswith("@") and len(name.split()) > 1):
        message = f"`{content}` names no package"
        return Problem(message=message, hint="write one name, or @group, on each line")
    if set(options) <= set(_GROUP_OPTIONS) and len(options) < 2:
        return None
    return Problem(message=f"`{content}` has options that contradict, or are none of a group")


def _script(reading: Reading, statement: Statement) -> Reading:
    data = statement.data
    if data is None:
        return reading
    script = Script(
        section=statement.item.name.removeprefix("%"),
        body=data.script,
        interpreter=data.interp,
        is_in_guest=bool(data.inChroot),
        is_fatal=bool(data.errorOnFail),
        log=data.logfile,
        place=statement.item.place,
    )
    return reading.evolve(scripts=(*reading.request.scripts, script))


SOFTWARE = {
    "url": _source,
    "repo": _source,
    "liveimg": _source,
    "module": _module,
    "%packages": _packages,
    **dict.fromkeys(SCRIPTS, _script),
}
