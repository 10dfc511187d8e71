"""Small functions over the whole language, each with the arguments to try it on.

A stage is right when what it produces gives the same value, the same exception, the same effects
in the same order as these functions do.
"""

from tests.transform.corpus import control, operators, scopes, statements  # noqa: F401
from tests.transform.corpus.cases import CASES, LOG, Case, fresh

__all__ = ["CASES", "LOG", "Case", "fresh"]
