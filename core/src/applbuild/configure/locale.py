"""Language, keyboard and time zone."""

from __future__ import annotations

from applbuild.errors import KickstartError
from applbuild.model.plan import Plan
from applbuild.model.result import Tree
from applbuild.run import Run
from applbuild.tree import exists, link, remove, write_file

_UTC = ("UTC", "Etc/UTC")
_BUILT_IN = ("C", "POSIX", "C.UTF-8", "C.utf8")


def set_locale(plan: Plan, tree: Tree, run: Run) -> None:
    """Put language, keyboard and time zone into force, where the kickstart names them."""
    settings = plan.settings
    if settings.language:
        _set_language(settings.language, tree, run)
    if settings.keyboard:
        _set_keyboard(settings.keyboard, tree)
    if settings.timezone:
        _set_timezone(settings.timezone, tree)
        # hwclock(8), "The Adjtime File": the third line says what the hardware clock keeps.
        kept = "UTC" if settings.is_clock_utc else "LOCAL"
        write_file(tree, "/etc/adjtime", f"0.0 0 0.0\n0\n{kept}\n")


def _set_language(language: str, tree: Tree, run: Run) -> None:
    name = language if "." in language or language in _BUILT_IN else f"{language}.UTF-8"
    if name not in _BUILT_IN and exists(tree, "/usr/sbin/locale-gen"):
        _, _, encoding = name.partition(".")
        known = tree.path("/etc/locale.gen")
        lines = known.read_text(encoding="utf-8").splitlines() if known.is_file() else []
        kept = [line for line in lines if line.startswith("#") or not line.strip()]
        write_file(tree, "/etc/locale.gen", "\n".join([*kept, f"{name} {encoding}"]) + "\n")
        run.guest(tree, ["/usr/sbin/locale-gen"])
    write_file(tree, "/etc/locale.conf", f"LANG={name}\n")
    if exists(tree, "/etc/debian_version"):
        write_file(tree, "/etc/default/locale", f"LANG={name}\n")


def _set_keyboard(keyboard: str, tree: Tree) -> None:
    write_file(tree, "/etc/vconsole.conf", f"KEYMAP={keyboard}\n")
    if exists(tree, "/etc/debian_version"):
        lines = (
            'XKBMODEL="pc105"',
            f'XKBLAYOUT="{keyboard}"',
            'XKBVARIANT=""',
            'XKBOPTIONS=""',
            'BACKSPACE="guess"',
        )
        write_file(tree, "/etc/default/keyboard", "\n".join(lines) + "\n")


def _set_timezone(timezone: str, tree: Tree) -> None:
    if not exists(tree, f"/usr/share/zoneinfo/{timezone}"):
        if timezone in _UTC:
            remove(tree, "/etc/localtime")  # without it the time is UTC (localtime(5))
            return
        raise KickstartError(
            f"timezone {timezone}: the installed system does not know it",
            hint="names are those of /usr/share/zoneinfo, e.g. Europe/Berlin; package tzdata",
        )
    link(tree, "/etc/localtime", f"../usr/share/zoneinfo/{timezone}")
    if exists(tree, "/etc/debian_version"):
        write_file(tree, "/etc/timezone", f"{timezone}\n")
