from __future__ import annotations

from applbuild_payload_apt.archives import Archive
from applbuild_payload_apt.host_sources import parse_lines, parse_stanzas, read_host_sources

OWN = "http://mirror.example.org/debian"


def test_one_line_sources():
    text = f"""
# deb {OWN} old main
deb-src {OWN} bookworm main
deb [arch=amd64 signed-by=/a.gpg,/b.gpg] {OWN}/ bookworm main contrib # the usual
deb http://flat.example.org ./
deb\t{OWN}\tbookworm-updates\tmain
"""
    assert parse_lines(text) == [
        Archive(
            uri=OWN, suite="bookworm", components=("main", "contrib"), signed_by="/a.gpg /b.gpg"
        ),
        Archive(uri=OWN, suite="bookworm-updates"),
    ]


def test_deb822_sources():
    text = f"""
Types: deb deb-src
# a comment inside
URIs: {OWN}/
Suites: bookworm bookworm-updates
Components: main
 contrib
Signed-By: /k.gpg

Types: deb
URIs: {OWN}
Suites: off
Components: main
Enabled: no

Types: deb-src
URIs: {OWN}
Suites: bookworm
Components: main
"""
    assert parse_stanzas(text) == [
        Archive(uri=OWN, suite=suite, components=("main", "contrib"), signed_by="/k.gpg")
        for suite in ("bookworm", "bookworm-updates")
    ]


def read(tmp_path, lines):
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").write_text("\n".join(lines))
    return read_host_sources("bookworm", "amd64", tmp_path)


def test_only_the_hosts_own_release_counts(tmp_path):
    own_key = "signed-by=/usr/share/keyrings/debian-archive-keyring.gpg"
    sources = read(
        tmp_path,
        [
            f"deb [{own_key}] {OWN} bookworm main",
            f"deb {OWN} bookworm-updates main",
            f"deb {OWN} stable-security main",
            f"deb {OWN} trixie main",
            "deb http://a.example.org bookworm-pgdg main",
            "deb [signed-by=/usr/share/keyrings/other.gpg] http://b.example.org bookworm main",
            "deb http://c.example.org bookworm stable",
        ],
    )
    assert [archive.suite for archive in sources.own] == [
        *("bookworm", "bookworm-updates", "stable-security")
    ]
    assert [archive.uri for archive in sources.others] == [
        *(OWN, "http://a.example.org", "http://b.example.org", "http://c.example.org")
    ]


def test_a_companys_own_mirror_will_do_where_nothing_else_is(tmp_path):
    sources = read(tmp_path, [f"deb [signed-by=/etc/apt/keyrings/corp.gpg] {OWN} bookworm main"])
    assert [archive.uri for archive in sources.own] == [OWN]


def test_both_styles_are_read_and_other_files_are_not(tmp_path):
    folder = tmp_path / "sources.list.d"
    folder.mkdir()
    (folder / "a.list").write_text(f"deb {OWN} bookworm main\n")
    (folder / "b.sources").write_text(
        f"Types: deb\nURIs: {OWN}-$(ARCH)\nSuites: bookworm\nComponents: main\n"
    )
    (folder / "c.list.disabled").write_text(f"deb {OWN}/c bookworm main\n")
    sources = read_host_sources("bookworm", "amd64", tmp_path)
    assert [archive.uri for archive in sources.own] == [OWN, f"{OWN}-amd64"]


def test_a_host_without_sources_has_none(tmp_path):
    assert read_host_sources("bookworm", "amd64", tmp_path).own == ()
