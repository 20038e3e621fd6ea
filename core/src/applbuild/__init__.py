"""applbuild: one kickstart becomes bootable disks, built by an ordinary user.

What this module exports is the whole API for authors of backends.
"""

from __future__ import annotations

from applbuild.disks import data_bytes, data_extents
from applbuild.errors import (
    ApplbuildError,
    BackendError,
    HostError,
    KickstartError,
    ToolError,
    UsageError,
)
from applbuild.guest import (
    HYPERVISOR_DRIVERS,
    Kernel,
    command_line,
    kernel_arguments,
    kernels,
    make_initramfs,
)
from applbuild.hookspecs import HOOK_API, hookimpl
from applbuild.identity import derive_hex, derive_uuid
from applbuild.imaging import Image, OpenDisk, copy_pieces, map_pieces, used_pieces, write_image
from applbuild.model.backend import BackendInfo, Claim, Host, NoOptions, Tool
from applbuild.model.plan import (
    Disk,
    Needs,
    Package,
    Partition,
    Plan,
    Resolution,
    Volume,
)
from applbuild.model.problem import Place, Problem, Severity
from applbuild.model.request import (
    Firmware,
    ModuleStream,
    PackageName,
    PackageSelection,
    Request,
    Source,
)
from applbuild.model.result import (
    Appliance,
    Artifact,
    Boot,
    BootEntry,
    Document,
    Machine,
    MachineDisk,
    Made,
    Output,
    RawDisk,
    Target,
    Tree,
)
from applbuild.model.storage import PartitionKind, PartitionRequest
from applbuild.payload_cache import load_record, save_record, trim_cache
from applbuild.progress import Progress
from applbuild.run import Ran, Run
from applbuild.tree import write_file
from applbuild.units import format_shortage, format_size, parse_size

__version__ = "0.1.0"

__all__ = [
    "HOOK_API",
    "HYPERVISOR_DRIVERS",
    "ApplbuildError",
    "Appliance",
    "Artifact",
    "BackendError",
    "BackendInfo",
    "Boot",
    "BootEntry",
    "Claim",
    "Disk",
    "Document",
    "Firmware",
    "Host",
    "HostError",
    "Image",
    "Kernel",
    "KickstartError",
    "Machine",
    "MachineDisk",
    "Made",
    "ModuleStream",
    "Needs",
    "NoOptions",
    "OpenDisk",
    "Output",
    "Package",
    "PackageName",
    "PackageSelection",
    "Partition",
    "PartitionKind",
    "PartitionRequest",
    "Place",
    "Plan",
    "Problem",
    "Progress",
    "Ran",
    "RawDisk",
    "Request",
    "Resolution",
    "Run",
    "Severity",
    "Source",
    "Target",
    "Tool",
    "ToolError",
    "Tree",
    "UsageError",
    "Volume",
    "command_line",
    "copy_pieces",
    "data_bytes",
    "data_extents",
    "derive_hex",
    "derive_uuid",
    "format_shortage",
    "format_size",
    "hookimpl",
    "kernel_arguments",
    "kernels",
    "load_record",
    "make_initramfs",
    "map_pieces",
    "parse_size",
    "save_record",
    "trim_cache",
    "used_pieces",
    "write_file",
    "write_image",
]
