"""The ways a build ends other than well, each with its exit code.

An error carries a message (what is wrong), a place (file and line, where one is
to blame) and a hint (what to do about it). Only the command turns it into text
and an exit code.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from applbuild.model.problem import Place, Problem


class ApplbuildError(Exception):
    """Something the user can act on; everything else is our bug."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "", place: Place | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.place = place

    def __str__(self) -> str:
        text = f"{self.place}: {self.message}" if self.place else self.message
        return f"{text}\n{self.hint}" if self.hint else text

    def __reduce__(self) -> tuple[Any, ...]:
        # Errors cross from the build's room to the command by pickle, which
        # otherwise would call the constructor with the message alone.
        return (_restore, (type(self), self.args, self.__dict__))


def _restore(kind: type[ApplbuildError], args: tuple[Any, ...], state: dict[str, Any]) -> object:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class UsageError(ApplbuildError):
    """The command line asks for something that cannot be."""

    exit_code = 2


class KickstartError(ApplbuildError):
    """The kickstart, or the configuration it makes, is wrong."""

    exit_code = 3


class ProblemsError(KickstartError):
    """Several things are wrong at once; each problem says where."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class BackendError(ApplbuildError):
    """A backend is missing, doubled or breaks the contract."""

    exit_code = 4


class HostError(ApplbuildError):
    """This host lacks something; all of it is listed at once."""

    exit_code = 5


class ToolError(ApplbuildError):
    """An external command failed."""

    exit_code = 6

    def __init__(
        self, argv: tuple[str, ...], returncode: int, tail: str, *, hint: str = ""
    ) -> None:
        how = f"was killed by signal {-returncode}" if returncode < 0 else f"ended in {returncode}"
        super().__init__(f"{shlex.join(argv)} {how}" + (f":\n{tail}" if tail else ""), hint=hint)
        self.argv = argv
        self.returncode = returncode
        self.tail = tail


class Interrupted(BaseException):
    """A signal asked the build to end; everything it made is gone."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"interrupted by signal {signal_number}")
        self.exit_code = 128 + signal_number
