"""Resolution and download against a small signed archive, with this host's real apt."""

from __future__ import annotations

import json

import attrs
import pytest

import applbuild_payload_apt as backend
from applbuild import (
    HostError,
    KickstartError,
    Needs,
    PackageName,
    PackageSelection,
    Place,
    Progress,
    Request,
    Run,
    Source,
    load_record,
)
from applbuild.run import built_environment
from applbuild_payload_apt.apt import Wanted, private_apt, update
from applbuild_payload_apt.host_sources import parse_stanzas
from applbuild_payload_apt.options import AptOptions
from applbuild_payload_apt.record import Record
from applbuild_payload_apt.resolution import ARCHITECTURES
from applbuild_payload_apt.store import file_of

BASE = "Package: base\nEssential: yes\nPriority: required"
APP = "Package: app\nVersion: 2:1.0~rc1+x\nDepends: lib (>= 1)\nRecommends: extra"
LIB = "Package: lib\nVersion: 1.5"
EXTRA = "Package: extra"
PLACE = Place("x.ks", 3)


@pytest.fixture
def resolve(tmp_path, archive):
    """Return what resolves names against the archive, and the remarks it made."""
    remarks = []

    def call(*wanted, unwanted=(), sources=None, options=None, docs=True):
        request = Request(
            name="x",
            kickstart="",
            digest="",
            sources=(Source(command="url", url=archive.url, place=PLACE),)
            if sources is None
            else sources,
            packages=PackageSelection(
                wanted=tuple(PackageName(name=name, place=PLACE) for name in wanted),
                unwanted=tuple(PackageName(name=name, place=PLACE) for name in unwanted),
                options=() if docs else (("excludedocs", "yes"),),
            ),
        )
        call.asked.append(request)
        return backend.applbuild_resolve(
            request,
            Needs(),
            options or AptOptions(keyring=str(archive.keyring)),
            call.cache,
            call.run,
            Progress(remarks.append),
        )

    call.cache, call.run, call.remarks = (
        tmp_path / "cache",
        Run(environment=built_environment()),
        remarks,
    )
    call.asked = []
    call.cache.mkdir()
    return call


def fetch(resolve, resolution):
    return backend.applbuild_fetch(
        resolve.asked[-1], resolution, resolve.cache, resolve.run, Progress(resolve.remarks.append)
    )


def test_the_exact_packages_are_found_and_fetched(resolve, archive):
    archive.publish(BASE, APP, LIB, EXTRA)
    resolution = resolve("app")
    found = {package.name: package for package in resolution.packages}
    assert sorted(found) == ["app", "base", "lib"]
    assert (found["app"].version, found["app"].reason) == (
        "2:1.0~rc1+x",
        "the kickstart asks for it",
    )
    assert (found["lib"].reason, found["lib"].installed_bytes) == ("dependency", 7 * 1024)
    assert resolution.installed_bytes == 3 * 7 * 1024
    assert "without recommended packages" in resolution.summary

    fetched = fetch(resolve, resolution)
    assert fetched == attrs.evolve(resolution, newest_seconds=1_000_000_002)
    for package in fetched.packages:
        assert file_of(package, resolve.cache).stat().st_size == package.download_bytes
    advances = [event for event in resolve.remarks if hasattr(event, "total_bytes")]
    assert advances[-1].done_bytes == sum(package.download_bytes for package in fetched.packages)


def test_nothing_is_fetched_twice_but_what_is_damaged(resolve, archive):
    archive.publish(BASE, APP, LIB)
    resolution = fetch(resolve, resolve("app"))
    files = {p.name: file_of(p, resolve.cache) for p in resolution.packages}
    files["lib"].write_bytes(b"x" * files["lib"].stat().st_size)
    kept = files["app"].stat().st_ino
    resolve.remarks.clear()
    fetch(resolve, resolution)
    assert files["app"].stat().st_ino == kept
    assert files["lib"].read_bytes().startswith(b"!<arch>")
    assert len(resolve.remarks) == 1


def test_recommended_packages_come_on_request(resolve, archive):
    archive.publish(BASE, APP, LIB, EXTRA)
    options = AptOptions(keyring=str(archive.keyring), recommends=True)
    names = {package.name for package in resolve("app", options=options).packages}
    assert names == {"app", "base", "extra", "lib"}


def test_the_digest_follows_the_software_alone(resolve, archive):
    archive.publish(BASE, APP, LIB)
    first = resolve("app")
    assert resolve("app") == first
    archive.publish(BASE, APP, LIB, EXTRA)
    assert resolve("app").digest == first.digest
    archive.publish(BASE, APP, LIB.replace("1.5", "1.6"))
    second = resolve("app")
    assert second.digest != first.digest
    assert {package.version for package in second.packages} >= {"1.6"}


def test_what_is_excluded_stays_out_or_is_refused(resolve, archive):
    archive.publish(BASE, APP, LIB, EXTRA)
    options = AptOptions(keyring=str(archive.keyring), recommends=True)
    names = {p.name for p in resolve("app", unwanted=("ex*",), options=options).packages}
    assert names == {"app", "base", "lib"}
    with pytest.raises(KickstartError, match="app : Depends: lib"):
        resolve("app", unwanted=("lib",))


def test_a_version_can_be_asked_for(resolve, archive):
    archive.publish(BASE, LIB, LIB.replace("1.5", "1.7"))
    chosen = {package.name: package.version for package in resolve("lib=1.5").packages}
    assert chosen["lib"] == "1.5"
    chosen = {package.name: package.version for package in resolve("lib").packages}
    assert chosen["lib"] == "1.7"


def test_an_archive_that_nothing_verifies_is_refused(resolve, archive):
    archive.publish(BASE)
    with pytest.raises(KickstartError, match="nothing on this host verifies") as caught:
        resolve(options=AptOptions())
    assert "keyring=" in caught.value.hint


def test_an_archive_that_is_not_signed_is_refused(resolve, archive):
    archive.publish(BASE, is_signed=False)
    with pytest.raises(KickstartError, match="not signed"):
        resolve()


def test_an_index_that_was_tampered_with_is_refused(resolve, archive):
    archive.publish(BASE)
    index = next(archive.folder.rglob("Packages"))
    index.write_text(index.read_text().replace("base", "evil"))
    with pytest.raises(KickstartError, match="cannot be used"):
        resolve()


def test_a_package_that_was_tampered_with_is_refused(resolve, archive):
    archive.publish(BASE)
    resolution = resolve()
    deb = next(archive.folder.rglob("*.deb"))
    deb.write_bytes(deb.read_bytes()[:-4] + b"evil")
    with pytest.raises(HostError, match="cannot be downloaded"):
        fetch(resolve, resolution)
    assert not list((resolve.cache / "packages").iterdir())


@pytest.mark.parametrize("wrong", ["dists/nowhere/main", "dists/test/nothing"])
def test_an_archive_that_is_not_there_is_refused(resolve, archive, wrong):
    archive.publish(BASE)
    url = archive.url.replace("dists/test/main", wrong)
    with pytest.raises(KickstartError, match="cannot be used"):
        resolve(sources=(Source(command="url", url=url),))


def test_the_last_index_will_do_when_the_archive_is_away(resolve, archive):
    archive.publish(BASE, LIB)
    first = resolve("lib")
    archive.folder.rename(archive.folder.with_name("away"))
    assert resolve("lib") == first
    assert "indexes of an earlier build" in resolve.remarks[-1].message


def test_a_keyring_that_is_not_there_is_refused(resolve, archive):
    with pytest.raises(HostError, match="no keyring /nowhere"):
        resolve(options=AptOptions(keyring="/nowhere.gpg"))


def test_several_archives_are_one_choice(resolve, archive, tmp_path):
    archive.publish(BASE, APP)
    second = attrs.evolve(archive, folder=tmp_path / "second")
    second.publish(LIB)
    sources = tuple(
        Source(command=command, url=each.url, name=command)
        for command, each in (("url", archive), ("repo", second))
    )
    resolution = resolve("app", sources=sources)
    assert {package.name for package in resolution.packages} == {"app", "base", "lib"}
    record = load_record(Record, resolution.digest, resolve.cache)
    assert [origin for _, origin in record.archives] == ["Example", "Example"]


def test_a_login_is_not_left_in_the_cache(resolve, archive):
    archive.publish(BASE)
    url = archive.url.replace("file://", "file://me:secret@")
    resolution = resolve(sources=(Source(command="url", url=url),))
    left = [f for f in resolve.cache.rglob("*") if f.is_file() and b"secret" in f.read_bytes()]
    assert not left
    assert "secret" not in json.dumps(attrs.asdict(resolution))


def test_documentation_can_be_left_out(resolve, archive):
    archive.publish(BASE)
    full = resolve()
    assert load_record(Record, full.digest, resolve.cache).has_docs
    bare = resolve(docs=False)
    assert not load_record(Record, bare.digest, resolve.cache).has_docs
    assert bare.digest != full.digest


def test_a_key_may_stand_in_the_sources_themselves(resolve, archive, tmp_path):
    archive.publish(BASE)
    key = archive.armored().replace("\n\n", "\n.\n").strip().replace("\n", "\n ")
    stanza = f"Types: deb\nURIs: {archive.url.partition('/dists')[0]}\nSuites: test\n"
    (found,) = parse_stanzas(f"{stanza}Components: main\nSigned-By:\n {key}\n")
    wanted = Wanted(archives=(found,), architecture=ARCHITECTURES["x86_64"])
    with private_apt(wanted, resolve.cache, resolve.run) as apt:
        assert update(apt, wanted.archives, Progress(resolve.remarks.append)) == {found: "Example"}
