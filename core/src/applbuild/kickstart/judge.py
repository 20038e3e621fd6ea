"""What becomes of each statement: verdicts for `check`, problems for a build."""

from __future__ import annotations

import shlex

import attrs

from applbuild.kickstart.grammar import Statement
from applbuild.kickstart.rules import Entry, Fate, Word
from applbuild.kickstart.words import Given, hide_credentials
from applbuild.model.problem import Place, Problem, Severity

_SEVERITIES = {
    Fate.IRRELEVANT: Severity.NOTE,
    Fate.REFUSED: Severity.ERROR,
}
_VERBS = {
    Fate.IRRELEVANT: "does not apply to an image",
    Fate.REFUSED: "is refused",
}
_Key = tuple[Fate, str, str, str]


@attrs.frozen(kw_only=True)
class Verdict:
    """What becomes of a statement, or of some of its words."""

    subject: str
    fate: Fate
    says: str
    instead: str = ""
    era: str = ""
    """When it was removed; reading it without it was a repair, and said so."""


def judge(statement: Statement) -> tuple[Verdict, ...]:
    """Return what becomes of *statement* and each of its words; equal fates are told once."""
    entry = statement.entry
    words = [(given, _word(entry, given)) for given in statement.given]
    for given, word in words:
        if word.is_decisive and word.fate is not None:
            subject = f"{statement.item.name} {_spell(given, word, entry)}"
            return (_verdict(subject, (word.fate, word.says, word.instead, word.era)),)
    found: dict[_Key, list[str]] = {}
    for given, word in words:
        key = (word.fate or entry.fate, word.says or entry.says, word.instead, word.era)
        found.setdefault(key, []).append(_spell(given, word, entry))
    own = (entry.fate, entry.says, entry.instead, entry.era)
    name = statement.item.name
    if entry.fate is Fate.HONOURED or not found:
        found = {own: [], **found}
    if set(found) == {own}:
        return (_verdict(name, own),)
    return tuple(
        _verdict(" ".join([name, ", ".join(dict.fromkeys(names))]).strip(), key)
        for key, names in found.items()
    )


def _verdict(subject: str, key: _Key) -> Verdict:
    fate, says, instead, era = key
    return Verdict(subject=subject, fate=fate, says=says, instead=instead, era=era)


def fates(statement: Statement) -> set[Fate]:
    """Return the fates of *statement* and its words."""
    return {verdict.fate for verdict in judge(statement)}


def is_fated(statement: Statement, fate: Fate, *names: str) -> bool:
    """Return whether one of the words *names* of *statement* has *fate*."""
    return any(
        given.name in names and _word(statement.entry, given).fate is fate
        for given in statement.given
    )


def _word(entry: Entry, given: Given) -> Word:
    """Return the word of the table for *given*; what is not there shares the command's fate."""
    word = entry.word(given.name, given.value)
    return word or Word(given.name, entry.fate, entry.says, instead=entry.instead, era=entry.era)


def _spell(given: Given, word: Word, entry: Entry) -> str:
    if word.is_secret:
        return given.name
    if given.name.startswith("<"):
        return given.value
    depends = any(given.name in other.names and other.values for other in entry.words)
    return f"{given.name}={given.value}" if depends and given.value else given.name


def problem_of(verdict: Verdict, place: Place) -> Problem | None:
    """Return what a build has to say about *verdict*, or None where nothing is missing."""
    if verdict.fate is Fate.HONOURED:
        return None
    if verdict.fate is Fate.IRRELEVANT and verdict.era:
        return None  # leaving it out was a repair, and that is told already
    return Problem(
        message=f"`{verdict.subject}` {_VERBS[verdict.fate]}: {verdict.says}",
        severity=_SEVERITIES[verdict.fate],
        place=place,
        hint=verdict.instead,
    )


def problems_of(statement: Statement) -> tuple[Problem, ...]:
    """Return what a build has to say about *statement*: nothing where all of it is honoured."""
    found = (problem_of(verdict, statement.item.place) for verdict in judge(statement))
    return tuple(problem for problem in found if problem is not None)


def shown(statement: Statement) -> str:
    """Return the line of *statement* as it may be shown: passwords are masked."""
    entry = statement.entry
    words = [statement.item.name]
    for given in statement.given:
        word = entry.word(given.name)
        value = "********" if word and word.is_secret else given.value
        if given.name.startswith("<"):
            words.append(value)
        else:
            words.append(f"{given.name}={value}" if given.value else given.name)
    return hide_credentials(shlex.join(words))
