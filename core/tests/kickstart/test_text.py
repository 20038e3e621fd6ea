from __future__ import annotations

from pathlib import Path

import pytest

from applbuild.errors import KickstartError
from applbuild.kickstart.text import load
from applbuild.model.problem import Place, Severity


def test_an_include_is_read_where_it_stands_with_its_own_line_numbers(write):
    path = write("lang en_US\n%include parts/disk.ks\ntext\n", **{"parts/disk.ks": "# a\npart /\n"})

    lines = load(path).lines

    assert [(line.text, str(line.place)) for line in lines] == [
        ("lang en_US", "web.ks:1"),
        ("# a", "parts/disk.ks:1"),
        ("part /", "parts/disk.ks:2"),
        ("text", "web.ks:3"),
    ]


def test_a_relative_include_is_looked_for_beside_the_file_that_names_it(write):
    path = write(
        "%include parts/outer.ks\n",
        **{"parts/outer.ks": "%include inner.ks\n", "parts/inner.ks": "text\n", "inner.ks": "no\n"},
    )

    assert [line.place for line in load(path).lines] == [Place("parts/inner.ks", 1)]


def test_an_include_with_an_absolute_path_or_a_file_url_is_read(write, tmp_path):
    other = tmp_path / "a b.ks"
    other.write_text("text\n")

    for name in (f'"{other}"', f"file://{tmp_path}/a%20b.ks"):
        assert [line.text for line in load(write(f"%include {name}\n")).lines] == ["text"]


def test_ksappend_includes_as_well(write):
    path = write("%post\n%ksappend body.sh\n%end\n", **{"body.sh": "echo\n"})

    assert [line.text for line in load(path).lines] == ["%post", "echo", "%end"]


def test_a_missing_include_ends_a_build_with_file_and_line(write):
    with pytest.raises(KickstartError) as caught:
        load(write("text\n%include gone.ks\n"))

    assert caught.value.place == Place("web.ks", 2)
    assert "gone.ks" in caught.value.message


@pytest.mark.parametrize("is_before", [True, False])
def test_a_missing_include_that_a_pre_names_is_told_to_be_its_work(write, tmp_path, is_before):
    pre, include = f"%pre\necho text > {tmp_path}/x\n%end\n", f"%include {tmp_path}/x\n"
    path = write(pre + include if is_before else include + pre)

    with pytest.raises(KickstartError) as caught:
        load(path)
    (problem,) = load(path, must_include=False).problems

    assert f"the %pre at web.ks:{1 if is_before else 2}" in caught.value.message
    assert "--run-pre" in caught.value.hint
    assert (problem.severity, problem.message) == (Severity.NOTE, caught.value.message)


def test_a_missing_include_that_another_script_names_is_not_there(write, tmp_path):
    text = f"%pre\ntrue\n%end\n%post\necho text > {tmp_path}/x\n%end\n%include {tmp_path}/x\n"

    assert "is not there" in load(write(text), must_include=False).problems[0].message


def test_the_files_that_were_read_are_told(write, tmp_path):
    path = write("%include a.ks\n%include gone.ks\n", **{"a.ks": "text\n"})

    assert load(path, must_include=False).paths == (path, tmp_path / "a.ks")


def test_what_need_not_be_included_is_told_and_nothing_is_fetched(write, monkeypatch):
    monkeypatch.setattr("pykickstart.load.load_to_str", lambda _: pytest.fail("fetched"))
    path = write("%include gone.ks\n%include http://user:secret@mirror.example.org/x.ks\ntext\n")

    text = load(path, must_include=False, may_fetch=False)

    assert [line.text for line in text.lines] == ["text"]
    assert [problem.place for problem in text.problems] == [Place("web.ks", 1), Place("web.ks", 2)]
    assert [problem.severity for problem in text.problems] == [Severity.WARNING, Severity.NOTE]
    assert "secret" not in str(text.problems)


def test_an_include_over_http_is_fetched_by_a_build_with_its_own_relative_includes(
    write, monkeypatch
):
    pages = {
        "http://mirror.example.org/ks/a.ks": "%include b.ks\n",
        "http://mirror.example.org/ks/b.ks": "text\n",
    }
    monkeypatch.setattr("pykickstart.load.load_to_str", pages.__getitem__)

    lines = load(write("%include http://mirror.example.org/ks/a.ks\n")).lines

    assert [str(line.place) for line in lines] == ["http://mirror.example.org/ks/b.ks:1"]


def test_a_file_that_cannot_be_fetched_is_an_error_at_its_include(write, monkeypatch):
    from pykickstart.errors import KickstartError as PykickstartError

    def refuse(url: str) -> str:
        raise PykickstartError(f"no {url}")

    monkeypatch.setattr("pykickstart.load.load_to_str", refuse)

    with pytest.raises(KickstartError) as caught:
        load(write("\n%include http://user:secret@mirror.example.org/a.ks\n"))

    assert caught.value.place == Place("web.ks", 2)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("inner", ["%include web.ks\n", "%include ./b.ks\n"])
def test_a_file_that_includes_itself_is_an_error(write, inner):
    path = write("%include b.ks\n", **{"b.ks": inner})

    with pytest.raises(KickstartError, match=r"itself|too long"):
        load(path)


def test_includes_that_multiply_come_to_an_end(write):
    files = {f"f{n}.ks": f"%include f{n + 1}.ks\n%include f{n + 1}.ks\n" for n in range(15)}
    path = write("%include f0.ks\n", **files, **{"f15.ks": "text\n"})

    with pytest.raises(KickstartError, match="too long"):
        load(path)


@pytest.mark.parametrize(
    ("line", "message"),
    [("%include", "no file"), ("%include 'a", "quotation"), ("%include http://[a/", "IPv6")],
)
def test_an_include_that_is_no_include_is_an_error_at_its_line(write, line, message):
    with pytest.raises(KickstartError, match=message) as caught:
        load(write(f"{line}\n"))

    assert caught.value.place == Place("web.ks", 1)


@pytest.mark.parametrize(
    ("content", "lines", "line"),
    [
        (b"\xef\xbb\xbftext\n", ["text"], 1),
        (b"# a\ntext\r\nlang x\r\n", ["# a", "text", "lang x"], 2),
        (b"text\n# caf\xe9\n", ["text", "# café"], 2),
    ],
    ids=["byte order mark", "DOS", "Latin-1"],
)
def test_texts_of_other_systems_are_read_and_the_repair_is_told(tmp_path, content, lines, line):
    path = tmp_path / "a.ks"
    path.write_bytes(content)

    text = load(path)

    assert [line.text for line in text.lines] == lines
    assert [problem.place for problem in text.repairs] == [Place("a.ks", line)]
    assert text.repairs[0].severity is Severity.NOTE


def test_only_a_newline_ends_a_line_so_that_numbers_are_those_of_an_editor(write):
    lines = load(write("a\x0cb\u2028c\nd")).lines

    assert [line.text for line in lines] == ["a\x0cb\u2028c", "d"]


@pytest.mark.parametrize("content", [b"a\0b", b"a" * (5 * 1024 * 1024)], ids=["zero", "huge"])
def test_what_is_no_text_is_an_error(tmp_path, content):
    path = tmp_path / "a.ks"
    path.write_bytes(content)

    with pytest.raises(KickstartError):
        load(path)


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(KickstartError, match="No such file"):
        load(tmp_path / "gone.ks")


def test_a_device_is_not_included(write):
    with pytest.raises(KickstartError, match="is not there"):
        load(write("%include /dev/zero\n"))


def test_a_folder_is_an_error(tmp_path: Path):
    with pytest.raises(KickstartError, match="directory"):
        load(tmp_path)
