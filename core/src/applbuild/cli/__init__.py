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
    except ProblemsError as error:
        for problem in error.problems:
            _say(f"error: {problem}")
        sys.exit(error.exit_code)
    except ApplbuildError as error:
        _say(f"error: {error.place}: {error.message}" if error.place else f"error: {error.message}")
        if error.hint:
            _say(f"hint: {error.hint}")
        sys.exit(error.exit_code)
    except Interrupted as error:
        _say("interrupted; nothing is left behind")
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output is gone
        sys.exit(0)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """End whatever goes on, by the way that removes what it made."""
    del frame
    raise Interrupted(number)


def _say(text: str) -> None:
    print(f"applbuild: {text}", file=sys.stderr)  # noqa: T201 - the command's own voice
