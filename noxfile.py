"""The tests on every Python that dpy runs on, and the linters: ``nox``, ``nox -s tests-3.12``."""

import nox

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False  # a session without its Python is skipped


@nox.session(python=["3.11", "3.12", "3.13"])
def tests(session: nox.Session) -> None:
    """All tests, or those that are named: ``nox -s tests-3.13 -- tests/transform``."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "pytest", "-q", *(session.posargs or ("-n", "2")))


@nox.session
def packages(session: nox.Session) -> None:
    """Gradients through unmodified packages, also those that take minutes to compile."""
    session.install("-e", ".[test,packages-slow]")
    session.run("python", "-m", "pytest", "-q", "-n", "2", "tests/packages")


@nox.session
def lint(session: nox.Session) -> None:
    """The style, with the version of ruff that ``pyproject.toml`` names."""
    session.install("-e", ".[dev]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """The types, as of the oldest Python."""
    session.install("-e", ".[dev]")
    session.run("mypy", "dpy")
