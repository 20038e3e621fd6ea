"""The archives as the installed system knows them: without logins, each with its keyring."""

from __future__ import annotations

import shutil
from pathlib import Path

from applbuild import Tree
from applbuild_payload_apt.archives import Archive

_KEYRINGS = {
    "Debian": "/usr/share/keyrings/debian-archive-keyring.gpg",
    "Ubuntu": "/usr/share/keyrings/ubuntu-archive-keyring.gpg",
}
_OWN = "/etc/apt/keyrings"


def write_sources(
    archives: tuple[tuple[Archive, str], ...], keyring: str | None, tree: Tree
) -> None:
    """Write /etc/apt/sources.list: *archives* (with origins) that the system can reach."""
    lines = []
    for archive, origin in archives:
        if archive.uri.startswith("copy:"):
            continue  # a folder of the host that builds
        signed_by = _signed_by(archive, origin, keyring, tree)
        option = f" [signed-by={signed_by}]" if signed_by else ""
        components = " ".join(archive.components)
        lines.append(f"deb{option} {archive.uri} {archive.suite} {components}\n")
    tree.path("/etc/apt").mkdir(parents=True, exist_ok=True)
    tree.path("/etc/apt/sources.list").write_text("".join(lines), encoding="utf-8")


def _signed_by(archive: Archive, origin: str, keyring: str | None, tree: Tree) -> str:
    """Return a keyring that *tree* has; the host's is copied where it brings none of its own."""
    own = _KEYRINGS.get(origin)
    if own and tree.path(own).is_file():
        return own
    for name in (*archive.signed_by.split(), keyring or ""):
        if name.startswith("/") and tree.path(name).is_file():
            return name
        if name.startswith("/") and Path(name).is_file():
            copy = f"{_OWN}/{Path(name).name}"
            tree.path(_OWN).mkdir(mode=0o755, parents=True, exist_ok=True)
            shutil.copyfile(name, tree.path(copy))
            return copy
    return ""
