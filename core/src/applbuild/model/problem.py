"""What there is to say about a kickstart, and where."""

from __future__ import annotations

from enum import Enum

import attrs


@attrs.frozen
class Place:
    """A line of a file, for messages."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Severity(Enum):
    """How much a problem matters."""

    NOTE = "note"
    """Read, understood and without effect on an image; or done in another way."""
    WARNING = "warning"
    """Something asked for will not be in the result."""
    ERROR = "error"
    """Nothing is built until this is mended."""


@attrs.frozen(kw_only=True)
class Problem:
    """One thing that `check` has to say."""

    message: str
    severity: Severity = Severity.ERROR
    place: Place | None = None
    hint: str = ""

    def __str__(self) -> str:
        text = f"{self.place}: {self.message}" if self.place else self.message
        return f"{text} ({self.hint})" if self.hint else text
