"""What payloads share about installed systems: their kernels, and how an initramfs is made."""

from __future__ import annotations

import re

import attrs

from applbuild import selinux
from applbuild.identity import derive_hex
from applbuild.model.plan import Plan
from applbuild.model.result import Tree
from applbuild.run import Run
from applbuild.tree import exists, write_file

HYPERVISOR_DRIVERS = (
    *("virtio_pci", "virtio_blk", "virtio_scsi", "virtio_net"),  # KVM
    "sym53c8xx",  # libvirt's SCSI controller, where none is named
    *("ahci", "ata_piix", "nvme", "sd_mod", "sr_mod"),  # SATA, IDE and NVMe, as most emulate them
    *("vmw_pvscsi", "mptspi", "mptsas"),  # VMware's own, and its LSI Logic; VirtualBox's
    *("hv_vmbus", "hv_storvsc", "hv_netvsc"),  # Hyper-V
    *("xen_blkfront", "xen_netfront"),
)
"""What an initramfs must carry to find its disk under any hypervisor an appliance meets."""

_DEBIAN_INITRD = "initrd.img-{}"
_INITRD = "initramfs-{}.img"
_MODULES_FILE = "/etc/initramfs-tools/modules"


@attrs.frozen(kw_only=True)
class Kernel:
    """A kernel of the installed system; paths as the system sees them."""

    version: str
    path: str
    initrd: str | None


def kernels(tree: Tree) -> tuple[Kernel, ...]:
    """Return the kernels in /boot, the newest first."""
    boot = tree.path("/boot")
    found = []
    for file in boot.glob("vmlinuz-*"):
        version = file.name.removeprefix("vmlinuz-")
        names = (name.format(version) for name in (_DEBIAN_INITRD, _INITRD))
        initrd = next((f"/boot/{name}" for name in names if (boot / name).is_file()), None)
        found.append(Kernel(version=version, path=f"/boot/{file.name}", initrd=initrd))
    return tuple(sorted(found, key=lambda kernel: _order(kernel.version), reverse=True))


def _order(version: str) -> tuple[tuple[int, str], ...]:
    """Return what sorts kernel versions as people do: numbers by value."""
    parts = re.findall(r"\d+|[a-z]+", version)
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)


def make_initramfs(plan: Plan, tree: Tree, run: Run, *, is_generic: bool) -> Tree:
    """Return *tree* with an initramfs for each kernel, made by the system's own tool.

    It carries the plan's drivers and filesystems; with *is_generic* whatever the
    distribution puts into one for any machine. The choice is written down in the
    system, so that an update of the kernel follows it. A system without such a
    tool is left as it is.

    Raises:
        ToolError: the system's tool failed.
    """
    found = kernels(tree)
    if not found and _packaged_kernels(tree) and exists(tree, "/usr/bin/kernel-install"):
        _choose_for_dracut(plan, tree, is_generic=is_generic)
        _install_kernels(plan, tree, run)
        _run_dracut(tuple(kernel for kernel in kernels(tree) if kernel.initrd is None), tree, run)
    elif found and exists(tree, "/usr/sbin/mkinitramfs"):
        if not is_generic:
            _choose_for_initramfs_tools(plan, tree)
        run.guest(tree, ["update-initramfs", "-c", "-k", "all"])
    elif found and exists(tree, "/usr/bin/dracut"):
        _choose_for_dracut(plan, tree, is_generic=is_generic)
        _run_dracut(found, tree, run)
    return tree


def _run_dracut(found: tuple[Kernel, ...], tree: Tree, run: Run) -> None:
    name = _DEBIAN_INITRD if exists(tree, "/etc/debian_version") else _INITRD
    for kernel in found:
        target = f"/boot/{name.format(kernel.version)}"
        run.guest(tree, ["dracut", "--quiet", "--force", target, kernel.version])


def command_line(plan: Plan, tree: Tree) -> tuple[str, ...]:
    """Return what every kernel of *tree* is started with."""
    root = plan.holding("/").identifier
    return (f"root=UUID={root}", "ro", *kernel_arguments(plan, tree))


def kernel_arguments(plan: Plan, tree: Tree) -> tuple[str, ...]:
    """Return the command line without where the root is; the kickstart's own words are last."""
    return (*plan.arguments, *selinux.arguments(plan, tree), *plan.boot.arguments)


def _packaged_kernels(tree: Tree) -> list[str]:
    """Return the versions of kernels that wait to be brought into /boot (kernel-install(8))."""
    return sorted(file.parent.name for file in tree.path("/usr/lib/modules").glob("*/vmlinuz"))


def _install_kernels(plan: Plan, tree: Tree, run: Run) -> None:
    """Have the system bring its kernels into /boot, each with an initramfs and a boot entry.

    Entries are named by the machine's id. It is the plan's for now, so that their names
    depend on nothing else; the machine gets one of its own when it first starts.
    """
    write_file(tree, "/etc/machine-id", f"{derive_hex(plan.seed, 'machine-id', 32)}\n", mode=0o444)
    write_file(tree, "/etc/kernel/cmdline", f"{' '.join(command_line(plan, tree))}\n")
    for version in _packaged_kernels(tree):
        image = f"/lib/modules/{version}/vmlinuz"
        run.guest(tree, ["kernel-install", "add", version, image])


def _filesystems(plan: Plan) -> list[str]:
    # A FAT is mounted later, by the system itself.
    names = (volume.filesystem for volume in plan.mounts)
    return [name for name in dict.fromkeys(names) if name != "vfat"]


def _choose_for_initramfs_tools(plan: Plan, tree: Tree) -> None:
    # initramfs.conf(5): `list` takes the modules file and nothing else.
    write_file(tree, "/etc/initramfs-tools/conf.d/applbuild", "MODULES=list\n")
    known = tree.path(_MODULES_FILE)
    lines = known.read_text(encoding="utf-8").splitlines() if known.is_file() else []
    lines += ["# What an appliance may meet (applbuild):", *plan.drivers, *_filesystems(plan)]
    write_file(tree, _MODULES_FILE, "\n".join(lines) + "\n")


def _choose_for_dracut(plan: Plan, tree: Tree, *, is_generic: bool) -> None:
    # dracut.conf(5): `drivers` and `filesystems` take these and nothing else.
    lines = ['hostonly="no"', 'reproducible="yes"']
    if not is_generic:
        lines.append(f'drivers="{" ".join(plan.drivers)}"')
        lines.append(f'filesystems="{" ".join(_filesystems(plan))}"')
    write_file(tree, "/etc/dracut.conf.d/applbuild.conf", "\n".join(lines) + "\n")
