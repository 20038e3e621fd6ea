"""From what people and backends ask for to what dnf is told to install."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

import attrs

from applbuild import KickstartError, Needs, PackageName, Progress, Request
from applbuild_payload_dnf.comps import Comps, Environment, Group
from applbuild_payload_dnf.modules import is_module
from applbuild_payload_dnf.repositories import is_said

_ASKED = "the kickstart asks for it"
_CORE = "core"


@attrs.frozen(kw_only=True)
class Wish:
    """Something to install (a name, or whatever else dnf understands), and why."""

    name: str
    reason: str
    package: PackageName

    @property
    def is_needed(self) -> bool:
        """Whether a backend wants it, and not the kickstart."""
        return bool(self.package.reason)


@attrs.frozen(kw_only=True)
class Offer:
    """What the repositories have."""

    names: frozenset[str]
    comps: Comps


def wishes(request: Request, needs: Needs, offer: Offer, progress: Progress) -> tuple[Wish, ...]:
    """Return what of *offer* is asked for, each once, dependencies not among it.

    Raises:
        KickstartError: something wanted does not exist; its place, and what it may have meant.
    """
    selection = request.packages
    is_lenient = is_said(selection.options, "ignoremissing")
    found: list[Wish] = []
    for package in (*_usual(request, offer), *selection.wanted):
        try:
            if is_module(package.name):
                found.append(Wish(name=package.name, reason=_ASKED, package=package))
            elif package.name.startswith("@"):
                found += _group_wishes(package, request, offer)
            else:
                found += _named(package, offer)
        except KickstartError as error:
            if not is_lenient:
                raise
            progress.remark(f"{error.place}: left out: {error.message}", is_warning=True)
    for package in needs.of_family("rpm"):
        found += _needed(package, offer, selection.unwanted)
    chosen: dict[str, Wish] = {}
    for wish in found:
        if not is_excluded(wish.name, selection.unwanted):
            chosen.setdefault(wish.name, wish)
    return tuple(chosen.values())


def _usual(request: Request, offer: Offer) -> Iterator[PackageName]:
    """Yield what a kickstart gets without a word: @core; with --default the first environment."""
    options = request.packages.options
    unwanted = {package.name for package in request.packages.unwanted}
    if not is_said(options, "nocore") and f"@{_CORE}" not in unwanted and offer.comps.group(_CORE):
        yield PackageName(name=f"@{_CORE}")
    if is_said(options, "default") and offer.comps.environments:
        first = min(offer.comps.environments, key=lambda item: item.order)
        yield PackageName(name=f"@^{first.id}")


def is_excluded(name: str, unwanted: Iterable[PackageName]) -> bool:
    """Return whether one of *unwanted*, names and globs, is *name*."""
    return any(fnmatchcase(name, exclusion.name) for exclusion in unwanted)


def _named(package: PackageName, offer: Offer) -> Iterator[Wish]:
    name = package.name
    if any(mark in name for mark in "*?["):
        matching = sorted(known for known in offer.names if fnmatchcase(known, name))
        if not matching:
            raise KickstartError(f"no package matches {name}", place=package.place)
        for known in matching:
            yield Wish(name=known, reason=f"{_ASKED}: {name}", package=package)
        return
    yield Wish(name=name, reason=_ASKED, package=package)


def missing(wish: Wish, offer: Offer, *, is_filtered: bool) -> KickstartError:
    """Return what is to be said of *wish*, for which the repositories have nothing to install.

    *is_filtered* where they have it, but leave it out.
    """
    if wish.is_needed:
        names = wish.package.name.replace("|", " or ")
        return KickstartError(
            f"the repositories have no {names}, which is needed: {wish.reason}",
            place=wish.package.place,
            hint=f"leave it out with -{wish.name} in %packages",
        )
    near = difflib.get_close_matches(wish.name, sorted(offer.names), n=3, cutoff=0.7)
    hint = f"did you mean {', '.join(near)}?" if near else ""
    other = [name for name in offer.names if wish.name.startswith((f"{name}-", f"{name}."))]
    if other:
        hint = f"they have {max(other, key=len)}, of another version or architecture"
    if is_filtered:
        hint = "an option of its repository leaves it out, or it belongs to a module"
    return KickstartError(
        f"the repositories have no package {wish.name}", place=wish.package.place, hint=hint
    )


def _needed(
    package: PackageName, offer: Offer, unwanted: tuple[PackageName, ...]
) -> Iterator[Wish]:
    """Yield the first alternative of *package* there is; none where all are excluded.

    Where there is none it is the first, so that dnf misses it after what people asked for.
    """
    names = [name for name in package.name.split("|") if not is_excluded(name, unwanted)]
    if names:
        found = next((name for name in names if name in offer.names), names[0])
        left = attrs.evolve(package, name="|".join(names))
        yield Wish(name=found, reason=package.reason, package=left)


def _group_wishes(package: PackageName, request: Request, offer: Offer) -> Iterator[Wish]:
    """Yield the packages of a group or environment that the repositories have."""
    name = package.name.removeprefix("@")
    if name.startswith("^"):
        environment = offer.comps.environment(name.removeprefix("^"))
        if environment is None:
            raise _no_group(package, [item.id for item in offer.comps.environments])
        groups = list(_groups_of(environment, request, offer))
    else:
        found = offer.comps.group(name)
        if found is None:
            raise _no_group(package, [item.id for item in offer.comps.groups])
        groups = [found]
    wanted = {item.name for item in request.packages.wanted}
    for group in groups:
        for member in _members(group, package.options, wanted):
            if member in offer.names:
                reason = f"part of {package.name}"
                yield Wish(name=member, reason=reason, package=package)


def _groups_of(environment: Environment, request: Request, offer: Offer) -> Iterator[Group]:
    unwanted = {package.name for package in request.packages.unwanted}
    for name in (*environment.groups, *environment.usual):
        group = offer.comps.group(name)
        if group is not None and f"@{name}" not in unwanted:
            yield group


def _members(group: Group, options: tuple[str, ...], wanted: set[str]) -> Iterator[str]:
    """Yield the packages of *group*; *options* are those of its line (kickstart, %packages)."""
    types = {"mandatory"} if "--nodefaults" in options else {"mandatory", "default"}
    types |= {"optional"} if "--optional" in options else set()
    chosen = {name for kind, name, _ in group.packages if kind in types}
    for kind, name, condition in group.packages:
        if kind in types or (kind == "conditional" and condition in wanted | chosen):
            yield name


def _no_group(package: PackageName, known: list[str]) -> KickstartError:
    near = difflib.get_close_matches(package.name.lstrip("@^"), known, n=3, cutoff=0.6)
    mark = "@^" if package.name.startswith("@^") else "@"
    what = "environment" if mark == "@^" else "group"
    return KickstartError(
        f"the repositories have no {what} {package.name}",
        place=package.place,
        hint=f"did you mean {', '.join(mark + name for name in near)}?" if near else "",
    )
