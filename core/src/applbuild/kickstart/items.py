"""What a kickstart consists of: commands and sections."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import attrs

from applbuild.errors import KickstartError
from applbuild.kickstart.text import Line, Text
from applbuild.model.problem import Place, Problem, Severity

SCRIPTS = ("%pre", "%pre-install", "%post", "%onerror", "%traceback")
SECTIONS = ("%packages", *SCRIPTS, "%certificate", "%addon", "%anaconda")
_MAX_WIDTH = 16 * 1024
"""Of a command; nobody writes longer ones, and splitting them would take minutes."""
_MAX_ITEMS = 1000


@attrs.frozen
class Item:
    """A command, or a section with its body; `args` begins with its name."""

    args: tuple[str, ...] = attrs.field(repr=False)
    place: Place
    body: tuple[Line, ...] | None = attrs.field(default=None, repr=False)
    """Of a section; None for a command."""

    @property
    def name(self) -> str:
        """The command or the section (with its percent sign)."""
        return self.args[0]

    @property
    def is_section(self) -> bool:
        """Whether this is a section."""
        return self.body is not None


@attrs.frozen(kw_only=True)
class Items:
    """The commands and sections of a file, in order."""

    items: tuple[Item, ...]
    repairs: tuple[Problem, ...]
    errors: tuple[Problem, ...]


def split(text: Text) -> Items:
    """Return the commands and sections of *text*.

    A section without `%end` ends where the next begins, as it did before
    Fedora 8; that and a stray `%end` are repairs.

    Raises:
        KickstartError: there is no end of them.
    """
    items: list[Item] = []
    repairs = list(text.repairs)
    errors: list[Problem] = []
    lines = iter(text.lines)
    before: Line | None = None
    pushed: Line | None = None
    while (line := pushed or next(lines, None)) is not None:
        before, previous, pushed = line, before, None
        if len(items) + len(errors) > _MAX_ITEMS:
            message = f"there are more than {_MAX_ITEMS} commands and sections"
            raise KickstartError(message, place=line.place)
        if (reason := _omission(line, previous)) is not None:
            repairs.extend([_note(reason, line)] if reason else [])
            continue
        try:
            args = _words(line)
        except ValueError as error:
            errors.append(Problem(message=str(error), place=line.place))
            args = (line.word,)
            if not line.word.startswith("%"):
                continue
        if not args[0].startswith("%"):
            items.append(Item(args, line.place))
            continue
        body, end = _body(lines)
        items.append(Item(args, line.place, body))
        if end is None or end.word != "%end":
            pushed = end
            where = f"line {end.place.line} of {end.place.file}" if end else "the end of the file"
            repairs.append(_note(f"{args[0]} has no %end; it is read up to {where}", line))
    return Items(items=tuple(items), repairs=tuple(repairs), errors=tuple(errors))


def _omission(line: Line, previous: Line | None) -> str | None:
    """Return why *line* says nothing (`""` where that is plain), or None where it does."""
    if not line.word or line.word.startswith("#"):
        return ""
    if line.word == "%end":
        return "this %end belongs to no section; it is left out"
    if line.word.startswith("--") and previous is not None and previous.word.startswith("#"):
        return "this looks like the rest of the comment above; it is left out"
    return None


def _body(lines: Iterator[Line]) -> tuple[tuple[Line, ...], Line | None]:
    """Return the lines up to the end of a section, and the line that ends it."""
    body: list[Line] = []
    for line in lines:
        if line.word == "%end" or line.word in SECTIONS:
            return tuple(body), line
        body.append(line)
    return tuple(body), None


def _words(line: Line) -> tuple[str, ...]:
    if len(line.text) > _MAX_WIDTH:
        raise ValueError(f"the line has more than {_MAX_WIDTH} characters")
    try:
        args = tuple(shlex.split(line.text, comments=True))
    except ValueError as error:
        reason = {"No closing quotation": "a quotation mark is not closed"}.get(
            str(error), "a backslash ends the line"
        )
        raise ValueError(reason) from None
    if not args or not args[0]:
        raise ValueError("the line begins with an empty word")
    return args


def _note(message: str, line: Line) -> Problem:
    return Problem(message=message, severity=Severity.NOTE, place=line.place)
