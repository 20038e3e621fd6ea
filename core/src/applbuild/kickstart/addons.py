"""What is kept of `%addon` for the system's own initial-setup."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from applbuild.kickstart.grammar import Statement
from applbuild.kickstart.judge import judge


def _is_kept(statement: Statement) -> bool:
    """Return whether the %addon *statement* is for others than an installer or one machine."""
    return all(verdict.says == statement.entry.says for verdict in judge(statement))


def addons_of(statements: Iterable[Statement]) -> str:
    """Return the %addon sections among *statements* that are kept, as they stand.

    They may hold passwords.
    """
    lines: list[str] = []
    for statement in statements:
        item = statement.item
        if item.name == "%addon" and _is_kept(statement):
            lines += [shlex.join(item.args), *(line.text for line in item.body or ()), "%end"]
    return "".join(f"{line}\n" for line in lines)
