from __future__ import annotations

import hashlib
import json
import subprocess

import pytest

import applbuild
from applbuild.json_form import from_json
from applbuild.layout import lay_out
from applbuild.manifest import CHECKSUMS, MANIFEST, is_ours, manifest_of, write_documents
from applbuild.model.plan import Needs, Plan, Resolution, Selection
from applbuild.model.request import BackendRequest, Firmware, Request
from applbuild.model.result import Appliance, Artifact, Document, Machine
from applbuild.model.storage import PartitionRequest

TOOLS = (("mkfs", "mkfs 1.47"), ("tar", "tar 1.34"))
DOCUMENTS = (Document(name="wéb.xml", content="<é/>\n"),)


@pytest.fixture
def plan():
    request = Request(
        name="wéb",
        kickstart="web.ks",
        digest="d",
        partitions=(PartitionRequest(mount_point="/", size_bytes=1 << 20),),
    )
    selection = Selection(
        payload=BackendRequest(name="tree"),
        partition=BackendRequest(name="parted"),
        bootloader=None,
        formats=(BackendRequest(name="raw"),),
    )
    return lay_out(request, Needs(), Resolution(), selection, identifier_bits={})


@pytest.fixture
def appliance(tmp_path, plan):
    image = tmp_path / "wéb-sda.raw"
    image.write_bytes(b"disk")
    artifact = Artifact(
        disk="sda",
        format="raw",
        variant="plain",
        path=image,
        size_bytes=4,
        sha256=hashlib.sha256(b"disk").hexdigest(),
        virtual_bytes=3 << 20,
    )
    machine = Machine(
        architecture="x86_64", vcpus=1, memory_bytes=1, firmware=Firmware.BIOS, disks=()
    )
    return Appliance(name="wéb", machine=machine, artifacts=(artifact,), described="raw")


@pytest.fixture
def output(tmp_path, plan, appliance):
    write_documents(tmp_path, plan, appliance, DOCUMENTS, TOOLS)
    return tmp_path


def test_everything_delivered_is_in_the_folder(output):
    assert sorted(path.name for path in output.iterdir()) == sorted(
        ["wéb-sda.raw", "wéb.xml", MANIFEST, CHECKSUMS]
    )


def test_sha256sum_agrees_with_the_checksums(output):
    said = subprocess.run(
        ["sha256sum", "--check", "--strict", CHECKSUMS],
        cwd=output,
        capture_output=True,
        text=True,
        check=True,
    )

    assert said.stdout.count(": OK") == 3


def test_sha256sum_sees_a_changed_image(output):
    (output / "wéb-sda.raw").write_bytes(b"disc")

    said = subprocess.run(
        ["sha256sum", "--check", CHECKSUMS], cwd=output, capture_output=True, check=False
    )

    assert said.returncode == 1


def test_the_manifest_says_what_was_built_and_with_what(output):
    record = json.loads((output / MANIFEST).read_text(encoding="utf-8"))

    assert record["applbuild"] == applbuild.__version__
    assert record["name"] == "wéb"
    assert record["images"] == [
        {
            "file": "wéb-sda.raw",
            "disk": "sda",
            "format": "raw",
            "variant": "plain",
            "size_bytes": 4,
            "virtual_bytes": 3 << 20,
            "sha256": hashlib.sha256(b"disk").hexdigest(),
        }
    ]
    assert record["documents"] == ["wéb.xml"]
    assert record["tools"] == dict(TOOLS)


def test_the_plan_can_be_read_back_from_the_manifest(output, plan):
    record = json.loads((output / MANIFEST).read_text(encoding="utf-8"))

    assert from_json(record["plan"], Plan) == plan


def test_the_manifest_of_the_same_build_is_the_same(plan, appliance):
    assert manifest_of(plan, appliance, DOCUMENTS, TOOLS) == manifest_of(
        plan, appliance, DOCUMENTS, TOOLS
    )


def test_the_manifest_holds_no_path_of_this_host(output):
    assert str(output) not in (output / MANIFEST).read_text(encoding="utf-8")


def test_an_output_is_known_by_its_manifest(output):
    assert is_ours(output)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'"applbuild"', b"{}", b"\xff\xfe", b'{"name": "applbuild"}']
)
def test_another_programs_manifest_makes_no_output_of_ours(tmp_path, content):
    (tmp_path / MANIFEST).write_bytes(content)

    assert not is_ours(tmp_path)


def test_a_folder_without_a_manifest_is_not_ours(tmp_path):
    assert not is_ours(tmp_path)
    assert not is_ours(tmp_path / "nowhere")


def test_a_folder_that_is_called_as_the_manifest_makes_no_output_of_ours(tmp_path):
    (tmp_path / MANIFEST).mkdir()

    assert not is_ours(tmp_path)
