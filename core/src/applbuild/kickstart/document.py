"""docs/kickstart.md, made from the table: `python -m applbuild.kickstart.document > FILE`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from applbuild.kickstart.rules import Entry, Word
from applbuild.kickstart.table import CHAPTERS

_INTRODUCTION = """\
# What becomes of a kickstart

<!-- Made from the table in core/src/applbuild/kickstart/table by
     `python -m applbuild.kickstart.document`; a test compares the two. -->

The kickstart that drives Anaconda drives applbuild. pykickstart reads it, in the newest syntax
it knows; this page says what becomes of every command and option. Nothing is ignored in
silence. Each of them is

* **honoured**;
* one that **does not apply**: it speaks to an installer or of the installing machine, and an
  image has neither (a note);
* **refused**: without it the image would be another than the one asked for (an error, which
  says what to write instead; nothing is built).

`applbuild check FILE` gives this account of one file, line by line, also as JSON. It runs
nothing and fetches nothing.

## How a file is read

* **Files of every era.** A section without `%end` ends where the next begins; commands and
  options that were removed from kickstart are left out (the tables name them, with the
  release); `zerombr yes`, lines that end as in DOS, a byte order mark and Latin-1 are
  understood. Each such repair is a note with file and line. With `--strict` it is an error.
* **Includes.** `%include` and `%ksappend` are read where they stand, also inside sections. A
  relative name is looked for beside the file that includes it; addresses with `http` and
  `https` are fetched by a build, as by a plan. What `%pre` writes can be included (see
  [building.md](building.md#scripts)). A file that is not there ends a build; `check` fetches
  and runs nothing, tells what it could not include, and goes on.
* **Templates** (`@NAME@`, `__NAME__`, `{{ name }}`, `{% if %}`, `<% if %>`, `$SNIPPET('name')`, a
  word that is `$name` alone, a command that is `ALL_CAPITALS`) are refused as what they are.
  Scripts may contain anything.
* **The last word counts**, as in Anaconda: of two `part` lines for a mount point, of two
  `rootpw` lines, of `name` and `-name` in `%packages`.
* **Passwords** become hashes while the file is read, and are nowhere shown.
"""


def document() -> str:
    """Return the text of docs/kickstart.md."""
    lines = [_INTRODUCTION]
    for title, entries in CHAPTERS:
        lines.append(f"## {title}\n")
        for entry in entries:
            lines.extend(_entry(entry))
    return "\n".join(lines).rstrip() + "\n"


def _entry(entry: Entry) -> Iterator[str]:
    yield f"### {_code(entry.names)}\n"
    era = f" {_era(entry)[0].upper()}{_era(entry)[1:]}." if entry.era else ""
    yield f"**{entry.fate.value.capitalize()}**: {_says(entry.says, entry.instead)}.{era}\n"
    alike = [name for word in entry.words if word.fate is None for name in word.names]
    if alike:
        yield f"The same holds for {_code(alike)}.\n"
    others = [word for word in entry.words if word.fate is not None]
    if others:
        yield "| Written | Fate | What that means |\n|---|---|---|"
        yield "\n".join(_row(word) for word in others) + "\n"


def _row(word: Word) -> str:
    names = word.names
    if word.values and names[0].startswith("<"):
        names = word.values
    elif word.values:
        names = tuple(f"{name}={value}" for name in names for value in word.values)
    says = _says(word.says, word.instead)
    if word.era:
        says = f"{_era(word)}; {says}"
    fate = word.fate.value if word.fate else ""
    return f"| {_code(names)} | {fate} | {says} |"


def _says(says: str, instead: str) -> str:
    return f"{says}; {instead}" if instead else says


def _era(thing: Entry | Word) -> str:
    if thing.era.startswith(("RHEL only", "never")):
        return thing.era
    return f"removed in {thing.era}"


def _code(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    sys.stdout.write(document())
