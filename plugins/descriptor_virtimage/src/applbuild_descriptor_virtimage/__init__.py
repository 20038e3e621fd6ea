"""virt-image XML: the document that deployed an appliance under KVM, Xen or VMware in 2008.

Its authorities are virt-image-xml(5), doc/image.rng and ImageParser.py of
python-virtinst 0.500; where they differ this follows the parser, which is what
read the documents. Names of files are relative to the document.
"""

from __future__ import annotations

from string import ascii_lowercase
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from applbuild import Appliance, BackendInfo, Document, MachineDisk, hookimpl

# The schema's names for what uname(2) calls otherwise; the parser folds i386..i986 to i686.
_ARCHITECTURES = {"i386": "i686", "i486": "i686", "i586": "i686", "amd64": "x86_64"}
_IDE_DISKS = 4


@hookimpl
def applbuild_info() -> BackendInfo:
    """Return what this backend is."""
    return BackendInfo(summary="virt-image XML, read by virt-image(1) until 2014", api=1)


@hookimpl
def applbuild_describe(appliance: Appliance) -> tuple[Document, ...]:
    """Return `<name>.xml`, which names the files of the described format."""
    image = Element("image")
    SubElement(image, "name").text = appliance.name
    SubElement(image, "label").text = appliance.description or appliance.name
    domain = SubElement(image, "domain")
    _add_boot(domain, appliance)
    _add_devices(domain, appliance)
    storage = SubElement(image, "storage")
    for disk in appliance.machine.disks:
        _add_disk(storage, disk, appliance)
    indent(image)
    text = tostring(image, encoding="unicode")
    return (Document(name=f"{appliance.name}.xml", content=f"{text}\n"),)


def _add_boot(domain: Element, appliance: Appliance) -> None:
    machine = appliance.machine
    boot = SubElement(domain, "boot", type="hvm")
    guest = SubElement(boot, "guest")
    arch = _ARCHITECTURES.get(machine.architecture, machine.architecture)
    SubElement(guest, "arch").text = arch
    SubElement(SubElement(boot, "os"), "loader", dev="hd")
    # IDE has four places; with more, all disks go to SCSI.
    bus = "hd" if len(machine.disks) <= _IDE_DISKS else "sd"
    for number, disk in enumerate(machine.disks):
        file = appliance.artifact(disk.name).path.name
        SubElement(boot, "drive", disk=file, target=f"{bus}{_letters(number)}")


def _letters(number: int) -> str:
    """Return how the kernel counts disks: a to z, then aa, ab and so on."""
    before, last = divmod(number, len(ascii_lowercase))
    return (_letters(before - 1) if before else "") + ascii_lowercase[last]


def _add_devices(domain: Element, appliance: Appliance) -> None:
    machine = appliance.machine
    devices = SubElement(domain, "devices")
    SubElement(devices, "vcpu").text = str(machine.vcpus)
    SubElement(devices, "memory").text = str(machine.memory_bytes // 1024)  # KiB
    for _ in range(machine.nics):
        SubElement(devices, "interface")
    if machine.has_graphics:
        SubElement(devices, "graphics")


def _add_disk(storage: Element, disk: MachineDisk, appliance: Appliance) -> None:
    artifact = appliance.artifact(disk.name)
    element = SubElement(
        storage,
        "disk",
        file=artifact.path.name,
        use="system" if disk.is_boot else "user",
        format=artifact.format,
    )
    SubElement(element, "checksum", type="sha256").text = artifact.sha256
