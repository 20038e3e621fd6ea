"""The index of the archives: what each package is called, needs and weighs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property

import attrs

_NAME = re.compile(r"^Package: (\S+)", re.MULTILINE)
_RELATION = re.compile(r"\s*([a-z0-9][a-z0-9+.-]*)")


@attrs.frozen
class Stanza:
    """One package as the archive's index has it."""

    text: str

    def field(self, name: str) -> str:
        """Return the first line of the field *name*; empty where there is none."""
        found = re.search(rf"^{re.escape(name)}: *(.*)$", self.text, re.MULTILINE)
        return found[1].strip() if found else ""

    @property
    def name(self) -> str:
        """The package's name."""
        return self.field("Package")

    @property
    def is_essential(self) -> bool:
        """Whether every system must have it."""
        return self.field("Essential") == "yes"

    def related(self, *fields: str) -> tuple[str, ...]:
        """Return every name in the relations *fields*, alternatives and all."""
        names = []
        for field in fields:
            for relation in re.split(r"[,|]", self.field(field)):
                found = _RELATION.match(relation)
                names += [found[1]] if found else []
        return tuple(dict.fromkeys(names))

    def reduced(self) -> Stanza:
        """Return the package with nothing but what its installation is ordered by."""
        kept = ("Package", "Architecture", "Essential", "Pre-Depends", "Depends", "Provides")
        lines = [f"{name}: {self.field(name)}" for name in kept if self.field(name)]
        return Stanza("\n".join(lines))


@attrs.frozen(slots=False)
class Index:
    """Every package that can be had, in the version that would be installed."""

    stanzas: Mapping[str, Stanza]

    def __contains__(self, name: object) -> bool:
        return name in self.stanzas

    def of_priority(self, *priorities: str) -> tuple[Stanza, ...]:
        """Return the packages that the distribution gives one of *priorities*."""
        marks = tuple(f"\nPriority: {priority}\n" for priority in priorities)
        return tuple(s for s in self.stanzas.values() if any(mark in s.text for mark in marks))

    @property
    def essential(self) -> tuple[Stanza, ...]:
        """The packages that every system must have."""
        return tuple(s for s in self.stanzas.values() if "\nEssential: yes" in s.text)

    @cached_property
    def provided(self) -> Mapping[str, tuple[str, ...]]:
        """The packages that provide each virtual name."""
        return provided(self.stanzas.values())


def parse_index(text: str) -> Index:
    """Return the index that *text*, in the form of a Packages file, is."""
    stanzas: dict[str, Stanza] = {}
    for block in text.split("\n\n"):
        found = _NAME.search(block)
        if found:
            stanzas.setdefault(found[1], Stanza(f"{block}\n"))
    return Index(stanzas)


def provided(stanzas: Iterable[Stanza]) -> Mapping[str, tuple[str, ...]]:
    """Return which of *stanzas* provide each virtual name."""
    names: dict[str, list[str]] = {}
    for stanza in stanzas:
        if "\nProvides: " in stanza.text:
            for virtual in stanza.related("Provides"):
                names.setdefault(virtual, []).append(stanza.name)
    return {virtual: tuple(found) for virtual, found in names.items()}


def closure(
    names: Iterable[str], stanzas: Mapping[str, Stanza], virtual: Mapping[str, tuple[str, ...]]
) -> set[str]:
    """Return *names* and all that they depend on, as far as it is among *stanzas*."""
    found: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        for real in (name, *virtual.get(name, ())):
            if real in stanzas and real not in found:
                found.add(real)
                pending += stanzas[real].related("Pre-Depends", "Depends")
    return found
