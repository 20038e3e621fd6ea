"""GRUB's configuration: grub.cfg for now, and the settings its own tools use later."""

from __future__ import annotations

from applbuild import BootEntry, Plan, Tree, kernels, write_file
from applbuild_bootloader_grub.places import FOLDER, inside_boot_volume

_SERIAL = "serial --unit=0 --speed=115200"
_STAND_IN = """\
#!/bin/sh
# In place of the real program while the appliance is built: there is no device to ask.
echo "$0: applbuild writes the boot configuration itself, after this script" >&2
exit 0
"""
STAND_INS = tuple(
    (path, _STAND_IN)
    for path in ("/usr/sbin/update-grub", "/usr/sbin/grub-mkconfig", "/usr/sbin/grub-install")
)


def entries(plan: Plan, tree: Tree) -> tuple[BootEntry, ...]:
    """Return what there is to start, the newest kernel first."""
    root = plan.holding("/").identifier
    arguments = (f"root=UUID={root}", "ro", *plan.arguments, *plan.boot.arguments)
    return tuple(
        BootEntry(
            title=f"Linux {kernel.version}",
            kernel=kernel.path,
            initrd=kernel.initrd,
            arguments=arguments,
        )
        for kernel in kernels(tree)
    )


def write_configuration(plan: Plan, tree: Tree, found: tuple[BootEntry, ...]) -> None:
    """Write grub.cfg, and the defaults from which the guest's own grub-mkconfig makes the next."""
    write_file(tree, f"{FOLDER}/grub.cfg", _grub_cfg(plan, found))
    if tree.path("/usr/sbin/grub-mkconfig").exists():
        write_file(tree, "/etc/default/grub.d/50-applbuild.cfg", _defaults(plan))


def _grub_cfg(plan: Plan, found: tuple[BootEntry, ...]) -> str:
    lines = [
        "# Written by applbuild; update-grub and grub-mkconfig may replace it.",
        "set default=0",
        f"set timeout={plan.boot.timeout_seconds}",
        "insmod serial",
        f"if {_SERIAL}; then",
        "    terminal_input console serial",
        "    terminal_output console serial",
        "fi",
        f"search --no-floppy --fs-uuid --set=root {plan.holding('/boot').identifier}",
    ]
    for entry in found:
        kernel = inside_boot_volume(plan, entry.kernel)
        lines += [
            f"menuentry {_quoted(entry.title)} {{",
            f"    linux {kernel} {' '.join(map(_quoted, entry.arguments))}",
        ]
        if entry.initrd:
            lines.append(f"    initrd {inside_boot_volume(plan, entry.initrd)}")
        lines.append("}")
    return "\n".join(lines) + "\n"


def _defaults(plan: Plan) -> str:
    # Quoted twice: for the shell that reads this file, and for GRUB's, which reads grub.cfg.
    arguments = " ".join(map(_quoted, (*plan.arguments, *plan.boot.arguments)))
    return "\n".join(
        (
            "# Written by applbuild, so that an update keeps what the kickstart asked for.",
            f"GRUB_TIMEOUT={plan.boot.timeout_seconds}",
            f"GRUB_CMDLINE_LINUX={_quoted(arguments)}",
            'GRUB_CMDLINE_LINUX_DEFAULT=""',
            'GRUB_TERMINAL="console serial"',
            f'GRUB_SERIAL_COMMAND="{_SERIAL}"',
            "GRUB_DISABLE_OS_PROBER=true",
            "",
        )
    )


def _quoted(text: str) -> str:
    """Return *text* as one word of GRUB's shell, and of the guest's."""
    if text and all(letter.isalnum() or letter in "=,._-/:@%+" for letter in text):
        return text
    return "'" + text.replace("'", "'\\''") + "'"
