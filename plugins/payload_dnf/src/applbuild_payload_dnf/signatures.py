"""Who may have made a package: keys, and whether packages are signed by one of them."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from applbuild import KickstartError, Run, ToolError
from applbuild_payload_dnf.logins import without_login
from applbuild_payload_dnf.options import DnfOptions
from applbuild_payload_dnf.repositories import Repository

_HOST_KEYS = Path("/etc/pki/rpm-gpg")
_BATCH = 200


def keys_of(repository: Repository, options: DnfOptions) -> tuple[Path, ...]:
    """Return the files of the keys that may sign packages of *repository*.

    Those that it names itself; if it names none, those of the options and the host's.

    Raises:
        KickstartError: there is none, and the options do not say to go without.
    """
    if repository.name in options.unsigned:
        return ()
    remote = next((key for key in repository.keys if re.match("(https?|ftp)://", key)), None)
    if remote and not options.keys:
        raise KickstartError(
            f"the key {without_login(remote)} of the repository {repository.name} "
            "is not on this host",
            place=repository.place,
            hint="nobody vouches for a key that is downloaded: fetch it, look at it, and name the "
            "file with --payload dnf,keys=FILE",
        )
    local = (key for key in repository.keys if not re.match("(https?|ftp)://", key))
    own = tuple(Path(key.removeprefix("file://")) for key in local)
    found = own or (*options.keys, *sorted(_HOST_KEYS.glob("RPM-GPG-KEY-*")))
    absent = [path for path in found if not path.is_file()]
    if absent:
        raise KickstartError(f"there is no key {absent[0]}", place=repository.place)
    if found:
        return found
    raise KickstartError(
        f"no key is known for the repository {repository.name} ({repository.address}), "
        "so its packages cannot be verified",
        place=repository.place,
        hint="--payload dnf,keys=FILE names the file of its public key; "
        f"--payload dnf,unsigned={repository.name} takes its packages as they are",
    )


def refuse_unverified(
    files: Mapping[str, tuple[Path, ...]],
    repositories: tuple[Repository, ...],
    options: DnfOptions,
    run: Run,
) -> None:
    """Raise unless every one of *files* (by repository) is whole, and signed where it must be.

    Raises:
        KickstartError: packages are not signed, altered, or signed by somebody else; it
            names them.
    """
    for repository in repositories:
        keys = keys_of(repository, options)
        problems = list(_problems(files.get(repository.name, ()), keys, run))
        if problems:
            more = f"\nand {len(problems) - 10} more" if len(problems) > 10 else ""
            raise KickstartError(
                f"packages of the repository {repository.name} ({repository.address}) "
                "are refused:\n" + "\n".join(problems[:10]) + more,
                place=repository.place,
                hint="nothing was installed",
            )


def _problems(files: tuple[Path, ...], keys: tuple[Path, ...], run: Run) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="keys-") as database:
        rpmkeys: list[str | Path] = ["rpmkeys", "--dbpath", database]
        for key in keys:
            try:
                run([*rpmkeys, "--import", key])
            except ToolError as error:
                raise KickstartError(f"{key} is no public key: {error.tail}") from None
        checking = ["--define", "_pkgverify_level all"] if keys else ["--nosignature"]
        for start in range(0, len(files), _BATCH):
            batch = files[start : start + _BATCH]
            argv = [*rpmkeys, *checking, "--checksig", *batch]
            if run(argv, is_checked=False).returncode:
                yield from _explained(batch, [*rpmkeys, *checking], run)


def _explained(files: tuple[Path, ...], rpmkeys: list[str | Path], run: Run) -> Iterator[str]:
    for file in files:
        said = run([*rpmkeys, "--verbose", "--checksig", file], is_checked=False)
        if said.returncode:
            yield f"{file.name} {_reason(said.stdout + said.stderr)}"


def _reason(said: str) -> str:
    """Return in words what `rpmkeys --verbose --checksig` found (rpmkeys(8))."""
    if re.search(r"digest: (BAD|NOTFOUND)|: BAD", said):
        return "was altered after it was signed, or is damaged"
    unknown = re.search(r"key ID (\w+): NOKEY", said)
    if unknown:
        return f"is signed by a key that is not trusted for it ({unknown[1]})"
    return "is not signed"
