"""What payloads share about installed systems: their kernels, and how an initramfs is made."""

from __future__ import annotations

import re
from pathlib import Path

import attrs

from applbuild.model.plan import Plan
from applbuild.model.result import Tree
from applbuild.run import Run
from applbuild.tree import exists, find, write_file

HYPERVISOR_DRIVERS = (
    *("virtio_pci", "virtio_blk", "virtio_scsi", "virtio_net"),  # KVM
    *("ahci", "ata_piix", "nvme", "sd_mod", "sr_mod"),  # SATA, IDE and NVMe, as most emulate them
    *("vmw_pvscsi", "mptspi", "mptsas"),  # VMware's own, and its LSI Logic
    *("hv_storvsc", "hv_vmbus", "hv_netvsc"),  # Hyper-V
    "xen_blkfront",
)
"""What an initramfs must carry to find its disk under any hypervisor an appliance meets."""


@attrs.frozen(kw_only=True)
class Kernel:
    """A kernel of the installed system; paths as the system sees them."""

    version: str
    path: str
    initrd: str | None


def kernels(tree: Tree) -> tuple[Kernel, ...]:
    """Return the kernels in /boot, the newest first."""
    boot = find(tree, "/boot")
    found = []
    for file in boot.glob("vmlinuz-*"):
        version = file.name.removeprefix("vmlinuz-")
        names = (f"initrd.img-{version}", f"initramfs-{version}.img")
        initrd = next((name for name in names if (boot / name).is_file()), None)
        found.append(
            Kernel(
                version=version,
                path=f"/boot/{file.name}",
                initrd=f"/boot/{initrd}" if initrd else None,
            )
        )
    return tuple(sorted(found, key=lambda kernel: _order(kernel.version), reverse=True))


def _order(version: str) -> tuple[tuple[int, str], ...]:
    """Return what sorts kernel versions as people do: numbers by value."""
    parts = re.findall(r"\d+|[a-z]+", version)
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)


def make_initramfs(plan: Plan, tree: Tree, run: Run, *, is_generic: bool) -> Tree:
    """Return *tree* with an initramfs for each kernel, made by the system's own tool.

    It carries the plan's drivers and filesystems; with *is_generic* whatever the
    distribution puts into its own. The choice is written down in the system,
    so that an update of the kernel follows it. A system without such a tool
    is left as it is.
    """
    if exists(tree, "/usr/sbin/update-initramfs") and kernels(tree):
        if not is_generic:
            _choose_modules(plan, tree)
        run.guest(tree, ["update-initramfs", "-c", "-k", "all"])
    return tree


def _choose_modules(plan: Plan, tree: Tree) -> None:
    filesystems = (v.filesystem for v in plan.mounts if v.filesystem != "vfat")
    names = dict.fromkeys((*plan.drivers, *filesystems))
    # initramfs.conf(5): `list` takes the modules file and nothing else.
    write_file(tree, "/etc/initramfs-tools/conf.d/applbuild", "MODULES=list\n")
    known = Path(find(tree, "/etc/initramfs-tools/modules"))
    former = known.read_text(encoding="utf-8") if known.is_file() else ""
    lines = [*former.splitlines(), "# The hypervisors an appliance meets (applbuild):", *names]
    write_file(tree, "/etc/initramfs-tools/modules", "\n".join(lines) + "\n")
