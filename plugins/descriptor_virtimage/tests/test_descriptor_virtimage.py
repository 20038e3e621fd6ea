"""virt-image documents, read by the rules of virt-image's own parser and schema.

The reader below follows doc/image.rng and virtinst/ImageParser.py of
python-virtinst as they are described in virt-image-xml(5); it shares nothing with
the backend. Of the schema it leaves out what no appliance could keep: it knew
only raw and iso images, and no file names with spaces.
"""

from __future__ import annotations

import re
from string import ascii_lowercase
from xml.etree.ElementTree import Element, fromstring

import attrs
import pytest

import applbuild_descriptor_virtimage
from applbuild import Document, PartitionRequest
from applbuild.testing import examples
from applbuild.testing.descriptors import Described, DescriptorConformance

ARCHITECTURES = {"i686", "x86_64", "mips", "sparc", "ppc"} | {"aarch64"}  # the last is newer
FORMATS = {"raw", "iso", "qcow", "qcow2", "vmdk"}
FOLDED = {"i386": "i686", "i486": "i686", "i586": "i686", "amd64": "x86_64"}


class VirtImageError(Exception):
    """What virt-image would say."""


def one(parent: Element, name: str) -> Element:
    """Return the only child *name*."""
    found = parent.findall(name)
    if len(found) != 1:
        raise VirtImageError(f"Expected exactly one '{name}' element, found {len(found)}")
    return found[0]


def known(parent: Element, *names: str) -> None:
    """Refuse children that the schema does not have, and order that is not the schema's."""
    ranks = [names.index(child.tag) if child.tag in names else -1 for child in parent]
    if -1 in ranks or ranks != sorted(ranks):
        raise VirtImageError(f"{parent.tag} has {[child.tag for child in parent]}")


def chosen(value: str | None, *values: str) -> str:
    """Return *value*, one of *values*."""
    if value not in values:
        raise VirtImageError(f"{value!r} is none of {values}")
    return str(value)


def read_boot(boot: Element) -> list[tuple[str, str]]:
    """Return (disk, target) of each drive of a `boot` element."""
    known(boot, "guest", "os", "drive")
    chosen(boot.get("type"), "hvm")
    arch = one(one(boot, "guest"), "arch").text or ""
    chosen(FOLDED.get(arch, arch), *ARCHITECTURES)
    loader = one(one(boot, "os"), "loader")
    if loader.text or len(one(boot, "os")) != 1:
        raise VirtImageError("an hvm loader is empty, and alone")
    chosen(loader.get("dev"), "hd", "cdrom")
    drives = [(drive.get("disk", ""), drive.get("target", "")) for drive in boot.findall("drive")]
    if not drives or not all(re.fullmatch(r"[hs]d[a-z]{1,2}", target) for _, target in drives):
        raise VirtImageError(f"targets {drives}")
    return drives


def read_storage(storage: Element) -> dict[str, Element]:
    """Return the disks by the name that drives use."""
    known(storage, "disk")
    disks: dict[str, Element] = {}
    for disk in storage:
        file = disk.get("file", "")
        name = disk.get("id", file)
        if name in disks:
            raise VirtImageError(f"Disk file '{name}' defined twice")
        if not file or file.startswith("/"):
            raise VirtImageError(f"{file!r} is not relative to the document")
        chosen(disk.get("use", "system"), "system", "user", "scratch")
        chosen(disk.get("format", "raw"), *FORMATS)
        checksum = one(disk, "checksum")
        chosen(checksum.get("type"), "sha256")
        if not re.fullmatch("[0-9a-f]{64}", checksum.text or ""):
            raise VirtImageError(f"checksum {checksum.text}")
        disks[name] = disk
    return disks


def read_image(text: str) -> tuple[Described, dict[str, Element], list[tuple[str, str]]]:
    """Return what the document says, its disks, and its drives in boot order."""
    image = fromstring(text)  # noqa: S314 - our own
    if image.tag != "image":
        raise VirtImageError("Root element is not 'image'")
    known(image, "name", "label", "description", "domain", "storage")
    domain = one(image, "domain")
    known(domain, "boot", "devices")
    drives = read_boot(one(domain, "boot"))
    disks = read_storage(one(image, "storage"))
    for name, _ in drives:
        if name not in disks:
            raise VirtImageError(f"Disk entry for '{name}' not found")
    devices = one(domain, "devices")
    known(devices, "vcpu", "memory", "interface", "graphics")
    memory = one(devices, "memory").text or ""
    if not memory.isdecimal() or int(memory) < 4000:
        raise VirtImageError("Memory must be an integer")
    described = Described(
        name=one(image, "name").text or "",
        files=tuple(disks[name].get("file", "") for name, _ in drives),
        memory_bytes=int(memory) * 1024,
        vcpus=int(one(devices, "vcpu").text or ""),
        nics=len(devices.findall("interface")),
    )
    return described, disks, drives


class TestVirtImage(DescriptorConformance):
    backend = applbuild_descriptor_virtimage
    name = "virt-image"
    formats = ("qcow2", "vmdk")

    def parse(self, documents: tuple[Document, ...]) -> Described:
        (document,) = documents
        return read_image(document.content)[0]

    def _disks(self, **fields: object) -> list[Element]:
        (document,) = self._describe(self._appliance(**fields))
        return list(read_image(document.content)[1].values())

    def _targets(self, count: int) -> list[str]:
        sizes = {f"disk{number}": 1 << 30 for number in range(count)}
        root = PartitionRequest(mount_point="/", size_bytes=1 << 20)
        plan = examples.plan(examples.request(root, on=sizes))
        (document,) = self._describe(self._appliance(plan))
        return [target for _, target in read_image(document.content)[2]]

    def test_the_document_is_called_by_the_appliance(self) -> None:
        (document,) = self._describe(self._appliance(examples.plan(name="mail server")))
        assert document.name == "mail server.xml"

    @pytest.mark.parametrize("described", ["qcow2", "vmdk"])
    def test_the_format_is_the_one_really_written(self, described: str) -> None:
        assert {disk.get("format") for disk in self._disks(described=described)} == {described}

    def test_the_disk_that_boots_is_the_systems_and_data_the_users(self) -> None:
        assert [disk.get("use") for disk in self._disks()] == ["system", "user"]

    def test_each_checksum_is_that_of_its_file(self) -> None:
        appliance = self._appliance()
        expected = [appliance.artifact(disk).sha256 for disk in ("os", "data")]
        assert [one(disk, "checksum").text for disk in self._disks()] == expected

    def test_up_to_four_disks_are_ide_in_boot_order(self) -> None:
        assert self._targets(4) == ["hda", "hdb", "hdc", "hdd"]

    def test_more_disks_than_ide_has_go_to_scsi(self) -> None:
        assert self._targets(5) == ["sda", "sdb", "sdc", "sdd", "sde"]

    def test_every_disk_has_a_drive_however_many_there_are(self) -> None:
        assert len(self._targets(len(ascii_lowercase) + 1)) == len(ascii_lowercase) + 1

    def test_a_pc_of_any_age_has_an_architecture_virt_image_knows(self) -> None:
        for name, expected in {**FOLDED, "x86_64": "x86_64"}.items():
            (document,) = self._describe(self._appliance(architecture=name))
            arch = fromstring(document.content).findtext("domain/boot/guest/arch")  # noqa: S314
            assert arch == expected

    def test_graphics_are_offered_where_the_machine_has_them(self) -> None:
        for has_graphics in (True, False):
            (document,) = self._describe(self._appliance(has_graphics=has_graphics))
            image = fromstring(document.content)  # noqa: S314
            assert len(image.findall("domain/devices/graphics")) == has_graphics

    def test_the_label_is_the_description_and_without_one_the_name(self) -> None:
        plain = self._appliance()
        for text, expected in (("<Shop> & more", "<Shop> & more"), ("", "web")):
            (document,) = self._describe(attrs.evolve(plain, description=text))
            assert fromstring(document.content).findtext("label") == expected  # noqa: S314

    def test_the_reader_refuses_what_virt_image_refuses(self) -> None:
        (document,) = self._describe(self._appliance())
        text = document.content
        for old, new in (
            ("image>", "box>"),
            ('type="hvm"', 'type="kvm"'),
            ('disk="web-os.qcow2"', 'disk="other"'),
            ("<memory>", "<memory>x"),
            ('format="qcow2"', 'format="cow"'),
            ('use="user"', 'use="data"'),
        ):
            assert old in text
            with pytest.raises(VirtImageError):
                read_image(text.replace(old, new))
