from __future__ import annotations

import os
import sys

import pytest

from applbuild.errors import HostError, ToolError
from applbuild.run import PATH, Run, built_environment

run = Run(environment=built_environment())


def python(code, *words, **about):
    return run([sys.executable, "-c", code, *words], **about)


def shell(line, **about):
    return run(["sh", "-c", line], **about)


def failed(*words, **about):
    with pytest.raises(ToolError) as caught:
        run(list(words), **about)
    return caught.value


def test_what_a_command_prints_is_returned_by_stream():
    ran = shell("echo out; echo err >&2")

    assert (ran.stdout, ran.stderr, ran.returncode) == ("out\n", "err\n", 0)


def test_nothing_of_the_callers_environment_reaches_a_command(monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")

    assert dict(line.split("=", 1) for line in run(["env"]).stdout.splitlines()) == {
        "PATH": PATH,
        "HOME": "/root",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "TMPDIR": "/tmp",  # noqa: S108
    }


def test_a_build_tells_commands_its_epoch():
    assert dict(built_environment(7))["SOURCE_DATE_EPOCH"] == "7"
    assert dict(built_environment(0))["SOURCE_DATE_EPOCH"] == "0"
    assert "SOURCE_DATE_EPOCH" not in dict(built_environment())


def test_one_command_can_be_given_more_environment():
    ran = run(["env"], environment={"TZ": "Asia/Tokyo", "EXTRA": "1"})

    assert "TZ=Asia/Tokyo\n" in ran.stdout
    assert "EXTRA=1\n" in ran.stdout


def test_a_command_has_nothing_to_read():
    assert shell("cat; readlink /proc/self/fd/0").stdout == "/dev/null\n"


def test_a_command_reads_what_it_is_given():
    assert run(["cat"], input="pässword\n").stdout == "pässword\n"


def test_no_shell_reads_the_words():
    assert run(["printf", "%s|", "$HOME", "a b", "*;`id`"]).stdout == "$HOME|a b|*;`id`|"


def test_a_command_inherits_no_open_file(tmp_path):
    with (tmp_path / "open").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        said = shell("ls -l /proc/self/fd").stdout

    assert str(tmp_path) not in said


def test_a_path_is_a_word_like_any_other(tmp_path):
    assert run(["printf", "%s", tmp_path]).stdout == str(tmp_path)


def test_a_command_can_run_in_a_folder(tmp_path):
    assert run(["pwd", "-P"], directory=tmp_path).stdout == f"{tmp_path.resolve()}\n"


def test_a_program_of_several_names_is_found_under_the_first_there_is(tmp_path):
    for name in ("acme2-clock", "acme3-clock"):
        (tmp_path / name).touch(mode=0o755)
    run = Run(environment=(("PATH", str(tmp_path)),))
    assert run.find("acme-clock", "acme2-clock", "acme3-clock") == str(tmp_path / "acme2-clock")
    with pytest.raises(HostError, match="no acme-clock or acme4-clock"):
        run.find("acme-clock", "acme4-clock")


def test_a_command_that_fails_is_an_error_with_its_words_code_and_last_lines():
    error = failed("sh", "-c", "echo looks fine; echo 'no space' >&2; exit 3")

    assert error.argv == ("sh", "-c", "echo looks fine; echo 'no space' >&2; exit 3")
    assert error.returncode == 3
    assert error.tail == "no space"
    assert error.exit_code == 6


def test_a_command_that_complains_on_stdout_is_heard_too():
    assert failed("sh", "-c", "echo no space; exit 1").tail == "no space"


def test_only_the_last_lines_of_a_long_complaint_are_kept():
    error = failed("sh", "-c", "seq 1000 >&2; exit 1")

    assert error.tail.splitlines() == [str(number) for number in range(986, 1001)]


def test_a_killed_command_is_told_with_its_signal():
    assert failed("sh", "-c", "kill -9 $$").returncode == -9


@pytest.mark.parametrize("words", [("no-such-command-here",), ("/etc/passwd",), ("/",)])
def test_a_command_that_cannot_start_is_an_error_like_a_shells(words):
    error = failed(*words)

    assert error.returncode == 127
    assert error.tail


def test_a_failure_that_is_expected_is_returned():
    assert shell("exit 4", is_checked=False).returncode == 4


def test_what_is_no_text_is_replaced_not_fatal():
    assert shell(r"printf 'a\377b'").stdout == "a\N{REPLACEMENT CHARACTER}b"


LOUD = "import sys\nfor n in range(20000): print(n); print(n, file=sys.stderr)"


@pytest.mark.parametrize("on_line", [None, lambda _: None])
def test_a_command_may_be_loud_on_both_streams(on_line):
    ran = python(LOUD, on_line=on_line)

    assert ran.stdout == ran.stderr == "".join(f"{number}\n" for number in range(20000))


def test_lines_are_passed_on_from_both_streams_in_the_order_of_each():
    lines = []

    ran = python(LOUD, on_line=lines.append)

    assert sorted(lines) == sorted(f"{ran.stdout}{ran.stderr}".splitlines())
    assert list(dict.fromkeys(lines)) == ran.stdout.splitlines()


def test_a_line_is_passed_on_while_the_command_still_runs(tmp_path):
    signal = tmp_path / "go"

    shell(
        f"echo ready; while ! test -e {signal}; do sleep 0.01; done",
        on_line=lambda _: signal.touch(),
    )

    assert signal.exists()


def test_a_command_can_be_listened_to_and_given_input():
    lines = []

    run(["tr", "a-z", "A-Z"], input="one\ntwo", on_line=lines.append)

    assert lines == ["ONE", "TWO"]


def test_a_listened_command_that_fails_is_an_error_with_its_last_lines():
    assert failed("sh", "-c", "echo why >&2; exit 2", on_line=lambda _: None).tail == "why"


def test_a_command_that_reads_none_of_its_input_is_no_trouble():
    assert run(["true"], input="x" * 1_000_000).returncode == 0


def test_a_listened_command_that_reads_none_of_its_input_is_no_trouble():
    assert run(["true"], input="x" * 1_000_000, on_line=lambda _: None).returncode == 0
