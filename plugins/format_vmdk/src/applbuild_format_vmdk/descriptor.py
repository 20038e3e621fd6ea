"""The text inside a VMDK that says what it is, and for which machine.

Facts are from VMware's technical note "Virtual Disk Format 5.0", section "The
Descriptor File", unless another source is named.
"""

from __future__ import annotations

from typing import Literal

import attrs

from applbuild import derive_hex, derive_uuid
from applbuild_format_vmdk.extent import DESCRIPTOR_SECTORS, SECTOR_BYTES, Extent

AdapterType = Literal["ide", "lsilogic", "buslogic", "legacyESX"]

# Heads, sectors per track and most cylinders, by adapter: ATA's limits, and those of VMware's
# SCSI BIOS for anything beyond 1 GiB (open-vmdk writes the same: sparse.c, "255/63").
_IDE = (16, 63, 16383)
_SCSI = (255, 63, 65535)

# "CID": fffffffe is what an unwritten disk has, ffffffff stands for "no parent".
_RESERVED_CIDS = ("fffffffe", "ffffffff")
_NO_UUID = "00000000-0000-0000-0000-000000000000"


@attrs.frozen(kw_only=True)
class Description:
    """What the descriptor says besides the size."""

    subformat: str
    file_name: str
    adapter_type: AdapterType
    hwversion: int
    tools_version: int
    seed: str
    """What the identifiers are derived from."""


def descriptor(extent: Extent, description: Description) -> bytes:
    """Return the embedded descriptor, filled up to the sectors reserved for it.

    virtualHWVersion, toolsVersion (2147483647: unmanaged, that is open-vm-tools),
    toolsInstallType 4 and longContentID (its last eight digits are the CID) are
    as open-vmdk writes them for vSphere (sparse.c, makeDiskDescriptorFile).
    VirtualBox adds the ddb.uuid lines that it misses, so all four are there.
    """
    heads, sectors, most = _IDE if description.adapter_type == "ide" else _SCSI
    cylinders = min(max(extent.capacity // (heads * sectors), 1), most)
    cid = _cid(description.seed)
    entries = {
        "adapterType": description.adapter_type,
        "geometry.cylinders": cylinders,
        "geometry.heads": heads,
        "geometry.sectors": sectors,
        "longContentID": derive_hex(description.seed, "vmdk longContentID", 24) + cid,
        "toolsInstallType": 4,
        "toolsVersion": description.tools_version,
        "uuid.image": derive_uuid(description.seed, "vmdk uuid.image"),
        "uuid.modification": _NO_UUID,
        "uuid.parent": _NO_UUID,
        "uuid.parentmodification": _NO_UUID,
        "virtualHWVersion": description.hwversion,
    }
    lines = [
        "# Disk DescriptorFile",
        "version=1",
        'encoding="UTF-8"',
        f"CID={cid}",
        "parentCID=ffffffff",
        f'createType="{description.subformat}"',
        "",
        "# Extent description",
        f'RW {extent.capacity} SPARSE "{_quotable(description.file_name)}"',
        "",
        "# The Disk Data Base",
        "#DDB",
        "",
        *(f'ddb.{name} = "{value}"' for name, value in entries.items()),
        "",
    ]
    return "\n".join(lines).encode().ljust(DESCRIPTOR_SECTORS * SECTOR_BYTES, b"\0")


def _cid(seed: str) -> str:
    digits = derive_hex(seed, "vmdk CID", 8)
    return digits if digits not in _RESERVED_CIDS else derive_hex(seed, "vmdk second CID", 8)


def _quotable(name: str) -> str:
    """Return *name* without what would end the quoted name; the format knows no escape.

    The extent is this very file, which is why readers find it under any name.
    """
    return "".join("_" if character in '"\n\r\0' else character for character in name)
