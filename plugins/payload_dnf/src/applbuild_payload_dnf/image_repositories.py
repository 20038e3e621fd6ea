"""Repositories as the installed system knows them (`repo --install`): verified, without logins."""

from __future__ import annotations

import shutil
from pathlib import Path

from applbuild import Tree, write_file
from applbuild_payload_dnf.repositories import Repository, as_kept_text

_KEYS = "/etc/pki/rpm-gpg"


def write_repository(repository: Repository, keys: tuple[Path, ...], tree: Tree) -> None:
    """Write /etc/yum.repos.d/NAME.repo for *repository*, and *keys* where it finds them."""
    inside = []
    for key in keys:
        path = f"{_KEYS}/{key.name}"
        if not tree.path(path).exists():
            tree.path(_KEYS).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(key, tree.path(path))
        inside.append(f"file://{path}")
    text = as_kept_text(repository, " ".join(inside))
    write_file(tree, f"/etc/yum.repos.d/{repository.name}.repo", text)
