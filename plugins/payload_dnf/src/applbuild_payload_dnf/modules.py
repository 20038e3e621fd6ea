"""Modules: streams of packages of which one at most is enabled (dnf's modularity)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator

import attrs

from applbuild import KickstartError, ModuleStream, Request, ToolError
from applbuild_payload_dnf.choice import complaint
from applbuild_payload_dnf.dnf import Dnf

_STATES = "etc/dnf/modules.d"
# libdnf5/system/state.cpp
_STATES_5 = "usr/lib/sysimage/libdnf5/modules.toml"


@attrs.frozen(kw_only=True)
class ModuleState:
    """What the installed system is to know of a module."""

    name: str
    stream: str
    state: str
    """`enabled` or `disabled`."""

    def as_text(self) -> str:
        """Return it as dnf 4 keeps it, in /etc/dnf/modules.d/NAME.module."""
        fields = {**attrs.asdict(self), "profiles": ""}
        lines = (f"{key}={value}" for key, value in sorted(fields.items()))
        return "\n".join((f"[{self.name}]", *lines, ""))


# @NAME:STREAM/PROFILE, of which one may be missing: groups have names of several words.
_SPEC = re.compile(r"@([^\s:/^]+)(?::([^\s:/]+))?(?:/\S+)?")


def is_module(name: str) -> bool:
    """Return whether *name* of %packages has a stream or a profile, so that it is no group."""
    return bool(_SPEC.fullmatch(name)) and (":" in name or "/" in name)


def asked_streams(request: Request) -> tuple[ModuleStream, ...]:
    """Return the streams of `module` lines and of @NAME:STREAM/PROFILE in %packages."""
    of_packages = (
        ModuleStream(name=found[1], stream=found[2] or "", place=package.place)
        for package in request.packages.wanted
        if is_module(package.name) and (found := _SPEC.fullmatch(package.name))
    )
    asked: dict[tuple[str, str, bool], ModuleStream] = {}
    for stream in (*request.packages.modules, *of_packages):
        asked.setdefault((stream.name, stream.stream, stream.is_disabled), stream)
    return tuple(asked.values())


def switch(dnf: Dnf, streams: Iterable[ModuleStream]) -> tuple[ModuleState, ...]:
    """Enable and disable *streams*; return what dnf notes of them, and of those they need.

    Raises:
        KickstartError: the repositories have no such module, or two contradict each other.
    """
    for stream in streams:
        word = "disable" if stream.is_disabled else "enable"
        spec = f"{stream.name}:{stream.stream}" if stream.stream else stream.name
        try:
            dnf("--quiet", "--assumeyes", "module", word, "--", spec)
        except ToolError as error:
            raise KickstartError(
                f"the module {spec} cannot be {word}d: {complaint(error.tail)}",
                place=stream.place,
            ) from None
    return tuple(sorted(_states(dnf), key=lambda state: state.name))


def _states(dnf: Dnf) -> Iterator[ModuleState]:
    for file in (dnf.root / _STATES).glob("*.module"):
        pairs = (line.partition("=") for line in file.read_text(encoding="utf-8").splitlines())
        said = {name.strip(): value.strip() for name, _, value in pairs}
        yield ModuleState(name=said["name"], stream=said["stream"], state=said["state"])
    newer = dnf.root / _STATES_5
    if newer.is_file():
        form = tomllib.loads(newer.read_text(encoding="utf-8"))
        for name, said in form["modules"].items():
            state = str(said["state"]).lower()
            yield ModuleState(name=name, stream=said.get("enabled_stream", ""), state=state)
