"""How Swope's inner loops are compiled, and where their machine code is kept until the next run.

This module imports numba, which takes half a second, so it is imported by modules of compiled code alone, and these
inside the functions that use them. Compiling costs time by the line and by the array operation: plain loops over single
numbers compile several times as fast as slices, array expressions and NumPy's functions, and run as fast or faster.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit
from numba.core.dispatcher import Dispatcher

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(fast: bool = False) -> Callable[[Function], Function]:
    """Decorator: compile a function at its first call, and keep the machine code where there is a place for it.

    numba looks for a change in the function's own file only; here it sees one in the files of the compiled functions
    that the module imports as well. Where no folder can be written to, each process compiles for itself.

    Parameters
    ----------
    fast : let sums be taken in any order (several at a time), and nothing be infinite or NaN.
    """

    def compile_(function: Function) -> Function:
        dispatcher: Any = njit(nogil=True, fastmath=fast, error_model="numpy")(function)
        try:
            dispatcher.enable_caching()
        except RuntimeError:
            return cast(Function, dispatcher)
        kept = dispatcher._cache._cache_file
        imported = (one for one in function.__globals__.values() if isinstance(one, Dispatcher))
        kept._source_stamp = (kept._source_stamp, *sorted(stamp for one in imported if (stamp := _stamp(one))))
        return cast(Function, dispatcher)

    return compile_


def _stamp(dispatcher: Any) -> str:
    """What the kept machine code of a function depends on; empty where none is kept."""
    file = getattr(dispatcher._cache, "_cache_file", None)
    return repr(file._source_stamp) if file else ""
