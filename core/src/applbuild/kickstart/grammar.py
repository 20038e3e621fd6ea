"""What pykickstart makes of the items of a kickstart."""

from __future__ import annotations

import re
import warnings
from argparse import Action
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any

import attrs
from pykickstart.errors import KickstartDeprecationWarning
from pykickstart.errors import KickstartError as PykickstartError
from pykickstart.parser import KickstartParser
from pykickstart.version import DEVEL, versionToString

from applbuild.kickstart.eras import modernise, removal
from applbuild.kickstart.items import SCRIPTS, Item
from applbuild.kickstart.rules import Entry, Fate
from applbuild.kickstart.table import ENTRIES
from applbuild.kickstart.unknown import here_documents, unknown
from applbuild.kickstart.words import Given, hide_credentials, name_words
from applbuild.model.problem import Problem, Severity

_MAX_MESSAGE = 300
_MAX_WORDS = 100


@attrs.frozen(kw_only=True)
class Statement:
    """An item of a kickstart, understood."""

    item: Item
    entry: Entry
    given: tuple[Given, ...] = ()
    data: Any = attrs.field(default=None, repr=False)
    """pykickstart's object for it; None where it does not read it."""

    def has(self, name: str) -> bool:
        """Return whether the option *name* is given."""
        return any(given.name == name for given in self.given)


@attrs.frozen(kw_only=True)
class Parsed:
    """A whole file, understood as far as possible."""

    statements: tuple[Statement, ...]
    repairs: tuple[Problem, ...] = ()
    errors: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()
    """What pykickstart warns of."""


def parse(items: Iterable[Item]) -> Parsed:
    """Return what pykickstart's newest syntax makes of *items*.

    What only older syntaxes know is taken out before, and is a repair. So is
    what pykickstart does not understand of a command that has no effect anyway.
    """
    items = tuple(items)
    parser = new_parser({item.name for item in items})
    vocabulary = vocabulary_of(parser)
    endings = here_documents(items)
    statements: list[Statement] = []
    repairs: list[Problem] = []
    errors: list[Problem] = []
    notes: list[Problem] = []
    for item in items:
        entry = ENTRIES.get(item.name)
        if entry is None:
            errors.append(unknown(item, endings))
            continue
        actions = vocabulary.get(item.name, ())
        statement = Statement(
            item=item, entry=entry, given=name_words(item.args[1:], actions, entry)
        )
        if entry.era:
            repairs.append(removal(item.name, entry, item))
            statements.append(statement)
            continue
        newest, dropped = modernise(item, entry)
        repairs.extend(dropped)
        try:
            data, said = _ask(parser, newest)
        # pykickstart's checks stumble over hostile lines in every way there is.
        except Exception as error:  # noqa: BLE001
            problem = Problem(message=_explain(error, newest), place=item.place)
            if _has_effect(statement):
                errors.append(problem)
            else:
                repairs.append(attrs.evolve(problem, severity=Severity.NOTE))
                statements.append(statement)
            continue
        notes.extend(_note(message, item) for message in said)
        statements.append(attrs.evolve(statement, data=data))
    return Parsed(
        statements=tuple(statements),
        repairs=tuple(repairs),
        errors=tuple(errors),
        notes=tuple(notes),
    )


def _has_effect(statement: Statement) -> bool:
    words = (statement.entry.word(given.name, given.value) for given in statement.given)
    return statement.entry.fate is Fate.HONOURED or any(
        word is not None and word.fate is Fate.HONOURED for word in words
    )


def new_parser(names: Iterable[str] | None = None) -> Any:
    """Return a parser of pykickstart's newest syntax, for the commands *names* or for all."""
    # pykickstart's makeVersion would import every syntax there ever was, and lengthen sys.path
    # each time. Making only the commands that are needed takes a third of the time.
    name = versionToString(DEVEL, skipDevel=True)  # type: ignore[no-untyped-call]
    module = import_module(f"pykickstart.handlers.{name.lower()}")
    kind = getattr(module, f"{name}Handler")
    every = kind.commandMap
    wanted = every if names is None else {name: every[name] for name in names if name in every}
    return KickstartParser(kind(mapping=wanted or every, dataMapping=kind.dataMap))  # type: ignore[no-untyped-call]


def vocabulary_of(parser: Any) -> Mapping[str, tuple[Action, ...]]:
    """Return the options and arguments that *parser* knows, by command and section."""
    # pykickstart has no public way to ask; these names are as old as its use of argparse.
    found = {
        name: tuple(command.op._actions)  # noqa: SLF001
        for name, command in parser.handler.commands.items()
        if getattr(command, "op", None) is not None
    }
    for name, section in parser._sections.items():  # noqa: SLF001
        if hasattr(section, "_getParser"):
            found[name] = tuple(section._getParser()._actions)  # noqa: SLF001
    return found


def _ask(parser: Any, item: Item) -> tuple[Any, tuple[str, ...]]:
    """Return pykickstart's object for *item*, and its warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        data = _ask_section(parser, item) if item.is_section else _ask_command(parser, item)
    # What is deprecated is in the table, and repetitions are told where values are made.
    said = (
        str(warning.message)
        for warning in caught
        if not issubclass(warning.category, KickstartDeprecationWarning)
    )
    return data, tuple(text for text in dict.fromkeys(said) if "already been defined" not in text)


def _ask_command(parser: Any, item: Item) -> Any:
    command = parser.handler.commands.get(item.name)
    if command is not None and command.seen and command.dataList() is None:
        # Otherwise the object would still say what an earlier line said.
        parser.handler.resetCommand(item.name)
    return parser.handleCommand(item.place.line, list(item.args))


def _ask_section(parser: Any, item: Item) -> Any:
    section = parser.getSection(item.name)
    section.handleHeader(item.place.line, list(item.args))
    if item.name == "%packages":
        return parser.handler.packages
    body = "".join(f"{line.text}\n" for line in item.body or ())
    if not body.strip() or item.name not in SCRIPTS:
        return None
    section.handleLine(body)
    section.finalize()
    return parser.handler.scripts[-1]


def _explain(error: Exception, item: Item) -> str:
    """Return what is wrong, without any value of the line where one may be a password."""
    message = str(getattr(error, "message", ""))
    if not message or not isinstance(error, PykickstartError):
        message = f"the arguments of {item.name} are wrong"
    if any(word.is_secret for word in ENTRIES[item.name].words):
        message = _mask(message, item)
    message = hide_credentials(message)
    if len(message) > _MAX_MESSAGE:
        message = f"{message[:_MAX_MESSAGE]}..."
    return message if item.name in message else f"{item.name}: {message}"


def _mask(message: str, item: Item) -> str:
    """Return *message* without the words of *item* that may be a password."""
    if len(item.args) > _MAX_WORDS:
        return f"the arguments of {item.name} are wrong"
    hidden = set(_may_be_secret(item))
    hidden |= {repr(part)[1:-1] for part in hidden}
    for part in sorted(hidden - {""}, key=len, reverse=True):
        message = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", "***", message)
    return message


def _may_be_secret(item: Item) -> Iterator[str]:
    """Yield what nobody should read: all values of a line with a password, else unknown ones.

    A password may be unquoted, or the name of its option misspelt.
    """
    words = {name: word for word in ENTRIES[item.name].words for name in word.names}
    pairs = [arg.partition("=") for arg in item.args[1:]]
    has_secret = any(word.is_secret and name.startswith("<") for name, word in words.items())
    has_secret |= any(name in words and words[name].is_secret for name, _, _ in pairs)
    is_value_of_unknown = False
    for name, equals, value in pairs:
        if not name.startswith("-"):
            if has_secret or is_value_of_unknown:
                yield f"{name}{equals}{value}"
            is_value_of_unknown = False
            continue
        if has_secret or name not in words:
            yield value
        is_value_of_unknown = name not in words and not equals


def _note(message: str, item: Item) -> Problem:
    return Problem(message=message, severity=Severity.NOTE, place=item.place)
