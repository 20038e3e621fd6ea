"""The command. Only this package prints, and only it exits."""

from __future__ import annotations

import signal
import sys
from types import FrameType

from applbuild.errors import ApplbuildError, Interrupted, ProblemsError


def main() -> None:
    """Run the command line and exit as its errors say."""
    import click

    from applbuild.cli.commands import applbuild

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
    except BrokenPipeError:
        if not _is_unread():
            raise
        sys.stderr.close()
        sys.exit(0)


def _told(error: ApplbuildError | Interrupted) -> list[str]:
    """Return *error* in lines for a person: what is wrong, where, and what to do."""
    if isinstance(error, Interrupted):
        return ["interrupted; nothing is left behind"]
    if isinstance(error, ProblemsError):
        return [f"error: {problem}" for problem in error.problems]
    where = f"{error.place}: " if error.place else ""
    return [f"error: {where}{error.message}", *([f"hint: {error.hint}"] if error.hint else [])]


def _is_unread() -> bool:
    """Return whether whoever read our output is gone, as `head` is when it has enough."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return True
    return False


def _interrupt(number: int, frame: FrameType | None) -> None:
    """End whatever goes on, by the way that removes what it made."""
    del frame
    raise Interrupted(number)


def _say(text: str) -> None:
    print(f"applbuild: {text}", file=sys.stderr)  # noqa: T201 - the command's own voice
