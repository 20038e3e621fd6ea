"""Modules: of several streams of the same packages, one at most is enabled."""

from __future__ import annotations

import json
import platform

import pytest

from applbuild import ModuleStream
from applbuild_payload_dnf.modules import ModuleState

STREAM = """\
---
document: modulemd
version: 2
data:
  name: tool
  stream: "{stream}"
  version: 20200101000000
  context: 0000000{stream}
  arch: {architecture}
  summary: a test
  description: a test
  license:
    module: [none]
  dependencies:
  - {{}}
  profiles:
    common:
      rpms: [app]
    small:
      rpms: [lib]
  artifacts:
    rpms:
    - app-0:{stream}.0-1.noarch
    - lib-0:{stream}.0-1.noarch
...
"""
DEFAULTS = """\
---
document: modulemd-defaults
version: 1
data:
  module: tool
  stream: "1"
  profiles:
    "1": [common]
    "2": [common]
...
"""


@pytest.fixture
def stocked(repository):
    for stream in ("1", "2"):
        for name in ("app", "lib"):
            repository.add(name, version=f"{stream}.0")
    repository.add("plain")
    architecture = platform.machine()
    texts = (STREAM.format(stream=stream, architecture=architecture) for stream in ("1", "2"))
    repository.publish(modules="".join((*texts, DEFAULTS)))
    return repository


@pytest.fixture
def states(tmp_path):
    """Returns what was noted for the installed system of modules."""

    def call(resolution):
        file = tmp_path / "cache/resolutions" / f"{resolution.digest}.json"
        return [ModuleState(**item) for item in json.loads(file.read_text())["modules"]]

    return call


def versions(resolution):
    return {package.name: package.version for package in resolution.packages}


def test_without_a_word_packages_are_of_the_usual_stream(stocked, resolve, states):
    resolution = resolve("app")
    assert versions(resolution) == {"app": "1.0-1"}
    assert states(resolution) == []


def test_packages_are_of_the_stream_that_is_asked_for(stocked, resolve, states):
    stream = ModuleStream(name="tool", stream="2")
    resolution = resolve("app", "plain", modules=(stream,))
    assert versions(resolution) == {"app": "2.0-1", "plain": "1.0-1"}
    (state,) = states(resolution)
    assert state.as_text() == "[tool]\nname=tool\nprofiles=\nstate=enabled\nstream=2\n"


def test_a_disabled_module_offers_nothing(stocked, resolve, refused):
    off = ModuleStream(name="tool", is_disabled=True)
    assert versions(resolve("plain", modules=(off,))) == {"plain": "1.0-1"}
    error = refused(resolve, "app", modules=(off,))
    assert error.message == "the repositories have no package app"
    assert error.hint == "an option of its repository leaves it out, or it belongs to a module"


@pytest.mark.parametrize(("name", "stream"), [("tol", "1"), ("tool", "7")])
def test_a_module_that_is_missing_is_refused_with_its_place(
    stocked, resolve, refused, name, stream, place
):
    error = refused(resolve, "app", modules=(ModuleStream(name=name, stream=stream, place=place),))
    assert f"the module {name}:{stream} cannot be enabled" in error.message
    assert str(error.place) == "x.ks:3"


@pytest.mark.parametrize("dnf", ["dnf4"], indirect=True)
@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("@tool:2", {"app": "2.0-1"}),
        ("@tool:2/small", {"lib": "2.0-1"}),
        ("@tool/small", {"lib": "1.0-1"}),
    ],
)
def test_a_profile_of_a_module_is_installed_by_dnf_4(stocked, resolve, states, spec, expected):
    resolution = resolve(spec)
    assert versions(resolution) == expected
    assert {package.reason for package in resolution.packages} == {"part of a module"}
    assert [state.state for state in states(resolution)] == ["enabled"]


@pytest.mark.parametrize("dnf", ["dnf5"], indirect=True)
def test_dnf_5_cannot_and_the_error_says_what_to_write(stocked, resolve, refused):
    error = refused(resolve, "@tool:2/small")
    assert error.message == "@tool:2/small: dnf 5 cannot install a module"
    assert "`module --name=tool --stream=2`" in error.hint
