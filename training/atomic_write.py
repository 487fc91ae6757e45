"""Files that are there as a whole or, where the writer is stopped, as they were before."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """The name to write under; the file becomes `path` at the end."""
    temporary = path.with_name(f"{path.name}.part")
    yield temporary
    os.replace(temporary, path)
