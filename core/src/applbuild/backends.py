"""Finding backends (stevedore) and calling them (pluggy).

stevedore answers which backend is in the room, pluggy how it is called and who
else may listen. No backend is known here by name.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable
from importlib.metadata import EntryPoint
from typing import Any

import attrs
import pluggy
from stevedore.driver import DriverManager

from applbuild import hookspecs
from applbuild.errors import ApplbuildError, BackendError
from applbuild.model.backend import BackendInfo, Claim, Host
from applbuild.model.request import BackendRequest, Request
from applbuild.options import fill

ROLES = ("payload", "partition", "filesystem", "bootloader", "format", "descriptor")
EXTENSION = "extension"


@attrs.frozen(kw_only=True, order=True)
class Installed:
    """A backend that this environment has, as its distribution's metadata says."""

    role: str
    name: str
    distribution: str
    version: str


class _Driver(DriverManager[object]):
    """A DriverManager that reads live metadata.

    stevedore's own cache under the home directory loses the distribution and is
    trusted by root whoever wrote it.
    """

    def list_entry_points(self) -> list[EntryPoint]:
        """Return the entry points of the namespace, straight from the metadata."""
        return list(importlib.metadata.entry_points(group=self.namespace))


def installed(roles: Iterable[str] = (*ROLES, EXTENSION)) -> tuple[Installed, ...]:
    """Return every backend of *roles* in this environment; none of them is imported."""
    return tuple(
        sorted(
            Installed(
                role=role,
                name=point.name,
                distribution=point.dist.name if point.dist else "",
                version=point.dist.version if point.dist else "",
            )
            for role in roles
            for point in importlib.metadata.entry_points(group=f"applbuild.{role}")
        )
    )


class Backends:
    """The backends of one build: each is loaded when first asked for, and then called by name."""

    def __init__(self, *, with_extensions: bool = True) -> None:
        """Load every installed extension, unless only the backends are to be looked at."""
        self._plugins = pluggy.PluginManager("applbuild")
        self._plugins.add_hookspecs(hookspecs)
        if with_extensions:
            for name in dict.fromkeys(found.name for found in installed((EXTENSION,))):
                self.load_extension(name)

    def load_extension(self, name: str) -> None:
        """Have the extension *name* listen to all that follows.

        Raises:
            BackendError: it cannot be loaded, or implements what the contract does not have.
        """
        self._register(EXTENSION, name, _load(EXTENSION, name))

    def call(self, hook: str, role: str, name: str, **values: Any) -> Any:
        """Return what the backend *name* of *role* answers to *hook*; extensions listen and wrap.

        Raises:
            BackendError: it is missing, doubled, or does not implement the hook.
        """
        answer = self.ask(hook, role, name, **values)
        if answer is None:
            raise BackendError(f"the {role} backend {name!r} does not implement {hook}")
        return answer

    def ask(self, hook: str, role: str, name: str, **values: Any) -> Any:
        """Return what the backend answers to *hook*; None where it has nothing to say."""
        mine = self._loaded(role, name)
        others = [
            plugin
            for known, plugin in self._plugins.list_name_plugin()
            if plugin is not None and known != mine and not known.startswith(f"{EXTENSION}:")
        ]
        caller = self._plugins.subset_hook_caller(hook, remove_plugins=others)
        try:
            return caller(**values)
        except ApplbuildError:
            raise
        except Exception as error:
            error.add_note(f"in {hook} of {mine}, {_provider(role, name)}")
            raise

    def info(self, role: str, name: str) -> BackendInfo:
        """Return how the backend introduces itself."""
        info = self.call("applbuild_info", role, name)
        assert isinstance(info, BackendInfo)  # noqa: S101 - checked when it was loaded
        return info

    def options(self, role: str, asked: BackendRequest) -> object:
        """Return the backend's own options class, filled from what was typed.

        Raises:
            UsageError: a key or value is not valid.
        """
        return fill(self.info(role, asked.name).options, asked, role)

    def choose(
        self, role: str, asked: BackendRequest | None, request: Request, host: Host
    ) -> BackendRequest:
        """Return *asked*, or the one backend of *role* that claims *request* most.

        Raises:
            BackendError: none is installed, none wants it, or two want it equally.
        """
        if asked is not None:
            self._loaded(role, asked.name)
            return asked
        names = tuple(dict.fromkeys(found.name for found in installed((role,))))
        if not names:
            raise BackendError(f"no {role} backend is installed", hint=_how_to_see())
        if len(names) == 1:
            return BackendRequest(name=names[0])
        claims = {name: self._claim(role, name, request, host) for name in names}
        best = max(claims.values())
        winners = [name for name, claim in claims.items() if claim == best]
        if best is Claim.NONE:
            raise BackendError(
                f"none of the installed {role} backends fits this kickstart: {', '.join(names)}",
                hint=f"name one with --{role}",
            )
        if len(winners) > 1:
            raise BackendError(
                f"the {role} backends {', '.join(winners)} fit equally well",
                hint=f"name one with --{role}",
            )
        return BackendRequest(name=winners[0])

    def _claim(self, role: str, name: str, request: Request, host: Host) -> Claim:
        claim = self.ask("applbuild_claim", role, name, request=request, host=host)
        return Claim.NONE if claim is None else Claim(claim)

    def _loaded(self, role: str, name: str) -> str:
        """Return the pluggy name of the backend, loaded."""
        mine = f"{role}:{name}"
        if not self._plugins.has_plugin(mine):
            self._register(role, name, _load(role, name))
            try:
                self._admit(role, name)
            except Exception:
                self._forget(role, name)
                raise
        return mine

    def _forget(self, role: str, name: str) -> None:
        """Take a backend that was refused out again: others must not suffer for it."""
        if self._plugins.has_plugin(f"{role}:{name}"):
            self._plugins.unregister(name=f"{role}:{name}")

    def _register(self, role: str, name: str, module: object) -> None:
        try:
            self._plugins.register(module, f"{role}:{name}")
            self._plugins.check_pending()
        except (ValueError, pluggy.PluginValidationError) as error:
            self._forget(role, name)
            raise BackendError(f"{_provider(role, name)} breaks the contract: {error}") from error

    def _admit(self, role: str, name: str) -> None:
        info = self.ask("applbuild_info", role, name)
        if not isinstance(info, BackendInfo):
            raise BackendError(f"{_provider(role, name)} has no applbuild_info")
        if info.api != hookspecs.HOOK_API:
            raise BackendError(
                f"{_provider(role, name)} speaks hook API {info.api}, this applbuild "
                f"{hookspecs.HOOK_API}",
                hint="upgrade the older of the two",
            )


def _load(role: str, name: str) -> object:
    # Looked for here, because stevedore logs a missing name and (5.10) cannot tell of two modules.
    owners = [found for found in installed((role,)) if found.name == name]
    if not owners:
        known = ", ".join(found.name for found in installed((role,))) or "none"
        raise BackendError(
            f"no {role} named {name!r} is installed (installed: {known})",
            hint=f"install {distribution_of(role, name)}, if there is such a distribution",
        )
    if len(owners) > 1:
        listed = ", ".join(f"{found.distribution} {found.version}" for found in owners)
        raise BackendError(
            f"several distributions offer the {role} {name!r}: {listed}",
            hint="uninstall all but one of them",
        )
    try:
        return _Driver(f"applbuild.{role}", name).driver
    except Exception as error:
        raise BackendError(f"{_provider(role, name)} cannot be loaded: {error}") from error


def distribution_of(role: str, name: str) -> str:
    """Return the distribution that brings a backend, by the naming law of docs/plugins.md."""
    return f"applbuild-{role}-{name.replace('-', '').lower()}"


def _provider(role: str, name: str) -> str:
    for found in installed((role,)):
        if found.name == name:
            return f"{found.role} {found.name} of {found.distribution} {found.version}"
    return f"{role} {name}"


def _how_to_see() -> str:
    return "applbuild plugins lists what is installed"
