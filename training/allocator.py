"""Makes training on a CPU about twice as fast under Linux: see `keep_memory`."""

import ctypes
import sys

TRIM_THRESHOLD, MMAP_MAX = -1, -4  # of malloc.h


def keep_memory() -> None:
    """
    Has glibc keep freed memory instead of handing it back to the system: otherwise each step's large tensors are new pages,
    which the system fills with zeros first.
    """
    if sys.platform != "linux":
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(MMAP_MAX, 0)
        library.mallopt(TRIM_THRESHOLD, 2**31 - 1)
