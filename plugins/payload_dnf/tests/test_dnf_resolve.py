"""From names to packages, with this host's real dnf and a repository of a few packages."""

from __future__ import annotations

import re

import pytest

from applbuild import Source
from applbuild_payload_dnf.options import DnfOptions

COMPS = """<comps>
<group><id>core</id><name>Core</name><packagelist>
<packagereq type="mandatory">base</packagereq></packagelist></group>
<group><id>web</id><name>Web Server</name><packagelist>
<packagereq type="mandatory">app</packagereq>
<packagereq type="default">docs</packagereq>
<packagereq type="optional">extra</packagereq>
<packagereq type="conditional" requires="extra">lib</packagereq></packagelist></group>
<environment><id>server</id><name>Server</name><display_order>1</display_order>
<grouplist><groupid>core</groupid></grouplist>
<optionlist><groupid default="true">web</groupid></optionlist></environment>
</comps>"""


@pytest.fixture
def stocked(repository):
    repository.add("base")
    repository.add("app", "Requires: lib\nRecommends: extra")
    for name in ("lib", "docs", "extra"):
        repository.add(name)
    comps = repository.home / "comps.xml"
    comps.write_text(COMPS)
    repository.publish(comps)
    return repository


def names(resolution):
    return {package.name for package in resolution.packages}


@pytest.mark.parametrize(
    ("wanted", "unwanted", "said", "expected"),
    [
        ((), (), (), {"base"}),
        (("lib",), (), ("nocore",), {"lib"}),
        (("li*",), (), ("nocore",), {"lib"}),
        (("app",), (), ("nocore",), {"app", "lib", "extra"}),
        (("app",), (), ("nocore", "exclude-weakdeps"), {"app", "lib"}),
        (("app",), ("extra",), ("nocore",), {"app", "lib"}),
        (("@web",), ("extra",), ("nocore",), {"app", "lib", "docs"}),
        (("@Web Server",), ("doc*", "extra"), ("nocore",), {"app", "lib"}),
        (("@^server",), ("extra",), (), {"base", "app", "lib", "docs"}),
        (("@^server",), ("@web",), (), {"base"}),
        (("docs",), ("@core",), (), {"docs"}),
    ],
)
def test_what_packages_may_say(stocked, resolve, wanted, unwanted, said, expected):
    assert names(resolve(*wanted, unwanted=unwanted, said=said, is_fetched=False)) == expected


def test_every_package_says_why_it_is_there(stocked, resolve):
    resolution = resolve("app", needs=("docs",), is_fetched=False)
    assert {package.name: package.reason for package in resolution.packages} == {
        "app": "the kickstart asks for it",
        "base": "part of @core",
        "docs": "a test",
        "extra": "recommended by another package",
        "lib": "dependency",
    }
    assert all(package.download_bytes > 0 for package in resolution.packages)


def test_a_missing_package_is_refused_with_its_place_and_what_it_may_have_meant(
    stocked, resolve, refused
):
    error = refused(resolve, "dosc")
    assert error.message == "the repositories have no package dosc"
    assert str(error.place) == "x.ks:3"
    assert error.hint == "did you mean docs?"


def test_a_missing_group_is_refused_likewise(stocked, resolve, refused):
    error = refused(resolve, "@wbe")
    assert error.message == "the repositories have no group @wbe"
    assert error.hint == "did you mean @web?"
    assert "no environment @^sever" in refused(resolve, "@^sever").message


def test_what_is_missing_may_be_ignored(stocked, resolve):
    resolution = resolve("dosc", "lib", "@wbe", "zz*", said=("nocore", "ignoremissing"))
    assert names(resolution) == {"lib"}


def test_what_cannot_be_installed_is_refused_in_dnfs_words(stocked, resolve, refused):
    error = refused(resolve, "app", unwanted=("lib",))
    assert re.search(r"package app-1.0-1.noarch .*requires lib", error.message)
    assert re.search(r"lib-1.0-1.noarch .*is filtered out", error.message)
    assert "--skip-broken" not in error.message
    assert (str(error.place), error.hint) == ("x.ks:3", "-lib leaves out what others need")


def test_an_address_with_releasever_needs_a_release(stocked, resolve, refused):
    sources = (Source(command="url", url=f"{stocked.url}/../$releasever"),)
    assert "--payload dnf,releasever=" in refused(resolve, "lib", sources=sources).hint


def test_the_release_of_the_options_stands_for_releasever(stocked, resolve):
    source = Source(command="url", url=stocked.url.replace("repository", "$releasever"))
    options = DnfOptions(keys=(stocked.key,), releasever="repository")
    assert names(resolve("lib", sources=(source,), options=options)) == {"base", "lib"}


def test_a_repository_that_cannot_be_read_is_named(stocked, resolve, refused):
    source = Source(command="repo", name="gone", url=f"{stocked.url}/nothing")
    assert "the repository gone (file:///" in refused(resolve, "lib", sources=(source,)).message


def test_a_repository_can_leave_packages_out(stocked, resolve):
    options = (("excludepkgs", "base,docs"),)
    source = Source(command="repo", name="some", url=stocked.url, options=options)
    assert names(resolve("lib", sources=(source,), is_fetched=False)) == {"lib"}


def test_repositories_of_a_file_are_used_with_their_own_keys(stocked, resolve):
    file = stocked.home / "mine.repo"
    file.write_text(
        f"[mine]\nname=Mine\nbaseurl={stocked.url}\ngpgcheck=1\ngpgkey=file://{stocked.key}\n"
        "[off]\nname=Off\nbaseurl=http://mirror.example.org/\nenabled=0\n"
    )
    options = DnfOptions(repofile=(file,))
    empty = stocked.home / "empty"
    empty.mkdir()
    assert names(resolve("lib", options=options, sources=())) == {"base", "lib"}
