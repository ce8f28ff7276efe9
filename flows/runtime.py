"""Keep Prefect and TensorFlow quiet and within their share of the machine. Import before either."""

from __future__ import annotations

import logging
import os
from contextlib import AbstractContextManager

_QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # the temporary server's own log: it reports cancelled tasks at exit that concern nobody
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_INTERNAL_LEVEL": "CRITICAL",
    "PREFECT_CLI_PROMPT": "false",
    # said when a run is interrupted, of semaphores that are cleaned up right then
    "PYTHONWARNINGS": "ignore:resource_tracker:UserWarning",
    # two cores and other work beside: the start may take its time
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    # the worker processes share a GPU: the first of them would take all of its memory
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
}

_ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
}


def quiet(log_level: str = "CRITICAL") -> None:
    """Set what keeps Prefect and TensorFlow quiet, where the user has not set it otherwise.

    Parameters
    ----------
    log_level : what Prefect logs of flows and tasks. By default nothing: what goes wrong with a star stands in its row.
    """
    for name, value in {**_QUIET, "PREFECT_LOGGING_LEVEL": log_level}.items():
        os.environ.setdefault(name, value)
    # it logs beside Prefect's own tree: at exit, that it still has events to send to the temporary server
    logging.getLogger("EventsWorker").setLevel(log_level)


def one_thread() -> None:
    """One thread a process: workers share the machine, and sums come out the same however many workers there are."""
    os.environ.update(_ONE_THREAD)


def one_thread_here() -> AbstractContextManager[object]:
    """For the block, one thread for the matrix products and decompositions of a process that is not ours alone.

    Those of a star are small: threads wait for one another far longer than they work, the more so on a busy machine,
    and add up in another order than the workers of a run do.
    """
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[object] = threadpool_limits(1, user_api="blas")
    return limits
