"""Specialisations: a function compiled for the kinds and the activity of its arguments.

This layer stands above the compiler's stages and the runtime: it answers the compiler's questions
about globals, rules and other functions, keeps what has been compiled, and notices when something
that compiled code relies on has changed.

- `arguments`: from actual arguments to a specialisation, the usual way in
- `analysis`: `specialise`: found again, or inferred with its callees
- `rule_book`: what the compiler asks about the surroundings of a function
- `specialisation`, `generation`: what is kept, and the code that is generated for it
- `guards`, `store`: what it relies on, and where it is kept
- `transient`: functions that a program makes again and again share code
- `constructors`: classes whose ``__init__`` is a function to fields
- `taped`, `calls`: functions that keep a tape; how the runtime calls either kind
"""

from dpy.runtime import dispatch
from dpy.specialise.analysis import specialise
from dpy.specialise.arguments import are_disjoint, forward_of, spread
from dpy.specialise.calls import compile_call, may_write
from dpy.specialise.constructors import constructor_of
from dpy.specialise.guards import MISSING, Guards, cell_kind
from dpy.specialise.specialisation import Specialisation
from dpy.specialise.store import CacheInfo, cache_info, clear_cache, counts, entries
from dpy.specialise.taped import keeps_tape, taped_tree
from dpy.specialise.transient import is_widened

__all__ = [
    "MISSING", "CacheInfo", "Guards", "Specialisation", "are_disjoint", "cache_info", "cell_kind",
    "clear_cache", "constructor_of", "counts", "entries", "forward_of", "is_widened",
    "keeps_tape", "specialise",
    "spread", "taped_tree",
]  # fmt: skip

dispatch.set_compiler(compile_call, may_write)
