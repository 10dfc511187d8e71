"""The intermediate representation: three-address statements under structured control flow.

A function body is a list of statements. After `lower`, every operand is an *atom* (`Var` or
`Lit`), so that each statement does one thing; later stages may nest expressions again, for
readability and speed. Each statement keeps the place of the user's source that it comes from.

There is no `break`, `continue` or early `return`: `lower` turns them into boolean flag variables
and guarded regions. A loop may name one flag (`exit`) that ends it when true after the body.

Nodes are immutable: passes build new ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias, TypeVar

from dpy.records import record

__all__ = [
    "Assign", "Atom", "Block", "Call", "Cell", "Closure", "Def", "Entered", "Expr", "For", "Free",
    "Function", "Global", "Home", "If", "Known", "Lit", "Loc", "Op", "Param", "Raise", "Return",
    "Star", "Stmt", "Try", "Var", "While", "asked", "blocks_of", "reads", "targets",
    "variables", "walk",
]  # fmt: skip


class Home:
    """A function whose body came into another one, and its module; compared by identity."""

    __slots__ = ("globals", "source")

    def __init__(self, source: Any) -> None:
        self.source = source
        self.globals: dict[str, Any] = source.globals


@record
class Entered:
    """A call on the way to a statement that was inlined: its line, and the function called."""

    line: int
    home: Home


@record
class Loc:
    """Lines (absolute in the user's file, from 1) and columns (characters, from 0).

    `entered` are the calls, outermost first, in the place of which the statement stands.
    """

    line: int
    column: int = 0
    end_line: int | None = None
    end_column: int | None = None
    entered: tuple[Entered, ...] = ()


# --- expressions ------------------------------------------------------------------------------


class _Compound:
    """An expression with others in it, which knows its variables once somebody has asked."""

    __slots__ = ("_variables",)

    _variables: tuple[str, ...]


@record
class Var:
    """A local variable or temporary."""

    name: str

    def __eq__(self, other: object) -> bool:
        return type(other) is Var and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)


@record
class Lit:
    """A literal: None, bool, int, float, complex, str, bytes, Ellipsis."""

    value: Any


@record
class Global:
    """Reads a global of the user's module, or a builtin.

    `home` is the ``__globals__`` of a function of another module, if it is one of those.
    """

    name: str
    home: Home | None = None


@record
class Free:
    """Reads the content of a closure cell: a free variable of the function.

    `cell` is the cell itself where it belongs to another function, whose body came here.
    """

    name: str
    cell: Any = None


@record
class Cell:
    """The cell object itself behind a free variable of the function (never of its content)."""

    name: str


@record
class Known:
    """An object known to the compiler, printed as `name`; emit binds it in the namespace."""

    value: Any
    name: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Known) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


@record
class Star:
    """``*value`` among the operands of a display or the arguments of a call."""

    value: Atom


@record
class Op(_Compound):
    """A built-in operation. `name` is one of:

    - operators by the name of the function in module `operator`: ``add sub mul truediv floordiv
      mod pow matmul and_ or_ xor lshift rshift neg pos invert not_ lt le eq ne gt ge is_ is_not
      contains`` (``contains`` takes (container, item); ``not in`` is ``not_`` of it), in-place
      ``iadd isub imul itruediv ifloordiv imod ipow imatmul iand ior ixor ilshift irshift``;
    - ``getattr setattr delattr`` (object, Lit(name)[, value]), ``getitem setitem delitem``;
    - ``tuple list set`` (items, Star allowed), ``dict`` (key, value, key, value, ...; for ``**m``
      the pair Lit(Ellipsis), m), ``slice`` (lower, upper, step);
    - ``format`` (value, Lit(conversion or ""), spec) and ``join`` (the parts of an f-string);
    - ``unpack`` (iterable, Lit(n)) -> tuple of exactly n; ``unpack_star`` (iterable, Lit(before),
      Lit(after)) -> tuple of before + [rest as a list] + after; both raise as Python does;
    - ``setglobal`` (Lit(name), value), ``delglobal`` (Lit(name));
    - ``import`` (Lit(module), Lit(fromlist tuple), Lit(level)) -> module;
    - ``new_cell`` (optional value) -> a cell object; a local variable that nested functions
      capture lives in one, read and written by ``getattr``/``setattr`` of ``cell_contents``;
    - ``append`` (list, value): appends to a list made by a comprehension (no other alias exists);
      ``add_to_set`` and ``put`` (dict, key, value): the same for set and dict comprehensions;
    - ``unbound`` (Lit(name)): raises the UnboundLocalError of a read before assignment;
    - ``matches`` (exception, class or tuple of classes): whether ``except`` catches it;
    - ``special`` (object, Lit(name)): a method looked up as Python does for its own protocols, in
      the class;
    - ``is_sequence`` and ``is_mapping`` (subject), ``match_args`` (subject, class, Lit(count)) ->
      names or None: what patterns ask;
    - ``yield`` (value) -> what is sent; ``yield_from`` (iterable) -> what it returns. Only in
      functions that keep a tape.
    """

    name: str
    args: tuple[Any, ...]


@record
class Call(_Compound):
    """``func(*args, **kwargs)``; a kwargs name of None is ``**value``."""

    func: Any
    args: tuple[Any, ...] = ()
    kwargs: tuple[tuple[str | None, Any], ...] = ()


@record
class Closure:
    """Makes a nested function or lambda (its AST is kept in `node`, a ``gast`` node).

    `cells` maps its free variables to atoms: variables of this function that hold cell objects,
    or `Cell` for those passed on from the enclosing function. `defaults` and `kwdefaults` are
    atoms, and so are `annotations`; decorators are applied by separate calls. `code_name` is its
    ``__name__``.
    """

    code_name: str
    node: Any
    cells: tuple[tuple[str, Any], ...] = ()
    defaults: tuple[Any, ...] = ()
    kwdefaults: tuple[tuple[str, Any], ...] = ()
    annotations: tuple[tuple[str, Any], ...] = ()

    def atoms(self) -> tuple[Any, ...]:
        """What it is given when it is made, in the order of the function's slots."""
        by_name = (*self.kwdefaults, *self.annotations)
        return (*self.defaults, *(atom for _, atom in by_name))


Atom: TypeAlias = Var | Lit | Known
Expr: TypeAlias = Var | Lit | Known | Global | Free | Cell | Op | Call | Closure | Star


def variables(value: Any) -> tuple[str, ...]:
    """Names of the variables that an expression reads, each time that it does.

    >>> variables(Op("add", (Var("x"), Op("mul", (Var("y"), Var("x"))))))
    ('x', 'y', 'x')
    """
    kind = type(value)
    if kind is Var:
        name: str = value.name
        return (name,)
    if kind is Op or kind is Call:
        try:
            known: tuple[str, ...] = value._variables
        except AttributeError:
            known = _together(value.args if kind is Op else _parts(value))
            _remember_variables(value, known)
        return known
    if kind is Star:
        return variables(value.value)
    return _together(_captured(value)) if kind is Closure else ()


_remember_variables: Any = vars(_Compound)["_variables"].__set__


def _together(parts: tuple[Any, ...]) -> tuple[str, ...]:
    found: list[str] = []
    for part in parts:
        if type(part) is Var:
            found.append(part.name)
        elif type(part) is not Lit:
            found += variables(part)
    return tuple(found)


def _parts(call: Call) -> tuple[Any, ...]:
    if not call.kwargs:
        return (call.func, *call.args)
    return (call.func, *call.args, *(value for _, value in call.kwargs))


def _captured(closure: Closure) -> tuple[Any, ...]:
    return (*(atom for _, atom in closure.cells), *closure.atoms())


# --- statements -------------------------------------------------------------------------------

_Answer = TypeVar("_Answer")


class _WithBlocks:
    """A statement with blocks in it, and what was asked about them."""

    __slots__ = ("_answers",)

    _answers: dict[Any, Any]


_keep_answers: Any = vars(_WithBlocks)["_answers"].__set__


def asked(statement: If | For | While | Try, question: Callable[[Any], _Answer]) -> _Answer:
    """``question(statement)``; remembered, for who asks this at each level of a deep nest.

    Only for statements of generated code, which does not last: there may be much to remember.
    """
    try:
        answers = statement._answers
    except AttributeError:
        answers = {}
        _keep_answers(statement, answers)
    if question not in answers:
        answers[question] = question(statement)
    found: _Answer = answers[question]
    return found


@record
class Assign:
    """``target = value``; a target of None evaluates `value` for its effect.

    A tuple of names unpacks a tuple that is known to have that length.
    """

    target: str | tuple[str, ...] | None
    value: Expr
    loc: Loc | None = None


@record
class If(_WithBlocks):
    """Two-way branch on an atom (or, after folding, an expression)."""

    test: Expr
    body: Block
    orelse: Block = ()
    loc: Loc | None = None


@record
class For(_WithBlocks):
    """Runs `body` for each item of `iter`; ends early when the variable `exit` is true after it.

    `fresh` names the variable of an iterable that was called for in the loop's own line: in Python
    no variable holds it, and it dies when the loop is left. It counts while `iter` is that one.
    """

    target: str | tuple[str, ...]
    iter: Expr
    body: Block
    exit: str | None = None
    loc: Loc | None = None
    fresh: str | None = None

    @property
    def is_fresh(self) -> bool:
        """Whether in Python the loop alone holds what its line has called for."""
        return isinstance(self.iter, Var) and self.iter.name == self.fresh


@record
class While(_WithBlocks):
    """``while True: test_body; if not test: break; body; if exit: break``."""

    test_body: Block
    test: Expr
    body: Block
    exit: str | None = None
    loc: Loc | None = None


@record
class Raise:
    """``raise exc from cause`` (both optional)."""

    exc: Expr | None = None
    cause: Expr | None = None
    loc: Loc | None = None


@record
class Try(_WithBlocks):
    """``try`` `body` ``except BaseException as`` `name`: `handler` ``else`` `orelse` ``finally``.

    A `handler` of None catches nothing. It decides itself what it catches: a `Raise` of nothing
    passes the exception on. Functions that contain a `Try` keep a tape (see `taped`).
    """

    body: Block
    name: str | None = None
    handler: Block | None = None
    orelse: Block = ()
    final: Block = ()
    loc: Loc | None = None


@record
class Return:
    """Only in generated code, as the last statement; a lowered function has `result` instead."""

    value: Expr
    loc: Loc | None = None


@record
class Def:
    """A nested generated function (the pullback inside the forward)."""

    function: Function
    loc: Loc | None = None


Stmt: TypeAlias = Assign | If | For | While | Raise | Try | Return | Def
Block: TypeAlias = tuple[Stmt, ...]


@record
class Param:
    """`kind` is "positional", "keyword" (keyword-only), "args" or "kwargs"."""

    name: str
    kind: str = "positional"


@record
class Function:
    """A function in IR.

    `result` is the atom that the function returns after `body`. `free` names its free variables.
    Parameters that nested functions capture are copied to cells by leading statements.
    """

    name: str
    params: tuple[Param, ...]
    body: Block
    result: Any = Lit(None)
    free: tuple[str, ...] = ()
    filename: str = "<unknown>"
    loc: Loc | None = None
    doc: str | None = None
    locals: frozenset[str] = frozenset()


def walk(block: Block) -> Iterator[Stmt]:
    """All statements of a block, outer before inner, in order.

    >>> [type(s).__name__ for s in walk((If(Var("c"), (Assign("x", Lit(1)),)),))]
    ['If', 'Assign']
    """
    found: list[Stmt] = []
    blocks = [iter(block)]
    while blocks:
        for statement in blocks[-1]:
            found.append(statement)
            if type(statement) is not Assign:
                inner = blocks_of(statement)
                if inner:
                    blocks.extend(map(iter, reversed(inner)))
                    break
        else:
            blocks.pop()
    return iter(found)


def blocks_of(statement: Stmt) -> tuple[Block, ...]:
    """The blocks in a statement, in the order in which they run; no nested functions."""
    kind = type(statement)
    if kind is If:
        return statement.body, statement.orelse  # type: ignore[union-attr]
    if kind is For:
        return (statement.body,)  # type: ignore[union-attr]
    if kind is While:
        return statement.test_body, statement.body  # type: ignore[union-attr]
    if kind is Try:
        return statement.body, statement.handler or (), statement.orelse, statement.final  # type: ignore[union-attr]
    return ()


def targets(statement: Stmt) -> tuple[str, ...]:
    """The names that a statement itself assigns.

    >>> targets(Assign(("a", "b"), Var("x"))), targets(Assign(None, Var("x")))
    (('a', 'b'), ())
    """
    kind = type(statement)
    if kind is not Assign and kind is not For:
        return ()
    target: Any = statement.target  # type: ignore[union-attr]
    if type(target) is str:
        return (target,)
    return () if target is None else target


def reads(statement: Stmt) -> tuple[str, ...]:
    """The variables that a statement itself reads, each time; a loop's exit flag is the last.

    >>> reads(For("x", Var("xs"), (Assign("y", Var("x")),), exit="broke"))
    ('xs', 'broke')
    """
    kind = type(statement)
    s: Any = statement
    if kind is Assign or kind is Return:
        return variables(s.value)
    if kind is If:
        return variables(s.test)
    if kind is For or kind is While:
        found = variables(s.iter if kind is For else s.test)
        return found if s.exit is None else (*found, s.exit)
    return (*variables(s.exc), *variables(s.cause)) if kind is Raise else ()
