"""Options of backends: `--format vmdk,subformat=streamOptimized` fills the backend's own class."""

from __future__ import annotations

import types
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import attrs

from applbuild.errors import UsageError
from applbuild.model.request import BackendRequest
from applbuild.units import parse_size

_YES_NO = {"yes": True, "no": False, "on": True, "off": False, "true": True, "false": False}


def parse_backend(text: str) -> BackendRequest:
    """Return the backend and options that *text* (`name,key=value,...`) names.

    Keys may be typed in any case, as in `toolsVersion`.

    Raises:
        UsageError: an option has no value or comes twice.
    """
    name, *rest = text.split(",")
    pairs: list[tuple[str, str]] = []
    for item in rest:
        key, equals, value = item.partition("=")
        if not equals or not key:
            raise UsageError(
                f"{text!r}: {item!r} is not an option", hint="write name,key=value,key=value"
            )
        key = key.lower()
        if key in dict(pairs):
            raise UsageError(f"{text!r}: {key} is given twice")
        pairs.append((key, value))
    return BackendRequest(name=name, options=tuple(pairs))


def fill(options: type[object], asked: BackendRequest, role: str) -> object:
    """Return an instance of the attrs class *options* with the values of *asked*.

    Raises:
        UsageError: a key or a value is not valid; the valid ones are listed.
    """
    fields = {field.name: field for field in attrs.fields(options)}  # type: ignore[arg-type]  # an attrs class by contract
    hints = get_type_hints(options)
    values = {}
    for key, text in asked.options:
        if key not in fields:
            known = ", ".join(fields) or "none"
            raise UsageError(f"--{role} {asked.name} has no option {key!r}; valid are: {known}")
        try:
            values[key] = _convert(text, hints[key])
        except ValueError as error:
            raise UsageError(f"--{role} {asked.name},{key}={text}: {error}") from None
    try:
        return options(**values)
    except (TypeError, ValueError) as error:  # a value is missing, or a validator refuses it
        raise UsageError(f"--{role} {asked}: {error}") from None


def _convert(text: str, hint: Any) -> Any:
    """Return *text* as the annotation *hint* wants it.

    Literal, bool, int (sizes too), Path, str; several of one kind are separated by colons.
    """
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(kind for kind in get_args(hint) if kind is not type(None))
    if get_origin(hint) is tuple:
        return tuple(_convert(part, get_args(hint)[0]) for part in text.split(":") if part)
    if get_origin(hint) is Literal:
        by_text = {str(value): value for value in get_args(hint)}
        if text not in by_text:
            raise ValueError(f"valid values are: {', '.join(by_text)}")
        return by_text[text]
    if hint is bool:
        if text.lower() not in _YES_NO:
            raise ValueError("valid values are: yes, no")
        return _YES_NO[text.lower()]
    if hint is int:
        return int(text) if text.isdecimal() else parse_size(text)
    if hint is Path:
        return Path(text).absolute()
    return text


def paths(options: object) -> tuple[Path, ...]:
    """Return the files of the host that *options* name: the values that are of type Path."""
    values = attrs.astuple(options, recurse=False)  # type: ignore[arg-type]  # an attrs class by contract
    listed = (value if isinstance(value, tuple) else (value,) for value in values)
    return tuple(item for value in listed for item in value if isinstance(item, Path))
