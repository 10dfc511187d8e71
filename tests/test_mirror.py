"""Every module has its test at the same place in ``tests``, and every test its module.

A folder that is one part split over files may be tested as a whole: ``transform/lower/`` in
``transform/test_lower.py``.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[1]

# Tests of something other than one module: the whole of dpy, or the project around it.
WITHOUT_MODULE = {
    "adjoints/test_coverage.py",
    "nn/test_exports.py",
    "test_benchmarks.py",
    "test_docs.py",
    "test_examples.py",
    "test_examples_networks.py",
    "test_examples_physics.py",
    "test_golden.py",
    "test_layers.py",
    "test_long_runs.py",
    "test_mirror.py",
    "test_planted_faults.py",
    "test_public_surface.py",
    "test_random_programs.py",
    "test_scale.py",
    "test_staleness.py",
    "test_tracebacks.py",
    "test_zygote_examples.py",
}


def modules() -> set[Path]:
    """The modules that need a test: private ones are tested through those that use them."""
    found = (path.relative_to(ROOT / "dpy") for path in (ROOT / "dpy").rglob("*.py"))
    return {path for path in found if not path.name.startswith("_")}


def written_tests() -> set[Path]:
    return {path.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py")}


def needs_no_module(test: Path) -> bool:
    is_of_all = test.name.startswith("test_semantics") or test.parts[0] == "packages"
    return is_of_all or test.as_posix() in WITHOUT_MODULE


def places_of_test(module: Path) -> set[Path]:
    """Where a module may be tested: beside it, or beside its folder."""
    own = module.with_name(f"test_{module.name}")
    folder = module.parent
    whole = folder.with_name(f"test_{folder.name}.py") if len(folder.parts) > 1 else own
    return {own, whole}


def test_every_module_has_a_test() -> None:
    written = written_tests()
    missing = sorted(str(module) for module in modules() if not places_of_test(module) & written)
    assert not missing, f"modules without tests/.../test_<name>.py: {', '.join(missing)}"


def test_every_test_has_a_module() -> None:
    expected = set().union(*map(places_of_test, modules()))
    stray = sorted(str(t) for t in written_tests() if not needs_no_module(t) and t not in expected)
    assert not stray, f"tests that belong to no module: {', '.join(stray)}"


def test_the_list_of_exceptions_is_not_longer_than_needed() -> None:
    here = {test.as_posix() for test in written_tests()}
    assert not {name for name in WITHOUT_MODULE if name not in here}
