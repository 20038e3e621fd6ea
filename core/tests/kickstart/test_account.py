from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from applbuild.errors import KickstartError
from applbuild.kickstart import Fate, account, to_json, to_text
from applbuild.kickstart.document import document

TEXT = """\
# a comment
lang en_US.UTF-8
rootpw secret
part / --size=10 --onpart=sda1
network --device=eth0 --bootproto=static --ip=192.0.2.1
install
%include gone.ks
%packages
vim
%end
part /srv
"""


def test_the_account_has_every_command_and_section_in_order(write):
    lines = account(write(TEXT)).lines

    assert [(line.place.line, line.text) for line in lines] == [
        (2, "lang en_US.UTF-8"),
        (3, "rootpw '********'"),
        (4, "part / --size=10 --onpart=sda1"),
        (5, "network --device=eth0 --bootproto=static --ip=192.0.2.1"),
        (6, "install"),
        (7, "%include gone.ks"),
        (8, "%packages"),
        (11, "part /srv"),
    ]


def test_the_account_says_what_becomes_of_each_word(write):
    verdicts = account(write(TEXT)).lines[2].verdicts

    assert [(verdict.subject, verdict.fate) for verdict in verdicts] == [
        ("part", Fate.HONOURED),
        ("part /", Fate.HONOURED),
        ("part --size", Fate.HONOURED),
        ("part --onpart", Fate.REFUSED),
    ]


def test_the_account_counts_and_tells_whether_a_build_would_refuse(write):
    told = account(write(TEXT))
    assert dict(told.counts)[Fate.REFUSED] == 1
    assert not told.is_buildable

    assert account(write("lang C\ninstall\nselinux --disabled\n")).is_buildable
    assert not account(write("part /\n")).is_buildable


def test_the_account_as_json_has_all_of_it(write):
    data = json.loads(json.dumps(to_json(account(write(TEXT)))))

    assert data["kickstart"] == "web.ks"
    assert data["is_buildable"] is False
    assert data["counts"]["refused"] == 1
    include = data["lines"][5]
    assert include["problems"][0]["severity"] == "warning"
    assert include["problems"][0]["message"] == "the included file gone.ks is not there"


def test_the_account_as_text_marks_each_line_and_explains_what_is_not_honoured(write):
    text = "\n".join(to_text(account(write(TEXT))))

    assert "    2 + lang en_US.UTF-8\n" in text
    assert "    4 ! part / --size=10 --onpart=sda1\n      !   `part --onpart` is refused" in text
    assert "    6 . install\n      .   `install` was removed in Fedora 34" in text
    assert "   11 ! part /srv\n      !   the partition /srv has no size" in text


def test_what_is_no_command_is_not_shown_whole(write):
    told = account(
        write("text\n#user --name=a\n--gecos=x --password=geheim\n%post\nx @Y@ geheim\n")
    )

    assert [line.text for line in told.lines] == ["text", "--gecos=x ...", "%post", "x ..."]
    assert "geheim" not in "\n".join(to_text(told))


def test_the_account_names_each_file_where_it_begins(write):
    path = write("lang C\n%include b.ks\nskipx\n", **{"b.ks": "text\n"})

    assert [line for line in to_text(account(path)) if line.endswith(".ks")] == [
        "web.ks",
        "b.ks",
        "web.ks",
    ]


def test_an_account_of_what_cannot_be_read_is_an_error(write):
    with pytest.raises(KickstartError):
        account(write("lang\n"))
    with pytest.raises(KickstartError):
        account(write("install\n"), is_strict=True)


def test_the_documentation_is_made_from_the_table():
    # `python -m applbuild.kickstart.document > docs/kickstart.md` mends this.
    written = Path(__file__).parents[3] / "docs" / "kickstart.md"

    assert written.read_text(encoding="utf-8") == document()


def test_the_documentation_is_printed_by_its_module():
    ran = subprocess.run(
        [sys.executable, "-m", "applbuild.kickstart.document"], capture_output=True, check=True
    )

    assert ran.stdout.decode() == document()
