"""What backends of every role must keep, as tests to inherit."""

from __future__ import annotations

import functools
import importlib.metadata
import inspect
import json
import os
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import Any, ClassVar, Literal, Union, get_args, get_origin, get_type_hints

import attrs
import pytest

from applbuild import HOOK_API, BackendInfo, hookspecs
from applbuild.backends import Backends
from applbuild.testing.examples import run

_REQUIRED = {
    "payload": (
        *("applbuild_claim", "applbuild_resolve", "applbuild_fetch"),
        *("applbuild_populate", "applbuild_make_initramfs"),
    ),
    "partition": ("applbuild_write_table",),
    "filesystem": ("applbuild_make_filesystem",),
    "bootloader": ("applbuild_boot_files", "applbuild_install_boot_code"),
    "format": ("applbuild_convert",),
    "descriptor": ("applbuild_describe",),
}
_OPTION_TYPES = (str, int, bool)
# Audit events of Python (its manual, "Audit events table") that tell of more than reading.
_CHANGES = ("os.", "shutil.", "socket.", "subprocess.", "tempfile.", "pty.", "urllib.", "http.")
_HARMLESS = ("os.listdir", "os.scandir", "os.walk", "os.fwalk", "os.getxattr", "os.listxattr")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_IMPORT = """
import json, sys
sys.path[:] = json.load(sys.stdin)
import applbuild, importlib, os, signal, threading
def look():
    return {
        "environment": dict(os.environ),
        "current folder": os.getcwd(),
        "umask": [line for line in open("/proc/self/status") if line.startswith("Umask")],
        "open files": sorted(os.listdir("/proc/self/fd")),
        "threads": threading.active_count(),
        "signals": [str(signal.getsignal(number)) for number in (1, 2, 13, 15)],
    }
before = look()
importlib.import_module(sys.argv[1])
after = look()
print(*(key for key in before if before[key] != after[key]), sep=", ")
"""


@functools.cache
def _backends() -> Backends:
    return Backends()


class BackendConformance:
    """What every backend keeps, whatever its role.

    The inheriting class gives `backend`, its module, and `name`, what users type
    for it. `role` is given by the class of the role; roles that have none of
    their own here (`partition`, `bootloader`) are given beside this class.
    """

    backend: ClassVar[ModuleType]
    name: ClassVar[str]
    role: ClassVar[str]

    def test_one_entry_point_of_the_role_has_the_name_and_is_the_module(self) -> None:
        """`applbuild.<role>` has the name once, and it names this module and no attribute."""
        assert self._entry_point().value == self.backend.__name__

    def test_distribution_and_import_are_called_by_the_naming_law(self) -> None:
        """`applbuild-<role>-<family>` is imported as `applbuild_<role>_<family>`."""
        point = self._entry_point()
        assert point.dist is not None
        package = point.value.partition(".")[0]
        role, family = package.removeprefix("applbuild_").split("_", 1)
        assert role == self.role
        assert family.isalnum(), f"{family!r} is more than one word"
        assert point.dist.name == f"applbuild-{role}-{family}"

    def test_the_core_admits_it(self) -> None:
        """It loads, pluggy finds every argument specified, and it speaks this HOOK_API."""
        assert Backends().info(self.role, self.name).api == HOOK_API

    def test_every_function_of_the_contract_is_specified_and_marked(self) -> None:
        """A function called applbuild_* is a hook, has @hookimpl, and no other hook's name.

        One without the mark would never be called, and nothing would say so.
        """
        for name, function in _hooks(self.backend).items():
            marks = getattr(function, "applbuild_impl", None)
            assert hasattr(hookspecs, name), f"{name} is no hook"
            assert marks is not None, f"{name} lacks @hookimpl"
            assert marks["specname"] is None, f"{name} stands for {marks['specname']}"
            assert not marks["wrapper"], f"{name} is a wrapper, which only extensions may be"

    def test_every_hook_of_the_role_is_there(self) -> None:
        """Without one of them a build would fail half way."""
        missing = {"applbuild_info", *_REQUIRED.get(self.role, ())} - set(_hooks(self.backend))
        assert not missing

    def test_what_it_says_of_itself_is_pure(self) -> None:
        """`applbuild_info` answers twice the same, and changes nothing to find it out."""
        with changes() as seen:
            first = self.backend.applbuild_info()
        assert isinstance(first, BackendInfo)
        assert first == self.backend.applbuild_info()
        assert not seen
        assert first.summary
        assert "\n" not in first.summary

    def test_every_tool_says_what_to_install(self) -> None:
        """A command without a folder, and the package that has it in both families."""
        for tool in self._info().tools:
            assert tool.command
            assert "/" not in tool.command
            assert tool.deb
            assert tool.rpm

    def test_options_are_a_frozen_class_of_plain_values(self) -> None:
        """An attrs class with defaults; its fields are str, int, bool or Literal of them."""
        options = self._info().options
        assert attrs.has(options), f"{options} is no attrs class"
        assert options.__doc__
        value = options()
        assert value == options(), "equal options must compare equal"
        for field in attrs.fields(options):
            kind = get_type_hints(options)[field.name]
            assert _is_plain(kind), f"{field.name}: {kind} cannot be typed on a command line"
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(value, next((field.name for field in attrs.fields(options)), "any"), None)

    def test_importing_it_changes_nothing(self) -> None:
        """Environment, folder, umask, open files, threads and signals stay as they were."""
        argv = [sys.executable, "-I", "-c", _IMPORT, self.backend.__name__]
        changed = run()(argv, input=json.dumps(sys.path)).stdout.strip()
        assert not changed

    def answer(self, hook: str, **values: Any) -> Any:
        """Return what the backend answers to *hook*, called the way the core calls it."""
        return _backends().call(hook, self.role, self.name, **values)

    def _info(self) -> BackendInfo:
        info: BackendInfo = self.backend.applbuild_info()
        return info

    def _entry_point(self) -> EntryPoint:
        found = importlib.metadata.entry_points(group=f"applbuild.{self.role}", name=self.name)
        assert len(found) == 1, f"{len(found)} entry points applbuild.{self.role} {self.name}"
        return next(iter(found))


@contextmanager
def changes() -> Iterator[list[str]]:
    """Give a list of what is done meanwhile that changes or asks the world outside of Python.

    Files opened to be written, processes, sockets, folders: everything of that
    kind which Python's own audit events tell (PEP 578). Reading is not listed.
    """
    if _listen not in _listening:
        sys.addaudithook(_listen)
        _listening.append(_listen)
    seen: list[str] = []
    _watchers.append(seen)
    try:
        yield seen
    finally:
        _watchers.remove(seen)


_watchers: list[list[str]] = []
_listening: list[Any] = []


def _listen(event: str, values: tuple[Any, ...]) -> None:
    if not _watchers:
        return
    if event == "open":
        path, _, flags = values
        is_change = flags & _WRITING and "__pycache__" not in str(path)
    else:
        is_change = event.startswith(_CHANGES) and event not in _HARMLESS
    if is_change:
        for seen in _watchers:
            seen.append(f"{event} {values!r}")


def _hooks(module: ModuleType) -> dict[str, types.FunctionType]:
    """Return the functions of *module* that have a hook's name, its own and imported ones."""
    return {
        name: value
        for name, value in vars(module).items()
        if name.startswith("applbuild_") and inspect.isfunction(value)
    }


def _is_plain(kind: Any) -> bool:
    if get_origin(kind) in (Union, types.UnionType):
        rest = [item for item in get_args(kind) if item is not type(None)]
        return len(rest) == 1 and _is_plain(rest[0])
    if get_origin(kind) is Literal:
        return all(isinstance(value, _OPTION_TYPES) for value in get_args(kind))
    return kind in _OPTION_TYPES
