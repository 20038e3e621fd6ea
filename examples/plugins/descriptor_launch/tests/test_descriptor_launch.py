"""The script is run with a QEMU that only says what it was given."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from pathlib import Path

import applbuild_descriptor_launch
import pytest

from applbuild import Document, Firmware
from applbuild.testing.descriptors import Described, DescriptorConformance

QEMU = "#!/bin/sh\nprintf '%s\\0' \"$@\"\n"


def started(document: Document, *more: str) -> list[tuple[str, str]]:
    """Return the options that the script gives to QEMU, each with its value."""
    with tempfile.TemporaryDirectory() as folder:
        program, script = Path(folder, "qemu-system-x86_64"), Path(folder, document.name)
        program.write_text(QEMU, encoding="utf-8")
        program.chmod(0o755)
        script.write_text(document.content, encoding="utf-8")
        environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
        said = subprocess.check_output(["sh", script, *more], text=True, env=environment)
    words = said.split("\0")[:-1]
    return [
        (word, value if not value.startswith("-") else "")
        for word, value in zip(words, [*words[1:], ""], strict=True)
        if word.startswith("-")
    ]


def keys(value: str) -> dict[str, str]:
    """Return the keys of a value as QEMU reads it: a comma ends, two are one."""
    pairs = re.findall(r"((?:[^,]|,,)+)", value)
    return dict(pair.replace(",,", ",").split("=", 1) for pair in pairs if "=" in pair)


class TestLaunch(DescriptorConformance):
    backend = applbuild_descriptor_launch
    name = "launch"
    formats = ("qcow2", "vmdk")

    def parse(self, documents: tuple[Document, ...]) -> Described:
        (document,) = documents
        options = started(document)
        memory = next(value for option, value in options if option == "-m")
        drives = [keys(value) for option, value in options if option == "-drive"]
        return Described(
            name=keys(dict(options)["-name"])["guest"],
            files=tuple(drive["file"].removeprefix("./") for drive in drives),
            memory_bytes=int(memory.removesuffix("K")) * 1024,
            vcpus=int(dict(options)["-smp"]),
            nics=sum(option == "-nic" and value != "none" for option, value in options),
        )

    def script(self, options: object = None, **machine: object) -> Document:
        options = options or applbuild_descriptor_launch.Options()
        (document,) = self.answer(
            "applbuild_describe", appliance=self._appliance(**machine), options=options
        )
        return document

    @pytest.mark.parametrize("described", ["qcow2", "vmdk"])
    def test_each_image_is_opened_as_what_it_is(self, described: str) -> None:
        options = started(self.script(described=described))
        drives = [keys(value) for option, value in options if option == "-drive"]
        assert {drive["format"] for drive in drives} == {described}

    def test_the_terminal_is_the_console_unless_a_screen_is_asked_for(self) -> None:
        screen = applbuild_descriptor_launch.Options(console="screen")
        assert ("-nographic", "") in started(self.script(), "-snapshot")
        assert "-nographic" not in dict(started(self.script(screen)))

    def test_the_port_leads_to_the_ssh_server(self) -> None:
        options = applbuild_descriptor_launch.Options(ssh_port=2222)
        first, second = (v for o, v in started(self.script(options, nics=2)) if o == "-nic")
        assert "hostfwd=tcp:127.0.0.1:2222-:22" in first
        assert "hostfwd" not in second

    def test_what_only_uefi_starts_gets_uefi(self) -> None:
        assert "-bios" in dict(started(self.script(firmware=Firmware.UEFI)))
        assert "-bios" not in dict(started(self.script(firmware=Firmware.BOTH)))

    def test_what_follows_the_script_goes_to_qemu(self) -> None:
        assert ("-snapshot", "") in started(self.script(), "-snapshot")
