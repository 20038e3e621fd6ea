from __future__ import annotations

import os
import subprocess
from pathlib import Path

from applbuild import Run
from applbuild.run import built_environment
from applbuild_payload_apt.index import Stanza
from applbuild_payload_apt.inflate import Deb, inflate, inflating
from applbuild_payload_apt.store import newest_seconds

RUN = Run(environment=built_environment())


def listing(deb: Path) -> str:
    return subprocess.run(
        ["dpkg-deb", "--contents", deb], check=True, capture_output=True, text=True
    ).stdout


def test_the_newest_package_says_how_new_the_software_is(make_deb):
    debs = [
        make_deb(f"Package: p{number}", epoch_seconds=seconds)
        for number, seconds in enumerate((1_500_000_000, 1_700_000_001, 1_600_000_000))
    ]
    for deb in debs:
        os.utime(deb, (5, 5))
    assert newest_seconds(debs) == 1_700_000_001
    assert newest_seconds([]) == 0


def test_an_inflated_package_is_the_same_package(tmp_path, make_deb):
    deb = make_deb("Package: p", content="some text\n" * 5000)
    inflate(deb, tmp_path / "inflated.deb", RUN)
    assert listing(tmp_path / "inflated.deb") == listing(deb)
    members = subprocess.run(
        ["ar", "t", tmp_path / "inflated.deb"], check=True, capture_output=True, text=True
    )
    assert members.stdout.split()[-1] == "data.tar"
    assert (tmp_path / "inflated.deb").stat().st_size > 50_000


def test_every_package_is_brought_however_large(tmp_path, make_deb):
    folder = tmp_path / "store"
    folder.mkdir()
    files = [
        make_deb("Package: small"),
        make_deb("Package: large", content=os.urandom(500_000).hex()),
    ]
    debs = tuple(Deb(stanza=Stanza(f"Package: {f.name.split('_')[0]}"), file=f) for f in files)
    with inflating(debs, folder, RUN) as bring:
        for deb in debs:
            assert listing(bring(deb)) == listing(deb.file)
    assert sorted(file.name for file in folder.iterdir()) == ["large.deb", "small.deb"]
