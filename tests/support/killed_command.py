"""``python killed_command.py FILE WRITES MOMENT run ...``: a bundle command that is killed while it writes a file.

FILE is the last part of its path, WRITES the number of the write. MOMENT is "half" (in the middle of the unfinished
file), "unnamed" (before it gets its name) or "named" (just after).
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
from pathlib import Path
from typing import Any


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    name, writes, moment = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    done = [0]
    write_bytes, replace = Path.write_bytes, os.replace

    def written(path: Path, content: Any) -> int:
        if path.name.endswith(name) and moment == "half" and done[0] == writes - 1:
            write_bytes(path, bytes(content)[: len(content) // 2])
            die()
        return write_bytes(path, content)

    def replaced(source: str, target: str) -> None:
        last = str(target).endswith(f"/{name}") and done[0] == writes - 1
        if last and moment == "unnamed":
            die()
        replace(source, target)
        if last and moment == "named":
            die()
        done[0] += str(target).endswith(f"/{name}")

    Path.write_bytes, os.replace = written, replaced  # type: ignore[method-assign, assignment]
    sys.argv = ["monai.bundle", *sys.argv[4:]]
    runpy.run_module("monai.bundle", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
