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


def test_groups_of_a_repository_may_be_ignored(stocked, resolve, refused):
    source = Source(command="url", url=stocked.url, options=(("ignoregroups", "true"),))
    error = refused(resolve, "@web", sources=(source,))
    assert error.message == "the repositories have no group @web"
    assert names(resolve("lib", sources=(source,))) == {"lib"}  # nor is there a @core


def test_only_what_a_repository_is_said_to_include_is_used(stocked, resolve, refused):
    source = Source(command="url", url=stocked.url, options=(("includepkgs", "base,docs"),))
    assert names(resolve("docs", sources=(source,))) == {"base", "docs"}
    error = refused(resolve, "lib", sources=(source,))
    assert error.message == "the repositories have no package lib"
    assert error.hint == "an option of its repository leaves it out, or it belongs to a module"


@pytest.mark.parametrize(
    "name", ["lib.noarch", "lib-1.0-1", "lib-1.0", "lib-0:1.0-1.noarch", "tool(lib)", "/opt/lib"]
)
def test_a_package_may_be_named_by_version_architecture_and_what_it_provides(
    repository, resolve, name
):
    repository.add("lib", "Provides: tool(lib)\nProvides: /opt/lib")
    repository.publish()
    (package,) = resolve(name, is_fetched=False).packages
    assert (package.name, package.reason) == ("lib", "the kickstart asks for it")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("docs-9", "they have docs, of another version or architecture"),
        ("docs.i686", "they have docs, of another version or architecture"),
        ("tool(docs)", ""),
        ("/opt/docs", ""),
    ],
)
def test_such_a_name_that_nothing_has_is_refused(stocked, resolve, refused, name, hint):
    error = refused(resolve, name)
    assert error.hint == hint
    assert error.message == f"the repositories have no package {name}"
    assert str(error.place) == "x.ks:3"


def test_what_contradicts_others_may_be_left_out(repository, resolve, refused):
    repository.add("app", "Requires: nothing-has-this")
    repository.add("lib")
    repository.publish()
    assert "nothing-has-this" in refused(resolve, "app", "lib").message
    assert names(resolve("app", "lib", said=("ignorebroken",))) == {"lib"}


def test_what_a_backend_needs_is_missed_after_what_the_kickstart_asks_for(
    stocked, resolve, refused
):
    error = refused(resolve, "dosc", needs=("brewer|brewd",))
    assert error.message == "the repositories have no package dosc"
    error = refused(resolve, "docs", needs=("brewer|brewd",), said=("ignoremissing",))
    assert error.message == "the repositories have no brewer or brewd, which is needed: a test"
    assert error.hint == "leave it out with -brewer in %packages"
