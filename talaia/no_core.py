"""The memory of this process, which holds secrets while they are used, stays in it."""

import ctypes
import resource

_PR_SET_DUMPABLE = 4  # linux/prctl.h


def leave_no_core() -> None:
    """No copy of this process's memory is written to a disk when it crashes (core(5)), and none is read by another process of its
    user (ptrace(2)). What it starts leaves no core either."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
