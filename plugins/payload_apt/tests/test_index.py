from __future__ import annotations

from applbuild_payload_apt.dpkg import waves
from applbuild_payload_apt.index import Stanza, closure, parse_index, provided

INDEX = """Package: a
Version: 1
Essential: yes
Priority: required
Depends: b (>= 2) | c, d:any

Package: b
Priority: optional
Provides: virtual (= 1), other

Package: c
Pre-Depends: virtual
Priority: required
"""


def test_an_index_knows_names_priorities_and_what_is_provided():
    index = parse_index(INDEX)
    assert list(index.stanzas) == ["a", "b", "c"]
    assert [stanza.name for stanza in index.essential] == ["a"]
    assert [stanza.name for stanza in index.of_priority("required")] == ["a", "c"]
    assert index.provided == {"virtual": ("b",), "other": ("b",)}
    assert index.stanzas["a"].related("Depends") == ("b", "c", "d")
    assert index.stanzas["b"].field("Depends") == ""


def test_a_closure_follows_alternatives_and_virtual_names():
    stanzas = parse_index(INDEX).stanzas
    virtual = provided(stanzas.values())
    assert closure(["a"], stanzas, virtual) == {"a", "b", "c"}
    assert closure(["c"], stanzas, virtual) == {"b", "c"}
    assert closure(["nothing"], stanzas, virtual) == set()


def stanzas(**relations: str) -> dict[str, Stanza]:
    return {name: Stanza(f"Package: {name}\n{text}\n") for name, text in relations.items()}


def test_packages_come_after_their_pre_depends():
    order = list(
        waves(
            stanzas(
                app="Depends: lib",
                base="Essential: yes\nPre-Depends: libbase",
                init="Pre-Depends: lib, virtual",
                lib="Depends: libbase",
                libbase="Section: x",
                real="Provides: virtual\nPre-Depends: lib",
            )
        )
    )
    assert order == [("base", "libbase"), ("lib",), ("real",), ("app", "init")]


def test_pre_depends_in_a_circle_end():
    assert list(waves(stanzas(a="Pre-Depends: b", b="Depends: a"))) == [(), ("a", "b")]


def test_a_system_without_pre_depends_is_installed_at_once():
    assert list(waves(stanzas(a="Essential: yes", b="Depends: a"))) == [("a",), ("b",)]
