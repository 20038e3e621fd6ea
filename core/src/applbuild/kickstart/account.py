"""The account of a kickstart: line by line what it will and will not do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from applbuild.kickstart.judge import Verdict, problem_of
from applbuild.kickstart.rules import Fate
from applbuild.model.problem import Place, Problem, Severity

_MARKS = {Fate.HONOURED: "+", Fate.IRRELEVANT: ".", Fate.REFUSED: "!"}
_PROBLEM_MARKS = {Severity.NOTE: ".", Severity.WARNING: "-", Severity.ERROR: "!"}
_ORDER = "+.-!"


@attrs.frozen(kw_only=True)
class AccountLine:
    """A line of a kickstart, and what becomes of it."""

    place: Place
    text: str
    """The line as it may be shown; passwords are masked."""
    verdicts: tuple[Verdict, ...] = ()
    problems: tuple[Problem, ...] = ()
    """What else there is to say: repairs, and what contradicts itself."""


@attrs.frozen(kw_only=True)
class Account:
    """What a kickstart will and will not do."""

    kickstart: str
    lines: tuple[AccountLine, ...]

    @property
    def counts(self) -> tuple[tuple[Fate, int], ...]:
        """How many verdicts there are of each fate."""
        fates = [verdict.fate for line in self.lines for verdict in line.verdicts]
        return tuple((fate, fates.count(fate)) for fate in Fate)

    @property
    def is_buildable(self) -> bool:
        """Whether a build would not refuse it for what it says."""
        refused = any(v.fate is Fate.REFUSED for line in self.lines for v in line.verdicts)
        problems = (problem for line in self.lines for problem in line.problems)
        return not refused and all(problem.severity is not Severity.ERROR for problem in problems)


def to_json(account: Account) -> dict[str, Any]:
    """Return *account* as what json can write."""
    return {
        "kickstart": account.kickstart,
        "is_buildable": account.is_buildable,
        "counts": {fate.value: count for fate, count in account.counts},
        "lines": [
            {
                "file": line.place.file,
                "line": line.place.line,
                "text": line.text,
                "verdicts": [
                    {
                        "subject": verdict.subject,
                        "fate": verdict.fate.value,
                        "says": verdict.says,
                        "instead": verdict.instead,
                    }
                    for verdict in line.verdicts
                ],
                "problems": [
                    {
                        "severity": problem.severity.value,
                        "message": problem.message,
                        "hint": problem.hint,
                    }
                    for problem in line.problems
                ],
            }
            for line in account.lines
        ],
    }


def to_text(account: Account) -> Iterator[str]:
    """Yield *account* in lines for people.

    Each line is marked `+` (honoured), `.` (does not apply), `-` (there is a
    warning) or `!` (refused), and followed by what is not honoured and why.
    """
    file = ""
    for line in account.lines:
        if line.place.file != file:
            file = line.place.file
            yield file
        fates = [verdict.fate for verdict in line.verdicts]
        marks = [_MARKS[fate] for fate in fates] + [
            _PROBLEM_MARKS[p.severity] for p in line.problems
        ]
        yield f"{line.place.line:5} {max(marks, key=_ORDER.index)} {line.text}".rstrip()
        for problem in (*_unhonoured(line), *line.problems):
            hint = f" ({problem.hint})" if problem.hint else ""
            yield f"      {_PROBLEM_MARKS[problem.severity]}   {problem.message}{hint}"
    yield ", ".join(f"{count} {fate.value}" for fate, count in account.counts)


def _unhonoured(line: AccountLine) -> tuple[Problem, ...]:
    problems = (problem_of(verdict, line.place) for verdict in line.verdicts)
    return tuple(problem for problem in problems if problem is not None)
