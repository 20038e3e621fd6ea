"""A shell script beside the images that starts the appliance in QEMU."""

from __future__ import annotations

import shlex
from typing import Literal

import attrs

from applbuild import Appliance, BackendInfo, Document, Firmware, MachineDisk, hookimpl

_PROGRAMS = {"x86_64": "qemu-system-x86_64", "aarch64": "qemu-system-aarch64 -M virt -cpu max"}
_UEFI = '-bios "${OVMF:-/usr/share/ovmf/OVMF.fd}"'


@attrs.frozen(kw_only=True)
class Options:
    """What can follow `--descriptor launch,`."""

    console: Literal["serial", "screen"] = "serial"
    ssh_port: int | None = None


@hookimpl
def applbuild_info() -> BackendInfo:
    """Return what this backend is."""
    return BackendInfo(summary="a script that starts the appliance in QEMU", api=1, options=Options)


@hookimpl
def applbuild_describe(appliance: Appliance, options: Options) -> tuple[Document, ...]:
    """Return `<name>.sh`, which starts the files of the described format."""
    machine = appliance.machine
    words = [
        _PROGRAMS.get(machine.architecture, f"qemu-system-{machine.architecture}"),
        "-accel kvm -accel tcg",
        f"-name guest={_value(appliance.name)}",
        f"-smp {machine.vcpus} -m {machine.memory_bytes // 1024}K",
        *(f"-drive {_drive(disk, appliance)}" for disk in machine.disks),
        *_network(machine.nics, options.ssh_port),
    ]
    if machine.firmware is Firmware.UEFI:
        words.append(_UEFI)
    if options.console == "serial":
        words.append("-nographic")
    command = " \\\n    ".join((*words, '"$@"'))
    script = f'#!/bin/sh\ncd "$(dirname "$0")" || exit\nexec {command}\n'
    return (Document(name=f"{appliance.name}.sh", content=script),)


def _drive(disk: MachineDisk, appliance: Appliance) -> str:
    image = appliance.artifact(disk.name)
    # With a folder in front, a colon in the name does not make a protocol of it.
    return f"if=virtio,format={image.format},file={_value(f'./{image.path.name}')}"


def _network(nics: int, ssh_port: int | None) -> list[str]:
    forward = f",hostfwd=tcp:127.0.0.1:{ssh_port}-:22" if ssh_port else ""
    cards = [f"-nic user,model=virtio-net-pci{forward}"]
    cards += ["-nic user,model=virtio-net-pci"] * (nics - 1)
    return cards[:nics] or ["-nic none"]


def _value(text: str) -> str:
    """Return *text* as QEMU and the shell take it: QEMU reads two commas as one."""
    return shlex.quote(text.replace(",", ",,"))
