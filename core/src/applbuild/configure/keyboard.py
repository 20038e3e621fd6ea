"""The keyboard: of the console, and of a graphical desktop."""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs

from applbuild.configure.assignments import assign
from applbuild.configure.guest_tools import ask
from applbuild.errors import KickstartError
from applbuild.model.plan import Plan
from applbuild.model.result import Tree
from applbuild.model.settings import Keyboard
from applbuild.run import Run
from applbuild.tree import exists, write_file

# localectl(1) translates by this table of systemd's: console, layout, model, variant, options.
_TABLE = "/usr/share/systemd/kbd-model-map"
# Keymaps made from XKB's layouts, as Fedora's kbd has them.
_MADE = ("/usr/lib/kbd/keymaps/xkb", "/usr/share/kbd/keymaps/xkb")
_RULES = "/usr/share/X11/xkb/rules/base.lst"


@attrs.frozen(kw_only=True)
class _Xkb:
    """Layouts with their variants; options."""

    layout: str
    model: str = "pc105"
    variant: str = ""
    options: str = ""


def set_keyboard(plan: Plan, tree: Tree, run: Run) -> None:
    """Put the kickstart's keyboard into force; what it does not say follows from what it does.

    Raises:
        KickstartError: XKB, where the system has it, does not know a layout.
    """
    keyboard = plan.settings.keyboard
    if keyboard is None:
        return
    graphical = _of_layouts(keyboard) if keyboard.layouts else _of_keymap(keyboard, tree)
    keymap = keyboard.keymap or _keymap_of(keyboard.layouts[0], tree)
    _require(graphical, keyboard, tree)
    assign(tree, "/etc/vconsole.conf", {"KEYMAP": keymap})
    write_file(tree, "/etc/X11/xorg.conf.d/00-keyboard.conf", _xorg(graphical))
    if exists(tree, "/etc/debian_version"):
        # Debian's console has XKB's layouts as well.
        console = _of_console(keyboard, graphical, tree)
        _require(console, keyboard, tree)
        values = {
            "XKBMODEL": console.model,
            "XKBLAYOUT": console.layout,
            "XKBVARIANT": console.variant,
            "XKBOPTIONS": console.options,
            "BACKSPACE": "guess",
        }
        quoted = {name: f'"{value}"' for name, value in values.items()}
        assign(tree, "/etc/default/keyboard", quoted)
        if exists(tree, "/usr/bin/setupcon"):
            # The console is set up from what this keeps, and it does not notice that it is old.
            ask(tree, run, ["setupcon", "--save-only"], f"keyboard {keymap}", keyboard.place)


def _of_layouts(keyboard: Keyboard) -> _Xkb:
    pairs = [_split(layout) for layout in keyboard.layouts]
    variants = ",".join(variant for _, variant in pairs)
    return _Xkb(
        layout=",".join(layout for layout, _ in pairs),
        variant=variants if variants.strip(",") else "",
        options=",".join(keyboard.switches),
    )


def _split(layout: str) -> tuple[str, str]:
    """Return the layout and the variant of `cz (qwerty)`."""
    name, _, variant = layout.partition("(")
    return name.strip(), variant.rstrip(") ").strip()


def _of_keymap(keyboard: Keyboard, tree: Tree) -> _Xkb:
    keymap, options = keyboard.keymap or "", ",".join(keyboard.switches)
    for row in _rows(tree):
        if row[0] == keymap:
            layout, model, variant, others = row[1:]
            options = ",".join(filter(None, (others, options)))
            return _Xkb(layout=layout, model=model, variant=variant, options=options)
    # Keymaps that are made from XKB's layouts are called by layout and variant.
    layout, _, variant = keymap.partition("-")
    return _Xkb(layout=layout, variant=variant, options=options)


def _of_console(keyboard: Keyboard, graphical: _Xkb, tree: Tree) -> _Xkb:
    """Return what the keymap of the console is, and all layouts where the first of them is that."""
    if not keyboard.keymap or not keyboard.layouts:
        return graphical
    console = _of_keymap(keyboard, tree)
    is_first = (console.layout, console.variant) == _split(keyboard.layouts[0])
    return graphical if is_first else console


def _keymap_of(layout: str, tree: Tree) -> str:
    name, variant = _split(layout)
    made = f"{name}-{variant}" if variant else name
    if any(exists(tree, f"{folder}/{made}.map.gz") for folder in _MADE):
        return made
    rows = list(_rows(tree))
    alike = [row for row in rows if row[1] == name and row[3] == variant]
    alike += [row for row in rows if row[1] == name]
    return alike[0][0] if alike else name


def _rows(tree: Tree) -> Iterator[list[str]]:
    table = tree.path(_TABLE)
    lines = table.read_text(encoding="utf-8").splitlines() if table.is_file() else []
    for line in lines:
        words = ["" if word == "-" else word for word in line.split()]
        if len(words) == 5 and not line.startswith("#"):
            yield words


def _require(xkb: _Xkb, keyboard: Keyboard, tree: Tree) -> None:
    rules = tree.path(_RULES)
    if not rules.is_file():
        return
    text = rules.read_text(encoding="utf-8")
    layouts = xkb.layout.split(",")
    variants = xkb.variant.split(",") if xkb.variant else [""] * len(layouts)
    for layout, variant in zip(layouts, variants, strict=False):
        is_known = re.search(rf"^ +{re.escape(layout)} ", text, re.MULTILINE)
        pattern = rf"^ +{re.escape(variant)} +{re.escape(layout)}:"
        if not is_known or (variant and not re.search(pattern, text, re.MULTILINE)):
            name = f"{layout} ({variant})" if variant else layout
            raise KickstartError(
                f"keyboard: the installed system knows no layout {name}",
                place=keyboard.place,
                hint=f"the names are those of {_RULES}",
            )


def _xorg(xkb: _Xkb) -> str:
    lines = [
        "# Written by applbuild, as localectl would; see xorg.conf(5).",
        'Section "InputClass"',
        '        Identifier "system-keyboard"',
        '        MatchIsKeyboard "on"',
        f'        Option "XkbLayout" "{xkb.layout}"',
        f'        Option "XkbModel" "{xkb.model}"',
    ]
    lines += [f'        Option "XkbVariant" "{xkb.variant}"'] if xkb.variant else []
    lines += [f'        Option "XkbOptions" "{xkb.options}"'] if xkb.options else []
    return "\n".join([*lines, "EndSection", ""])
