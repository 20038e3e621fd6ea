"""Templates are refused as what they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from applbuild.errors import KickstartError
from applbuild.kickstart.items import SCRIPTS, Item
from applbuild.model.problem import Place, Problem, Severity

# A bound on what is between the brackets bounds the time that the search takes.
_FILLED_IN = r"@[A-Z][A-Z0-9_]{0,80}@|\$SNIPPET\(.{0,80}?\)|<%.{0,80}?%>"
_PLACEHOLDER = re.compile(r"\{\{.{0,80}?\}\}|\{%.{0,80}?%\}|" + _FILLED_IN)
_MAX_WIDTH = 4096
_IN_SCRIPT = re.compile(r"\{%-? |" + _FILLED_IN)


def refuse_template(items: Iterable[Item]) -> None:
    """Raise for the first of *items* that has a placeholder; scripts may contain anything.

    Raises:
        KickstartError: the file is a template.
    """
    for item in items:
        _refuse(" ".join(item.args), item.place)
        if item.name == "%packages":
            for line in item.body or ():
                _refuse(line.text.partition("#")[0], line.place)


def _refuse(text: str, place: Place) -> None:
    if found := _PLACEHOLDER.search(text):
        raise KickstartError(
            f"this is a template: {found[0]} is to be filled in",
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
