from __future__ import annotations

import pickle

import pytest

from applbuild.errors import (
    ApplbuildError,
    BackendError,
    HostError,
    Interrupted,
    KickstartError,
    ProblemsError,
    ToolError,
    UsageError,
)
from applbuild.model.problem import Place, Problem, Severity

PLACE = Place("web.ks", 7)
PROBLEMS = (
    Problem(message="no such command", place=PLACE, hint="remove it"),
    Problem(message="two disks", severity=Severity.WARNING),
)
ERRORS = (
    ApplbuildError("wrong", hint="mend it", place=PLACE),
    UsageError("wrong", hint="type it so"),
    KickstartError("wrong", hint="write it so", place=PLACE),
    ProblemsError(PROBLEMS),
    BackendError("missing", hint="install it"),
    HostError("missing", hint="install it"),
    ToolError(("mkfs", "a b"), 3, "no space\nleft", hint="more"),
    ToolError(("mkfs",), -9, ""),
)
EXIT_CODES = {
    ApplbuildError: 1,
    UsageError: 2,
    KickstartError: 3,
    ProblemsError: 3,
    BackendError: 4,
    HostError: 5,
    ToolError: 6,
}


def received(error):
    return pickle.loads(pickle.dumps(error))  # noqa: S301 - as the room's caller does


def kinds_below(kind):
    return {kind}.union(*(kinds_below(below) for below in kind.__subclasses__()))


def test_every_kind_of_error_is_looked_at_here():
    ours = {kind for kind in kinds_below(ApplbuildError) if kind.__module__ == "applbuild.errors"}

    assert {type(error) for error in ERRORS} == ours == set(EXIT_CODES)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_crosses_to_another_process_whole(error):
    copy = received(error)

    assert type(copy) is type(error)
    assert copy.args == error.args
    assert vars(copy) == vars(error)
    assert str(copy) == str(error)
    assert copy.exit_code == error.exit_code


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_what_was_noted_on_an_error_crosses_with_it(error):
    copy = received(error)
    copy.add_note("seen in the room")

    assert received(copy).__notes__ == ["seen in the room"]


def test_an_error_of_a_plugin_crosses_too():
    error = _PluginError("jammed", tray=3)

    assert received(error).tray == 3


class _PluginError(KickstartError):
    def __init__(self, message, *, tray):
        super().__init__(message)
        self.tray = tray


@pytest.mark.parametrize(("kind", "code"), EXIT_CODES.items())
def test_each_kind_has_its_exit_code(kind, code):
    assert kind.exit_code == code


@pytest.mark.parametrize(("number", "code"), [(2, 130), (15, 143), (1, 129)])
def test_an_interruption_ends_as_shells_report_a_signal(number, code):
    assert Interrupted(number).exit_code == code


def test_an_interruption_is_not_caught_with_ordinary_errors():
    assert not issubclass(Interrupted, Exception)


def test_an_error_reads_as_place_message_and_hint():
    assert str(ERRORS[0]) == "web.ks:7: wrong\nmend it"


def test_an_error_without_place_and_hint_is_its_message():
    assert str(KickstartError("wrong")) == "wrong"


def test_several_problems_are_a_line_each_with_place_and_hint():
    assert str(ProblemsError(PROBLEMS)) == "web.ks:7: no such command (remove it)\ntwo disks"


def test_a_failed_tool_is_told_as_it_could_be_typed_with_its_last_words():
    error = ToolError(("mkfs", "a b"), 3, "no space\nleft")

    assert error.message == "mkfs 'a b' ended in 3:\nno space\nleft"


def test_a_killed_tool_is_told_with_its_signal():
    assert ToolError(("mkfs",), -9, "").message == "mkfs was killed by signal 9"
