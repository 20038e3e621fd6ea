"""Repositories on servers: every way to name one, and what is asked of it how often."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from contextlib import ExitStack

import pytest

from applbuild import HostError, PackageSelection, Request, Source
from applbuild_payload_dnf.options import DnfOptions
from applbuild_payload_dnf.sources import repositories_wanted

METALINK = """<?xml version="1.0" encoding="utf-8"?>
<metalink version="3.0" xmlns="http://www.metalinker.org/"
 xmlns:mm0="http://fedorahosted.org/mirrormanager">
<files><file name="repomd.xml"><mm0:timestamp>{time}</mm0:timestamp><size>{size}</size>
<verification><hash type="sha256">{digest}</hash></verification>
<resources><url protocol="http" type="http" location="XX" preference="100">{url}</url></resources>
</file></files></metalink>
"""


@pytest.fixture
def serve(repository, sibling):
    """Returns what serves the home of the repository."""
    with ExitStack() as stack:

        def start(**about):
            return stack.enter_context(sibling("servers").serving(repository.home, **about))

        yield start


@pytest.fixture
def stocked(repository):
    repository.add("app", "Requires: lib")
    repository.add("lib")
    repository.publish()
    return repository


def source(url="", command="url", **options):
    said = tuple((name, str(value)) for name, value in options.items())
    return (Source(command=command, url=url, options=said),)


def names(resolution):
    return {package.name for package in resolution.packages}


def test_packages_are_downloaded_once_and_a_plan_downloads_none(stocked, resolve, serve):
    server = serve()
    url = f"http://127.0.0.1:{server.port}/repository"
    resolve("app", sources=source(url), is_fetched=False)
    assert server.packages() == []
    resolve("app", sources=source(url))
    assert sorted(server.packages()) == ["app-1.0-1.noarch.rpm", "lib-1.0-1.noarch.rpm"]
    server.asked.clear()
    resolve("app", sources=source(url))
    assert set(server.asked) == {"/repository/repodata/repomd.xml"}


def test_what_no_build_has_used_for_a_month_leaves_the_cache(stocked, resolve, tmp_path):
    stale = tmp_path / "cache/repositories/stale"
    stale.mkdir(parents=True)
    (stale / "old.rpm").touch()
    os.utime(stale, (0, 0))
    resolve("app")
    assert not stale.exists()
    (kept,) = (tmp_path / "cache/repositories").iterdir()
    assert (kept / "lock").exists()


def test_a_repository_that_changed_is_read_anew(stocked, resolve, serve):
    server = serve()
    url = f"http://127.0.0.1:{server.port}/repository"
    resolve("app", sources=source(url))
    stocked.add("app", version="2.0")
    stocked.publish()
    assert [p.version for p in resolve("app", sources=source(url)).packages] == ["2.0-1"]


def test_a_list_of_mirrors_is_followed_past_a_dead_one(stocked, resolve, serve):
    server = serve()
    here = f"http://127.0.0.1:{server.port}"
    (stocked.home / "mirrors").write_text(f"{here}/gone\n{here}/repository\n")
    resolution = resolve("app", sources=source(mirrorlist=f"{here}/mirrors"))
    assert names(resolution) == {"app", "lib"}


def test_a_metalink_is_followed_to_the_index_that_it_vouches_for(stocked, resolve, serve, refused):
    server = serve()
    here = f"http://127.0.0.1:{server.port}"
    index = stocked.folder / "repodata/repomd.xml"
    about = {
        "size": index.stat().st_size,
        "time": int(index.stat().st_mtime),
        "digest": hashlib.sha256(index.read_bytes()).hexdigest(),
        "url": f"{here}/repository/repodata/repomd.xml",
    }
    metalink = stocked.home / "metalink"
    metalink.write_text(METALINK.format(**about))
    assert names(resolve("app", sources=source(metalink=f"{here}/metalink"))) == {"app", "lib"}
    metalink.write_text(METALINK.format(**{**about, "digest": "0" * 64}))
    error = refused(resolve, "app", sources=source(metalink=f"{here}/metalink?other"))
    assert f"the repository url ({here}/metalink?other) cannot be read" in error.message


def test_a_proxy_is_asked_with_its_login(stocked, resolve, serve):
    proxy = serve(login="me@here:s3cret")
    asked = source(
        "http://mirror.example.org/repository",
        proxy=f"http://me%40here:s3cret@127.0.0.1:{proxy.port}",
    )
    assert names(resolve("app", sources=asked)) == {"app", "lib"}
    assert "http://mirror.example.org/repository/lib-1.0-1.noarch.rpm" in proxy.asked


@pytest.fixture
def certificate(repository):
    """A certificate that nobody vouches for, with its key."""
    file = repository.home / "server.pem"
    about = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    argv = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *about]
    subprocess.run([*argv, "-keyout", file, "-out", file], check=True, capture_output=True)
    return file


def test_a_server_that_nobody_vouches_for_is_refused(stocked, resolve, refused, serve, certificate):
    url = f"https://127.0.0.1:{serve(certificate=certificate).port}/repository"
    error = refused(resolve, "app", sources=source(url))
    assert f"the repository url ({url}) cannot be read" in error.message
    assert "certificate" in error.message.lower()


def test_a_server_may_be_vouched_for_or_taken_as_it_is(stocked, resolve, serve, certificate):
    url = f"https://127.0.0.1:{serve(certificate=certificate).port}/repository"
    vouched = source(url, sslcacert=f"file://{certificate}")
    assert names(resolve("app", sources=vouched)) == {"app", "lib"}
    assert names(resolve("app", sources=source(url, noverifyssl="yes"))) == {"app", "lib"}


@pytest.mark.parametrize("option", ["cost", "priority"])
def test_the_cheaper_or_preferred_of_two_repositories_is_used(stocked, resolve, serve, option):
    server = serve()
    shutil.copytree(stocked.folder, stocked.home / "other")
    here = f"http://127.0.0.1:{server.port}"
    sources = tuple(
        Source(command="repo", name=name, url=f"{here}/{name}", options=((option, value),))
        for name, value in (("repository", "70"), ("other", "20"))
    )
    resolve("app", sources=sources)
    assert {path.split("/")[1] for path in server.asked if path.endswith(".rpm")} == {"other"}


def test_a_preferred_repository_wins_over_a_newer_version(stocked, resolve):
    shutil.copytree(stocked.folder, stocked.home / "old")
    stocked.add("app", version="2.0")
    stocked.publish()
    old = Source(
        command="repo", name="old", url=f"{stocked.url}/../old", options=(("priority", "1"),)
    )
    usual = Source(command="url", url=stocked.url)
    newest = resolve("app", sources=(usual,), is_fetched=False)
    preferred = resolve("app", sources=(usual, old), is_fetched=False)
    assert [p.version for p in newest.packages] == ["2.0-1"]
    assert {p.version for p in preferred.packages} == {"1.0-1"}


def test_a_number_that_is_none_is_refused(stocked, resolve, refused):
    sources = source(stocked.url, cost="much")
    assert refused(resolve, "app", sources=sources).message == "url --cost is no number"
    error = refused(resolve, "app", said=("retries=often",))
    assert error.message == "%packages --retries=often is no number"


def test_a_silent_server_is_waited_for_as_long_as_is_said(stocked, resolve, serve):
    server = serve(slow=("lib-1.0-1.noarch.rpm",))
    url = f"http://127.0.0.1:{server.port}/repository"
    with pytest.raises(HostError, match="transferred the last 2 seconds"):
        resolve("app", sources=source(url), said=("timeout=2",))


def test_the_retries_of_the_kickstart_reach_dnf(stocked):
    request = Request(
        name="x",
        kickstart="x.ks",
        digest="",
        sources=source(stocked.url),
        packages=PackageSelection(options=(("retries", "3"),)),
    )
    assert repositories_wanted(request, DnfOptions()).settings == (("retries", "3"),)


def test_a_package_that_cannot_be_had_is_named_with_the_reason(stocked, resolve, serve):
    server = serve(broken=("lib-1.0-1.noarch.rpm",))
    url = f"http://127.0.0.1:{server.port}/repository"
    with pytest.raises(
        HostError, match=rf"(?s)Status code: 503 for {url}/lib-1\.0-1\S+ .{{0,20}}$"
    ):
        resolve("app", sources=source(url))


def test_logins_are_kept_and_shown_nowhere(stocked, resolve, refused, serve, tmp_path):
    server = serve(login="tester:pass$word")
    url = f"http://tester:pass%24word@127.0.0.1:{server.port}/repository"
    resolution = resolve("app", sources=source(url))
    assert names(resolution) == {"app", "lib"}
    kept = [file for file in (tmp_path / "cache").rglob("*") if file.is_file()]
    assert any(file.suffix == ".rpm" for file in kept)
    for secret in (b"pass$word", b"pass%24word", b"tester"):
        assert [file for file in kept if secret in file.read_bytes()] == []
    assert "tester" not in repr(resolution)
    wrong = f"http://tester:wr0ng@127.0.0.1:{server.port}/repository"
    error = refused(resolve, "app", sources=source(wrong))
    assert f"(http://127.0.0.1:{server.port}/repository) cannot be read" in error.message
    assert "tester" not in str(error)
    assert "wr0ng" not in str(error)


def test_a_file_of_repositories_has_sections_variables_and_settings(stocked, resolve, serve):
    server = serve()
    stocked.add("more")
    stocked.publish()
    file = stocked.home / "mine.repo"
    here = f"http://127.0.0.1:{server.port}"
    file.write_text(
        f"[one]\nname=One $releasever\nbaseurl={here}/gone/\n  {here}/$releasever/\n"
        f"gpgkey=file://{stocked.home}/$signer.asc\n  file://{stocked.home}/good.asc\n"
        "includepkgs=app,lib\n"
        f"[two]\nname=Two\nbaseurl={here}/${{releasever}}/\nexcludepkgs=app\npriority=1\n"
        f"gpgkey=file://{stocked.key}\n"
        "[off]\nname=Off\nbaseurl=http://mirror.example.org/\nenabled=0\n"
    )
    options = DnfOptions(repofile=(file,), releasever="repository")
    (stocked.home / "$signer.asc").write_text(stocked.key.read_text())
    resolution = resolve("app", "more", options=options, sources=())
    assert names(resolution) == {"app", "lib", "more"}
