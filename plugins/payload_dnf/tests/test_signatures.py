"""Only packages that the right key signed are installed; everything else is refused by name."""

from __future__ import annotations

from applbuild import Source
from applbuild_payload_dnf.options import DnfOptions


def test_signed_packages_are_taken_and_the_newest_tells_the_time(repository, resolve):
    repository.add("app", "Requires: lib")
    repository.add("lib")
    repository.publish()
    resolution = resolve("app")
    assert [package.name for package in resolution.packages] == ["app", "lib"]
    assert resolution.newest_seconds == 1_000_000_000
    assert all(len(package.sha256) == 64 for package in resolution.packages)


def test_an_unsigned_package_is_refused_by_name(repository, resolve, refused):
    repository.add("app", "Requires: lib")
    repository.add("lib", signer=None)
    repository.publish()
    error = refused(resolve, "app")
    assert "lib-1.0-1.noarch.rpm is not signed" in error.message
    assert "app-1.0" not in error.message
    assert str(error.place) == "x.ks:3"


def test_a_package_that_was_altered_after_signing_is_refused_by_name(repository, resolve, refused):
    repository.add("lib")
    file = repository.add("app", "Requires: lib")
    content = bytearray(file.read_bytes())
    content[-20] ^= 0xFF  # in its payload
    file.write_bytes(content)
    repository.publish()  # the index is of the altered file
    error = refused(resolve, "app")
    assert "app-1.0-1.noarch.rpm was altered after it was signed" in error.message
    assert "lib-1.0" not in error.message


def test_packages_of_another_key_are_refused_by_name(repository, resolve, refused):
    repository.add("app", signer="other")
    repository.publish()
    error = refused(resolve, "app")
    assert "app-1.0-1.noarch.rpm is signed by a key that is not trusted for it" in error.message


def test_either_of_two_keys_may_have_signed(repository, resolve):
    repository.add("app", "Requires: lib", signer="other")
    repository.add("lib")
    repository.publish()
    keys = (repository.key, repository.other_key)
    assert len(resolve("app", options=DnfOptions(keys=keys)).packages) == 2


def test_a_repository_without_a_key_is_refused_and_the_error_says_what_to_do(
    repository, resolve, refused
):
    repository.add("app")
    repository.publish()
    error = refused(resolve, "app", options=DnfOptions())
    assert f"no key is known for the repository url ({repository.url})" in error.message
    assert "--payload dnf,keys=FILE" in error.hint
    assert "--payload dnf,unsigned=url" in error.hint


def test_a_repository_may_go_without_signatures_where_the_user_says_so(repository, resolve):
    repository.add("app", signer=None)
    repository.publish()
    resolution = resolve("app", options=DnfOptions(unsigned=("url",)))
    assert [package.name for package in resolution.packages] == ["app"]


def test_it_says_so_for_that_repository_alone(repository, resolve, refused):
    repository.add("app", signer=None)
    repository.publish()
    sources = (
        Source(command="repo", name="first", url=repository.url),
        Source(command="repo", name="second", url=repository.url),
    )
    options = DnfOptions(unsigned=("second",))
    assert "first" in refused(resolve, "app", sources=sources, options=options).message


def test_a_damaged_package_is_refused_even_there(repository, resolve, refused):
    file = repository.add("app", signer=None)
    content = bytearray(file.read_bytes())
    content[-20] ^= 0xFF
    file.write_bytes(content)
    repository.publish()
    error = refused(resolve, "app", options=DnfOptions(unsigned=("url",)))
    assert "app-1.0-1.noarch.rpm was altered after it was signed, or is damaged" in error.message


def test_a_file_that_is_no_key_is_refused(repository, resolve, refused):
    repository.add("app")
    repository.publish()
    bogus = repository.home / "bogus.asc"
    bogus.write_text("no key")
    error = refused(resolve, "app", options=DnfOptions(keys=(bogus,)))
    assert f"{bogus} is no public key" in error.message
