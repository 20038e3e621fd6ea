"""What older kickstarts say is put into the newest words, or left out; never in silence."""

from __future__ import annotations

import attrs

from applbuild.kickstart.items import Item
from applbuild.kickstart.rules import Entry, Fate, Word
from applbuild.model.problem import Problem, Severity


def modernise(item: Item, entry: Entry) -> tuple[Item, tuple[Problem, ...]]:
    """Return *item* as the newest syntax knows it, and a note for everything left out."""
    kept, repairs = [item.name], []
    args = iter(item.args[1:])
    for arg in args:
        name, equals, _ = arg.partition("=")
        word = entry.word(name)
        if word is None or not word.era:
            kept.append(arg)
            continue
        repairs.append(removal(f"{item.name} {name}", word, item))
        if word.takes_value and not equals:
            next(args, None)
    if item.name == "zerombr" and len(kept) > 1:
        repairs.append(_note("`zerombr` has had no argument since Fedora 9", item))
        kept = kept[:1]
    return attrs.evolve(item, args=tuple(kept)), tuple(repairs)


def removal(subject: str, thing: Entry | Word, item: Item) -> Problem:
    """Return the note that *subject*, a *thing* of another era, is in *item*."""
    if thing.era.startswith(("RHEL only", "never")):
        text = f"`{subject}`: {thing.era}"
    else:
        text = f"`{subject}` was removed in {thing.era}"
    if thing.fate is Fate.IRRELEVANT:
        return _note(f"{text}: {thing.says}", item, hint=thing.instead)
    return _note(f"{text}; it is honoured" if thing.fate is Fate.HONOURED else text, item)


def _note(message: str, item: Item, hint: str = "") -> Problem:
    return Problem(message=message, severity=Severity.NOTE, place=item.place, hint=hint)
