"""What the tests of the core share: made-up backends with real metadata, and the typed command.

The core's own tests need no plugin of this project: the backends of `acme/` stand in for them.
"""

from __future__ import annotations

import itertools
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import attrs
import hypothesis
import pytest

from applbuild.cli import main

hypothesis.settings.register_profile("applbuild", deadline=None, derandomize=True)
hypothesis.settings.load_profile("applbuild")

ACME = {
    "applbuild.payload": {"acme-tree": "acme_payload"},
    "applbuild.partition": {"acme-table": "acme_partition"},
    "applbuild.filesystem": {"acmefs": "acme_filesystem"},
    "applbuild.format": {"acme-copy": "acme_copy", "acme-twin": "acme_twin"},
    "applbuild.descriptor": {"acme-list": "acme_descriptor"},
}
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_numbers = itertools.count()


@pytest.fixture
def distribution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, str]]:
    """Installs a distribution, metadata and all, that offers backends.

    Entry points are given by group and name; what they name are keys of *modules* (sources), or
    modules that can be imported already. Returns the names that the modules got: no two tests may
    share one, because an imported module stays.
    """

    def install(
        name: str,
        entry_points: Mapping[str, Mapping[str, str]],
        modules: Mapping[str, str] | None = None,
        version: str = "1.0",
    ) -> dict[str, str]:
        number = next(_numbers)
        site = tmp_path / f"site-{number}"
        metadata = site / f"{name.replace('-', '_')}-{version}.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8"
        )
        renamed = {module: f"{module}_{number}" for module in modules or {}}
        for module, source in (modules or {}).items():
            (site / f"{renamed[module]}.py").write_text(source, encoding="utf-8")
        lines = []
        for group, points in entry_points.items():
            lines.append(f"[{group}]")
            lines += [f"{key} = {renamed.get(value, value)}" for key, value in points.items()]
        (metadata / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        monkeypatch.syspath_prepend(site)
        return renamed

    return install


@pytest.fixture
def acme(distribution: Callable[..., dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Installs backends for whole builds that need no tool: see the modules in `acme/`."""
    monkeypatch.syspath_prepend(Path(__file__).with_name("acme"))
    distribution("acme-backends", ACME)


@attrs.frozen
class Typed:
    """What came of a command line."""

    code: object
    out: str
    err: str


@pytest.fixture
def typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Typed]:
    """Types an applbuild command in a folder of its own (`here`) and returns what came of it."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)

    def run(*words: object) -> Typed:
        monkeypatch.setattr(sys, "argv", ["applbuild", *map(str, words)])
        code: object = 0
        handlers = {number: signal.getsignal(number) for number in _SIGNALS}
        try:
            main()
        except SystemExit as end:
            code = end.code
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        said = capsys.readouterr()
        return Typed(code, said.out, said.err)

    return run
