"""Functions written at run time, as straight-line Python: what a loop over kinds would decide anew.

A `Writer` collects lines and the constants that they mention. Names of constants are globals of the
function that is made, which Python reads as fast as its locals.
"""

from __future__ import annotations

import builtins
import keyword
from typing import Any

__all__ = ["Writer"]

# What the texts use themselves: parameters, builtins, keywords.
_TAKEN = frozenset(
    {"args", "back", "d", "ds", "f", "kwargs", "outer", "seed_of", "y"}
    | {*dir(builtins), *keyword.kwlist}
)


def _identifier(name: str) -> str:
    letters = "".join(c if c.isalnum() and c.isascii() else "_" for c in name).strip("_")
    return letters if letters[:1].isalpha() else f"value_{letters}".rstrip("_")


class Writer:
    """The text of one function that gives a fixed answer where a condition does not hold.

    >>> w = Writer("is_real(x)", otherwise="False")
    >>> w.require(f"type(x) is {w.constant(complex, 'complex')}", "x.imag == 0")
    >>> is_real = w.function("True")
    >>> print(w.text)
    def is_real(x):
        if not (type(x) is complex and x.imag == 0): return False
        return True
    >>> is_real(2 + 0j), is_real(2j)
    (True, False)
    """

    def __init__(self, head: str, otherwise: str) -> None:
        self.head = head
        self.text = ""
        self._otherwise = otherwise
        self._held: dict[str, str] = {}
        self._made: dict[Any, Any] = {}
        self._lines: list[str] = []
        self._conditions: list[str] = []
        self._namespace: dict[str, Any] = {}
        self._names: dict[int, str] = {}
        self._locals = 0

    def constant(self, value: Any, name: str) -> str:
        """What the text calls this value; the same for the same object."""
        if value is None or value is True or value is False:
            return repr(value)
        if getattr(builtins, name, self) is value:
            return name
        known = self._names.get(id(value))
        if known is None:
            known = name = _identifier(name)
            while known in self._namespace or known in _TAKEN:
                known = f"{name}_{len(self._namespace)}"
            self._namespace[known] = value  # held, so that its identity stays its own
            self._names[id(value)] = known
        return known

    def bound(self, function: Any, name: str) -> str:
        """`constant` for the bound method ``function.__get__``, made once for all places."""
        made = self._made.setdefault(function, function.__get__)
        return self.constant(made, name)

    def local(self) -> str:
        """A new name for a variable; no constant's name ends like it."""
        self._locals += 1
        return f"v{self._locals}_"

    def locals(self, n: int) -> list[str]:
        """New names for `n` variables."""
        return [self.local() for _ in range(n)]

    def require(self, *conditions: str) -> None:
        """Go on only if these hold, in this order."""
        self._conditions.extend(conditions)

    def line(self, text: str) -> None:
        """A statement, run when all that was required before holds."""
        self._flush()
        self._lines.append(text)

    def unpack(self, names: list[str], values: str) -> None:
        """Assign the items of a sequence of this length to variables."""
        if names:
            self.line(f"{', '.join(names)}, = {values}")

    def hold(self, expression: str, name: str) -> None:
        """Note that this variable has the value of the expression from here on."""
        self._held[expression] = name

    def held(self, expression: str) -> str:
        """The variable with this value; it is assigned here if none was noted."""
        if expression not in self._held:
            name = self._held[expression] = self.local()
            self.line(f"{name} = {expression}")
        return self._held[expression]

    def attempt(self, catch: str, otherwise: str) -> None:
        """What was written so far gives its other answer on these exceptions too.

        From here on the other answer is `otherwise`.
        """
        self._flush()
        lines = ["    " + line for line in self._lines]
        self._lines = ["try:", *lines, f"except {catch}:", f"    return {self._otherwise}"]
        self._otherwise = otherwise

    def _flush(self) -> None:
        if self._conditions:
            test = " and ".join(self._conditions)
            self._lines.append(f"if not ({test}): return {self._otherwise}")
            self._conditions = []

    def function(self, result: str = "", catch: str = "") -> Any:
        """The function, which ends with this result; `catch`: exceptions that mean otherwise."""
        self._flush()
        if result:
            self._lines.append(f"return {result}")
        if catch:
            self.attempt(catch, self._otherwise)
        lines = self._lines
        self.text = "\n".join([f"def {self.head}:", *("    " + line for line in lines)])
        name = self.head.partition("(")[0]
        found: dict[str, Any] = {}
        exec(compile(self.text, f"<dpy {name}>", "exec"), self._namespace, found)
        return found[name]
