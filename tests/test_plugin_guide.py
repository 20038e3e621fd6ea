"""docs/plugins.md tells the truth, and its example works as an outside author would publish it."""

from __future__ import annotations

import inspect
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from applbuild import HOOK_API, NoOptions, Output, PartitionRequest, hookspecs
from applbuild.backends import ROLES, Backends
from applbuild.progress import Event, Progress, Remark
from applbuild.testing import examples

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "docs/plugins.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "examples/plugins/descriptor_launch"
_WHOLE = re.MULTILINE | re.DOTALL
HOOKS = {name: hook for name, hook in vars(hookspecs).items() if name.startswith("applbuild_")}


def python(folder: Path, *words: object) -> str:
    """Return what Python prints that finds packages in *folder* too."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *map(str, words)],
        check=True,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
    ).stdout


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the example by pip, without a network, into a folder of its own."""
    folder = tmp_path_factory.mktemp("published")
    shutil.copytree(EXAMPLE, folder / "checkout")  # setuptools builds inside of it
    options = ("--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check")
    target = folder / "target"
    python(folder, "-m", "pip", "install", "-q", *options, "--target", target, folder / "checkout")
    return target


class TestExample:
    def test_it_is_found_among_the_backends_that_are_installed(self, published: Path) -> None:
        said = python(published, Path(sys.prefix, "bin/applbuild"), "plugins", "--json")
        (found,) = (row for row in json.loads(said) if row["name"] == "launch")
        assert found == {
            "role": "descriptor",
            "name": "launch",
            "distribution": "applbuild-descriptor-launch",
            "version": tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"][
                "version"
            ],
            "summary": "a script that starts the appliance in QEMU",
        }

    def test_it_passes_the_kit(self, published: Path) -> None:
        said = python(published, "-m", "pytest", "-q", "-p", "no:cacheprovider", EXAMPLE / "tests")
        assert re.search(r"\d\d passed in", said)

    def test_the_workspace_does_not_depend_on_it(self) -> None:
        assert "launch" not in (ROOT / "requirements-dev.txt").read_text(encoding="utf-8")


class TestGuide:
    def shown(self) -> dict[str, str]:
        """Return the files that the guide shows, by path."""
        return dict(re.findall(r"^`(examples/\S+)`:\n\n```\w+\n(.*?)^```$", GUIDE, _WHOLE))

    def test_the_files_it_shows_are_the_examples(self) -> None:
        shown = self.shown()
        assert len(shown) == 3
        for path, content in shown.items():
            assert content == (ROOT / path).read_text(encoding="utf-8"), path

    @pytest.mark.parametrize("name", HOOKS)
    def test_every_hook_is_there_with_its_arguments(self, name: str) -> None:
        arguments = ", ".join(inspect.signature(HOOKS[name]).parameters)
        assert f"| `{name}({arguments})` |" in GUIDE

    def test_it_names_no_hook_that_is_none(self) -> None:
        words = set(re.findall(r"\b(applbuild_[a-z_]+)\(", GUIDE))
        assert words <= set(HOOKS)

    @pytest.mark.parametrize("role", ROLES)
    def test_every_role_is_there(self, role: str) -> None:
        assert re.search(rf"^\| `{role}` \|", GUIDE, re.MULTILINE)

    def test_it_is_about_this_version_of_the_contract(self) -> None:
        assert (
            f"api={HOOK_API}"
            in self.shown()[
                "examples/plugins/descriptor_launch/src/applbuild_descriptor_launch/__init__.py"
            ]
        )


class TestExtension:
    @pytest.fixture(autouse=True)
    def _installed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """Put the guide's extension on the path, with metadata as pip would write them."""
        source = re.search(r'```python\n("""Say what every image.*?)```', GUIDE, re.DOTALL)
        points = re.search(r'```toml\n\[project.entry-points."(.*?)"\]\n(.*?)```', GUIDE, re.DOTALL)
        assert source
        assert points
        (tmp_path / "applbuild_extension_sizes.py").write_text(source[1], encoding="utf-8")
        about = tmp_path / "applbuild_extension_sizes-1.dist-info"
        about.mkdir()
        entry = f"[{points[1]}]\n{points[2].replace(chr(34), '')}"
        (about / "entry_points.txt").write_text(entry, encoding="utf-8")
        (about / "METADATA").write_text("Name: applbuild-extension-sizes\nVersion: 1\n")
        monkeypatch.syspath_prepend(tmp_path)
        yield
        sys.modules.pop("applbuild_extension_sizes")

    def test_it_wraps_every_format_as_the_guide_says(self, tmp_path: Path) -> None:
        events: list[Event] = []
        root = PartitionRequest(mount_point="/", size_bytes=1 << 20)
        plan = examples.plan(examples.request(root, on={"os": 8 << 20}))
        answer = Backends().call(
            "applbuild_convert",
            "format",
            "raw",
            disk=examples.raw_disk(plan.disks[0], tmp_path),
            output=Output(format="raw", options=NoOptions(), name="web", seed=plan.seed),
            directory=tmp_path,
            run=examples.run(),
            progress=Progress(events.append),
        )
        said = [event.message for event in events if isinstance(event, Remark)]
        assert said == ["web.raw: 8.0 MiB"]
        assert answer.path == tmp_path / "web.raw"
