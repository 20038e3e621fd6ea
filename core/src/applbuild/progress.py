"""What a build reports while it works: events, for people and for machines."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import attrs


@attrs.frozen
class StageBegun:
    """A stage of the build starts."""

    stage: str


@attrs.frozen
class StageDone:
    """A stage of the build is over."""

    stage: str
    seconds: float


@attrs.frozen
class Advanced:
    """Part of a stage is done; bytes. A total of 0 is not known."""

    stage: str
    done_bytes: int
    total_bytes: int


@attrs.frozen
class Remark:
    """Something a person should know, e.g. a warning."""

    message: str
    is_warning: bool = False


@attrs.frozen
class Printed:
    """A line that a script or tool printed."""

    line: str


Event = StageBegun | StageDone | Advanced | Remark | Printed


@attrs.frozen
class Progress:
    """Where a step reports to. Frozen: it only forwards."""

    send: Callable[[Event], None]
    current: str = ""

    @contextmanager
    def stage(self, name: str) -> Iterator[Progress]:
        """Report *name* begun, and done unless it fails; the value given reports within it."""
        begun = time.monotonic()
        self.send(StageBegun(name))
        yield attrs.evolve(self, current=name)
        self.send(StageDone(name, time.monotonic() - begun))

    def advance(self, done_bytes: int, total_bytes: int = 0) -> None:
        """Report how far the current stage is."""
        self.send(Advanced(self.current, done_bytes, total_bytes))

    def printed(self, line: str) -> None:
        """Pass on a line that a script or tool printed."""
        self.send(Printed(line))

    def remark(self, message: str, *, is_warning: bool = False) -> None:
        """Tell a person something."""
        self.send(Remark(message, is_warning))


def silent() -> Progress:
    """Return a Progress that nobody listens to."""
    return Progress(lambda _: None)


def as_record(event: Event) -> dict[str, Any]:
    """Return *event* as one JSON object of `--progress json`."""
    kind = {
        StageBegun: "begun",
        StageDone: "done",
        Advanced: "bytes",
        Remark: "remark",
        Printed: "printed",
    }
    return {"event": kind[type(event)], **attrs.asdict(event)}
