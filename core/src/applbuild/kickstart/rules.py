"""The vocabulary of the table that says what becomes of every command and option."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from fnmatch import fnmatchcase

import attrs


class Fate(Enum):
    """What becomes of something that a kickstart says."""

    HONOURED = "honoured"
    IRRELEVANT = "does not apply"
    """It speaks of the installer or the installing machine; an image has neither."""
    REFUSED = "refused"
    """Without it the image would be another than the one asked for; nothing is built."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


@attrs.frozen
class Word:
    """An option (all its spellings), or an argument as `<name>`, with certain values or any.

    A fate of None is that of the command.
    """

    names: tuple[str, ...] = attrs.field(converter=_words)
    fate: Fate | None = None
    says: str = ""
    """What it does, why it does not apply, or why it is refused."""
    values: tuple[str, ...] = attrs.field(default=(), kw_only=True)
    """Patterns of the values that this is about; none for all."""
    instead: str = attrs.field(default="", kw_only=True)
    """What to write."""
    is_secret: bool = attrs.field(default=False, kw_only=True)
    era: str = attrs.field(default="", kw_only=True)
    """When it was removed. pykickstart does not get to see it."""
    takes_value: bool = attrs.field(default=False, kw_only=True)
    """Of a word that pykickstart does not know: whether a value follows."""
    is_decisive: bool = attrs.field(default=False, kw_only=True)
    """Whether its fate is that of the whole line."""

    def fits(self, name: str, value: str) -> bool:
        """Return whether this is about *name* with *value*."""
        if name not in self.names:
            return False
        if not self.values:
            return True
        return any(fnmatchcase(value.lower(), pattern.lower()) for pattern in self.values)


@attrs.frozen
class Entry:
    """A command or a section (all its spellings), and its words."""

    names: tuple[str, ...] = attrs.field(converter=_words)
    fate: Fate
    says: str
    words: tuple[Word, ...] = ()
    instead: str = attrs.field(default="", kw_only=True)
    era: str = attrs.field(default="", kw_only=True)
    """When it was removed, or which systems alone know it; pykickstart does not read it then."""

    def word(self, name: str, value: str = "") -> Word | None:
        """Return the word for *name* with *value*, with the fate and text it has here."""
        word = next((word for word in self.words if word.fits(name, value)), None)
        if word is None or word.fate is not None:
            return word
        return attrs.evolve(
            word,
            names=" ".join(word.names),
            fate=self.fate,
            says=self.says,
            instead=self.instead,
            era=self.era,
        )


def same(names: str, *, is_secret: bool = False) -> Word:
    """Return options that share the fate of their command."""
    return Word(names, is_secret=is_secret, takes_value=is_secret)


def honoured(
    names: str, says: str, *values: str, is_secret: bool = False, takes_value: bool = False
) -> Word:
    """Return options that are honoured (with these *values*)."""
    return Word(
        names,
        Fate.HONOURED,
        says,
        values=values,
        is_secret=is_secret,
        takes_value=takes_value,
    )


def irrelevant(names: str, why: str, *values: str, instead: str = "") -> Word:
    """Return options that do not apply to an image (with these *values*)."""
    return Word(names, Fate.IRRELEVANT, why, values=values, instead=instead)


def refused(names: str, why: str, *values: str, instead: str = "", is_secret: bool = False) -> Word:
    """Return options that are refused (with these *values*)."""
    return Word(names, Fate.REFUSED, why, values=values, instead=instead, is_secret=is_secret)


def removed(
    names: str,
    era: str,
    fate: Fate,
    says: str,
    *,
    takes_value: bool = False,
    instead: str = "",
    is_secret: bool = False,
) -> Word:
    """Return options that the newest kickstart no longer has."""
    return Word(
        names,
        fate,
        says,
        era=era,
        takes_value=takes_value or is_secret,
        instead=instead,
        is_secret=is_secret,
    )


def by_name(entries: Iterable[Entry]) -> dict[str, Entry]:
    """Return *entries* by every name they have."""
    return {name: entry for entry in entries for name in entry.names}
