from __future__ import annotations

import pytest

from applbuild.errors import KickstartError, ProblemsError
from applbuild.model.problem import Severity

ERAS = [
    ("install", "install"),
    ("device eth 3c59x", "device"),
    ("key --skip", "key"),
    ("unsupported_hardware", "unsupported_hardware"),
    ("zerombr yes", "zerombr"),
    ("logging --level=info", "logging --level"),
    ("logging --level info", "logging --level"),
    ("bootloader --upgrade", "bootloader --upgrade"),
    ("part / --size=1 --bytes-per-inode 4096", "part --bytes-per-inode"),
    ("auth --useshadow --enablemd5", "auth"),
    ("authconfig --enableshadow", "authconfig"),
    ("xconfig --resolution 1024x768 --startxonboot", "xconfig --resolution"),
    ("interactive", "interactive"),
    ("%packages --nobase\n%end", "%packages --nobase"),
    ("%packages --resolvedeps\n%end", "%packages --resolvedeps"),
]


@pytest.mark.parametrize(("line", "subject"), ERAS)
def test_what_was_removed_from_kickstart_is_left_out_and_noted(understand, told, line, subject):
    notes = told(understand(f"\n{line}\ntext\n"), Severity.NOTE)

    assert any(note.startswith(f"2: `{subject}`") for note in notes), notes


@pytest.mark.parametrize(("line", "subject"), ERAS)
def test_what_was_removed_from_kickstart_is_an_error_when_strict(understand, line, subject):
    with pytest.raises(KickstartError) as caught:
        understand(f"\n{line}\ntext\n", is_strict=True)

    assert str(caught.value.place) == "web.ks:2"
    assert subject in caught.value.message


def test_options_around_a_removed_one_keep_their_values(understand):
    reading = understand("part / --bytes-per-inode 4096 --size 7 --fstype ext3\n")

    (part,) = reading.request.partitions
    assert (part.size_bytes, part.filesystem) == (7 * 1024 * 1024, "ext3")


def test_a_section_without_end_ends_where_the_next_begins(understand, told):
    reading = understand("%packages\nvim\n%post\necho 1\n%post --nochroot\necho 2\n")

    assert [package.name for package in reading.request.packages.wanted] == ["vim"]
    assert [(s.body, s.is_in_guest) for s in reading.request.scripts] == [
        ("echo 1\n", True),
        ("echo 2\n", False),
    ]
    assert told(reading, Severity.NOTE) == [
        "1: %packages has no %end; it is read up to line 3 of web.ks",
        "3: %post has no %end; it is read up to line 5 of web.ks",
        "5: %post has no %end; it is read up to the end of the file",
    ]


def test_a_section_goes_on_after_an_include_without_end(write):
    from applbuild.kickstart import read

    path = write("%packages\n%include more.ks\nvim\n", **{"more.ks": "emacs\n"})

    names = [(p.name, str(p.place)) for p in read(path).request.packages.wanted]

    assert names == [("emacs", "more.ks:1"), ("vim", "web.ks:3")]


def test_a_stray_end_is_left_out_and_noted(understand, told):
    assert told(understand("lang C\n%end\nkeyboard us\n"), Severity.NOTE) == [
        "2: this %end belongs to no section; it is left out"
    ]


def test_the_rest_of_a_comment_that_was_wrapped_is_left_out_and_noted(understand, told):
    assert told(understand("lang C\n#part / --size=1\n--grow\n"), Severity.NOTE) == [
        "3: this looks like the rest of the comment above; it is left out"
    ]
    with pytest.raises(KickstartError, match="--grow"):
        understand("part / --size=1\n--grow\n")


def test_a_line_in_a_script_that_only_looks_like_a_section_belongs_to_it(understand):
    reading = understand("%post\ncat <<E\n%description\n%endless\nE\n%end\n")

    assert reading.request.scripts[0].body == "cat <<E\n%description\n%endless\nE\n"


def test_every_repair_is_told_when_strict(understand):
    with pytest.raises(ProblemsError) as caught:
        understand("zerombr yes\ninstall\n%packages --nobase\n", is_strict=True)

    assert [str(problem.place) for problem in caught.value.problems] == [
        "web.ks:1",
        "web.ks:2",
        "web.ks:3",
        "web.ks:3",
    ]
    assert {problem.severity for problem in caught.value.problems} == {Severity.ERROR}


def test_a_file_of_today_needs_no_repair(understand):
    understand("lang C\nzerombr\n%packages\nvim\n%end\n%post\ntrue\n%end\n", is_strict=True)


def test_a_command_without_effect_need_not_be_understood(understand, told):
    reading = understand("snapshot\nvolgroup\nlogging --nonsense\nlang C\n")

    assert reading.request.settings.language.locale == "C"
    assert any(note.startswith("3: logging") for note in told(reading, Severity.NOTE))
    assert any(error.startswith("2: `volgroup`") for error in told(reading, Severity.ERROR))


def test_a_command_with_some_effect_must_be_understood(understand):
    with pytest.raises(KickstartError, match="clearpart"):
        understand("clearpart --nonsense --disklabel=msdos\n")


@pytest.mark.parametrize(
    ("text", "name", "hint"),
    [
        ("vmaccepteula\n", "vmaccepteula", "VMware ESXi"),
        ("text\nURL --url=x\n", "URL", "write url"),
        ("%post\ncat <<'EOF'\n%end\nEOF\n%end\n", "EOF", "inside a here-document too"),
        ("%post\ncat <<-EOF\n%packages\nvim\n%end\nEOF\n%end\n", "EOF", "inside a here-document"),
    ],
)
def test_what_is_no_command_is_explained_where_it_can_be(understand, text, name, hint):
    with pytest.raises(KickstartError, match=f"'{name}' is no command") as caught:
        understand(f"lang C\n{text}")
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<%#\nkind: provision\n%>\n", "<%"),
        ("url --url=$tree\n", r"\$tree"),
        ("lang ${lang}\n", r"\$\{lang\}"),
        ("network --hostname=__HOST__\n", "a value of `network`"),
        ("lang %%lang%%\n", "%%lang%%"),
        ("&&YUM_REPO&&\n", "&&YUM_REPO&&"),
        ("KVM_TEST_MEDIUM\n", "KVM_TEST_MEDIUM"),
    ],
)
def test_more_kinds_of_templates_are_refused_as_what_they_are(understand, text, found):
    with pytest.raises(KickstartError, match=f"this is a template: {found} is") as caught:
        understand(f"text\n{text}")
    assert caught.value.place.line == 2


@pytest.mark.parametrize("password", ["my__Secret__pw", "a&&Secret&&b", "%%Secret", "x%%Secret%%"])
def test_a_password_may_look_like_a_part_of_a_template(understand, password):
    assert understand(f"rootpw --plaintext {password}\n").secrets.hashes


@pytest.mark.parametrize("placeholder", ["__Secret__", "%%Secret%%", "{{Secret}}", "@SECRET@"])
def test_a_placeholder_for_a_password_is_refused_and_not_shown(understand, placeholder):
    with pytest.raises(KickstartError) as caught:
        understand(f"rootpw {placeholder}\n")
    assert "this is a template: a value of `rootpw` is to be filled in" in caught.value.message
    assert "ecret" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "url --url=http://mirror.example.org/$releasever/$basearch\n",
        "repo --name=x --baseurl=$basearch\n",
        "rootpw $ecret\n",
        "rootpw --iscrypted $6$a$b\n",
        "user --name=a --password=$ecret\n",
        "%post\necho $x ${y} __z__ &&a&&\n%end\n",
        "%packages\n# __a__\nvim__x\n%end\n",
    ],
)
def test_what_only_looks_like_a_template_is_read(understand, text):
    assert understand(text)
