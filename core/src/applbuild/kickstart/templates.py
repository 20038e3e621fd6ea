"""Templates are refused as what they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from applbuild.errors import KickstartError
from applbuild.kickstart.items import SCRIPTS, Item
from applbuild.kickstart.table import ENTRIES
from applbuild.model.problem import Place, Problem, Severity

# A bound on what is between the brackets bounds the time that the search takes.
_FILLED_IN = r"@[A-Z][A-Z0-9_]{0,80}@|\$SNIPPET\(.{0,80}?\)|<%.{0,80}?%>"
_NAME = r"[A-Za-z][A-Za-z0-9_]{1,80}"
_MARKED = r"\{\{.{0,80}?\}\}|\{%.{0,80}?%\}|" + _FILLED_IN + r"|^<%(?:[\s#=-].{0,80})?$"
_PLACEHOLDER = re.compile(rf"{_MARKED}|__{_NAME}?__|%%{_NAME}%%|&&{_NAME}&&")
_IN_PASSWORD = re.compile(rf"{_MARKED}|(?<![^\s=])(?:__{_NAME}?__|%%{_NAME}%%|&&{_NAME}&&)(?!\S)")
"""Where a password may stand: of what may be a part of one, only whole values."""
_VARIABLE = re.compile(r"(?:--[a-z-]+=)?(\$\{?[a-z][a-z0-9_.]*\}?)", re.ASCII)
_KEPT = ("$releasever", "$basearch", "$arch", "$stream", "$contentdir", "$infra")
"""Variables that dnf fills in."""
_CAPITALS = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+", re.ASCII)
"""What stands where a command should is to be filled in."""
_MAX_WIDTH = 4096
_WITH_PASSWORDS = tuple(
    name for name, entry in ENTRIES.items() if any(word.is_secret for word in entry.words)
)
_IN_SCRIPT = re.compile(r"\{%-? |" + _FILLED_IN)


def refuse_template(items: Iterable[Item]) -> None:
    """Raise for the first of *items* that has a placeholder; scripts may contain anything.

    Raises:
        KickstartError: the file is a template.
    """
    for item in items:
        if item.name in _WITH_PASSWORDS:
            _refuse_in_secret(item)
        else:
            _refuse(" ".join(item.args), item.place)
        _refuse_variable(item)
        if item.name == "%packages":
            for line in item.body or ():
                _refuse(line.text.partition("#")[0], line.place)


def _refuse(text: str, place: Place) -> None:
    if found := _PLACEHOLDER.search(text):
        raise _is_template(found[0].strip(), place)


def _refuse_in_secret(item: Item) -> None:
    """Raise for a placeholder beside which, or in whose place, a password may stand."""
    if _IN_PASSWORD.search(" ".join(item.args)):
        raise _is_template(f"a value of `{item.name}`", item.place)


def _refuse_variable(item: Item) -> None:
    """Raise for a command in capitals, and for a word of it that is a shell's or Cheetah's alone.

    A password may look like that.
    """
    if _CAPITALS.fullmatch(item.name):
        raise _is_template(item.name, item.place)
    if item.is_section or item.name in _WITH_PASSWORDS:
        return
    for word in item.args[1:]:
        found = _VARIABLE.fullmatch(word)
        if found and found[1].replace("{", "").replace("}", "") not in _KEPT:
            raise _is_template(found[1], item.place)


def _is_template(found: str, place: Place) -> KickstartError:
    return KickstartError(
        f"this is a template: {found} is to be filled in",
        place=place,
        hint="give the kickstart that is made of it",
    )


def suspect_template(items: Iterable[Item]) -> Iterator[Problem]:
    """Yield a warning for the first line of each script that looks like a template's."""
    for item in items:
        if item.name not in SCRIPTS:
            continue
        for line in item.body or ():
            if found := _IN_SCRIPT.search(line.text[:_MAX_WIDTH]):
                yield Problem(
                    message=f"{item.name} runs with {found[0]!r} in it, as if this were a template",
                    severity=Severity.WARNING,
                    place=line.place,
                )
                break
