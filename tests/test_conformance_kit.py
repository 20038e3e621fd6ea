"""The kit for authors can fail: backends that break every promise are caught at each of them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

BACKENDS = {
    "payload": """
import os, subprocess, time
from pathlib import Path
import attrs
from applbuild import BackendInfo, Claim, Resolution, hookimpl

os.environ["LEFT"] = "behind"

@attrs.define
class Options:
    names: list = attrs.Factory(list)

@hookimpl
def applbuild_info():
    Path("told").touch()
    return BackendInfo(summary="bad", api=1, options=Options)

@hookimpl
def applbuild_claim(request):
    return Claim.WEAK

@hookimpl
def applbuild_check(request):
    subprocess.run(["true"])
    return ()

@hookimpl
def applbuild_resolve(request):
    later = int(time.time()) + 100
    return Resolution(installed_bytes=1, newest_seconds=later, digest=str(later), summary="x")

@hookimpl
def applbuild_fetch(resolution):
    return resolution

@hookimpl
def applbuild_populate(plan, tree):
    (tree.root / "noise").write_bytes(os.urandom(8))
    (tree.root / "etc").mkdir()
    (tree.root / "etc/hostname").write_text(Path("/etc/hostname").read_text())
    Path("/root/left").touch()
    return tree

@hookimpl
def applbuild_make_initramfs(plan, tree):
    (tree.root / "init").touch()
    return tree

def applbuild_unmarked():
    pass
""",
    "descriptor": """
import itertools
from pathlib import Path
from applbuild import BackendInfo, Document, hookimpl

count = itertools.count()

@hookimpl
def applbuild_info():
    return BackendInfo(summary="bad", api=1)

@hookimpl
def applbuild_describe(appliance):
    Path("described").touch()
    names = " ".join(str(artifact.path) for artifact in reversed(appliance.artifacts))
    machine = appliance.machine
    text = f"{appliance.name};{names};{machine.memory_bytes // 1000};1;1;{next(count)}"
    return (Document(name=f"sub/{appliance.name}", content=text),)
""",
    "filesystem": """
import os, time
from applbuild import BackendInfo, Made, hookimpl

@hookimpl
def applbuild_info():
    return BackendInfo(summary="bad", api=1)

@hookimpl
def applbuild_make_filesystem(volume, target, run):
    with target.path.open("r+b") as file:
        file.seek(target.offset_bytes - 16)
        file.write(os.urandom(64))
    return Made(volume=volume, used_bytes=target.size_bytes + 1)
""",
}
CLASSES = {
    "payload": """
from applbuild.testing import examples
from applbuild.testing.payloads import PayloadConformance
class TestBad(PayloadConformance):
    def request(self, folder): return examples.request()
    def unclaimed(self): return (examples.request(),)
""",
    "descriptor": """
from applbuild.testing.descriptors import Described, DescriptorConformance
class TestBad(DescriptorConformance):
    formats = ("one", "two")
    def parse(self, documents):
        name, files, memory, vcpus, nics, _ = documents[0].content.split(";")
        return Described(name=name, files=tuple(files.split()), memory_bytes=int(memory) * 1024,
                         vcpus=int(vcpus), nics=int(nics))
""",
    "filesystem": """
from applbuild.testing.filesystems import FilesystemConformance
from applbuild.testing.trees import Entry
class TestBad(FilesystemConformance):
    def check(self, image): assert image.read_bytes()[1080:1082] == b"S\\xef"
    def read_back(self, image, folder):
        return {name: Entry(kind="file", modified_seconds=2**31) for name in (".", "left over")}
""",
}
PASSED = {
    "payload": {
        "test_one_entry_point_of_the_role_has_the_name_and_is_the_module",
        "test_the_core_admits_it",
        "test_every_hook_of_the_role_is_there",
        "test_every_tool_says_what_to_install",
        "test_something_is_installed",
    },
    "descriptor": {
        "test_one_entry_point_of_the_role_has_the_name_and_is_the_module",
        "test_the_core_admits_it",
        "test_every_function_of_the_contract_is_specified_and_marked",
        "test_every_hook_of_the_role_is_there",
        "test_what_it_says_of_itself_is_pure",
        "test_every_tool_says_what_to_install",
        "test_options_are_a_frozen_class_of_plain_values",
        "test_importing_it_changes_nothing",
        "test_processors_are_those_asked_for[1]",
        "test_every_network_interface_is_there[1]",
        "test_a_machine_is_described_whatever_starts_it[Firmware.BIOS]",
        "test_a_machine_is_described_whatever_starts_it[Firmware.UEFI]",
        "test_a_machine_is_described_whatever_starts_it[Firmware.BOTH]",
        "test_a_machine_without_graphics_is_described",
        "test_a_hostile_description_changes_nothing_else",
    },
    "filesystem": {
        "test_one_entry_point_of_the_role_has_the_name_and_is_the_module",
        "test_the_core_admits_it",
        "test_every_function_of_the_contract_is_specified_and_marked",
        "test_every_hook_of_the_role_is_there",
        "test_what_it_says_of_itself_is_pure",
        "test_every_tool_says_what_to_install",
        "test_options_are_a_frozen_class_of_plain_values",
        "test_importing_it_changes_nothing",
    },
}
"""What a bad backend does right all the same; everything else must be caught."""


@pytest.mark.parametrize("role", BACKENDS)
def test_every_broken_promise_is_caught(role: str, tmp_path: Path) -> None:
    module = f"applbuild_{role}_bad"
    (tmp_path / f"{module}.py").write_text(BACKENDS[role], encoding="utf-8")
    about = tmp_path / f"{module}-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Name: applbuild-{role}-wrong\nVersion: 1\n")
    (about / "entry_points.txt").write_text(f"[applbuild.{role}]\nbad = {module}\n")
    head = f"import {module}\n{CLASSES[role]}"
    fields = f"    backend = {module}\n    name = 'bad'\n"
    (tmp_path / "test_bad.py").write_text(head + fields, encoding="utf-8")
    said = subprocess.run(
        [sys.executable, "-m", "pytest", "-rA", "--tb=no", "-p", "no:cacheprovider", tmp_path],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    passed = set(re.findall(r"^PASSED \S+::(test_\w+(?:\[[\w.]+\])?)", said, re.MULTILINE))
    assert passed == PASSED[role], said
    assert "SKIPPED" not in said
