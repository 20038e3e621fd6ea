"""Makes a miniature RPM distribution out of Debian's packages, laid out and named as Fedora is.

    python build.py FOLDER [SUITE]

FOLDER gets `releases/1/Everything/x86_64/os` (packages, comps, signed), the key that signs them,
and nothing else. The files are Debian's, as the host's own archives have them, or of another of
Debian's suites in the same place; names, scriptlets and groups are those of packages.toml and
comps.xml; dependencies are found by rpmbuild.
"""

from __future__ import annotations

import sys
import tempfile
import tomllib
from pathlib import Path

from debs import fetch
from recipes import assemble, recipes
from repository import publish, write_key
from specs import build

HERE = Path(__file__).parent


def main(folder: Path, suite: str | None = None) -> None:
    table = tomllib.loads((HERE / "packages.toml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="miniature-") as name:
        work = Path(name)
        debs = fetch(table, work, suite)
        found = recipes(table, debs)
        for rpm, about in found.items():
            assemble(rpm, about, debs, table, work)
        build(found, work)
        write_key(work)
        publish(work, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), *sys.argv[2:])
