"""The model's values as JSON and back."""

from __future__ import annotations

from typing import Any, TypeVar

_T = TypeVar("_T")


def to_json(value: object) -> Any:
    """Return *value* (of the model) as what json.dumps takes."""
    return _converter().unstructure(value)


def from_json(data: Any, kind: type[_T]) -> _T:
    """Return the value of *kind* that `to_json` made *data* from."""
    value: _T = _converter().structure(data, kind)
    return value


def _converter() -> Any:
    from cattrs.preconf.json import make_converter

    return make_converter()
