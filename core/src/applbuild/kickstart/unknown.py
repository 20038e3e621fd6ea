"""What is no command of a kickstart, and what it may be instead."""

from __future__ import annotations

import re
from collections.abc import Iterable

from applbuild.kickstart.items import SCRIPTS, Item
from applbuild.kickstart.table import ENTRIES
from applbuild.model.problem import Problem

_OTHER_INSTALLERS = {
    **dict.fromkeys(("vmaccepteula", "accepteula", "%firstboot", "dryrun"), "VMware ESXi"),
    **dict.fromkeys(("preseed", "d-i"), "the installer of Debian or Ubuntu"),
    **dict.fromkeys(("#cloud-config", "autoinstall:"), "cloud-init"),
}
_HERE_DOCUMENT = re.compile(r"<<-?\s{0,9}['\"]?(\w+)")


def unknown(item: Item, endings: frozenset[str]) -> Problem:
    """Return that *item* is of no kickstart, and why where that can be guessed.

    *endings* are the words that end here-documents of the file.
    """
    kind = "section" if item.name.startswith("%") else "command"
    hint = ""
    if item.name.lower() in ENTRIES:
        hint = f"write {item.name.lower()}"
    elif item.name in _OTHER_INSTALLERS:
        hint = f"this file is for {_OTHER_INSTALLERS[item.name]}, whose commands are others"
    elif item.name in endings:
        hint = "a section ends at the first %end, inside a here-document too, as in an installer"
    return Problem(
        message=f"{item.name[:40]!r} is no {kind} of a kickstart", place=item.place, hint=hint
    )


def here_documents(items: Iterable[Item]) -> frozenset[str]:
    """Return the words that end the here-documents of the scripts among *items*."""
    bodies = (item.body or () for item in items if item.name in SCRIPTS)
    lines = (line.text for body in bodies for line in body if "<<" in line.text)
    return frozenset(word for line in lines for word in _HERE_DOCUMENT.findall(line))
