"""Packages into an empty tree, with the system's own dpkg in the guest's room.

The essential packages are laid out first, as bare files, so that there is a
system in which dpkg and maintainer scripts can run; then dpkg installs them all,
in as few calls as their Pre-Depends allow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from applbuild import Run, ToolError, Tree
from applbuild_payload_apt.index import Stanza, closure, provided
from applbuild_payload_apt.inflate import Deb, inflating

_STORE = "/.packages"
_MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_DEFERRED = (
    # The initramfs is made once, when settings and storage are known.
    "/usr/sbin/update-initramfs",
    "/usr/bin/dracut",
    # No service of the system starts on the host that builds it.
    "/usr/sbin/start-stop-daemon",
    # An index of manual pages, made anew by a timer of the system.
    "/usr/bin/mandb",
)
_ENVIRONMENT = {
    "DEBIAN_FRONTEND": "noninteractive",
    "DEBCONF_NONINTERACTIVE_SEEN": "true",
    "INITRD": "No",
}
_NO_SERVICES = "/usr/sbin/policy-rc.d"
_NO_DOCS = "/etc/dpkg/dpkg.cfg.d/applbuild-excludedocs"
_DOCS = ("doc", "groff", "info", "linda", "lintian", "man")
_LAY_OUT = """
set -e
for file do
    dpkg-deb --fsys-tarfile "$file" | tar --extract --keep-directory-symlink $options
done
"""


def install(debs: tuple[Deb, ...], tree: Tree, run: Run, *, has_docs: bool) -> None:
    """Install *debs* into the empty *tree*; all of them end configured.

    Raises:
        ToolError: dpkg or a maintainer script failed.
    """
    by_name = {deb.stanza.name: deb for deb in debs}
    stanzas = {name: by_name[name].stanza for name in sorted(by_name)}
    first, *rest = waves(stanzas)
    _merge_usr(tree)
    _lay_out([by_name[name].file for name in first], tree, run)
    _prepare(tree, has_docs=has_docs)
    later = tuple(deb for deb in debs if deb.stanza.name not in first)
    with inflating(later, tree.path(_STORE), run) as bring:
        # They cannot be ordered by Pre-Depends: they are what these depend on.
        files = [bring(by_name[name]) for name in first]
        _dpkg(["--install", "--force-depends", "--no-triggers"], files, tree, run)
        _hold_host_keys(stanzas, tree)
        for wave in rest:
            files = [bring(by_name[name]) for name in wave]
            # Forced for Pre-Depends that go round in circles; apt saw to the others.
            _dpkg(["--unpack", "--force-depends"], files, tree, run)
            _dpkg(["--configure", "--pending", "--no-triggers"], [], tree, run)
    _dpkg(["--configure", "--pending"], [], tree, run)
    _dpkg(["--triggers-only", "--pending"], [], tree, run)
    tree.path(_NO_SERVICES).unlink()
    tree.path(_STORE).rmdir()


def waves(stanzas: Mapping[str, Stanza]) -> Iterator[tuple[str, ...]]:
    """Yield the names of *stanzas* in the order in which dpkg can install them.

    The essential packages with all that they need come first. Each later group
    has its Pre-Depends in groups before it, unless they go round in circles.
    """
    virtual = provided(stanzas.values())
    done: set[str] = set()

    def before(names: set[str]) -> Iterator[tuple[str, ...]]:
        needed = {name for n in names for name in stanzas[n].related("Pre-Depends")}
        earlier = closure(needed, stanzas, virtual) - done
        if earlier and earlier < names:
            yield from before(earlier)
        remaining = names - done
        if remaining:
            done.update(remaining)
            yield tuple(name for name in stanzas if name in remaining)

    essential = closure([n for n, s in stanzas.items() if s.is_essential], stanzas, virtual)
    done |= essential
    yield tuple(name for name in stanzas if name in essential)
    yield from before(set(stanzas) - done)


def _merge_usr(tree: Tree) -> None:
    """Make /bin and its like links into /usr, as every release since Debian 12 wants them."""
    for name in _MERGED:
        (tree.root / "usr" / name).mkdir(parents=True)
        (tree.root / name).symlink_to(f"usr/{name}")


def _lay_out(files: list[Path], tree: Tree, run: Run) -> None:
    """Unpack *files* as bare files; not with dpkg-deb -x, which would replace the links."""
    argv: list[str | Path] = ["bash", "-f", "-o", "pipefail", "-c", _LAY_OUT, "bash", *files]
    # dpkg brings these later, or it does not; no program of a package needs them to run.
    skipped = (f"--exclude=./usr/share/{name}/*" for name in (*_DOCS, "locale"))
    run(argv, environment={"options": " ".join(skipped)}, directory=tree.root)


def _prepare(tree: Tree, *, has_docs: bool) -> None:
    for name in ("status", "available"):
        file = tree.path(f"/var/lib/dpkg/{name}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    policy = tree.path(_NO_SERVICES)
    policy.write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
    policy.chmod(0o755)
    tree.path(_STORE).mkdir()
    if not has_docs:
        lines = [f"path-exclude=/usr/share/{name}/*" for name in _DOCS]
        lines.append("path-include=/usr/share/doc/*/copyright")
        tree.path(_NO_DOCS).parent.mkdir(parents=True, exist_ok=True)
        tree.path(_NO_DOCS).write_text("\n".join(lines) + "\n", encoding="utf-8")


def _hold_host_keys(stanzas: Mapping[str, Stanza], tree: Tree) -> None:
    """Keep ssh from making keys that every machine of the image would share; traces.py ends it."""
    if "openssh-server" in stanzas:
        tree.path("/etc/ssh").mkdir(exist_ok=True)
        for kind in ("rsa", "ecdsa", "ed25519"):
            tree.path(f"/etc/ssh/ssh_host_{kind}_key").touch()


def _dpkg(words: list[str], files: list[Path], tree: Tree, run: Run) -> None:
    """Run the system's dpkg on *files*, which are in the tree's store, and remove them."""
    argv = ["dpkg", "--force-unsafe-io", *words]
    inside = [f"{_STORE}/{file.name}" for file in files]
    # A program that is being replaced cannot be hidden.
    stand_ins = [(path, "#!/bin/sh\nexit 0\n") for path in _DEFERRED] if not files else []
    try:
        run.guest(tree, [*argv, *inside], environment=_ENVIRONMENT, stand_ins=stand_ins)
    except ToolError as error:
        raise ToolError(tuple(argv), error.returncode, error.tail) from None
    for file in files:
        file.unlink()
