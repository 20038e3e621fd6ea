"""A virtual machine on its serial console, as a person would use it."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect

# Debian, Debian from 13 on and Ubuntu, Fedora.
_FIRMWARES = ("OVMF/OVMF_CODE.fd", "OVMF/OVMF_CODE_4M.fd", "edk2/ovmf/OVMF_CODE.fd")
_BOOT_SECONDS = 300  # emulated, on a busy machine
_COMMAND_SECONDS = 120


class Guest:
    """A running machine; what is done to its disks is gone with it."""

    def __init__(self, console: pexpect.spawn[str], ssh_port: int) -> None:
        self.console = console
        self.ssh_port = ssh_port

    def log_in(self, password: str) -> None:
        """Log in as root on the serial console."""
        self.console.expect("login: ", timeout=_BOOT_SECONDS)
        self.console.sendline("root")
        self.console.expect("Pass[a-z]+: ", timeout=_COMMAND_SECONDS)  # in the guest's language
        self.console.sendline(password)
        self.console.expect("# ", timeout=_COMMAND_SECONDS)
        # No colours, echo or line breaks of the terminal in what is read back.
        self.console.sendline(
            "stty -echo cols 1000; export TERM=dumb PS0= PS1= PROMPT_COMMAND= PAGER=cat; "
            "echo ready'>'"
        )
        self.console.expect("ready>", timeout=_COMMAND_SECONDS)

    def run(self, command: str, seconds: int = _COMMAND_SECONDS) -> str:
        """Return what *command* prints; it must end in 0."""
        self.console.sendline(f"echo 'begin>'; {command}\necho \"<ended in $?>\"")
        self.console.expect(r"begin>\s+(.*)<ended in ([0-9]+)>", timeout=seconds)
        match = self.console.match
        assert not isinstance(match, type)
        assert match is not None
        printed, code = str(match[1]), match[2]
        assert code == "0", f"{command}: {code}: {printed}"
        return printed.replace("\r", "").strip()

    def ssh_banner(self) -> str:
        """Return how the guest's ssh server greets from outside; empty if it does not."""
        for _ in range(60):
            with socket.create_connection(("127.0.0.1", self.ssh_port), timeout=60) as connection:
                banner = connection.recv(64).decode("ascii", "replace")
            if banner:
                return banner
            time.sleep(1)  # QEMU hangs up while the guest has no address yet
        return ""


@contextmanager
def booted(disks: list[Path], *, firmware: str, form: str, cards: int = 1) -> Iterator[Guest]:
    """Give a machine that has started from the first of *disks*, all of format *form*.

    Each of its network *cards* has a network of its own; the first is reached from outside.
    """
    port = _free_port()
    argv = ["-accel", "tcg", "-m", "1024", "-nographic", "-nodefaults", "-serial", "mon:stdio"]
    argv += ["-nic", f"user,model=virtio,hostfwd=tcp:127.0.0.1:{port}-:22"]
    argv += ["-nic", "user,model=virtio"] * (cards - 1)
    if firmware == "uefi":
        argv += ["-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={_firmware()}"]
    for disk in disks:
        argv += ["-drive", f"file={disk},format={form},if=virtio,snapshot=on"]
    console: pexpect.spawn[str] = pexpect.spawn(
        "qemu-system-x86_64", argv, encoding="utf-8", codec_errors="replace", timeout=_BOOT_SECONDS
    )
    try:
        yield Guest(console, port)
    finally:
        console.close(force=True)


def _firmware() -> Path:
    files = (Path("/usr/share", name) for name in _FIRMWARES)
    return next(file for file in files if file.is_file())


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
