"""How Swope's inner loops are compiled, and where their machine code is kept until the next run.

This module imports numba, which takes half a second, so it is imported by modules of compiled code alone, and these
inside the functions that use them. Compiling costs time by the line and by the array operation (setting a slice
alone, ``a[:] = b``, up to three seconds, for the words of its error message): plain loops over single numbers compile
several times as fast as slices, array expressions and NumPy's functions, and run as fast or faster.
``python -m tests.bench.compiling`` says what each function takes.
"""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import njit
from numba.core.compiler_lock import global_compiler_lock
from numba.core.dispatcher import Dispatcher

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(fast: bool | set[str] = False) -> Callable[[Function], Function]:
    """Decorator: compile a function at its first call, and keep the machine code where there is a place for it.

    numba looks for a change in the function's own file only; here it sees one in the files of the compiled functions
    that the module imports as well. Of the processes that need a function at the same time one compiles it, and the
    others wait for its machine code; where no folder can be written to, each compiles for itself.

    Parameters
    ----------
    fast : let sums be taken in any order (several at a time), and nothing be infinite or NaN; or some of LLVM's flags.
    """

    def compile_(function: Function) -> Function:
        # no kernel is called from C, and the wrapper for it is a tenth of the time
        dispatcher: Any = cast(Any, njit)(nogil=True, fastmath=fast, error_model="numpy", no_cfunc_wrapper=True)(
            function
        )
        try:
            dispatcher.enable_caching()
        except RuntimeError:
            return cast(Function, dispatcher)
        kept = dispatcher._cache._cache_file
        imported = (one for one in function.__globals__.values() if isinstance(one, Dispatcher))
        kept._source_stamp = (kept._source_stamp, *sorted(stamp for one in imported if (stamp := _stamp(one))))
        dispatcher.compile = _in_turn(dispatcher, Path(kept._index_path).with_suffix(".lock"))
        return cast(Function, dispatcher)

    return compile_


def both(function: Function) -> Function:
    """Decorator: a function that runs as Python, and as part of the compiled functions that call it."""
    from numba.extending import register_jitable

    return cast(Function, cast(Any, register_jitable)(error_model="numpy")(function))


def uncompiled(function: Function) -> Function:
    """The Python of a compiled function, which calls what is compiled."""
    return cast(Function, cast(Any, function).py_func)


def _stamp(dispatcher: Any) -> str:
    """What the kept machine code of a function depends on; empty where none is kept."""
    file = getattr(dispatcher._cache, "_cache_file", None)
    return hashlib.sha256(repr(file._source_stamp).encode()).hexdigest() if file else ""


def _in_turn(dispatcher: Any, lock: Path) -> Callable[[Any], Any]:
    """Its method `compile`, which looks into the kept machine code first, for one process at a time."""
    compile_ = dispatcher.compile

    def compile_in_turn(signature: Any) -> Any:
        # numba's own lock first, and always: of two threads one would otherwise hold the file and wait for the other
        with global_compiler_lock:
            if dispatcher.is_compiling:
                return compile_(signature)
            with _locked(lock):
                return compile_(signature)

    return compile_in_turn


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock that the system lets go of with the process; none where the folder takes no files."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    except OSError:
        yield
        return
    with file:
        # some network file systems have no locks
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
