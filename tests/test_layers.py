"""A module imports only from layers below its own, or from its own folder.

The layers are those of ``docs/internals.md``. Imports inside functions count like all others.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import dpy

ROOT = Path(__file__).parents[1]

# The first name below `dpy` decides: a module or a folder.
LAYERS = {
    "errors": 0,
    "config": 0,
    "frames": 0,
    "depth": 0,
    "pause": 0,
    "records": 0,
    "cotangent": 1,
    "finite": 1,
    "kinds": 1,
    "leaves": 1,
    "parameters": 1,
    "slot_kinds": 1,
    "slots": 1,
    "structs": 1,
    "structured": 1,
    "tangent": 1,
    "adjoints": 2,  # sees no syntax tree
    "transform": 2,  # imports no rule
    "runtime": 3,
    "inlining": 3,
    "specialise": 4,
    "entry": 5,
    "exits": 5,
    "matching": 5,
    "straight": 5,
    "api": 6,
    "checking": 6,
    "debugging": 6,
    "implicit": 6,
    "joint_backend": 6,
    "listing": 6,
    "numerical": 6,
    "runs": 6,
    "sources": 6,
    "seeds": 6,
    "views": 6,
    "functors": 7,
    "nn": 8,
    "optim": 8,
    "data": 8,
    "losses": 9,
    "training": 10,
    "interop": 10,
    "distributed": 10,
}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in (ROOT / "dpy").rglob("*.py")}


def imports(name: str) -> Iterator[tuple[str, int]]:
    """The modules of dpy that a module imports, with the line."""
    path = MODULES[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "dpy":
                    yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base] if base else above)
            if base.split(".")[0] == "dpy":
                for alias in node.names:
                    inner = f"{base}.{alias.name}"
                    yield (inner if inner in MODULES else base), node.lineno


def unit(name: str) -> str:
    """The module or folder directly below `dpy` that a module is part of."""
    return name.split(".")[1] if "." in name else ""


def is_allowed(importer: str, imported: str) -> bool:
    here, there = unit(importer), unit(imported)
    if not there:  # `import dpy` from inside dpy
        return False
    if here == there:
        return True
    both_files = all(MODULES.get(f"dpy.{u}", Path()).name == f"{u}.py" for u in (here, there))
    above = max(LAYERS.values()) + 1  # where modules without a layer are taken to be
    low, high = LAYERS.get(there, above), LAYERS.get(here, above)
    return low < high or (low == high and both_files)


def test_every_module_has_a_layer() -> None:
    unknown = sorted({unit(name) for name in MODULES} - set(LAYERS) - {""})
    assert not unknown, f"give these a layer in tests/test_layers.py: {', '.join(unknown)}"


@pytest.mark.parametrize("name", sorted(name for name in MODULES if unit(name)))
def test_imports_point_downwards(name: str) -> None:
    wrong = [
        f"{MODULES[name].relative_to(ROOT)}:{line} imports {imported}"
        for imported, line in imports(name)
        if not is_allowed(name, imported)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("importer", "imported", "expected"),
    [
        ("dpy.cotangent", "dpy.config", True),
        ("dpy.config", "dpy.cotangent", False),
        ("dpy.structs", "dpy.cotangent", True),
        ("dpy.transform.infer", "dpy.transform.ir", True),
        ("dpy.transform.infer", "dpy.adjoints.registry", False),
        ("dpy.adjoints.registry", "dpy.transform.ir", False),
        ("dpy.adjoints.safe", "dpy", False),
    ],
)
def test_the_check_itself(importer: str, imported: str, expected: bool) -> None:
    assert is_allowed(importer, imported) is expected


def test_rules_see_no_syntax_tree() -> None:
    for name, path in MODULES.items():
        if unit(name) != "adjoints":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not {"ast", "gast", "astor"} & set(names), f"{name}:{node.lineno}"


def test_no_module_bears_the_name_of_a_public_callable() -> None:
    """Importing such a module would replace the function by the module."""
    modules = {unit(name) for name in MODULES}
    assert not [name for name in dpy.__all__ if name in modules and callable(getattr(dpy, name))]
