"""The words of a line: options with their values, and arguments with their names."""

from __future__ import annotations

import re
from argparse import Action
from collections.abc import Iterable, Mapping

import attrs

from applbuild.kickstart.rules import Entry

_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+(?=@)")


@attrs.frozen
class Given:
    """An option or argument that stands in the file, under its full name."""

    name: str
    value: str = attrs.field(default="", repr=False)


def name_words(args: Iterable[str], actions: Iterable[Action], entry: Entry) -> tuple[Given, ...]:
    """Return *args* with their full names, as *actions* (argparse's) and *entry* know them."""
    options = {name: action for action in actions for name in action.option_strings}
    arguments = [f"<{action.dest}>" for action in actions if not action.option_strings]
    found: list[Given] = []
    rest = iter(args)
    for arg in rest:
        name, equals, value = arg.partition("=")
        if not arg.startswith("--"):
            found.append(Given(arguments[0] if arguments else "<arguments>", arg))
            arguments = arguments[1:] if len(arguments) > 1 else arguments
            continue
        name = _full_name(name, options)
        word, action = entry.word(name), options.get(name)
        takes_value = action.nargs not in {0, "?"} if action else bool(word and word.takes_value)
        found.append(Given(name, value if equals or not takes_value else next(rest, "")))
    return tuple(found)


def _full_name(name: str, options: Mapping[str, Action]) -> str:
    """Return the option that *name* is short for, as argparse understands it."""
    if name in options:
        return name
    longer = [option for option in options if option.startswith(name)]
    return longer[0] if longer else name


def hide_credentials(text: str) -> str:
    """Return *text* without the user names and passwords of URLs in it."""
    return _CREDENTIALS.sub("********", text)
