"""From a function object to its syntax tree, by position and checked against the code that runs.

The text found in the file is compiled again and compared with the function's code object: a file
edited after import raises `StaleSourceError` instead of being differentiated.

>>> from dpy.transform.source import read_source
>>> import colorsys
>>> source = read_source(colorsys.rgb_to_yiq)
>>> source.name, type(source.node).__name__, source.free
('rgb_to_yiq', 'FunctionDef', ())
"""

from __future__ import annotations

import ast
import linecache
import sys
import threading
import types
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import gast

from dpy.errors import (
    DpyError,
    Place,
    SourceUnavailableError,
    StaleSourceError,
    UnsupportedSyntaxError,
)
from dpy.records import record, replace
from dpy.transform.codes import all_codes, compile_quietly, same_code
from dpy.transform.definitions import (
    choose,
    definitions,
    first_line,
    inner_codes,
    innermost,
    is_rewritten,
    module_imports,
    name_of,
    spans,
)
from dpy.transform.ir import Closure, Loc
from dpy.transform.snippets import FUTURE_FLAGS, Snippet, find_snippet, imported_names

__all__ = [
    "Source", "forget_sources", "nested_code", "nested_source", "read_source", "read_tree",
    "too_deep",
]  # fmt: skip

_MODULES_KEPT = 64
_READ_BACK_KEPT = 1024


_ANNOTATIONS_ARE_TEXT = 0x1000000  # the flag of code objects


@record
class Source:
    """A function's tree and what is needed to read it.

    Attributes:
        node: ``gast.FunctionDef``, ``gast.AsyncFunctionDef``, ``gast.Lambda`` or
            ``gast.GeneratorExp``; its line numbers are those of the file, its columns count UTF-8
            bytes (`loc` gives characters).
        class_name: the innermost class around the definition, for the mangling of ``__names``.
        code: the code object that runs; use it as the key of caches.
        free: the function's free variables, ``__class__`` included.
        lines: the text of the whole file.
    """

    node: Any
    filename: str
    name: str
    qualname: str
    class_name: str | None
    globals: dict[str, Any]
    code: types.CodeType
    free: tuple[str, ...]
    lines: Sequence[str]

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    @property
    def is_annotation_text(self) -> bool:
        """Whether annotations are not evaluated: ``from __future__ import annotations``."""
        return bool(self.code.co_flags & _ANNOTATIONS_ARE_TEXT)

    def loc(self, node: Any) -> Loc | None:
        """The location of a node of this function, columns in characters."""
        line = getattr(node, "lineno", None)
        if line is None:
            return None
        end_line = node.end_lineno
        return Loc(
            line,
            self._column(line, node.col_offset),
            end_line,
            None if end_line is None else self._column(end_line, node.end_col_offset),
        )

    def place(self, node: Any) -> Place:
        """The place of a node, for error messages."""
        loc = self.loc(node) or self.loc(self.node)
        assert loc is not None
        return Place(
            self.filename, loc.line, loc.column, loc.end_line, loc.end_column, self.qualname
        )

    def _column(self, line: int, offset: int) -> int:
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        if text.isascii():
            return offset
        return len(text.encode()[:offset].decode(errors="replace"))


def read_source(function: Any) -> Source:
    """Find the source of a Python function or method, or raise an error that says what to do."""
    function = getattr(function, "__func__", function)
    module, definition = _find(function)
    code = function.__code__
    try:
        node = module.converted(definition)
    except RecursionError:
        raise too_deep(code) from None
    return Source(
        node=node,
        filename=code.co_filename,
        name=code.co_name,
        qualname=function.__qualname__,
        class_name=definition.class_name,
        globals=function.__globals__,
        code=code,
        free=code.co_freevars,
        lines=module.lines,
    )


def read_tree(function: Any) -> Any:
    """The tree of a function as Python's own `ast` has it."""
    return _find(function)[1].node


def _find(function: Any) -> tuple[_Module | _ReadBack, Snippet]:
    code = getattr(function, "__code__", None)
    if not isinstance(code, types.CodeType):
        raise SourceUnavailableError(
            f"{function!r} is not a Python function, it has no source",
            repair="register a rule for it with @dpy.adjoint",
        )
    try:
        module = _module(code, function.__globals__)
        return module, module.find(code)
    except RecursionError:
        raise too_deep(code) from None
    except (SourceUnavailableError, StaleSourceError) as found:
        error: DpyError = found
        if code.co_filename == "<string>":  # all that was made from text has this one name
            error = _unavailable(code)
        elif isinstance(found, StaleSourceError):
            raise
    read_back = _read_back(code, function.__globals__)
    if read_back is None:
        raise error
    return read_back, read_back.find(code)


def too_deep(code: types.CodeType) -> UnsupportedSyntaxError:
    """The error for trees that exhaust Python's stack."""
    return UnsupportedSyntaxError(
        f"{code.co_qualname} is nested too deeply",
        place=Place(code.co_filename, code.co_firstlineno, function=code.co_qualname),
        why="the compiler walks the tree recursively, and Python's recursion limit was reached",
        repair="split the function, or raise the limit with sys.setrecursionlimit",
    )


def nested_code(source: Source, node: Any) -> types.CodeType:
    """The code object of a nested function or lambda of `source` (its `Closure.node`).

    It is the one that Python itself would use, so functions made from it behave, print and read
    back (`read_source`) like the user's own.
    """
    name = name_of(node)
    line = first_line(node)
    pool = [code for code in inner_codes(source.code) if code.co_name == name]
    pool = [code for code in pool if code.co_firstlineno == line]
    if len(pool) > 1:
        pool = [code for code in pool if innermost([node], code) is not None] or pool
        best = [code for code in pool if spans(node, code)]
        pool = best or pool
    if not pool:
        raise StaleSourceError(
            f"the code of {name} in {source.qualname} cannot be found", place=source.place(node)
        )
    return pool[0]


def nested_source(source: Source, closure: Closure) -> Source:
    """The `Source` of a nested function, without another search."""
    code = nested_code(source, closure.node)
    return replace(
        source,
        node=closure.node,
        name=code.co_name,
        qualname=code.co_qualname,
        code=code,
        free=code.co_freevars,
    )


# --- modules ----------------------------------------------------------------------------------


class _Module:
    """A file: functions are parsed alone (`snippets`); where that is not enough, all of it is.

    What is derived from its top-level statements is computed once, on demand.
    """

    def __init__(self, filename: str, lines: list[str]) -> None:
        self.filename = filename
        self.lines = lines
        self.text = "".join(lines)
        self._imported = imported_names(self.text)
        self._tree: ast.Module | None = None
        self._snippets: dict[int, tuple[types.CodeType, Snippet]] = {}
        self.definitions: dict[int, list[Snippet]] = {}
        self._codes: dict[tuple[int, int, int], list[types.CodeType]] = {}
        self._rewritten: dict[int, list[types.CodeType]] = {}
        self.imports: list[ast.stmt] | None = None
        self._converted: dict[int, Any] = {}

    @property
    def tree(self) -> ast.Module:
        """The tree of the whole file."""
        if self._tree is None:
            try:
                self._tree = compile_quietly(self.text, self.filename, ast.PyCF_ONLY_AST)
            except SyntaxError as error:
                raise StaleSourceError(
                    f"{self.filename} does not parse any more: {error.msg}",
                    place=Place(self.filename, error.lineno or 1),
                    why="the file was edited after it was imported",
                    repair="mend the file, then reload the module (importlib.reload) or restart "
                    "Python",
                ) from None
        return self._tree

    def find(self, code: types.CodeType) -> Snippet:
        """The definition that `code` was compiled from."""
        known = self._snippets.get(id(code))
        if known is None:
            found = find_snippet(code, self.lines, self._imported) or self._search(code)
            known = self._snippets[id(code)] = (code, found)
        return known[1]

    def converted(self, definition: Snippet) -> Any:
        """The tree of a definition as ``gast`` has it; the compiler does not change it."""
        node = self._converted.get(id(definition.node))
        if node is None:
            node = self._converted[id(definition.node)] = gast.ast_to_gast(definition.node)
        return node

    def _search(self, code: types.CodeType) -> Snippet:
        """The definition of `code`, looked for in the whole file."""
        line = code.co_firstlineno
        for statement in self.tree.body:
            if first_line(statement) <= line <= (statement.end_lineno or statement.lineno):
                found = self._find_in(statement, code)
                if found is not None:
                    return found
        if is_rewritten(code):
            found = self._find_rewritten(code)
            if found is not None:
                return found
        if code.co_filename.startswith("<"):
            raise _unavailable(code)
        raise StaleSourceError(
            f"the text of {code.co_qualname} is not the code that runs",
            place=Place(code.co_filename, line, function=code.co_qualname),
            why="the file was edited after it was imported",
            repair="reload the module (importlib.reload) or restart Python",
        )

    def _find_in(self, statement: ast.stmt, code: types.CodeType) -> Snippet | None:
        """Look in one top-level statement, compiled apart from the module: that is cheap.

        The compiler treats calls of methods of imported names in a way of its own, so it is told
        of the module's imports; a notebook compiles each statement without them.
        """
        if self.imports is None:
            self.imports = list(module_imports(self.tree.body))
        imports = self.imports
        for body in ([*imports, statement], [statement], self.tree.body):
            flags = (code.co_flags & FUTURE_FLAGS) | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            key = (id(statement), len(body), flags)
            if key not in self._codes:
                self._codes[key] = self._compile(body, flags)
            found = self._locate(statement, code, self._codes[key])
            if found is not None:
                return found
        return None

    def _compile(self, body: list[ast.stmt], flags: int) -> list[types.CodeType]:
        try:
            tree = ast.Module(body, [])
            compiled = compile_quietly(tree, self.filename, flags)
        except SyntaxError:
            return []
        return list(all_codes(compiled))

    def _find_rewritten(self, code: types.CodeType) -> Snippet | None:
        """Pytest rewrites asserts before it compiles a test module: do the same, then compare."""
        rewrite = sys.modules.get("_pytest.assertion.rewrite")
        flags = code.co_flags & FUTURE_FLAGS
        if flags not in self._rewritten:
            codes: list[types.CodeType] = []
            if rewrite is not None:
                tree = compile_quietly(self.text, self.filename, ast.PyCF_ONLY_AST)
                rewrite.rewrite_asserts(tree, self.text.encode(), self.filename, None)
                compiled = compile_quietly(tree, self.filename, flags)
                codes = list(all_codes(compiled))
            self._rewritten[flags] = codes
        line = code.co_firstlineno
        for statement in self.tree.body:
            if first_line(statement) <= line <= (statement.end_lineno or statement.lineno):
                found = self._locate(statement, code, self._rewritten[flags])
                if found is not None:
                    return found
        return None

    def _locate(
        self, statement: ast.stmt, code: types.CodeType, compiled: list[types.CodeType]
    ) -> Snippet | None:
        equal = [other for other in compiled if same_code(code, other)]
        if not equal:
            return None
        exact = [other for other in equal if other.co_linetable == code.co_linetable]
        if id(statement) not in self.definitions:
            self.definitions[id(statement)] = list(definitions(statement, None))
        candidates = [
            definition
            for definition in self.definitions[id(statement)]
            if name_of(definition.node) == code.co_name
            and first_line(definition.node) == code.co_firstlineno
        ]
        if len(candidates) == 1:
            return candidates[0]
        chosen = choose(candidates, (exact or equal)[0])
        if chosen is None and candidates:
            raise SourceUnavailableError(
                f"which of the {len(candidates)} lambdas on a line this is cannot be told",
                place=Place(code.co_filename, code.co_firstlineno, function=code.co_qualname),
                why="Python was started with -X no_debug_ranges and keeps no columns",
                repair="start Python without that option, or put each lambda on its own line",
            )
        return chosen


_modules: OrderedDict[str, _Module] = OrderedDict()


class _ReadBack:
    """In place of a file: a function without text, whose code could be read back."""

    lines: Sequence[str] = ()

    def __init__(self, node: Any) -> None:
        self._found = Snippet(node, None)
        self._converted = gast.ast_to_gast(node)

    def find(self, code: types.CodeType) -> Snippet:
        """The definition; names in code are mangled already."""
        return self._found

    def converted(self, definition: Snippet) -> Any:
        """Its tree as ``gast`` has it."""
        return self._converted


def _read_back(code: types.CodeType, module_globals: dict[str, Any]) -> _ReadBack | None:
    """Of methods that `dataclasses` and `namedtuple` write more is known than their code tells."""
    module = module_globals.get("__name__")
    if code.co_qualname.startswith("__create_fn__") or str(module).startswith("namedtuple_"):
        return None
    if code not in _read_backs:
        from dpy.transform.decompile import decompile  # few programs have such functions

        node = decompile(code)
        if len(_read_backs) >= _READ_BACK_KEPT:
            _read_backs.clear()
        _read_backs[code] = None if node is None else _ReadBack(node)
    return _read_backs[code]


_lock = threading.Lock()
_read_backs: dict[types.CodeType, _ReadBack | None] = {}


def forget_sources() -> None:
    """Drop all parsed files."""
    with _lock:
        _modules.clear()


def _module(code: types.CodeType, module_globals: dict[str, Any]) -> _Module:
    filename = code.co_filename
    if filename.startswith("<frozen "):  # the text is shipped all the same
        filename = module_globals.get("__file__") or filename
    linecache.checkcache(filename)
    lines = linecache.getlines(filename, module_globals)
    if not lines and filename == "<string>":
        from dpy.transform.command import command_lines

        lines = command_lines(sys.orig_argv)
    if not lines:
        raise _unavailable(code)
    with _lock:
        module = _modules.get(filename)
        if module is not None and (module.lines is lines or module.lines == lines):
            _modules.move_to_end(filename)
            return module
    module = _Module(filename, lines)
    with _lock:
        _modules[filename] = module
        while len(_modules) > _MODULES_KEPT:
            _modules.popitem(last=False)
    return module


def _unavailable(code: types.CodeType) -> SourceUnavailableError:
    filename = code.co_filename
    if filename in ("<stdin>", "<string>"):
        why = {
            "<stdin>": "this Python keeps no text of what is typed at the plain prompt",
            "<string>": "it was made by exec, eval, dataclasses or namedtuple, which keep no text",
        }[filename]
        repair = (
            'define it with dpy.from_source("def ...", globals()), or save it to a file; '
            "or register an @dpy.adjoint rule"
        )
    else:
        why = "the file is missing, or only its compiled .pyc was shipped"
        repair = "make the source file available, or register an @dpy.adjoint rule for the function"
    return SourceUnavailableError(
        f"the source of {code.co_qualname} cannot be found",
        place=Place(filename, code.co_firstlineno, function=code.co_qualname),
        why=why,
        repair=repair,
    )
