"""GRUB's configuration: grub.cfg for now, and the settings its own tools use later."""

from __future__ import annotations

from applbuild import BootEntry, Plan, Tree, command_line, kernel_arguments, kernels, write_file
from applbuild_bootloader_grub.boot_entries import entries_menu
from applbuild_bootloader_grub.places import folder, inside_boot_volume, prefix

_SERIAL = "serial --unit=0 --speed=115200"
_STAND_IN = """\
#!/bin/sh
# In place of the real program while the appliance is built: there is no device to ask.
echo "$0: applbuild writes the boot configuration itself, after this script" >&2
exit 0
"""
_PROTECTION = """\
#!/bin/sh
# Written by applbuild: who does not know the password cannot change what is started.
cat <<'EOF'
{password}
export superusers
# Every entry of grub-mkconfig has this variable; starting one needs no password.
set menuentry_id_option="--unrestricted --id"
EOF
"""
STAND_INS = tuple(
    (path, _STAND_IN)
    for path in (
        "/usr/sbin/update-grub",
        *(
            f"/usr/sbin/{name}-{tool}"
            for name in ("grub", "grub2")
            for tool in ("mkconfig", "install")
        ),
    )
)


def entries(plan: Plan, tree: Tree) -> tuple[BootEntry, ...]:
    """Return what there is to start, the newest kernel first."""
    return tuple(
        BootEntry(
            title=f"Linux {kernel.version}",
            kernel=kernel.path,
            initrd=kernel.initrd,
            arguments=command_line(plan, tree),
        )
        for kernel in kernels(tree)
    )


def write_configuration(
    plan: Plan, tree: Tree, found: tuple[BootEntry, ...], password_hash: str | None
) -> None:
    """Write grub.cfg, and the defaults from which the guest's own grub-mkconfig makes the next.

    With a *password_hash* only the system's root reads what has it.
    """
    menu = entries_menu(plan, tree)
    shown = _menu(plan, found, password_hash) if menu is None else menu
    text = "\n".join([*_head(plan, password_hash), *shown, ""])
    mode = 0o600 if password_hash else 0o644
    write_file(tree, f"{folder(tree)}/grub.cfg", text, mode=mode)
    if not tree.path(f"/usr/sbin/{prefix(tree)}-mkconfig").exists():
        return
    if prefix(tree) == "grub2":  # its grub2-mkconfig reads this file and no folder
        bls = f"GRUB_ENABLE_BLSCFG={str(menu is not None).lower()}\n"
        write_file(tree, "/etc/default/grub", _defaults(plan, tree) + bls)
    else:
        write_file(tree, "/etc/default/grub.d/50-applbuild.cfg", _defaults(plan, tree))
    if password_hash:
        text = _PROTECTION.format(password=_password(password_hash))
        write_file(tree, "/etc/grub.d/05_applbuild_password", text, mode=0o700)


def _password(password_hash: str) -> str:
    # GRUB manual, "Security": with superusers, everything but unrestricted entries needs one.
    return f'set superusers="root"\npassword_pbkdf2 root {password_hash}'


def _head(plan: Plan, password_hash: str | None) -> list[str]:
    return [
        "# Written by applbuild; update-grub and grub-mkconfig may replace it.",
        "set default=0",
        f"set timeout={plan.boot.timeout_seconds}",
        "insmod serial",
        f"if {_SERIAL}; then",
        "    terminal_input console serial",
        "    terminal_output console serial",
        "fi",
        f"search --no-floppy --fs-uuid --set=root {plan.holding('/boot').identifier}",
        *([_password(password_hash)] if password_hash else []),
    ]


def _menu(plan: Plan, found: tuple[BootEntry, ...], password_hash: str | None) -> list[str]:
    freely = " --unrestricted" if password_hash else ""
    lines = []
    for entry in found:
        kernel = inside_boot_volume(plan, entry.kernel)
        lines += [
            f"menuentry {_quoted(entry.title)}{freely} {{",
            f"    linux {kernel} {' '.join(map(_quoted, entry.arguments))}",
        ]
        if entry.initrd:
            lines.append(f"    initrd {inside_boot_volume(plan, entry.initrd)}")
        lines.append("}")
    return lines


def _defaults(plan: Plan, tree: Tree) -> str:
    # Quoted twice: for the shell that reads this file, and for GRUB's, which reads grub.cfg.
    arguments = " ".join(map(_quoted, kernel_arguments(plan, tree)))
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
