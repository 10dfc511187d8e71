"""Every module has its test at the same place in ``tests``, and every test its module."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[1]

# Tests of something other than one module: the whole of dpy, or the project around it.
WITHOUT_MODULE = {
    "adjoints/test_coverage.py",
    "test_benchmarks.py",
    "test_docs.py",
    "test_examples.py",
    "test_layers.py",
    "test_mirror.py",
    "test_public_surface.py",
    "test_random_programs.py",
    "test_staleness.py",
    "test_tracebacks.py",
}


def modules() -> set[Path]:
    """The modules that need a test: private ones are tested through those that use them."""
    found = (path.relative_to(ROOT / "dpy") for path in (ROOT / "dpy").rglob("*.py"))
    return {path for path in found if not path.name.startswith("_")}


def written_tests() -> set[Path]:
    return {path.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py")}


def needs_no_module(test: Path) -> bool:
    return test.as_posix() in WITHOUT_MODULE or test.name.startswith("test_semantics")


def test_every_module_has_a_test() -> None:
    expected = {module: module.with_name(f"test_{module.name}") for module in modules()}
    missing = sorted(
        str(module) for module, test in expected.items() if test not in written_tests()
    )
    assert not missing, f"modules without tests/.../test_<name>.py: {', '.join(missing)}"


def test_every_test_has_a_module() -> None:
    stray = sorted(
        str(test)
        for test in written_tests()
        if not needs_no_module(test)
        and test.with_name(test.name.removeprefix("test_")) not in modules()
    )
    assert not stray, f"tests that belong to no module: {', '.join(stray)}"


def test_the_list_of_exceptions_is_not_longer_than_needed() -> None:
    here = {test.as_posix() for test in written_tests()}
    assert not {name for name in WITHOUT_MODULE if name not in here}
