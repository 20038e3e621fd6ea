from __future__ import annotations

import pytest

from applbuild.errors import KickstartError, ProblemsError
from applbuild.kickstart import read
from applbuild.model.problem import Severity


def test_the_request_is_named_after_the_file(understand):
    request = understand("text\n").request

    assert (request.name, request.kickstart) == ("web", "web.ks")


def test_an_empty_file_asks_for_nothing(understand):
    request = understand("").request

    assert (request.partitions, request.problems) == ((), ())


def test_a_syntax_error_says_file_and_line(understand):
    with pytest.raises(KickstartError) as caught:
        understand("lang C\n\npart / --size=lots\n")

    assert str(caught.value).startswith("web.ks:3: ")
    assert "--size" in caught.value.message
    assert caught.value.exit_code == 3


def test_all_syntax_errors_are_told_at_once_in_the_order_of_the_file(understand):
    with pytest.raises(ProblemsError) as caught:
        understand("part / --size=lots\nlang 'C\nnonsense\n%nonsense\n%end\nlang C\n")

    assert [str(problem.place) for problem in caught.value.problems] == [
        "web.ks:1",
        "web.ks:2",
        "web.ks:3",
        "web.ks:4",
    ]


def test_a_fragment_is_refused_with_a_hint(understand):
    with pytest.raises(KickstartError) as caught:
        understand("@core\nvim\nemacs\n")

    assert "nor is anything else" in caught.value.message
    assert "section includes it" in caught.value.hint


@pytest.mark.parametrize(
    "text",
    ["lang " + "a" * 20_000, "install\n" * 1_100, "#\n" * 60_000],
    ids=["a long line", "many commands", "many lines"],
)
def test_what_nobody_writes_is_an_error_at_once(understand, text):
    with pytest.raises(KickstartError, match=r"more than|too long"):
        understand(text)


@pytest.mark.parametrize(
    ("text", "placeholder"),
    [
        ("lang C\nurl --url=@URL@\n", "@URL@"),
        ("lang C\nurl {{ data['url'] }}\n", "{{ data"),
        ("lang C\n{% if x %}\n", "{% if x %}"),
        ("lang C\n%packages\n{{ pkg }}\n%end\n", "{{ pkg }}"),
        ("lang C\n$SNIPPET('network')\n", "$SNIPPET"),
    ],
)
def test_a_template_is_refused_as_what_it_is(understand, text, placeholder):
    with pytest.raises(KickstartError, match="template") as caught:
        understand(text)

    assert placeholder in caught.value.message
    assert caught.value.place is not None


def test_a_script_may_contain_anything_but_a_placeholder_is_told(understand, told):
    reading = understand("%post\nsed -e s,@name@,x, -e 's/{{ y }}//'\n%end\n")
    assert told(reading, Severity.WARNING) == []

    reading = understand("%post\ntrue\nyum install @RELEASE_RPM@\n%end\n")
    assert told(reading, Severity.WARNING)[0].startswith("3: ")


def test_problems_come_in_the_order_of_the_file_with_its_includes(write):
    path = write(
        "logging --host=x\n%include b.ks\nmediacheck\ninstall\n",
        **{"b.ks": "text\nreboot\n"},
    )

    places = [str(problem.place) for problem in read(path).request.problems]

    assert places == ["web.ks:1", "b.ks:1", "b.ks:2", "web.ks:3", "web.ks:4"]


def test_the_digest_is_that_of_what_is_said_not_where_or_how_it_is_written(write, tmp_path):
    plain = read(write("lang C\ntimezone --utc UTC\n%post\ntrue\n%end\n"))
    (tmp_path / "elsewhere").mkdir()
    other = tmp_path / "elsewhere" / "other.ks"
    other.write_text("# comment\nlang   'C'\n%include rest.ks\n")
    (tmp_path / "elsewhere" / "rest.ks").write_text("timezone --utc UTC\n%post\ntrue\n%end\n")

    assert read(other).request.digest == plain.request.digest


@pytest.mark.parametrize(
    "text", ["lang C\n%post\nfalse\n%end\n", "lang C\n", "lang de_DE\n%post\ntrue\n%end\n"]
)
def test_the_digest_changes_with_what_is_said(understand, text):
    first = understand("lang C\n%post\ntrue\n%end\n").request.digest

    assert understand(text).request.digest != first


def test_includes_that_are_missing_are_problems_where_they_need_not_be_there(understand, told):
    reading = understand("%include gone.ks\nlang C\n", must_include=False)

    assert not reading.is_whole
    assert reading.request.settings.language.locale == "C"
    assert told(reading, Severity.WARNING) == ["1: the included file gone.ks is not there"]
