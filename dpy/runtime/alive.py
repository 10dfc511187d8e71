"""Whether an object would still be there in the plain program: what weak references ask.

The forward keeps objects for the sweep, and its variables may live longer than those of the
program. So an object that a weak reference still finds counts as alive only if it is reached from
a variable that the program itself has at this point; where none is found, there is an error.
"""

from __future__ import annotations

import collections
import dis
import functools
import gc
import inspect
import sys
import types
import weakref
from collections.abc import Iterator
from typing import Any

from dpy.errors import NotDifferentiableError
from dpy.runtime.failures import user_place
from dpy.transform.places import code_behind

__all__ = ["alive", "followed"]

_MOST_VISITED = 20_000
_OWN = __name__.partition(".")[0]
_LEAVES = frozenset({
    int, float, complex, str, bytes, bool, type(None), range, types.CodeType, weakref.ref,
    types.BuiltinFunctionType, types.ModuleType, types.FrameType,
})  # fmt: skip


def alive(x: Any) -> Any:
    """`x`, which a weak reference has given, if the plain program would have found it as well.

    Raises:
        NotDifferentiableError.
    """
    if x is None or isinstance(x, (type, types.ModuleType)) or _is_found(x):
        return x
    raise NotDifferentiableError(
        f"a weak reference finds a {type(x).__name__} that no variable seems to hold any more",
        place=user_place(),
        why="dpy keeps objects for the reverse sweep, so that it cannot tell whether the object "
        "would be gone without dpy",
        repair="keep the object in a variable, a container or an attribute for as long as the weak "
        "reference is used; or delete the weak reference with the object",
    )


def followed(f: Any) -> Any:
    """What is called in place of `f`, of which it is known only that it carries no derivative."""
    if type(f) is types.FunctionType or type(f) is types.MethodType:
        return f
    return functools.partial(_follow, f) if isinstance(f, weakref.ref) else f


def _follow(reference: Any) -> Any:
    return alive(reference())


def _is_found(wanted: Any) -> bool:
    """Whether `wanted` is reached from where the program stands, the nearest places first."""
    frames: list[types.FrameType] = []
    frame: types.FrameType | None = sys._getframe(2)
    while frame is not None:
        if not _is_own(frame.f_globals.get("__name__")):
            frames.append(frame)
        frame = frame.f_back
    own = [frame for frame in frames if code_behind(frame.f_code) is not None]
    others = [frame for frame in frames if code_behind(frame.f_code) is None]
    seen: set[int] = set()
    return (
        _reaches([x for frame in own for x in _variables(frame)], wanted, seen)
        or any(_reaches(list(names.values()), wanted, seen) for names in _globals_of(own))
        or any(_reaches(list(_variables(frame)), wanted, seen) for frame in others)
        or any(_reaches(list(names.values()), wanted, seen) for names in _globals_of(others))
    )


def _globals_of(frames: list[types.FrameType]) -> list[dict[str, Any]]:
    return list({id(frame.f_globals): frame.f_globals for frame in frames}.values())


def _is_own(module: Any) -> bool:
    return isinstance(module, str) and (module == _OWN or module.startswith(f"{_OWN}."))


def _variables(frame: types.FrameType) -> Iterator[Any]:
    """What the variables hold that the user's function has where this frame stands."""
    code = frame.f_code
    users = code_behind(code)
    found = dict(frame.f_locals)
    if users is None:
        is_copy = code.co_flags & inspect.CO_OPTIMIZED and sys.version_info < (3, 13)
        if is_copy and sys.gettrace() is None:  # a debugger may look at it
            frame.f_locals.clear()  # it would keep objects alive
        yield from found.values()
        return
    is_exact = code.co_name.endswith("_taped")
    certain = _assigned_once(users, is_exact)
    for name, value in found.items():
        if name in certain or type(value) is types.CellType:
            yield value
    cells = found.get("cells_")
    if isinstance(cells, dict):
        yield from cells.values()


@functools.lru_cache(maxsize=1024)
def _assigned_once(code: types.CodeType, is_exact: bool) -> frozenset[str]:
    """The variables that hold what they were given first until the function ends.

    Where generated code `is_exact`, those that are assigned again count as well; it never deletes.
    """
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
    changes = dict.fromkeys(code.co_varnames, 0)
    changes.update(dict.fromkeys(code.co_varnames[:count], 1))
    for step in dis.get_instructions(code):
        if step.opname.startswith(("STORE_FAST", "DELETE_FAST")):
            for name in step.argval if isinstance(step.argval, tuple) else (step.argval,):
                if name in changes:
                    changes[name] += 1000 if step.opname.startswith("DELETE") else 1
    return frozenset(n for n, number in changes.items() if 0 < number < (1000 if is_exact else 2))


def _reaches(roots: list[Any], wanted: Any, seen: set[int]) -> bool:
    """Whether `wanted` is held, at any depth, by what is there."""
    waiting = collections.deque(roots)
    most = len(seen) + _MOST_VISITED
    while waiting and len(seen) < most:
        x = waiting.popleft()
        if x is wanted:
            return True
        if type(x) not in _LEAVES and id(x) not in seen:
            seen.add(id(x))
            waiting.extend(_held_by(x))
    return False


def _held_by(x: Any) -> Any:
    t = type(x)
    if t is types.FunctionType:
        return (*(x.__closure__ or ()), *(x.__defaults__ or ()), x.__kwdefaults__, x.__dict__)
    if isinstance(x, weakref.ref):
        return ()
    if isinstance(x, type):
        return () if x.__module__ in sys.stdlib_module_names else tuple(vars(x).values())
    if t is types.GeneratorType:
        return () if x.gi_frame is None else tuple(_variables(x.gi_frame))
    if _is_own(t.__module__):
        return _of_generator(x)
    return gc.get_referents(x)


def _of_generator(x: Any) -> Any:
    inner = getattr(x, "_inner", None)
    return () if inner is None else (inner,)
