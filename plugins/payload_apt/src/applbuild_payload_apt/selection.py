"""From what people and backends ask for to names that the archive has."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from fnmatch import fnmatchcase

import attrs

from applbuild import KickstartError, Needs, PackageName, Request
from applbuild_payload_apt.index import Index

_EVERYWHERE = "part of every Debian system"
# Groups of %packages that say how much of the distribution, not what for.
_PRIORITIES = {
    "@core": ("important",),
    "@^minimal-environment": ("important",),
    "@standard": ("important", "standard"),
}


@attrs.frozen(kw_only=True)
class Wish:
    """A package to install, and why."""

    name: str
    reason: str


def wishes(request: Request, needs: Needs, index: Index) -> tuple[Wish, ...]:
    """Return the packages of *index* that are asked for, each once, dependencies not among them.

    Raises:
        KickstartError: something wanted does not exist, or something is excluded that
            no system can do without.
    """
    unwanted = request.packages.unwanted
    for stanza in index.essential:
        for exclusion in unwanted:
            if fnmatchcase(stanza.name, exclusion.name):
                raise KickstartError(
                    f"-{exclusion.name} excludes {stanza.name}, which no Debian system can "
                    "do without",
                    place=exclusion.place,
                )
    found = [*_base(index)]
    for package in request.packages.wanted:
        found += _wanted(package, index)
    for package in needs.of_family("deb"):
        found += _needed(package, index, unwanted)
    chosen: dict[str, Wish] = {}
    for wish in found:
        if not _is_excluded(wish.name, unwanted):
            chosen.setdefault(wish.name, wish)
    return tuple(chosen.values())


def _base(index: Index) -> Iterable[Wish]:
    stanzas = (*index.essential, *index.of_priority("required"))
    # usr-is-merged: the system is made that way, and needs no package to become so.
    extra = (name for name in ("apt", "usr-is-merged") if name in index)
    names = (*(stanza.name for stanza in stanzas), *extra)
    return (Wish(name=name, reason=_EVERYWHERE) for name in names)


def _is_excluded(name: str, unwanted: tuple[PackageName, ...]) -> bool:
    return any(fnmatchcase(name, exclusion.name) for exclusion in unwanted)


def _needed(
    package: PackageName, index: Index, unwanted: tuple[PackageName, ...]
) -> tuple[Wish, ...]:
    """Return the first alternative of *package* there is; none where all are excluded."""
    names = [name for name in package.name.split("|") if not _is_excluded(name, unwanted)]
    if not names:
        return ()
    for name in names:
        if name in index or name in index.provided:
            return (Wish(name=name, reason=package.reason),)
    raise KickstartError(
        f"the archives have no {' or '.join(names)}, which is needed: {package.reason}",
        place=package.place,
        hint=f"leave it out with -{names[0]} in %packages",
    )


def _wanted(package: PackageName, index: Index) -> tuple[Wish, ...]:
    reason = "the kickstart asks for it"
    if package.name.startswith("@"):
        return _group(package, index)
    bare = package.name.partition("=")[0]
    if any(mark in bare for mark in "*?["):
        names = [name for name in index.stanzas if fnmatchcase(name, bare)]
        if not names:
            raise KickstartError(f"no package matches {bare}", place=package.place)
        return tuple(Wish(name=name, reason=reason) for name in names)
    if bare in index:
        return (Wish(name=bare, reason=reason),)
    providers = index.provided.get(bare, ())
    if len(providers) == 1:
        return (Wish(name=providers[0], reason=reason),)
    if providers:
        raise KickstartError(
            f"{bare} is not a package but what several provide",
            place=package.place,
            hint=f"name one of: {', '.join(sorted(providers))}",
        )
    raise KickstartError(
        f"the archives have no package {bare}", place=package.place, hint=_near(bare, index)
    )


def _near(name: str, index: Index) -> str:
    names = difflib.get_close_matches(name, index.stanzas, n=3, cutoff=0.75)
    return f"did you mean {', '.join(names)}?" if names else ""


def _group(package: PackageName, index: Index) -> tuple[Wish, ...]:
    name = package.name
    if name in _PRIORITIES:
        stanzas = index.of_priority(*_PRIORITIES[name])
        return tuple(Wish(name=stanza.name, reason=f"part of {name}") for stanza in stanzas)
    task = f"task-{name.lstrip('@^')}"
    if task in index:
        return (Wish(name=task, reason=f"Debian's package for {name}"),)
    raise KickstartError(
        f"{name} is a group of RPM archives; apt knows no groups",
        place=package.place,
        hint=f"name packages; @core, @standard and tasks (@ssh-server) work; there is no {task}",
    )
