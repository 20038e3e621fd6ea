from __future__ import annotations

import pytest

from applbuild.model.problem import Severity


def names(packages):
    return [package.name for package in packages]


def test_sources_keep_their_order_and_options(understand):
    sources = understand(
        "url --url=http://mirror.example.org/debian/dists/stable --proxy=http://p\n"
        "repo --name=more --baseurl=http://mirror.example.org/more --noverifyssl --cost=7\n"
    ).request.sources

    assert [(s.command, s.url, s.name) for s in sources] == [
        ("url", "http://mirror.example.org/debian/dists/stable", None),
        ("repo", "http://mirror.example.org/more", "more"),
    ]
    assert sources[0].options == (("proxy", "http://p"),)
    assert sources[1].options == (("noverifyssl", "yes"), ("cost", "7"))


def test_a_ready_tree_is_a_source(understand):
    (source,) = understand("liveimg --url=file:///srv/tree.tar\n").request.sources

    assert (source.command, source.url) == ("liveimg", "file:///srv/tree.tar")


def test_a_later_repository_of_the_same_name_replaces_the_first(understand, told):
    reading = understand(
        "repo --name=a --baseurl=http://mirror.example.org/1\n"
        "repo --name=b --baseurl=http://mirror.example.org/2\n"
        "repo --name=a --baseurl=http://mirror.example.org/3\n"
    )

    assert [(s.name, s.url[-1]) for s in reading.request.sources] == [("b", "2"), ("a", "3")]
    assert told(reading, Severity.NOTE) == ["1: `repo` is replaced by the one at web.ks:3"]


def test_packages_are_wanted_unwanted_groups_and_globs(understand):
    packages = understand(
        "%packages --excludedocs --nocore --inst-langs=de --ignoremissing\n"
        "# comment\nvim # my editor\n\n"
        "@core\n@^minimal\n@ Sound and Video \nfoo*\n-bar\n-@games\n%end\n"
    ).request.packages

    assert names(packages.wanted) == ["vim", "@core", "@^minimal", "@Sound and Video", "foo*"]
    assert names(packages.unwanted) == ["bar", "@games"]
    assert dict(packages.options) == {
        "excludedocs": "yes",
        "nocore": "yes",
        "inst-langs": "de",
        "ignoremissing": "yes",
    }
    assert str(packages.wanted[0].place) == "web.ks:3"


def test_old_spellings_of_options_mean_the_same(understand):
    options = understand(
        "%packages --excludeWeakdeps --instLangs=de\n%end\n"
    ).request.packages.options

    assert options == (("exclude-weakdeps", "yes"), ("inst-langs", "de"))


def test_the_last_word_on_a_package_counts_across_sections(understand):
    packages = understand(
        "%packages\nvim\n-emacs\n%end\n%packages --nocore\n-vim\nemacs\n%end\n"
    ).request.packages

    assert names(packages.wanted) == ["emacs"]
    assert names(packages.unwanted) == ["vim"]
    assert packages.options == (("nocore", "yes"),)


@pytest.mark.parametrize("line", ["-", "vim emacs", "@group --nodefaults --optional"])
def test_a_line_that_names_no_package_is_an_error_at_its_line(understand, told, line):
    assert told(understand(f"%packages\n{line}\n%end\n"), Severity.ERROR)[0].startswith("2: ")


def test_complaints_about_packages_come_to_an_end_but_none_is_left_out(understand, told):
    reading = understand("%packages\n" + "b c\n" * 150 + "%end\n")

    complaints = told(reading, Severity.ERROR)
    assert len(complaints) == 100
    assert complaints[-1].endswith("so with 50 more lines")


def test_options_of_a_group_are_handed_on(understand):
    """Whether they are honoured is for the payload to say."""
    (group,) = understand("%packages\n@office --optional\n%end\n").request.packages.wanted

    assert (group.name, group.options) == ("@office", ("--optional",))


def test_scripts_keep_their_order_options_and_every_character(understand):
    scripts = understand(
        "%pre\necho pre\n%end\n"
        "%post --interpreter=/usr/bin/python3 --erroronfail --log=/root/log\n"
        "# comment\n\n  x = '%d' % 1\n%end\n"
        "%post --nochroot\nls\n%end\n%onerror\ntrue\n%end\n"
    ).request.scripts

    assert [(s.section, s.is_in_guest, s.place.line) for s in scripts] == [
        ("pre", False, 1),
        ("post", True, 4),
        ("post", False, 9),
        ("onerror", False, 12),
    ]
    post = scripts[1]
    assert post.body == "# comment\n\n  x = '%d' % 1\n"
    assert (post.interpreter, post.is_fatal, post.log) == ("/usr/bin/python3", True, "/root/log")
    assert (scripts[2].interpreter, scripts[2].is_fatal, scripts[2].log) == ("/bin/sh", False, None)


def test_an_empty_script_is_none(understand):
    assert understand("%post\n\n%end\n%post --nochroot\n%end\n").request.scripts == ()


def test_every_script_but_that_of_an_installers_crash_is_honoured(understand, told):
    names = ("%pre", "%pre-install", "%post", "%onerror", "%traceback")

    reading = understand("".join(f"{name} --log=/x\ntrue\n%end\n" for name in names))

    assert told(reading, Severity.WARNING) == []
    (note,) = told(reading, Severity.NOTE)
    assert note.startswith("13: `%traceback` does not apply")


def test_modules_are_chosen_and_the_last_word_on_one_counts(understand, told):
    reading = understand(
        "module --name=nodejs --stream=16\n"
        "module --name ruby --disable\n"
        "module --name=nodejs --stream=18\n"
        "module --name=php\n"
    )

    assert [(m.name, m.stream, m.is_disabled) for m in reading.request.packages.modules] == [
        ("ruby", "", True),
        ("nodejs", "18", False),
        ("php", "", False),
    ]
    assert told(reading, Severity.NOTE)[0] == (
        "1: `module` was removed in Fedora 45; it is honoured"
    )
    assert not told(reading, Severity.WARNING)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("module --stream=1", "1: `module` names no module"),
        ("module --name=a --profile=b", "1: `module` has no --profile"),
    ],
)
def test_a_module_that_is_not_understood_is_an_error(understand, told, line, message):
    assert told(understand(f"{line}\n"), Severity.ERROR) == [message]


def test_modules_stay_beside_the_packages(understand):
    packages = understand("module --name=a\n%packages\nb\n%end\n").request.packages

    assert (packages.modules[0].name, packages.wanted[0].name) == ("a", "b")


def test_options_of_a_repository_from_other_eras_are_handed_on(understand, told):
    reading = understand(
        "repo --name=a --baseurl=http://mirror.example.org/ --ignoregroups=true --priority 5\n"
    )

    assert reading.request.sources[0].options == (("ignoregroups", "true"), ("priority", "5"))
    assert told(reading, Severity.NOTE) == [
        "1: `repo --ignoregroups` was removed in Fedora 40; it is honoured",
        ("1: `repo --priority`: never an option of an installer's `repo`; it is honoured"),
    ]


def test_only_options_that_say_something_reach_a_payload(understand):
    request = understand(
        "liveimg --url=file:///x.tar --noverifyssl --checksum=ab\n"
        "%packages --nobase --ignoredeps --excludedocs\n%end\n"
    ).request

    assert request.sources[0].options == (("checksum", "ab"),)
    assert request.packages.options == (("excludedocs", "yes"),)


@pytest.mark.parametrize(
    "line",
    [
        "repo --name=HighAvailability --baseurl=file:///run/install/repo/addons/HighAvailability",
        "url --url=file:///mnt/source",
    ],
)
def test_what_lies_on_the_medium_of_an_installer_is_not_used_and_that_is_told(
    understand, told, line
):
    reading = understand(f"{line}\n")

    assert reading.request.sources == ()
    assert "names the medium of an installer" in told(reading, Severity.WARNING)[0]
