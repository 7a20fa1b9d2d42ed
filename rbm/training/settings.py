"""A setting, told once: what it is called, what it may be, and what there is to know of it.

The check, the form on the screen, the command line's help and the docstrings all read it from the field itself.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from numbers import Integral, Real
from typing import Any

from rbm.errors import BadValue

_KEY = "setting"  # in a field's metadata
_KINDS: dict[type, tuple[type, str]] = {int: (Integral, "a whole number"), float: (Real, "a number")}


@dataclass(frozen=True)
class Setting:
    """What is known of a field. All words are plain text: no marks of any kind.

    `kind`: int, float, bool, or str for one of `choices`, each with what it means.  `optional`: None will do too.
    `low`, `high`: the limits of a number, both included; `advice` is what a refusal adds to them.
    `source`: where to read more.
    """

    label: str
    help: str
    kind: type
    low: float = 0
    high: float = 0
    advice: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    optional: bool = False

    @property
    def words(self) -> str:
        """The help, what each choice means, and the source, in one paragraph."""
        meanings = "; ".join(f"{choice}: {meaning}" for choice, meaning in self.choices.items())
        source = f" ({self.source})" if self.source else ""
        return f"{self.help} {meanings}".strip(" .") + f"{source}."

    @property
    def values(self) -> str:
        """What a docstring calls the values: "int", "int or None", "{'cd', 'pcd', 'pt'}"."""
        if self.choices:
            return f"{{{', '.join(map(repr, self.choices))}}}"
        return f"{self.kind.__name__}{' or None' if self.optional else ''}"

    def check(self, name: str, value: object) -> None:
        """Raises BadValue, which begins with `name`, for a value that this setting can't have."""
        if self.kind in _KINDS:
            if not (self.optional and value is None):
                self._check_number(name, value, *_KINDS[self.kind])
            return
        allowed = (True, False) if self.kind is bool else tuple(self.choices)
        if value not in allowed:
            raise BadValue(f"{name} must be one of {', '.join(map(str, allowed))}; got {value!r}")

    def _check_number(self, name: str, value: object, kind: type, wanted: str) -> None:
        if isinstance(value, bool) or not isinstance(value, kind):
            raise BadValue(f"{name} must be {wanted}, got {value!r}; {self.advice}")
        if not self.low <= value <= self.high:  # type: ignore[operator]
            raise BadValue(f"{name} must be between {self.low:g} and {self.high:g}, got {value}; {self.advice}")


def setting(default: object, label: str, help: str, **more: Any) -> Any:
    """A dataclass field with its Setting. A default of None makes an optional whole number."""
    kind = int if default is None else type(default)
    known = Setting(label, help, kind, optional=default is None, **more)
    return field(default=default, metadata={_KEY: known})


def settings_of(config: Any) -> dict[str, Setting]:
    """The settings of a dataclass (or one of its kind) by the names of its fields, in their order."""
    return {f.name: f.metadata[_KEY] for f in fields(config)}


def document(cls: type, known: Mapping[str, Setting], own: Mapping[str, tuple[str, str]] | None = None) -> None:
    """Add numpydoc's section of parameters to the docstring of a class, in the words of their settings.

    `own`: the kind and the words of parameters that are no settings, or not quite.
    """
    lines = [inspect.cleandoc(cls.__doc__ or ""), "", "Parameters", "----------"]
    for name, parameter in inspect.signature(cls).parameters.items():
        kind, words = (own or {}).get(name) or (known[name].values, known[name].words)
        told = textwrap.fill(words, 106, break_on_hyphens=False)
        lines += [f"{name} : {kind}, default={parameter.default!r}", textwrap.indent(told, "    ")]
    cls.__doc__ = "\n".join(lines)
