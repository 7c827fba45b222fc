"""With this folder in PYTHONPATH, Python refuses connections to other machines, and notes them in a file."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


def refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook."""
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto", "socket.sendmsg") and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:  # a Unix socket has a path for its address
        return
    if host and host not in THIS_MACHINE:
        with Path(os.environ["REFUSED_CONNECTIONS"]).open("a") as file:
            file.write(f"{host}\n")
        raise ConnectionRefusedError(f"no connections to {host} in this test")


sys.addaudithook(refuse)
