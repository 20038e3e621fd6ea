"""Certificates of the kickstart, and those of them that the system trusts."""

from __future__ import annotations

import attrs

from applbuild.configure.guest_tools import ask
from applbuild.errors import KickstartError
from applbuild.model.plan import Plan
from applbuild.model.result import Tree
from applbuild.model.settings import Certificate
from applbuild.run import Run
from applbuild.tree import exists, write_file


@attrs.frozen
class _Store:
    """Where a distribution keeps what its administrator trusts, and what takes note of it."""

    tool: str
    folder: str
    argv: tuple[str, ...]
    suffix: str = ""


# update-ca-trust(8); update-ca-certificates(8), which takes files called *.crt alone.
_STORES = (
    _Store(
        "/usr/bin/update-ca-trust",
        "/etc/pki/ca-trust/source/anchors",
        ("update-ca-trust", "extract"),
    ),
    _Store(
        "/usr/sbin/update-ca-certificates",
        "/usr/local/share/ca-certificates",
        ("update-ca-certificates",),
        ".crt",
    ),
)


def write_certificates(plan: Plan, tree: Tree, run: Run) -> None:
    """Write the certificates of the kickstart, and have the system trust those that are anchors.

    One that is put where the system keeps its anchors, under a name that its tool takes, is
    trusted, too, as it would be after an installer.

    Raises:
        KickstartError: the system has no tool that takes note of an anchor, or that refuses; or
            two would be one file.
    """
    store = next((store for store in _STORES if exists(tree, store.tool)), None)
    trusted: list[Certificate] = []
    written: set[str] = set()
    for certificate in plan.settings.certificates:
        path = _path(certificate, store)
        if path in written:
            message = f"%certificate {certificate.name}: there is another one for {path}"
            hint = "give it another --filename"
            raise KickstartError(message, place=certificate.place, hint=hint)
        written.add(path)
        write_file(tree, path, certificate.text)
        if store is not None and _is_anchor(path, store):
            trusted.append(certificate)
    if store is not None and trusted:
        said = f"%certificate {trusted[0].name}"
        ask(tree, run, store.argv, said, trusted[0].place)


def _is_anchor(path: str, store: _Store) -> bool:
    return path.startswith(f"{store.folder}/") and path.endswith(store.suffix)


def _path(certificate: Certificate, store: _Store | None) -> str:
    if certificate.folder is not None:
        return f"{certificate.folder.rstrip('/')}/{certificate.name}"
    if store is None:
        raise KickstartError(
            f"%certificate {certificate.name}: the installed system keeps no certificates",
            place=certificate.place,
            hint="add ca-certificates to %packages",
        )
    name = certificate.name
    if not name.endswith(store.suffix):
        name = f"{name.rpartition('.')[0] or name}{store.suffix}"
    return f"{store.folder}/{name}"
