"""The command. Only this package prints, and only it exits."""

from __future__ import annotations

import errno
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import TextIO

from applbuild.errors import ApplbuildError, HostError, Interrupted, ProblemsError


def main() -> None:
    """Run the command line and exit as its errors say."""
    import click

    from applbuild.cli.commands import applbuild

    _replace_closed_streams()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        applbuild.main(prog_name="applbuild", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.exceptions.Exit, click.Abort) as error:
        sys.exit(getattr(error, "exit_code", 130))
    except (ApplbuildError, Interrupted) as error:
        for line in _told(error):
            _say(line)
        sys.exit(error.exit_code)
    except OSError as error:
        if _output_failure() is None:
            raise
        sys.exit(_unprinted(error))


def _told(error: ApplbuildError | Interrupted) -> list[str]:
    """Return *error* in lines for a person: what is wrong, where, and what to do."""
    if isinstance(error, Interrupted):
        return ["interrupted; nothing is left behind"]
    if isinstance(error, ProblemsError):
        return [f"error: {problem}" for problem in error.problems]
    where = f"{error.place}: " if error.place else ""
    return [f"error: {where}{error.message}", *([f"hint: {error.hint}"] if error.hint else [])]


def _replace_closed_streams() -> None:
    """Give what whoever started us closed: something that can be written to."""
    sys.stdout = sys.stdout or _nothing()
    sys.stderr = sys.stderr or _nothing()


def _nothing() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def _unprinted(error: OSError) -> int:
    """Return how to end when results cannot be printed; Python must not try again."""
    sys.stdout = _nothing()
    if error.errno == errno.EPIPE:
        sys.stderr.close()
        return 0
    _say(f"error: the result cannot be printed: {error.strerror}")
    return HostError.exit_code


def _output_failure() -> OSError | None:
    """Return why nothing can be printed: nobody reads it (as `head` when it has enough), or so."""
    try:
        sys.stdout.flush()
    except OSError as error:
        return error
    return None


def _interrupt(number: int, frame: FrameType | None) -> None:
    """End whatever goes on, by the way that removes what it made."""
    del frame
    raise Interrupted(number)


def _say(text: str) -> None:
    print(f"applbuild: {text}", file=sys.stderr)  # noqa: T201 - the command's own voice
